#include "profile.h"

#include <fstream>
#include <functional>
#include <iostream>
#include <sstream>

namespace fake_nvml {
namespace {

constexpr std::size_t most_gpus = 64;
constexpr unsigned most_slots = 16;

std::uint64_t mib(std::uint64_t n) { return n << 20; }

std::string rest_of(std::istream& words) {
  std::string rest;
  std::getline(words >> std::ws, rest);
  while (!rest.empty() && rest.back() == ' ') rest.pop_back();
  return rest;
}

class Reader {
 public:
  /// False: the line makes no sense.
  bool read(const std::string& key, std::istream& words) {
    if (key == "gpu") return read_gpu(words);
    if (read_machine(key, words)) return true;
    if (profile.gpus.empty()) return false;
    if (key == "mig") return read_mig(words);
    Gpu& gpu = profile.gpus.back();
    if (slice_open_) return read_slice(key, words, gpu.slices.back());
    return read_identity(key, words, gpu) || read_reading(key, words, gpu) ||
           read_state(key, words, gpu);
  }

  Profile profile;

 private:
  bool read_machine(const std::string& key, std::istream& words) {
    if (key == "driver") return static_cast<bool>(words >> profile.driver);
    if (key == "init_error") return static_cast<bool>(words >> profile.init_error);
    if (key == "process_stride") return static_cast<bool>(words >> profile.process_stride);
    if (key == "detail_list") return profile.detail_list = true;
    std::string call;
    if (key == "hang" && words >> call) return profile.hangs.insert(call).second;
    unsigned a = 0, b = 0;
    int ancestor = 0;
    if (key != "ancestor" || !(words >> a >> b >> ancestor)) return false;
    profile.ancestors[{std::min(a, b), std::max(a, b)}] = ancestor;
    return true;
  }

  bool read_gpu(std::istream& words) {
    std::size_t number = 0;
    if (!(words >> number) || number != profile.gpus.size() || number >= most_gpus) return false;
    slice_open_ = false;
    Gpu gpu;
    gpu.uuid = "GPU-00000000-0000-0000-0000-00000000000" + std::to_string(number);
    gpu.minor = static_cast<unsigned>(number);
    profile.gpus.push_back(gpu);
    return true;
  }

  bool read_mig(std::istream& words) {
    Gpu& gpu = profile.gpus.back();
    std::string slot;
    if (!(words >> slot)) return false;
    gpu.mig = true;
    if (slot == "on") return true;
    Slice slice;
    if (!(std::istringstream(slot) >> slice.slot) || slice.slot >= most_slots) return false;
    slice_open_ = true;
    gpu.slices.push_back(slice);
    return true;
  }

  static bool read_size(std::istream& words, std::uint64_t& bytes) {
    std::uint64_t n = 0;
    if (!(words >> n)) return false;
    bytes = mib(n);
    return true;
  }

  static bool read_process(std::istream& words, bool mps, std::vector<Process>& processes) {
    Process process;
    std::string size;
    if (!(words >> process.pid >> size)) return false;
    process.mps = mps;
    if (size != "-") process.bytes = mib(std::stoull(size));
    processes.push_back(process);
    return true;
  }

  static bool read_slice(const std::string& key, std::istream& words, Slice& slice) {
    if (key == "uuid") return static_cast<bool>(words >> slice.uuid);
    if (key == "name") return !(slice.name = rest_of(words)).empty();
    if (key == "gi") return static_cast<bool>(words >> slice.gi);
    if (key == "ci") return static_cast<bool>(words >> slice.ci);
    if (key == "memory_mib") return read_size(words, slice.memory);
    if (key == "used_mib") return read_size(words, slice.used);
    return key == "process" && read_process(words, false, slice.processes);
  }

  static bool read_identity(const std::string& key, std::istream& words, Gpu& gpu) {
    if (key == "name") return !(gpu.name = rest_of(words)).empty();
    if (key == "uuid") return static_cast<bool>(words >> gpu.uuid);
    if (key == "pci") return static_cast<bool>(words >> gpu.pci);
    if (key == "pcie_switch") return static_cast<bool>(words >> gpu.pcie_switch);
    if (key == "minor") return static_cast<bool>(words >> gpu.minor);
    if (key == "numa") return static_cast<bool>(words >> gpu.numa);
    if (key == "memory_mib") return read_size(words, gpu.memory);
    return key == "reserved_mib" && read_size(words, gpu.reserved);
  }

  static bool read_reading(const std::string& key, std::istream& words, Gpu& gpu) {
    if (key == "used_mib") return read_size(words, gpu.used);
    if (key == "busy") return static_cast<bool>(words >> gpu.busy);
    if (key == "celsius") return static_cast<bool>(words >> gpu.celsius);
    if (key == "watts") return static_cast<bool>(words >> gpu.watts);
    if (key == "limit_watts") return static_cast<bool>(words >> gpu.limit_watts);
    if (key == "energy_joules") return static_cast<bool>(words >> gpu.energy_joules);
    return (key == "process" || key == "mps") && read_process(words, key == "mps", gpu.processes);
  }

  static bool read_state(const std::string& key, std::istream& words, Gpu& gpu) {
    if (key == "lost") return gpu.lost = true;
    if (key == "forbidden") return gpu.forbidden = true;
    if (key == "nvlink") return read_nvlink(words, gpu);
    if (key != "unsupported") return false;
    for (std::string name; words >> name;) gpu.unsupported.insert(name);
    return true;
  }

  static bool read_nvlink(std::istream& words, Gpu& gpu) {
    std::string end;
    unsigned count = 0;
    NvLink link;
    if (!(words >> end)) return false;
    if (end == "gpu") {
      link.end = NvLink::End::gpu;
      words >> link.gpu;
    } else if (end == "switch") {
      link.end = NvLink::End::nvswitch;
      words >> link.address;
    } else if (end != "down") {
      return false;
    }
    if (!(words >> count) || count > 64) return false;
    gpu.nvlinks.insert(gpu.nvlinks.end(), count, link);
    return true;
  }

  bool slice_open_ = false;
};

}  // namespace

std::optional<Profile> read_profile(const std::string& path) {
  std::ifstream file(path);
  if (!file) {
    std::cerr << "fake NVML: cannot read '" << path << "'; name a profile in FAKE_NVML_FILE\n";
    return std::nullopt;
  }
  Reader reader;
  int number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    std::istringstream words(line.substr(0, line.find('#')));
    std::string key;
    if (!(words >> key)) continue;
    if (!reader.read(key, words)) {
      std::cerr << "fake NVML: " << path << ":" << number << ": not understood: " << line << "\n";
      return std::nullopt;
    }
  }
  return reader.profile;
}

}  // namespace fake_nvml
