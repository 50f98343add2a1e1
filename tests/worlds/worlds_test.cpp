// Random worlds hold the promises of make_plan: no device held twice, no promise delayed, no job
// lost, no gang started twice, same input same plan.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <memory>
#include <set>
#include <tuple>

#include "base/text.h"
#include "mps_checks.h"
#include "plain_forecast.h"
#include "plain_plan.h"
#include "quota_checks.h"
#include "random_world.h"
#include "reason_checks.h"
#include "run_world.h"
#include "schedule/forecast.h"
#include "schedule/make_plan.h"
#include "schedule/place/wanted.h"
#include "schedule/planner.h"
#include "schedule/quota/quotas.h"
#include "told.h"

namespace gangline::worlds {
namespace {

/// One world on its way through pretend time. `wrong` is the first thing that does not hold.
class WorldRun {
 public:
  WorldRun(World world, std::uint64_t seed, const Policy& policy)
      : dice_(seed + 77), world_(std::move(world)), policy_(policy) {
    now_.queues = world_.queues;
    if (!world_.rules.empty()) now_.rules = std::make_shared<const HouseRules>(world_.rules);
    std::vector<std::pair<const ResourceRequest*, std::uint64_t>> asked;
    for (const WaitingGroup& job : world_.jobs) asked.emplace_back(job.request.get(), job.count);
    now_.usual = std::make_shared<const std::vector<UsualTask>>(usual_tasks(asked));
  }

  std::string wrong;

  void go() {
    for (const WaitingGroup& job : world_.jobs) times_.insert(job.submitted);
    for (const Mishap& mishap : world_.mishaps) times_.insert({mishap.from, mishap.until});
    for (const HouseRule& rule : world_.rules) times_.insert(rule.from);
    for (const SetAside& one : world_.set_aside) times_.insert(one.until);
    if (!world_.set_aside.empty())
      now_.set_aside = std::make_shared<const SetAsides>(world_.set_aside);
    for (const HouseRule& rule : world_.rules)
      if (rule.until != never) times_.insert(rule.until);
    constexpr int most_steps = 5'000;
    for (int steps = 0; wrong.empty() && !times_.empty(); ++steps) {
      if (steps == most_steps) return complain("it does not come to an end");
      now_.now = *times_.begin();
      times_.erase(times_.begin());
      leave_what_is_over(now_);
      end_gangs();
      leave();
      pass_turns();
      change_machines();
      arrive();
      plan_once();
    }
    if (wrong.empty()) check_nobody_is_lost();
  }

 private:
  void complain(const std::string& what) {
    if (wrong.empty()) wrong = "at " + format(now_.now - Time{}) + ": " + what;
  }

  void end_gangs() {
    while (!ends_.empty() && ends_.begin()->first <= now_.now) {
      const auto [job, first] = ends_.begin()->second;
      ends_.erase(ends_.begin());
      const auto holder =
          std::find_if(now_.holders.begin(), now_.holders.end(),
                       [j = job, f = first](auto& one) { return one.job == j && one.first == f; });
      if (dice_.one_in(20)) wait_again(*holder);
      now_.holders.erase(holder);
    }
  }

  /// Those who were asked to make room leave when they are ready.
  void leave() {
    for (std::size_t i = now_.holders.size(); i-- > 0;) {
      const Holder& holder = now_.holders[i];
      if (!holder.stopping || (dice_.one_in(3) && times_.contains(now_.now + seconds(1)))) continue;
      for (std::uint32_t n = 0; n < holder.count; ++n)
        started_.erase({holder.job, holder.first + n});
      std::erase_if(ends_, [&](const auto& end) {
        return end.second == std::pair(holder.job, holder.first);
      });
      gangline::wait_again(i, now_);
    }
  }

  void check_stops(const Plan& plan) {
    std::set<GangId> stopped;
    for (const MakeRoom& stop : plan.stops) {
      if (!stopped.insert(stop.gang).second) complain("stopped twice");
      const auto holder =
          std::find_if(now_.holders.begin(), now_.holders.end(), [&](const Holder& one) {
            return stop.gang == GangId{one.job, one.first};
          });
      if (holder == now_.holders.end()) return complain("somebody is stopped who does not run");
      if (holder->stopping) complain("asked again to make room");
      if (std::none_of(now_.waiting.begin(), now_.waiting.end(),
                       [&](const WaitingGroup& group) { return group.job == stop.by; }))
        complain("room for somebody who does not wait");
      times_.insert(now_.now + seconds(1));
    }
    if (!plan.stops.empty() && policy_.stops == MayStop::nobody) complain("nobody may be stopped");
  }

