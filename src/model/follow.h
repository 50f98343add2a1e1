// What happened and what was read, for those who watch: a stream of entries, cells of a job's
// gangs, readings of devices over time, and what ran where. Values only, mapped by json/.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/units.h"
#include "model/event.h"
#include "model/views.h"

namespace gangline {

/// An event as those hear of it who watch.
enum class FeedKind : std::uint8_t {
  submitted,
  starting,
  started,
  ended,
  again,         ///< its run is over and it waits again
  returned,      ///< asked to start and not begun, it waits again
  stopping,      ///< somebody asked to stop it
  making_room,   ///< it was asked to make room for another one
  never_ran,     ///< it waited, and will not run any more
  promised,      ///< it starts by `when` at the latest
  promise_lost,  ///< it may start later than it was promised
  trimmed,       ///< part of a log was dropped
  measured,      ///< its energy and use are known
  node,          ///< a node appeared or its facts changed
  foreign,       ///< somebody outside Gangline began or ceased to use a device
};
const char* name_of(FeedKind kind);  ///< "submitted", "promise-lost", …

struct FeedEntry {
  std::uint64_t number = 0;  ///< grows from entry to entry, not always by one
  Time at;
  FeedKind kind = FeedKind::submitted;
  std::optional<JobId> job = {};
  std::optional<std::uint32_t> gang = {};   ///< the first one; empty: the whole job
  std::optional<std::uint32_t> count = {};  ///< so many gangs from `gang` on; empty: one
  std::optional<EndCause> cause = {};
  std::string name = {};  ///< of the job or node that is new
  std::string says = {};  ///< a sentence more, where there is one
  std::optional<Time> when = {};
};

struct FeedQuery {
  std::string of = {};  ///< FeedPage::of, as it was told before
  std::optional<std::uint64_t> after = {};
  std::uint32_t most = 1'000;
  Span longest{0};  ///< waits so long for something to tell
};
constexpr std::uint32_t most_feed_entries = 10'000;

/// Entries after a number, oldest first.
struct FeedPage {
  std::string of;  ///< the store whose numbers these are
  std::uint64_t newest = 0;
  /// What was asked for cannot be told: the store is another one, or has never given the number.
  /// Whoever follows begins anew from `newest`.
  bool broken = false;
  std::vector<FeedEntry> entries;
};

/// All gangs of a job, a letter each: w waits, s starting, r running, d done, f ended badly,
/// x stopped, n never ran.
struct GangCells {
  JobId job;
  std::uint32_t first = 0, gangs = 0;  ///< the first one told; all that there are
  std::string cells;
};

constexpr std::uint32_t most_cells = 100'000;

/// Numbers that a gang wrote to its {output}.
struct GangResult {
  std::uint32_t gang = 0;
  std::vector<EnvVar> values;  ///< of the sweep
  std::vector<std::pair<std::string, double>> numbers;
};
struct JobResults {
  JobId job;
  std::uint32_t first = 0, gangs = 0;  ///< the first one looked at; all that there are
  std::uint32_t looked_at = 0;
  std::vector<GangResult> results;  ///< of gangs that ended well and wrote some
};
constexpr std::uint32_t most_results = 1'000;
constexpr std::size_t longest_result = 4 << 10;  ///< bytes looked at of an {output}
constexpr std::size_t most_numbers_of_a_gang = 32;

/// Readings of one device; what is not known is no number (NaN).
struct DeviceReadings {
  DeviceId device;
  std::string uid;
  std::vector<double> busy_percent, memory_bytes, power_watts;  ///< one for each of Readings::at
};
struct Readings {
  std::vector<Time> at;  ///< ends of the spans that each point stands for
  std::vector<DeviceReadings> devices;
};
struct ReadingsQuery {
  NodeId node;
  std::vector<std::uint32_t> devices = {};  ///< of it; empty: all
  Time from{0};
  Time until = never;
  std::uint32_t most = 300;  ///< points
};
constexpr std::uint32_t most_reading_points = 720;

struct TimeChartQuery {
  Time from{0};
  Time until = never;
  std::uint32_t most = 2'000;
};
constexpr std::uint32_t most_timeline_bars = 20'000;

/// One run of a gang, past, present, or promised.
struct TimeBar {
  GangId gang;
  std::uint32_t attempt = 1;
  std::string name, owner;
  Time from;
  std::optional<Time> until;  ///< for what has not ended: by its time limit
  GangPhase phase = GangPhase::ended;
  std::optional<EndCause> cause;
  std::vector<DeviceId> devices;
  std::vector<NodeId> nodes;
};
struct TimeChart {
  Time now;
  std::vector<TimeBar> bars;  ///< the newest first
  bool cut = false;           ///< there were more
};

}  // namespace gangline
