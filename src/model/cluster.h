// The machines, their devices and how they are wired: facts that do not change while they run.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/units.h"
#include "model/cpu_set.h"
#include "model/node_parts.h"
#include "model/resources.h"

namespace gangline {

/// A GPU, a slice of one (MIG), or an FPGA. Unknown facts are empty.
struct Device {
  DeviceKind kind = DeviceKind::gpu;
  std::string vendor;  ///< "nvidia", "amd", "intel", "xilinx"
  std::string model;   ///< as the vendor names it: "NVIDIA H100 80GB HBM3"
  std::string uid;     ///< name of this very device, unique on its node: "GPU-8a5c…", "MIG-…"
  Bytes memory{0};     ///< 0: unknown
  std::string pci_address;  ///< "0000:c1:00.0", lower case; that of the parent for a slice
  std::optional<std::uint32_t> numa_node;
  std::optional<std::uint32_t> parent;  ///< index of the device that this one is a slice of
  bool allottable = true;  ///< false for a GPU that is cut into slices: only they are given away
  bool present = true;     ///< false once it was seen and is no longer found
  std::vector<std::string> files;  ///< device files only its holder may open: "/dev/nvidia0"
  std::optional<Watts> power_limit;
  /// How its vendor's runtime counts it among all that the machine has; empty: it goes by uid
  /// there.
  std::optional<std::uint32_t> ordinal;
  bool operator==(const Device&) const = default;
};

/// How two devices of a node reach each other, nearest first.
enum class LinkKind : std::uint8_t {
  same_board,     ///< slices of one device, or two devices on one board
  nvlink,         ///< NVLink or XGMI, direct or through a switch of it
  pcie_switch,    ///< one PCIe switch
  pcie_switches,  ///< several PCIe switches, no host bridge
  host_bridge,    ///< one PCIe host bridge
  numa,           ///< one NUMA node
  system,         ///< between NUMA nodes
};
/// "nvlink", "pcie-switch", …
const char* name_of(LinkKind kind);

/// Between device `a` and device `b` of one node, a < b. A pair without a Link counts as `system`.
struct Link {
  std::uint32_t a = 0;
  std::uint32_t b = 0;
  LinkKind kind = LinkKind::system;
  std::uint32_t lanes = 0;  ///< NVLink links between them; 0 unknown or not of that kind
  bool operator==(const Link&) const = default;
};

struct Cache {
  std::uint32_t level = 1;
  Bytes size{0};
  std::uint32_t count = 1;  ///< on the node
  bool operator==(const Cache&) const = default;
};

struct NumaNode {
  std::uint32_t n = 0;  ///< the kernel's number
  CpuSet cpus;
  Bytes memory{0};
  bool operator==(const NumaNode&) const = default;
};

struct Node {
  std::string name;  ///< host name
  std::string cpu_model;
  CpuSet cpus;  ///< logical CPUs that we may use, each by its number; empty: they are only counted
  CpuAmount counted{};        ///< CPUs, where another system says which (Kubernetes, old histories)
  std::vector<CpuSet> cores;  ///< logical CPUs of each physical core; empty: each CPU is a core
  std::vector<NumaNode> numa;  ///< empty: one, with all CPUs
  std::vector<Cache> caches;
  Bytes memory{0};
  std::vector<Device> devices;
  std::vector<Link> links;
  std::vector<CpuPackage> packages;
  std::vector<NetworkPort> ports;
  bool up = true;
  bool elsewhere = false;          ///< another system alone starts things here
  std::optional<Time> until;       ///< it goes away by then; empty: it stays
  std::vector<std::string> place;  ///< the switches above it, outermost first; empty: not known
  std::string driver;              ///< of the GPUs: "535.104.05"; empty: none or unknown
  std::vector<std::string> notes;  ///< what could not be read and why, for people
  bool operator==(const Node&) const = default;
};

/// Whether gangs may be planned on it.
inline bool takes_gangs(const Node& node) { return node.up && !node.elsewhere; }

/// How many CPUs it has, by number or counted.
CpuAmount cpus_of(const Node& node);

constexpr std::size_t most_switch_levels = 16;

/// "row1/rack2" as Node::place, and back. What lies deeper than that is left out.
std::vector<std::string> place_from(std::string_view text);
std::string place_text(const Node& node);

struct Cluster {
  std::vector<Node> nodes;
};

/// One reading of a device. What it cannot give is empty, never 0.
struct DeviceProcess {
  std::int64_t pid = 0;
  std::optional<Bytes> memory;
  std::string user;     ///< empty: unknown
  std::string command;  ///< empty: unknown
  bool operator==(const DeviceProcess&) const = default;
};

struct DeviceSample {
  std::optional<double> busy_percent;
  std::optional<Bytes> memory_used;
  std::optional<Watts> power;
  std::optional<Joules> energy;  ///< a counter: only differences mean something
  std::optional<double> temperature_celsius;
  std::optional<std::vector<DeviceProcess>> processes;
  std::string state;  ///< what its driver says of it: "operating", "write error"; empty: nothing
};

/// One reading of a node: a sample for each of its devices, packages and ports, in their order.
struct NodeSample {
  Time at;
  std::vector<DeviceSample> devices;
  std::vector<CpuPackageSample> packages = {};
  std::vector<NetworkPortSample> ports = {};
};

/// The link between two devices of a node; `system` for a pair that has none.
LinkKind link_between(const Node& node, std::uint32_t a, std::uint32_t b);

}  // namespace gangline
