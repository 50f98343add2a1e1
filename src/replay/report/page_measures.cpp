// The table of measures, simulations side by side.
#include <algorithm>
#include <cmath>
#include <string_view>

#include "replay/report/page_parts.h"
#include "replay/report/page_text.h"
#include "replay/report/rows.h"

namespace gangline {
namespace {

using Value = std::optional<double>;

std::string cell_text(RowUnit unit, double value) {
  switch (unit) {
    case RowUnit::seconds: return lasting(value);
    case RowUnit::part: return percent(value);
    case RowUnit::kilowatt_hours: return figure(value) + " kWh";
    case RowUnit::count:
    case RowUnit::hours:
    case RowUnit::ratio:
    case RowUnit::money: return figure(value);
  }
  return unknown_text;
}

/// Whether the means of all are about as many jobs; else they are about different ones.
bool of_same_jobs(std::span<const PolicyRun> runs) {
  return std::all_of(runs.begin(), runs.end(), [&](const PolicyRun& run) {
    return run.measures.ended == runs.front().measures.ended &&
           run.measures.started == runs.front().measures.started;
  });
}

/// Rows about the cluster or all jobs; the others are about jobs that started, or that ended.
bool about_all(const MeasureRow& row) {
  const std::string_view group = row.group;
  return group == measure_rows().front().group || row.key == std::string_view("gpus_used_part") ||
         row.key == std::string_view("gpus_used_at_end_part") ||
         row.key == std::string_view("fragmentation_part");
}

/// The best text of a row; empty where nothing stands out. What reads the same is as good.
std::string best_of(const MeasureRow& row, std::span<const PolicyRun> runs) {
  Value best;
  bool differ = false;
  std::string text;
  for (const PolicyRun& run : runs) {
    const Value value = row.of(run.measures);
    if (!value || !std::isfinite(*value)) continue;
    if (best && cell_text(row.unit, *value) != text) differ = true;
    if (best && (row.better == Better::less ? *value >= *best : *value <= *best)) continue;
    best = value;
    text = cell_text(row.unit, *value);
  }
  return differ && row.better != Better::neither ? text : "";
}

std::string row_html(const MeasureRow& row, std::span<const PolicyRun> runs, bool mark) {
  std::string html = "<tr><th scope=row>" + std::string(row.name) + "</th>";
  const std::string best = mark ? best_of(row, runs) : "";
  for (const PolicyRun& run : runs) {
    const Value value = row.of(run.measures);
    const std::string text = value ? cell_text(row.unit, *value) : unknown_text;
    if (!best.empty() && text == best)
      html += "<td class=best>" + text + "<span class=unseen> (best)</span></td>";
    else html += "<td>" + text + "</td>";
  }
  return html + "</tr>\n";
}

/// Nothing is known of the whole group, or the row counts what happened to nobody.
bool says_nothing(const MeasureRow& row, std::span<const PolicyRun> runs) {
  const auto all = [&](const auto& is_so) { return std::all_of(runs.begin(), runs.end(), is_so); };
  const bool none = all([&](const PolicyRun& run) { return row.of(run.measures) == Value(0.0); });
  for (const std::string_view key : {"still_running", "hopeless"})
    if (row.key == key) return none;
  if (row.key == std::string_view("gpus_used_at_end_part"))
    return all([&](const PolicyRun& run) { return !row.of(run.measures); });
  const auto known = [&](const MeasureRow& other) {
    return std::string_view(other.group) == row.group &&
           !all([&](const PolicyRun& run) { return !other.of(run.measures); });
  };
  return std::none_of(measure_rows().begin(), measure_rows().end(), known);
}

}  // namespace

std::string measures_part(const PageScene& scene) {
  std::string html = "<section id=measures><h2>Measures</h2>\n";
  if (scene.runs.empty()) return html + "<p class=empty>Nothing was simulated.</p></section>\n";
  const bool several_runs = scene.runs.size() > 1, same_jobs = of_same_jobs(scene.runs);
  if (several_runs) html += "<p class=note><span class=best-mark></span> best of the row";
  if (several_runs && !same_jobs)
    html +=
        "; not marked where a value is about the jobs that ran, as not the same number ran under "
        "each";
  if (several_runs) html += "</p>\n";
  html +=
      "<div class=scroll tabindex=0 role=region aria-label='Table of measures'><table "
      "class=measures><thead><tr><th scope=col>Measure</th>";
  for (const PolicyRun& run : scene.runs)
    html += "<th scope=col><bdi>" + shown(run.name) + "</bdi></th>";
  html += "</tr></thead>\n";
  const std::string columns = std::to_string(scene.runs.size() + 1);
  std::string group;
  for (const MeasureRow& row : measure_rows()) {
    if (says_nothing(row, scene.runs)) continue;
    if (group != row.group) {
      html += (group.empty() ? "" : "</tbody>") +
              std::string("<tbody><tr class=group><th colspan=") + columns +
              " scope=rowgroup><span>" + row.group + "</span></th></tr>\n";
      group = row.group;
    }
    html += row_html(row, scene.runs, several_runs && (same_jobs || about_all(row)));
  }
  return html + "</tbody></table></div></section>\n";
}

}  // namespace gangline
