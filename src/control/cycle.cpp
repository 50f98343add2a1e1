#include "control/cycle.h"

#include <algorithm>

#include "base/text.h"
#include "schedule/order/hand_over.h"

namespace gangline {
namespace {

RetryOn retry_case(EndCause cause) {
  switch (cause) {
    case EndCause::lost: return RetryOn::lost;
    case EndCause::out_of_memory: return RetryOn::memory;
    case EndCause::time_limit: return RetryOn::time;
    default: return RetryOn::failure;
  }
}

constexpr const char* gather_was_in_vain = "not all gangs of the job ended well";

Ending because(EndCause cause, std::string detail) {
  Ending ending;
  ending.cause = cause;
  ending.detail = std::move(detail);
  return ending;
}

std::optional<std::uint32_t> attempt_of(const Register& beliefs, GangId gang) {
  const JobState* job = beliefs.find(gang.job);
  if (job == nullptr) return std::nullopt;
  const auto live = job->live.find(gang.index);
  if (live == job->live.end()) return std::nullopt;
  return live->second.attempt;
}

/// What a plan asks for, in the order in which it is written down.
std::vector<Event> wishes_of(const Plan& plan, const Register& beliefs, const std::string& boot,
                             Time now) {
  std::vector<Event> wishes;
  wishes.reserve(plan.given_up.size() + plan.promises.size() + plan.stops.size() +
                 plan.starts.size());
  for (const PromiseGivenUp& given_up : plan.given_up) wishes.push_back({now, given_up});
  for (const PromiseMade& promise : plan.promises)
    wishes.push_back({now, Promised{promise.gang, promise.start, promise.where}});
  for (const MakeRoom& stop : plan.stops)
    if (const auto attempt = attempt_of(beliefs, stop.gang))
      wishes.push_back({now, RoomAsked{stop.gang, *attempt, stop.by}});
  for (const Start& start : plan.starts)
    wishes.push_back({now, StartAsked{start.job, start.first, start.count, start.attempt,
                                      start.allocation, boot}});
  return wishes;
}

}  // namespace

Cycle::Cycle(Engine& engine, EventLog& log, const Settings& settings, const Policy& policy)
    : engine_(engine),
      log_(log),
      usage_(settings),
      scene_(register_, usage_, settings, policy),
      counts_use_(policy.goes_first == GoesFirst::fair_share || !scene_.house().is_empty()),
      foresees_(goes_by_run_time(policy)) {
  if (scene_.house().counts_hours()) usage_.count_hours();
  scene_.hand_over([this](const JobSpec& spec) { return engine_.places(spec); });
  scene_.foretell([this](const Job& job) { return foresight_.run_of(job.id); });
}

void Cycle::count_use(const std::vector<PastUse>& past) {
  counts_use_ = true;
  for (const PastUse& use : past) usage_.recall(use);
}

void Cycle::count_hours(const std::vector<PastHour>& past) {
  usage_.count_hours();
  for (const PastHour& hour : past) usage_.recall(hour);
}

void Cycle::foretell(Foretell foretell) {
  scene_.foretell(std::move(foretell));
  foresees_ = false;
}

void Cycle::recall(const Event& event) {
  foresee(event);
  if (counts_use_) usage_.recall(event, register_);
  register_.apply(event);
}

void Cycle::apply(const Event& event) {
  foresee(event);
  if (counts_use_) usage_.learn(event, register_);
  register_.apply(event);
}

/// To be called before the register knows of it.
void Cycle::foresee(const Event& event) {
  if (!foresees_) return;
  if (const auto* submitted = std::get_if<JobSubmitted>(&event.body)) {
    // Read back from the store it comes a second time, without its spec.
    if (register_.find(submitted->job.id) == nullptr)
      foresight_.submitted(submitted->job, event.at);
  } else if (const auto* started = std::get_if<GangStarted>(&event.body)) {
    const JobState* job = register_.find(started->gang.job);
    const bool is_gather = job != nullptr && job->job.spec->gather &&
                           started->gang.index == gather_index(*job->job.spec);
    if (!is_gather) foresight_.started(started->gang, event.at);
    if (job == nullptr || job->waiting() == 0) foresight_.none_waits(started->gang.job);
  } else if (const auto* ended = std::get_if<GangEnded>(&event.body)) {
    foresee_end(*ended, event.at);
  }
}

void Cycle::foresee_end(const GangEnded& ended, Time at) {
  const JobState* job = register_.find(ended.gang.job);
  if (job == nullptr) return;
  if (job->job.spec->gather && ended.gang.index == gather_index(*job->job.spec)) return;
  const auto live = job->live.find(ended.gang.index);
  const Span kept = live == job->live.end() ? Span{0} : live->second.before.progress.kept;
  if (tells_run_time(ended)) foresight_.ended(ended.gang, kept + (at - ended.started));
  else foresight_.interrupted(ended.gang);
  if (ended.again) foresight_.waits_again(ended.gang.job);
}

Plan Cycle::decide(Time now) {
  if (foresees_) scene_.look_at(foresight_.renewed(now));
  std::vector<Start> handed = hand_over(scene_.handed_over());
  if (handed.empty() || scene_.somebody_waits_for_a_plan()) {
    Plan plan = scene_.plan(now);
    plan.starts.insert(plan.starts.end(), handed.begin(), handed.end());
    return plan;
  }
  Plan plan;
  plan.starts = std::move(handed);
  return plan;
}

void Cycle::learn(Event event) {
  if (!register_.concerns(event)) return;
  if (auto* ended = std::get_if<GangEnded>(&event.body)) {
    ended->again = may_start_again(*ended);
    const JobState* job = register_.find(ended->gang.job);
    // The engine may have lost the record of a start that was told before a power cut.
    const auto live = job->live.find(ended->gang.index);
    const auto* running = std::get_if<Running>(&live->second.state);
    const bool taken_away =
        ended->ending.cause == EndCause::lost || ended->ending.cause == EndCause::preempted;
    if (taken_away && ended->started.us == 0 && running != nullptr)
      ended->started = running->started;
    if (!ended->again && ended->ending.cause == EndCause::preempted && job != nullptr) {
      // Somebody stopped the job while the gang was leaving.
      ended->ending.cause = EndCause::stopped;
      ended->ending.detail = job->stop_reason;
    }
    if (!ended->again) ++ended_gangs_;
  } else if (auto* over = std::get_if<WaitingEnded>(&event.body)) {
    const JobState* job = register_.find(over->job);
    over->gangs = over->index ? 1 : job == nullptr ? 0 : job->waiting();
  }
  apply(event);
  log_.note(event);
}

bool Cycle::may_start_again(const GangEnded& ended) const {
  const JobState* job = register_.find(ended.gang.job);
  if (job == nullptr || job->stop_asked) return false;
  const EndCause cause = ended.ending.cause;
  if (cause == EndCause::preempted) return true;
  if (cause == EndCause::done || cause == EndCause::stopped || cause == EndCause::dependency)
    return false;
  const JobSpec& spec = *job->job.spec;
  const auto live = job->live.find(ended.gang.index);
  const std::uint32_t interruptions = live == job->live.end() ? 0 : live->second.before.count;
  return ended.attempt - interruptions <= spec.retries &&
         std::find(spec.retry_on.begin(), spec.retry_on.end(), retry_case(cause)) !=
             spec.retry_on.end();
}

void Cycle::settle_consequences(Time now) {
  // What is learned here changes jobs again: `after` names older jobs, so chains have an end.
  for (auto changed = register_.take_changed(); !changed.empty();
       changed = register_.take_changed())
    for (const JobId id : changed) settle(id, now);
}

void Cycle::settle(JobId id, Time now) {
  const JobState* job = register_.find(id);
  if (job == nullptr) return;
  const auto end_waiting = [&](JobId of, std::optional<std::uint32_t> index, std::string detail) {
    learn({now, WaitingEnded{of, index, because(EndCause::dependency, std::move(detail))}});
  };
  if (job->gather_waits() && job->ended_badly > 0 && !job->stop_asked)
    end_waiting(id, gather_index(*job->job.spec), gather_was_in_vain);
  if (job->job.spec->gather && !job->stop_asked) settle_handed_gather(*job, now);
  if (!job->ended()) return;
  const bool well = job->ended_badly + job->never_ran == 0;
  const std::string why = "job " + format(id) + " (" + job->job.spec->name + ") did not end well";
  const std::vector<JobId> followers = register_.followers(id);
  register_.finish_dependency(id);
  for (const JobId follower : followers) {
    if (!well) end_waiting(follower, {}, why);
    settle_handed(follower, well ? "" : why, now);
  }
}

/// What was handed over to wait in the engine for a job that has ended now. `why_not`: it ends.
void Cycle::settle_handed(JobId id, const std::string& why_not, Time now) {
  const JobState& job = *register_.find(id);
  std::vector<StartOrder> orders;
  for (const auto& [index, gang] : job.live) {
    if (!gang.waits_in_engine()) continue;
    std::vector<JobId> after = job.awaited_by(index);
    const bool next = !orders.empty() && orders.back().attempt == gang.attempt &&
                      orders.back().first + orders.back().count == index &&
                      orders.back().after == after;
    if (next) ++orders.back().count;
    else
      orders.push_back(
          {job.job, index, 1, gang.attempt, gang.run->allocation, {}, std::move(after)});
  }
  for (const StartOrder& order : orders) {
    if (why_not.empty()) {
      engine_.start(order);
      continue;
    }
    for (std::uint32_t i = order.first; i < order.first + order.count; ++i)
      end_handed({id, i}, order.attempt, why_not, now);
  }
}

void Cycle::settle_handed_gather(const JobState& job, Time now) {
  const GangId gather{job.job.id, gather_index(*job.job.spec)};
  const auto live = job.live.find(gather.index);
  if (live == job.live.end() || !live->second.waits_in_engine()) return;
  if (job.ended_badly > 0) end_handed(gather, live->second.attempt, gather_was_in_vain, now);
  else if (job.waiting() == 0 && job.live.size() == 1) settle_handed(job.job.id, "", now);
}

/// It cannot have begun, since something before it did not end well; so nobody else says its end.
void Cycle::end_handed(GangId gang, std::uint32_t attempt, const std::string& why, Time now) {
  engine_.stop({gang, EndCause::dependency, why, false});
  learn({now, GangEnded{gang, attempt, Time{0}, because(EndCause::dependency, why), false}});
}

Result<void> Cycle::accept(const std::vector<Event>& submitted) {
  const auto written = log_.commit(submitted);
  if (!written) return written;
  for (const Event& event : submitted) apply(event);
  return {};
}

const Scene& Cycle::look() {
  scene_.look_at(register_.take_unplanned());
  return scene_;
}

Result<void> Cycle::carry_out(const Plan& plan, Time now) {
  const std::vector<Event> wishes = wishes_of(plan, register_, engine_.boot(), now);
  const auto written = log_.commit(wishes);
  if (!written) return written;
  for (const Event& event : wishes) apply(event);
  for (const MakeRoom& stop : plan.stops) ask_to_leave(stop);
  for (const Start& start : plan.starts) {
    const JobState& job = *register_.find(start.job);
    engine_.start({job.job,
                   start.first,
                   start.count,
                   start.attempt,
                   start.allocation,
                   {},
                   job.awaited_by(start.first)});
  }
  return {};
}

void Cycle::ask_to_leave(const MakeRoom& stop) {
  const JobState* job = register_.find(stop.gang.job);
  if (job == nullptr) return;
  const auto live = job->live.find(stop.gang.index);
  if (live == job->live.end()) return;
  // Those whose turn comes next must not take its place.
  if (const std::uint32_t turns = live->second.run->count; turns > 1)
    engine_.return_turns(stop.gang.job, stop.gang.index + 1, turns - 1);
  engine_.stop({stop.gang, EndCause::preempted,
                "it made room for job " + format(stop.by) + " and waits again", false});
}

void Cycle::ask_again() {
  for (const JobId id : register_.live())
    for (const auto& [index, gang] : register_.find(id)->live)
      if (gang.makes_room_for) ask_to_leave({{id, index}, *gang.makes_room_for});
}

void Cycle::retire_ended() {
  const std::set<JobId> ended = register_.ended();
  for (const JobId id : ended) {
    foresight_.forget(id);
    register_.drop(id);
  }
}

bool wishes_nothing(const Plan& plan) {
  return plan.starts.empty() && plan.stops.empty() && plan.promises.empty() &&
         plan.given_up.empty();
}

}  // namespace gangline
