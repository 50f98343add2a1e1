// Node and NodeSample as bytes, between the probe and its child. Reading refuses whatever breaks a
// limit or does not fit together, so what comes out may be used without further checks.
#pragma once

#include "base/pack.h"
#include "model/cluster.h"

namespace gangline {

// What one node may have at most. Writing leaves out what is beyond and says so in the notes.
constexpr std::uint32_t most_devices = 1024;
constexpr std::uint32_t most_links = 1 << 19;
constexpr std::uint32_t most_cores = CpuSet::most_cpus;
constexpr std::uint32_t most_numa_nodes = 1024;
constexpr std::uint32_t most_caches = 256;
constexpr std::uint32_t most_notes = 256;
constexpr std::uint32_t most_device_files = 64;
constexpr std::uint32_t most_processes_on_device = 8192;
constexpr std::uint32_t most_packages = 1024;
constexpr std::uint32_t most_ports = 1024;
constexpr std::size_t most_text = 16 << 10;  ///< bytes of one name, path, note or list of CPUs

void pack(Packer& packer, const Node& node);
void pack(Packer& packer, const NodeSample& sample);

/// Broken bytes leave `unpacker.ok()` false; what is returned then means nothing.
Node unpack_node(Unpacker& unpacker);
NodeSample unpack_sample(Unpacker& unpacker);

}  // namespace gangline
