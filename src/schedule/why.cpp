#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "base/check.h"
#include "base/text.h"
#include "schedule/forecast.h"
#include "schedule/make_plan.h"
#include "schedule/planner.h"

namespace gangline {
namespace {

/// The most plans made to find suggestions for one job, and the most suggestions told.
constexpr std::uint32_t most_plans_tried = 64;
constexpr std::size_t most_suggestions = 4;

/// Plans with changed requests for one waiting group, and counts them.
class Trial {
 public:
  Trial(Planner& planner, Time now, const WaitingGroup& group)
      : planner_(planner), now_(now), group_(group) {}

  const WaitingGroup& group() const { return group_; }
  Time now() const { return now_; }

  bool starts_with(const ResourceRequest& request) {
    WaitingGroup changed = group();
    changed.request = std::make_shared<const ResourceRequest>(request);
    return starts_as(std::move(changed));
  }
  bool starts_without_mps() {
    WaitingGroup changed = group();
    changed.mps = false;
    return starts_as(std::move(changed));
  }
  bool starts_within(Span time) {
    WaitingGroup changed = group();
    changed.time = time;
    return starts_as(std::move(changed));
  }

 private:
  bool starts_as(WaitingGroup changed) {
    if (tried_++ >= most_plans_tried) return false;
    planner_.waits(changed);
    return starts(planner_.plan(now_), {changed.job, changed.first});
  }

