// Who uses a device without being of a gang of ours.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "model/cluster.h"
#include "model/event.h"

namespace gangline {

/// Processes whose descendants are ours, and the end of the GANG_ID of our gangs ("@epoch").
struct OurProcesses {
  std::vector<std::int64_t> ancestors;
  std::string id_suffix;
};

/// A process is ours if it descends from our launcher or its guardian, which take over whatever our
/// tasks leave behind, or was started with a GANG_ID of ours.
bool is_ours(std::int64_t pid, const OurProcesses& ours);

class ForeignUseWatch {
 public:
  void set_ours(OurProcesses ours);
  /// What changed with this reading of the node's devices.
  std::vector<Event> look(const NodeSample& sample, NodeId node);
  /// What changed with these leases of others, by device; empty: none.
  std::vector<Event> look(const std::vector<std::string>& lease_holders, NodeId node, Time at);

 private:
  std::vector<Event> changes(NodeId node, Time at);
  bool known_as_ours(std::int64_t pid);

  OurProcesses ours_;
  std::map<std::int64_t, bool> seen_;  // processes of the last reading
  // By device: who uses it, who holds its lease, and what was told.
  std::vector<std::string> users_, lease_holders_;
  std::vector<ForeignUse> told_;
};

}  // namespace gangline
