#include "control/register.h"

#include <algorithm>

#include "base/text.h"

namespace gangline {
namespace {

void note_taken(JobState& job, std::uint32_t index, const Allocation& got) {
  const JobSpec& spec = *job.job.spec;
  const bool of_gather = spec.gather && index == gather_index(spec);
  if (!of_gather && got.alternative < most_alternatives)
    job.alternatives_taken |= 1u << got.alternative;
}

// Takes `count` gangs from `first` on out of the ranges; those that are not in them are passed
// over.
void take_range(std::vector<GangRange>& ranges, std::uint32_t first, std::uint32_t count) {
  std::vector<GangRange> rest;
  const std::uint32_t end = first + count;
  for (const GangRange& range : ranges) {
    const std::uint32_t range_end = range.first + range.count;
    if (range.first < std::min(first, range_end))
      rest.push_back({range.first, std::min(first, range_end) - range.first});
    if (std::max(end, range.first) < range_end)
      rest.push_back({std::max(end, range.first), range_end - std::max(end, range.first)});
  }
  ranges = std::move(rest);
}

void give_range(std::vector<GangRange>& ranges, std::uint32_t first, std::uint32_t count) {
  ranges.push_back({first, count});
  std::sort(ranges.begin(), ranges.end(), [](auto& a, auto& b) { return a.first < b.first; });
  std::vector<GangRange> joined;
  for (const GangRange& range : ranges) {
    if (!joined.empty() && joined.back().first + joined.back().count == range.first)
      joined.back().count += range.count;
    else joined.push_back(range);
  }
  ranges = std::move(joined);
}

bool in_ranges(const std::vector<GangRange>& ranges, std::uint32_t index) {
  return std::any_of(ranges.begin(), ranges.end(), [&](auto& range) {
    return index >= range.first && index - range.first < range.count;
  });
}

// The job that an event is about, if it is about one.
struct JobOf {
  std::optional<JobId> operator()(const NodeSeen&) const { return {}; }
  std::optional<JobId> operator()(const ForeignUse&) const { return {}; }
  std::optional<JobId> operator()(const JobSubmitted& event) const { return event.job.id; }
  std::optional<JobId> operator()(const StartAsked& event) const { return event.job; }
  std::optional<JobId> operator()(const TurnsReturned& event) const { return event.job; }
  std::optional<JobId> operator()(const StopAsked& event) const { return event.job; }
  std::optional<JobId> operator()(const WaitingEnded& event) const { return event.job; }
  template <class OfGang>
  std::optional<JobId> operator()(const OfGang& event) const {
    return event.gang.job;
  }
};

}  // namespace

std::shared_ptr<const ResourceRequest> gather_request() {
  static const auto request = std::make_shared<const ResourceRequest>();
  return request;
}

std::uint32_t JobState::waiting() const {
  auto n = static_cast<std::uint32_t>(again.size());
  for (const GangRange& range : fresh) n += range.count;
  return n;
}

bool JobState::waits(std::uint32_t index) const {
  return again.contains(index) || in_ranges(fresh, index);
}

bool JobState::gather_waits() const {
  return job.spec->gather.has_value() && in_ranges(fresh, gather_index(*job.spec));
}

bool JobState::gather_comes_next() const {
  return gather_waits() && waiting() == 1 && !live.empty() && ended_badly + never_ran == 0;
}

std::vector<JobId> JobState::awaited_by(std::uint32_t index) const {
  std::vector<JobId> awaited = after;
  const bool is_gather = job.spec->gather && index == gather_index(*job.spec);
  const bool others = waiting() > 0 || live.size() > live.count(index);
  if (is_gather && others) awaited.push_back(job.id);
  return awaited;
}

bool JobState::ended() const { return live.empty() && waiting() == 0; }

const JobState* Register::find(JobId id) const {
  const auto found = jobs_.find(id);
  return found == jobs_.end() ? nullptr : &found->second;
}

HeldGang* Register::live(GangId gang, std::uint32_t attempt) {
  const auto job = jobs_.find(gang.job);
  if (job == jobs_.end()) return nullptr;
  const auto found = job->second.live.find(gang.index);
  return found == job->second.live.end() || found->second.attempt != attempt ? nullptr
                                                                             : &found->second;
}

bool Register::concerns(const Event& event) const {
  auto& self = const_cast<Register&>(*this);  // NOLINT: `live` only looks things up here
  if (const auto* started = std::get_if<GangStarted>(&event.body)) {
    const HeldGang* gang = self.live(started->gang, started->attempt);
    return gang != nullptr && std::holds_alternative<Starting>(gang->state);
  }
  if (const auto* ended = std::get_if<GangEnded>(&event.body))
    return self.live(ended->gang, ended->attempt) != nullptr;
  if (const auto* returned = std::get_if<TurnsReturned>(&event.body))
    return jobs_.contains(returned->job);
  if (const auto* trimmed = std::get_if<LogTrimmed>(&event.body))
    return jobs_.contains(trimmed->gang.job);
  if (const auto* seen = std::get_if<NodeSeen>(&event.body))
    return seen->id.n >= cluster_->nodes.size() || cluster_->nodes[seen->id.n] != seen->node;
  return true;
}

void Register::apply(const Event& event) {
  std::visit([&](const auto& body) { on(body, event.at); }, event.body);
  if (const auto job = std::visit(JobOf{}, event.body)) look_again_at(*job);
}

void Register::look_again_at(JobId id) {
  const auto found = jobs_.find(id);
  if (found == jobs_.end()) return;
  JobState& job = found->second;
  const std::uint32_t waiting = job.waiting();
  waiting_gangs_ += waiting;
  kept_[job.job.owner].waiting_gangs += waiting;
  kept_[job.job.owner].waiting_gangs -= job.counted_waiting;
  waiting_gangs_ -= std::exchange(job.counted_waiting, waiting);
  changed_.insert(id);
  unplanned_.insert(id);
  if (job.live.empty()) live_.erase(id);
  else live_.insert(id);
  if (job.ended()) ended_.insert(id);
}

void Register::drop(JobId id) {
  const auto found = jobs_.find(id);
  if (found == jobs_.end()) return;
  waiting_gangs_ -= found->second.counted_waiting;
  const auto kept = kept_.find(found->second.job.owner);
  kept->second.waiting_gangs -= found->second.counted_waiting;
  if (--kept->second.jobs == 0) kept_.erase(kept);
  jobs_.erase(found);
  for (auto* set : {&ended_, &live_, &changed_}) set->erase(id);
  unplanned_.insert(id);
}

Register::Kept Register::kept_of(const std::string& owner) const {
  const auto found = kept_.find(owner);
  return found == kept_.end() ? Kept{} : found->second;
}

std::vector<JobId> Register::followers(JobId id) const {
  const auto found = followers_.find(id);
  if (found == followers_.end()) return {};
  std::vector<JobId> left = found->second;
  std::erase_if(left, [&](JobId follower) {
    const JobState* job = find(follower);
    return job == nullptr || job->ended();
  });
  return left;
}

void Register::on(const NodeSeen& event, Time) {
  // Whoever has seen the cluster keeps what was seen.
  if (cluster_.use_count() > 1) cluster_ = std::make_shared<Cluster>(*cluster_);
  if (cluster_->nodes.size() <= event.id.n) cluster_->nodes.resize(event.id.n + 1);
  cluster_->nodes[event.id.n] = event.node;
}

void Register::on(const ForeignUse& event, Time) {
  std::erase_if(foreign_, [&](const ForeignUse& use) { return use.device == event.device; });
  if (!event.holder.empty()) foreign_.push_back(event);
  std::sort(foreign_.begin(), foreign_.end(),
            [](const ForeignUse& a, const ForeignUse& b) { return a.device < b.device; });
}

void Register::on(const JobSubmitted& event, Time) {
  if (!event.job.spec)
    return;  // read back from the store, which keeps specs apart: it was applied whole before
  JobState state;
  state.job = event.job;
  state.request = {event.job.spec, &event.job.spec->resources};
  state.fresh = {{0, total_gangs(*event.job.spec)}};
  for (const std::string& name : event.job.spec->after)
    if (const auto other = parse_gang_name(name))
      if (const JobState* first = find(other->job); first != nullptr && !first->ended()) {
        state.after.push_back(other->job);
        followers_[other->job].push_back(event.job.id);
      }
  const bool is_new = jobs_.insert_or_assign(event.job.id, std::move(state)).second;
  if (is_new) ++kept_[event.job.owner].jobs;
}

void Register::on(const StartAsked& event, Time at) {
  const auto found = jobs_.find(event.job);
  if (found == jobs_.end()) return;
  JobState& job = found->second;
  auto run = std::make_shared<TurnRun>(
      TurnRun{event.first, event.count, at, event.allocation, event.boot});
  for (std::uint32_t i = event.first; i < event.first + event.count; ++i) {
    HeldGang gang{event.attempt, run, Starting{at}, {}, {}};
    if (const auto again = job.again.find(i); again != job.again.end()) {
      gang.before = again->second.before;
      job.again.erase(again);
    }
    job.live.insert_or_assign(i, std::move(gang));
    if (!promises_.empty()) promises_.erase({event.job, i});
  }
  job.given_up.reset();
  take_range(job.fresh, event.first, event.count);
  // Where another system places, it is known when a gang has its place.
  if (!event.allocation->parts.empty()) note_taken(job, event.first, *event.allocation);
}

void Register::on(const TurnsReturned& event, Time) {
  const auto found = jobs_.find(event.job);
  if (found == jobs_.end()) return;
  JobState& job = found->second;
  for (std::uint32_t i = event.first; i < event.first + event.count; ++i) {
    const auto gang = job.live.find(i);
    if (gang == job.live.end() || !std::holds_alternative<Starting>(gang->second.state)) continue;
    --gang->second.run->count;
    job.live.erase(gang);
    give_range(job.fresh, i, 1);
  }
}

void Register::on(const GangStarted& event, Time at) {
  HeldGang* gang = live(event.gang, event.attempt);
  if (gang == nullptr) return;
  gang->state = Running{at, event.fences};
  gang->where = event.where;
  JobState& job = jobs_.at(event.gang.job);
  if (!job.first_start) job.first_start = at;
  if (event.where) note_taken(job, event.gang.index, *event.where);
}

void Register::on(const GangEnded& event, Time at) {
  const HeldGang* gang = live(event.gang, event.attempt);
  if (gang == nullptr) return;
  JobState& job = jobs_.at(event.gang.job);
  if (event.started.us > 0) {
    if (!job.first_start) job.first_start = event.started;
    ++job.timed;
    job.total_run = job.total_run + (at - event.started);
  }
  TurnRun& run = *gang->run;
  --run.count;
  run.first = std::max(run.first, event.gang.index + 1);
  if (event.again && event.ending.cause == EndCause::preempted) {
    WaitsAgain again{event.attempt + 1, {}, at, gang->before};
    ++again.before.count;
    if (event.started.us > 0) {
      Progress& progress = again.before.progress;
      const Span ran = at - event.started;
      progress.served = progress.served + ran;
      progress.stop(at);
      progress.kept = job.job.spec->checkpoint
                          ? progress.kept + work_with(task_of(*job.job.spec, event.gang.index,
                                                              run.allocation->alternative),
                                                      ran)
                          : Span{0};
    }
    job.again.insert_or_assign(event.gang.index, std::move(again));
  } else if (event.again) {
    WaitsAgain again{event.attempt + 1, {}, at, {gang->before.count, {}}};
    for (const NodePart& part : run.allocation->parts)
      for (const TaskPlace& task : part.tasks)
        for (const DeviceShare& held : task.devices)
          again.avoid.push_back({part.node, held.device});
    job.again.insert_or_assign(event.gang.index, std::move(again));
  } else {
    count_ending(job, event.ending, 1, at);
  }
  job.live.erase(event.gang.index);
}

void Register::count_ending(JobState& job, const Ending& ending, std::uint32_t gangs, Time at) {
  const bool well = ending.cause == EndCause::done;
  const bool ran = ending.cause != EndCause::dependency;
  (well ? job.ended_well : ran ? job.ended_badly : job.never_ran) += gangs;
  if (!well && !job.first_bad) job.first_bad = ending;
  job.last_ending = ending;
  job.last_end = at;
}

void Register::on(const StopAsked& event, Time) {
  const auto found = jobs_.find(event.job);
  if (found == jobs_.end() || event.index) return;
  found->second.stop_asked = true;
  found->second.stop_reason = event.reason;
}

void Register::on(const RoomAsked& event, Time) {
  if (HeldGang* gang = live(event.gang, event.attempt)) gang->makes_room_for = event.by;
}

void Register::on(const WaitingEnded& event, Time at) {
  const auto found = jobs_.find(event.job);
  if (found == jobs_.end()) return;
  JobState& job = found->second;
  if (event.index) {
    if (job.again.erase(*event.index) == 0 && !in_ranges(job.fresh, *event.index)) return;
    take_range(job.fresh, *event.index, 1);
    promises_.erase({event.job, *event.index});
    return count_ending(job, event.ending, 1, at);
  }
  const std::uint32_t gangs = job.waiting();
  if (gangs == 0) return;
  job.fresh.clear();
  job.again.clear();
  std::erase_if(promises_, [&](const auto& promise) { return promise.first.job == event.job; });
  count_ending(job, event.ending, gangs, at);
}

void Register::on(const Promised& event, Time) {
  promises_.insert_or_assign(event.gang, PromiseMade{event.gang, event.start, event.where});
  if (const auto job = jobs_.find(event.gang.job); job != jobs_.end()) job->second.given_up.reset();
}

void Register::on(const PromiseGivenUp& event, Time) {
  const auto made = promises_.find(event.gang);
  if (made == promises_.end()) return;
  if (const auto job = jobs_.find(event.gang.job); job != jobs_.end())
    job->second.given_up = {made->second.start, event.cause};
  promises_.erase(made);
}

void Register::on(const LogTrimmed&, Time) {}

void Register::on(const GangMeasured&, Time) {}

void Register::finish_dependency(JobId id) {
  for (const JobId follower : followers(id)) {
    const auto found = jobs_.find(follower);
    if (found == jobs_.end()) continue;
    std::erase(found->second.after, id);
    unplanned_.insert(follower);
  }
  followers_.erase(id);
}

namespace {

std::string describe_taken(const JobState& state) {
  static_assert(most_alternatives <= 32);
  if (state.alternatives_taken == 0) return {};
  ResourceRequest taken = state.job.spec->resources;
  std::size_t n = 0;
  std::erase_if(taken.alternatives,
                [&](const auto&) { return (state.alternatives_taken >> n++ & 1u) == 0; });
  return taken.alternatives.empty() ? std::string() : describe(taken);
}

}  // namespace

JobSummary summary_of(const JobState& state) {
  JobSummary summary;
  summary.id = state.job.id;
  summary.name = state.job.spec->name;
  summary.owner = state.job.owner;
  summary.queue = state.job.spec->queue;
  summary.gangs = total_gangs(*state.job.spec);
  summary.waiting = state.waiting();
  const TurnRun* seen = nullptr;
  for (const auto& [index, gang] : state.live) {
    // Of gangs that take turns, one starts or runs and the others wait for their turn.
    if (std::holds_alternative<Running>(gang.state)) ++summary.running;
    else if (gang.waits_in_engine()) ++summary.waiting;
    else if (gang.run.get() != seen && index == gang.run->first) ++summary.starting;
    else ++summary.waiting;
    seen = gang.run.get();
  }
  summary.ended_well = state.ended_well;
  summary.ended_badly = state.ended_badly;
  summary.never_ran = state.never_ran;
  summary.submitted = state.job.submitted;
  summary.started = state.first_start;
  summary.request = describe(state.job.spec->resources);
  summary.taken = describe_taken(state);
  if (state.ended()) {
    summary.phase = GangPhase::ended;
    summary.ended = state.last_end;
    summary.ending = state.first_bad ? state.first_bad : state.last_ending;
  } else if (summary.running > 0 ||
             (state.first_start && summary.starting + state.ended_well + state.ended_badly > 0)) {
    summary.phase = GangPhase::running;
  } else {
    summary.phase = summary.starting > 0 ? GangPhase::starting : GangPhase::waiting;
  }
  return summary;
}

}  // namespace gangline
