// The table of measures, simulations side by side.
#include <algorithm>
#include <cmath>
#include <iterator>

#include "replay/report/page_parts.h"
#include "replay/report/page_text.h"

namespace gangline {
namespace {

using Value = std::optional<double>;

enum class Better { neither, less, more };

struct MeasureRow {
  const char* group;  ///< the same in the rows that follow each other
  const char* name;
  Better better;
  std::string (*text)(double);
  Value (*value)(const PolicyRun&);
};

Value if_ended(const PolicyRun& run, double value) {
  return run.measures.ended > 0 ? Value(value) : std::nullopt;
}

Value if_started(const PolicyRun& run, double value) {
  const auto& jobs = run.simulated.jobs;
  const auto started = [](const SimulatedJob& job) { return job.started.has_value(); };
  return std::any_of(jobs.begin(), jobs.end(), started) ? Value(value) : std::nullopt;
}

Value if_devices(const PolicyRun& run, double value) {
  return run.measures.gpu_hours > 0 ? Value(value) : std::nullopt;
}

template <std::size_t cause>
Value idle_part(const PolicyRun& run) {
  return if_devices(run, run.measures.gpu_hours_idle[cause] / run.measures.gpu_hours);
}

template <double BacktestError::*field>
Value backtest(const PolicyRun& run) {
  return run.measures.backtest ? Value(*run.measures.backtest.*field) : std::nullopt;
}

template <Spread Measures::*spread, double Spread::*field>
Value started(const PolicyRun& run) {
  return if_started(run, run.measures.*spread.*field);
}

template <Spread Measures::*spread, double Spread::*field>
Value ended(const PolicyRun& run) {
  return if_ended(run, run.measures.*spread.*field);
}

template <std::uint64_t Measures::*field>
Value count(const PolicyRun& run) {
  return static_cast<double>(run.measures.*field);
}

using M = Measures;
using S = Spread;
constexpr Better less = Better::less, more = Better::more, neither = Better::neither;
constexpr const char* waiting = "Wait, from submission to start";
constexpr const char* completing = "Completion, from submission to end";
constexpr const char* slowdown = "Slowdown, completion by run time (bounded at 10 s)";
constexpr const char* devices = "GPUs, part of the GPU-hours that there were";
constexpr const char* whole = "The whole";
constexpr const char* trust = "Back-test, simulated starts against recorded ones";

constexpr MeasureRow rows[] = {
    {"Jobs", "ran to their end", more, figure, count<&M::ended>},
    {"Jobs", "wait or run still at the end", less, figure, count<&M::waited>},
    {"Jobs", "left at once", less, figure, count<&M::left>},
    {"Jobs", "can never run here", less, figure, count<&M::hopeless>},
    {waiting, "mean", less, lasting, started<&M::wait, &S::mean>},
    {waiting, "median", less, lasting, started<&M::wait, &S::median>},
    {waiting, "p95", less, lasting, started<&M::wait, &S::p95>},
    {waiting, "p99", less, lasting, started<&M::wait, &S::p99>},
    {waiting, "longest", less, lasting, started<&M::wait, &S::longest>},
    {completing, "mean", less, lasting, ended<&M::completion, &S::mean>},
    {completing, "median", less, lasting, ended<&M::completion, &S::median>},
    {completing, "p95", less, lasting, ended<&M::completion, &S::p95>},
    {completing, "p99", less, lasting, ended<&M::completion, &S::p99>},
    {slowdown, "mean", less, figure, ended<&M::slowdown, &S::mean>},
    {slowdown, "median", less, figure, ended<&M::slowdown, &S::median>},
    {slowdown, "p95", less, figure, ended<&M::slowdown, &S::p95>},
    {slowdown, "p99", less, figure, ended<&M::slowdown, &S::p99>},
    {devices, "GPU-hours that there were", neither, figure,
     [](const PolicyRun& run) { return if_devices(run, run.measures.gpu_hours); }},
    {devices, "GPU-hours used", neither, figure,
     [](const PolicyRun& run) { return if_devices(run, run.measures.gpu_hours_used); }},
    {devices, "used", more, percent,
     [](const PolicyRun& run) {
       return if_devices(run, run.measures.gpu_hours_used / run.measures.gpu_hours);
     }},
    {devices, "idle: nothing asked", neither, percent, idle_part<0>},
    {devices, "idle: kept for one that goes first", less, percent, idle_part<1>},
    {devices, "idle: scattered", less, percent, idle_part<2>},
    {devices, "idle: too few free for the first", less, percent, idle_part<3>},
    {devices, "idle: of no use to the first", less, percent, idle_part<4>},
    {devices, "free but in pieces of no use (fragmentation)", less, percent,
     [](const PolicyRun& run) { return if_devices(run, run.measures.fragmentation); }},
    {whole, "makespan", less, lasting,
     [](const PolicyRun& run) { return if_ended(run, run.measures.makespan); }},
    {whole, "fairness (Jain, users' slowdowns; 1 is best)", more, figure,
     [](const PolicyRun& run) { return if_ended(run, run.measures.fairness); }},
    {whole, "preemptions", less, figure, count<&M::preemptions>},
    {whole, "energy, kWh", less, figure,
     [](const PolicyRun& run) { return run.measures.kilowatt_hours; }},
    {whole, "cost", less, figure, [](const PolicyRun& run) { return run.measures.cost; }},
    {whole, "time that the simulation took", neither, lasting,
     [](const PolicyRun& run) { return Value(run.seconds); }},
    {trust, "jobs with a start in both", neither, figure,
     [](const PolicyRun& run) {
       const auto& error = run.measures.backtest;
       return error ? Value(static_cast<double>(error->jobs)) : std::nullopt;
     }},
    {trust, "apart, mean", less, lasting, backtest<&BacktestError::mean_apart>},
    {trust, "apart, median", less, lasting, backtest<&BacktestError::median_apart>},
    {trust, "apart, p95", less, lasting, backtest<&BacktestError::p95_apart>},
    {trust, "later than recorded, mean", neither, lasting, backtest<&BacktestError::mean_later>},
    {trust, "mean wait, recorded", neither, lasting, backtest<&BacktestError::wait_true>},
    {trust, "mean wait, simulated", neither, lasting, backtest<&BacktestError::wait_simulated>},
};

/// The means of two simulations are about the same jobs only if as many came to their end.
bool comparable(std::span<const PolicyRun> runs) {
  return std::all_of(runs.begin(), runs.end(), [&](const PolicyRun& run) {
    return run.measures.ended == runs.front().measures.ended;
  });
}

/// The best text of a row; empty where nothing stands out. What reads the same is as good.
std::string best_of(const MeasureRow& row, std::span<const PolicyRun> runs) {
  Value best;
  bool differ = false;
  std::string text;
  for (const PolicyRun& run : runs) {
    const Value value = row.value(run);
    if (!value || !std::isfinite(*value)) continue;
    if (best && row.text(*value) != text) differ = true;
    if (best && (row.better == Better::less ? *value >= *best : *value <= *best)) continue;
    best = value;
    text = row.text(*value);
  }
  return differ && row.better != Better::neither ? text : "";
}

std::string row_html(const MeasureRow& row, std::span<const PolicyRun> runs, bool mark) {
  std::string html = "<tr><th scope=row>" + std::string(row.name) + "</th>";
  const std::string best = mark ? best_of(row, runs) : "";
  for (const PolicyRun& run : runs) {
    const Value value = row.value(run);
    const std::string text = value ? row.text(*value) : unknown_text;
    if (!best.empty() && text == best)
      html += "<td class=best>" + text + "<span class=unseen> (best)</span></td>";
    else html += "<td>" + text + "</td>";
  }
  return html + "</tr>\n";
}

/// Rows that are the same to everybody and say nothing: nobody left, nobody is hopeless.
bool says_nothing(const MeasureRow& row, std::span<const PolicyRun> runs) {
  const std::string name = row.name;
  if (name != "left at once" && name != "can never run here") return false;
  return std::all_of(runs.begin(), runs.end(),
                     [&](const PolicyRun& run) { return row.value(run) == Value(0.0); });
}

}  // namespace

std::string measures_part(const PageScene& scene) {
  const bool mark = scene.runs.size() > 1 && comparable(scene.runs);
  std::string html = "<section id=measures><h2>Measures</h2>\n";
  if (mark) html += "<p class=note><span class=best-mark></span> best of the row</p>\n";
  if (scene.runs.size() > 1 && !mark)
    html +=
        "<p class=note>Not the same number of jobs came to their end under each, so means are of "
        "different jobs, and no value is marked as the best.</p>\n";
  html +=
      "<div class=scroll tabindex=0 role=region aria-label='Table of measures'><table "
      "class=measures><thead><tr><th scope=col>Measure</th>";
  for (const PolicyRun& run : scene.runs)
    html += "<th scope=col><bdi>" + shown(run.name) + "</bdi></th>";
  html += "</tr></thead>\n";
  const std::string columns = std::to_string(scene.runs.size() + 1);
  std::string group;
  for (const MeasureRow& row : rows) {
    if (says_nothing(row, scene.runs)) continue;
    if (group != row.group) {
      html += (group.empty() ? "" : "</tbody>") +
              std::string("<tbody><tr class=group><th colspan=") + columns +
              " scope=rowgroup><span>" + row.group + "</span></th></tr>\n";
      group = row.group;
    }
    html += row_html(row, scene.runs, mark);
  }
  return html + "</tbody></table></div></section>\n";
}

}  // namespace gangline
