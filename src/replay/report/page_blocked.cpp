// What blocked whom: why GPUs lay idle, and who waited longest.
#include <algorithm>

#include "replay/report/page_parts.h"
#include "replay/report/page_text.h"

namespace gangline {
namespace {

constexpr std::size_t most_longest = 10;

/// In the order of the pictures of use; what nobody asked for comes last.
constexpr IdleBecause causes[] = {IdleBecause::too_few, IdleBecause::scattered, IdleBecause::kept,
                                  IdleBecause::other_kind, IdleBecause::nothing_asked};

constexpr const char* meanings[] = {
    "nobody waited",
    "promised to one that goes first, or the policy lets nobody overtake",
    "enough was free for the first that waited, but not side by side",
    "less was free than the first that waited wanted",
    "another kind, or on nodes without the CPUs or memory that the first wanted",
};

std::string idle_bar(const PolicyRun& run) {
  std::vector<std::pair<std::string, double>> parts;
  for (const IdleBecause cause : causes)
    parts.emplace_back(
        colour_of(cause),
        run.measures.gpu_hours_idle[static_cast<std::size_t>(cause)] / run.measures.gpu_hours);
  return stack_of(parts);
}

std::string idle_table(const PageScene& scene) {
  std::string html =
      "<div class=scroll tabindex=0 role=region aria-label='Idle GPU-hours by cause'><table "
      "class=idle><thead><tr><th scope=col>GPU-hours idle because</th>";
  for (const PolicyRun& run : scene.runs)
    html += "<th scope=col><bdi>" + shown(run.name) + "</bdi>" + idle_bar(run) + "</th>";
  html += "</tr></thead><tbody>\n";
  for (const IdleBecause cause : causes) {
    const auto index = static_cast<std::size_t>(cause);
    html += "<tr><th scope=row><span class='swatch " + colour_of(cause) + "'></span>" +
            std::string(name_of(cause)) + "<small>" + meanings[index] + "</small></th>";
    for (const PolicyRun& run : scene.runs) {
      const double idle = run.measures.gpu_hours_idle[index];
      html += "<td>" + figure(idle) + " <span class=aside>" +
              percent(idle / run.measures.gpu_hours) + "</span></td>";
    }
    html += "</tr>\n";
  }
  return html + "</tbody></table></div>\n";
}

struct Waited {
  double seconds = 0;
  std::size_t job = 0;
  bool operator<(const Waited& other) const {  // the longest first, then who came first
    return seconds != other.seconds ? seconds > other.seconds : job < other.job;
  }
};

std::vector<Waited> longest_waits(const PageScene& scene, const PolicyRun& run) {
  std::vector<Waited> waits;
  for (std::size_t i = 0; i < scene.jobs_of(run); ++i) {
    const SimulatedJob& job = run.simulated.jobs[i];
    if (!job.started && job.lot != Lot::waited) continue;
    double seconds = 0;
    const Time submitted = scene.history.jobs[i].submitted;
    for (const auto& [from, until] : waits_of(job, submitted, run.simulated.end))
      seconds += to_seconds(until - from);
    if (seconds > 0) waits.push_back({seconds, i});
  }
  const auto end =
      waits.begin() + static_cast<std::ptrdiff_t>(std::min(most_longest, waits.size()));
  std::partial_sort(waits.begin(), end, waits.end());
  waits.erase(end, waits.end());
  return waits;
}

std::string named(const std::string& name) {
  constexpr std::size_t longest_here = 30;
  return name.empty() ? unknown_text : "<bdi>" + shown(name, longest_here) + "</bdi>";
}

std::string waited_row(const PageScene& scene, const PolicyRun& run, const Waited& waited,
                       bool users) {
  const PastJob& past = scene.history.jobs[waited.job];
  const SimulatedJob& job = run.simulated.jobs[waited.job];
  return "<tr><th scope=row>" + named(past.id) + "</th>" +
         (users ? "<td class='text name'>" + named(past.user) + "</td>" : "") + "<td>" +
         figure(scene.sizes.size_of(*past.request)) + "</td><td>" + lasting(waited.seconds) +
         "</td><td>" + scene.axis.moment(past.submitted) + "</td><td>" +
         (job.started ? scene.axis.moment(*job.started) : "never started") +
         "</td><td class='text holders'>" +
         holders_during(scene, run, past.submitted, job.started.value_or(run.simulated.end)) +
         "</td></tr>\n";
}

std::string longest_table(const PageScene& scene, const PolicyRun& run) {
  const std::vector<Waited> waits = longest_waits(scene, run);
  if (waits.empty()) return "";
  const bool users = names_users(scene.history);
  const std::string unit = std::string(scene.sizes.unit()) + "s";
  std::string html = "<table class=longest><caption>The " +
                     (waits.size() == 1 ? "job" : counted(waits.size()) + " jobs") +
                     " that waited longest</caption><thead><tr><th scope=col>Job</th>" +
                     (users ? "<th scope=col class=text>User</th>" : "") + "<th scope=col>" + unit +
                     "</th><th scope=col>Wait</th><th scope=col>Submitted</th><th "
                     "scope=col>Started</th><th scope=col class=text>" +
                     unit + " held meanwhile by</th></tr></thead><tbody>\n";
  for (const Waited& waited : waits) html += waited_row(scene, run, waited, users);
  return html + "</tbody></table>\n";
}

std::string who_part(const PageScene& scene, const PolicyRun& run, bool open) {
  const std::string name = shown(run.name);
  return "<details" + std::string(open ? " open" : "") + "><summary>under <b><bdi>" + name +
         "</bdi></b></summary>\n<div class=scroll tabindex=0 role=region aria-label='Who held and "
         "who waited under " +
         name + "'>" + held_part(scene, run) + longest_table(scene, run) + "</div></details>\n";
}

}  // namespace

std::string colour_of(IdleBecause cause) {
  return "cause" + std::to_string(static_cast<int>(cause));
}

std::string blocked_part(const PageScene& scene) {
  std::string html = "<section id=blocked><h2>What blocked whom</h2>\n";
  const bool any_gpus = std::any_of(scene.runs.begin(), scene.runs.end(), [](const PolicyRun& run) {
    return run.measures.gpu_hours > 0;
  });
  if (any_gpus) html += "<h3>Why GPUs lay idle</h3>\n";
  html += any_gpus ? idle_table(scene)
                   : "<p class=empty>There is no GPU that could lie idle, and for CPUs no cause is "
                     "kept.</p>\n";
  html +=
      "<h3>Who held " + std::string(scene.sizes.unit()) +
      "s while others waited</h3>\n<p class=note>Means over the waits of all jobs of a row, each "
      "job for itself; the parts are of all " +
      scene.sizes.unit() + "s.</p>\n";
  for (const PolicyRun& run : scene.runs) html += who_part(scene, run, &run == &scene.runs.front());
  return html + "</section>\n";
}

}  // namespace gangline
