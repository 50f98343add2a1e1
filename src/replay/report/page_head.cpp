// The head of a page: what was simulated, of which history, and how far that can be trusted.
#include <algorithm>
#include <map>

#include "replay/report/page_parts.h"
#include "replay/report/page_text.h"

namespace gangline {
namespace {

constexpr std::size_t most_notes = 12;
constexpr std::size_t most_reasons = 10;
constexpr std::size_t most_examples = 5;
constexpr std::size_t most_models = 6;
constexpr std::size_t most_hopeless = 5;
constexpr std::size_t longest_sentence = 300;

std::string names_of(std::span<const PolicyRun> runs) {
  std::string names;
  for (const PolicyRun& run : runs)
    names += (names.empty() ? "" : ", ") + std::string("<b><bdi>") + shown(run.name) +
             "</bdi></b>" +
             (run.seconds < 1 ? "" : " <span class=aside>in " + lasting(run.seconds) + "</span>");
  return names;
}

/// "64 nodes: 512 × V100, 32 × A100"
std::string machines_of(const Cluster& cluster) {
  std::map<std::string, std::uint64_t> by_model;
  std::uint64_t devices = 0, cpus = 0, down = 0;
  for (const Node& node : cluster.nodes) {
    down += !node.up;
    cpus += cpus_of(node).thousandths;
    for (const Device& device : node.devices)
      if (device.allottable) ++by_model[device.model], ++devices;
  }
  std::string text = several(cluster.nodes.size(), "node");
  if (down > 0) text += " (" + counted(down) + " of them down)";
  text +=
      ", " + several(devices, "GPU") + ", " + figure(static_cast<double>(cpus) / 1000) + " CPUs";
  std::size_t named = 0;
  for (const auto& [model, count] : by_model) {
    if (model.empty()) continue;
    if (named == most_models) return text + " …";
    text += (named++ == 0 ? ": " : ", ") + counted(count) + " × <bdi>" + shown(model) + "</bdi>";
  }
  return text;
}

/// What runs on the same machines is named together.
std::string machines_part(const PageScene& scene) {
  std::vector<std::pair<std::string, std::string>> told;  // machines, and under which
  for (const PolicyRun& run : scene.runs) {
    const std::string machines = machines_of(run.cluster.cluster);
    if (told.empty() || told.back().first != machines) told.push_back({machines, ""});
    std::string& under = told.back().second;
    under += (under.empty() ? "" : ", ") + std::string("<bdi>") + shown(run.name) + "</bdi>";
  }
  std::string html;
  for (const auto& [machines, under] : told)
    html += "<dt>Machines" + (told.size() > 1 ? " of " + under : "") + "</dt><dd>" + machines +
            "</dd>\n";
  return html;
}

std::string left_out_part(const char* what, const LeftOut& left_out, std::uint64_t entries) {
  if (left_out.count == 0) return "";
  std::string html = "<dt>Left out of " + std::string(what) + "</dt><dd>" +
                     counted(left_out.count) + (left_out.count == 1 ? " entry" : " entries") +
                     (entries > 0 ? " of " + counted(entries) : "") + "<ul>";
  std::vector<std::pair<std::uint64_t, std::string>> reasons;
  for (const auto& [reason, count] : left_out.by_reason) reasons.emplace_back(count, reason);
  std::sort(reasons.rbegin(), reasons.rend());
  for (std::size_t i = 0; i < std::min(most_reasons, reasons.size()); ++i)
    html += "<li>" + counted(reasons[i].first) + ": <bdi>" +
            shown(reasons[i].second, longest_sentence) + "</bdi></li>";
  if (reasons.size() > most_reasons)
    html += "<li>" + counted(reasons.size() - most_reasons) + " further reasons</li>";
  html += "</ul>";
  if (!left_out.examples.empty()) {
    html += "<details><summary>Examples</summary><ul>";
    for (std::size_t i = 0; i < std::min(most_examples, left_out.examples.size()); ++i)
      html += "<li>line " + counted(left_out.examples[i].line) + ": <bdi>" +
              shown(left_out.examples[i].why, longest_sentence) + "</bdi></li>";
    html += "</ul></details>";
  }
  return html + "</dd>\n";
}

std::string notes_part(const char* of, const std::vector<std::string>& notes) {
  if (notes.empty()) return "";
  std::string html = "<dt>Assumed of " + std::string(of) + "</dt><dd><ul>";
  for (std::size_t i = 0; i < std::min(most_notes, notes.size()); ++i)
    html += "<li><bdi>" + shown(notes[i], longest_sentence) + "</bdi></li>";
  if (notes.size() > most_notes)
    html += "<li>" + counted(notes.size() - most_notes) + " further notes are not shown</li>";
  return html + "</ul></dd>\n";
}

/// Jobs that these machines can never run, of the first simulation that has any.
std::string hopeless_part(const PageScene& scene) {
  for (const PolicyRun& run : scene.runs) {
    std::string list;
    std::uint64_t found = 0;
    for (std::size_t i = 0; i < scene.jobs_of(run); ++i) {
      if (run.simulated.jobs[i].lot != Lot::hopeless) continue;
      if (++found > most_hopeless) continue;
      const PastJob& job = scene.history.jobs[i];
      list += "<li>job <bdi>" + shown(job.id) + "</bdi> asks for " +
              shown(describe(*job.request), longest_sentence) + "</li>";
    }
    if (found == 0) continue;
    if (found > most_hopeless) list += "<li>and so on</li>";
    return "<dt>Can never run</dt><dd>" + several(found, "job") + " under <bdi>" + shown(run.name) +
           "</bdi>: these machines have less than asked for, and the simulation goes on without" +
           "<ul>" + list + "</ul></dd>\n";
  }
  return "";
}

std::string backtest_sentence(const std::string& policy,
                              const std::optional<BacktestError>& found) {
  const std::string name = "<li><b><bdi>" + shown(policy) + "</bdi></b>: ";
  if (!found) return name + "no job with a start in both</li>\n";
  const BacktestError& error = *found;
  return name + lasting(error.median_apart) + " in the median, " + lasting(error.mean_apart) +
         " in the mean, at most " + lasting(error.p95_apart) + " for 95 of 100 (" +
         several(error.jobs, "job") + ")" + "</li>\n";
}

/// DESIGN.md 9.7: no simulation without its back-test error.
std::string trust_part(const PageScene& scene) {
  const bool any = std::any_of(scene.runs.begin(), scene.runs.end(), [](const PolicyRun& run) {
    return run.measures.backtest.has_value();
  });
  std::string html = "<div class=trust role=note><h2>How far this can be trusted</h2>\n";
  if (!any && scene.error)
    return html +
           "<p>What is shown is changed from what was recorded, and carries the <b>back-test "
           "error</b> of the history: so far are starts of it, simulated as recorded, from the "
           "true ones. Read every time below with it.</p><ul>\n" +
           backtest_sentence(scene.error->policy, scene.error->starts) + "</ul></div>\n";
  if (!any)
    return html +
           "<p>There is <b>no back-test error</b>: this history has no true starts to compare "
           "with, so nobody knows how far these simulated starts are from what would have "
           "happened. Differences between policies say more than the times themselves.</p></div>\n";
  html +=
      "<p>The <b>back-test error</b>: so far are simulated starts from those that the history "
      "tells. "
      "Only under the policy and on the machines that were really there is it the error of the "
      "simulation; otherwise it holds the change as well. Read every time below with it.</p><ul>\n";
  for (const PolicyRun& run : scene.runs)
    html += backtest_sentence(run.name, run.measures.backtest);
  return html + "</ul></div>\n";
}

std::string shortest_wait(const PageScene& scene) {
  const auto by_wait = [](const PolicyRun& a, const PolicyRun& b) {
    return a.measures.wait.mean < b.measures.wait.mean;
  };
  const auto& runs = scene.runs;
  const bool equal_jobs = std::all_of(runs.begin(), runs.end(), [&](const PolicyRun& run) {
    return run.measures.ended == runs.front().measures.ended && run.measures.ended > 0;
  });
  if (runs.size() < 2 || !equal_jobs) return "";
  const auto [least, most] = std::minmax_element(runs.begin(), runs.end(), by_wait);
  const std::string low = lasting(least->measures.wait.mean);
  const std::string high = lasting(most->measures.wait.mean);
  if (low == high) return "<p class=lead>The mean wait is " + low + " under each.</p>\n";
  return "<p class=lead>The mean wait is shortest under <b><bdi>" + shown(least->name) +
         "</bdi></b>, " + low + ", and longest under <b><bdi>" + shown(most->name) +
         "</bdi></b>, " + high + ".</p>\n";
}

std::string stopped_part(const PageScene& scene) {
  std::string html;
  for (const PolicyRun& run : scene.runs)
    if (run.simulated.stopped)
      html += "<p class=warning>The simulation of <b><bdi>" + shown(run.name) +
              "</bdi></b> was stopped before its end.</p>\n";
  return html;
}

/// Of a path the file, else all of it.
std::string last_name(const std::string& title) {
  const auto slash = title.rfind('/');
  return slash == std::string::npos || slash + 1 == title.size() ? title : title.substr(slash + 1);
}

}  // namespace

std::string head_part(const std::string& title, const PageScene& scene, std::size_t runs_left_out) {
  const History& history = scene.history;
  std::string html = "<header><p class=brand>gang simulate</p><h1><bdi>" +
                     shown(last_name(title), 200) + "</bdi></h1>\n";
  if (scene.runs.empty()) html += "<p class=warning>No simulation was made.</p>\n";
  html += stopped_part(scene) + shortest_wait(scene);
  html += "<dl class=facts>";
  if (last_name(title) != title)
    html += "<dt>History</dt><dd><bdi>" + shown(title, longest_sentence) + "</bdi></dd>\n";
  html += "<dt>Jobs</dt><dd>" + counted(history.jobs.size());
  if (!history.jobs.empty()) {
    const Time first = history.jobs.front().submitted, last = history.jobs.back().submitted;
    html += ", submitted over " + lasting(to_seconds(last - first));
    if (scene.axis.dated())
      html += ", from " + scene.axis.moment(first) + " to " + scene.axis.moment(last) + " UTC";
  }
  html += "</dd>\n";
  if (!scene.runs.empty())
    html += "<dt>Simulated</dt><dd>" + names_of(scene.runs) +
            (runs_left_out > 0
                 ? "; " + several(runs_left_out, "further simulation") + " left out of this page"
                 : "") +
            "</dd>\n" + machines_part(scene);
  html += left_out_part("the history", history.left_out, history.entries) +
          notes_part("the history", history.notes);
  if (!scene.runs.empty()) {
    const FoundCluster& cluster = scene.runs.front().cluster;
    html += left_out_part("the machines", cluster.left_out, 0) +
            notes_part("the machines", cluster.notes);
  }
  return html + hopeless_part(scene) + "</dl>\n" + trust_part(scene) + "</header>\n";
}

}  // namespace gangline
