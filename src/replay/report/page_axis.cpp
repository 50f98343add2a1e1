// Times and sizes, the two scales that the pictures of a page share.
#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "replay/report/page_parts.h"
#include "replay/report/page_text.h"

namespace gangline {
namespace {

constexpr Time first_date{315'532'800'000'000};  // 1980: simulators count from 0
constexpr Span day = hours(24);

constexpr Span steps[] = {seconds(1), seconds(10), minutes(1), minutes(5), minutes(15), minutes(30),
                          hours(1),   hours(3),    hours(6),   hours(12),  hours(24),   hours(48),
                          hours(96),  hours(168),  hours(336), hours(672), hours(1344)};

constexpr const char* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

constexpr const char* gpu_classes[] = {"CPUs only",        "less than 1 GPU", "1 GPU",
                                       "2–4 GPUs",         "5–8 GPUs",        "9–32 GPUs",
                                       "more than 32 GPUs"};
constexpr const char* cpu_classes[] = {"no CPU",    "1 CPU",       "2–4 CPUs",          "5–8 CPUs",
                                       "9–32 CPUs", "33–128 CPUs", "more than 128 CPUs"};
constexpr double gpu_borders[] = {0, 0.999, 1, 4, 8, 32};  // the most of each class but the last
constexpr double cpu_borders[] = {0, 1, 4, 8, 32, 128};

}  // namespace

TimeAxis::TimeAxis(std::span<const PolicyRun> runs) {
  if (runs.empty()) return;
  begin_ = runs.front().simulated.begin;
  end_ = runs.front().simulated.end;
  for (const PolicyRun& run : runs) {
    begin_ = std::min(begin_, run.simulated.begin);
    end_ = std::max(end_, run.simulated.end);
  }
  end_ = std::max(end_, begin_ + seconds(1));
}

bool TimeAxis::dated() const { return begin_ >= first_date; }

std::int64_t TimeAxis::at(Time time) const {
  const double part =
      to_seconds(std::clamp(time, begin_, end_) - begin_) / to_seconds(end_ - begin_);
  return std::llround(part * static_cast<double>(units));
}

std::string TimeAxis::moment(Time time) const {
  if (!dated()) return lasting(to_seconds(time - begin_));
  std::string text = format_utc(time);  // 2017-10-09T12:00:00Z
  if (text.size() < 16) return unknown_text;
  text.resize(16);
  text[10] = ' ';
  return text;
}

Span TimeAxis::step(std::int64_t most) const {
  const std::int64_t least = (end_ - begin_).us / std::max<std::int64_t>(1, most) + 1;
  for (const Span step : steps)
    if (step.us >= least) return step;
  const std::int64_t longest = std::end(steps)[-1].us;
  return {(least / longest + 1) * longest};
}

std::vector<Time> TimeAxis::ticks(std::int64_t most) const {
  const Span each = step(most);
  const Time from = dated() ? Time{0} : begin_;
  const std::int64_t before = (begin_ - from).us / each.us;
  std::vector<Time> ticks;
  for (Time tick = from + Span{before * each.us}; tick <= end_; tick = tick + each)
    if (tick >= begin_) ticks.push_back(tick);
  return ticks;
}

std::string TimeAxis::tick_label(Time time, std::int64_t most) const {
  if (!dated()) {
    const Span since = time - begin_;
    if (since.us == 0) return "0";
    std::string text = lasting(to_seconds(since));  // "1h00m"
    const auto rest = text.find_first_of("dhm");
    if (rest != std::string::npos && text.compare(rest + 1, 2, "00") == 0) text.resize(rest + 1);
    return text;
  }
  const std::string text = format_utc(time);
  const auto month = parse_number(std::string_view(text).substr(5, 2));
  if (text.size() < 16 || !month || *month < 1 || *month > 12) return unknown_text;
  const bool several_years = end_ - begin_ > hours(24 * 330);
  const std::string date = std::to_string(std::stoi(text.substr(8, 2))) + " " + months[*month - 1] +
                           (several_years ? " " + text.substr(0, 4) : "");
  return step(most) >= day ? date : date + " " + text.substr(11, 5);
}

std::string stack_of(const std::vector<std::pair<std::string, double>>& parts) {
  std::string html = "<div class=stack aria-hidden=true>";
  for (const auto& [colour, part] : parts)
    if (part > 0)
      html += "<span class='" + colour + "' style='width:" + decimal(100 * part) + "%'></span>";
  return html + "</div>";
}

std::string labels_of(const TimeAxis& axis, std::int64_t most, const std::string& classes) {
  std::string html = "<div class='ticks " + classes + "' aria-hidden=true>";
  for (const Time tick : axis.ticks(most)) {
    const std::int64_t at = axis.at(tick);
    const char* side = at < TimeAxis::units / 25                     ? " class=left"
                       : at > TimeAxis::units - TimeAxis::units / 25 ? " class=right"
                                                                     : "";
    html += "<span" + std::string(side) + " style='left:" + decimal(static_cast<double>(at) / 100) +
            "%'>" + axis.tick_label(tick, most) + "</span>";
  }
  return html + "</div>";
}

std::string lines_of(const TimeAxis& axis, std::int64_t most, double height) {
  std::string path;
  for (const Time tick : axis.ticks(most))
    path += "M" + std::to_string(axis.at(tick)) + " 0v" + decimal(height);
  return "<path class=grid d='" + path + "'/>";
}

JobSizes::JobSizes(const History& history, std::span<const PolicyRun> runs) {
  const auto asks = [](const PastJob& job) {
    return job.request->alternatives.front().devices.has_value();
  };
  const auto has = [](const Node& node) { return !node.devices.empty(); };
  of_gpus_ = std::any_of(history.jobs.begin(), history.jobs.end(), asks);
  for (const PolicyRun& run : runs)
    of_gpus_ = of_gpus_ ||
               std::any_of(run.cluster.cluster.nodes.begin(), run.cluster.cluster.nodes.end(), has);
}

double JobSizes::size_of(const ResourceRequest& request) const {
  const TaskRequest& task = request.alternatives.front();
  const auto tasks = static_cast<double>(request.tasks);
  if (!of_gpus_) return tasks * task.cpus.thousandths / 1000.0;
  return task.devices ? tasks * task.devices->count * task.devices->share.thousandths / 1000.0 : 0;
}

double JobSizes::size_of(const Allocation& held) const {
  double sum = 0;
  for (const NodePart& part : held.parts)
    for (const TaskPlace& task : part.tasks) {
      if (!of_gpus_) sum += cpus_of(task).thousandths / 1000.0;
      else
        for (const DeviceShare& share : task.devices) sum += share.share.thousandths / 1000.0;
    }
  return sum;
}

double JobSizes::size_of(const Cluster& cluster) const {
  double sum = 0;
  for (const Node& node : cluster.nodes) {
    if (!node.up) continue;
    if (!of_gpus_) sum += cpus_of(node).thousandths / 1000.0;
    else
      for (const Device& device : node.devices) sum += device.allottable;
  }
  return sum;
}

std::size_t JobSizes::class_of(const ResourceRequest& request) const {
  const auto& borders = of_gpus_ ? gpu_borders : cpu_borders;
  const double size = size_of(request);
  std::size_t found = 0;
  while (found < std::size(borders) && size > borders[found]) ++found;
  return found;
}

const char* JobSizes::name_of(std::size_t size_class) const {
  return (of_gpus_ ? gpu_classes : cpu_classes)[size_class];
}

std::size_t PageScene::jobs_of(const PolicyRun& run) const {
  return std::min(history.jobs.size(), run.simulated.jobs.size());
}

}  // namespace gangline
