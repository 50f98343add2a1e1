#include "engine/slurm/why/explain.h"

#include <unistd.h>

#include <algorithm>

#include "base/text.h"
#include "os/clock.h"
#include "os/file.h"

namespace gangline {
namespace {

/// Each is a call of sbatch, for which slurmctld plans.
constexpr int most_tries = 24;
/// Slurm says a start to the second, and looks at its queue now and then.
constexpr Span counts_as_now = seconds(10);
constexpr std::size_t most_suggestions = 4;

std::string fewer(const std::string& noun, std::uint32_t asked, std::uint32_t now_asked,
                  const std::string& of = "") {
  return "ask for " + std::to_string(now_asked) + " " + noun + (now_asked == 1 ? "" : "s") +
         " instead of " + std::to_string(asked) + of;
}

void add_time(std::vector<Lever>& levers, const JobSpec& spec) {
  constexpr std::int64_t minute = 60'000'000;
  const std::int64_t asked = spec.time ? spec.time->us / minute : 0;
  if (asked == 1) return;
  const auto most = static_cast<std::uint32_t>(std::clamp<std::int64_t>(asked, 0, 60 * 24 * 365));
  if (spec.time) {
    levers.push_back(
        {most, [](JobSpec& changed, std::uint32_t n) { changed.time = minutes(n); },
         [](std::uint32_t n) { return "say --time " + format(minutes(n)) + " or less"; }});
    return;
  }
  levers.push_back({1, [](JobSpec& changed, std::uint32_t) { changed.time = minutes(10); },
                    [](std::uint32_t) {
                      return std::string("say how long it may run: it would with --time 10m");
                    }});
}

}  // namespace

std::vector<Lever> levers_of(const JobSpec& spec, std::uint32_t alternative,
                             const SlurmSite& site) {
  std::vector<Lever> levers;
  const TaskRequest& task = spec.resources.alternatives[alternative];
  const std::string each = spec.resources.tasks > 1 ? " for each task" : "";
  if (spec.resources.tasks > 1)
    levers.push_back(
        {spec.resources.tasks, [](JobSpec& s, std::uint32_t n) { s.resources.tasks = n; },
         [asked = spec.resources.tasks](std::uint32_t n) { return fewer("task", asked, n); }});
  if (task.devices && task.devices->count > 1)
    levers.push_back({task.devices->count,
                      [alternative](JobSpec& s, std::uint32_t n) {
                        s.resources.alternatives[alternative].devices->count = n;
                      },
                      [asked = task.devices->count, each](std::uint32_t n) {
                        return fewer("gpu", asked, n, each);
                      }});
  if (task.devices && !task.devices->model.empty())
    levers.push_back({1,
                      [alternative](JobSpec& s, std::uint32_t) {
                        s.resources.alternatives[alternative].devices->model.clear();
                      },
                      [model = task.devices->model](std::uint32_t) {
                        return "ask for any model of gpu instead of " + model;
                      }});
  const auto cpus = static_cast<std::uint32_t>(task.cpus.thousandths / 1'000);
  if (cpus > 1)
    levers.push_back({cpus,
                      [alternative](JobSpec& s, std::uint32_t n) {
                        s.resources.alternatives[alternative].cpus = whole_cpus(n);
                      },
                      [cpus, each](std::uint32_t n) { return fewer("cpu", cpus, n, each); }});
  add_time(levers, spec);
  const SlurmPartition* here = site.partition_for(spec.queue);
  for (const SlurmPartition& other : site.partitions)
    if (other.up && (here == nullptr || other.name != here->name))
      levers.push_back({1, [name = other.name](JobSpec& s, std::uint32_t) { s.queue = name; },
                        [name = other.name](std::uint32_t) { return "say --queue " + name; },
                        other.name});
  return levers;
}

SlurmExplanation::SlurmExplanation(Slurm& slurm, const SlurmSite& site,
                                   const std::vector<Node>& nodes, About about, Tell tell)
    : slurm_(slurm),
      site_(site),
      nodes_(nodes),
      about_(std::move(about)),
      tell_(std::move(tell)),
      levers_(levers_of(about_.spec, about_.alternative, site)) {
  ask_holders();
}

void SlurmExplanation::ask_holders() {
  slurm_.ask_holders([this, alive = alive_](const Result<std::vector<SlurmHolder>>& holders) {
    if (!*alive) return;
    if (!holders) return finish();
    const auto& task = about_.spec.resources.alternatives[about_.alternative];
    const std::string held = who_holds(*holders, nodes_, task.devices.has_value(), now());
    if (!held.empty())
      about_.known.reason +=
          "; " + held + left_by_constraint(site_, nodes_, task.devices.has_value());
    others_wait_ = std::any_of(holders->begin(), holders->end(), [&](const SlurmHolder& holder) {
      return holder.waits && holder.job != about_.number;
    });
    if (slurm_.tests()) return try_least(about_.spec, [this] { try_next_lever(); });
    about_.known.reason += "; what would start it now cannot be tried by slurmrestd";
    finish();
  });
}

bool SlurmExplanation::has_room(const std::string& queue) const {
  const SlurmPartition* partition = site_.partition_for(queue);
  return partition != nullptr && about_.partitions_with_room.contains(partition->name);
}

// Slurm puts the start that it tells off by a part of the time of those that wait in the queue,
// this job among them, and by as much for each that is tried. So it is compared with that of the
// least of all jobs there, where that has room.
void SlurmExplanation::try_least(JobSpec least, std::function<void()> then) {
  least.resources.tasks = 1;
  least.resources.alternatives[about_.alternative] = TaskRequest{};
  least.time = minutes(1);
  least.grace = Span{0};
  least_starts_.reset();
  if (!has_room(least.queue)) return then();
  test(least, [this, then = std::move(then)](std::optional<Time> start) {
    least_starts_ = start;
    then();
  });
}

void SlurmExplanation::try_next_lever() {
  if (lever_ >= levers_.size() || tried_ >= most_tries ||
      about_.known.suggestions.size() >= most_suggestions)
    return finish();
  const Lever& lever = levers_[lever_];
  if (!lever.partition.empty() && lever.partition != compared_with_) {
    compared_with_ = lever.partition;
    JobSpec there = about_.spec;
    there.queue = lever.partition;
    return try_least(std::move(there), [this] { try_next_lever(); });
  }
  if (!least_starts_) {
    ++lever_;
    return try_next_lever();
  }
  // With the least of it first: where even that does not help, nothing of it does.
  try_amount(1, [this](bool starts) {
    const std::uint32_t asked = levers_[lever_].asked;
    if (starts) return narrow(1, std::max(asked, 2u));
    ++lever_;
    try_next_lever();
  });
}

/// It starts with the one and does not with the other.
void SlurmExplanation::narrow(std::uint32_t starts, std::uint32_t does_not) {
  if (does_not - starts <= 1 || tried_ >= most_tries) {
    about_.known.suggestions.push_back(
        {levers_[lever_].says(starts) +
             (others_wait_ ? ", if Slurm lets it go before others who wait" : ""),
         now()});
    ++lever_;
    return try_next_lever();
  }
  const std::uint32_t middle = starts + (does_not - starts) / 2;
  try_amount(middle, [this, starts, does_not, middle](bool it_starts) {
    if (it_starts) narrow(middle, does_not);
    else narrow(starts, middle);
  });
}

void SlurmExplanation::try_amount(std::uint32_t amount, std::function<void(bool)> then) {
  JobSpec changed = about_.spec;
  levers_[lever_].set(changed, amount);
  test(changed, [this, then = std::move(then)](std::optional<Time> start) {
    then(start && least_starts_ && *start <= *least_starts_ + counts_as_now);
  });
}

void SlurmExplanation::test(const JobSpec& spec, std::function<void(std::optional<Time>)> then) {
  ++tried_;
  const std::string path = about_.directory + "/tried.sh";
  const ScriptParts parts{about_.gang_program, about_.directory, "tried", about_.alternative,
                          "/dev/null"};
  if (!write_file(path, sbatch_script(spec, 0, 1, site_, parts), 0700)) return finish();
  slurm_.test(path,
              [alive = alive_, then = std::move(then)](const std::optional<TestedStart>& tested) {
                if (*alive) then(tested ? std::optional(tested->start) : std::nullopt);
              });
}

void SlurmExplanation::finish() {
  ::unlink((about_.directory + "/tried.sh").c_str());
  auto& expected = about_.known.expected;
  about_.known.expected_because = "as Slurm expects by now";
  if (!expected) {
    about_.known.expected_because = "Slurm has not said when; it plans for the first in its line";
  } else if (*expected > now() + counts_as_never) {
    expected.reset();
    about_.known.expected_because =
        "it waits for jobs without a time limit, which Slurm counts as a year";
  }
  const Tell tell = std::move(tell_);
  tell(std::move(about_.known));
}

}  // namespace gangline
