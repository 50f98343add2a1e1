// Measures as rows: one list of them for the table, the CSV and the page.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "replay/report/measures.h"

namespace gangline {

enum class RowUnit : std::uint8_t { count, seconds, hours, part, ratio, kilowatt_hours, money };
enum class Better : std::uint8_t { neither, less, more };

struct MeasureRow {
  const char* key;    ///< in CSV and JSON: "wait_mean_s"
  const char* group;  ///< what rows that follow each other have in common: "Wait, …"
  const char* name;   ///< for people who see the group: "mean"
  const char* title;  ///< for people who do not: "wait, mean"
  RowUnit unit;
  Better better;
  /// Empty: not known, or it means nothing here.
  std::optional<double> (*of)(const Measures& measures);
};
std::span<const MeasureRow> measure_rows();

/// For a terminal: "3m20s", "54.0 %", "-" for none.
std::string text_of(const MeasureRow& row, const std::optional<double>& value);

/// The error that all that is simulated from a history carries: how far from the true ones its
/// starts are when it is simulated as recorded, on its own machines under this policy.
struct HistoryError {
  std::string policy;
  BacktestError starts;
};
/// For people.
std::string sentence_of(const HistoryError& error);

/// A line of titles, then one line for each run; numbers in the units that the keys say. `error`
/// empty: not known.
std::string write_csv(const std::vector<PolicyRun>& runs, const std::optional<HistoryError>& error);
/// One object: what was simulated, what of the files was left out and why, what is to be known of
/// them, then for each run its measures by key, null where not known.
std::string write_json(const std::string& title, const History& history, const FoundCluster& found,
                       const std::vector<PolicyRun>& runs,
                       const std::optional<HistoryError>& error);

}  // namespace gangline
