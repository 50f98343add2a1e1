// A device keeps its place in `Node::devices` for good, whatever is lost, cut or added later.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "model/cluster.h"

namespace gangline {

struct KeptNode {
  Node node;
  /// Where each device of the node as found stands in `node`; empty for one left out.
  std::vector<std::optional<std::uint32_t>> places;
};

/// `found` with its devices at the places they have in `known`, told apart by uid. A known device
/// that was not found stays, with present = false; new ones come after it.
KeptNode keep_places(const Node& known, Node found);

/// The sample of a node as found, for the node as kept. Devices that are not present have none.
NodeSample keep_places(const KeptNode& kept, NodeSample sample);

}  // namespace gangline
