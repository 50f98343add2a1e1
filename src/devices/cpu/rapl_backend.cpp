#include "devices/cpu/rapl_backend.h"

#include <unistd.h>

#include <algorithm>
#include <map>
#include <utility>

#include "devices/pack_node.h"
#include "devices/sysfs/counter.h"
#include "devices/sysfs/rate.h"
#include "devices/sysfs/read.h"
#include "devices/sysfs/see.h"

namespace gangline {
namespace {

constexpr std::size_t most_parts = 16;  // of a package
constexpr double most_watts = 100'000;  // no package takes that: the counter is nonsense

struct EnergyCounter {
  std::string file;
  std::optional<std::uint64_t> range;  ///< its largest value, after which it is 0 again
};

struct CountedPackage {
  std::string name;
  // Its own, and that of its memory, which is not part of its own.
  std::vector<EnergyCounter> counters;
};

struct PackageMeter {
  std::map<std::string, RunningCounter> energy;  ///< by file
  GrowthRate power;
};

class RaplBackend final : public DeviceBackend {
 public:
  RaplBackend(std::string root, std::function<Span()> clock)
      : root_(std::move(root)), clock_(std::move(clock)) {}

  BackendFacts facts() override {
    BackendFacts facts;
    packages_.clear();
    const std::string all = root_ + "/sys/class/powercap";
    // "intel-rapl-mmio:0" tells the first package a second time, "psys" all of the machine.
    for (const std::uint32_t n : numbered_in(all, "intel-rapl:")) {
      const std::string zone = all + "/intel-rapl:" + std::to_string(n);
      const auto name = name_at(zone + "/name");
      if (!name || !name->starts_with("package") || packages_.size() == most_packages) continue;
      if (std::ranges::find(packages_, *name, &CountedPackage::name) != packages_.end()) continue;
      packages_.push_back({*name, counters_of(all, n)});
      facts.packages.push_back({*name});
    }
    const bool closed = std::ranges::any_of(packages_, [](const CountedPackage& package) {
      const auto may = see_access(package.counters.front().file, R_OK);
      return !may && may.error().kind == ErrorKind::denied;
    });
    if (closed)
      facts.notes.emplace_back(
          "the energy of the CPUs is counted, but only root may read it: run the service as root, "
          "or "
          "let all read it (chmod a+r /sys/class/powercap/intel-rapl:*/energy_uj after each "
          "start), "
          "which lets programs guess what others compute");
    return facts;
  }

  BackendSample sample() override {
    BackendSample all;
    if (packages_.empty()) return all;
    const Span at = clock_();
    for (const CountedPackage& package : packages_)
      all.packages.push_back(read(package, meters_[package.name], at));
    return all;
  }

 private:
  static EnergyCounter counter_in(const std::string& zone) {
    EnergyCounter counter{zone + "/energy_uj", number_at(zone + "/max_energy_range_uj")};
    if (counter.range == 0u) counter.range.reset();
    return counter;
  }

  // Of the parts of a package, "core" and "uncore" are in its own count already.
  static std::vector<EnergyCounter> counters_of(const std::string& all, std::uint32_t n) {
    const std::string zone = "intel-rapl:" + std::to_string(n);
    std::vector<EnergyCounter> counters{counter_in(all + "/" + zone)};
    auto parts = numbered_in(all, zone + ":");
    parts.resize(std::min(parts.size(), most_parts));
    for (const std::uint32_t part : parts) {
      const std::string below = all + "/" + zone + ":" + std::to_string(part);
      if (text_at(below + "/name") != "dram") continue;
      counters.push_back(counter_in(below));
      break;
    }
    return counters;
  }

  // Empty unless all its counters can be read, so that the sum is always of the same.
  static CpuPackageSample read(const CountedPackage& package, PackageMeter& meter, Span at) {
    CpuPackageSample sample;
    double joules = 0;
    for (const EnergyCounter& counter : package.counters) {
      const auto microjoules = number_at(counter.file);
      if (!microjoules) {
        meter.power.forget();
        return sample;
      }
      const std::uint64_t counted = meter.energy[counter.file].read(*microjoules, counter.range);
      joules += static_cast<double>(counted) / 1e6;
    }
    sample.energy = Joules{joules};
    const auto watts = meter.power.read(joules, at);
    if (watts && *watts <= most_watts) sample.power = Watts{*watts};
    return sample;
  }

  std::string root_;
  std::function<Span()> clock_;
  std::vector<CountedPackage> packages_;  ///< by the last `facts`
  std::map<std::string, PackageMeter> meters_;
};

}  // namespace

std::unique_ptr<DeviceBackend> make_rapl_backend(const std::string& root,
                                                 std::function<Span()> clock) {
  return std::make_unique<RaplBackend>(root, std::move(clock));
}

}  // namespace gangline
