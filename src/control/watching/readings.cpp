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

void ReadingsKept::add_to(Open& open, const NodeSample& sample) {
  if (open.since.us == 0 || sample.at < open.since) open.since = sample.at;
  const std::size_t count = sample.devices.size();
  for (auto* sums : {&open.busy, &open.memory, &open.power})
    if (sums->size() < count) sums->resize(count);
  const auto add = [](Sum& sum, double value) {
    sum.value += value;
    ++sum.count;
  };
  for (std::size_t i = 0; i < count; ++i) {
    const DeviceSample& device = sample.devices[i];
    if (device.busy_percent) add(open.busy[i], *device.busy_percent);
    if (device.memory_used) add(open.memory[i], static_cast<double>(device.memory_used->n));
    if (device.power) add(open.power[i], device.power->w);
  }
}

PastReadings ReadingsKept::close(Open& open, Time at) {
  PastReadings point{at, {}};
  const auto mean = [](const Sum& sum) {
    return static_cast<float>(sum.count == 0 ? unknown : sum.value / sum.count);
  };
  for (std::size_t i = 0; i < open.busy.size(); ++i)
    point.devices.push_back({mean(open.busy[i]), mean(open.memory[i]), mean(open.power[i])});
  open = Open{at, {}, {}, {}};
  return point;
}

void ReadingsKept::put_aside(NodeId node, const LongStep& of, PastReadings readings) {
  unstored_.push_back({node, of, std::move(readings)});
  if (unstored_.size() > most_unstored) unstored_.pop_front();
}

void ReadingsKept::add(NodeId node, const NodeSample& sample) {
  Kept& kept = nodes_[node.n];
  const auto is_over = [&](const Open& open, Span length) {
    return open.since.us != 0 && sample.at - open.since >= length;
  };
  if (is_over(kept.open, step)) {
    kept.points.push_back(close(kept.open, sample.at));
    if (kept.points.size() > most_reading_points) kept.points.pop_front();
  }
  add_to(kept.open, sample);
  for (std::size_t i = 0; i < long_steps.size(); ++i) {
    Open& open = kept.long_open[i];
    if (is_over(open, long_steps[i].step)) put_aside(node, long_steps[i], close(open, sample.at));
    add_to(open, sample);
  }
}

void ReadingsKept::complete(Time now) {
  for (auto& [node, kept] : nodes_)
    for (std::size_t i = 0; i < long_steps.size(); ++i)
      if (Open& open = kept.long_open[i]; !open.busy.empty())
        put_aside(NodeId{node}, long_steps[i], close(open, now));
}

Time ReadingsKept::begin_of(NodeId node) const {
  const auto found = nodes_.find(node.n);
  return found == nodes_.end() || found->second.points.empty() ? never
                                                               : found->second.points.front().at;
}

Readings ReadingsKept::between(const ReadingsQuery& query, const Node& node,
                               const std::vector<PastReadings>& before) const {
  std::vector<std::uint32_t> devices = query.devices;
  if (devices.empty()) {
    devices.resize(node.devices.size());
    std::iota(devices.begin(), devices.end(), 0u);
  }
  std::erase_if(devices, [&](std::uint32_t i) { return i >= node.devices.size(); });
  Readings readings;
  for (const std::uint32_t i : devices)
    readings.devices.push_back({{query.node, i}, node.devices[i].uid, {}, {}, {}});
  std::vector<const PastReadings*> points;
  const auto take = [&](const auto& all) {
    for (const PastReadings& point : all)
      if (point.at >= query.from && point.at <= query.until) points.push_back(&point);
  };
  take(before);
  if (const auto found = nodes_.find(query.node.n); found != nodes_.end())
    take(found->second.points);
  const std::size_t most = std::clamp<std::size_t>(query.most, 1, most_reading_points);
  const std::size_t joined = std::max<std::size_t>(1, (points.size() + most - 1) / most);
  for (std::size_t first = 0; first < points.size(); first += joined) {
    const std::size_t last = std::min(first + joined, points.size()) - 1;
    readings.at.push_back(points[last]->at);
    for (DeviceReadings& device : readings.devices) {
      Mean busy, memory, power;
      for (std::size_t i = first; i <= last; ++i) {
        if (device.device.index >= points[i]->devices.size()) continue;
        const PastReading& reading = points[i]->devices[device.device.index];
        busy.add(reading.busy_percent);
        memory.add(reading.memory_bytes);
        power.add(reading.power_watts);
      }
      device.busy_percent.push_back(busy.value());
      device.memory_bytes.push_back(memory.value());
      device.power_watts.push_back(power.value());
    }
  }
  return readings;
}

}  // namespace gangline
