// The first thing that a node of a pilot says to the service; what follows are the launcher's
// frames (launch/wire.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/units.h"
#include "model/cluster.h"

namespace gangline {

constexpr std::uint32_t node_hello_version = 1;
constexpr std::size_t largest_node_hello = 16 << 20;
constexpr std::size_t most_offered_ports = 1'024;

struct NodeHello {
  std::uint32_t version = node_hello_version;
  std::string host;     ///< as Slurm calls it
  std::string boot;     ///< of the machine
  std::string address;  ///< by which the other nodes reach it
  std::vector<std::uint16_t>
      ports;                 ///< nobody listens there, and its launcher gives them to nobody
  std::optional<Time> ends;  ///< when Slurm takes it back
  Node node;
};

/// With its length in front.
std::string frame_of(const NodeHello& hello);
/// Takes it off the front of `bytes` as soon as it is whole.
Result<std::optional<NodeHello>> take_node_hello(std::string& bytes);

}  // namespace gangline
