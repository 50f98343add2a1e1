#include "devices/nvidia/links.h"

#include <algorithm>
#include <map>
#include <string>

namespace gangline::nvml {
namespace {

// NVML's own limit is 36 now and was 18 before, so the loop ends where the library says so.
constexpr std::uint32_t most_nvlinks = 256;

/// How many NVLinks of a GPU lead to what, by PCI address. Switches that hide their address count
/// as one switch.
struct Ends {
  std::map<std::string, std::uint32_t> switches;
  std::map<std::string, std::uint32_t> peers;
};

Ends ends_of(const Calls& calls, Handle device) {
  Ends ends;
  for (std::uint32_t link = 0; link < most_nvlinks; ++link) {
    int active = 0;
    if (ask(calls.nvlink_active, device, link, &active) != success) break;
    if (active == 0) continue;
    PciAddress remote{};
    const bool known = ask(calls.nvlink_remote, device, link, &remote) == success;
    int kind = unknown_remote;
    if (ask(calls.nvlink_remote_kind, device, link, &kind) != success) kind = unknown_remote;
    const std::string address = known ? address_of(remote) : std::string();
    if (kind == nvlink_switch) ++ends.switches[address];
    else if (kind != npu && known) ++ends.peers[address];
  }
  return ends;
}

std::uint32_t lanes_between(const Found& a, const Ends& from_a, const Found& b,
                            const Ends& from_b) {
  std::uint32_t lanes = 0;
  if (const auto direct = from_a.peers.find(b.facts.pci_address); direct != from_a.peers.end())
    lanes += direct->second;
  else if (const auto back = from_b.peers.find(a.facts.pci_address); back != from_b.peers.end())
    lanes += back->second;
  for (const auto& [address, count] : from_a.switches)
    if (const auto other = from_b.switches.find(address); other != from_b.switches.end())
      lanes += std::min(count, other->second);
  // A library too old to tell what is at the other end names switches as peers.
  for (const auto& [address, count] : from_a.peers)
    if (const auto other = from_b.peers.find(address); other != from_b.peers.end() &&
                                                       address != a.facts.pci_address &&
                                                       address != b.facts.pci_address)
      lanes += std::min(count, other->second);
  return lanes;
}

std::optional<LinkKind> kind_of(int ancestor) {
  switch (ancestor) {
    case same_board: return LinkKind::same_board;
    case one_switch: return LinkKind::pcie_switch;
    case several_switches: return LinkKind::pcie_switches;
    case host_bridge: return LinkKind::host_bridge;
    case numa_node: return LinkKind::numa;
    case whole_system: return LinkKind::system;
    default: return std::nullopt;
  }
}

/// Index of the device's GPU: its own, or that of the GPU it is a slice of.
std::uint32_t gpu_of(const std::vector<Found>& devices, std::uint32_t i) {
  return devices[i].facts.parent.value_or(i);
}

class LinkReader {
 public:
  LinkReader(const Calls& calls, const std::vector<Found>& devices)
      : calls_(calls), devices_(devices), ends_(devices.size()) {
    for (std::size_t i = 0; i < devices.size(); ++i)
      if (!devices[i].slice && !devices[i].cut && devices[i].facts.present)
        ends_[i] = ends_of(calls, devices[i].handle);
  }

  std::optional<Link> between(std::uint32_t a, std::uint32_t b) {
    const std::uint32_t gpu_a = gpu_of(devices_, a);
    const std::uint32_t gpu_b = gpu_of(devices_, b);
    if (gpu_a == gpu_b) return Link{a, b, LinkKind::same_board, 0};
    if (!devices_[a].facts.present || !devices_[b].facts.present) return std::nullopt;
    const std::uint32_t lanes = lanes_between(devices_[a], ends_[a], devices_[b], ends_[b]);
    if (lanes > 0) return Link{a, b, LinkKind::nvlink, lanes};
    const auto kind = over_pcie(gpu_a, gpu_b);
    if (!kind) return std::nullopt;
    return Link{a, b, *kind, 0};
  }

 private:
  /// Asked once for each pair of GPUs, not for each pair of slices.
  std::optional<LinkKind> over_pcie(std::uint32_t gpu_a, std::uint32_t gpu_b) {
    const auto [entry, fresh] = ancestors_.try_emplace({gpu_a, gpu_b});
    int ancestor = 0;
    if (fresh &&
        ask(calls_.ancestor, devices_[gpu_a].handle, devices_[gpu_b].handle, &ancestor) == success)
      entry->second = kind_of(ancestor);
    return entry->second;
  }

  const Calls& calls_;
  const std::vector<Found>& devices_;
  std::vector<Ends> ends_;
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::optional<LinkKind>> ancestors_;
};

}  // namespace

std::vector<Link> read_links(const Calls& calls, const std::vector<Found>& devices) {
  LinkReader reader(calls, devices);
  std::vector<Link> links;
  const auto count = static_cast<std::uint32_t>(devices.size());
  for (std::uint32_t a = 0; a < count; ++a)
    for (std::uint32_t b = a + 1; b < count; ++b)
      if (const auto link = reader.between(a, b)) links.push_back(*link);
  return links;
}

}  // namespace gangline::nvml
