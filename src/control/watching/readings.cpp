#include "control/watching/readings.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace gangline {
namespace {

constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

/// Of those that are known; not known if none is.
struct Mean {
  double sum = 0;
  std::size_t count = 0;

  void add(double value) {
    if (std::isnan(value)) return;
    sum += value;
    ++count;
  }
  double value() const { return count == 0 ? unknown : sum / static_cast<double>(count); }
};

}  // namespace

void ReadingsKept::add(NodeId node, const NodeSample& sample) {
  Kept& kept = nodes_[node.n];
  if (kept.since.us == 0 || sample.at < kept.since) kept.since = sample.at;
  if (sample.at - kept.since >= step) close(kept, sample.at);
  const std::size_t count = sample.devices.size();
  for (auto* sums : {&kept.busy, &kept.memory, &kept.power})
    if (sums->size() < count) sums->resize(count);
  const auto add_to = [](Sum& sum, double value) {
    sum.value += value;
    ++sum.count;
  };
  for (std::size_t i = 0; i < count; ++i) {
    const DeviceSample& device = sample.devices[i];
    if (device.busy_percent) add_to(kept.busy[i], *device.busy_percent);
    if (device.memory_used) add_to(kept.memory[i], static_cast<double>(device.memory_used->n));
    if (device.power) add_to(kept.power[i], device.power->w);
  }
}

void ReadingsKept::close(Kept& kept, Time at) {
  Point point{at, {}};
  const auto mean = [](const Sum& sum) {
    return static_cast<float>(sum.count == 0 ? unknown : sum.value / sum.count);
  };
  for (std::size_t i = 0; i < kept.busy.size(); ++i)
    point.devices.push_back({mean(kept.busy[i]), mean(kept.memory[i]), mean(kept.power[i])});
  kept.points.push_back(std::move(point));
  if (kept.points.size() > most_reading_points) kept.points.pop_front();
  kept.since = at;
  for (auto* sums : {&kept.busy, &kept.memory, &kept.power}) sums->clear();
}

Readings ReadingsKept::between(const ReadingsQuery& query, const Node& node) const {
  std::vector<std::uint32_t> devices = query.devices;
  if (devices.empty()) {
    devices.resize(node.devices.size());
    std::iota(devices.begin(), devices.end(), 0u);
  }
  std::erase_if(devices, [&](std::uint32_t i) { return i >= node.devices.size(); });
  Readings readings;
  for (const std::uint32_t i : devices)
    readings.devices.push_back({{query.node, i}, node.devices[i].uid, {}, {}, {}});
  const auto found = nodes_.find(query.node.n);
  if (found == nodes_.end()) return readings;
  std::vector<const Point*> points;
  for (const Point& point : found->second.points)
    if (point.at >= query.from && point.at <= query.until) points.push_back(&point);
  const std::size_t most = std::clamp<std::size_t>(query.most, 1, most_reading_points);
  const std::size_t joined = std::max<std::size_t>(1, (points.size() + most - 1) / most);
  for (std::size_t first = 0; first < points.size(); first += joined) {
    const std::size_t last = std::min(first + joined, points.size()) - 1;
    readings.at.push_back(points[last]->at);
    for (DeviceReadings& device : readings.devices) {
      Mean busy, memory, power;
      for (std::size_t i = first; i <= last; ++i) {
        if (device.device.index >= points[i]->devices.size()) continue;
        const Reading& reading = points[i]->devices[device.device.index];
        busy.add(reading.busy);
        memory.add(reading.memory);
        power.add(reading.power);
      }
      device.busy_percent.push_back(busy.value());
      device.memory_bytes.push_back(memory.value());
      device.power_watts.push_back(power.value());
    }
  }
  return readings;
}

}  // namespace gangline
