// Device-hours that people used in the last days, for limits on them.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/units.h"
#include "model/queue.h"

namespace gangline {

/// Device-time is kept by the hour in which it was used, so what counts may be up to an hour older
/// than the period says. Runs count as `Usage` counts them, while they go on, too.
class Hours {
 public:
  void recall(const PastHour& past, std::uint32_t user) {
    ended_[user][past.hour] = past.device_ms;
  }
  void begin(std::uint32_t user, double devices, Time at);
  /// `is_new`: else it was stored already.
  void end(std::uint32_t user, double devices, Time since, Time at, bool is_new);

  /// What this user used in the last `period` before `now`.
  Span used(std::uint32_t user, Span period, Time now) const;

  /// What was added since `is_stored`, as it is now.
  std::vector<PastHour> unstored(const std::vector<std::string>& names) const;
  void is_stored() { unstored_.clear(); }

 private:
  std::map<std::uint32_t, std::map<std::int64_t, std::int64_t>> ended_;  // device-ms, by hour
  std::map<std::uint32_t, std::multimap<Time, double>> running_;         // devices, by begin
  std::map<std::pair<std::uint32_t, std::int64_t>, bool> unstored_;
};

}  // namespace gangline
