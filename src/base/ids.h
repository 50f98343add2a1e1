// Typed numbers: a JobId and a NodeId do not mix.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>

namespace gangline {

/// The number a person types: `gang show 7`. Given by the store, from 1, never given again.
struct JobId {
  std::uint64_t n = 0;
  auto operator<=>(const JobId&) const = default;
};

/// One gang of a job: `7.3` is gang 3 (counted from 0) of job 7.
struct GangId {
  JobId job;
  std::uint32_t index = 0;
  auto operator<=>(const GangId&) const = default;
};

/// Position of a node in `Cluster::nodes`. A node keeps its number for the life of a store.
struct NodeId {
  std::uint32_t n = 0;
  auto operator<=>(const NodeId&) const = default;
};

/// Position of a device in `Node::devices` of its node. Kept for the life of a store as well.
struct DeviceId {
  NodeId node;
  std::uint32_t index = 0;
  auto operator<=>(const DeviceId&) const = default;
};

}  // namespace gangline

template <>
struct std::hash<gangline::JobId> {
  std::size_t operator()(gangline::JobId id) const noexcept {
    return std::hash<std::uint64_t>{}(id.n);
  }
};

template <>
struct std::hash<gangline::GangId> {
  std::size_t operator()(gangline::GangId id) const noexcept {
    return std::hash<std::uint64_t>{}((id.job.n << 20) ^ id.index);
  }
};
