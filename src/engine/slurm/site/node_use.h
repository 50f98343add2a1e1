// What Slurm says of the use of its nodes, by whomever.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "engine/slurm/site/site.h"
#include "model/views.h"

namespace gangline {

/// By the node's name, of what `nodes_words` prints; `at`: when it was asked. Devices are numbered
/// as `read_slurm_nodes` numbers them.
std::map<std::string, PlacedNode> read_slurm_node_use(std::string_view text,
                                                      const std::vector<SlurmPartition>& partitions,
                                                      Time at);

/// The same of one node, which is `node_of(seen)`.
PlacedNode use_of(const SlurmNodeSeen& seen, const Node& node,
                  const std::vector<SlurmPartition>& partitions, Time at);

}  // namespace gangline
