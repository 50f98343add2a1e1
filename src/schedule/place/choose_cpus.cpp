#include "schedule/place/choose_cpus.h"

#include <algorithm>
#include <numeric>
#include <tuple>

namespace gangline {
namespace {

/// Takes up to `need` free CPUs of the NUMA node into `chosen`: whole cores while they fit, then
/// what is left of broken ones, and only then part of a whole one. Returns what is still needed.
std::uint32_t take_from(const NodeLayout& layout, std::uint32_t numa, const CpuSet& free,
                        std::uint32_t need, CpuSet& chosen) {
  struct Core {
    std::uint32_t free = 0;
    std::uint32_t index = 0;
  };
  std::vector<Core> broken, whole;
  for (std::uint32_t c = 0; c < layout.cores.size() && need > 0; ++c) {
    const CoreSpan& core = layout.cores[c];
    if (core.numa != numa) continue;
    std::uint32_t n = 0;
    for (std::uint32_t i = 0; i < core.count; ++i) n += free.has(layout.cpus[core.first + i]);
    if (n == 0) continue;
    if (n < core.count) {
      broken.push_back({n, c});
    } else if (need >= core.count) {
      for (std::uint32_t i = 0; i < core.count; ++i) chosen.add(layout.cpus[core.first + i]);
      need -= core.count;
    } else {
      whole.push_back({n, c});
    }
  }
  std::stable_sort(broken.begin(), broken.end(),
                   [](const Core& a, const Core& b) { return a.free < b.free; });
  broken.insert(broken.end(), whole.begin(), whole.end());
  for (const Core& core : broken) {
    const CoreSpan& span = layout.cores[core.index];
    for (std::uint32_t i = 0; i < span.count && need > 0; ++i) {
      const std::uint32_t cpu = layout.cpus[span.first + i];
      if (!free.has(cpu)) continue;
      chosen.add(cpu);
      --need;
    }
  }
  return need;
}

}  // namespace

std::vector<std::uint32_t> free_in_numa(const NodeLayout& layout, const CpuSet& free) {
  std::vector<std::uint32_t> counts(layout.numa_nodes, 0);
  for (const CoreSpan& core : layout.cores)
    for (std::uint32_t i = 0; i < core.count; ++i)
      counts[core.numa] += free.has(layout.cpus[core.first + i]);
  return counts;
}

CpuSet choose_cpus(const NodeLayout& layout, const CpuSet& free, std::uint32_t need,
                   const std::vector<bool>& near) {
  const std::vector<std::uint32_t> counts = free_in_numa(layout, free);
  std::vector<std::uint32_t> order(layout.numa_nodes);
  std::iota(order.begin(), order.end(), 0u);
  // Near ones first; then the smallest that is enough, so that large ones stay whole; then the
  // largest of those that are not enough.
  const auto key = [&](std::uint32_t numa) {
    const bool enough = counts[numa] >= need;
    const auto size = static_cast<std::int64_t>(counts[numa]);
    return std::tuple(numa < near.size() && near[numa] ? 0 : 1, enough ? 0 : 1,
                      enough ? size : -size, numa);
  };
  std::sort(order.begin(), order.end(),
            [&](std::uint32_t a, std::uint32_t b) { return key(a) < key(b); });
  CpuSet chosen;
  for (const std::uint32_t numa : order) {
    if (need == 0) break;
    need = take_from(layout, numa, free, need, chosen);
  }
  return chosen;
}

}  // namespace gangline
