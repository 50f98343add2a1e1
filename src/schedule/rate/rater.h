// How good it is to put one task on a node, by the rule of a policy. Of equally good nodes the one
// with the lowest number is taken.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "model/usual.h"
#include "schedule/place/wanted.h"
#include "schedule/policy.h"

namespace gangline {

class NodeValues;

struct Rating {
  std::int32_t score = 0;  ///< more is better
  std::optional<std::uint32_t>
      device;  ///< which one, where a share of one is wanted and it matters
};

/// What a rule may look at.
struct Site {
  const Wanted& wanted;
  const Usable& usable;
  const FreeNode& free;
  std::uint32_t node = 0;
  std::uint64_t digest = 0;  ///< FreeState::digest
};

class Rater {
 public:
  /// `kinds` must outlive it. `usual`: for rules that keep room for those to come.
  Rater(const Kinds& kinds, const Policy& policy, const std::vector<UsualTask>& usual);
  ~Rater();

  const Kinds& kinds() const { return kinds_; }
  std::uint64_t seed() const { return seed_; }
  // Of the largest node, in thousandths.
  double most_cpus() const { return most_cpus_; }
  double most_devices() const { return most_devices_; }
  /// What the measure of the rule says of a node of this kind with so much free: for
  /// Place::fragmentation thousandths of devices that are of no use; for Place::gang those that are
  /// of use less those that are not, in thousandths of these. Remembered.
  double value(std::uint32_t kind, std::uint32_t cpu_thousandths,
               std::span<const std::int32_t> free) const;

  /// Whether a rating holds as long as the node does not change.
  bool lasts() const { return lasts_; }

  /// One task finds room there.
  Rating rate(const Site& site) const { return rule_(*this, site); }

  using Rule = Rating (*)(const Rater& rater, const Site& site);

 private:
  const Kinds& kinds_;
  Rule rule_;
  std::uint64_t seed_;
  bool lasts_;
  double most_cpus_ = 1, most_devices_ = 1;
  std::unique_ptr<NodeValues> values_;  ///< null: the rule measures no nodes
};

/// Whether gangs of so many tasks go by the rule of this way to place, task by task; else they go
/// by closeness (place/place.h).
bool is_rated(Place place, std::uint32_t tasks);

}  // namespace gangline
