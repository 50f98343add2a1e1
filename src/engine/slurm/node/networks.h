// The networks that a node is in, and which of them the nodes of a gang share.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gangline {

/// An IPv4 address of an interface that is up; none of the node alone.
struct NodeNetwork {
  std::string address;
  std::uint32_t number = 0;  ///< the address, in this machine's order of bytes
  std::uint32_t prefix = 0;  ///< so many bits of it name the network
  std::string interface = {};
  bool fast = false;  ///< InfiniBand or alike
};
std::vector<NodeNetwork> networks_here();
/// Of those, the ones that are worth asking the other nodes for: faster than the one with this
/// address.
std::vector<NodeNetwork> faster_than(const std::string& address,
                                     const std::vector<NodeNetwork>& networks);

/// How a node says in which networks it is. `node`: which of the step's.
std::string networks_line(std::uint32_t node, const std::vector<NodeNetwork>& networks);
/// Empty: it is no such line.
std::optional<std::pair<std::uint32_t, std::vector<NodeNetwork>>> networks_from(
    std::string_view line);

/// The address of each of `nodes` nodes in the first of `wanted` that all of them are in, each with
/// an address of its own. Empty: they share none.
std::vector<std::string> addresses_in_shared(
    const std::vector<NodeNetwork>& wanted,
    const std::map<std::uint32_t, std::vector<NodeNetwork>>& of_nodes, std::uint32_t nodes);

}  // namespace gangline
