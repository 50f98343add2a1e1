#include "metrics/metrics_text.h"

#include <charconv>
#include <cmath>
#include <initializer_list>
#include <span>
#include <utility>

#include "base/text.h"

namespace gangline {
namespace {

using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;
using Bounds = std::span<const double>;

// Writes the lines of one metric.
class Lines {
 public:
  Lines(const MetricRow& row, std::string& out) : row_(row), out_(out) {}

  void value(Labels labels, double value) {
    line(row_.kind == MetricKind::counter ? "_total" : "", labels, "", value);
  }
  void value(Labels labels, std::uint64_t n) { value(labels, static_cast<double>(n)); }
  void value(Labels labels, bool truth) { value(labels, truth ? 1.0 : 0.0); }
  void known(Labels labels, std::optional<double> perhaps) {
    if (perhaps && std::isfinite(*perhaps)) value(labels, *perhaps);
  }
  void histogram(Labels labels, const Counted& counted, Bounds bounds) {
    std::uint64_t so_far = 0;
    for (std::size_t i = 0; i <= bounds.size(); ++i) {
      so_far += i < counted.counts.size() ? counted.counts[i] : 0;
      line("_bucket", labels, i < bounds.size() ? number(bounds[i], true) : "+Inf",
           static_cast<double>(so_far));
    }
    line("_sum", labels, "", counted.sum);
    line("_count", labels, "", static_cast<double>(so_far));
  }

 private:
  // With `real` a whole number has a point, as OpenMetrics writes bounds.
  static std::string number(double value, bool real = false) {
    char digits[64];
    char* const last = digits + sizeof digits;
    const bool whole = value == std::floor(value) && std::fabs(value) < 9e15;
    char* const end = whole  ? std::to_chars(digits, last, static_cast<std::int64_t>(value)).ptr
                      : real ? std::to_chars(digits, last, value, std::chars_format::fixed).ptr
                             : std::to_chars(digits, last, value).ptr;
    return std::string(digits, end) + (whole && real ? ".0" : "");
  }
  void line(std::string_view ending, Labels labels, std::string_view bound, double value) {
    out_ += row_.name;
    out_ += ending;
    const char* before = "{";
    const auto add = [&](std::string_view name, std::string_view text) {
      out_ += std::exchange(before, ",");
      out_ += name;
      out_ += "=\"";
      out_ += label_text(text);
      out_ += '"';
    };
    for (const auto& [name, text] : labels) add(name, text);
    if (!bound.empty()) add("le", bound);
    if (*before == ',') out_ += '}';
    out_ += ' ';
    out_ += number(value);
    out_ += '\n';
  }

