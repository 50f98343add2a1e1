#include "replay/report/rows.h"

#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/text.h"

namespace gangline {
namespace {

using Value = std::optional<double>;

template <IdleBecause cause>
Value idle(const Measures& m) {
  if (m.gpu_hours <= 0) return std::nullopt;
  return m.gpu_hours_idle[static_cast<std::size_t>(cause)];
}

Value if_any_gpus(const Measures& m, double value) {
  return m.gpu_hours > 0 ? Value(value) : std::nullopt;
}

constexpr MeasureRow rows[] = {
    {"jobs", "jobs", RowUnit::count, false,
     [](const Measures& m) -> Value { return static_cast<double>(m.jobs); }},
    {"ended", "ended", RowUnit::count, false,
     [](const Measures& m) -> Value { return static_cast<double>(m.ended); }},
    {"never_started", "never started", RowUnit::count, true,
     [](const Measures& m) -> Value {
       return static_cast<double>(m.jobs - m.started - m.hopeless);
     }},
    {"hopeless", "can never run there", RowUnit::count, true,
     [](const Measures& m) -> Value { return static_cast<double>(m.hopeless); }},
    {"wait_mean_s", "wait, mean", RowUnit::seconds, true,
     [](const Measures& m) -> Value { return m.wait.mean; }},
    {"wait_median_s", "wait, median", RowUnit::seconds, true,
     [](const Measures& m) -> Value { return m.wait.median; }},
    {"wait_p95_s", "wait, 95 of 100", RowUnit::seconds, true,
     [](const Measures& m) -> Value { return m.wait.p95; }},
    {"wait_p99_s", "wait, 99 of 100", RowUnit::seconds, true,
     [](const Measures& m) -> Value { return m.wait.p99; }},
    {"wait_longest_s", "wait, longest", RowUnit::seconds, true,
     [](const Measures& m) -> Value { return m.wait.longest; }},
    {"completion_mean_s", "completion, mean", RowUnit::seconds, true,
     [](const Measures& m) -> Value { return m.completion.mean; }},
    {"completion_median_s", "completion, median", RowUnit::seconds, true,
     [](const Measures& m) -> Value { return m.completion.median; }},
    {"completion_p95_s", "completion, 95 of 100", RowUnit::seconds, true,
     [](const Measures& m) -> Value { return m.completion.p95; }},
    {"completion_p99_s", "completion, 99 of 100", RowUnit::seconds, true,
     [](const Measures& m) -> Value { return m.completion.p99; }},
    {"slowdown_mean", "slowdown, mean", RowUnit::ratio, true,
     [](const Measures& m) -> Value { return m.slowdown.mean; }},
    {"slowdown_median", "slowdown, median", RowUnit::ratio, true,
     [](const Measures& m) -> Value { return m.slowdown.median; }},
    {"slowdown_p95", "slowdown, 95 of 100", RowUnit::ratio, true,
     [](const Measures& m) -> Value { return m.slowdown.p95; }},
    {"makespan_s", "first arrival to last end", RowUnit::seconds, true,
     [](const Measures& m) -> Value { return m.makespan; }},
    {"gpu_hours_used", "GPU-hours used", RowUnit::hours, false,
     [](const Measures& m) { return if_any_gpus(m, m.gpu_hours_used); }},
    {"gpus_used_part", "GPUs used", RowUnit::part, false,
     [](const Measures& m) { return if_any_gpus(m, m.gpu_hours_used / m.gpu_hours); }},
    {"gpus_used_at_end_part", "GPUs used at the end", RowUnit::part, false,
     [](const Measures& m) { return m.used_at_end > 0 ? Value(m.used_at_end) : std::nullopt; }},
    {"gpu_hours_idle_nothing_asked", "idle: nothing asked", RowUnit::hours, true,
     idle<IdleBecause::nothing_asked>},
    {"gpu_hours_idle_kept", "idle: kept for one that goes first", RowUnit::hours, true,
     idle<IdleBecause::kept>},
    {"gpu_hours_idle_scattered", "idle: scattered", RowUnit::hours, true,
     idle<IdleBecause::scattered>},
    {"gpu_hours_idle_too_few", "idle: too few for the first", RowUnit::hours, true,
     idle<IdleBecause::too_few>},
    {"gpu_hours_idle_other_kind", "idle: of no use to the first", RowUnit::hours, true,
     idle<IdleBecause::other_kind>},
    {"fragmentation_part", "GPUs free and useless", RowUnit::part, true,
     [](const Measures& m) { return if_any_gpus(m, m.fragmentation); }},
    {"fairness", "fairness between users", RowUnit::ratio, false,
     [](const Measures& m) -> Value { return m.fairness; }},
    {"preemptions", "stopped for others", RowUnit::count, true,
     [](const Measures& m) -> Value { return static_cast<double>(m.preemptions); }},
    {"lost_to_maintenance", "lost to maintenance", RowUnit::count, true,
     [](const Measures& m) { return m.lost ? Value(static_cast<double>(*m.lost)) : std::nullopt; }},
    {"energy_kwh", "energy", RowUnit::kilowatt_hours, true,
     [](const Measures& m) { return m.kilowatt_hours; }},
    {"cost", "cost", RowUnit::money, true, [](const Measures& m) { return m.cost; }},
    {"backtest_start_apart_mean_s", "back-test: starts apart, mean", RowUnit::seconds, true,
     [](const Measures& m) -> Value {
       return m.backtest ? Value(m.backtest->mean_apart) : std::nullopt;
     }},
    {"backtest_start_apart_median_s", "back-test: starts apart, median", RowUnit::seconds, true,
     [](const Measures& m) -> Value {
       return m.backtest ? Value(m.backtest->median_apart) : std::nullopt;
     }},
    {"backtest_start_apart_p95_s", "back-test: starts apart, 95 of 100", RowUnit::seconds, true,
     [](const Measures& m) -> Value {
       return m.backtest ? Value(m.backtest->p95_apart) : std::nullopt;
     }},
};

std::string digits(const char* form, double value) {
  char text[40];
  std::snprintf(text, sizeof text, form, value);
  return text;
}

std::string number(const Value& value) { return value ? digits("%.10g", *value) : ""; }

std::string json_text(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

// Names come from files and flags.
std::string csv_text(const std::string& text) {
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? "\"\"" : std::string(1, c);
  return quoted + "\"";
}

struct ErrorPart {
  const char* key;
  double BacktestError::*value;
};
constexpr ErrorPart error_parts[] = {{"start_apart_mean_s", &BacktestError::mean_apart},
                                     {"start_apart_median_s", &BacktestError::median_apart},
                                     {"start_apart_p95_s", &BacktestError::p95_apart}};

std::string json_error(const std::optional<HistoryError>& error) {
  if (!error) return "null";
  std::string text =
      "{\"policy\":" + json_text(error->policy) + ",\"jobs\":" + std::to_string(error->starts.jobs);
  for (const ErrorPart& part : error_parts)
    text += ",\"" + std::string(part.key) + "\":" + number(error->starts.*part.value);
  return text + "}";
}

}  // namespace

std::span<const MeasureRow> measure_rows() { return rows; }

std::string text_of(const MeasureRow& row, const Value& value) {
  if (!value) return "-";
  switch (row.unit) {
    case RowUnit::count: return digits("%.0f", *value);
    case RowUnit::seconds:
      if (*value > 0 && *value < 1) return "<1s";
      return format(seconds(std::llround(*value)));
    case RowUnit::hours: return digits("%.1f", *value);
    case RowUnit::part: return digits("%.1f %%", *value * 100);
    case RowUnit::ratio: return digits("%.2f", *value);
    case RowUnit::kilowatt_hours: return digits("%.0f kWh", *value);
    case RowUnit::money: return digits("%.2f", *value);
  }
  return "-";
}

std::string sentence_of(const HistoryError& error) {
  const auto span = [](double amount) {
    return amount > 0 && amount < 1 ? "<1s" : format(seconds(std::llround(amount)));
  };
  return "Back-test: starts of this history simulated as recorded, under " + error.policy +
         ", are " + span(error.starts.median_apart) +
         " apart from the true ones in the median (at most " + span(error.starts.p95_apart) +
         " in 95 of 100). All numbers above carry this error.";
}

std::string write_csv(const std::vector<PolicyRun>& runs,
                      const std::optional<HistoryError>& error) {
  std::string text = "run";
  for (const MeasureRow& row : rows) text += "," + std::string(row.key);
  text += ",error_policy";
  for (const ErrorPart& part : error_parts) text += ",error_" + std::string(part.key);
  text += "\n";
  for (const PolicyRun& run : runs) {
    text += csv_text(run.name);
    for (const MeasureRow& row : rows) text += "," + number(row.of(run.measures));
    text += "," + (error ? csv_text(error->policy) : "");
    for (const ErrorPart& part : error_parts)
      text += "," + (error ? number(error->starts.*part.value) : "");
    text += "\n";
  }
  return text;
}

std::string write_json(const std::string& title, const History& history,
                       const std::vector<PolicyRun>& runs,
                       const std::optional<HistoryError>& error) {
  std::string text = "{\"history\":" + json_text(title) +
                     ",\"jobs\":" + std::to_string(history.jobs.size()) +
                     ",\"left_out\":" + std::to_string(history.left_out.count) +
                     ",\"error\":" + json_error(error) + ",\"runs\":[";
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const PolicyRun& run = runs[i];
    text += std::string(i > 0 ? "," : "") + "{\"run\":" + json_text(run.name) +
            ",\"seconds_taken\":" + digits("%.3f", run.seconds);
    for (const MeasureRow& row : rows) {
      const auto value = number(row.of(run.measures));
      text += ",\"" + std::string(row.key) + "\":" + (value.empty() ? "null" : value);
    }
    text += "}";
  }
  return text + "]}";
}

}  // namespace gangline
