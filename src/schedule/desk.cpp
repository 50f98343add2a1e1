#include "schedule/desk.h"

#include <algorithm>
#include <functional>
#include <string_view>
#include <tuple>

#include "schedule/never_fits.h"

namespace gangline {
namespace {

std::size_t mix(std::size_t seed, std::size_t value) {
  return (seed ^ value) * 0x9E3779B97F4A7C15ull + (seed >> 29);
}

/// Each alternative on what may be used now. Devices of earlier attempts are left out where the
/// cluster without them could serve at all; else they come after everything else.
std::vector<Wanted> wanted_of(const Snapshot& snapshot, const Shape& shape) {
  const Cluster& cluster = *snapshot.cluster;
  const auto count = static_cast<std::uint32_t>(shape.request->alternatives.size());
  std::vector<Wanted> wanted;
  for (std::uint32_t a = 0; a < count; ++a)
    wanted.push_back(want(cluster, *shape.request, a,
                          {false, shape.allow_foreign, snapshot.foreign, *shape.avoid}));
  if (shape.avoid->empty()) return wanted;
  const FreeState all(cluster);
  for (const Wanted& without : wanted)
    if (fits(without, all)) return wanted;
  for (std::uint32_t a = 0; a < count; ++a)
    wanted.push_back(
        want(cluster, *shape.request, a, {false, shape.allow_foreign, snapshot.foreign, {}}));
  return wanted;
}

}  // namespace

bool ShapeKey::operator==(const ShapeKey& other) const {
  return allow_foreign == other.allow_foreign &&
         (request == other.request || *request == *other.request) &&
         (avoid == other.avoid || *avoid == *other.avoid);
}

std::size_t ShapeHash::operator()(const ShapeKey& key) const {
  std::size_t hash = mix(key.allow_foreign ? 1 : 0, key.request->tasks);
  for (const TaskRequest& task : key.request->alternatives) {
    hash = mix(hash, task.cpus);
    hash = mix(hash, static_cast<std::size_t>(task.memory.n));
    if (!task.devices) continue;
    hash = mix(hash, task.devices->count);
    hash = mix(hash, static_cast<std::size_t>(task.devices->share.thousandths));
    hash = mix(hash, std::hash<std::string_view>{}(task.devices->model));
  }
  for (const DeviceId id : *key.avoid) hash = mix(hash, id.node.n * 64 + id.index);
  return hash;
}

Desk::Desk(const Snapshot& of) : snapshot(of), layouts(*of.cluster), free(*of.cluster) {
  held.reserve(of.holders.size());
  for (const Holder& holder : of.holders) {
    const bool overdue = holder.expected_end <= of.now;
    const Time end = overdue ? of.now + overdue_grace : holder.expected_end;
    held.push_back({holder.job, holder.allocation, holder.since, end, overdue});
    free.take(*holder.allocation);
  }
  std::stable_sort(held.begin(), held.end(), [](const Held& a, const Held& b) {
    return std::tie(a.since, a.job) < std::tie(b.since, b.job);
  });
}

Shape& Desk::shape_of(const WaitingGroup& group) {
  const bool allow_foreign =
      group.queue < snapshot.queues.size() && snapshot.queues[group.queue].allow_foreign;
  const ShapeKey key{group.request.get(), allow_foreign, &group.avoid};
  Shape*& known = by_content_[key];
  if (known != nullptr) return *known;
  Shape& shape = shapes_.emplace_back();
  known = &shape;
  shape.request = key.request;
  shape.allow_foreign = key.allow_foreign;
  shape.avoid = key.avoid;
  shape.hopeless = never_fits(*snapshot.cluster, *key.request);
  if (!shape.hopeless) shape.wanted = wanted_of(snapshot, shape);
  return shape;
}

void Desk::start(JobId job, std::shared_ptr<const Allocation> allocation, Time end) {
  free.take(*allocation);
  held.push_back({job, std::move(allocation), snapshot.now, end, false});
}

}  // namespace gangline
