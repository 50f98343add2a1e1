// The nodes that could take some of a gang's tasks, from the roomiest down, found without looking
// at all of them.
#pragma once

#include <cstdint>
#include <optional>
#include <queue>
#include <set>
#include <unordered_set>
#include <vector>

#include "schedule/place/wanted.h"

namespace gangline {

/// `room`: how many tasks its devices and CPUs could take. Its memory may allow fewer.
struct RoomyNode {
  std::uint32_t room = 0;
  std::uint32_t cpus = 0;  ///< free, in thousandths
  std::uint32_t node = 0;
};

class RoomiestNodes {
 public:
  RoomiestNodes(const Wanted& wanted, const FreeView& free, Slices slices);

  /// Takes out the node that holds `tasks` of the tasks and has the least room; of equal ones the
  /// fullest. Empty: none holds so many.
  std::optional<std::uint32_t> take_smallest(std::uint32_t tasks);
  /// Takes out the node with the most room; of equal ones the fullest.
  std::optional<std::uint32_t> take_roomiest();

 private:
  using ByCpus = std::set<std::pair<std::uint32_t, std::uint32_t>>;
  /// Nodes on whose devices equally many tasks find room, and the next of them.
  struct Source {
    const ByCpus* nodes = nullptr;
    std::uint32_t most = 0;
    std::uint32_t cpus_each = 0;
    std::uint32_t room = 0;  // of the nodes that come next
    ByCpus::const_iterator next;
  };
  struct Head {
    RoomyNode node;
    std::size_t source = 0;  // one behind the last: it stands for itself
  };
  struct LessRoomy {
    bool operator()(const Head& a, const Head& b) const;
  };

  bool stands_for_itself(std::uint32_t n) const {
    return free_.is_changed(n) || wanted_.is_special(n);
  }
  void add_source(const ByCpus& nodes, std::uint32_t most, std::uint32_t cpus_each);
  void add_alone(std::uint32_t n, Slices slices);
  void advance(std::size_t source);
  bool has_memory(std::uint32_t n, std::uint32_t tasks) const;

  const Wanted& wanted_;
  const FreeView& free_;
  std::vector<Source> sources_;
  std::vector<RoomyNode> alone_;
  std::priority_queue<Head, std::vector<Head>, LessRoomy> heads_;
  std::unordered_set<std::uint32_t> taken_;
};

}  // namespace gangline