  /// Now and then the first of those who take turns on an allocation has ended, and the next has
  /// it.
  void pass_turns() {
    for (Holder& holder : now_.holders) {
      if (holder.count == 1 || !dice_.one_in(3)) continue;
      for (auto& [end, held] : ends_)
        if (held == std::pair(holder.job, holder.first)) ++held.second;
      ++holder.first;
      --holder.count;
      auto waited = std::make_shared<WaitingGroup>(*holder.waited);
      waited->first = holder.first;
      holder.waited = std::move(waited);
    }
  }

  /// The last gang of the holder failed and is tried again on other devices where there are others.
  void wait_again(const Holder& holder) {
    WaitingGroup again = world_.jobs[holder.job.n - 1];
    again.first = holder.first + holder.count - 1;
    again.count = 1;
    again.after.clear();
    const GangId gang{holder.job, again.first};
    const bool was_first = holder.count == 1;
    again.attempt = (was_first ? holder.waited->attempt : 1) + 1;
    if (++attempts_[gang] > 2) return;
    for (const NodePart& part : holder.allocation->parts)
      for (const TaskPlace& task : part.tasks)
        for (const DeviceShare& share : task.devices)
          again.avoid.push_back({part.node, share.device});
    started_.erase(gang);
    now_.waiting.push_back(again);
  }

  void change_machines() {
    const bool changes = std::any_of(
        world_.mishaps.begin(), world_.mishaps.end(),
        [&](const Mishap& mishap) { return mishap.from == now_.now || mishap.until == now_.now; });
    if (now_.cluster != nullptr && !changes) return;
    never_.clear();
    auto cluster = std::make_shared<Cluster>(world_.cluster);
    now_.foreign.clear();
    for (const Mishap& mishap : world_.mishaps) {
      if (mishap.from > now_.now || mishap.until <= now_.now) continue;
      Node& node = cluster->nodes[mishap.device.node.n];
      switch (mishap.kind) {
        case Mishap::Kind::down: node.up = false; break;
        case Mishap::Kind::away: node.devices[mishap.device.index].present = false; break;
        case Mishap::Kind::foreign:
          now_.foreign.push_back({mishap.device, "eve", mishap.device.index % 2 == 1});
          break;
      }
    }
    troubled_ =
        !now_.foreign.empty() ||
        std::any_of(world_.mishaps.begin(), world_.mishaps.end(), [&](const Mishap& mishap) {
          return mishap.from <= now_.now && now_.now < mishap.until;
        });
    now_.cluster = cluster;
  }

  void arrive() {
    for (const WaitingGroup& job : world_.jobs)
      if (job.submitted == now_.now) {
        now_.waiting.push_back(job);
        came_.insert(job.job);
      }
    const auto is_over = [&](JobId job) {
      const auto is_its = [&](const auto& one) { return one.job == job; };
      return came_.contains(job) &&
             std::none_of(now_.holders.begin(), now_.holders.end(), is_its) &&
             std::none_of(now_.waiting.begin(), now_.waiting.end(), is_its);
    };
    for (WaitingGroup& group : now_.waiting) std::erase_if(group.after, is_over);
  }

  void plan_once() {
    if (policy_.goes_first == GoesFirst::fair_share && (now_.used == nullptr || dice_.one_in(5)))
      now_.used = random_use(world_, dice_);
    const Plan plan = make_plan(now_, policy_);
    check_planner(plan);
    check_plain(plan);
    check_same_again(plan);
    check_partition(plan);
    check_starts(plan);
    check_waits(plan);
    check_promises(plan);
    if (dice_.one_in(200) && !now_.waiting.empty()) {
      const WaitingGroup& group = now_.waiting[dice_.next() % now_.waiting.size()];
      if (why(now_, policy_, group.job).reason.empty()) complain("no reason");
      const GangId gang{group.job, group.first};
      if (forecast(now_, policy_, gang).start != plain_forecast(now_, policy_, gang))
        complain("another forecast than from plans that are made from nothing");
    }
    for (const Start& start : plan.starts) note_start(start);
    check_stops(plan);
    if (policy_.stops == MayStop::borrowers)
      if (const std::string what = wrong_with_stops(now_, plan); !what.empty()) complain(what);
    carry_out(plan, now_);
    if (const std::string what = wrong_with_reasons(now_, policy_, plan); !what.empty())
      complain(what);
    if (const std::string what = wrong_with_limits(now_); !what.empty()) complain(what);
    if (const std::string what = wrong_with_rules(now_, plan); !what.empty()) complain(what);
    if (const std::string what = wrong_with_mps(now_, plan); !what.empty()) complain(what);
    if (const std::string what = wrong_with_set_aside(now_, plan); !what.empty()) complain(what);
    if (plan.again != never) {
      if (plan.again <= now_.now) complain("a plan that wants another at once");
      times_.insert(plan.again);
    }
    for (const PromiseMade& made : now_.promises) {
      if (made.start > now_.now) times_.insert(made.start);
      if (made.start <= now_.now && !world_.overstays && world_.rules.empty())
        complain("the promise to " + format(made.gang) + " is broken");
    }
  }

