#include "engine/slurm/pilot/parts.h"

#include <algorithm>

namespace gangline {
namespace {

/// A fence holds where it holds on each node.
void join(std::vector<Fence>& all, const std::vector<Fence>& more) {
  for (const Fence& fence : more) {
    const auto same = std::find_if(all.begin(), all.end(),
                                   [&](const Fence& one) { return one.name == fence.name; });
    if (same == all.end()) all.push_back(fence);
    else if (same->holds && !fence.holds) *same = fence;
  }
}

}  // namespace

std::optional<Event> GangOfParts::began(std::uint32_t part, Time at, const GangStarted& started) {
  parts_[part].begun = true;
  parts_[part].started = at;
  parts_[part].fences = started.fences;
  if (told_ ||
      !std::all_of(parts_.begin(), parts_.end(), [](const Part& one) { return one.begun; }))
    return std::nullopt;
  told_ = true;
  GangStarted all{gang_, attempt_, {}};
  Time last{0};
  for (const Part& one : parts_) {
    join(all.fences, one.fences);
    last = std::max(last, one.started);
  }
  return Event{last, std::move(all)};
}

std::optional<Event> GangOfParts::ended(std::uint32_t part, Time at, const GangEnded& ended) {
  Part& one = parts_[part];
  if (one.ended) return std::nullopt;
  one.ended = true;
  one.ending = ended.ending;
  if (ended.started.us != 0) one.started = ended.started;
  one.begun = one.begun || ended.started.us != 0;
  last_end_ = std::max(last_end_, at);
  if (!first_bad_ && ended.ending.cause != EndCause::done) first_bad_ = part;
  if (!std::all_of(parts_.begin(), parts_.end(), [](const Part& each) { return each.ended; }))
    return std::nullopt;
  // It ran when all of it did.
  Time started{0};
  const bool all_begun =
      std::all_of(parts_.begin(), parts_.end(), [](const Part& each) { return each.begun; });
  if (all_begun)
    for (const Part& each : parts_) started = std::max(started, each.started);
  return Event{last_end_, GangEnded{gang_, attempt_, started, joined_ending(), false}};
}

Ending GangOfParts::joined_ending() const {
  Ending all = parts_[first_bad_.value_or(0)].ending;
  all.cpu_time = Span{0};
  all.peak_memory = Bytes{0};
  for (const Part& one : parts_) {
    all.cpu_time = all.cpu_time + one.ending.cpu_time;
    all.peak_memory = std::max(all.peak_memory, one.ending.peak_memory);
  }
  return all;
}

}  // namespace gangline
