// One alternative of a request held against one cluster: which devices may serve it.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "model/snapshot.h"
#include "schedule/place/free_state.h"
#include "schedule/place/scores.h"

namespace gangline {

class BestNodes;
class RoomBySwitch;

/// Which devices count.
struct DeviceRules {
  bool ever = false;  ///< also what is away now and may come back; nothing else below matters then
  bool allow_foreign = false;
  std::span<const DeviceId> avoid;
};

struct Wanted {
  std::uint32_t alternative = 0;
  std::uint32_t tasks = 1;
  std::uint32_t each = 0;  ///< devices of one task; 0: CPUs alone
  Share share = whole_device;
  CpuAmount cpus;
  Bytes memory{0};
  std::vector<Usable> kinds;  ///< what may serve it on nodes of each kind
  /// Nodes on which devices are avoided, ascending: there this holds instead.
  std::vector<std::pair<std::uint32_t, Usable>> special;
  bool slices = false;             ///< some of the devices are slices
  std::shared_ptr<Scores> scores;  ///< shared by all that ask for the same devices; never null

  std::size_t most_nodes = 0;   ///< that it may lie over; 0: any
  bool roomiest_first = false;  ///< it goes to the nodes with the most room, close together or not
  /// Where nodes are taken by closeness, it is known under which switches they are and there are
  /// several tasks; else null.
  std::shared_ptr<RoomBySwitch> by_switch;
  /// Where nodes are rated by the rule of a policy; null: they are taken by closeness.
  std::shared_ptr<BestNodes> best_nodes;

  const Usable& on(std::uint32_t node, const Kinds& in) const;
  bool is_special(std::uint32_t node) const;
};

Wanted want(const Kinds& kinds, const ResourceRequest& request, std::uint32_t alternative,
            const DeviceRules& rules);

/// Whether a task that was promised these devices may have them: those of a vendor of which the
/// node has most no more are as good as they were.
bool may_stay_on(const Usable& usable, const Node& node, const TaskPlace& task);

/// Kind, vendor, model, memory and (for several devices in one task) being no slice. A model may
/// be several with `|` between them: any of these.
bool matches(const Device& device, const DeviceRequest& request);

/// How many times `each` goes into `all`; without an end for 0.
constexpr std::uint32_t times_in(std::uint32_t all, std::uint32_t each) {
  return each == 0 ? std::numeric_limits<std::uint32_t>::max() : all / each;
}

/// What one task takes of the CPUs of nodes of this family, in thousandths.
std::uint32_t cpus_each_in(const Wanted& wanted, Family family);

/// How many of the tasks this node could take at once.
std::uint32_t tasks_that_fit(const Wanted& wanted, const Usable& usable, const FreeNode& free,
                             Slices slices = Slices::any);
/// Whether the whole cluster could take all of them, were it empty.
bool fits_when_empty(const Wanted& wanted, const Kinds& kinds);

}  // namespace gangline
