#include "account/meter.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace gangline {
namespace {

double seconds_of(Span span) { return static_cast<double>(span.us) / 1e6; }

/// What went into the device between two readings; empty: it cannot be told.
std::optional<double> joules_between(const DeviceSample& before, const DeviceSample& now,
                                     Span between) {
  if (before.energy && now.energy && now.energy->j >= before.energy->j)
    return now.energy->j - before.energy->j;
  if (before.power && now.power) return (before.power->w + now.power->w) / 2 * seconds_of(between);
  return std::nullopt;
}

}  // namespace

void Meter::begin(GangId gang, std::uint32_t attempt, std::shared_ptr<const Allocation> allocation,
                  Time started) {
  const auto known = gangs_.find(gang);
  if (known != gangs_.end() && known->second.attempt == attempt) return;
  Metered metered;
  metered.attempt = attempt;
  metered.started = metered.read_to = started;
  for (const NodePart& part : allocation->parts)
    for (const TaskPlace& task : part.tasks)
      for (const DeviceShare& held : task.devices)
        metered.held.push_back(
            {part.node, held.device,
             static_cast<double>(held.share.thousandths) / whole_device.thousandths});
  if (!metered.held.empty()) gangs_[gang] = std::move(metered);
}

void Meter::end(GangId gang, Time at) {
  const auto found = gangs_.find(gang);
  if (found == gangs_.end()) return;
  found->second.ended = at;
  if (at - found->second.started < shortest_run) gangs_.erase(found);
}

void Meter::read(NodeId node, const NodeSample& sample) {
  const auto before = newest_.find(node.n);
  if (before != newest_.end() && sample.at > before->second.at &&
      sample.at - before->second.at <= longest_gap)
    for (auto& [_, gang] : gangs_) read_gang(gang, node, before->second, sample);
  newest_[node.n] = sample;
}

void Meter::read_gang(Metered& gang, NodeId node, const NodeSample& before, const NodeSample& now) {
  const Time from = std::max(gang.started, before.at);
  const Time to = std::min(gang.ended, now.at);
  if (to <= from) return;
  const Span between = now.at - before.at;
  const double part = seconds_of(to - from) / seconds_of(between);
  bool first = true;
  for (const Held& held : gang.held) {
    if (held.node != node || held.device >= now.devices.size() ||
        held.device >= before.devices.size())
      continue;
    const DeviceSample& device = now.devices[held.device];
    if (const auto joules = joules_between(before.devices[held.device], device, between)) {
      gang.joules += *joules * held.share * part;
      gang.energy_known = true;
    }
    if (device.busy_percent) {
      gang.busy_us += *device.busy_percent * static_cast<double>((to - from).us);
      gang.busy_of_us += static_cast<double>((to - from).us);
    }
    if (std::exchange(first, false)) gang.read = gang.read + (to - from);
  }
  gang.read_to = std::max(gang.read_to, to);
}

bool Meter::waits_for_reading() const {
  return std::any_of(gangs_.begin(), gangs_.end(),
                     [](const auto& each) { return each.second.ended != never; });
}

std::vector<GangMeasured> Meter::take(Time now) {
  std::vector<GangMeasured> measured;
  for (auto each = gangs_.begin(); each != gangs_.end();) {
    const Metered& gang = each->second;
    const bool over =
        gang.ended != never && (gang.read_to >= gang.ended || now - gang.ended >= longest_wait);
    if (!over) {
      ++each;
      continue;
    }
    GangMeasured result;
    result.gang = each->first;
    result.attempt = gang.attempt;
    if (gang.energy_known) result.energy = Joules{gang.joules};
    if (gang.busy_of_us > 0) result.busy_percent = gang.busy_us / gang.busy_of_us;
    result.read = gang.read;
    if (result.energy || result.busy_percent) measured.push_back(result);
    each = gangs_.erase(each);
  }
  return measured;
}

}  // namespace gangline
