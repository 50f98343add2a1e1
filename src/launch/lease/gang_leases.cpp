// How gangs get the leases of their devices, MPS on them, and their fences. All else about them is
// in gangs.cpp.
#include <algorithm>

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
    std::sort(taken.files.begin(), taken.files.end());
    for (TaskRecipe& task : recipe.tasks) task.kept_files = taken.files;
    const JobCard* card = card_of(id.job);
    return card == nullptr || !card->job.spec->mps || begin_mps(lane, id, card->job, recipe);
  }
  if (taken.answer == Leases::Answer::held_by_others) {
    // It was free when this was decided: the service decides anew.
    return_lane(lane);
    return false;
  }
  rest(lane, taken.why);
  return false;
}

/// False: not now, or never. Its leases are let go of.
bool Gangs::begin_mps(const Lane& lane, GangId id, const Job& job, GangRecipe& recipe) {
  const NodePart& part = lane.order.allocation->parts[lane.order.part];
  if (const auto begun = mps_.begin(id, job.uid, node_, part); !begun) {
    let_go_of_devices(id);
    if (begun.error().kind == ErrorKind::unavailable) rest(lane, begun.error().sentence());
    else end_unstarted(lane, id.index, begun.error());
    return false;
  }
  for (std::size_t i = 0; i < recipe.tasks.size(); ++i) {
    auto& environment = recipe.tasks[i].environment;
    for (const auto& [name, value] : mps_.variables(node_, part.tasks[i])) {
      std::erase_if(environment, [&, name = name](const std::string& entry) {
        return entry.starts_with(name + "=");
      });
      environment.push_back(name + "=" + value);
    }
  }
  return true;
}

void Gangs::adopt_devices(const LiveGang& gang) {
  const NodePart& part = gang.lane->order.allocation->parts[gang.lane->order.part];
  leases_.adopt(gang.id, node_, part);
  const JobCard* card = card_of(gang.id.job);
  if (card != nullptr && card->job.spec->mps) mps_.adopt(gang.id, card->job.uid, node_, part);
}

void Gangs::let_go_of_devices(GangId id) {
  leases_.let_go(id);
  mps_.end(id);
}

/// What was made for a gang that did not start.
void Gangs::take_down(const Lane& lane, GangId id) {
  lower_fences(lane.order.lane);
  let_go_of_devices(id);
}

/// The lane is looked at again in a moment.
void Gangs::rest(const Lane& lane, const std::string& why) {
  trouble_ = why;
  resting_[lane.order.lane] = since_boot() + lane_rests;
  wake_by(since_boot() + lane_rests);
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