  const MetricRow& row_;
  std::string& out_;
};

// One metric: its row, and how its lines come about.
struct Metric {
  MetricRow row;
  void (*put)(const Figures& figures, Lines& lines);
};

template <class Part>
void of_queues(const Figures& figures, Lines& lines, Part part) {
  for (const QueueCounted& queue : figures.queues)
    lines.value({{"queue", queue.queue}}, part(queue));
}

template <class Part>
void of_devices(const Figures& figures, Lines& lines, Part part) {
  for (const DeviceFigures& device : figures.devices)
    lines.known({{"node", device.node},
                 {"device", std::to_string(device.device.index)},
                 {"uid", device.uid}},
                part(device));
}

std::optional<double> bytes_of(const std::optional<Bytes>& bytes) {
  return bytes ? std::optional(static_cast<double>(bytes->n)) : std::nullopt;
}

// Whether a job waits or runs, and how many there ever were, are known at once; the rest of the
// counters are only whole once the store was read to its end.
void jobs_ended(const Figures& figures, Lines& lines) {
  if (figures.counted < figures.events) return;
  for (const QueueCounted& queue : figures.queues) {
    std::uint64_t now = 0;
    for (const QueueNow& one : figures.queues_now)
      if (one.queue == queue.queue) now = one.jobs_waiting + one.jobs_running;
    lines.value({{"queue", queue.queue}}, queue.submitted - std::min(queue.submitted, now));
  }
}

constexpr MetricKind gauge = MetricKind::gauge, counter = MetricKind::counter,
                     histogram = MetricKind::histogram;

// What there is and what was counted of jobs and gangs.
const Metric of_gangs[] = {
    {{"gangline_jobs", gauge, "", "Jobs that have not ended."},
     [](const Figures& figures, Lines& lines) {
       for (const QueueNow& queue : figures.queues_now) {
         lines.value({{"queue", queue.queue}, {"state", "waiting"}}, queue.jobs_waiting);
         lines.value({{"queue", queue.queue}, {"state", "running"}}, queue.jobs_running);
       }
     }},
    {{"gangline_gangs", gauge, "", "Gangs that have not ended."},
     [](const Figures& figures, Lines& lines) {
       for (const QueueNow& queue : figures.queues_now) {
         lines.value({{"queue", queue.queue}, {"state", "waiting"}}, queue.gangs_waiting);
         lines.value({{"queue", queue.queue}, {"state", "starting"}}, queue.gangs_starting);
         lines.value({{"queue", queue.queue}, {"state", "running"}}, queue.gangs_running);
       }
     }},
    {{"gangline_jobs_submitted", counter, "", "Jobs submitted in the life of the store."},
     [](const Figures& figures, Lines& lines) {
       of_queues(figures, lines, [](const auto& queue) { return queue.submitted; });
     }},
    {{"gangline_jobs_ended", counter, "", "Jobs that ended in the life of the store."}, jobs_ended},
    {{"gangline_gangs_ended", counter, "", "Gangs that ended in the life of the store, by cause."},
     [](const Figures& figures, Lines& lines) {
       for (const QueueCounted& queue : figures.queues)
         for (const CausesCounted& ended : queue.ended)
           lines.value({{"queue", queue.queue}, {"cause", name_of(ended.cause)}}, ended.gangs);
     }},
    {{"gangline_gang_runs_started", counter, "", "Runs of gangs that began, repetitions too."},
     [](const Figures& figures, Lines& lines) {
       of_queues(figures, lines, [](const auto& queue) { return queue.started; });
     }},
    {{"gangline_gang_runs_repeated", counter, "",
      "Runs of gangs that ended and after which the gang waited again."},
     [](const Figures& figures, Lines& lines) {
       of_queues(figures, lines, [](const auto& queue) { return queue.again; });
     }},
    {{"gangline_gang_wait_seconds", histogram, "seconds",
      "Time from the submit of a job to the first start of each of its gangs."},
     [](const Figures& figures, Lines& lines) {
       for (const QueueCounted& queue : figures.queues)
         lines.histogram({{"queue", queue.queue}}, queue.waits, gang_bounds);
     }},
    {{"gangline_gang_run_seconds", histogram, "seconds",
      "Time from the start of each run of a gang to its end."},
     [](const Figures& figures, Lines& lines) {
       for (const QueueCounted& queue : figures.queues)
         lines.histogram({{"queue", queue.queue}}, queue.runs, gang_bounds);
     }},
    {{"gangline_gang_energy_joules", counter, "joules",
      "Energy of the devices of gangs that were measured, told when they end."},
     [](const Figures& figures, Lines& lines) {
       of_queues(figures, lines, [](const auto& queue) { return queue.energy_joules; });
     }},
    {{"gangline_running_gang", gauge, "",
      "1 for each device of each gang that runs; to join device metrics with job and owner."},
     [](const Figures& figures, Lines& lines) {
       for (const RunningPlace& place : figures.running)
         lines.value({{"job", format(place.gang.job)},
                      {"gang", std::to_string(place.gang.index)},
                      {"owner", place.owner},
                      {"name", place.name},
                      {"queue", place.queue},
                      {"node", place.node},
                      {"device", place.device ? std::to_string(*place.device) : ""},
                      {"uid", place.uid}},
                     1.0);
     }},
    {{"gangline_running_gang_left_out", gauge, "",
      "Lines that gangline_running_gang lacks, as it has 1000 at most (those of the oldest jobs)."},
     [](const Figures& figures, Lines& lines) { lines.value({}, figures.running_left_out); }},
};

// Machines and their devices.
const Metric of_machines[] = {
    {{"gangline_node_up", gauge, "", "1 for a node that is up."},
     [](const Figures& figures, Lines& lines) {
       for (const NodeFigures& node : figures.nodes) lines.value({{"node", node.node}}, node.up);
     }},
    {{"gangline_device", gauge, "", "1 for each device, with its model."},
     [](const Figures& figures, Lines& lines) {
       for (const DeviceFigures& device : figures.devices)
         lines.value({{"node", device.node},
                      {"device", std::to_string(device.device.index)},
                      {"uid", device.uid},
                      {"model", device.model}},
                     1.0);
     }},
    {{"gangline_device_allotted_ratio", gauge, "ratio", "Part of a device that gangs hold."},
     [](const Figures& figures, Lines& lines) {
       of_devices(figures, lines,
                  [](const auto& device) { return std::optional(device.allotted); });
     }},
    {{"gangline_device_gangs", gauge, "", "Gangs that hold some of a device."},
     [](const Figures& figures, Lines& lines) {
       of_devices(figures, lines,
                  [](const auto& device) { return std::optional<double>(device.gangs); });
     }},
    {{"gangline_device_foreign", gauge, "", "1 for a device that somebody outside Gangline uses."},
     [](const Figures& figures, Lines& lines) {
       of_devices(figures, lines,
                  [](const auto& device) { return std::optional(device.foreign ? 1.0 : 0.0); });
     }},
    {{"gangline_device_busy_ratio", gauge, "ratio",
      "Part of the time that something ran on a device, as its driver says."},
     [](const Figures& figures, Lines& lines) {
       of_devices(figures, lines, [](const auto& device) {
         return device.busy_percent ? std::optional(*device.busy_percent / 100) : std::nullopt;
       });
     }},
    {{"gangline_device_memory_used_bytes", gauge, "bytes", "Memory of a device that is in use."},
     [](const Figures& figures, Lines& lines) {
       of_devices(figures, lines, [](const auto& device) { return bytes_of(device.memory_used); });
     }},
    {{"gangline_device_memory_bytes", gauge, "bytes", "Memory of a device."},
     [](const Figures& figures, Lines& lines) {
       of_devices(figures, lines, [](const auto& device) { return bytes_of(device.memory); });
     }},
    {{"gangline_device_power_watts", gauge, "watts", "Power that a device takes."},
     [](const Figures& figures, Lines& lines) {
       of_devices(figures, lines, [](const auto& device) {
         return device.power ? std::optional(device.power->w) : std::nullopt;
       });
     }},
    {{"gangline_device_energy_joules", counter, "joules",
      "Energy that a device took since its driver began to count."},
     [](const Figures& figures, Lines& lines) {
       of_devices(figures, lines, [](const auto& device) {
         return device.energy ? std::optional(device.energy->j) : std::nullopt;
       });
     }},
    {{"gangline_device_temperature_celsius", gauge, "celsius", "Temperature of a device."},
     [](const Figures& figures, Lines& lines) {
       of_devices(figures, lines, [](const auto& device) { return device.temperature_celsius; });
     }},
};

// The service itself.
const Metric of_service[] = {
    {{"gangline_plan_seconds", histogram, "seconds", "Time that each plan took."},
     [](const Figures& figures, Lines& lines) { lines.histogram({}, figures.plans, plan_bounds); }},
    {{"gangline_store_commit_seconds", histogram, "seconds",
      "Time until each commit of the store was on the disk."},
     [](const Figures& figures, Lines& lines) {
       lines.histogram({}, figures.commits, store_bounds);
     }},
    {{"gangline_events", counter, "", "Events that were stored in the life of the store."},
     [](const Figures& figures, Lines& lines) { lines.value({}, figures.events); }},
    {{"gangline_events_not_counted", gauge, "",
      "Events of before the start of the service that its counters still lack."},
     [](const Figures& figures, Lines& lines) {
       lines.value({}, figures.events - std::min(figures.events, figures.counted));
     }},
    {{"gangline_service_trouble", gauge, "", "1 where `gang daemon status` names a trouble."},
     [](const Figures& figures, Lines& lines) { lines.value({}, figures.trouble); }},
    {{"gangline_service_start_time_seconds", gauge, "seconds",
      "When the service began, in seconds since 1970."},
     [](const Figures& figures, Lines& lines) {
       lines.value({}, static_cast<double>(figures.started.us) / 1e6);
     }},
    {{"gangline_service", gauge, "", "1, with the version of the service."},
     [](const Figures& figures, Lines& lines) {
       lines.value({{"version", figures.version}}, 1.0);
     }},
};

const char* word_of(MetricKind kind) {
  switch (kind) {
    case MetricKind::gauge: return "gauge";
    case MetricKind::counter: return "counter";
    case MetricKind::histogram: return "histogram";
  }
  return "gauge";
}

void put(const Metric& metric, const Figures& figures, MetricsFormat format, std::string& out) {
  const MetricRow& row = metric.row;
  const bool older = format == MetricsFormat::prometheus;
  const std::string family =
      std::string(row.name) + (older && row.kind == MetricKind::counter ? "_total" : "");
  out += "# HELP " + family + " " + std::string(row.help) + "\n";
  out += "# TYPE " + family + " " + word_of(row.kind) + "\n";
  if (!older && !row.unit.empty()) out += "# UNIT " + family + " " + std::string(row.unit) + "\n";
  Lines lines(row, out);
  metric.put(figures, lines);
}

}  // namespace

const char* content_type_of(MetricsFormat format) {
  return format == MetricsFormat::open_metrics
             ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
             : "text/plain; version=0.0.4; charset=utf-8";
}

std::string metrics_text(const Figures& figures, MetricsFormat format) {
  std::string out;
  for (const Metric& metric : of_gangs) put(metric, figures, format, out);
  for (const Metric& metric : of_machines) put(metric, figures, format, out);
  for (const Metric& metric : of_service) put(metric, figures, format, out);
  if (format == MetricsFormat::open_metrics) out += "# EOF\n";
  return out;
}

const std::vector<MetricRow>& metric_rows() {
  static const std::vector<MetricRow> rows = [] {
    std::vector<MetricRow> all;
    for (const Metric& metric : of_gangs) all.push_back(metric.row);
    for (const Metric& metric : of_machines) all.push_back(metric.row);
    for (const Metric& metric : of_service) all.push_back(metric.row);
    return all;
  }();
  return rows;
}

std::string label_text(std::string_view value) {
  // Both formats are UTF-8; names of files and devices need not be.
  const std::string readable = is_utf8(value) ? std::string(value) : printable(value);
  std::string out;
  for (const char c : readable) {
    if (c == '\\') out += "\\\\";
    else if (c == '"') out += "\\\"";
    else if (c == '\n') out += "\\n";
    else out += c;
  }
  return out;
}

}  // namespace gangline
