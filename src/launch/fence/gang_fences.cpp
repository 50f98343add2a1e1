// The control groups of a lane. Its turns come one after the other and have the same place, so they
// have the same groups: to make and remove some for each takes longer than all else that a launcher
// does for a short task.
#include <algorithm>

#include "launch/gangs.h"

namespace gangline {

const RaisedFences& Gangs::raise_fences(const Lane& lane, const Job& job) {
  LaneCare& care = lane_care_[lane.order.lane];
  if (care.raised && care.raised_for == node_turn_) return *care.raised;
  lower_fences(lane.order.lane);
  // A name of their own each time: the last ones may not be gone yet.
  const std::string name = std::to_string(lane.order.lane) + "." +
                           std::to_string(ledger_.next_news()) + "@" + ledger_.book().epoch();
  care.raised = cgroups_.raise(node_, lane.order.allocation->parts[lane.order.part], name);
  care.raised_for = node_turn_;
  if (job.spec->mps) care.raised->fences.push_back(mps_fence(job.owner));
  return *care.raised;
}

/// Whether the next turn begins as in groups of its own: nothing of this one is in them, and what
/// they count says nothing of it.
bool Gangs::may_keep_fences(const Care& care) {
  return !care.adopted && !care.clear_until &&
         std::none_of(care.groups.begin(), care.groups.end(), Cgroups::out_of_memory);
}

void Gangs::lower_fences(std::uint64_t lane) {
  const auto care = lane_care_.find(lane);
  if (care == lane_care_.end() || !care->second.raised) return;
  RaisedFences raised = *std::move(care->second.raised);
  care->second.raised.reset();
  Cgroups::close_doors(raised);
  lower_groups(std::move(raised.groups));
}

void Gangs::lower_groups(std::vector<std::vector<std::string>> groups) {
  if (!groups.empty() && !Cgroups::lower(groups)) groups_to_lower_.push_back(std::move(groups));
}

}  // namespace gangline
