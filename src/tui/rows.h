// The rows of the lists: which there are, in which order. Drawing and keys go by the same.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tui/screen.h"

namespace gangline {

/// A node, or a device of it.
struct DeviceRow {
  std::uint32_t node = 0;               ///< in Seen::nodes
  std::optional<std::uint32_t> device;  ///< of it
};
std::vector<DeviceRow> device_rows(const ScreenState& state, const Seen& seen);
DeviceId device_of(const Seen& seen, const DeviceRow& row);  ///< only where it is a device

/// The head of a phase, or a job of it.
struct JobRow {
  GangPhase phase = GangPhase::waiting;
  const JobSummary* job = nullptr;
};
std::vector<JobRow> job_rows(const ScreenState& state, const Seen& seen);

/// A line of the chart: a device, or a node for what runs on its CPUs alone.
struct PlanRow {
  NodeId node;
  std::optional<std::uint32_t> device;
  std::string name;
};
std::vector<PlanRow> plan_rows(const ScreenState& state, const Seen& seen);

/// "1 Devices" in the first row, where it can be clicked.
struct PageTitle {
  Page page;
  const char* text;
  int at, width;
};
const std::vector<PageTitle>& page_titles();

/// Rows of a list that fit on a page; the last ones are shown rather than blanks.
int list_height(Page page, ScreenSize size);
/// Moves so that the chosen row is one of `count` and stands among `height` shown.
void keep_in_view(ListPlace& place, int count, int height);
/// The list with its chosen row where it is now: rows may have moved since.
ListPlace place_of(const std::vector<DeviceRow>& rows, const ScreenState& state, const Seen& seen);
ListPlace place_of(const std::vector<JobRow>& rows, const ScreenState& state);

constexpr int rows_above_list = 3;  ///< title, summary, heads of columns
constexpr int rows_below_list = 1;

struct ScreenColumn {
  const char* title;
  int width;       ///< the least, where `grows`
  int importance;  ///< the least important one goes first where not all fit
  bool right = false;
  bool grows = false;
};
struct FittedColumns {
  struct One {
    std::size_t index;  ///< among those that there are
    int at, width;
  };
  std::vector<One> shown;
  std::string left_out;  ///< "MODEL, TEMP"
};
FittedColumns fit_columns(const std::vector<ScreenColumn>& columns, int width);

// The columns of each list.
const std::vector<ScreenColumn>& device_columns();
const std::vector<ScreenColumn>& job_columns();
constexpr std::size_t history_column = 3;

/// "7.3 resnet", with what is known of it.
std::string gang_text(GangId gang, const Seen& seen);

/// Where the log of the job's page begins, and how many rows of cells stand above it.
struct JobLayout {
  int cells_at = 0, cells_rows = 0, cells_columns = 0, log_at = 0, log_rows = 0;
};
JobLayout job_layout(const ScreenState& state, const Seen& seen, ScreenSize size);
/// The gang whose log is shown; empty: not known yet.
std::optional<std::uint32_t> gang_shown(const ScreenState& state, const Seen& seen);

}  // namespace gangline
