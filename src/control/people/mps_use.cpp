#include "control/people/mps_use.h"

#include <algorithm>

namespace gangline {

bool MpsUse::look_at(const Register& beliefs, const std::set<JobId>& changed) {
  bool other = false;
  for (const JobId id : changed) {
    const JobState* job = beliefs.find(id);
    if (job == nullptr || job->ended() || !job->job.spec->mps) {
      const auto found = uses_.find(id);
      if (found == uses_.end()) continue;
      other = other || !found->second.devices.empty();
      uses_.erase(found);
      continue;
    }
    Use now{job->job.uid, {}};
    for (const auto& [index, gang] : job->live)
      for (const NodePart& part : gang.run->allocation->parts)
        for (const TaskPlace& task : part.tasks)
          for (const DeviceShare& held : task.devices) now.devices.insert({part.node, held.device});
    Use& before = uses_[id];
    other = other || before.devices != now.devices;
    before = std::move(now);
  }
  return other;
}

std::set<JobId> MpsUse::jobs() const {
  std::set<JobId> all;
  for (const auto& [id, use] : uses_) all.insert(id);
  return all;
}

std::vector<DeviceId> MpsUse::of_others(std::uint32_t uid) const {
  std::set<DeviceId> devices;
  for (const auto& [id, use] : uses_)
    if (use.uid != uid) devices.insert(use.devices.begin(), use.devices.end());
  return {devices.begin(), devices.end()};
}

std::string MpsUse::reason_for(const Job& job) const {
  const std::size_t others = job.spec->mps ? of_others(job.uid).size() : 0;
  if (others == 0) return {};
  return "; MPS serves one user of a GPU at a time, and others have it on " +
         std::to_string(others) + (others == 1 ? " GPU" : " GPUs");
}

}  // namespace gangline
