// A fake libnvidia-ml.so.1 for tests: the binary interface of NVML over a machine that exists in a
// text file only. Environment: FAKE_NVML_FILE names the file; its form stands in profile.h.
//
// It is as strict as the real one: calls before init answer UNINITIALIZED, init is counted, a
// struct with a wrong tag is refused, a process list that does not fit answers INSUFFICIENT_SIZE
// with the size needed, an NVLink past the last is an INVALID_ARGUMENT, utilisation under MIG is
// NOT_SUPPORTED, and energy grows as the power says. The struct layouts are stated here anew, so
// that a mistake in ours (src/devices/nvidia/nvml_abi.h) is not repeated unseen. Three libraries
// are made of this source: fake_nvml/ has all symbols, fake_nvml/old/ those of a driver of about
// 2018, fake_nvml/least/ only init, count and handle (*.map).
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <optional>
#include <string>

#include "profile.h"

namespace {

using fake_nvml::Gpu;
using fake_nvml::NvLink;
using fake_nvml::Process;
using fake_nvml::Profile;
using fake_nvml::Slice;

using Word = unsigned int;

enum Answer : int {
  success = 0,
  uninitialized = 1,
  invalid_argument = 2,
  not_supported = 3,
  no_permission = 4,
  not_found = 6,
  insufficient_size = 7,
  gpu_is_lost = 15,
  argument_version_mismatch = 25,
  unknown = 999,
};

struct Pci {
  char short_id[16];
  Word domain, bus, device, device_id, subsystem_id;
  char id[32];
};
static_assert(sizeof(Pci) == 68);

/// What calls of old drivers wrote in place of Pci: the same beginning, other words after it.
constexpr std::size_t old_pci_size = 36;

struct MemoryOne {
  unsigned long long total, free, used;
};

struct MemoryTwo {
  Word version;
  unsigned long long total, reserved, free, used;
};
static_assert(sizeof(MemoryTwo) == 40);

struct Rates {
  Word gpu, memory;
};

struct Entry {
  Word pid;
  unsigned long long used;
  Word gi, ci;
  unsigned long long confidential;
};
static_assert(sizeof(Entry) == 32);

struct DetailList {
  Word version, mode, count;
  Entry* entries;
};
static_assert(sizeof(DetailList) == 24);

struct Attributes {
  Word sm, copy, decode, encode, jpeg, flow, gi_slices, ci_slices;
  unsigned long long mib;
};
static_assert(sizeof(Attributes) == 40);

struct Celsius {
  Word version, sensor;
  int value;
};
static_assert(sizeof(Celsius) == 12);

/// A handle is the address of one of these; which GPU and slot it means is its place.
struct Slot {
  char nothing;
};
using Handle = Slot*;
constexpr std::size_t gpu_slots = 64, slots_each = 17;  // the last of each is the GPU itself

struct State {
  std::mutex mutex;
  int inits = 0;
  std::optional<Profile> profile;
  std::string path;     // of the profile read last,
  struct stat file {};  // and what it was like then
  std::chrono::steady_clock::time_point energy_at = std::chrono::steady_clock::now();
  double joules[gpu_slots] = {};
  Slot slots[gpu_slots * slots_each] = {};
};

State& state() {
  static State the_state;
  return the_state;
}

void grow_energy(State& s) {
  const auto now = std::chrono::steady_clock::now();
  const double passed = std::chrono::duration<double>(now - s.energy_at).count();
  s.energy_at = now;
  if (!s.profile) return;
  for (std::size_t i = 0; i < s.profile->gpus.size(); ++i)
    s.joules[i] += s.profile->gpus[i].watts * passed;
}

void read_again_if_changed(State& s) {
  const char* path = std::getenv("FAKE_NVML_FILE");
  struct stat file {};
  if (path == nullptr || ::stat(path, &file) != 0) {
    s.profile.reset();
    return;
  }
  const bool same = s.path == path && file.st_mtim.tv_sec == s.file.st_mtim.tv_sec &&
                    file.st_mtim.tv_nsec == s.file.st_mtim.tv_nsec &&
                    file.st_ino == s.file.st_ino && file.st_size == s.file.st_size;
  if (same && s.profile) return;
  grow_energy(s);
  s.path = path;
  s.file = file;
  s.profile = fake_nvml::read_profile(path);
}

bool hangs(State& s, const char* call) {
  const std::lock_guard lock(s.mutex);
  read_again_if_changed(s);
  return s.profile && (s.profile->hangs.contains(call) || s.profile->hangs.contains("all"));
}

void hang_while_told(const char* call) {
  while (hangs(state(), call)) ::usleep(2000);
}

/// The beginning of each call: hangs, then answers what `answer` says of the machine.
template <class Ask>
int on_machine(const char* call, Ask answer) {
  hang_while_told(call);
  State& s = state();
  const std::lock_guard lock(s.mutex);
  if (s.inits == 0) return uninitialized;
  if (!s.profile) return unknown;
  return answer(s);
}

/// What a handle means now.
struct Meaning {
  std::size_t index;
  Gpu& gpu;
  const Slice* slice;
};

std::size_t place_of(const State& s, Handle handle) {
  return static_cast<std::size_t>(handle - s.slots);
}

const Slice* slice_in(const Gpu& gpu, std::size_t slot) {
  for (const Slice& slice : gpu.slices)
    if (slice.slot == slot) return &slice;
  return nullptr;
}

template <class Ask>
int on_device(const char* call, Handle handle, Ask answer) {
  return on_machine(call, [&](State& s) -> int {
    if (handle == nullptr || handle < s.slots || handle >= s.slots + gpu_slots * slots_each)
      return invalid_argument;
    const std::size_t index = place_of(s, handle) / slots_each;
    const std::size_t slot = place_of(s, handle) % slots_each;
    if (index >= s.profile->gpus.size()) return invalid_argument;
    Gpu& gpu = s.profile->gpus[index];
    if (gpu.lost) return gpu_is_lost;
    const Slice* slice = slot == slots_each - 1 ? nullptr : slice_in(gpu, slot);
    if (slot != slots_each - 1 && slice == nullptr) return invalid_argument;
    return answer(Meaning{index, gpu, slice}, s);
  });
}

/// A reading that slices do not have and that a profile can take away.
template <class Ask>
int on_gpu(const char* call, Handle handle, const char* reading, Ask answer) {
  return on_device(call, handle, [&](const Meaning& m, State& s) -> int {
    if (m.slice != nullptr || m.gpu.unsupported.contains(reading)) return not_supported;
    return answer(m.gpu, m.index, s);
  });
}

int put_text(const std::string& text, char* to, Word room) {
  if (to == nullptr) return invalid_argument;
  if (text.size() + 1 > room) return insufficient_size;
  std::memcpy(to, text.c_str(), text.size() + 1);
  return success;
}

Pci pci_of(const std::string& address) {
  Pci pci{};
  Word function = 0;
  // NOLINTNEXTLINE(cert-err34-c): a fixed form that the profile's author wrote
  if (std::sscanf(address.c_str(), "%x:%x:%x.%x", &pci.domain, &pci.bus, &pci.device, &function) !=
      4)
    return pci;
  std::snprintf(pci.short_id, sizeof pci.short_id, "%04X:%02X:%02X.0", pci.domain & 0xffffU,
                pci.bus & 0xffU, pci.device & 0xffU);
  std::snprintf(pci.id, sizeof pci.id, "%08X:%02X:%02X.0", pci.domain, pci.bus & 0xffU,
                pci.device & 0xffU);
  return pci;
}

int put_pci(const std::string& address, void* to, std::size_t size) {
  if (to == nullptr) return invalid_argument;
  const Pci pci = pci_of(address);
  std::memcpy(to, &pci, size);
  return success;
}

int list_processes(const char* call, Handle device, Word* count, void* to, std::size_t stride,
                   bool mps) {
  return on_device(call, device, [&](const Meaning& m, State& s) -> int {
    if (m.gpu.unsupported.contains("process")) return not_supported;
    if (count == nullptr) return invalid_argument;
    const auto& all = m.slice != nullptr ? m.slice->processes : m.gpu.processes;
    const std::size_t size = stride != 0 ? stride : s.profile->process_stride;
    Word n = 0;
    for (const Process& process : all) n += process.mps == mps ? 1 : 0;
    const Word room = *count;
    *count = n;
    if (n > room) return insufficient_size;
    auto* bytes = static_cast<unsigned char*>(to);
    for (const Process& process : all) {
      if (process.mps != mps) continue;
      const Word none = ~Word{0};
      const Entry entry{process.pid, process.bytes.value_or(~0ULL),
                        m.slice != nullptr ? m.slice->gi : none,
                        m.slice != nullptr ? m.slice->ci : none, 0};
      std::memcpy(bytes, &entry, size);
      bytes += size;
    }
    return success;
  });
}

const NvLink* nvlink_of(const Gpu& gpu, Word link) {
  return link < gpu.nvlinks.size() ? &gpu.nvlinks[link] : nullptr;
}

int nvlink_remote(const char* call, Handle device, Word link, void* to, std::size_t size) {
  return on_gpu(call, device, "nvlink", [&](const Gpu& gpu, std::size_t, const State& s) -> int {
    const NvLink* end = nvlink_of(gpu, link);
    if (end == nullptr) return invalid_argument;
    if (end->end == NvLink::End::down) return not_supported;
    if (end->end == NvLink::End::nvswitch) return put_pci(end->address, to, size);
    if (end->gpu >= s.profile->gpus.size()) return invalid_argument;
    return put_pci(s.profile->gpus[end->gpu].pci, to, size);
  });
}

bool tagged(Word version, std::size_t size, Word number) {
  return version == (static_cast<Word>(size) | (number << 24));
}

int init(const char* call) {
  hang_while_told(call);
  State& s = state();
  const std::lock_guard lock(s.mutex);
  read_again_if_changed(s);
  if (!s.profile) return unknown;
  if (s.profile->init_error != 0) return s.profile->init_error;
  ++s.inits;
  return success;
}

}  // namespace

