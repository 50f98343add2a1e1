// The parts of NVML's binary interface that we use, in our own words. NVML is a plain C library
// whose structs differ between its versions, so each size is stated. Source of the facts: NVML 13.3
// API.
#pragma once

#include <cstdint>

namespace gangline::nvml {

struct OpaqueDevice;
/// A GPU or a MIG slice, valid from init to shutdown.
using Handle = OpaqueDevice*;

/// What a call answers. Others exist; all but `success` mean that nothing was read.
enum Code : int {
  success = 0,
  uninitialized = 1,
  invalid_argument = 2,
  not_supported = 3,
  no_permission = 4,
  not_found = 6,
  insufficient_size = 7,
  driver_not_loaded = 9,
  function_not_found = 13,  ///< also our own answer for a symbol that the library lacks
  gpu_is_lost = 15,
  reset_required = 16,
  operating_system = 17,
  library_and_driver_differ = 18,
};

/// A struct that may grow carries its size and version in its first word.
constexpr std::uint32_t tag(std::size_t size, std::uint32_t version) {
  return static_cast<std::uint32_t>(size) | (version << 24);
}

/// The layout of _v3. Older calls fill a prefix of it: all but `bus_id`.
struct PciAddress {
  char bus_id_short[16];
  std::uint32_t domain, bus, device, device_id, subsystem_id;
  char bus_id[32];
};
static_assert(sizeof(PciAddress) == 68);

struct Memory {
  std::uint64_t total, free, used;
};
static_assert(sizeof(Memory) == 24);

/// `used` is without what the driver keeps for itself, unlike in `Memory`.
struct Memory2 {
  std::uint32_t version;
  std::uint64_t total, reserved, free, used;
};
static_assert(sizeof(Memory2) == 40);

struct Utilization {
  std::uint32_t gpu_percent, memory_percent;
};
static_assert(sizeof(Utilization) == 8);

constexpr std::uint64_t unknown_memory = ~std::uint64_t{0};

/// Entry of the first process list.
struct Process16 {
  std::uint32_t pid;
  std::uint64_t used_memory;
};
static_assert(sizeof(Process16) == 16);

/// Entry of _v2 and _v3.
struct Process24 {
  std::uint32_t pid;
  std::uint64_t used_memory;
  std::uint32_t gpu_instance, compute_instance;
};
static_assert(sizeof(Process24) == 24);

/// Entry of the detail list, and of _v3 in drivers 530.41.03 to 535.43.02.
struct Process32 {
  std::uint32_t pid;
  std::uint64_t used_memory;
  std::uint32_t gpu_instance, compute_instance;
  std::uint64_t protected_memory;
};
static_assert(sizeof(Process32) == 32);

enum ProcessMode : std::uint32_t { compute = 0, graphics = 1, mps = 2 };

struct ProcessList {
  std::uint32_t version, mode, count;
  Process32* entries;
};
static_assert(sizeof(ProcessList) == 24);

struct SliceAttributes {
  std::uint32_t multiprocessors, copy_engines, decoders, encoders, jpeg_engines, flow_engines;
  std::uint32_t gpu_slices, compute_slices;
  std::uint64_t memory_mib;
};
static_assert(sizeof(SliceAttributes) == 40);

struct Temperature {
  std::uint32_t version, sensor;
  std::int32_t celsius;
};
static_assert(sizeof(Temperature) == 12);

/// Topology ancestors of two GPUs.
enum Ancestor : int {
  same_board = 0,
  one_switch = 10,
  several_switches = 20,
  host_bridge = 30,
  numa_node = 40,
  whole_system = 50,
};

/// What an NVLink leads to.
enum RemoteKind : int { gpu = 0, npu = 1, nvlink_switch = 2, unknown_remote = 255 };

}  // namespace gangline::nvml
