// What is free on each node, found by what it is good for; and a picture of it in which something
// is changed, to ask "and what if".
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "model/allocation.h"
#include "schedule/place/kinds.h"

namespace gangline {

/// Whose MPS serves a gang: its user's. Empty: it asks for none.
using MpsOf = std::optional<std::uint32_t>;
/// MPS serves one user of a GPU at a time.
inline bool bars(MpsOf of, MpsOf other) { return of && other && *of != *other; }

struct FreeNode {
  std::vector<std::int32_t> devices;  ///< thousandths; below zero where more is kept than is there
  CpuSet cpus;
  std::int64_t counted = 0;  ///< CPUs that are only counted, in thousandths; below zero likewise
  Bytes memory{0};           ///< below zero likewise
  std::vector<std::uint16_t> hosts;   ///< tasks with devices here, by class_of
  std::uint32_t cpu_thousandths = 0;  ///< what of CPUs may be given, of one sort or the other

  void take(const NodePart& part);
  /// `node`: whose CPUs these are. One that went offline while it was held does not come back.
  void give_back(const NodePart& part, const Node& node);
  /// Its devices are as good as taken as a whole, whatever is left of them; or no longer so, once
  /// for each time.
  void bar(const NodePart& part, bool undo = false);
  /// Whether all of it is free.
  bool can_hold(const NodePart& part) const;

 private:
  void count_cpus();
  void count_host(const TaskPlace& task, int sign);
};

/// Tasks that want as much of devices: 0 for a share of one, else how many.
inline std::size_t class_of(std::size_t devices, Share share) {
  return share == whole_device ? devices : 0;
}

/// Everything of the node, whatever is up or present.
FreeNode all_of(const Node& node);

/// Nodes of one kind whose devices are free in the same arrangement: equally good for all that
/// only asks for devices.
struct Standing {
  std::uint32_t kind = 0;
  std::vector<std::int32_t> free;  ///< of each device, arranged (Kinds::arranged)
  std::set<std::pair<std::uint32_t, std::uint32_t>>
      nodes;  ///< (free CPUs in thousandths, number of the node)
};

/// Nodes with or without devices, with CPUs by number or only counted.
enum class Family : std::uint8_t { plain, counted, with_devices, counted_with_devices };
constexpr std::array families{Family::plain, Family::counted, Family::with_devices,
                              Family::counted_with_devices};
constexpr bool has_devices(Family family) { return family >= Family::with_devices; }
Family family_of(const Node& node);

class FreeState {
 public:
  /// Everything free. `kinds` must outlive it.
  explicit FreeState(const Kinds& kinds);

  void take(const Allocation& allocation);
  void give_back(const Allocation& allocation);

  const Kinds& kinds() const { return *kinds_; }
  const FreeNode& node(std::uint32_t n) const { return nodes_[n]; }
  std::uint32_t nodes() const { return static_cast<std::uint32_t>(nodes_.size()); }

  /// Nodes in the order in which they changed, from the `changes_forgotten`th change on.
  const std::vector<std::uint32_t>& changes() const { return changes_; }
  std::uint64_t changes_forgotten() const { return changes_forgotten_; }
  /// The same whenever the same is free.
  std::uint64_t digest() const { return digest_; }

  /// By what they are good for. Numbers of standings stay; one may have no nodes for a while.
  const std::vector<Standing>& standings() const { return standings_; }
  const std::vector<std::uint32_t>& standings_of(std::uint32_t kind) const {
    return by_kind_[kind];
  }
  /// All nodes of one family, as (free CPUs in thousandths, number).
  const std::set<std::pair<std::uint32_t, std::uint32_t>>& by_cpus(Family family) const {
    return by_cpus_[static_cast<std::size_t>(family)];
  }

 private:
  template <class Change>
  void change(const Allocation& allocation, const Change& change);
  void take_out(std::uint32_t node);
  void put_in(std::uint32_t node);
  std::uint32_t standing_for(std::uint32_t node);

  const Kinds* kinds_;
  std::vector<FreeNode> nodes_;
  std::vector<std::uint32_t> changes_;
  std::uint64_t changes_forgotten_ = 0;
  std::uint64_t digest_ = 0;
  std::vector<std::uint32_t> standing_;
  std::vector<Standing> standings_;
  std::vector<std::vector<std::uint32_t>> by_kind_;
  std::unordered_map<std::string, std::uint32_t> by_content_;
  std::set<std::pair<std::uint32_t, std::uint32_t>> by_cpus_[families.size()];
};

/// A FreeState with some nodes changed. Costs what is changed.
class FreeView {
 public:
  explicit FreeView(const FreeState& base) : base_(&base), slot_(base.nodes(), 0) {}
  /// The same with every node as though changed, so that nothing is looked up by what it is good
  /// for: the plain way, to check the other.
  static FreeView plain(const FreeState& base);

  /// From now on it is what is free for those whom this MPS serves: devices of others with MPS are
  /// not, whatever they leave of them. What is held in the base is to be barred by itself.
  void see_as(MpsOf viewer) { viewer_ = viewer; }
  void bar(const Allocation& allocation);

  /// `of`: whose MPS it runs.
  void take(const Allocation& allocation, MpsOf of = std::nullopt);
  void give_back(const Allocation& allocation, MpsOf of = std::nullopt);

  const FreeState& base() const { return *base_; }
  const FreeNode& node(std::uint32_t n) const {
    return slot_[n] == 0 ? base_->node(n) : changed_[slot_[n] - 1].second;
  }
  bool is_changed(std::uint32_t n) const { return slot_[n] != 0; }
  std::span<const std::pair<std::uint32_t, FreeNode>> changed() const { return changed_; }
  /// The node, to change.
  FreeNode& edit(std::uint32_t n);

 private:
  const FreeState* base_;
  MpsOf viewer_;
  std::vector<std::uint32_t> slot_;  // 0: as in the base; else 1 + its place in `changed_`
  std::vector<std::pair<std::uint32_t, FreeNode>> changed_;
};

}  // namespace gangline
