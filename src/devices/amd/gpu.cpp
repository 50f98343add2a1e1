#include "devices/amd/gpu.h"

#include <algorithm>
#include <cstdio>

#include "base/text.h"
#include "devices/amd/gpu_metrics.h"
#include "devices/sysfs/device_names.h"
#include "devices/sysfs/hwmon.h"
#include "devices/sysfs/read.h"
#include "devices/sysfs/see.h"

namespace gangline::amd {
namespace {

constexpr std::size_t most_metrics = 64 << 10;

// Those that lists of libdrm from before them lack.
struct KnownName {
  std::uint64_t device;
  const char* name;
};
constexpr KnownName known_names[] = {
    {0x738c, "AMD Instinct MI100"},          {0x7408, "AMD Instinct MI250X"},
    {0x740c, "AMD Instinct MI250X / MI250"}, {0x740f, "AMD Instinct MI210"},
    {0x74a0, "AMD Instinct MI300A"},         {0x74a1, "AMD Instinct MI300X"},
    {0x74a2, "AMD Instinct MI308X"},         {0x74a5, "AMD Instinct MI325X"},
    {0x74b5, "AMD Instinct MI300X VF"},      {0x75a0, "AMD Instinct MI350X"},
    {0x75a3, "AMD Instinct MI355X"},
};

std::string model_of(const std::string& root, const Card& card) {
  if (auto name = name_at(card.directory + "/product_name")) return *name;
  const std::uint64_t device =
      hex_at(card.directory + "/device").value_or(card.nodes.front().device_id);
  const auto revision = hex_at(card.directory + "/revision");
  if (revision)
    if (auto name = name_in_amdgpu_ids(root, device, *revision)) return *name;
  for (const KnownName& known : known_names)
    if (known.device == device) return known.name;
  if (auto name = name_in_pci_ids(root, vendor_id, device)) return "AMD " + *name;
  char text[32];
  std::snprintf(text, sizeof text, "AMD GPU 0x%04llx", static_cast<unsigned long long>(device));
  return text;
}

std::optional<Bytes> bytes_at(const std::string& path) {
  const auto bytes = number_at(path);
  if (!bytes || *bytes > std::uint64_t{1} << 50) return std::nullopt;
  return Bytes{static_cast<std::int64_t>(*bytes)};
}

// Only modes that cut: SPX is one GPU, and what is no mode at all says nothing.
std::string partitions_of(const Card& card) {
  const auto mode = text_at(card.directory + "/current_compute_partition");
  for (const char* cut : {"DPX", "TPX", "QPX", "CPX"})
    if (mode == cut) return cut;
  return card.nodes.size() > 1 ? "part" : "";
}

void read_card(const std::string& root, Card& card) {
  Device& facts = card.facts;
  card.directory = pci_directory(root, card.address);
  card.path = pci_path(root, card.address, vendor_id);
  card.partitions = partitions_of(card);
  card.hwmon = hwmon_of(card.directory, "amdgpu");
  card.thermometer = thermometer(card.hwmon, "junction");
  if (card.thermometer.empty()) card.thermometer = thermometer(card.hwmon, "edge");
  facts.vendor = "amd";
  facts.model = model_of(root, card);
  facts.pci_address = card.address;
  facts.numa_node = pci_numa(root, card.address);
  facts.allottable = card.partitions.empty();
  const auto memory = bytes_at(card.directory + "/mem_info_vram_total");
  if (memory) facts.memory = *memory;
  else
    for (const KfdNode& node : card.nodes) facts.memory = facts.memory + node.memory;
  // To read the limit wakes a card.
  if (!card.hwmon.empty() && !is_asleep(card.directory))
    facts.power_limit = watts_at(card.hwmon + "/power1_cap");
  auto unique_id = hex_at(card.directory + "/unique_id");
  if (!unique_id && card.partitions.empty()) unique_id = card.nodes.front().unique_id;
  if (unique_id && *unique_id != 0) facts.uid = uid_of(*unique_id);
  if (!facts.allottable) return;
  for (const std::uint32_t n : numbered_in(card.directory + "/drm", "card"))
    facts.files.push_back("/dev/dri/card" + std::to_string(n));
  if (const auto minor = card.nodes.front().render_minor) {
    facts.files.push_back("/dev/dri/renderD" + std::to_string(*minor));
  } else {
    for (const std::uint32_t n : numbered_in(card.directory + "/drm", "renderD"))
      facts.files.push_back("/dev/dri/renderD" + std::to_string(n));
  }
}

}  // namespace

std::string uid_of(std::uint64_t unique_id) {
  char text[32];
  std::snprintf(text, sizeof text, "GPU-%016llx", static_cast<unsigned long long>(unique_id));
  return text;
}

std::vector<Card> read_cards(const std::string& root, const std::vector<KfdNode>& nodes) {
  std::vector<Card> cards;
  for (const KfdNode& node : nodes) {
    auto card = std::ranges::find(cards, node.address, &Card::address);
    if (card == cards.end()) {
      cards.emplace_back().address = node.address;
      card = cards.end() - 1;
    }
    card->nodes.push_back(node);
  }
  for (Card& card : cards) read_card(root, card);
  return cards;
}

DeviceSample read_sample(const Card& card, RunningCounter& energy) {
  DeviceSample sample;
  if (is_asleep(card.directory)) return sample;
  GpuMetrics metrics;
  if (const auto bytes = see_file(card.directory + "/gpu_metrics", most_metrics))
    metrics = decode_metrics(*bytes, card.nodes.front().chip);
  const auto busy = number_at(card.directory + "/gpu_busy_percent");
  if (busy && *busy <= 100) sample.busy_percent = static_cast<double>(*busy);
  else sample.busy_percent = metrics.busy_percent;
  sample.memory_used = bytes_at(card.directory + "/mem_info_vram_used");
  if (!card.hwmon.empty()) {
    sample.power = watts_at(card.hwmon + "/power1_average");
    if (!sample.power) sample.power = watts_at(card.hwmon + "/power1_input");
  }
  if (!sample.power) sample.power = metrics.power;
  if (!card.thermometer.empty()) sample.temperature_celsius = celsius_at(card.thermometer);
  if (!sample.temperature_celsius) sample.temperature_celsius = metrics.hotspot_celsius;
  if (metrics.energy_units)
    sample.energy = Joules{static_cast<double>(energy.read(*metrics.energy_units)) * joules_a_unit};
  return sample;
}

}  // namespace gangline::amd
