// How much of a node's free devices would come to be used if what people usually ask for kept
// coming. Our own measure; docs/decisions/015-place-gang.md says why it looks like this.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "model/usual.h"
#include "schedule/place/kinds.h"

namespace gangline {

class ExpectedUse {
 public:
  ExpectedUse(const Kinds& kinds, std::span<const UsualTask> usual);

  /// Thousandths of devices. `free`: of each device of a node of this kind. Each device is filled
  /// by usual tasks that come in random order, each by its part, until none fits any more; and all
  /// together no further than the node's CPUs reach if every task wanted as many for a device as
  /// one of the usual ones, the mean over these by their parts.
  double of(std::uint32_t kind, std::uint32_t cpu_thousandths,
            std::span<const std::int32_t> free) const;

 private:
  /// What comes to be used of one device, by what of it is left, in thousandths.
  using OfDevice = std::array<double, 1001>;
  struct Task {
    double part = 0;
    double reach = 0;  ///< thousandths of devices for one of CPUs
    bool needs_cpus = true;
  };
  struct OfKind {
    std::vector<Task> tasks;  ///< the usual ones that its nodes can take
    std::uint32_t table = 0;
    std::uint32_t never_given = 0;  ///< devices that only count by their slices
  };

  std::vector<OfDevice> tables_;  ///< one for each set of usual tasks that some kind can take
  std::vector<OfKind> of_kind_;
};

}  // namespace gangline
