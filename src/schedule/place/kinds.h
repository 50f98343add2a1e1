// Nodes that are alike: what is found out about one of a kind holds for all of it.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "model/event.h"
#include "schedule/place/layout.h"
#include "schedule/place/switches.h"

namespace gangline {

/// Devices of a node that may change places without any difference to a placement: the children of
/// one group that are alike.
struct DeviceGroup {
  std::uint32_t first = 0;  ///< its devices are DeviceTree::order[first, first + size)
  std::uint32_t size = 0;
  std::vector<DeviceGroup> inside;   ///< those alike side by side; empty: a single device
  std::vector<std::uint32_t> alike;  ///< for each of `inside`: how many from here on are alike
};
struct DeviceTree {
  std::vector<std::uint32_t> order;  ///< devices, those of a group side by side
  DeviceGroup root;
  bool all_alike = false;  ///< any two devices may change places
};

/// Whether others than Gangline's gangs here use a device.
enum class UseByOthers : std::uint8_t {
  none,
  foreign,  ///< so that queues may be told not to mind
  leased,   ///< by another service, which allotted it
};

struct NodeKind {
  std::uint32_t example = 0;  ///< a node of this kind
  std::uint32_t nodes = 0;    ///< how many there are
  NodeLayout layout;
  DeviceTree tree;
  std::vector<UseByOthers> foreign;  ///< by device, also of what it is a part of
};

class Kinds {
 public:
  Kinds(std::shared_ptr<const Cluster> cluster, std::span<const ForeignUse> foreign);

  const Cluster& cluster() const { return *cluster_; }
  const Node& node(std::uint32_t n) const { return cluster_->nodes[n]; }
  std::uint32_t nodes() const { return static_cast<std::uint32_t>(kind_of_.size()); }
  std::uint32_t kind_of(std::uint32_t node) const { return kind_of_[node]; }
  const NodeKind& of(std::uint32_t node) const { return kinds_[kind_of_[node]]; }
  const std::vector<NodeKind>& all() const { return kinds_; }
  const Switches& switches() const { return switches_; }

  /// The arrangement that stands for all those that differ only by devices that are alike having
  /// changed places. `free`: what each device of a node of this kind has left.
  std::vector<std::int32_t> arranged(std::uint32_t kind,
                                     const std::vector<std::int32_t>& free) const;

 private:
  std::uint32_t kind_for(std::uint32_t node, const std::vector<UseByOthers>& foreign);

  std::shared_ptr<const Cluster> cluster_;
  const Switches switches_;
  std::vector<std::uint32_t> kind_of_;
  std::vector<NodeKind> kinds_;
  std::unordered_map<std::string, std::uint32_t> by_facts_;
};

/// The use by others that bars this device, its own or that of the device it is a slice of; or
/// null.
const ForeignUse* foreign_use_of(const Cluster& cluster, std::span<const ForeignUse> foreign,
                                 DeviceId device);

/// What of a device decides to whom it may be given, as bytes to compare.
std::string facts_of(const Device& device);

}  // namespace gangline
