// Fences that the kernel holds: control groups for memory, CPUs and device files, version 1 or 2,
// where this user may make them.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "launch/fence/usable_cpus.h"
#include "launch/start/start.h"
#include "model/allocation.h"
#include "model/cluster.h"
#include "model/event.h"

namespace gangline {

/// Control groups of the tasks of one gang.
struct RaisedFences {
  std::vector<Fence> fences;                     ///< what holds and what does not
  std::vector<CgroupDoors> doors;                ///< empty, or for each task files opened to enter
  std::vector<std::vector<std::string>> groups;  ///< directories, for each task
  std::vector<CpuSet> cpus;  ///< what each task is to be bound to; empty: to none

  bool hides_devices = false;  ///< no task can open devices that are not its own

  bool devices_hidden() const { return hides_devices; }
};

class Cgroups {
 public:
  /// `root` is "/" but in tests: /proc/self and /sys/fs/cgroup are looked for below it. `usable`
  /// says to which of some CPUs a task can be bound now, `why_unbound` why to none ever.
  explicit Cgroups(std::string root = "/",
                   std::function<CpuSet(const CpuSet&)> usable = usable_cpus,
                   std::string why_unbound = why_none_is_bound());
  Cgroups(const Cgroups&) = delete;
  Cgroups& operator=(const Cgroups&) = delete;

  /// From now on every task gets groups of its own: what is limited by them holds, and nothing that
  /// it starts leaves them.
  void always_group() { always_ = true; }
  /// Of a launcher that is not root. Where it stands in a group that was handed over to it
  /// (delegated_group.h), every task gets one of its own there. `why_no_group` is told where a
  /// limit cannot be had.
  void use_delegated_group(const std::string& why_no_group);
  /// Fences for the tasks of `part`. Groups are made only where something can be enforced. `name`
  /// is unique among living gangs.
  RaisedFences raise(const Node& node, const NodePart& part, const std::string& name);
  /// Closes the doors once the tasks are in.
  static void close_doors(RaisedFences& raised);
  /// Whether the memory limit of this task has ended one of its processes.
  static bool out_of_memory(const std::vector<std::string>& groups);
  /// Processes in the groups of a gang.
  static std::vector<std::int64_t> members(const std::vector<std::vector<std::string>>& groups);
  /// Ends all processes in the groups, also those that are just being made.
  static void end_all(const std::vector<std::vector<std::string>>& groups);
  /// Ends what is left in the groups and removes them. False: something is still in there.
  static bool lower(const std::vector<std::vector<std::string>>& groups);
  /// The groups that `raise` made under this name, also by an earlier launcher.
  std::vector<std::vector<std::string>> find(const std::string& name) const;
  /// The groups of a lane, also those that an earlier launcher made; see GroupName.
  std::vector<std::vector<std::string>> find_of_lane(std::uint64_t lane,
                                                     const std::string& epoch) const;
  /// Where this object makes groups, each directory once.
  std::vector<std::string> directories() const;
  /// From now on groups are also found there; an earlier launcher may have stood elsewhere.
  void look_also_in(std::vector<std::string> directories) { earlier_ = std::move(directories); }

 private:
  /// Where groups of one controller are made.
  struct Place {
    int version = 0;        ///< 1 or 2
    std::string directory;  ///< our own group, in which others are made
    bool ready = false;     ///< version 2: the controller is there for groups in it
    bool tried = false;
    std::string why_not = {};  ///< tried, and not ready
  };
  enum class Controller : std::uint8_t { memory, cpuset, devices };
  static constexpr std::size_t controllers = 3;
  /// Why a controller is no fence for some task; empty: it is one.
  using WhyNot = std::array<std::string, controllers>;
  /// A group of one task while it is set up.
  struct Draft {
    std::string path;
    int version = 0;
    std::array<bool, controllers> limits{};  ///< by controller: it is set up in this group
    bool broken = false;                     ///< one of them is not
  };
  using Drafts = std::vector<Draft>;

  void find_places();
  Place* usable(Controller controller);
  Result<void> make_ready(const Place& place, Controller controller) const;
  Error no_place(Controller controller) const;
  Fence limited_fence(const char* name, const char* how, Controller controller) const;
  Fence cpu_fence(const NodePart& part, const RaisedFences& raised, bool grouped,
                  const std::string& why_not) const;
  std::string group_of(Controller controller) const;
  /// By rank, the groups whose name is that of a rank.
  std::vector<std::vector<std::string>> find_all(
      const std::function<std::optional<std::uint64_t>(const std::string& group)>& rank_of) const;
  void raise_task(const TaskPlace& task, const std::vector<std::string>& denied,
                  const std::string& name, RaisedFences& raised, WhyNot& why_not);
  /// The group of a task for one controller, made if it is not there yet.
  Result<std::string> make_group(const Place& place, const std::string& name, Drafts& drafts) const;
  Result<void> limit_memory(Bytes memory, const std::string& name, Drafts& drafts);
  Result<void> limit_cpus(const CpuSet& cpus, const std::string& name, Drafts& drafts);
  Result<void> limit_devices(const std::vector<std::string>& denied, const std::string& name,
                             Drafts& drafts);

  std::string root_;
  std::function<CpuSet(const CpuSet&)> usable_cpus_;
  std::string why_unbound_;
  bool always_ = false;
  std::string delegated_;     ///< the group that was handed over to this user; empty: none
  std::string why_no_group_;  ///< what a user who has none is told
  std::vector<std::string> earlier_;
  std::array<Place, controllers> places_;
};

}  // namespace gangline
