#include "schedule/place/choose_devices.h"

#include <algorithm>
#include <optional>

#include "base/check.h"

namespace gangline {
namespace {

using Devices = std::vector<std::uint32_t>;
constexpr std::size_t node_level = nearness_levels - 1;

/// A group of devices, and how good it is to take `need` devices from it.
struct Group {
  std::size_t level = 0;
  std::uint32_t number = 0;
  Closeness closeness{};
};

/// counts[level][number]: how many of `candidates` are in that group.
std::array<Devices, nearness_levels> count_groups(const NodeLayout& layout,
                                                  const Devices& candidates) {
  std::array<Devices, nearness_levels> counts;
  for (std::size_t level = 0; level < nearness_levels; ++level) {
    counts[level].assign(layout.group[level].size(), 0);
    for (const std::uint32_t d : candidates) ++counts[level][layout.group[level][d]];
  }
  return counts;
}

/// The nearest group that holds all the tasks; of several the one that is broken the least, seen
/// from the inside out: an exact fit first, then a group already broken, then the smallest.
Group nearest_group(const NodeLayout& layout, const Devices& candidates, std::uint32_t tasks,
                    std::uint32_t each) {
  const auto counts = count_groups(layout, candidates);
  const std::uint64_t need = std::uint64_t{tasks} * each;
  const auto holds_all = [&](std::size_t level, std::uint32_t number) {
    return counts[level][number] / each >= tasks;
  };
  std::size_t level = 0;
  while (level < node_level &&
         std::none_of(candidates.begin(), candidates.end(),
                      [&](std::uint32_t d) { return holds_all(level, layout.group[level][d]); }))
    ++level;
  std::optional<Group> best;
  for (const std::uint32_t d : candidates) {
    if (!holds_all(level, layout.group[level][d])) continue;
    Group group{level, layout.group[level][d], {}};
    group.closeness[2] = static_cast<std::int64_t>(level);
    for (std::size_t l = level; l < nearness_levels; ++l) {
      const std::uint32_t number = layout.group[l][d];
      group.closeness[3 + 3 * l] = counts[l][number] == need ? 0 : 1;
      group.closeness[4 + 3 * l] = counts[l][number] == layout.size[l][number] ? 1 : 0;
      group.closeness[5 + 3 * l] = counts[l][number];
    }
    if (!best || group.closeness < best->closeness) best = group;
  }
  CHECK(best.has_value());
  return *best;
}

Devices members(const NodeLayout& layout, const Devices& of, std::size_t level,
                std::uint32_t number) {
  Devices found;
  for (const std::uint32_t d : of)
    if (layout.group[level][d] == number) found.push_back(d);
  return found;
}

/// The group one level below that holds the most whole tasks, and how many; none if none holds one.
std::optional<std::pair<std::uint32_t, std::uint32_t>> fullest_below(const NodeLayout& layout,
                                                                     const Devices& of,
                                                                     std::size_t level,
                                                                     std::uint32_t each) {
  std::optional<std::pair<std::uint32_t, std::uint32_t>> fullest;
  if (level == 0) return fullest;
  const auto counts = count_groups(layout, of);
  for (const std::uint32_t d : of) {
    const std::uint32_t number = layout.group[level - 1][d];
    const std::uint32_t tasks = counts[level - 1][number] / each;
    if (tasks > 0 && (!fullest || tasks > fullest->second)) fullest.emplace(number, tasks);
  }
  return fullest;
}

/// Appends the devices of the tasks to `chosen`, those of one task side by side.
void choose(const NodeLayout& layout, Devices candidates, std::uint32_t tasks, std::uint32_t each,
            Devices& chosen) {
  while (tasks > 0) {
    const Group group = nearest_group(layout, candidates, tasks, each);
    const Devices inside = members(layout, candidates, group.level, group.number);
    const std::size_t before = chosen.size();
    if (inside.size() == std::size_t{tasks} * each && (each == 1 || tasks == 1)) {
      chosen.insert(chosen.end(), inside.begin(), inside.end());
      return;
    }
    if (const auto fullest = fullest_below(layout, inside, group.level, each)) {
      // No group below holds all the tasks; the fullest takes as many of them as it can.
      choose(layout, members(layout, inside, group.level - 1, fullest->first), fullest->second,
             each, chosen);
      tasks -= fullest->second;
    } else {
      // No group below holds even one task, so this one lies across several of them.
      choose(layout, inside, each, 1, chosen);
      --tasks;
    }
    for (std::size_t i = before; i < chosen.size(); ++i) std::erase(candidates, chosen[i]);
  }
}

/// The level at which two devices meet.
std::size_t distance(const NodeLayout& layout, std::uint32_t a, std::uint32_t b) {
  std::size_t level = 0;
  while (level < node_level && layout.group[level][a] != layout.group[level][b]) ++level;
  return level;
}

}  // namespace

DeviceChoice choose_whole(const NodeLayout& layout, Devices candidates, std::uint32_t tasks,
                          std::uint32_t each) {
  DeviceChoice choice;
  choice.closeness = nearest_group(layout, candidates, tasks, each).closeness;
  Devices chosen;
  choose(layout, std::move(candidates), tasks, each, chosen);
  for (std::uint32_t task = 0; task < tasks; ++task) {
    auto& devices = choice.tasks.emplace_back();
    for (std::uint32_t i = 0; i < each; ++i) devices.push_back({chosen[task * each + i]});
    std::sort(devices.begin(), devices.end(),
              [](const DeviceShare& a, const DeviceShare& b) { return a.device < b.device; });
  }
  return choice;
}

DeviceChoice choose_shares(const NodeLayout& layout, std::vector<std::int32_t> free,
                           std::span<const std::uint32_t> candidates, std::uint32_t tasks,
                           Share share) {
  const std::int32_t part = share.thousandths;
  DeviceChoice choice;
  std::optional<std::uint32_t> last;
  while (choice.tasks.size() < tasks) {
    const auto left = static_cast<std::int32_t>(tasks - choice.tasks.size());
    Devices fresh;
    for (const std::uint32_t d : candidates)
      if (free[d] == whole_device.thousandths) fresh.push_back(d);
    // A device that holds all that is left comes before one that does not; then one near the last;
    // then one that others share already, and of these the one with the least left over.
    std::optional<std::uint32_t> best;
    std::array<std::int64_t, 4> best_key{};
    for (const std::uint32_t d : candidates) {
      if (free[d] < part) continue;
      const bool is_fresh = free[d] == whole_device.thousandths;
      const std::array<std::int64_t, 4> key{
          free[d] / part >= left ? 0 : 1,
          last ? static_cast<std::int64_t>(distance(layout, *last, d)) : 0, is_fresh ? 1 : 0,
          free[d]};
      if (!best || key < best_key) best = d, best_key = key;
    }
    CHECK(best.has_value());
    if (free[*best] == whole_device.thousandths) {
      ++choice.closeness[0];
      // Of fresh devices near enough the one whose loss breaks the least.
      std::erase_if(fresh, [&](std::uint32_t d) {
        return last && distance(layout, *last, d) > distance(layout, *last, *best);
      });
      const Group group = nearest_group(layout, fresh, 1, 1);
      best = group.number;
      for (std::size_t i = 2; i < group.closeness.size(); ++i)
        choice.closeness[i] = std::max(choice.closeness[i], group.closeness[i]);
    }
    const std::int32_t here = std::min(left, free[*best] / part);
    for (std::int32_t i = 0; i < here; ++i) choice.tasks.push_back({{*best, share}});
    free[*best] -= here * part;
    choice.closeness[1] += free[*best];
    last = best;
  }
  return choice;
}

}  // namespace gangline
