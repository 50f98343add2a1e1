// Who ran where: a chart of nodes over time.
#include <algorithm>
#include <cmath>

#include "replay/report/page_bars.h"
#include "replay/report/page_parts.h"
#include "replay/report/page_text.h"

namespace gangline {
namespace {

constexpr std::size_t most_rows_of_page = 160;  // of all simulations together
constexpr std::size_t least_rows = 6;
/// Of the bytes of a chart, what bars with a name may take, and these with those without one; what
/// is left is for all the others together.
constexpr double part_for_named = 0.5, part_for_bars = 0.75;
constexpr std::size_t columns_for_rest[] = {500, 250, 125, 60, 30, 15};  // the first that fits
constexpr double lane_gap = 0.5;  // pixels between bars above each other
constexpr std::int64_t zooms[] = {1, 4, 16};
constexpr std::int64_t ticks_of_zoom_1 = 8;

/// All bars of one job.
struct DrawnJob {
  std::size_t first = 0, count = 0;  ///< in NodeChart::bars
  double area = 0;
};

std::vector<DrawnJob> jobs_of(const NodeChart& chart) {
  std::vector<DrawnJob> jobs;
  for (std::size_t b = 0; b < chart.bars.size(); ++b) {
    const Bar& bar = chart.bars[b];
    if (jobs.empty() || chart.bars[jobs.back().first].job != bar.job) jobs.push_back({b, 0, 0});
    ++jobs.back().count;
    jobs.back().area += static_cast<double>(bar.until - bar.from) * bar.height;
  }
  std::stable_sort(jobs.begin(), jobs.end(),
                   [](const DrawnJob& a, const DrawnJob& b) { return a.area > b.area; });
  return jobs;
}

std::string box_path(std::int64_t from, std::int64_t until, double top, double height) {
  const double gap = height > 2 * lane_gap + 1 ? lane_gap : 0;
  const std::string width = std::to_string(until - from);
  return "M" + std::to_string(from) + " " + decimal(std::round(top * 10) / 10) + "h" + width + "v" +
         decimal(std::round((height - gap) * 10) / 10) + "h-" + width + "z";
}

std::string bar_path(const Bar& bar) { return box_path(bar.from, bar.until, bar.top, bar.height); }

/// Shades of grey where bars are that are not drawn; empty where that would be longer than
/// `longest`.
std::string rest_html(const NodeChart& chart, const std::vector<Bar>& rest, std::size_t longest) {
  for (const std::size_t columns : columns_for_rest) {
    std::array<std::string, Busy::levels> paths;
    std::size_t bytes = 0;
    for (const Busy& busy : busy_lanes(chart, rest, columns)) {
      const std::string path = box_path(busy.from, busy.until, busy.top, busy.height);
      bytes += path.size();
      if (bytes > longest) break;
      paths[static_cast<std::size_t>(busy.level - 1)] += path;
    }
    if (bytes > longest) continue;
    std::string html;
    for (std::size_t level = 0; level < paths.size(); ++level)
      if (!paths[level].empty())
        html +=
            "<path class='rest rest" + std::to_string(level + 1) + "' d='" + paths[level] + "'/>\n";
    return html;
  }
  return "";
}

std::string sentence_of(const PageScene& scene, const PolicyRun& run, std::size_t index) {
  constexpr std::size_t longest_here = 40;
  const PastJob& past = scene.history.jobs[index];
  const SimulatedJob& job = run.simulated.jobs[index];
  const double held = scene.sizes.size_of(*past.request);
  return shown(past.id, longest_here) +
         (past.user.empty() ? "" : " of " + shown(past.user, longest_here)) + ": " + figure(held) +
         " " + scene.sizes.unit() + (held == 1 ? "" : "s") + ", " +
         scene.axis.moment(*job.started) + " to " +
         (job.ended ? scene.axis.moment(*job.ended) + " (" +
                          lasting(to_seconds(*job.ended - *job.started)) +
                          (job.stopped.empty()
                               ? ")"
                               : ", stopped " + std::to_string(job.stopped.size()) + " times)")
                    : std::string("its end, which is not known")) +
         ", waited " + lasting(to_seconds(*job.started - past.submitted));
}

struct Drawn {
  std::string html;
  std::size_t named = 0, unnamed = 0, together = 0, left_out = 0;  ///< jobs
};

/// The largest with a sentence each, the next without one, the others together.
Drawn bars_html(const PageScene& scene, const PolicyRun& run, const NodeChart& chart,
                std::size_t longest) {
  // Neighbours of one size have two shades by turns, so that one sees where a job ends.
  constexpr std::size_t shades = 2;
  std::array<std::string, shades * JobSizes::classes> named, unnamed;
  const auto most_named = static_cast<std::size_t>(static_cast<double>(longest) * part_for_named);
  const auto most_bars = static_cast<std::size_t>(static_cast<double>(longest) * part_for_bars);
  std::size_t bytes = 0;
  std::vector<Bar> rest;
  Drawn drawn;
  for (const DrawnJob& job : jobs_of(chart)) {
    const std::size_t index = chart.bars[job.first].job;
    std::string path;
    for (std::size_t b = job.first; b < job.first + job.count; ++b) path += bar_path(chart.bars[b]);
    const std::size_t group =
        shades * scene.sizes.class_of(*scene.history.jobs[index].request) + index % shades;
    const std::string whole = drawn.unnamed > 0 || bytes >= most_named
                                  ? ""
                                  : "<path d='" + path + "'><title>" +
                                        sentence_of(scene, run, index) + "</title></path>\n";
    if (!whole.empty() && bytes + whole.size() <= most_named) {
      named[group] += whole;
      bytes += whole.size();
      ++drawn.named;
    } else if (bytes + path.size() <= most_bars) {
      unnamed[group] += path;
      bytes += path.size();
      ++drawn.unnamed;
    } else {
      ++drawn.left_out;
      const auto from = chart.bars.begin() + static_cast<std::ptrdiff_t>(job.first);
      rest.insert(rest.end(), from, from + static_cast<std::ptrdiff_t>(job.count));
    }
  }
  drawn.html = rest_html(chart, rest, longest - bytes);
  if (!drawn.html.empty()) std::swap(drawn.together, drawn.left_out);
  for (std::size_t g = 0; g < named.size(); ++g) {
    if (named[g].empty() && unnamed[g].empty()) continue;
    drawn.html +=
        "<g class='size" + std::to_string(g / shades) + (g % shades == 0 ? "" : " shade") + "'>";
    if (!unnamed[g].empty()) drawn.html += "<path class=unnamed d='" + unnamed[g] + "'/>\n";
    drawn.html += named[g] + "</g>\n";
  }
  return drawn;
}

std::string names_html(const PolicyRun& run, const NodeChart& chart) {
  std::string html = "<div class=names>";
  for (const NodeRow& row : chart.rows) {
    const std::string name = shown(run.cluster.cluster.nodes[row.node].name, 40);
    html += "<div style='top:" + decimal(row.top) + "px;height:" + decimal(row.height) +
            "px;line-height:" + decimal(row.height) + "px' title='" + name + "'><bdi>" + name +
            "</bdi></div>";
  }
  return html + "</div>";
}

std::string zoom_html(std::size_t chart_number) {
  std::string html;
  for (const std::int64_t zoom : zooms) {
    const std::string id = "zoom-" + std::to_string(chart_number) + "-" + std::to_string(zoom);
    const std::string n = std::to_string(zoom);
    html += "<input type=radio class=zoom" + n + " name=zoom-" + std::to_string(chart_number) +
            " id=" + id + (zoom == 1 ? " checked" : "") + "><label for=" + id + ">" + n +
            "×<span class=unseen> as wide</span></label>";
  }
  return html;
}

std::string chart_html(const PageScene& scene, const PolicyRun& run, const NodeChart& chart,
                       const Drawn& drawn, std::size_t number) {
  const std::string height = decimal(chart.height);
  std::string rows;
  for (const NodeRow& row : chart.rows)
    rows += "M0 " + decimal(row.top) + "h" + std::to_string(TimeAxis::units) + "v" +
            decimal(row.height) + "h-" + std::to_string(TimeAxis::units) + "z";
  std::string labels;
  for (const std::int64_t zoom : zooms)
    labels += labels_of(scene.axis, ticks_of_zoom_1 * zoom, "for-zoom" + std::to_string(zoom));
  return "<div class=gantt>" + zoom_html(number) + "<i class=break></i>" + names_html(run, chart) +
         "<div class=window tabindex=0 role=group aria-label='Jobs on nodes under " +
         shown(run.name) +
         "; arrow keys read them out'><div class=plot><svg style='height:" + height +
         "px' viewBox='0 0 " + std::to_string(TimeAxis::units) + " " + height +
         "' preserveAspectRatio=none role=img aria-label='Bars of jobs, a row for each node'>"
         "<path class=rows d='" +
         rows + "'/>" + lines_of(scene.axis, ticks_of_zoom_1, chart.height) + drawn.html +
         "</svg>" + labels +
         "</div></div></div>"
         "<p class=readout aria-live=polite></p>\n";
}

std::string left_out_note(const PolicyRun& run, const NodeChart& chart, const Drawn& drawn) {
  const std::size_t nodes = run.cluster.cluster.nodes.size();
  std::string note;
  if (chart.rows.size() < nodes)
    note += counted(chart.rows.size()) + " of " + counted(nodes) +
            " nodes are shown, evenly among them. ";
  if (drawn.unnamed > 0)
    note += "The largest " + several(drawn.named, "job") + " can be pointed at; " +
            counted(drawn.unnamed) + " smaller are drawn without a name. ";
  if (drawn.together > 0)
    note += "The smallest " + several(drawn.together, "job") +
            " are grey together, the stronger the more of the time they take. ";
  if (drawn.left_out > 0)
    note += "The smallest " + several(drawn.left_out, "job") + " are not drawn. ";
  if (chart.without_gpu > 0)
    note +=
        several(chart.without_gpu, "job") + " that held no GPU of a node with GPUs are not drawn. ";
  return note.empty() ? "" : "<p class=note>" + note + "</p>\n";
}

std::string run_part(const PageScene& scene, std::size_t number, std::size_t most_rows,
                     std::size_t longest) {
  const PolicyRun& run = scene.runs[number];
  const NodeChart chart = node_chart(scene, run, most_rows);
  const Drawn drawn = bars_html(scene, run, chart, longest);
  std::string html = "<details" + std::string(number == 0 ? " open" : "") +
                     "><summary>under <b><bdi>" + shown(run.name) + "</bdi></b></summary>\n";
  if (chart.bars.empty()) html += "<p class=empty>Nothing ran on these nodes.</p>\n";
  else html += left_out_note(run, chart, drawn) + chart_html(scene, run, chart, drawn, number);
  return html + "</details>\n";
}

}  // namespace

std::string nodes_part(const PageScene& scene, std::size_t longest) {
  std::string html = "<section id=nodes><h2>Who ran where</h2>\n";
  if (scene.runs.empty()) return html + "<p class=empty>Nothing was simulated.</p></section>\n";
  html +=
      "<p class=note>A row for each node, in it a line for each of its GPUs (its CPUs together "
      "where it has none); a bar for each job, in the colour of its size.</p>\n"
      "<ul class=legend>";
  std::array<bool, JobSizes::classes> asked{};
  for (const PastJob& job : scene.history.jobs) asked[scene.sizes.class_of(*job.request)] = true;
  for (std::size_t size = 0; size < JobSizes::classes; ++size)
    if (asked[size])
      html += "<li><span class='swatch size" + std::to_string(size) + "'></span>" +
              scene.sizes.name_of(size) + "</li>";
  html += "</ul>\n";
  const std::size_t rows =
      std::clamp(most_rows_of_page / scene.runs.size(), least_rows, NodeChart::most_rows);
  for (std::size_t number = 0; number < scene.runs.size(); ++number)
    html += run_part(scene, number, rows, longest / scene.runs.size());
  return html + "</section>\n";
}

}  // namespace gangline
