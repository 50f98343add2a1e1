#include "devices/amd/kfd.h"

#include <algorithm>
#include <map>

#include "base/text.h"
#include "devices/sysfs/pci.h"
#include "devices/sysfs/read.h"
#include "devices/sysfs/see.h"

namespace gangline::amd {
namespace {

constexpr std::size_t most_bytes = 64 << 10;
constexpr std::size_t most_nodes = 1024;
constexpr std::size_t most_links = 1024;
constexpr std::size_t most_banks = 64;
constexpr std::uint64_t xgmi_link = 11;  // io_links of type 2 are PCIe
constexpr std::uint64_t first_render_minor = 128, last_render_minor = 1 << 20;
constexpr std::uint64_t most_lanes = 64;

// Chips that are part of a CPU; their memory is a piece of the host's.
constexpr std::uint64_t integrated_chips[] = {90002,  90009,  90012,  100103, 100303,
                                              100305, 100306, 100307, 110003, 110500,
                                              110501, 110502, 110503};

using Properties = std::map<std::string, std::uint64_t, std::less<>>;

/// Lines "key number". Empty: cannot be read.
std::optional<Properties> properties_at(const std::string& path) {
  const auto text = see_file(path, most_bytes);
  if (!text) return std::nullopt;
  Properties properties;
  for (const std::string_view line : split(*text, '\n')) {
    const std::size_t space = line.find(' ');
    if (space == std::string_view::npos) continue;
    if (const auto number = parse_number(trim(line.substr(space))))
      properties.emplace(line.substr(0, space), *number);
  }
  return properties;
}

std::uint64_t value_of(const Properties& properties, std::string_view key) {
  const auto found = properties.find(key);
  return found == properties.end() ? 0 : found->second;
}

std::string nodes_directory(const std::string& root) {
  return root + "/sys/class/kfd/kfd/topology/nodes";
}

std::string directory_of(const std::string& root, std::uint32_t number) {
  return nodes_directory(root) + "/" + std::to_string(number);
}

// Heaps 1 and 2 are the GPU's own memory, seen by the host or not.
Bytes memory_of(const std::string& directory) {
  constexpr std::uint64_t most = std::uint64_t{1} << 50;
  std::uint64_t sum = 0;
  auto banks = numbered_in(directory + "/mem_banks", "");
  banks.resize(std::min(banks.size(), most_banks));
  for (const std::uint32_t bank : banks) {
    const auto found =
        properties_at(directory + "/mem_banks/" + std::to_string(bank) + "/properties");
    if (!found) continue;
    const std::uint64_t heap = value_of(*found, "heap_type");
    const std::uint64_t size = value_of(*found, "size_in_bytes");
    if ((heap == 1 || heap == 2) && size <= most && sum <= most) sum += size;
  }
  return Bytes{static_cast<std::int64_t>(sum)};
}

// The kernel says the bandwidth of all lanes between two GPUs, and that of one.
std::uint32_t lanes_of(const Properties& link) {
  const std::uint64_t one = value_of(link, "min_bandwidth"), all = value_of(link, "max_bandwidth");
  if (one == 0 || all % one != 0 || all / one > most_lanes) return 0;
  return static_cast<std::uint32_t>(all / one);
}

std::vector<KfdLink> xgmi_of(const std::string& directory) {
  std::vector<KfdLink> links;
  auto numbers = numbered_in(directory + "/io_links", "");
  numbers.resize(std::min(numbers.size(), most_links));
  for (const std::uint32_t number : numbers) {
    const auto link =
        properties_at(directory + "/io_links/" + std::to_string(number) + "/properties");
    if (!link || value_of(*link, "type") != xgmi_link) continue;
    const auto to = link->find("node_to");
    if (to == link->end() || to->second > 0xffff) continue;
    links.push_back({static_cast<std::uint32_t>(to->second), lanes_of(*link)});
  }
  return links;
}

KfdNode node_of(const std::string& directory, std::uint32_t number, std::uint64_t gpu_id,
                const Properties& properties) {
  KfdNode node;
  node.number = number;
  node.gpu_id = gpu_id;
  node.unique_id = value_of(properties, "unique_id");
  node.device_id = value_of(properties, "device_id");
  node.chip = value_of(properties, "gfx_target_version");
  // Of a partition, bits 28 and up hold its number on the card.
  node.address =
      pci_address(static_cast<std::uint32_t>(value_of(properties, "domain")),
                  static_cast<std::uint32_t>(value_of(properties, "location_id") & 0xffff));
  const std::uint64_t minor = value_of(properties, "drm_render_minor");
  if (minor >= first_render_minor && minor <= last_render_minor)
    node.render_minor = static_cast<std::uint32_t>(minor);
  node.memory = memory_of(directory);
  node.integrated = value_of(properties, "cpu_cores_count") > 0 ||
                    std::ranges::find(integrated_chips, node.chip) != std::end(integrated_chips);
  node.xgmi = xgmi_of(directory);
  return node;
}

}  // namespace

KfdTopology read_topology(const std::string& root) {
  KfdTopology topology;
  topology.present = names_in(nodes_directory(root)).has_value();
  auto numbers = numbered_in(nodes_directory(root), "");
  numbers.resize(std::min(numbers.size(), most_nodes));
  for (const std::uint32_t number : numbers) {
    const std::string directory = directory_of(root, number);
    const auto gpu_id = number_at(directory + "/gpu_id");
    if (gpu_id == 0u) continue;  // a CPU
    const auto properties = properties_at(directory + "/properties");
    // A GPU without its place on the bus cannot be told from others.
    if (gpu_id && properties && properties->contains("location_id"))
      topology.gpus.push_back(node_of(directory, number, *gpu_id, *properties));
    else ++topology.unreadable;
  }
  return topology;
}

std::optional<std::uint64_t> topology_generation(const std::string& root) {
  return number_at(root + "/sys/class/kfd/kfd/topology/generation_id");
}

bool is_still_there(const std::string& root, const KfdNode& node) {
  return number_at(directory_of(root, node.number) + "/gpu_id") == node.gpu_id;
}

}  // namespace gangline::amd