  /// A planner that is told of changes alone plans the same as one that begins anew.
  void check_planner(const Plan& plan) {
    const HouseRules rules = rules_at(now_.rules.get(), now_.now);
    const bool other_rules =
        rules_at(now_.rules.get(), told_.now) != rules || told_.set_aside != now_.set_aside;
    if (planner_ == nullptr || told_.cluster != now_.cluster || other_rules) {
      planner_ = std::make_unique<Planner>(now_, policy_);
    } else {
      tell(*planner_, told_, now_);
    }
    told_ = now_;
    Plan other = planner_->plan(now_.now);
    other.waits = planner_->reasons();
    const std::string one = text_of(plan, now_), two = text_of(other, now_);
    if (one != two) complain("from nothing:\n" + one + "--- told of changes:\n" + two);
  }

  /// Now and then, for it is slow.
  void check_plain(Plan plan) {
    if (!dice_.one_in(3)) return;
    std::string not_so;
    const Plan plain = plain_plan(now_, policy_, not_so);
    if (!not_so.empty()) complain(not_so);
    plan.waits.clear();
    const std::string one = text_of(plan, now_), two = text_of(plain, now_);
    if (one != two) complain("the quick way:\n" + one + "--- the plain way:\n" + two);
  }

  void note_start(const Start& start) {
    const WaitingGroup& job = world_.jobs[start.job.n - 1];
    Span run{0};
    for (std::uint32_t i = 0; i < start.count; ++i) {
      if (!started_.insert({start.job, start.first + i}).second)
        complain(format(GangId{start.job, start.first + i}) + " is started twice");
      const Span nominal = job.time.value_or(seconds(60));
      const auto& alternatives = job.request->alternatives;
      const auto limit = time_with(alternatives[start.allocation->alternative], nominal).us;
      Span one{limit / static_cast<std::int64_t>(dice_.from(1, 4))};
      if (world_.overstays && dice_.one_in(6)) one = Span{limit + seconds(dice_.from(1, 30)).us};
      run = run + one;
    }
    const Time end = now_.now + std::max(run, microseconds(1));
    ends_.emplace(end, std::pair(start.job, start.first));
    times_.insert(end);
  }

  /// Now and then, for it doubles the work.
  void check_same_again(const Plan& plan) {
    if (!dice_.one_in(4)) return;
    const std::string one = text_of(plan, now_);
    if (one != text_of(make_plan(now_, policy_), now_)) complain("the same input, another plan");
    Snapshot other = now_;
    for (std::size_t i = other.waiting.size(); i > 1; --i)
      std::swap(other.waiting[i - 1], other.waiting[dice_.next() % i]);
    if (const std::string two = text_of(make_plan(other, policy_), now_); one != two)
      complain("another order of the waiting, another plan:\n" + one + "---\n" + two);
  }

  /// Each waiting gang is in exactly one start or one wait.
  void check_partition(const Plan& plan) {
    std::map<GangId, int> seen;
    const auto see = [&](JobId job, std::uint32_t first, std::uint32_t count) {
      for (std::uint32_t i = 0; i < count; ++i) ++seen[{job, first + i}];
    };
    for (const Start& start : plan.starts) see(start.job, start.first, start.count);
    for (const Wait& wait : plan.waits) see(wait.job, wait.first, wait.count);
    std::size_t gangs = 0;
    for (const WaitingGroup& group : now_.waiting) {
      gangs += group.count;
      for (std::uint32_t i = 0; i < group.count; ++i)
        if (seen[{group.job, group.first + i}] != 1)
          complain(format(GangId{group.job, group.first + i}) + " is not in one start or wait");
    }
    if (seen.size() != gangs) complain("a gang that does not wait is in the plan");
  }

