#include "devices/nvidia/nvidia_backend.h"

#include <algorithm>
#include <array>
#include <map>

#include "base/text.h"
#include "devices/nvidia/gpu.h"
#include "devices/nvidia/links.h"
#include "devices/process_owner.h"
#include "devices/sysfs/see.h"

namespace gangline {
namespace {

using nvml::Found;

constexpr std::uint32_t most_gpus = 128;
constexpr std::size_t most_bytes = 4096;

// PCI: vendor 0x10de is NVIDIA; base class 0x03 is a display controller, which all its GPUs are.
bool nvidia_gpu_on_bus(const std::string& root) {
  const std::string all = root + "/sys/bus/pci/devices";
  const auto names = see_directory(all);
  if (!names) return false;
  return std::ranges::any_of(*names, [&](const std::string& name) {
    const auto vendor = see_file(all + "/" + name + "/vendor", most_bytes);
    if (!vendor || trim(*vendor) != "0x10de") return false;
    const auto device_class = see_file(all + "/" + name + "/class", most_bytes);
    return device_class && device_class->starts_with("0x03");
  });
}

class NvidiaBackend final : public DeviceBackend {
 public:
  NvidiaBackend(const std::string& root, const std::string& library)
      : root_(root), path_(library), owners_(root) {}

  BackendFacts facts() override {
    BackendFacts facts;
    found_.clear();
    if (!library_.start(path_)) {
      note_trouble(facts);
      return facts;
    }
    find_gpus(facts);
    facts.driver = driver();
    facts.links = nvml::read_links(library_.calls(), found_);
    for (const Found& device : found_) facts.devices.push_back(device.facts);
    return facts;
  }

  BackendSample sample() override {
    BackendSample all;
    for (const Found& device : found_) {
      bool lost = false;
      DeviceSample sample;
      if (device.facts.present) sample = nvml::read_sample(library_.calls(), device, lost);
      if (sample.processes)
        for (DeviceProcess& process : *sample.processes) owners_.name(process);
      all.devices.push_back(lost ? DeviceSample{} : std::move(sample));
      all.facts_changed = all.facts_changed || lost;
    }
    owners_.forget_others();
    return all;
  }

 private:
  void note_trouble(BackendFacts& facts) {
    if (!library_.trouble().empty()) facts.notes.push_back(library_.trouble());
    else if (!path_.empty() && nvidia_gpu_on_bus(root_))
      facts.notes.push_back("an NVIDIA GPU is on the PCI bus, but its driver is not installed");
  }

  std::string driver() const {
    std::array<char, 96> text{};
    const auto room = static_cast<std::uint32_t>(text.size());
    if (nvml::ask(library_.calls().driver_version, text.data(), room) != nvml::success) return {};
    text.back() = '\0';
    return text.data();
  }

  void find_gpus(BackendFacts& facts) {
    std::uint32_t count = 0;
    const int code = nvml::ask(library_.calls().count, &count);
    if (code != nvml::success)
      facts.notes.push_back("NVIDIA GPUs cannot be counted: " + nvml::sentence_of(code));
    std::uint32_t forbidden = 0;
    for (std::uint32_t index = 0; index < std::min(count, most_gpus); ++index) {
      nvml::Handle handle = nullptr;
      const int answer = nvml::ask(library_.calls().handle, index, &handle);
      if (answer == nvml::no_permission || answer == nvml::operating_system)
        ++forbidden;  // counted, but not ours: a device cgroup keeps it from us
      else if (answer != nvml::success || handle == nullptr) add_lost(index, answer, facts);
      else add_gpu(index, handle, facts);
    }
    if (forbidden > 0)
      facts.notes.push_back(std::to_string(forbidden) + " of " + std::to_string(count) +
                            " NVIDIA GPUs may not be opened by this user");
  }

  void add_gpu(std::uint32_t index, nvml::Handle handle, BackendFacts& facts) {
    Found gpu = nvml::read_gpu(library_.calls(), root_, index, handle);
    if (!gpu.facts.present) return add_lost(index, nvml::gpu_is_lost, facts);
    if (gpu.facts.uid.empty()) {
      // Without a UUID it can neither be told from others nor given to a task.
      facts.notes.push_back("NVIDIA GPU " + std::to_string(index) + " does not tell its UUID");
      return;
    }
    known_[index] = gpu;
    const auto place = static_cast<std::uint32_t>(found_.size());
    found_.push_back(gpu);
    if (!gpu.cut) return;
    std::vector<Found> slices = nvml::read_slices(library_.calls(), root_, gpu);
    if (slices.empty())
      facts.notes.push_back(gpu.facts.uid + " has MIG on, but no slice that could be given away");
    for (Found& slice : slices) {
      slice.facts.parent = place;
      found_.push_back(std::move(slice));
    }
  }

  /// A lost GPU does not say who it was; it is known again if this process has seen it before.
  void add_lost(std::uint32_t index, int code, BackendFacts& facts) {
    const auto known = known_.find(index);
    const std::string who = known == known_.end() ? "" : " (" + known->second.facts.uid + ")";
    facts.notes.push_back("NVIDIA GPU " + std::to_string(index) + who +
                          " does not answer: " + nvml::sentence_of(code));
    if (known == known_.end()) return;
    found_.push_back(known->second);
    found_.back().facts.present = false;
  }

  std::string root_;
  std::string path_;
  nvml::Library library_;
  ProcessOwners owners_;
  std::vector<Found> found_;              ///< by the last `facts`, in its order
  std::map<std::uint32_t, Found> known_;  ///< each GPU as it was when last seen whole, by index
};

}  // namespace

std::unique_ptr<DeviceBackend> make_nvidia_backend(const std::string& root,
                                                   const std::string& library) {
  return std::make_unique<NvidiaBackend>(root, library);
}

}  // namespace gangline
