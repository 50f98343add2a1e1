#include "replay/simulate/simulation.h"

#include <algorithm>
#include <map>
#include <unordered_map>
#include <utility>

#include "base/check.h"
#include "control/cycle.h"
#include "engine/simulator/simulator.h"
#include "replay/input/amounts.h"
#include "replay/simulate/queue_settings.h"
#include "schedule/make_plan.h"
#include "schedule/place/kinds.h"
#include "schedule/quota/quotas.h"

namespace gangline {
namespace {

constexpr std::int64_t looks_for_causes = 5'000;  ///< over the whole of a history
constexpr std::uint64_t plans_between_progress = 256;

/// Nothing is lost: a simulation can be run again.
class Memory final : public EventLog {
 public:
  void note(const Event&) override {}
  Result<void> commit(const std::vector<Event>&) override { return {}; }
};

double devices_of(const ResourceRequest& request) {
  const auto& devices = request.alternatives.front().devices;
  return devices ? static_cast<double>(request.tasks) * devices->count * devices->share.thousandths
                 : 0;
}

double devices_of(const Allocation& allocation) {
  double sum = 0;
  for (const NodePart& part : allocation.parts)
    for (const TaskPlace& task : part.tasks)
      for (const DeviceShare& share : task.devices) sum += share.share.thousandths;
  return sum;
}

struct CauseOf {
  IdleBecause operator()(const MakingRoom&) const { return IdleBecause::kept; }
  IdleBecause operator()(const AllTaken& blocker) const {
    return blocker.what.starts_with("gpu") ? IdleBecause::too_few : IdleBecause::other_kind;
  }
  IdleBecause operator()(const Scattered& blocker) const {
    return blocker.what == "cpu" || blocker.what == "memory" ? IdleBecause::other_kind
                                                             : IdleBecause::scattered;
  }
  IdleBecause operator()(const PromisedToOther&) const { return IdleBecause::kept; }
  IdleBecause operator()(const BehindOther&) const { return IdleBecause::kept; }
  IdleBecause operator()(const OverQuota&) const { return IdleBecause::kept; }
  IdleBecause operator()(const SetAsideForOther&) const { return IdleBecause::kept; }
  IdleBecause operator()(const MpsOfOther&) const { return IdleBecause::kept; }
  IdleBecause operator()(const WaitsForJobs&) const { return IdleBecause::nothing_asked; }
  template <class Other>
  IdleBecause operator()(const Other&) const {
    return IdleBecause::other_kind;
  }
};

class Run {
 public:
  Run(const History& history, const Cluster& cluster, const SimulationSettings& how)
      : history_(history),
        how_(how),
        cluster_(cluster),
        shift_(shift_for(history.jobs.front().submitted, how.policy.rounds)),
        machines_(cluster.nodes, runs(), history.jobs.front().submitted + shift_),
        engine_(machines_),
        outages_(how.outages, cluster, shift_),
        settings_(settings_of(how, history)),
        quotas_(settings_.queues),
        cycle_(engine_, memory_, settings_, how.policy),
        kinds_(std::make_shared<const Cluster>(cluster), {}) {
    if (how.power) power_.emplace(cluster, *how.power);
    cycle_.expect(usual_in(history));
    if (!cycle_.house().is_empty())
      for (const PastJob& job : history.jobs) cycle_.expect_user(job.user);
    cycle_.expect_work(how.usual_work.empty() ? work_in(history) : how.usual_work);
    if (how.policy.oracle)
      cycle_.foretell(
          [this](const Job& job) -> std::optional<Span> { return work_of(index_of(job.id)); });
    result_.jobs.resize(history.jobs.size());
    result_.begin = history.jobs.front().submitted;
    const Span span = history.jobs.back().submitted - result_.begin;
    look_every_ = {span.us / looks_for_causes};
    double capacity = 0;
    for (const Node& node : cluster.nodes)
      for (const Device& device : node.devices)
        if (node.up && device.allottable) capacity += whole_device.thousandths;
    result_.timeline =
        Timeline(result_.begin, {std::max<std::int64_t>(1, span.us / 1'000)}, capacity);
  }

  Simulated go() {
    for (std::uint32_t n = 0; n < machines_.nodes().size(); ++n)
      cycle_.learn({machines_.now(), NodeSeen{{n}, machines_.nodes()[n]}});
    while (!result_.stopped) {
      const Time happens = std::min({next_arrival(), machines_.next(), again_});
      if (happens == never && waiting_ == 0) break;  // outages alone concern nobody
      const Time next = std::min(next_round(happens, how_.policy.rounds),
                                 std::max(machines_.now(), outages_.next()));
      if (next == never) break;
      step(next);
    }
    for (const SimulatedJob& job : result_.jobs)
      if (job.ended) result_.end = std::max(result_.end, *job.ended);
      else if (job.where != nullptr) result_.end = std::max(result_.end, newest_start(job));
    result_.end = std::max(result_.end, history_.jobs.back().submitted);
    result_.timeline.set(result_.end, {});
    return std::move(result_);
  }

 private:
  static Settings settings_of(const SimulationSettings& how, const History& history) {
    Settings settings = how.settings;
    settings.policy = std::string(how.policy.name);
    if (how.policy.goes_first == GoesFirst::fair_share) tell_queues_apart(history, settings.queues);
    return settings;
  }

  PretendRuns runs() {
    return [this](const StartOrder& order, std::uint32_t) {
      PretendRun run;
      const std::size_t index = index_of(order.job.id);
      run.length = length_of(index, order);
      run.keeps_limit = how_.ends_at_limit;
      return run;
    };
  }

  const TaskRequest& task_of(std::size_t index, std::uint32_t alternative) const {
    return history_.jobs[index].request->alternatives[alternative];
  }
  /// How long all of it takes at rate 1.
  Span work_of(std::size_t index) const {
    const PastJob& past = history_.jobs[index];
    return work_with(task_of(index, past.alternative), past.run);
  }

  static Span shift_for(Time first, Span rounds) {
    const Span least{std::max<std::int64_t>(0, 1 - first.us)};
    return next_round(Time{} + least, rounds) - Time{};
  }

  Span length_of(std::size_t index, const StartOrder& order) const {
    const Span whole = history_.jobs[index].run;
    if (whole >= longest_span_in_a_log) return no_limit;  // it never leaves
    const Span cost = how_.start_cost + (order.attempt > 1 ? how_.restart_cost : Span{0});
    if (how_.speeds == nullptr)
      return cost + time_with(task_of(index, order.allocation->alternative),
                              work_of(index) - kept_of(index));
    const double left =
        seconds_left(stages_on(index, *order.allocation), position_of(index), how_.speeds->step());
    return cost + span_of_seconds(left).value_or(longest_span_in_a_log);
  }

  /// Hands over each run that need not be done again, without what its start cost.
  template <class Call>
  void each_kept(std::size_t index, const Call& call) const {
    Span cost = how_.start_cost;
    for (const Stint& stint : result_.jobs[index].stopped) {
      if (stint.keeps_work) call(stint, std::max(Span{0}, stint.ended - stint.started - cost));
      cost = how_.start_cost + how_.restart_cost;
    }
  }

  /// Work that it need not do again.
  Span kept_of(std::size_t index) const {
    Span kept{0};
    each_kept(index, [&](const Stint& stint, Span ran) {
      kept = kept + work_with(task_of(index, stint.where->alternative), ran);
    });
    return kept;
  }

  Stages stages_on(std::size_t index, const Allocation& where) const {
    const PastJob& job = history_.jobs[index];
    return how_.speeds->stages(job, where, cluster_).value_or(Stages{to_seconds(job.run)});
  }

  Position position_of(std::size_t index) const {
    Position at;
    each_kept(index, [&](const Stint& stint, Span ran) {
      at = after(stages_on(index, *stint.where), at, to_seconds(ran), how_.speeds->step());
    });
    return at;
  }

  static std::size_t index_of(JobId id) { return static_cast<std::size_t>(id.n - 1); }
  Time next_arrival() const {
    return arrived_ < history_.jobs.size() ? history_.jobs[arrived_].submitted + shift_ : never;
  }

  /// One cycle, as control/controller.cpp runs it live.
  void step(Time now) {
    // 1. Learn what happened.
    learn(poll(now));
    if (outages_.next() <= now) {
      take_nodes(now);
      learn(poll(now));
    }
    cycle_.settle_consequences(now);
    // 2. Take in who came.
    const std::vector<Event> submitted = arrivals(now);
    if (!submitted.empty()) CHECK(cycle_.accept(submitted).ok());
    // 3. Decide, 4. ask. That something has started is news, and news is planned with at once: what
    //    was kept for the first that waits may be kept elsewhere then, and more may start. Those
    //    who are stopped for others are gone at once.
    held_back_ = false;
    again_ = next_round(now, how_.policy.rounds);
    const bool may_plan = again_ == now;
    if (may_plan) again_ = never;
    while (may_plan && cycle_.look().somebody_waits()) {
      const Plan plan = plan_now(now);
      CHECK(cycle_.carry_out(plan, now).ok());
      count(plan, now);
      again_ = plan.again;
      if (plan.starts.empty() && plan.stops.empty()) break;
      learn(poll(now));
    }
    if (how_.leaves_unless_started) send_away(submitted, now);
    cycle_.retire_ended();
    look_at_idle(now);
    if (how_.progress && ++result_.plans % plans_between_progress == 0)
      result_.stopped = !how_.progress(part_done());
  }

  Plan plan_now(Time now) {
    Plan plan = cycle_.decide(now);
    while (power_ && drop_what_draws_too_much(plan, now)) {
      cycle_.look();
      plan = cycle_.decide(now);
    }
    if (power_) hold_back(plan);
    // Nobody is stopped again and again at one moment for one whose start waits for power.
    held_back_ = held_back_ || short_of_power_;
    if (held_back_) plan.stops.clear();
    return plan;
  }

  std::vector<Event> poll(Time now) {
    News news = engine_.poll(now);
    if (!news.cursor.empty()) engine_.acknowledge(news.cursor);
    return std::move(news.events);
  }

  void learn(const std::vector<Event>& happened) {
    for (const Event& event : happened) {
      note(event);
      cycle_.learn(event);
    }
  }

  /// Nodes go or come; what runs on those that go is lost.
  void take_nodes(Time now) {
    const Outages::Taken taken = outages_.take(now);
    for (const Event& event : taken.seen) cycle_.learn(event);
    const auto is_gone = [&](const NodePart& part) { return taken.gone.contains(part.node.n); };
    for (const JobId id : cycle_.beliefs().live())
      for (const auto& [index, gang] : cycle_.beliefs().find(id)->live) {
        const auto& parts = gang.run->allocation->parts;
        if (std::any_of(parts.begin(), parts.end(), is_gone))
          engine_.stop({{id, index}, EndCause::lost, "its node is down", true});
      }
  }

  void note(const Event& event) {
    const auto* ended = std::get_if<GangEnded>(&event.body);
    if (ended == nullptr) return;
    const std::size_t index = index_of(ended->gang.job);
    SimulatedJob& job = result_.jobs[index];
    if (power_) power_->ends(*job.where);
    const EndCause cause = ended->ending.cause;
    if (cause == EndCause::lost || cause == EndCause::preempted)
      return note_interrupted(index, event.at - shift_, cause == EndCause::preempted);
    job.ended = event.at - shift_;
    job.lot = Lot::ended;
    used_ -= devices_of(*job.where);
    ++ended_;
  }

  /// It waits again.
  void note_interrupted(std::size_t index, Time at, bool for_others) {
    SimulatedJob& job = result_.jobs[index];
    used_ -= devices_of(*job.where);
    job.stopped.push_back(
        {newest_start(job), at, std::move(job.where), for_others && how_.keeps_work});
    job.where = nullptr;
    if (!for_others) ++result_.lost;
    waits_now(index);
  }

  bool drop_what_draws_too_much(const Plan& plan, Time now) {
    bool any = false;
    for (const Start& start : plan.starts) {
      if (power_->can_ever(*start.allocation)) continue;
      give_up(start.job, Lot::hopeless, now);
      any = true;
    }
    return any;
  }

  /// Power is given in the order of the plan: whoever must wait for it is not overtaken by others
  /// that want some.
  void hold_back(Plan& plan) {
    short_of_power_ = false;
    std::vector<Start> starts;
    for (const Start& start : plan.starts) {
      const bool draws = power_->draws(*start.allocation);
      short_of_power_ = short_of_power_ || (draws && !power_->has_room(*start.allocation));
      if (short_of_power_ && draws) continue;
      power_->starts(*start.allocation);
      starts.push_back(start);
    }
    plan.starts = std::move(starts);
  }

  void count(const Plan& plan, Time now) {
    result_.promises += plan.promises.size();
    result_.given_up += plan.given_up.size();
    result_.stops += plan.stops.size();
    for (const Start& start : plan.starts) {
      SimulatedJob& job = result_.jobs[index_of(start.job)];
      job.resumed = now - shift_;
      if (!job.started) job.started = job.resumed;
      job.where = start.allocation;
      used_ += devices_of(*start.allocation);
      no_longer_waits(index_of(start.job));
    }
  }

  void waits_now(std::size_t index) {
    ++waiting_;
    waiting_devices_ += devices_of(*history_.jobs[index].request);
  }

  void no_longer_waits(std::size_t index) {
    --waiting_;
    waiting_devices_ -= devices_of(*history_.jobs[index].request);
  }

  std::vector<Event> arrivals(Time now) {
    std::vector<Event> events;
    for (; next_arrival() <= now; ++arrived_) {
      const PastJob& past = history_.jobs[arrived_];
      if (is_hopeless(past)) {
        result_.jobs[arrived_].lot = Lot::hopeless;
        ++ended_;
        continue;
      }
      Job job{JobId{arrived_ + 1}, past.user, 0, now, spec_of(past)};
      events.push_back({now, JobSubmitted{std::move(job)}});
      waits_now(arrived_);
    }
    return events;
  }

  bool is_hopeless(const PastJob& past) {
    if (exceeds_own(past)) return true;
    const auto [known, is_new] = hopeless_.try_emplace(past.request.get(), false);
    if (is_new) known->second = never_fits(kinds_, *past.request).has_value();
    if (known->second) return true;
    const std::uint32_t queue = find_queue(settings_.queues, past.queue).value_or(0);
    if (!time_in(settings_.queues[queue], past.limit)) return true;
    return quotas_.has_limits() &&
           exceeds_limit(quotas_, settings_.queues, queue, 0, *past.request).has_value();
  }

  /// More than its owner may hold at once.
  bool exceeds_own(const PastJob& past) {
    if (cycle_.house().is_empty()) return false;
    const std::uint32_t queue = find_queue(settings_.queues, past.queue).value_or(0);
    return cycle_.house().why_never(queue, past.user, *past.request).has_value();
  }

  /// One spec for all that are alike.
  std::shared_ptr<const JobSpec> spec_of(const PastJob& past) {
    const Queue& queue = settings_.queues[find_queue(settings_.queues, past.queue).value_or(0)];
    std::optional<Span> limit = *time_in(queue, past.limit);
    if (!limit && how_.assumed_limit > 0) {
      const Span work = work_with(past.request->alternatives[past.alternative], past.run);
      limit = Span{static_cast<std::int64_t>(static_cast<double>(work.us) * how_.assumed_limit)};
    }
    // A name counts only where it is gone by.
    const std::string name =
        past.name.empty() || !goes_by_run_time(how_.policy) ? "job" : past.name;
    auto& spec =
        specs_[{past.request.get(), limit.value_or(Span{-1}), past.priority, past.queue, name}];
    if (spec == nullptr) {
      JobSpec made;
      made.name = name;
      made.resources = *past.request;
      made.time = limit;
      made.priority = past.priority;
      made.queue = past.queue;
      made.checkpoint = how_.keeps_work;
      // An outage ends each gang once at most.
      made.retries = static_cast<std::uint32_t>(how_.outages.size());
      spec = std::make_shared<const JobSpec>(std::move(made));
    }
    return spec;
  }

  void send_away(const std::vector<Event>& submitted, Time now) {
    for (const Event& event : submitted) {
      const JobId id = std::get<JobSubmitted>(event.body).job.id;
      const JobState* job = cycle_.beliefs().find(id);
      if (job == nullptr || job->waiting() == 0) continue;
      give_up(id, Lot::left, now);
    }
  }

  void give_up(JobId id, Lot lot, Time now) {
    Ending ending;
    ending.cause = EndCause::stopped;
    cycle_.learn({now, WaitingEnded{id, {}, std::move(ending)}});
    result_.jobs[index_of(id)].lot = lot;
    no_longer_waits(index_of(id));
    ++ended_;
  }

  void look_at_idle(Time now) {
    if (waiting_ == 0) {
      cause_ = IdleBecause::nothing_asked;
    } else if (now - looked_ >= look_every_ || cause_ == IdleBecause::nothing_asked) {
      looked_ = now;
      const auto wait = cycle_.first_wait();
      if (short_of_power_) cause_ = IdleBecause::kept;
      else if (wait) cause_ = std::visit(CauseOf{}, wait->blocker);
    }
    // That time passes for those who wait, and gives them nothing, makes no history longer.
    const std::pair moved(used_, waiting_);
    if (moved == moved_ && next_arrival() == never && machines_.next() == never) return;
    moved_ = moved;
    result_.timeline.set(now - shift_,
                         {used_, static_cast<double>(waiting_), waiting_devices_, cause_});
  }

  double part_done() const {
    return static_cast<double>(arrived_ + ended_) / static_cast<double>(2 * result_.jobs.size());
  }

  struct Alike {
    const ResourceRequest* request = nullptr;
    Span limit;
    std::int32_t priority = 0;
    std::string queue, name;
    auto operator<=>(const Alike&) const = default;
  };

  const History& history_;
  const SimulationSettings& how_;
  const Cluster& cluster_;
  const Span shift_;  ///< pretended time begins after 0, and has the history's rounds
  PretendCluster machines_;
  Simulator engine_;
  Outages outages_;
  std::optional<PowerMeter> power_;
  Memory memory_;
  const Settings settings_;
  const Quotas quotas_;
  Cycle cycle_;
  const Kinds kinds_;
  std::map<Alike, std::shared_ptr<const JobSpec>> specs_;
  std::unordered_map<const ResourceRequest*, bool> hopeless_;
  std::size_t arrived_ = 0, ended_ = 0, waiting_ = 0;
  double used_ = 0, waiting_devices_ = 0;
  std::pair<double, std::size_t> moved_;  ///< `used_` and `waiting_` as they were told last
  bool short_of_power_ = false;           ///< something waits for nothing else
  bool held_back_ = false;                ///< something did at this moment
  IdleBecause cause_ = IdleBecause::nothing_asked;
  Time again_ = never;  ///< a plan is due, though nothing happens
  Span look_every_{0};
  Time looked_;
  Simulated result_;
};

}  // namespace

std::vector<Stint> runs_of(const SimulatedJob& job, Time end) {
  std::vector<Stint> runs = job.stopped;
  if (job.where != nullptr) runs.push_back({newest_start(job), job.ended.value_or(end), job.where});
  return runs;
}

std::vector<std::pair<Time, Time>> waits_of(const SimulatedJob& job, Time submitted, Time end) {
  std::vector<std::pair<Time, Time>> waits;
  Time from = submitted;
  for (const Stint& run : runs_of(job, end)) {
    if (run.started > from) waits.emplace_back(from, run.started);
    from = run.ended;
  }
  if (job.where == nullptr && end > from) waits.emplace_back(from, end);
  return waits;
}

std::vector<Span> work_in(const History& history) {
  std::vector<Span> work;
  for (const PastJob& job : history.jobs) {
    const double devices = std::max(1.0, devices_of(*job.request) / whole_device.thousandths);
    if (job.run < longest_span_in_a_log)
      work.push_back(Span{static_cast<std::int64_t>(static_cast<double>(job.run.us) * devices)});
  }
  return work;
}

std::vector<UsualTask> usual_in(const History& history) {
  if (!history.usual.empty()) return history.usual;
  std::unordered_map<const ResourceRequest*, std::uint64_t> counts;
  for (const PastJob& job : history.jobs) ++counts[job.request.get()];
  return usual_tasks(
      std::vector<std::pair<const ResourceRequest*, std::uint64_t>>(counts.begin(), counts.end()));
}

Result<Simulated> simulate(const History& history, const Cluster& cluster,
                           const SimulationSettings& settings) {
  if (history.jobs.empty())
    return Error{ErrorKind::usage, "the history holds no job", "", "name a file with some"};
  const bool any_up = std::any_of(cluster.nodes.begin(), cluster.nodes.end(),
                                  [](const Node& node) { return node.up; });
  if (!any_up)
    return Error{ErrorKind::usage, "the cluster has no node that is up", "", "name one with some"};
  return Run(history, cluster, settings).go();
}

}  // namespace gangline
