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

/// False: not now, or never. While it waits it keeps its leases.
bool Gangs::begin_mps(const Lane& lane, GangId id, const Job& job, GangRecipe& recipe) {
  const NodePart& part = lane.order.allocation->parts[lane.order.part];
  const MpsDaemons::Got got = mps_.need(id, job, node_, part);
  wake_for_mps();
  if (got.answer == MpsDaemons::Answer::wait) {
    waiting_for_mps_[lane.order.lane] = id;
    rest(lane, got.why);
    return false;
  }
  waiting_for_mps_.erase(lane.order.lane);
  if (got.answer == MpsDaemons::Answer::failed) {
    let_go_of_devices(id);
    end_unstarted(lane, id.index, {ErrorKind::refused, got.why, "", ""});
    return false;
  }
  for (std::size_t i = 0; i < recipe.tasks.size(); ++i) {
    auto& environment = recipe.tasks[i].environment;
    for (const auto& [name, value] : mps_.variables(job, node_, part.tasks[i])) {
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
  if (card != nullptr && card->job.spec->mps) mps_.adopt(gang.id, card->job, node_, part);
}

void Gangs::let_go_of_devices(GangId id) {
  leases_.let_go(id);
  mps_.end(id);
  wake_for_mps();
}

bool Gangs::has_let_go() {
  const bool all = mps_.end_unneeded();
  wake_for_mps();
  return all;
}

void Gangs::wake_for_mps() {
  if (const auto look = mps_.next_look()) wake_by(*look);
}

void Gangs::wake_those_without_mps() {
  for (const auto& [lane, id] : waiting_for_mps_) resting_[lane] = since_boot();
  wake_by(since_boot());
}

/// Their turn was stopped or taken back.
void Gangs::drop_unwanted_waits_for_mps() {
  std::erase_if(waiting_for_mps_, [&](const auto& each) {
    const auto& [number, id] = each;
    const Lane* lane = ledger_.book().lane(number);
    if (lane != nullptr && !lane->waiting.empty() && lane->waiting.first() == id.index)
      return false;
    let_go_of_devices(id);
    return true;
  });
}

/// What was made for a gang that did not start.
void Gangs::take_down(const Lane& lane, GangId id) {
  lower_fences(lane.order.lane);
  let_go_of_devices(id);
}

/// The lane is looked at again in a moment.
void Gangs::rest(const Lane& lane, const std::string& why) {
  if (!why.empty()) trouble_ = why;
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
