#include "control/snapshot_of.h"

#include <algorithm>

#include "schedule/holdings.h"

namespace gangline {
namespace {

// A decision should not be needed more often than this for each place where gangs can run.
constexpr Span time_for_turns = milliseconds(100);
constexpr std::uint32_t most_turns = 256;

// How many gangs may take turns on one allocation without a decision between them: as many as the
// job's gangs so far suggest to end within `time_for_turns`, trusted only as far as there is
// experience.
std::uint32_t turns_for(const JobState& job) {
  if (job.timed == 0) return 1;
  const std::int64_t mean = std::max<std::int64_t>(1, job.total_run.us / job.timed);
  const auto by_time =
      static_cast<std::uint32_t>(std::clamp<std::int64_t>(time_for_turns.us / mean, 1, most_turns));
  return std::min(by_time, job.timed);
}

std::uint32_t queue_index(const Settings& settings, const std::string& name) {
  return find_queue(settings.queues, name).value_or(0);
}

Time expected_end(const JobState& job, std::uint32_t index, const TurnRun& run, Time begun) {
  const auto limit = time_limit_of(*job.job.spec, index, run.allocation->alternative);
  return limit ? end_after(begun, *limit, std::max(1u, run.count)) : never;
}

}  // namespace

namespace {

/// What all waiting groups of a job have in common.
WaitingGroup group_of(const JobState& job, const Viewpoint& from) {
  const JobSpec& spec = *job.job.spec;
  WaitingGroup group;
  group.job = job.job.id;
  group.request = job.request;
  group.queue = queue_index(from.settings, spec.queue);
  if (from.usage != nullptr) group.user = from.usage->number_of(job.job.owner);
  group.priority = spec.priority;
  group.submitted = job.job.submitted;
  group.time = spec.time;
  group.after = job.after;
  group.keeps_work = spec.checkpoint;
  group.mps = spec.mps;
  if (from.foretell) group.progress.whole_run = from.foretell(job.job);
  return group;
}

void add(const Progress& before, Progress& progress) {
  const auto whole_run = progress.whole_run;
  progress = before;
  progress.whole_run = whole_run;
}

}  // namespace

std::vector<Holder> holders_of(const JobState& job, const Viewpoint& from) {
  std::vector<Holder> holders;
  if (job.live.empty()) return holders;
  const std::uint32_t queue = queue_index(from.settings, job.job.spec->queue);
  const TurnRun* seen = nullptr;
  for (const auto& [index, gang] : job.live) {
    if (gang.run.get() == seen) continue;
    seen = gang.run.get();
    if (gang.run->allocation->parts.empty()) continue;  // the engine places it
    const auto* running = std::get_if<Running>(&gang.state);
    const Time begun = running != nullptr ? running->started : gang.run->since;
    Holder holder{job.job.id,
                  index,
                  gang.run->count,
                  gang.run->allocation,
                  gang.run->since,
                  expected_end(job, index, *gang.run, begun),
                  gang.makes_room_for.has_value(),
                  nullptr,
                  queue,
                  from.usage == nullptr ? 0 : from.usage->number_of(job.job.owner),
                  job.job.spec->mps};
    if (from.some_are_stopped && !job.stop_asked) {
      WaitingGroup waited = group_of(job, from);
      waited.first = index;
      add(gang.before.progress, waited.progress);
      if (job.job.spec->gather && index == gather_index(*job.job.spec))
        waited.request = gather_request();
      holder.waited = std::make_shared<const WaitingGroup>(std::move(waited));
    }
    holders.push_back(std::move(holder));
  }
  return holders;
}

std::vector<WaitingGroup> waiting_groups_of(const JobState& job, const Viewpoint& from,
                                            bool handed) {
  std::vector<WaitingGroup> groups;
  const JobSpec& spec = *job.job.spec;
  WaitingGroup group = group_of(job, from);
  group.turns = turns_for(job);
  const std::uint32_t gather = spec.gather ? gather_index(spec) : total_gangs(spec);
  for (const GangRange& range : job.fresh) {
    group.first = range.first;
    group.count = std::min(range.first + range.count, gather) - std::min(range.first, gather);
    if (group.count > 0) groups.push_back(group);
  }
  for (const auto& [index, again] : job.again) {
    WaitingGroup single = group;
    single.first = index;
    single.count = 1;
    single.attempt = again.attempt;
    single.avoid.insert(single.avoid.end(), again.avoid.begin(), again.avoid.end());
    add(again.before.progress, single.progress);
    if (index == gather) single.request = gather_request();
    groups.push_back(std::move(single));
  }
  // The gather comes up when it is the last one left; until then its job's other gangs stand for
  // it.
  const bool early = handed && job.gather_comes_next();
  if (early || (job.gather_waits() && job.live.empty() && job.waiting() == 1)) {
    group.first = gather;
    group.count = 1;
    group.request = gather_request();
    group.turns = 1;
    groups.push_back(group);
  }
  return groups;
}

Snapshot snapshot_of(const Register& beliefs, const Viewpoint& from, Time now) {
  Snapshot snapshot;
  snapshot.now = now;
  snapshot.cluster = beliefs.cluster();
  snapshot.queues = from.settings.queues;
  snapshot.foreign = beliefs.foreign();
  snapshot.used = from.used;
  snapshot.rules = from.rules;
  snapshot.set_aside = from.set_aside;
  bool some_with_mps = false;
  for (const auto& [id, job] : beliefs.jobs()) {
    some_with_mps = some_with_mps || job.job.spec->mps;
    const auto holders = holders_of(job, from);
    const auto groups = waiting_groups_of(job, from);
    snapshot.holders.insert(snapshot.holders.end(), holders.begin(), holders.end());
    snapshot.waiting.insert(snapshot.waiting.end(), groups.begin(), groups.end());
  }
  for (const auto& [gang, made] : beliefs.promises()) snapshot.promises.push_back(made);
  if (some_with_mps && from.usage != nullptr)
    snapshot.people = std::make_shared<const std::vector<std::string>>(from.usage->names());
  return snapshot;
}

bool wants_devices(const ResourceRequest& request) {
  return std::any_of(request.alternatives.begin(), request.alternatives.end(),
                     [](const TaskRequest& task) { return task.devices.has_value(); });
}

}  // namespace gangline
