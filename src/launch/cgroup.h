// Fences that the kernel holds: control groups for memory, CPUs and device files, version 1 or 2,
// where this user may make them.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "launch/start.h"
#include "model/allocation.h"
#include "model/cluster.h"
#include "model/event.h"

namespace gangline {

/// Control groups of the tasks of one gang.
struct RaisedFences {
  std::vector<Fence> fences;                     ///< what holds and what does not
  std::vector<CgroupDoors> doors;                ///< empty, or for each task files opened to enter
  std::vector<std::vector<std::string>> groups;  ///< directories, for each task
};

class Cgroups {
 public:
  /// `root` is "/" but in tests: /proc/self and /sys/fs/cgroup are looked for below it.
  explicit Cgroups(std::string root = "/");
  ~Cgroups();
  Cgroups(const Cgroups&) = delete;
  Cgroups& operator=(const Cgroups&) = delete;

  /// Fences for the tasks of `part`. Groups are made only where something can be enforced. `name`
  /// is unique among living gangs.
  RaisedFences raise(const Node& node, const NodePart& part, const std::string& name);
  /// Closes the doors once the tasks are in.
  static void close_doors(RaisedFences& raised);
  /// Whether the memory limit of this task has ended one of its processes.
  static bool out_of_memory(const std::vector<std::string>& groups);
  /// Ends what is left in the groups and removes them. False: something is still in there.
  static bool lower(const std::vector<std::vector<std::string>>& groups);
  /// The groups that `raise` made under this name, also by an earlier launcher.
  std::vector<std::vector<std::string>> find(const std::string& name) const;

 private:
  struct Places;
  std::unique_ptr<Places> places_;
};

}  // namespace gangline