  const WaitingGroup& group_of(GangId gang) const {
    for (const WaitingGroup& group : now_.waiting)
      if (group.job == gang.job && gang.index >= group.first &&
          gang.index < group.first + group.count)
        return group;
    return world_.jobs.front();
  }

  void check_starts(const Plan& plan) {
    std::map<DeviceId, std::int32_t> devices;
    std::map<std::pair<std::uint32_t, std::uint32_t>, int> cpus;
    std::map<std::uint32_t, std::int64_t> memory;
    const auto hold = [&](const Allocation& allocation) {
      for (const NodePart& part : allocation.parts)
        for (const TaskPlace& task : part.tasks) {
          for (const DeviceShare& share : task.devices)
            devices[{part.node, share.device}] += share.share.thousandths;
          for (const std::uint32_t cpu : task.cpus.list()) ++cpus[{part.node.n, cpu}];
          memory[part.node.n] += task.memory.n;
        }
    };
    for (const Holder& holder : now_.holders) hold(*holder.allocation);
    for (const Start& start : plan.starts) {
      hold(*start.allocation);
      check_start(start, group_of({start.job, start.first}));
    }
    for (const auto& [device, held] : devices)
      if (held > 1000) complain("device " + std::to_string(device.index) + " is held too much");
    for (const auto& [cpu, held] : cpus)
      if (held > 1) complain("cpu " + std::to_string(cpu.second) + " is held twice");
    for (const auto& [node, held] : memory)
      if (held > now_.cluster->nodes[node].memory.n) complain("memory is held twice");
  }

  void check_start(const Start& start, const WaitingGroup& group) {
    const TaskRequest& asked = group.request->alternatives[start.allocation->alternative];
    if (!group.after.empty()) complain("a start before the jobs it comes after");
    if (start.count > group.turns) complain("more turns than may be");
    if (start.attempt != group.attempt) complain("another attempt");
    std::uint32_t rank = 0;
    for (const NodePart& part : start.allocation->parts) {
      const Node& node = now_.cluster->nodes[part.node.n];
      if (!node.up) complain("a start on a node that is down");
      for (const TaskPlace& task : part.tasks) {
        if (task.rank != rank++) complain("ranks do not ascend");
        if (whole_cpus(task.cpus.count()) != asked.cpus) complain("another number of cpus");
        if (!task.cpus.minus(node.cpus).empty()) complain("a cpu that is not there");
        if (task.memory != asked.memory) complain("other memory");
        if (task.devices.size() != (asked.devices ? asked.devices->count : 0))
          complain("another number of devices");
        for (const DeviceShare& share : task.devices) {
          const Device& device = node.devices[share.device];
          if (!matches(device, *asked.devices) || share.share != asked.devices->share)
            complain("not the device that was asked for");
          if (!device.allottable || !device.present) complain("a device that cannot be given");
          const auto* use = foreign_use_of(*now_.cluster, now_.foreign, {part.node, share.device});
          if (use != nullptr && (use->leased || !now_.queues[group.queue].allow_foreign))
            complain("a device in foreign use");
        }
      }
    }
    if (rank != group.request->tasks) complain("another number of tasks");
  }

  bool can_never_run(const WaitingGroup& group) const {
    return never_fits(*now_.cluster, *group.request) ||
           exceeds_limit(Quotas(now_.queues, rules_at(now_.rules.get(), now_.now)), now_.queues,
                         group.queue, group.user, *group.request);
  }

  void check_waits(const Plan& plan) {
    for (const Wait& wait : plan.waits) {
      const WaitingGroup& group = group_of({wait.job, wait.first});
      const auto [known, is_new] = never_.try_emplace(wait.job, false);
      if (is_new) known->second = can_never_run(group);
      const bool never = known->second;
      if (std::holds_alternative<NoSuchDevice>(wait.blocker) != never)
        complain("NoSuchDevice and never_fits do not say the same");
      if (explain(wait.blocker, now_).empty()) complain("a wait without a reason");
      if (std::holds_alternative<DeviceAway>(wait.blocker) && !troubled_)
        complain("no device is away");
    }
  }

