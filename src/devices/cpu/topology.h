// hwloc's picture of the node: packages, cores, NUMA nodes and caches; no I/O devices.
#pragma once

#include <hwloc.h>

#include <memory>
#include <string>

namespace gangline {

struct DestroyTopology {
  void operator()(hwloc_topology* topology) const { hwloc_topology_destroy(topology); }
};
using Topology = std::unique_ptr<hwloc_topology, DestroyTopology>;

/// Null where hwloc fails. Changes the environment while it runs, see read_cpus.
Topology load_topology(const std::string& root);

}  // namespace gangline
