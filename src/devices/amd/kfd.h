// The GPUs as KFD, the part of the amdgpu driver that computes, counts them: one node of its
// topology for each GPU, or for each partition of one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/units.h"

namespace gangline::amd {

struct KfdLink {
  std::uint32_t to = 0;     ///< number of a KFD node
  std::uint32_t lanes = 0;  ///< 0: unknown
};

struct KfdNode {
  std::uint32_t number = 0;     ///< of its directory
  std::uint64_t gpu_id = 0;     ///< KFD's own name of it
  std::uint64_t unique_id = 0;  ///< 0: none
  std::uint64_t device_id = 0;  ///< of PCI
  std::uint64_t chip = 0;       ///< gfx_target_version: 90402 is gfx942; 0: unknown
  std::string address;          ///< on the PCI bus
  std::optional<std::uint32_t> render_minor;
  Bytes memory{0};          ///< 0: unknown
  bool integrated = false;  ///< part of the CPU
  std::vector<KfdLink> xgmi;
};

struct KfdTopology {
  bool present = false;          ///< there is a KFD
  std::uint32_t unreadable = 0;  ///< nodes that say nothing, mostly because we may not use them
  std::vector<KfdNode> gpus;     ///< in the order in which ROCm counts them
};

KfdTopology read_topology(const std::string& root);
/// Changes with the topology. Empty: not known.
std::optional<std::uint64_t> topology_generation(const std::string& root);
/// Whether the node is still the same GPU.
bool is_still_there(const std::string& root, const KfdNode& node);

}  // namespace gangline::amd
