#include "schedule/holdings.h"

#include <algorithm>

namespace gangline {

HeldId Holdings::add(Holder holder) {
  HeldId id = static_cast<HeldId>(all_.size());
  if (unused_.empty()) {
    all_.emplace_back();
  } else {
    id = unused_.back();
    unused_.pop_back();
  }
  by_first_[{holder.job, holder.first}] = id;
  ++of_job_[holder.job];
  for (const NodePart& part : holder.allocation->parts)
    if (part.node.n < on_node_.size()) on_node_[part.node.n].push_back(id);
  all_[id] = std::move(holder);
  by_end_.emplace_hint(by_end_.end(), all_[id].expected_end, since_of(id));
  by_since_.insert(by_since_.end(), since_of(id));
  return id;
}

void Holdings::remove(HeldId id) {
  Holder& holder = all_[id];
  by_end_.erase({holder.expected_end, since_of(id)});
  by_since_.erase(since_of(id));
  by_first_.erase({holder.job, holder.first});
  if (--of_job_[holder.job] == 0) of_job_.erase(holder.job);
  for (const NodePart& part : holder.allocation->parts)
    if (part.node.n < on_node_.size()) std::erase(on_node_[part.node.n], id);
  holder = Holder{};
  unused_.push_back(id);
}

void Holdings::put(HeldId id, Holder holder) {
  remove(id);
  add(std::move(holder));  // gets the number that was given back last
}

std::optional<HeldId> Holdings::find(JobId job, std::uint32_t first) const {
  const auto found = by_first_.find({job, first});
  if (found == by_first_.end()) return std::nullopt;
  return found->second;
}

std::optional<HeldId> Holdings::find(JobId job,
                                     const std::shared_ptr<const Allocation>& allocation) const {
  if (allocation->parts.empty() || allocation->parts[0].node.n >= on_node_.size())
    return std::nullopt;
  for (const HeldId id : on_node_[allocation->parts[0].node.n])
    if (all_[id].allocation == allocation && all_[id].job == job) return id;
  return std::nullopt;
}

bool Holdings::holds(GangId gang) const {
  auto after = by_first_.upper_bound(gang);
  if (after == by_first_.begin()) return false;
  const Holder& holder = all_[(--after)->second];
  return holder.job == gang.job && gang.index - holder.first < holder.count;
}

std::uint32_t Holdings::of_job(JobId job) const {
  const auto found = of_job_.find(job);
  return found == of_job_.end() ? 0 : found->second;
}

}  // namespace gangline
