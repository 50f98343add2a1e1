// Which devices a network port is near to.
#pragma once

#include <string>

#include "model/cluster.h"

namespace gangline {

/// Sets `near` and `distance` of the node's ports, by where port and devices sit on the PCI bus
/// below `root`, or by their NUMA nodes. A device beyond another NUMA node is not
/// near. Slices count as their devices do and are not named.
void find_near_devices(const std::string& root, Node& node);

}  // namespace gangline
