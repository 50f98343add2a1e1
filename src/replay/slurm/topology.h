// Which switches of Slurm's topology the nodes are under.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "model/cluster.h"

namespace gangline {

class SlurmTopology {
 public:
  /// A line that names a switch ("SwitchName=s0 Level=0 Nodes=n[0-3]", as `scontrol show topology`
  /// prints it and topology.conf has it) or a block of nodes ("BlockName=b0 Nodes=n[0-15]").
  static bool is_of_it(std::string_view line);
  /// False: the line makes no sense.
  bool add(std::string_view line);
  /// Gives each node its place. A node that is named under several switches is under the first.
  void give_places(std::vector<Node>& nodes) const;

 private:
  std::map<std::string, std::string> above_;    ///< the switch above a switch
  std::map<std::string, std::string> of_node_;  ///< the switch right above a node
};

/// What stands behind "key=" in a line of scontrol, up to the next blank; empty: it is not there.
std::string_view value_of(std::string_view text, std::string_view key);

}  // namespace gangline
