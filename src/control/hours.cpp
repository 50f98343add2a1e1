#include "control/hours.h"

#include <algorithm>
#include <cmath>

#include "model/house.h"

namespace gangline {
namespace {

std::int64_t hour_of(Time at) { return at.us / hours(1).us; }
Time begin_of(std::int64_t hour) { return Time{hour * hours(1).us}; }

}  // namespace

void Hours::begin(std::uint32_t user, double devices, Time at) {
  running_[user].emplace(at, devices);
}

void Hours::end(std::uint32_t user, double devices, Time since, Time at, bool is_new) {
  auto& running = running_[user];
  const auto [first, last] = running.equal_range(since);
  const auto own =
      std::find_if(first, last, [&](const auto& one) { return one.second == devices; });
  if (own != last) running.erase(own);
  if (running.empty()) running_.erase(user);
  if (!is_new) return;
  since = std::max(since, at - longest_period);
  while (since < at) {
    const std::int64_t hour = hour_of(since);
    const Time until = std::min(at, begin_of(hour + 1));
    const double ms = static_cast<double>((until - since).us) / 1e3 * devices;
    ended_[user][hour] += std::llround(ms);
    unstored_[{user, hour}] = true;
    since = until;
  }
}

Span Hours::used(std::uint32_t user, Span period, Time now) const {
  const Time from = now - period;
  double ms = 0;
  if (const auto ended = ended_.find(user); ended != ended_.end())
    for (auto it = ended->second.lower_bound(hour_of(from)); it != ended->second.end(); ++it)
      ms += static_cast<double>(it->second);
  if (const auto running = running_.find(user); running != running_.end())
    for (const auto& [since, devices] : running->second)
      ms += devices * static_cast<double>(std::max(Span{0}, now - std::max(since, from)).us) / 1e3;
  return milliseconds(std::llround(ms));
}

std::vector<PastHour> Hours::unstored(const std::vector<std::string>& names) const {
  std::vector<PastHour> rows;
  for (const auto& [key, _] : unstored_)
    rows.push_back({names.at(key.first), key.second, ended_.at(key.first).at(key.second)});
  return rows;
}

}  // namespace gangline