// The names and arguments are NVML's own.
extern "C" {

int nvmlInit_v2() { return init("nvmlInit_v2"); }
int nvmlInit() { return init("nvmlInit"); }

int nvmlShutdown() {
  return on_machine("nvmlShutdown", [](State& s) -> int {
    --s.inits;
    return success;
  });
}

int nvmlSystemGetDriverVersion(char* to, Word room) {
  return on_machine("nvmlSystemGetDriverVersion",
                    [&](State& s) { return put_text(s.profile->driver, to, room); });
}

int nvmlDeviceGetCount_v2(Word* count) {
  return on_machine("nvmlDeviceGetCount_v2", [&](State& s) -> int {
    if (count == nullptr) return invalid_argument;
    *count = static_cast<Word>(s.profile->gpus.size());
    return success;
  });
}
int nvmlDeviceGetCount(Word* count) { return nvmlDeviceGetCount_v2(count); }

int nvmlDeviceGetHandleByIndex_v2(Word index, Handle* to) {
  return on_machine("nvmlDeviceGetHandleByIndex_v2", [&](State& s) -> int {
    if (to == nullptr || index >= s.profile->gpus.size()) return invalid_argument;
    if (s.profile->gpus[index].forbidden) return no_permission;
    if (s.profile->gpus[index].lost) return gpu_is_lost;
    *to = s.slots + index * slots_each + slots_each - 1;
    return success;
  });
}
int nvmlDeviceGetHandleByIndex(Word index, Handle* to) {
  return nvmlDeviceGetHandleByIndex_v2(index, to);
}

int nvmlDeviceGetName(Handle device, char* to, Word room) {
  return on_device("nvmlDeviceGetName", device, [&](const Meaning& m, const State&) {
    return put_text(m.slice != nullptr && !m.slice->name.empty() ? m.slice->name : m.gpu.name, to,
                    room);
  });
}

int nvmlDeviceGetUUID(Handle device, char* to, Word room) {
  return on_device("nvmlDeviceGetUUID", device, [&](const Meaning& m, const State&) {
    return put_text(m.slice != nullptr ? m.slice->uuid : m.gpu.uuid, to, room);
  });
}

int nvmlDeviceGetPciInfo_v3(Handle device, void* to) {
  return on_device("nvmlDeviceGetPciInfo_v3", device, [&](const Meaning& m, const State&) {
    return put_pci(m.gpu.pci, to, sizeof(Pci));
  });
}
int nvmlDeviceGetPciInfo_v2(Handle device, void* to) {
  return on_device("nvmlDeviceGetPciInfo_v2", device, [&](const Meaning& m, const State&) {
    return put_pci(m.gpu.pci, to, old_pci_size);
  });
}

int nvmlDeviceGetMinorNumber(Handle device, Word* to) {
  return on_gpu("nvmlDeviceGetMinorNumber", device, "minor",
                [&](const Gpu& gpu, std::size_t, const State&) -> int {
                  *to = gpu.minor;
                  return success;
                });
}

int nvmlDeviceGetMemoryInfo(Handle device, MemoryOne* to) {
  return on_device("nvmlDeviceGetMemoryInfo", device, [&](const Meaning& m, const State&) -> int {
    if (m.gpu.unsupported.contains("memory")) return not_supported;
    const std::uint64_t total = m.slice != nullptr ? m.slice->memory : m.gpu.memory;
    const std::uint64_t used = m.slice != nullptr ? m.slice->used : m.gpu.used + m.gpu.reserved;
    *to = {total, total - used, used};
    return success;
  });
}

int nvmlDeviceGetMemoryInfo_v2(Handle device, MemoryTwo* to) {
  return on_device(
      "nvmlDeviceGetMemoryInfo_v2", device, [&](const Meaning& m, const State&) -> int {
        if (!tagged(to->version, sizeof *to, 2)) return argument_version_mismatch;
        if (m.gpu.unsupported.contains("memory")) return not_supported;
        const std::uint64_t total = m.slice != nullptr ? m.slice->memory : m.gpu.memory;
        const std::uint64_t used = m.slice != nullptr ? m.slice->used : m.gpu.used;
        const std::uint64_t reserved = m.slice != nullptr ? 0 : m.gpu.reserved;
        *to = {to->version, total, reserved, total - used - reserved, used};
        return success;
      });
}

int nvmlDeviceGetMemoryAffinity(Handle device, Word words, unsigned long* to, int) {
  return on_gpu("nvmlDeviceGetMemoryAffinity", device, "numa",
                [&](const Gpu& gpu, std::size_t, const State&) -> int {
                  if (gpu.numa / 64 >= words) return insufficient_size;
                  std::memset(to, 0, words * sizeof(unsigned long));
                  to[gpu.numa / 64] = 1UL << (gpu.numa % 64);
                  return success;
                });
}

int nvmlDeviceGetEnforcedPowerLimit(Handle device, Word* to) {
  return on_gpu("nvmlDeviceGetEnforcedPowerLimit", device, "limit",
                [&](const Gpu& gpu, std::size_t, const State&) -> int {
                  *to = static_cast<Word>(gpu.limit_watts * 1000);
                  return success;
                });
}

int nvmlDeviceGetMigMode(Handle device, Word* current, Word* pending) {
  return on_gpu("nvmlDeviceGetMigMode", device, "mig",
                [&](const Gpu& gpu, std::size_t, const State&) -> int {
                  *current = *pending = gpu.mig ? 1 : 0;
                  return success;
                });
}

int nvmlDeviceGetMaxMigDeviceCount(Handle device, Word* to) {
  return on_gpu("nvmlDeviceGetMaxMigDeviceCount", device, "mig",
                [&](const Gpu& gpu, std::size_t, const State&) -> int {
                  *to = gpu.mig ? 7 : 0;
                  return success;
                });
}

int nvmlDeviceGetMigDeviceHandleByIndex(Handle device, Word slot, Handle* to) {
  return on_gpu("nvmlDeviceGetMigDeviceHandleByIndex", device, "mig",
                [&](const Gpu& gpu, std::size_t index, State& s) -> int {
                  if (slot >= 7) return invalid_argument;
                  if (slice_in(gpu, slot) == nullptr) return not_found;
                  *to = s.slots + index * slots_each + slot;
                  return success;
                });
}

int nvmlDeviceGetGpuInstanceId(Handle device, Word* to) {
  return on_device("nvmlDeviceGetGpuInstanceId", device,
                   [&](const Meaning& m, const State&) -> int {
                     if (m.slice == nullptr) return not_supported;
                     *to = m.slice->gi;
                     return success;
                   });
}

int nvmlDeviceGetComputeInstanceId(Handle device, Word* to) {
  return on_device("nvmlDeviceGetComputeInstanceId", device,
                   [&](const Meaning& m, const State&) -> int {
                     if (m.slice == nullptr) return not_supported;
                     *to = m.slice->ci;
                     return success;
                   });
}

int nvmlDeviceGetAttributes_v2(Handle device, Attributes* to) {
  return on_device("nvmlDeviceGetAttributes_v2", device,
                   [&](const Meaning& m, const State&) -> int {
                     if (m.slice == nullptr) return not_supported;
                     *to = {16, 1, 0, 0, 0, 0, 1, 1, m.slice->memory >> 20};
                     return success;
                   });
}

int nvmlDeviceGetTopologyCommonAncestor(Handle one, Handle other, int* to) {
  std::size_t place = 0;
  const int known = on_gpu("nvmlDeviceGetTopologyCommonAncestor", other, "ancestor",
                           [&](const Gpu&, std::size_t index, const State&) -> int {
                             place = index;
                             return success;
                           });
  if (known != success) return known;
  return on_gpu("nvmlDeviceGetTopologyCommonAncestor", one, "ancestor",
                [&](const Gpu& gpu, std::size_t index, const State& s) -> int {
                  const Gpu& peer = s.profile->gpus[place];
                  const auto told =
                      s.profile->ancestors.find({static_cast<Word>(std::min(index, place)),
                                                 static_cast<Word>(std::max(index, place))});
                  if (told != s.profile->ancestors.end()) *to = told->second;
                  else if (!gpu.pcie_switch.empty() && gpu.pcie_switch == peer.pcie_switch)
                    *to = 10;
                  else *to = gpu.numa == peer.numa ? 40 : 50;
                  return success;
                });
}

int nvmlDeviceGetNvLinkState(Handle device, Word link, int* to) {
  return on_gpu("nvmlDeviceGetNvLinkState", device, "nvlink",
                [&](const Gpu& gpu, std::size_t, const State&) -> int {
                  const NvLink* end = nvlink_of(gpu, link);
                  if (end == nullptr) return gpu.nvlinks.empty() ? not_supported : invalid_argument;
                  *to = end->end == NvLink::End::down ? 0 : 1;
                  return success;
                });
}

int nvmlDeviceGetNvLinkRemotePciInfo_v2(Handle device, Word link, void* to) {
  return nvlink_remote("nvmlDeviceGetNvLinkRemotePciInfo_v2", device, link, to, sizeof(Pci));
}
int nvmlDeviceGetNvLinkRemotePciInfo(Handle device, Word link, void* to) {
  return nvlink_remote("nvmlDeviceGetNvLinkRemotePciInfo", device, link, to, old_pci_size);
}

int nvmlDeviceGetNvLinkRemoteDeviceType(Handle device, Word link, int* to) {
  return on_gpu("nvmlDeviceGetNvLinkRemoteDeviceType", device, "nvlink",
                [&](const Gpu& gpu, std::size_t, const State&) -> int {
                  const NvLink* end = nvlink_of(gpu, link);
                  if (end == nullptr) return invalid_argument;
                  if (end->end == NvLink::End::down) return not_supported;
                  *to = end->end == NvLink::End::gpu ? 0 : 2;
                  return success;
                });
}

int nvmlDeviceGetUtilizationRates(Handle device, Rates* to) {
  return on_gpu("nvmlDeviceGetUtilizationRates", device, "busy",
                [&](const Gpu& gpu, std::size_t, const State&) -> int {
                  if (gpu.mig) return not_supported;
                  *to = {gpu.busy, gpu.busy / 2};
                  return success;
                });
}

int nvmlDeviceGetPowerUsage(Handle device, Word* to) {
  return on_gpu("nvmlDeviceGetPowerUsage", device, "watts",
                [&](const Gpu& gpu, std::size_t, const State&) -> int {
                  *to = static_cast<Word>(gpu.watts * 1000);
                  return success;
                });
}

int nvmlDeviceGetTotalEnergyConsumption(Handle device, unsigned long long* to) {
  return on_gpu("nvmlDeviceGetTotalEnergyConsumption", device, "energy",
                [&](const Gpu& gpu, std::size_t index, State& s) -> int {
                  grow_energy(s);
                  *to =
                      static_cast<unsigned long long>((gpu.energy_joules + s.joules[index]) * 1000);
                  return success;
                });
}

int nvmlDeviceGetTemperature(Handle device, int sensor, Word* to) {
  return on_gpu("nvmlDeviceGetTemperature", device, "celsius",
                [&](const Gpu& gpu, std::size_t, const State&) -> int {
                  if (sensor != 0) return invalid_argument;
                  *to = gpu.celsius;
                  return success;
                });
}

int nvmlDeviceGetTemperatureV(Handle device, Celsius* to) {
  return on_gpu("nvmlDeviceGetTemperatureV", device, "celsius",
                [&](const Gpu& gpu, std::size_t, const State&) -> int {
                  if (!tagged(to->version, sizeof *to, 1)) return argument_version_mismatch;
                  to->value = static_cast<int>(gpu.celsius);
                  return success;
                });
}

int nvmlDeviceGetRunningProcessDetailList(Handle device, DetailList* list) {
  const char* call = "nvmlDeviceGetRunningProcessDetailList";
  if (list == nullptr) return invalid_argument;
  if (!tagged(list->version, sizeof *list, 1)) return argument_version_mismatch;
  const int known = on_machine(
      call, [](const State& s) -> int { return s.profile->detail_list ? success : not_supported; });
  if (known != success) return known;
  return list_processes(call, device, &list->count, list->entries, sizeof(Entry), list->mode == 2);
}

int nvmlDeviceGetComputeRunningProcesses_v3(Handle device, Word* count, void* to) {
  return list_processes("nvmlDeviceGetComputeRunningProcesses_v3", device, count, to, 0, false);
}
int nvmlDeviceGetComputeRunningProcesses_v2(Handle device, Word* count, void* to) {
  return list_processes("nvmlDeviceGetComputeRunningProcesses_v2", device, count, to, 24, false);
}
int nvmlDeviceGetComputeRunningProcesses(Handle device, Word* count, void* to) {
  return list_processes("nvmlDeviceGetComputeRunningProcesses", device, count, to, 16, false);
}
int nvmlDeviceGetMPSComputeRunningProcesses_v3(Handle device, Word* count, void* to) {
  return list_processes("nvmlDeviceGetMPSComputeRunningProcesses_v3", device, count, to, 0, true);
}
int nvmlDeviceGetMPSComputeRunningProcesses_v2(Handle device, Word* count, void* to) {
  return list_processes("nvmlDeviceGetMPSComputeRunningProcesses_v2", device, count, to, 24, true);
}
int nvmlDeviceGetMPSComputeRunningProcesses(Handle device, Word* count, void* to) {
  return list_processes("nvmlDeviceGetMPSComputeRunningProcesses", device, count, to, 16, true);
}

}  // extern "C"
