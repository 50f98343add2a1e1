#include "engine/simulator/pretend_cluster.h"

#include <algorithm>
#include <utility>

namespace gangline {

Time PretendCluster::next() {
  while (!ends_.empty() && !holds(ends_.top())) ends_.pop();
  return ends_.empty() ? never : ends_.top().at;
}

bool PretendCluster::holds(const End& end) const {
  const auto turns = turns_.find(end.place);
  return turns != turns_.end() && turns->second.version == end.version;
}

void PretendCluster::pass_to(Time until) {
  while (!ends_.empty() && ends_.top().at <= until) {
    const End end = ends_.top();
    ends_.pop();
    if (!holds(end)) continue;
    now_ = std::max(now_, end.at);
    const Turns& one = turns_.at(end.place);
    end_first(end.place, one.stopping ? *one.stopping : one.run.ending);
  }
  now_ = std::max(now_, until);
}

void PretendCluster::tell(Time at, EventBody body) { journal_.push_back({at, std::move(body)}); }

void PretendCluster::start(const StartOrder& order) {
  Turns turns{order, {}, {}, {}, 0, {}};
  const Place place = last_place_ + 1;
  for (std::uint32_t i = order.first; i < order.first + order.count; ++i)
    if (known_.try_emplace({{order.job.id, i}, order.attempt}, place).second)
      turns.left.push_back(i);
  if (turns.left.empty()) return;
  last_place_ = place;
  for (const std::uint32_t i : turns.left) live_[{order.job.id, i}] = place;
  turns_.emplace(place, std::move(turns));
  begin_first(place);
}

void PretendCluster::begin_first(Place place) {
  Turns& turns = turns_.at(place);
  const std::uint32_t index = turns.left.front();
  turns.started = now_;
  turns.stopping.reset();
  turns.run = runs_(turns.order, index);
  if (!turns.run.starts) {
    turns.started = Time{0};
    turns.run.ending.cause = EndCause::not_started;
    turns.run.ending.detail = "there is no such program";
    return end_later(place, now_);
  }
  tell(now_, GangStarted{{turns.order.job.id, index}, turns.order.attempt, {}});
  const auto limit =
      time_limit_of(*turns.order.job.spec, index, turns.order.allocation->alternative);
  if (limit && turns.run.keeps_limit && turns.run.length > *limit) {
    turns.run.length = *limit;
    turns.run.ending = {};
    turns.run.ending.cause = EndCause::time_limit;
  }
  end_later(place, now_ + turns.run.length);
}

void PretendCluster::end_later(Place place, Time at) {
  if (at == never) return;
  ends_.push({at, ++ends_known_, place, ++turns_.at(place).version});
}

void PretendCluster::end_first(Place place, const Ending& ending) {
  Turns& turns = turns_.at(place);
  const GangId gang{turns.order.job.id, turns.left.front()};
  tell(now_, GangEnded{gang, turns.order.attempt, turns.started, ending, false});
  live_.erase({gang.job, gang.index});
  turns.left.pop_front();
  if (turns.left.empty()) turns_.erase(place);
  else begin_first(place);
}

void PretendCluster::stop(const StopOrder& order) {
  const auto found = live_.find({order.gang.job, order.gang.index});
  if (found == live_.end()) return;
  const Place place = found->second;
  Turns& turns = turns_.at(place);
  Ending ending;
  ending.cause = order.cause;
  ending.detail = order.reason;
  if (turns.left.front() != order.gang.index) {  // its turn has not come
    tell(now_, GangEnded{order.gang, turns.order.attempt, Time{0}, std::move(ending), false});
    std::erase(turns.left, order.gang.index);
    live_.erase(found);
    return;
  }
  if (!turns.stopping) turns.stopping = std::move(ending);
  const bool waits = turns.run.ignores_stop && !order.at_once;
  end_later(place, waits ? now_ + turns.order.job.spec->grace : now_);
}

void PretendCluster::return_turns(JobId job, std::uint32_t first, std::uint32_t count) {
  for (std::uint32_t i = first; i < first + count; ++i) {
    const auto found = live_.find({job, i});
    if (found == live_.end()) continue;
    Turns& turns = turns_.at(found->second);
    if (turns.left.front() == i) continue;  // it has begun
    std::erase(turns.left, i);
    known_.erase({{job, i}, turns.order.attempt});
    live_.erase(found);
    tell(now_, TurnsReturned{job, i, 1});
  }
}

std::vector<Event> PretendCluster::events_after(std::uint64_t after) const {
  const std::uint64_t skip = std::max(after, forgotten_) - forgotten_;
  if (skip >= journal_.size()) return {};
  return {journal_.begin() + static_cast<std::ptrdiff_t>(skip), journal_.end()};
}

void PretendCluster::forget(std::uint64_t up_to) {
  for (; forgotten_ < up_to && !journal_.empty(); ++forgotten_) {
    if (const auto* ended = std::get_if<GangEnded>(&journal_.front().body))
      known_.erase({ended->gang, ended->attempt});
    journal_.pop_front();
  }
}

}  // namespace gangline
