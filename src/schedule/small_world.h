// Small worlds for this room's tests: a few nodes, who holds what, who waits.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/check.h"
#include "model/snapshot.h"
#include "schedule/make_plan.h"

namespace gangline {

inline ResourceRequest cpus(std::uint32_t n, std::uint32_t tasks = 1) {
  return {tasks, {TaskRequest{std::nullopt, whole_cpus(n), {}}}};
}

inline ResourceRequest gpus(std::uint32_t n, std::uint32_t tasks = 1) {
  ResourceRequest request{tasks, {TaskRequest{}}};
  if (n > 0) request.alternatives[0].devices = DeviceRequest{};
  if (n > 0) request.alternatives[0].devices->count = n;
  return request;
}

inline ResourceRequest share(std::int32_t thousandths, std::uint32_t tasks = 1) {
  ResourceRequest request = gpus(1, tasks);
  request.alternatives[0].devices->share = {thousandths};
  return request;
}

struct SmallWorld {
  std::shared_ptr<Cluster> cluster = std::make_shared<Cluster>();
  Snapshot snapshot;

  SmallWorld() {
    snapshot.now = Time{seconds(1'000'000).us};
    snapshot.cluster = cluster;
    snapshot.queues = {Queue{}};
  }

  Node& node(const std::string& name, std::uint32_t gpu_count, std::uint32_t cpu_count) {
    Node& added = cluster->nodes.emplace_back();
    added.name = name;
    added.cpus = CpuSet::first(cpu_count);
    added.memory = gibibytes(64);
    for (std::uint32_t d = 0; d < gpu_count; ++d) {
      Device device;
      device.vendor = "nvidia";
      device.model = "NVIDIA H100 80GB HBM3";
      device.memory = gibibytes(80);
      added.devices.push_back(device);
    }
    return added;
  }
  Node& nodes(std::size_t n = 0) { return cluster->nodes[n]; }

  /// NVLink between each two of these devices of the last node.
  void island(const std::vector<std::uint32_t>& devices) {
    for (const std::uint32_t a : devices)
      for (const std::uint32_t b : devices)
        if (a < b) cluster->nodes.back().links.push_back({a, b, LinkKind::nvlink, 4});
  }

  static Allocation part(std::uint32_t node, const std::vector<std::uint32_t>& devices,
                         std::initializer_list<std::uint32_t> cpu_numbers,
                         Share of_each = whole_device) {
    TaskPlace task;
    for (const std::uint32_t d : devices) task.devices.push_back({d, of_each});
    task.cpus = CpuSet::of(cpu_numbers);
    return {0, {NodePart{{node}, {task}}}};
  }

  Holder& hold(std::uint64_t job, const Allocation& allocation, Span left = never - Time{}) {
    snapshot.holders.push_back({{job},
                                0,
                                1,
                                std::make_shared<const Allocation>(allocation),
                                snapshot.now - seconds(60),
                                snapshot.now + left});
    return snapshot.holders.back();
  }

  WaitingGroup& wait(std::uint64_t job, std::uint32_t count, const ResourceRequest& request) {
    WaitingGroup group;
    group.job = {job};
    group.count = count;
    group.request = std::make_shared<const ResourceRequest>(request);
    group.submitted = snapshot.now;
    snapshot.waiting.push_back(group);
    return snapshot.waiting.back();
  }

  Plan plan(std::string_view policy) const {
    const auto row = find_policy(policy);
    CHECK(row.has_value());
    return make_plan(snapshot, *row);
  }
};

}  // namespace gangline
