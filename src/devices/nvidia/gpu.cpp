#include "devices/nvidia/gpu.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdio>

#include "base/text.h"
#include "devices/nvidia/device_files.h"
#include "devices/nvidia/processes.h"
#include "devices/sysfs/see.h"

namespace gangline::nvml {
namespace {

constexpr std::uint32_t text_room = 96;    // NVML: enough for each name and UUID of version 2
constexpr std::uint32_t most_slices = 64;  // of one GPU; 7 on those made until now
constexpr std::uint32_t affinity_words = 64;

using TextCall = Calls::Call<Handle, char*, std::uint32_t>;
using WordCall = Calls::Call<Handle, std::uint32_t*>;

std::string text_of(TextCall call, Handle device) {
  std::array<char, text_room> text{};
  if (ask(call, device, text.data(), text_room) != success) return {};
  text.back() = '\0';
  return text.data();
}

std::optional<std::uint32_t> word_of(WordCall call, Handle device) {
  std::uint32_t word = 0;
  if (ask(call, device, &word) != success) return std::nullopt;
  return word;
}

Bytes bytes_of(std::uint64_t n) {
  return {static_cast<std::int64_t>(std::min(n, std::uint64_t{1} << 62))};
}

struct MemorySizes {
  Bytes total{0};
  Bytes used{0};
};

// Empty also for a total of 0: GPUs that share the memory of the host say so.
std::optional<MemorySizes> memory_of(const Calls& calls, Handle device) {
  Memory2 memory2{tag(sizeof(Memory2), 2), 0, 0, 0, 0};
  if (ask(calls.memory2, device, &memory2) == success && memory2.total > 0)
    return MemorySizes{bytes_of(memory2.total), bytes_of(memory2.used)};
  Memory memory{};
  if (ask(calls.memory, device, &memory) == success && memory.total > 0)
    return MemorySizes{bytes_of(memory.total), bytes_of(memory.used)};
  return std::nullopt;
}

// The kernel knows best; NVML's nodes near to the GPU are asked where sysfs does not say. (NVML's
// own NUMA node id is something else: that of GPUs whose memory is a NUMA node of the host.)
std::optional<std::uint32_t> numa_of(const Calls& calls, const std::string& root, Handle device,
                                     const std::string& pci_address) {
  const auto text = see_file(root + "/sys/bus/pci/devices/" + pci_address + "/numa_node", 4096);
  if (text) {
    const auto node = parse_number(trim(*text));  // -1, which is no such number: unknown
    if (node && *node < CpuSet::most_cpus) return static_cast<std::uint32_t>(*node);
  }
  std::array<unsigned long, affinity_words> words{};
  if (ask(calls.memory_affinity, device, affinity_words, words.data(), 0) != success)
    return std::nullopt;
  std::optional<std::uint32_t> only;
  for (std::uint32_t i = 0; i < affinity_words; ++i) {
    if (words[i] == 0) continue;
    if (only || !std::has_single_bit(words[i])) return std::nullopt;
    only = i * 64 + static_cast<std::uint32_t>(std::countr_zero(words[i]));
  }
  return only;
}

bool mig_is_on(const Calls& calls, Handle device) {
  std::uint32_t current = 0, pending = 0;
  return ask(calls.mig_mode, device, &current, &pending) == success && current == 1;
}

// Before driver 470.42.01 a slice is called MIG-GPU-<uuid>/<gpu instance>/<compute instance>.
SliceNumbers numbers_of(const Calls& calls, Handle slice, const std::string& uid) {
  SliceNumbers numbers{word_of(calls.gpu_instance, slice), word_of(calls.compute_instance, slice)};
  const auto parts = split(uid, '/');
  if (parts.size() != 3) return numbers;
  const auto number = [](std::string_view text) -> std::optional<std::uint32_t> {
    const auto n = parse_number(text);
    if (!n || *n > 0xffff) return std::nullopt;
    return static_cast<std::uint32_t>(*n);
  };
  if (!numbers.gpu_instance) numbers.gpu_instance = number(parts[1]);
  if (!numbers.compute_instance) numbers.compute_instance = number(parts[2]);
  return numbers;
}

Found read_slice(const Calls& calls, const std::string& root, const Found& gpu, Handle handle) {
  Found slice = gpu;
  slice.handle = handle;
  slice.slice = true;
  slice.cut = false;
  Device& facts = slice.facts;
  facts.uid = text_of(calls.uuid, handle);
  const std::string name = text_of(calls.name, handle);
  facts.model = name.empty() || name == gpu.facts.model ? gpu.facts.model + " MIG slice" : name;
  facts.allottable = true;
  facts.power_limit.reset();
  facts.memory = Bytes{0};
  SliceAttributes attributes{};
  if (const auto memory = memory_of(calls, handle)) facts.memory = memory->total;
  else if (ask(calls.slice_attributes, handle, &attributes) == success)
    facts.memory = bytes_of(std::min(attributes.memory_mib, std::uint64_t{1} << 40) << 20);
  const auto caps = slice_files(root, gpu.minor, numbers_of(calls, handle, facts.uid));
  facts.files.insert(facts.files.end(), caps.begin(), caps.end());
  return slice;
}

std::optional<double> temperature_of(const Calls& calls, Handle device) {
  Temperature tagged{tag(sizeof(Temperature), 1), 0, 0};
  if (ask(calls.temperature_tagged, device, &tagged) == success)
    return static_cast<double>(tagged.celsius);
  std::uint32_t celsius = 0;
  if (ask(calls.temperature, device, 0, &celsius) == success) return static_cast<double>(celsius);
  return std::nullopt;
}

}  // namespace

std::string address_of(const PciAddress& pci) {
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "%04x:%02x:%02x.0", pci.domain, pci.bus, pci.device);
  return text.data();
}

