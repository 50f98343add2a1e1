#include "engine/slurm/node/networks.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <netpacket/packet.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <bit>
#include <memory>
#include <set>

#include "base/text.h"
#include "os/file.h"

namespace gangline {
namespace {

constexpr std::string_view mark = "gang-networks ";
constexpr std::size_t most_networks = 64;
constexpr std::uint32_t most_bits = 32;

std::string text_of(std::uint32_t number) {
  const in_addr address{htonl(number)};
  std::array<char, INET_ADDRSTRLEN> text{};
  if (::inet_ntop(AF_INET, &address, text.data(), text.size()) == nullptr) return {};
  return text.data();
}

std::uint32_t number_of(const sockaddr* address) {
  return ntohl(reinterpret_cast<const sockaddr_in*>(address)->sin_addr.s_addr);  // NOLINT
}

bool same_network(const NodeNetwork& a, const NodeNetwork& b) {
  if (a.prefix != b.prefix || a.prefix == 0) return false;
  return (a.number ^ b.number) >> (most_bits - a.prefix) == 0;
}

/// Names that systems give to interfaces of InfiniBand and of Slingshot.
bool is_fast_by_name(const std::string& interface) {
  return interface.starts_with("ib") || interface.starts_with("hsn");
}

/// Empty where it is not known, and for what is no device, such as bridges.
std::optional<std::uint64_t> speed_of(const std::string& interface) {
  const std::string place = "/sys/class/net/" + interface;
  struct stat there {};
  if (::stat((place + "/device").c_str(), &there) != 0) return std::nullopt;
  const auto text = read_file(place + "/speed");
  return text ? parse_number(trim(*text)) : std::nullopt;
}

/// Interfaces of which the kernel says that they are InfiniBand.
std::set<std::string> infiniband_among(const ifaddrs* all) {
  std::set<std::string> found;
  for (const ifaddrs* one = all; one != nullptr; one = one->ifa_next) {
    if (one->ifa_addr == nullptr || one->ifa_addr->sa_family != AF_PACKET) continue;
    const auto* link = reinterpret_cast<const sockaddr_ll*>(one->ifa_addr);  // NOLINT
    if (link->sll_hatype == ARPHRD_INFINIBAND) found.insert(one->ifa_name);
  }
  return found;
}

std::optional<NodeNetwork> network_from(std::string_view text) {
  const auto parts = split(text, '/');
  in_addr address{};
  if (parts.size() != 2 || ::inet_pton(AF_INET, std::string(parts[0]).c_str(), &address) != 1)
    return std::nullopt;
  const auto prefix = parse_number(parts[1]);
  if (!prefix || *prefix > most_bits) return std::nullopt;
  return NodeNetwork{std::string(parts[0]), ntohl(address.s_addr),
                     static_cast<std::uint32_t>(*prefix)};
}

}  // namespace

std::vector<NodeNetwork> networks_here() {
  ifaddrs* found = nullptr;
  if (::getifaddrs(&found) != 0) return {};
  const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> held(found, ::freeifaddrs);
  const std::set<std::string> infiniband = infiniband_among(found);
  std::vector<NodeNetwork> all;
  for (const ifaddrs* one = found; one != nullptr && all.size() < most_networks;
       one = one->ifa_next) {
    if (one->ifa_addr == nullptr || one->ifa_addr->sa_family != AF_INET ||
        one->ifa_netmask == nullptr)
      continue;
    if ((one->ifa_flags & IFF_UP) == 0 || (one->ifa_flags & IFF_LOOPBACK) != 0) continue;
    NodeNetwork network;
    network.number = number_of(one->ifa_addr);
    network.address = text_of(network.number);
    network.prefix = static_cast<std::uint32_t>(std::popcount(number_of(one->ifa_netmask)));
    network.interface = one->ifa_name;
    network.fast = infiniband.contains(network.interface) || is_fast_by_name(network.interface);
    all.push_back(std::move(network));
  }
  return all;
}

std::vector<NodeNetwork> faster_than(const std::string& address,
                                     const std::vector<NodeNetwork>& networks) {
  const auto usual = std::find_if(networks.begin(), networks.end(),
                                  [&](const NodeNetwork& one) { return one.address == address; });
  if (usual == networks.end() || usual->fast) return {};
  const auto usual_speed = speed_of(usual->interface);
  std::vector<NodeNetwork> faster;
  for (const NodeNetwork& one : networks) {
    const auto speed = speed_of(one.interface);
    if (one.fast || (usual_speed && speed && *speed > *usual_speed)) faster.push_back(one);
  }
  std::stable_sort(faster.begin(), faster.end(),
                   [](const NodeNetwork& a, const NodeNetwork& b) { return a.fast && !b.fast; });
  return faster;
}

std::string networks_line(std::uint32_t node, const std::vector<NodeNetwork>& networks) {
  std::string line = std::string(mark) + std::to_string(node);
  for (const NodeNetwork& one : networks)
    line += " " + one.address + "/" + std::to_string(one.prefix);
  return line + "\n";
}

std::optional<std::pair<std::uint32_t, std::vector<NodeNetwork>>> networks_from(
    std::string_view line) {
  if (!line.starts_with(mark)) return std::nullopt;
  const auto words = split(line.substr(mark.size()), ' ');
  const auto node = parse_number(words.front());
  if (!node || *node > ~std::uint32_t{0} || words.size() > most_networks + 1) return std::nullopt;
  std::vector<NodeNetwork> all;
  for (std::size_t i = 1; i < words.size(); ++i) {
    auto network = network_from(words[i]);
    if (!network) return std::nullopt;
    all.push_back(*std::move(network));
  }
  return std::pair{static_cast<std::uint32_t>(*node), std::move(all)};
}

std::vector<std::string> addresses_in_shared(
    const std::vector<NodeNetwork>& wanted,
    const std::map<std::uint32_t, std::vector<NodeNetwork>>& of_nodes, std::uint32_t nodes) {
  for (const NodeNetwork& network : wanted) {
    std::vector<std::string> addresses;
    std::set<std::string> different;
    for (std::uint32_t node = 0; node < nodes; ++node) {
      const auto there = of_nodes.find(node);
      if (there == of_nodes.end()) return {};
      for (const NodeNetwork& one : there->second)
        if (same_network(one, network) && different.insert(one.address).second) {
          addresses.push_back(one.address);
          break;
        }
    }
    // A network that every node has for itself gives all of them one address.
    if (addresses.size() == nodes && addresses.front() == network.address) return addresses;
  }
  return {};
}

}  // namespace gangline
