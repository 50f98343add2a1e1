// How gangs get the leases of their devices. All else about them is in gangs.cpp.
#include "launch/gangs.h"
#include "os/clock.h"

namespace gangline {
namespace {

/// A lane rests so long when what an earlier task left behind still holds its device.
constexpr Span lane_rests = milliseconds(100);

}  // namespace

/// False: not now. Its turns have gone back to waiting, or its lane rests.
bool Gangs::lease_devices(const Lane& lane, GangId id, GangRecipe& recipe) {
  const NodePart& part = lane.order.allocation->parts[lane.order.part];
  Leases::Taken taken = leases_.take(id, node_, part);
  if (taken.answer == Leases::Answer::taken) {
    for (TaskRecipe& task : recipe.tasks) task.kept_files = taken.files;
    return true;
  }
  if (taken.answer == Leases::Answer::held_by_others) {
    // It was free when this was decided: the service decides anew.
    return_lane(lane);
    return false;
  }
  trouble_ = taken.why;
  resting_[lane.order.lane] = since_boot() + lane_rests;
  wake_by(since_boot() + lane_rests);
  return false;
}

void Gangs::return_lane(const Lane& lane) {
  const std::uint64_t number = lane.order.lane;
  const JobId job = lane.order.job;
  const std::vector<Range> turns = lane.waiting.ranges();  // the lane goes with the last of them
  for (const Range& range : turns)
    if (!commit({ReturnedRecord{job, range, ledger_.next_news(), now()}})) {
      resting_[number] = since_boot() + seconds(1);
      wake_by(since_boot() + seconds(1));
      return;
    }
  forget_lane(number);
}

void Gangs::wake_resting(Span boot) {
  std::erase_if(resting_, [&](const auto& lane) {
    if (boot < lane.second) {
      wake_by(lane.second);
      return false;
    }
    ready_.push_back(lane.first);
    return true;
  });
}

}  // namespace gangline
