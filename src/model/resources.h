// What a gang asks for, before anything is chosen.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/units.h"

namespace gangline {

enum class DeviceKind : std::uint8_t { gpu, fpga };

/// "gpu", "fpga".
const char* name_of(DeviceKind kind);

/// Devices of one task. Either `count` whole devices, or one device of which the task gets `share`.
struct DeviceRequest {
  DeviceKind kind = DeviceKind::gpu;
  std::uint32_t count = 1;     ///< at least 1; exactly 1 where `share` is not the whole device
  Share share = whole_device;  ///< 1..1000
  std::string vendor;          ///< "nvidia"; empty: any
  std::string model;           ///< part of the model's name, case ignored: "H100"; empty: any
  Bytes memory{0};             ///< least memory of each device
  auto operator<=>(const DeviceRequest&) const = default;
};

/// What one task gets. Without `devices` it computes on CPUs alone.
struct TaskRequest {
  std::optional<DeviceRequest> devices;
  /// Logical CPUs of its own. Where single CPUs are given (Node::cpus) each is given whole, and at
  /// least one.
  CpuAmount cpus = whole_cpus(1);
  Bytes memory{0};  ///< 0: not asked, so neither counted nor limited
  /// How much work is done with this alternative in some time, in thousandths of what is done at
  /// rate 1. Empty: as much.
  std::optional<std::uint32_t> rate = std::nullopt;
  auto operator<=>(const TaskRequest&) const = default;
};

inline std::uint32_t rate_of(const TaskRequest& task) { return task.rate.value_or(1'000); }
/// What a time that counts for rate 1 comes to with this alternative.
Span time_with(const TaskRequest& task, Span time);
/// What so long with this alternative comes to at rate 1.
Span work_with(const TaskRequest& task, Span ran);

/// What a gang asks for: `tasks` tasks, each with the same choice among the alternatives.
struct ResourceRequest {
  std::uint32_t tasks = 1;
  /// Never empty. That of the highest rate is liked best, of equal ones the first.
  std::vector<TaskRequest> alternatives{TaskRequest{}};
  auto operator<=>(const ResourceRequest&) const = default;
};

/// The alternatives in the order in which they are liked.
std::vector<std::uint32_t> liked_in_order(const ResourceRequest& request);
/// The longest that a time at rate 1 may come to, with the slowest alternative.
Span slowest_time(const ResourceRequest& request, Span time);
/// Whether some alternative says how fast it is.
bool has_rates(const ResourceRequest& request);

/// "2 tasks, each 1 gpu (H100) and 4 cpus", for sentences to people.
std::string describe(const ResourceRequest& request);
std::string describe(const TaskRequest& request);
std::string describe(CpuAmount cpus);

}  // namespace gangline