  void check_promises(const Plan& plan) {
    std::map<GangId, Time> in_force;
    for (const PromiseMade& made : now_.promises) in_force[made.gang] = made.start;
    for (const PromiseGivenUp& given_up : plan.given_up) {
      if (in_force.erase(given_up.gang) == 0) complain("a promise given up that nobody made");
      const bool of_a_machine =
          given_up.cause.starts_with("device ") || given_up.cause.starts_with("node ");
      const bool of_an_overstay = given_up.cause == "others ran past their time limits";
      if (!(of_a_machine && troubled_) && !(of_an_overstay && world_.overstays) &&
          !given_up.cause.ends_with("goes first") && given_up.cause != "a rule of some" &&
          given_up.cause != "it would reach into what is set aside")
        complain("a promise given up without a cause: " + given_up.cause);
    }
    for (const PromiseMade& made : plan.promises) {
      if (in_force.contains(made.gang) && made.start > in_force[made.gang])
        complain("a promise that is worse than the one before");
      if (made.where == nullptr) complain("a promise without a place");
      if (made.start < now_.now || made.start == never) complain("a promise of no use");
    }
  }

  /// Whoever can run has run in the end; the others say why.
  void check_nobody_is_lost() {
    if (!now_.holders.empty()) complain("somebody still runs");
    std::set<JobId> hopeless;
    std::vector<WaitingGroup> waiting = now_.waiting;
    // A job comes after others with smaller numbers only.
    std::sort(waiting.begin(), waiting.end(), [](const auto& a, const auto& b) {
      return std::tie(a.job, a.first) < std::tie(b.job, b.first);
    });
    for (const WaitingGroup& group : waiting) {
      bool may_wait = can_never_run(group);
      for (const JobId job : group.after) may_wait = may_wait || hopeless.contains(job);
      if (may_wait) hopeless.insert(group.job);
      if (!may_wait)
        complain("job " + format(group.job) + " never ran:\n" +
                 text_of(make_plan(now_, policy_), now_));
    }
  }

  std::unique_ptr<Planner> planner_;
  Snapshot told_;  ///< what the planner knows
  Dice dice_;
  const World world_;
  const Policy policy_;
  Snapshot now_;
  std::set<Time> times_;
  std::multimap<Time, std::pair<JobId, std::uint32_t>> ends_;
  std::set<JobId> came_;
  std::set<GangId> started_;
  std::map<GangId, std::uint32_t> attempts_;
  std::map<JobId, bool> never_;  ///< what never_fits says while the machines stay as they are
  bool troubled_ = false;
};

std::uint64_t number_of(const char* variable, std::uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

constexpr std::size_t ways_to_overtake = 3;  ///< the first rows: fifo, easy, conservative

constexpr std::uint64_t most_promises = 6;

World world_with(With with, std::uint64_t seed) {
  return with == With::nothing  ? random_world(seed)
         : with == With::queues ? random_world_of_queues(seed)
         : with == With::mps    ? random_world_of_mps(seed)
                                : random_world_of_rules(seed);
}

}  // namespace

void run_world(std::uint64_t seed, Policy policy, With with) {
  // These worlds last for minutes.
  if (seed % 2 == 0) policy.levels = {seconds(20), seconds(60)};
  policy.patience = seconds(20);
  WorldRun run(world_with(with, seed), seed, policy);
  run.go();
  ASSERT_EQ(run.wrong, "") << "SEED=" << seed << " WORLDS=1, policy " << policy.name;
}

void run_world_under_switches(std::uint64_t seed, const Policy& policy) {
  WorldRun run(under_switches(random_world(seed), seed), seed, policy);
  run.go();
  ASSERT_EQ(run.wrong, "") << "SEED=" << seed << " WORLDS=1, under switches, policy "
                           << title_of(policy);
}

namespace {

TEST(Worlds, HoldWhatMakePlanPromises) {
  const std::uint64_t first = number_of("SEED", 1);
  const std::uint64_t count = number_of("WORLDS", 500);
  const char* only = std::getenv("POLICY");
  const auto rows = policies();
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    // Each world under the three ways to overtake, and under one of the others in turn.
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const bool in_turn = i < ways_to_overtake || (i + seed) % rows.size() == 0;
      if (only != nullptr ? rows[i].name != only : !in_turn) continue;
      ASSERT_NO_FATAL_FAILURE(run_world(seed, rows[i]));
    }
  }
}

TEST(Worlds, HoldTheSameWhereNodesAreUnderSwitches) {
  const std::uint64_t first = number_of("SEED", 1);
  const std::uint64_t count = number_of("WORLDS", 500);
  const auto rows = policies();
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    Policy policy = rows[seed % 4 == 0 ? seed / 4 % rows.size() : seed % 4];
    if (policy.overtake && seed % 3 == 0)
      policy.promises = static_cast<std::uint32_t>(seed / 3 % most_promises);
    ASSERT_NO_FATAL_FAILURE(run_world_under_switches(seed, policy));
  }
}

