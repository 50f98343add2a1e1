#include "replay/report/rows.h"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "base/text.h"

namespace gangline {
namespace {

using Value = std::optional<double>;
using M = Measures;
using S = Spread;
using E = BacktestError;
constexpr Better less = Better::less, more = Better::more, neither = Better::neither;

template <std::uint64_t M::*field>
Value count(const M& m) {
  return static_cast<double>(m.*field);
}

Value if_any_gpus(const M& m, double value) {
  return m.gpu_hours > 0 ? Value(value) : std::nullopt;
}

template <IdleBecause cause>
Value idle(const M& m) {
  return if_any_gpus(m, m.gpu_hours_idle[static_cast<std::size_t>(cause)]);
}

template <double S::*field>
Value wait(const M& m) {
  return m.started > 0 ? Value(m.wait.*field) : std::nullopt;
}

template <S M::*spread, double S::*field>
Value ended(const M& m) {
  return m.ended > 0 ? Value(m.*spread.*field) : std::nullopt;
}

template <double E::*field>
Value backtest(const M& m) {
  return m.backtest ? Value((*m.backtest).*field) : std::nullopt;
}

constexpr const char* of_jobs = "Jobs";
constexpr const char* of_wait = "Wait, from submission to start";
constexpr const char* of_completion = "Completion, from submission to end";
constexpr const char* of_slowdown = "Slowdown, completion by run time (of at least 10 s)";
constexpr const char* of_gpus = "GPUs, over the whole time";
constexpr const char* of_all = "The whole";
constexpr const char* of_backtest = "Back-test, simulated starts against recorded ones";

constexpr MeasureRow rows[] = {
    {"jobs", of_jobs, "came", "jobs", RowUnit::count, neither, count<&M::jobs>},
    {"ended", of_jobs, "ran to their end", "ended", RowUnit::count, more, count<&M::ended>},
    {"still_running", of_jobs, "run still at the end", "run still at the end", RowUnit::count,
     neither, [](const M& m) -> Value { return static_cast<double>(m.started - m.ended); }},
    {"never_started", of_jobs, "never started", "never started", RowUnit::count, less,
     [](const M& m) -> Value { return static_cast<double>(m.jobs - m.started - m.hopeless); }},
    {"hopeless", of_jobs, "can never run there", "can never run there", RowUnit::count, less,
     count<&M::hopeless>},
    {"wait_mean_s", of_wait, "mean", "wait, mean", RowUnit::seconds, less, wait<&S::mean>},
    {"wait_median_s", of_wait, "median", "wait, median", RowUnit::seconds, less, wait<&S::median>},
    {"wait_p95_s", of_wait, "95 of 100", "wait, 95 of 100", RowUnit::seconds, less, wait<&S::p95>},
    {"wait_p99_s", of_wait, "99 of 100", "wait, 99 of 100", RowUnit::seconds, less, wait<&S::p99>},
    {"wait_longest_s", of_wait, "longest", "wait, longest", RowUnit::seconds, less,
     wait<&S::longest>},
    {"completion_mean_s", of_completion, "mean", "completion, mean", RowUnit::seconds, less,
     ended<&M::completion, &S::mean>},
    {"completion_median_s", of_completion, "median", "completion, median", RowUnit::seconds, less,
     ended<&M::completion, &S::median>},
    {"completion_p95_s", of_completion, "95 of 100", "completion, 95 of 100", RowUnit::seconds,
     less, ended<&M::completion, &S::p95>},
    {"completion_p99_s", of_completion, "99 of 100", "completion, 99 of 100", RowUnit::seconds,
     less, ended<&M::completion, &S::p99>},
    {"slowdown_mean", of_slowdown, "mean", "slowdown, mean", RowUnit::ratio, less,
     ended<&M::slowdown, &S::mean>},
    {"slowdown_median", of_slowdown, "median", "slowdown, median", RowUnit::ratio, less,
     ended<&M::slowdown, &S::median>},
    {"slowdown_p95", of_slowdown, "95 of 100", "slowdown, 95 of 100", RowUnit::ratio, less,
     ended<&M::slowdown, &S::p95>},
    {"slowdown_p99", of_slowdown, "99 of 100", "slowdown, 99 of 100", RowUnit::ratio, less,
     ended<&M::slowdown, &S::p99>},
    {"gpu_hours", of_gpus, "GPU-hours that there were", "GPU-hours", RowUnit::hours, neither,
     [](const M& m) { return if_any_gpus(m, m.gpu_hours); }},
    {"gpu_hours_used", of_gpus, "GPU-hours used", "GPU-hours used", RowUnit::hours, neither,
     [](const M& m) { return if_any_gpus(m, m.gpu_hours_used); }},
    {"gpus_used_part", of_gpus, "used", "GPUs used", RowUnit::part, more,
     [](const M& m) { return if_any_gpus(m, m.gpu_hours_used / m.gpu_hours); }},
    {"gpus_used_at_end_part", of_gpus, "used at the end", "GPUs used at the end", RowUnit::part,
     more, [](const M& m) { return m.used_at_end > 0 ? Value(m.used_at_end) : std::nullopt; }},
    {"gpu_hours_idle_nothing_asked", of_gpus, "idle: nothing asked", "idle: nothing asked",
     RowUnit::hours, neither, idle<IdleBecause::nothing_asked>},
    {"gpu_hours_idle_kept", of_gpus, "idle: kept for one that goes first",
     "idle: kept for one that goes first", RowUnit::hours, neither, idle<IdleBecause::kept>},
    {"gpu_hours_idle_scattered", of_gpus, "idle: scattered", "idle: scattered", RowUnit::hours,
     neither, idle<IdleBecause::scattered>},
    {"gpu_hours_idle_too_few", of_gpus, "idle: too few for the first",
     "idle: too few for the first", RowUnit::hours, neither, idle<IdleBecause::too_few>},
    {"gpu_hours_idle_other_kind", of_gpus, "idle: of no use to the first",
     "idle: of no use to the first", RowUnit::hours, neither, idle<IdleBecause::other_kind>},
    {"fragmentation_part", of_gpus, "free and useless (fragmentation)", "GPUs free and useless",
     RowUnit::part, less, [](const M& m) { return if_any_gpus(m, m.fragmentation); }},
    {"makespan_s", of_all, "first arrival to last end", "first arrival to last end",
     RowUnit::seconds, less,
     [](const M& m) { return m.ended > 0 ? Value(m.makespan) : std::nullopt; }},
    {"fairness", of_all, "fairness between users (1 is best)", "fairness between users",
     RowUnit::ratio, more, [](const M& m) { return m.fairness; }},
    {"preemptions", of_all, "stopped for others", "stopped for others", RowUnit::count, less,
     count<&M::preemptions>},
    {"lost_to_maintenance", of_all, "lost to maintenance", "lost to maintenance", RowUnit::count,
     less, [](const M& m) { return m.lost ? Value(static_cast<double>(*m.lost)) : std::nullopt; }},
    {"energy_kwh", of_all, "energy of all GPUs", "energy", RowUnit::kilowatt_hours, less,
     [](const M& m) { return m.kilowatt_hours; }},
    {"energy_used_kwh", of_all, "energy of GPUs in use", "energy of GPUs in use",
     RowUnit::kilowatt_hours, less, [](const M& m) { return m.kilowatt_hours_used; }},
    {"cost", of_all, "cost of GPUs in use", "cost", RowUnit::money, less,
     [](const M& m) { return m.cost; }},
    {"backtest_jobs", of_backtest, "jobs with a start in both", "back-test: jobs", RowUnit::count,
     neither,
     [](const M& m) {
       return m.backtest ? Value(static_cast<double>(m.backtest->jobs)) : std::nullopt;
     }},
    {"backtest_start_apart_mean_s", of_backtest, "apart, mean", "back-test: starts apart, mean",
     RowUnit::seconds, neither, backtest<&E::mean_apart>},
    {"backtest_start_apart_median_s", of_backtest, "apart, median",
     "back-test: starts apart, median", RowUnit::seconds, neither, backtest<&E::median_apart>},
    {"backtest_start_apart_p95_s", of_backtest, "apart, 95 of 100",
     "back-test: starts apart, 95 of 100", RowUnit::seconds, neither, backtest<&E::p95_apart>},
    {"backtest_start_later_mean_s", of_backtest, "later, mean", "back-test: starts later, mean",
     RowUnit::seconds, neither, backtest<&E::mean_later>},
    {"backtest_wait_true_mean_s", of_backtest, "mean wait, recorded",
     "back-test: mean wait, recorded", RowUnit::seconds, neither, backtest<&E::wait_true>},
    {"backtest_wait_simulated_mean_s", of_backtest, "mean wait, simulated",
     "back-test: mean wait, simulated", RowUnit::seconds, neither, backtest<&E::wait_simulated>},
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

/// `"left_out":10,"left_out_because":{"the run time is no number":10}`, all reasons.
std::string json_left_out(const std::string& key, const LeftOut& left_out) {
  std::string reasons;
  for (const auto& [reason, count] : left_out.by_reason)
    reasons += (reasons.empty() ? "" : ",") + json_text(reason) + ":" + std::to_string(count);
  return "\"" + key + "\":" + std::to_string(left_out.count) + ",\"" + key + "_because\":{" +
         reasons + "}";
}

std::string json_notes(const History& history, const FoundCluster& found) {
  std::string notes;
  for (const auto* some : {&history.notes, &found.notes})
    for (const std::string& note : *some) notes += (notes.empty() ? "" : ",") + json_text(note);
  return "\"notes\":[" + notes + "]";
}

}  // namespace

std::span<const MeasureRow> measure_rows() { return rows; }

std::string text_of(const MeasureRow& row, const Value& value) {
  if (!value) return "-";
  switch (row.unit) {
    case RowUnit::count: return digits("%.0f", *value);
    case RowUnit::seconds:
      if (*value > 0 && *value < 1) return "<1s";
      return (std::llround(*value) < 0 ? "-" : "") +
             format(seconds(std::llabs(std::llround(*value))));
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

std::string write_json(const std::string& title, const History& history, const FoundCluster& found,
                       const std::vector<PolicyRun>& runs,
                       const std::optional<HistoryError>& error) {
  std::string text = "{\"history\":" + json_text(title) +
                     ",\"jobs\":" + std::to_string(history.jobs.size()) +
                     ",\"nodes\":" + std::to_string(found.cluster.nodes.size()) + "," +
                     json_left_out("left_out", history.left_out) + "," +
                     json_left_out("nodes_left_out", found.left_out) + "," +
                     json_notes(history, found) + ",\"error\":" + json_error(error) + ",\"runs\":[";
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
