#include "schedule/order/standings.h"

#include <algorithm>
#include <compare>
#include <limits>
#include <optional>
#include <span>

namespace gangline {
namespace {

/// What one had, for its share.
struct Part {
  std::int64_t had = 0;
  std::uint32_t share = 1;
};

std::strong_ordering compare(const Part& a, const Part& b) {
  const auto x = static_cast<__int128>(a.had) * b.share;
  const auto y = static_cast<__int128>(b.had) * a.share;
  return x < y   ? std::strong_ordering::less
         : y < x ? std::strong_ordering::greater
                 : std::strong_ordering::equal;
}

/// A user in a queue, as it is compared: the queues from the top, then the user.
struct Line {
  std::span<const Part> queues;
  Part user;
  std::uint32_t queue = 0;
  std::optional<std::uint32_t> who;  ///< empty: all users who had nothing
  std::size_t size() const { return queues.size() + 1; }
  const Part& at(std::size_t level) const { return level < queues.size() ? queues[level] : user; }
};

std::strong_ordering compare(const Line& a, const Line& b) {
  const std::size_t levels = std::min(a.size(), b.size());
  for (std::size_t level = 0; level < levels; ++level)
    if (const auto order = compare(a.at(level), b.at(level)); order != 0) return order;
  return a.size() <=> b.size();
}

/// From the top down to the queue itself.
std::vector<std::uint32_t> way_to(const std::vector<Queue>& queues, std::uint32_t queue) {
  std::vector<std::uint32_t> way;
  for (std::optional<std::uint32_t> at = queue;
       at && *at < queues.size() && way.size() < queues.size(); at = queues[*at].parent)
    way.push_back(*at);
  std::reverse(way.begin(), way.end());
  return way;
}

}  // namespace

Standings::Standings(const std::vector<Queue>& queues, const std::vector<UserUse>& used)
    : of_others_(queues.size(), 0) {
  std::vector<std::vector<std::uint32_t>> ways;
  for (std::uint32_t q = 0; q < queues.size(); ++q) ways.push_back(way_to(queues, q));
  std::vector<std::int64_t> had(queues.size(), 0);
  for (const UserUse& use : used)
    if (use.queue < queues.size())
      for (const std::uint32_t q : ways[use.queue]) had[q] += use.device_seconds;

  std::vector<std::vector<Part>> parts(queues.size());
  std::vector<Line> lines;
  for (std::uint32_t q = 0; q < queues.size(); ++q) {
    for (const std::uint32_t at : ways[q])
      parts[q].push_back({had[at], std::max(1u, queues[at].share)});
    lines.push_back({parts[q], {0, 1}, q, std::nullopt});
  }
  for (const UserUse& use : used)
    if (use.queue < queues.size())
      lines.push_back({parts[use.queue], {use.device_seconds, 1}, use.queue, use.user});

  std::sort(lines.begin(), lines.end(),
            [](const Line& a, const Line& b) { return compare(a, b) < 0; });
  std::int64_t rank = 0;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (i > 0 && compare(lines[i - 1], lines[i]) != 0) ++rank;
    if (lines[i].who) ranks_[both(lines[i].queue, *lines[i].who)] = rank;
    else of_others_[lines[i].queue] = rank;
  }
}

std::int64_t Standings::of(std::uint32_t queue, std::uint32_t user) const {
  const auto known = ranks_.find(both(queue, user));
  if (known != ranks_.end()) return known->second;
  return queue < of_others_.size() ? of_others_[queue] : std::numeric_limits<std::int32_t>::max();
}

}  // namespace gangline
