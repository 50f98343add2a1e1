#include "model/usual.h"

#include <algorithm>
#include <map>
#include <tuple>

namespace gangline {
namespace {

// (CPUs, share, devices, model): of tasks that are equally common the larger one goes first.
using Key = std::tuple<std::uint32_t, std::int32_t, std::uint32_t, std::string>;

Key key_of(const TaskRequest& task) {
  if (!task.devices) return {task.cpus.thousandths, 0, 0, {}};
  const DeviceRequest& devices = *task.devices;
  return {task.cpus.thousandths, devices.share.thousandths, devices.count, devices.model};
}

}  // namespace

std::vector<UsualTask> usual_tasks(
    std::span<const std::pair<const ResourceRequest*, std::uint64_t>> asked, double least_part) {
  std::map<Key, std::uint64_t> counts;
  std::uint64_t all = 0;
  for (const auto& [request, times] : asked) {
    counts[key_of(request->alternatives.front())] += times * request->tasks;
    all += times * request->tasks;
  }
  std::vector<std::pair<std::uint64_t, Key>> common;
  for (const auto& [key, count] : counts) common.emplace_back(count, key);
  std::sort(common.begin(), common.end(), std::greater<>());
  std::uint64_t told = 0;
  std::size_t n = 0;
  while (n < common.size() && static_cast<double>(told) < least_part * static_cast<double>(all))
    told += common[n++].first;
  const double part_told = static_cast<double>(told) / static_cast<double>(all);
  std::vector<UsualTask> usual;
  for (std::size_t i = 0; i < n; ++i) {
    const auto& [cpus, share, devices, model] = common[i].second;
    const double part_of_all = static_cast<double>(common[i].first) / static_cast<double>(all);
    usual.push_back({CpuAmount{cpus}, devices,
                     Share{devices == 0 ? whole_device.thousandths : share}, model,
                     part_of_all / part_told});
  }
  return usual;
}

}  // namespace gangline
