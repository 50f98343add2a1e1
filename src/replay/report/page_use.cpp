#include "replay/report/page_use.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "replay/report/page_text.h"

namespace gangline {
namespace {

constexpr std::size_t most_columns_of_page = 1'600;  // of all simulations together
constexpr std::size_t most_columns = 240;
constexpr std::size_t least_columns = 50;
constexpr double use_height = 160, waiting_height = 60;  // units of the pictures
constexpr std::int64_t ticks = 8;

UseOverTime from_timeline(const PolicyRun& run, std::size_t most) {
  const Timeline& timeline = run.simulated.timeline;
  const std::vector<Piece>& pieces = timeline.pieces();
  const std::size_t together = (pieces.size() + most - 1) / most;
  UseOverTime use{timeline.begin(),
                  {timeline.width().us * static_cast<std::int64_t>(together)},
                  timeline.capacity() / 1000,
                  {}};
  for (std::size_t from = 0; from < pieces.size(); from += together) {
    Piece sum;
    for (std::size_t p = from; p < std::min(pieces.size(), from + together); ++p) {
      sum.used += pieces[p].used;
      sum.waiting_devices += pieces[p].waiting_devices;
      for (std::size_t c = 0; c < idle_causes; ++c) sum.idle[c] += pieces[p].idle[c];
    }
    // The last piece is not over: what is known of it is as long as what was used and idle in it.
    double device_seconds = sum.used;
    for (const double idle : sum.idle) device_seconds += idle;
    const double length = device_seconds / timeline.capacity();
    UseColumn column;
    if (length > 0) {
      column.used = sum.used / 1000 / length;
      column.waiting = sum.waiting_devices / 1000 / length;
      for (std::size_t c = 0; c < idle_causes; ++c) column.idle[c] = sum.idle[c] / 1000 / length;
    }
    use.columns.push_back(column);
  }
  return use;
}

/// Where no GPU is, CPUs, out of starts and ends.
UseOverTime from_jobs(const PageScene& scene, const PolicyRun& run, std::size_t most) {
  const Simulated& simulated = run.simulated;
  UseOverTime use{simulated.begin, {1}, scene.sizes.size_of(run.cluster.cluster), {}};
  if (use.capacity <= 0) return use;
  Columns waiting(simulated.begin, simulated.end, most), used = waiting;
  for (std::size_t i = 0; i < scene.jobs_of(run); ++i) {
    const SimulatedJob& job = simulated.jobs[i];
    const PastJob& past = scene.history.jobs[i];
    if (job.lot == Lot::hopeless || job.lot == Lot::left) continue;
    for (const auto& [from, until] : waits_of(job, past.submitted, simulated.end))
      waiting.add(from, until, scene.sizes.size_of(*past.request));
    for (const Stint& one : runs_of(job, simulated.end))
      used.add(one.started, one.ended, scene.sizes.size_of(*one.where));
  }
  use.width = used.width();
  const std::vector<double> waiting_means = waiting.means(), used_means = used.means();
  for (std::size_t i = 0; i < used.count(); ++i) {
    UseColumn column;
    column.used = used_means[i];
    column.waiting = waiting_means[i];
    column.idle_unknown = std::max(0.0, use.capacity - column.used);
    use.columns.push_back(column);
  }
  return use;
}

struct Layer {
  const char* name;
  const char* colour;  ///< class of its colour
  double (*value)(const UseColumn&);
};

/// From the bottom up; also the order of the legend, from its end.
constexpr Layer gpu_layers[] = {
    {"used", "used", [](const UseColumn& c) { return c.used; }},
    {"idle: too few free for the first", "cause3", [](const UseColumn& c) { return c.idle[3]; }},
    {"idle: scattered", "cause2", [](const UseColumn& c) { return c.idle[2]; }},
    {"idle: kept for one that goes first", "cause1", [](const UseColumn& c) { return c.idle[1]; }},
    {"idle: of no use to the first", "cause4", [](const UseColumn& c) { return c.idle[4]; }},
    {"idle: nothing asked", "cause0", [](const UseColumn& c) { return c.idle[0]; }},
};
constexpr Layer cpu_layers[] = {
    {"used", "used", [](const UseColumn& c) { return c.used; }},
    {"idle", "cause0", [](const UseColumn& c) { return c.idle_unknown; }},
};

std::span<const Layer> layers_of(const PageScene& scene) {
  if (scene.sizes.of_gpus()) return gpu_layers;
  return cpu_layers;
}

Time start_of(const UseOverTime& use, std::size_t column) {
  return use.begin + Span{use.width.us * static_cast<std::int64_t>(column)};
}

/// The steps of a border between layers, there or, `back`, from right to left.
std::string steps(const TimeAxis& axis, const UseOverTime& use, const std::vector<double>& heights,
                  bool back) {
  std::string path;
  for (std::size_t i = 0; i < heights.size(); ++i) {
    const std::size_t column = back ? heights.size() - 1 - i : i;
    const std::size_t edge = back ? column : column + 1;
    path += (i == 0 && !back ? "M" + std::to_string(axis.at(start_of(use, 0))) + " " : "V") +
            decimal(std::round(heights[column] * 10) / 10) + "H" +
            std::to_string(axis.at(start_of(use, edge)));
  }
  return path;
}

std::string areas(const PageScene& scene, const UseOverTime& use) {
  const auto height = [&](double amount) {
    return use_height * (1 - std::min(1.0, amount / std::max(1e-9, use.capacity)));
  };
  std::vector<double> below(use.columns.size(), 0.0);
  std::string html;
  for (const Layer& layer : layers_of(scene)) {
    std::vector<double> from, to;
    bool any = false;
    for (std::size_t i = 0; i < below.size(); ++i) {
      from.push_back(height(below[i]));
      const double value = layer.value(use.columns[i]);
      any = any || value > 0;
      below[i] += value;
      to.push_back(height(below[i]));
    }
    if (!any) continue;
    html += "<path class='area " + std::string(layer.colour) + "' d='" +
            steps(scene.axis, use, to, false) + steps(scene.axis, use, from, true) + "z'/>";
  }
  return html;
}

std::string waiting_line(const PageScene& scene, const UseOverTime& use, double most) {
  std::vector<double> heights;
  for (const UseColumn& column : use.columns)
    heights.push_back(waiting_height * (1 - column.waiting / std::max(1e-9, most)));
  const std::string path = steps(scene.axis, use, heights, false);
  return "<path class=waiting-area d='" + path + "V" + decimal(waiting_height) + "H" +
         std::to_string(scene.axis.at(use.begin)) + "z'/><path class=waiting-line d='" + path +
         "'/>";
}

/// Seconds, to the millisecond.
std::string seconds_text(std::int64_t us) {
  char text[40];
  std::snprintf(text, sizeof text, "%.3f", static_cast<double>(us) / 1e6);
  return text;
}

/// For the script that reads the picture out: numbers alone, no text of anybody's.
std::string numbers(const PageScene& scene, const UseOverTime& use) {
  std::string json = "{\"begin\":" + seconds_text((use.begin - Time{0}).us) +
                     ",\"width\":" + seconds_text(use.width.us) +
                     ",\"from\":" + seconds_text((scene.axis.begin() - Time{0}).us) +
                     ",\"until\":" + seconds_text((scene.axis.end() - Time{0}).us) +
                     ",\"dated\":" + (scene.axis.dated() ? "true" : "false") + ",\"columns\":[";
  for (std::size_t i = 0; i < use.columns.size(); ++i) {
    json += i == 0 ? "[" : ",[";
    for (const Layer& layer : layers_of(scene))
      json += decimal(std::round(layer.value(use.columns[i]) * 10) / 10) + ",";
    json += decimal(std::round(use.columns[i].waiting * 10) / 10) + "]";
  }
  return "<script type='application/json' class=numbers>" + json + "]}</script>\n";
}

std::string scale(double most, const std::string& classes, bool middle) {
  return "<div class='scale " + classes + "' aria-hidden=true><span class=top>" + figure(most) +
         "</span>" + (middle ? "<span class=middle>" + figure(most / 2) + "</span>" : "") +
         "<span class=bottom>0</span></div>";
}

std::string picture(const std::string& classes, double height, const std::string& label,
                    const std::string& inside) {
  return "<svg class='" + classes + "' viewBox='0 0 " + std::to_string(TimeAxis::units) + " " +
         decimal(height) + "' preserveAspectRatio=none role=img aria-label='" + label + "'>" +
         inside + "</svg>";
}

/// Of the whole time of this simulation, of which the last column may show only the beginning.
double mean_used(const PageScene& scene, const PolicyRun& run, const UseOverTime& use) {
  if (scene.sizes.of_gpus()) return run.measures.gpu_hours_used / run.measures.gpu_hours;
  double sum = 0;
  for (const UseColumn& column : use.columns) sum += column.used * to_seconds(use.width);
  return sum / (use.capacity * to_seconds(run.simulated.end - run.simulated.begin));
}

std::string chart(const PageScene& scene, const PolicyRun& run, const UseOverTime& use,
                  double most_waiting) {
  const std::string unit = std::string(scene.sizes.unit()) + "s";
  const std::string name = shown(run.name);
  std::string html = "<h3><bdi>" + name + "</bdi>";
  if (use.columns.empty() || use.capacity <= 0)
    return html + "</h3>\n<p class=empty>Nothing to draw: no machine, or no time went by.</p>\n";
  html += " <span class=aside>" + percent(mean_used(scene, run, use)) + " of " +
          figure(use.capacity) + " " + unit + " used in the mean</span></h3>\n";
  std::string layers;
  for (const Layer& layer : layers_of(scene))
    layers += (layers.empty() ? "" : "|") + std::string(layer.name);
  html += "<div class='chart" + std::string(most_waiting > 0 ? "" : " alone") +
          "' tabindex=0 role=group aria-label='Use over time under " + name +
          "; arrow keys read it out' data-unit='" + unit + "' data-layers='" + layers + "'>" +
          scale(use.capacity, "tall", true) + "<div class=plot>" +
          picture("tall", use_height, unit + " used and idle by cause over time under " + name,
                  areas(scene, use) + lines_of(scene.axis, ticks, use_height));
  if (most_waiting > 0)
    html += picture("low", waiting_height, unit + " that waiting jobs ask for, under " + name,
                    lines_of(scene.axis, ticks, waiting_height) +
                        waiting_line(scene, use, most_waiting)) +
            "<span class=what aria-hidden=true>" + unit + " that waiting jobs ask for</span>";
  html += "<div class=cursor></div>" + labels_of(scene.axis, ticks, "") + "</div>" +
          (most_waiting > 0 ? scale(most_waiting, "low", false) : "") + numbers(scene, use) +
          "</div><p class=readout aria-live=polite></p>\n";
  return html;
}

std::string legend(const PageScene& scene) {
  std::string html = "<ul class=legend>";
  const std::span<const Layer> layers = layers_of(scene);
  for (const Layer& layer : layers)
    html +=
        "<li><span class='swatch " + std::string(layer.colour) + "'></span>" + layer.name + "</li>";
  return html + "</ul>\n";
}

}  // namespace

Columns::Columns(Time begin, Time end, std::size_t most) : begin_(begin) {
  const std::int64_t length = std::max<std::int64_t>(1, (end - begin).us);
  width_ = {(length - 1) / static_cast<std::int64_t>(most) + 1};
  partly_.resize(static_cast<std::size_t>((length - 1) / width_.us + 1));
  steps_.resize(partly_.size() + 1);
}

void Columns::add(Time from, Time until, double amount) {
  const auto all = static_cast<double>(count());
  const double width = to_seconds(width_);
  const double first = std::clamp(to_seconds(from - begin_) / width, 0.0, all);
  const double last = std::clamp(to_seconds(until - begin_) / width, 0.0, all);
  if (last <= first) return;
  const auto full_from = static_cast<std::size_t>(std::ceil(first));
  const auto full_until = static_cast<std::size_t>(std::floor(last));
  if (full_from > full_until) {
    partly_[full_until] += amount * (last - first);  // all of it inside one column
    return;
  }
  if (static_cast<double>(full_from) > first)
    partly_[full_from - 1] += amount * (static_cast<double>(full_from) - first);
  if (last > static_cast<double>(full_until))
    partly_[full_until] += amount * (last - static_cast<double>(full_until));
  steps_[full_from] += amount;
  steps_[full_until] -= amount;
}

std::vector<double> Columns::means() const {
  std::vector<double> means = partly_;
  double full = 0;
  for (std::size_t i = 0; i < means.size(); ++i) {
    full += steps_[i];
    means[i] += full;
  }
  return means;
}

UseOverTime use_over_time(const PageScene& scene, const PolicyRun& run, std::size_t most) {
  if (!scene.sizes.of_gpus()) return from_jobs(scene, run, most);
  if (run.simulated.timeline.capacity() <= 0) return {};
  return from_timeline(run, most);
}

std::string use_part(const PageScene& scene) {
  std::string html = "<section id=use><h2>Use over time</h2>\n";
  if (scene.runs.empty()) return html + "<p class=empty>Nothing was simulated.</p></section>\n";
  const std::size_t columns =
      std::clamp(most_columns_of_page / scene.runs.size(), least_columns, most_columns);
  std::vector<UseOverTime> uses;
  double most_waiting = 0;
  for (const PolicyRun& run : scene.runs) {
    uses.push_back(use_over_time(scene, run, columns));
    for (const UseColumn& column : uses.back().columns)
      most_waiting = std::max(most_waiting, column.waiting);
  }
  const bool any = !uses.front().columns.empty();
  html += "<p class=note>" +
          (any ? "Means over stretches of " + lasting(to_seconds(uses.front().width)) + "; "
               : std::string()) +
          (scene.axis.dated() ? "times are UTC" : "times count from the first arrival") +
          ". All pictures have the same scales" + (most_waiting > 0 ? "" : "; nobody waited") +
          ".</p>\n" + legend(scene);
  for (std::size_t i = 0; i < uses.size(); ++i)
    html += chart(scene, scene.runs[i], uses[i], most_waiting);
  return html + "</section>\n";
}

}  // namespace gangline
