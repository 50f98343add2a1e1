#include "engine/local/foreign_use.h"

#include <algorithm>

#include "base/text.h"
#include "launch/processes.h"

namespace gangline {
namespace {

constexpr int most_ancestors = 1'000;

std::string name_holder(const DeviceProcess& process) {
  std::string text = "pid " + std::to_string(process.pid);
  if (!process.command.empty()) text += " (" + printable(process.command) + ")";
  if (!process.user.empty()) text += " of " + printable(process.user);
  return text;
}

}  // namespace

bool is_ours(std::int64_t pid, const OurProcesses& ours) {
  if (!ours.id_suffix.empty()) {
    const auto id = start_variable(pid, "GANG_ID");
    if (id && id->ends_with(ours.id_suffix)) return true;
  }
  for (int i = 0; i < most_ancestors && pid > 1; ++i) {
    if (std::find(ours.ancestors.begin(), ours.ancestors.end(), pid) != ours.ancestors.end())
      return true;
    const auto process = read_process(pid);
    if (!process) return false;
    pid = process->parent;
  }
  return false;
}

void ForeignUseWatch::set_ours(OurProcesses ours) {
  ours_ = std::move(ours);
  seen_.clear();
}

bool ForeignUseWatch::known_as_ours(std::int64_t pid) {
  const auto found = seen_.find(pid);
  return found != seen_.end() ? found->second : is_ours(pid, ours_);
}

std::vector<Event> ForeignUseWatch::look(const NodeSample& sample, NodeId node) {
  std::map<std::int64_t, bool> seen;
  users_.resize(sample.devices.size());
  for (std::size_t i = 0; i < sample.devices.size(); ++i) {
    // A device that cannot tell its processes says nothing about who uses it.
    if (!sample.devices[i].processes) continue;
    std::string holder;
    for (const DeviceProcess& process : *sample.devices[i].processes) {
      const bool ours = known_as_ours(process.pid);
      seen[process.pid] = ours;
      if (!ours && holder.empty()) holder = name_holder(process);
    }
    users_[i] = holder;
  }
  seen_ = std::move(seen);
  return changes(node, sample.at);
}

std::vector<Event> ForeignUseWatch::look(const std::vector<std::string>& lease_holders, NodeId node,
                                         Time at) {
  lease_holders_ = lease_holders;
  return changes(node, at);
}

std::vector<Event> ForeignUseWatch::changes(NodeId node, Time at) {
  std::vector<Event> changes;
  const std::size_t devices = std::max(users_.size(), lease_holders_.size());
  told_.resize(std::max(told_.size(), devices));
  for (std::size_t i = 0; i < devices; ++i) {
    const bool leased = i < lease_holders_.size() && !lease_holders_[i].empty();
    std::string holder;
    if (leased) holder = lease_holders_[i];
    else if (i < users_.size()) holder = users_[i];
    if (holder == told_[i].holder && leased == told_[i].leased) continue;
    told_[i] = {{node, static_cast<std::uint32_t>(i)}, holder, leased};
    changes.push_back({at, told_[i]});
  }
  return changes;
}

}  // namespace gangline
