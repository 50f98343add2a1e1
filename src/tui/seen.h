// What `gang top` was told, as of when, and what it says when it is told more. Values only.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "model/follow.h"
#include "model/views.h"

namespace gangline {

/// Jobs of one phase, as many as were asked for.
struct JobsSeen {
  std::vector<JobSummary> jobs;
  bool more = false;
};

/// Which log of which gang.
struct LogPlace {
  GangId gang;
  std::uint32_t attempt = 0, rank = 0;
  bool error_stream = false;
  bool operator==(const LogPlace&) const = default;
};

constexpr std::size_t most_log_lines = 20'000;
constexpr std::size_t longest_log_line = 4'096;  ///< bytes; what is longer goes on below

/// The end of a log, in lines.
struct LogSeen {
  LogPlace place;
  std::deque<std::string> lines;
  bool unfinished = false;    ///< the last line has not ended
  bool after_return = false;  ///< the byte before was a carriage return
  bool begins_later = false;  ///< there were lines before these
  std::uint64_t end = 0;      ///< the byte behind them
  std::uint64_t gone = 0;     ///< lines that were here and were let go of, from the front
};

struct Seen {
  std::optional<ServiceStatus> status;
  std::vector<NodeView> nodes;
  std::optional<Time> nodes_at;
  std::map<DeviceId, DeviceReadings> history;
  JobsSeen waiting, running, ended;
  std::optional<Time> jobs_at;
  std::optional<JobDetail> job;
  std::optional<GangCells> cells;
  std::optional<GangView> gang;
  std::optional<WhyAnswer> why;
  std::optional<LogSeen> log;
  std::optional<TimeChart> chart;
  bool may_start = true;     ///< a service where none answers
  std::optional<Time> lost;  ///< since then the service does not answer
  std::string lost_says;     ///< what came instead of an answer
  std::string says;          ///< what became of what a person asked for
};

// Answers.
struct StatusTold {
  ServiceStatus status;
};
struct NodesTold {
  std::vector<NodeView> nodes;
  Time at;
};
struct HistoryTold {
  std::vector<DeviceReadings> devices;
};
struct JobsTold {
  JobsSeen running;
  std::optional<JobsSeen> waiting, ended;  ///< empty: not asked for
  Time at;
};
struct JobTold {
  JobDetail job;
  std::optional<GangCells> cells;
};
struct GangTold {
  GangView gang;
};
struct WhyTold {
  WhyAnswer why;
};
struct LogTold {
  LogPlace place;
  LogChunk chunk;
  bool anew = false;  ///< the first of this place
};
struct ChartTold {
  TimeChart chart;
};
/// What was asked about is not there, or not ours to see.
struct Refused {
  std::string says;
};
/// What a person asked for was done, or not.
struct Said {
  std::string says;
};
struct ServiceLost {
  Time at;
  std::string says;
};
struct ServiceBack {};

using News = std::variant<StatusTold, NodesTold, HistoryTold, JobsTold, JobTold, GangTold, WhyTold,
                          LogTold, ChartTold, Refused, Said, ServiceLost, ServiceBack>;

/// The only thing that changes what was seen.
void update(Seen& seen, News news);

}  // namespace gangline
