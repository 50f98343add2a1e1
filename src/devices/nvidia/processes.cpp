#include "devices/nvidia/processes.h"

#include <algorithm>
#include <cstring>

namespace gangline::nvml {
namespace {

using ListCall = Calls::Call<Handle, std::uint32_t*, void*>;
using Processes = std::optional<std::vector<DeviceProcess>>;

constexpr std::uint32_t first_room = 64;
constexpr std::uint32_t most_processes = 4096;
constexpr int most_attempts = 4;

DeviceProcess process_of(std::uint32_t pid, std::uint64_t used_memory) {
  DeviceProcess process;
  process.pid = pid;
  // Seen under WSL and under MIG without privilege: all ones for "not available".
  if (used_memory <= (std::uint64_t{1} << 62))
    process.memory = Bytes{static_cast<std::int64_t>(used_memory)};
  return process;
}

// All forms of an entry begin with the pid and the memory at the same offsets.
std::vector<DeviceProcess> decode(const std::vector<unsigned char>& bytes, std::uint32_t count,
                                  std::size_t stride) {
  std::vector<DeviceProcess> processes;
  for (std::uint32_t i = 0; i < count; ++i) {
    Process16 entry{};
    std::memcpy(&entry, bytes.data() + i * stride, sizeof entry);
    processes.push_back(process_of(entry.pid, entry.used_memory));
  }
  return processes;
}

/// `stride` 0: to be found out.
Processes read_list(ListCall call, Handle device, std::size_t stride) {
  std::uint32_t room = first_room;
  for (int attempt = 0; attempt < most_attempts; ++attempt) {
    std::vector<unsigned char> bytes(room * sizeof(Process32), untouched);
    std::uint32_t count = room;
    const int code = ask(call, device, &count, static_cast<void*>(bytes.data()));
    if (code == success && count <= room)
      return decode(bytes, count, stride != 0 ? stride : stride_seen(bytes, count));
    if (code != insufficient_size || count > most_processes) return std::nullopt;
    room = std::max(count, room) + first_room;  // more may come before the next call
  }
  return std::nullopt;
}

Processes read_details(const Calls& calls, Handle device, ProcessMode mode) {
  std::uint32_t room = first_room;
  for (int attempt = 0; attempt < most_attempts; ++attempt) {
    std::vector<Process32> entries(room);
    ProcessList list{tag(sizeof(ProcessList), 1), mode, room, entries.data()};
    const int code = ask(calls.process_details, device, &list);
    if (code == success && list.count <= room) {
      std::vector<DeviceProcess> processes;
      for (std::uint32_t i = 0; i < list.count; ++i)
        processes.push_back(process_of(entries[i].pid, entries[i].used_memory));
      return processes;
    }
    if (code != insufficient_size || list.count > most_processes) return std::nullopt;
    room = std::max(list.count, room) + first_room;
  }
  return std::nullopt;
}

Processes read_mode(const Calls& calls, Handle device, ProcessMode mode) {
  const bool mps_mode = mode == mps;
  if (auto details = read_details(calls, device, mode)) return details;
  if (const auto call = mps_mode ? calls.mps_processes3 : calls.processes3)
    return read_list(call, device, 0);
  if (const auto call = mps_mode ? calls.mps_processes2 : calls.processes2)
    return read_list(call, device, sizeof(Process24));
  return read_list(mps_mode ? calls.mps_processes1 : calls.processes1, device, sizeof(Process16));
}

}  // namespace

// Drivers 530.41.03 to 535.43.02 wrote entries of 32 bytes under the name that means 24 before and
// after (nvitop's pull requests 79, 89 and 226 tell the story). The room was filled beforehand, so
// the last byte written tells which.
std::size_t stride_seen(std::span<const unsigned char> bytes, std::uint32_t count) {
  const auto from = bytes.begin() + static_cast<std::ptrdiff_t>(count * sizeof(Process24));
  const auto to = bytes.begin() + static_cast<std::ptrdiff_t>(count * sizeof(Process32));
  const bool written = std::any_of(from, to, [](unsigned char byte) { return byte != untouched; });
  return written ? sizeof(Process32) : sizeof(Process24);
}

std::optional<std::vector<DeviceProcess>> read_processes(const Calls& calls, Handle device) {
  auto processes = read_mode(calls, device, compute);
  if (!processes) return std::nullopt;
  if (auto shared = read_mode(calls, device, mps))
    processes->insert(processes->end(), shared->begin(), shared->end());
  std::ranges::stable_sort(*processes, {}, &DeviceProcess::pid);
  const auto same_pid = [](const DeviceProcess& a, const DeviceProcess& b) {
    return a.pid == b.pid;
  };
  processes->erase(std::unique(processes->begin(), processes->end(), same_pid), processes->end());
  return processes;
}

}  // namespace gangline::nvml