Found read_gpu(const Calls& calls, const std::string& root, std::uint32_t index, Handle handle) {
  Found gpu;
  gpu.handle = handle;
  gpu.index = index;
  Device& facts = gpu.facts;
  facts.vendor = "nvidia";
  facts.uid = text_of(calls.uuid, handle);
  facts.model = text_of(calls.name, handle);
  PciAddress pci{};
  const int code = ask(calls.pci, handle, &pci);
  if (code == success) {
    facts.pci_address = address_of(pci);
    facts.numa_node = numa_of(calls, root, handle, facts.pci_address);
  }
  facts.present = code != gpu_is_lost;
  if (const auto memory = memory_of(calls, handle)) facts.memory = memory->total;
  gpu.minor = word_of(calls.minor, handle);
  if (gpu.minor) facts.files.push_back("/dev/nvidia" + std::to_string(*gpu.minor));
  if (const auto limit = word_of(calls.power_limit_mw, handle))
    facts.power_limit = Watts{static_cast<double>(*limit) / 1000};
  gpu.cut = mig_is_on(calls, handle);
  facts.allottable = !gpu.cut;
  return gpu;
}

std::vector<Found> read_slices(const Calls& calls, const std::string& root, const Found& gpu) {
  std::vector<Found> slices;
  const std::uint32_t most = word_of(calls.most_slices, gpu.handle).value_or(0);
  for (std::uint32_t i = 0; i < std::min(most, most_slices); ++i) {
    Handle handle = nullptr;
    // The numbers have holes: a slice keeps its own when others are taken away.
    if (ask(calls.slice, gpu.handle, i, &handle) != success || handle == nullptr) continue;
    Found slice = read_slice(calls, root, gpu, handle);
    if (!slice.facts.uid.empty()) slices.push_back(std::move(slice));
  }
  return slices;
}

DeviceSample read_sample(const Calls& calls, const Found& device, bool& lost) {
  DeviceSample sample;
  const Handle handle = device.handle;
  PciAddress pci{};
  const int code = ask(calls.pci, handle, &pci);
  lost = code == gpu_is_lost || (device.slice ? text_of(calls.uuid, handle) != device.facts.uid
                                              : mig_is_on(calls, handle) != device.cut);
  if (const auto memory = memory_of(calls, handle)) sample.memory_used = memory->used;
  Utilization utilization{};
  if (ask(calls.utilization, handle, &utilization) == success)
    sample.busy_percent = static_cast<double>(utilization.gpu_percent);
  if (const auto power = word_of(calls.power_mw, handle))
    sample.power = Watts{static_cast<double>(*power) / 1000};
  unsigned long long energy = 0;
  if (ask(calls.energy_mj, handle, &energy) == success)
    sample.energy = Joules{static_cast<double>(energy) / 1000};
  sample.temperature_celsius = temperature_of(calls, handle);
  sample.processes = read_processes(calls, handle);
  return sample;
}

}  // namespace gangline::nvml