TEST(Worlds, HoldWhatQueuesMayHoldAndAreGuaranteed) {
  const std::uint64_t first = number_of("SEED", 1);
  const std::uint64_t count = number_of("WORLDS", 500);
  const auto rows = policies();
  for (std::uint64_t seed = first; seed < first + count; ++seed)
    // Each world under those that share by queues, and under one of the others in turn.
    for (std::size_t i = 0; i < rows.size(); ++i)
      if (rows[i].goes_first == GoesFirst::fair_share || (i + seed) % rows.size() == 0) {
        ASSERT_NO_FATAL_FAILURE(run_world(seed, rows[i], With::queues));
      }
}

TEST(Worlds, HoldWithRulesOfPeopleQueuesAndTimes) {
  const std::uint64_t first = number_of("SEED", 1);
  const std::uint64_t count = number_of("WORLDS", 500);
  const auto rows = policies();
  for (std::uint64_t seed = first; seed < first + count; ++seed)
    for (std::size_t i = 0; i < rows.size(); ++i)
      if ((i + seed) % (rows.size() / 3) == 0) {
        ASSERT_NO_FATAL_FAILURE(run_world(seed, rows[i], With::rules));
      }
}

TEST(Worlds, HoldWithMpsOfSeveralPeople) {
  const std::uint64_t first = number_of("SEED", 1);
  const std::uint64_t count = number_of("WORLDS", 500);
  const auto rows = policies();
  for (std::uint64_t seed = first; seed < first + count; ++seed)
    for (std::size_t i = 0; i < rows.size(); ++i)
      if (i == 1 || (i + seed) % (rows.size() / 3) == 0) {
        ASSERT_NO_FATAL_FAILURE(run_world(seed, rows[i], With::mps));
      }
}

TEST(Worlds, AStartThatIsDueComesThoughLaterOnesNeedWhatOthersHoldUntilThen) {
  run_world(6476, *find_policy("conservative"));
}

TEST(Worlds, APromiseIsGivenUpForADeviceThatOnlyOthersWhoWerePromisedSomethingMiss) {
  run_world(4318, *find_policy("conservative"));
}

TEST(Worlds, WhoseOwnRoomIsInTheWayOfOthersLikeItMayStillAskThoseToLeave) {
  run_world(1891, *find_policy("urgent"), With::queues);
}

TEST(Worlds, WhoIsStartedIsNotStoppedInTheSamePlan) {
  run_world(13106, *find_policy("attained_in_rounds"), With::queues);
}

TEST(Worlds, ChoosingAnewStopsNobodyForOneWhomALimitHolds) {
  run_world(13172, *find_policy("attained_in_rounds"), With::queues);
}

TEST(Worlds, WhatThoseInAPartOfAQueueTookBackIsNotTakenAgainByOthersOfTheWhole) {
  run_world(13682, *find_policy("guaranteed"), With::queues);
}

TEST(Worlds, WhatIsAboutToComeDoesNotCountForAGuarantee) {
  run_world(203931, *find_policy("guaranteed"), With::queues);
}

TEST(Worlds, NothingIsPromisedOnWhatOthersLeaveBeforeTheyMayHaveLeft) {
  run_world(119445, *find_policy("guaranteed"), With::queues);
}

TEST(Worlds, MemoryThatIsShortOnTheRoomiestNodeHidesNoPlaceOnOthers) {
  run_world_under_switches(109068, *find_policy("fifo_consolidate"));
}

TEST(Worlds, MpsOfOthersBesideIsInNobodysWayWhoseStartIsDue) {
  run_world(200959, *find_policy("conservative_machines"), With::mps);
}

TEST(Worlds, WhoWouldBeDelayedIsToldAsItIsNow) { run_world(4591, *find_policy("conservative")); }

}  // namespace
}  // namespace gangline::worlds
