#include "devices/intel/card.h"

#include <algorithm>
#include <cstdio>

#include "devices/sysfs/device_names.h"
#include "devices/sysfs/hwmon.h"
#include "devices/sysfs/read.h"

namespace gangline::intel {
namespace {

constexpr std::size_t most_tiles = 16;
constexpr std::size_t most_parts = 16;  // of a tile
constexpr double most_watts = 100'000;  // no card takes that: the counter is nonsense
constexpr std::uint64_t most_memory = std::uint64_t{1} << 50;

// By PCI id, as Intel's own runtime calls them.
struct KnownName {
  std::uint64_t first, last;
  const char* name;
};
constexpr KnownName known_names[] = {
    {0x0b69, 0x0b69, "Intel Data Center GPU Max 1450"},
    {0x0b6e, 0x0b6e, "Intel Data Center GPU Max 1100C"},
    {0x0bd5, 0x0bd6, "Intel Data Center GPU Max 1550"},
    {0x0bd7, 0x0bd8, "Intel Data Center GPU Max 1350"},
    {0x0bd9, 0x0bdb, "Intel Data Center GPU Max 1100"},
    {0x56a0, 0x56a0, "Intel Arc A770"},
    {0x56a1, 0x56a1, "Intel Arc A750"},
    {0x56a2, 0x56a2, "Intel Arc A580"},
    {0x56a5, 0x56a5, "Intel Arc A380"},
    {0x56a6, 0x56a6, "Intel Arc A310"},
    {0x56b1, 0x56b1, "Intel Arc Pro A40/A50"},
    {0x56c0, 0x56c0, "Intel Data Center GPU Flex 170"},
    {0x56c1, 0x56c1, "Intel Data Center GPU Flex 140"},
    {0xe20b, 0xe20b, "Intel Arc B580"},
    {0xe20c, 0xe20c, "Intel Arc B570"},
};

std::string model_of(const std::string& root, const std::string& directory) {
  const auto device = hex_at(directory + "/device");
  if (!device) return "Intel GPU";
  for (const KnownName& known : known_names)
    if (known.first <= *device && *device <= known.last) return known.name;
  if (auto name = name_in_pci_ids(root, vendor_id, *device)) return "Intel " + *name;
  char text[32];
  std::snprintf(text, sizeof text, "Intel GPU 0x%04llx", static_cast<unsigned long long>(*device));
  return text;
}

std::vector<std::string> tiles_of(const IntelCard& card) {
  std::vector<std::string> tiles;
  for (const std::uint32_t n : numbered_in(card.directory, "tile")) {
    if (tiles.size() == most_tiles) break;
    tiles.push_back(card.directory + "/tile" + std::to_string(n));
  }
  return tiles;
}

/// The directory that i915 keeps of a card: <device>/drm/card0.
std::string drm_directory(const IntelCard& card) {
  const auto numbers = numbered_in(card.directory + "/drm", "card");
  return numbers.empty() ? "" : card.directory + "/drm/card" + std::to_string(numbers.front());
}

// Part of a CPU is always at this place of the bus and has neither memory nor sensors of its own;
// in a virtual machine any card may be there.
bool is_integrated(const IntelCard& card) {
  return card.address.starts_with("0000:00:02.") && card.hwmon.empty() && card.facts.memory.n == 0;
}

// All of the card: xe says it of each tile, some versions of i915 of the card, and others not.
Bytes memory_of(const IntelCard& card, const std::vector<std::string>& tiles) {
  std::uint64_t sum = 0;
  for (const std::string& tile : tiles) {
    const auto bytes = number_at(tile + "/physical_vram_size_bytes");
    if (!bytes || *bytes > most_memory) return Bytes{0};
    sum += *bytes;
  }
  if (sum == 0) {
    const std::string drm = drm_directory(card);
    auto bytes = drm.empty() ? std::nullopt : number_at(drm + "/lmem_total_bytes");
    if (!bytes) bytes = number_at(card.directory + "/lmem_total_bytes");
    if (bytes && *bytes <= most_memory) sum = *bytes;
  }
  return Bytes{static_cast<std::int64_t>(sum)};
}

// Of each tile the part that draws and computes; the other one is for video.
std::vector<std::string> idle_files_of(const IntelCard& card,
                                       const std::vector<std::string>& tiles) {
  std::vector<std::string> files;
  for (const std::string& tile : tiles) {
    auto parts = numbered_in(tile, "gt");
    parts.resize(std::min(parts.size(), most_parts));
    for (const std::uint32_t n : parts) {
      const std::string idle = tile + "/gt" + std::to_string(n) + "/gtidle";
      const auto name = text_at(idle + "/name");
      if (name && name->ends_with("-rc")) files.push_back(idle + "/idle_residency_ms");
    }
  }
  if (!tiles.empty() || card.driver != "i915") return files;
  const std::string drm = drm_directory(card);
  if (drm.empty()) return files;
  auto parts = numbered_in(drm + "/gt", "gt");
  parts.resize(std::min(parts.size(), most_parts));
  for (const std::uint32_t n : parts) {
    const std::string part = drm + "/gt/gt" + std::to_string(n);
    if (number_at(part + "/rc6_enable") == 0u) return {};  // it never sleeps, so all is busy
    files.push_back(part + "/rc6_residency_ms");
  }
  return files;
}

// To read a value wakes a card that sleeps, so what there is is told from the names.
void find_sensors(IntelCard& card) {
  card.hwmon = hwmon_of(card.directory, card.driver);
  const auto names = names_in(card.hwmon);
  if (card.hwmon.empty() || !names) return;
  const auto first_of = [&](std::initializer_list<const char*> files) {
    for (const char* file : files)
      if (std::ranges::binary_search(*names, file)) return card.hwmon + "/" + file;
    return std::string();
  };
  // 1 is the whole card, 2 what the chip alone takes.
  card.energy_file = first_of({"energy1_input", "energy2_input"});
  card.thermometer = thermometer(card.hwmon, "pkg");
  if (card.thermometer.empty()) card.thermometer = first_of({"temp2_input", "temp1_input"});
}

std::optional<Watts> power_limit_of(const IntelCard& card) {
  if (card.hwmon.empty() || is_asleep(card.directory)) return std::nullopt;
  for (const char* file : {"/power1_max", "/power1_cap", "/power2_max", "/power2_cap"})
    if (const auto limit = watts_at(card.hwmon + file)) return limit;
  return std::nullopt;
}

void read_card(const std::string& root, IntelCard& card) {
  Device& facts = card.facts;
  card.path = pci_path(root, card.address, {});
  find_sensors(card);
  const auto tiles = tiles_of(card);
  card.idle_files = idle_files_of(card, tiles);
  facts.vendor = "intel";
  facts.model = model_of(root, card.directory);
  if (tiles.size() > 1) facts.model += ", " + std::to_string(tiles.size()) + " tiles";
  facts.uid = "INTEL-" + card.address;
  facts.pci_address = card.address;
  facts.numa_node = pci_numa(root, card.address);
  facts.memory = memory_of(card, tiles);
  facts.power_limit = power_limit_of(card);
  for (const std::uint32_t n : numbered_in(card.directory + "/drm", "card"))
    facts.files.push_back("/dev/dri/card" + std::to_string(n));
  for (const std::uint32_t n : numbered_in(card.directory + "/drm", "renderD")) {
    facts.files.push_back("/dev/dri/renderD" + std::to_string(n));
    if (card.render_file.empty()) card.render_file = facts.files.back();
  }
  card.integrated = is_integrated(card);
}

// Empty: unknown. What never slept since the driver was loaded does not sleep at all, so nothing
// follows from its counter.
std::optional<double> busy_percent(const IntelCard& card, CardMeter& meter, Span at) {
  if (card.idle_files.empty()) return std::nullopt;
  meter.slept.resize(card.idle_files.size());
  double slept_ms = 0;
  for (std::size_t i = 0; i < card.idle_files.size(); ++i) {
    const auto slept = number_at(card.idle_files[i]);
    if (!slept || *slept == 0) {
      meter.idle.forget();
      return std::nullopt;
    }
    slept_ms += static_cast<double>(meter.slept[i].read(*slept));
  }
  const auto rate = meter.idle.read(slept_ms / static_cast<double>(card.idle_files.size()), at);
  if (!rate) return std::nullopt;
  return std::clamp(100 - *rate / 10, 0.0, 100.0);  // 1,000 ms in a second are all of it
}

}  // namespace

Cards read_cards(const std::string& root) {
  Cards found;
  auto addresses = accelerators_on_bus(root, vendor_id);
  // Domains above ffff have more digits.
  std::ranges::stable_sort(addresses, {}, &std::string::size);
  for (std::string& address : addresses) {
    IntelCard card;
    card.directory = pci_directory(root, address);
    card.driver = end_of_link(card.directory + "/driver");
    const bool draws = hex_at(card.directory + "/class").value_or(0) >> 16 == 0x03;
    if (card.driver != "xe" && card.driver != "i915") {
      // Of the class for computing are other things as well: for neural networks, FPGAs.
      if (card.driver.empty() && draws && !address.starts_with("0000:00:02."))
        found.driverless.push_back(std::move(address));
      continue;
    }
    card.address = std::move(address);
    read_card(root, card);
    card.facts.ordinal = static_cast<std::uint32_t>(found.cards.size());
    found.cards.push_back(std::move(card));
  }
  return found;
}

DeviceSample read_sample(const IntelCard& card, CardMeter& meter, Span at) {
  DeviceSample sample;
  if (is_asleep(card.directory)) {
    meter.power.forget();
    meter.idle.forget();
    return sample;
  }
  sample.busy_percent = busy_percent(card, meter, at);
  if (!card.thermometer.empty()) sample.temperature_celsius = celsius_at(card.thermometer);
  const auto microjoules = card.energy_file.empty() ? std::nullopt : number_at(card.energy_file);
  if (!microjoules) {
    meter.power.forget();
    return sample;
  }
  const double joules = static_cast<double>(meter.energy.read(*microjoules)) / 1e6;
  sample.energy = Joules{joules};
  const auto watts = meter.power.read(joules, at);
  if (watts && *watts <= most_watts) sample.power = Watts{*watts};
  return sample;
}

}  // namespace gangline::intel