  Planner& planner_;
  const Time now_;
  const WaitingGroup& group_;
  std::uint32_t tried_ = 0;
};

/// A change that was found to start the gang now, and which part of what was asked it gives up.
struct Change {
  double given_up = 0;
  std::string change;
};

/// The largest amount below `asked`, at least 1, with which the gang would start now, if that does
/// not get better with more. `with` makes the request for an amount.
std::optional<std::uint64_t> most_that_starts(
    Trial& trial, std::uint64_t asked, const std::function<ResourceRequest(std::uint64_t)>& with) {
  if (asked < 2 || !trial.starts_with(with(1))) return std::nullopt;
  std::uint64_t starts = 1, does_not = asked;
  while (does_not - starts > 1) {
    const std::uint64_t middle = starts + (does_not - starts) / 2;
    if (trial.starts_with(with(middle))) starts = middle;
    else does_not = middle;
  }
  return starts;
}

std::string counted(std::uint64_t n, const std::string& noun) {
  return std::to_string(n) + " " + noun + (n == 1 ? "" : "s");
}

double part_lost(std::uint64_t from, std::uint64_t to) {
  return 1.0 - static_cast<double>(to) / static_cast<double>(from);
}

/// What of a request is a number: tasks, devices, CPUs.
struct Countable {
  std::uint32_t (*in)(const ResourceRequest&);
  void (*set)(ResourceRequest&, std::uint32_t);
};

void try_fewer(Trial& trial, const std::string& noun, const std::string& of,
               const Countable& countable, std::vector<Change>& changes) {
  const ResourceRequest& request = *trial.group().request;
  const std::uint32_t asked = countable.in(request);
  const auto fewer = most_that_starts(trial, asked, [&](std::uint64_t n) {
    ResourceRequest changed = request;
    countable.set(changed, static_cast<std::uint32_t>(n));
    return changed;
  });
  if (fewer)
    changes.push_back({part_lost(asked, *fewer), "ask for " + counted(*fewer, noun) +
                                                     " instead of " + std::to_string(asked) + of});
}

void try_less_memory(Trial& trial, std::vector<Change>& changes) {
  const ResourceRequest& request = *trial.group().request;
  const Bytes asked = request.alternatives[0].memory;
  const std::int64_t unit = asked >= gibibytes(2) ? gibibytes(1).n : mebibytes(1).n;
  const auto less =
      most_that_starts(trial, static_cast<std::uint64_t>(asked.n / unit), [&](std::uint64_t n) {
        ResourceRequest changed = request;
        changed.alternatives[0].memory = Bytes{static_cast<std::int64_t>(n) * unit};
        return changed;
      });
  if (!less) return;
  const Bytes memory{static_cast<std::int64_t>(*less) * unit};
  changes.push_back(
      {part_lost(static_cast<std::uint64_t>(asked.n), static_cast<std::uint64_t>(memory.n)),
       "ask for " + format(memory) + " of memory instead of " + format(asked)});
}

/// Less of one device, where one is asked for.
void try_share(Trial& trial, std::vector<Change>& changes) {
  const ResourceRequest& request = *trial.group().request;
  const auto& devices = request.alternatives[0].devices;
  if (!devices || devices->count > 1) return;
  for (const std::int32_t thousandths : {750, 500, 250, 100}) {
    if (thousandths >= devices->share.thousandths) continue;
    ResourceRequest changed = request;
    changed.alternatives[0].devices->share = Share{thousandths};
    if (!trial.starts_with(changed)) continue;
    changes.push_back({part_lost(static_cast<std::uint64_t>(devices->share.thousandths),
                                 static_cast<std::uint64_t>(thousandths)),
                       "share one with others: ask for " + describe(changed.alternatives[0])});
    return;
  }
}

/// Any model, maker or size of memory of the devices.
void try_less_choosy(Trial& trial, std::vector<Change>& changes) {
  const ResourceRequest& request = *trial.group().request;
  const auto& devices = request.alternatives[0].devices;
  if (!devices) return;
  ResourceRequest any = request;
  any.alternatives[0].devices->model.clear();
  any.alternatives[0].devices->vendor.clear();
  const std::string noun = name_of(devices->kind);
  constexpr double choice_given_up = 0.2;  // less than half of the devices, more than a few
  if (any != request && trial.starts_with(any))
    changes.push_back(
        {choice_given_up, "ask for any model of " + noun + " instead of " +
                              (devices->model.empty() ? devices->vendor : devices->model)});
  if (devices->memory.n == 0) return;
  ResourceRequest smaller = request;
  smaller.alternatives[0].devices->memory = {};
  if (trial.starts_with(smaller))
    changes.push_back({choice_given_up,
                       "ask for a " + noun + " with less memory than " + format(devices->memory)});
}

/// Beside those whom MPS serves, in turn with them.
void try_without_mps(Trial& trial, std::vector<Change>& changes) {
  constexpr double side_by_side_given_up = 0.3;
  if (trial.group().mps && trial.starts_without_mps())
    changes.push_back({side_by_side_given_up,
                       "leave mps out: its programs then take turns with those of others"});
}

/// So short that it ends before the promised start that it would delay.
void try_shorter(Trial& trial, const Blocker& blocker, std::vector<Change>& changes) {
  const auto* promised = std::get_if<PromisedToOther>(&blocker);
  if (promised == nullptr || promised->start == never || promised->start <= trial.now()) return;
  const Span until = promised->start - trial.now();
  const Span unit = until >= minutes(2) ? minutes(1) : seconds(1);
  const Span time{until.us / unit.us * unit.us};
  if (time.us == 0 || !trial.starts_within(time)) return;
  const auto& asked = trial.group().time;
  const double given_up =
      asked ? part_lost(static_cast<std::uint64_t>(asked->us), static_cast<std::uint64_t>(time.us))
            : 0;
  changes.push_back({given_up, "set a time limit of " + format(time) +
                                   (asked ? " instead of " + format(*asked) : "")});
}

constexpr Countable tasks_of_it{
    [](const ResourceRequest& request) { return request.tasks; },
    [](ResourceRequest& request, std::uint32_t n) { request.tasks = n; }};
constexpr Countable cpus_of_it{
    [](const ResourceRequest& request) { return request.alternatives[0].cpus.whole(); },
    [](ResourceRequest& request, std::uint32_t n) {
      request.alternatives[0].cpus = whole_cpus(n);
    }};
constexpr Countable devices_of_it{
    [](const ResourceRequest& request) { return request.alternatives[0].devices->count; },
    [](ResourceRequest& request, std::uint32_t n) { request.alternatives[0].devices->count = n; }};

std::vector<Suggestion> suggest(Trial& trial, const Blocker& blocker) {
  const ResourceRequest& request = *trial.group().request;
  const std::string in_each = request.tasks > 1 ? " in each task" : "";
  std::vector<Change> changes;
  try_shorter(trial, blocker, changes);
  try_less_choosy(trial, changes);
  try_without_mps(trial, changes);
  if (const auto& devices = request.alternatives[0].devices)
    try_fewer(trial, name_of(devices->kind), in_each, devices_of_it, changes);
  try_share(trial, changes);
  try_fewer(trial, "task", "", tasks_of_it, changes);
  try_fewer(trial, "cpu", in_each, cpus_of_it, changes);
  try_less_memory(trial, changes);
  std::stable_sort(changes.begin(), changes.end(),
                   [](const Change& a, const Change& b) { return a.given_up < b.given_up; });
  std::vector<Suggestion> suggestions;
  for (Change& change : changes)
    if (suggestions.size() < most_suggestions)
      suggestions.push_back({std::move(change.change), trial.now()});
  return suggestions;
}

/// Whether it is about what one alternative wants, and not about who goes first.
bool is_of_one_alternative(const Blocker& blocker) {
  return std::holds_alternative<AllTaken>(blocker) || std::holds_alternative<Scattered>(blocker) ||
         std::holds_alternative<InForeignUse>(blocker) ||
         std::holds_alternative<DeviceAway>(blocker) || std::holds_alternative<NodeAway>(blocker) ||
         std::holds_alternative<MpsOfOther>(blocker);
}

/// Why there is no room for the alternatives either that `said` is not about, each asked for alone.
std::string of_other_alternatives(Planner& planner, const Snapshot& snapshot,
                                  const WaitingGroup& group, const std::string& said) {
  constexpr std::size_t most_told = 4;
  std::string text;
  bool found = false;  // the one that `said` is about
  std::size_t others = 0;
  for (const TaskRequest& alternative : group.request->alternatives) {
    if (others == most_told) {
      text += "; and there are more alternatives";
      break;
    }
    WaitingGroup alone = group;
    alone.request = std::make_shared<const ResourceRequest>([&] {
      ResourceRequest request = *group.request;
      request.alternatives = {alternative};
      return request;
    }());
    planner.waits(alone);
    if (starts(planner.plan(snapshot.now), {group.job, group.first})) continue;
    const auto wait = planner.reason_of(group.job, group.first);
    const std::string why_not = wait ? explain(wait->blocker, snapshot, group.job) : "";
    if (why_not.empty() || (!found && why_not == said)) {
      found = true;
      continue;
    }
    ++others;
    text += "; or, for " + describe(alternative) + ": " + why_not;
  }
  return text;
}

}  // namespace

WhyAnswer why(const Snapshot& snapshot, const Policy& policy, JobId job) {
  WhyAnswer answer{job, GangPhase::waiting, {}, {}, {}, {}};
  // 1. The first of its gangs that waits.
  std::optional<std::size_t> group;
  for (std::size_t i = 0; i < snapshot.waiting.size(); ++i)
    if (snapshot.waiting[i].job == job &&
        (!group || snapshot.waiting[i].first < snapshot.waiting[*group].first))
      group = i;
  CHECK(group.has_value());
  const GangId gang{job, snapshot.waiting[*group].first};
  // 2. What the plan says of it.
  Planner planner(snapshot, policy);
  const bool is_about_to_start = starts(planner.plan(snapshot.now), gang);
  const auto wait = planner.reason_of(job, gang.index);
  if (is_about_to_start || !wait) {
    answer.reason = "nothing blocks it: it is about to start";
    answer.expected = snapshot.now;
    answer.expected_because = "there is room now";
    return answer;
  }
  answer.reason = explain(wait->blocker, snapshot, job);
  // 3. When it is expected to start: never, if nothing here can ever serve it.
  if (std::holds_alternative<NoSuchDevice>(wait->blocker)) {
    answer.expected_because = "this can never be met here";
  } else {
    Forecast ahead = forecast(snapshot, policy, gang);
    answer.expected = ahead.start;
    answer.expected_because = std::move(ahead.because);
  }
  // 4. The same of its other alternatives.
  const WaitingGroup& waiting = snapshot.waiting[*group];
  if (waiting.request->alternatives.size() > 1 && is_of_one_alternative(wait->blocker))
    answer.reason += of_other_alternatives(planner, snapshot, waiting, answer.reason);
  // 5. What would start it now. No request helps while it waits for other jobs.
  if (!std::holds_alternative<WaitsForJobs>(wait->blocker)) {
    Trial trial(planner, snapshot.now, waiting);
    answer.suggestions = suggest(trial, wait->blocker);
  }
  return answer;
}

}  // namespace gangline
