#include "devices/pack_node.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace gangline {
namespace {

void pack_text(Packer& packer, std::string_view text) { packer.text(text.substr(0, most_text)); }

std::string read_text(Unpacker& unpacker) {
  std::string text = unpacker.text();
  if (text.size() > most_text) unpacker.fail();
  return text;
}

double read_number(Unpacker& unpacker) {
  const double number = unpacker.f64();
  if (!std::isfinite(number)) unpacker.fail();
  return std::isfinite(number) ? number : 0;
}

Bytes read_bytes(Unpacker& unpacker) {
  const std::int64_t n = unpacker.i64();
  if (n < 0) unpacker.fail();
  return {std::max<std::int64_t>(n, 0)};
}

/// How many of a list are written.
template <class List>
std::uint32_t kept(const List& list, std::uint32_t most) {
  return static_cast<std::uint32_t>(std::min<std::size_t>(list.size(), most));
}

template <class List, class Write>
void pack_list(Packer& packer, const List& list, std::uint32_t most, Write write) {
  const std::uint32_t count = kept(list, most);
  packer.u32(count);
  for (std::uint32_t i = 0; i < count; ++i) write(list[i]);
}

/// `least_bytes`: of one entry, which bounds what a length can make us allocate.
template <class List, class Read>
void read_list(Unpacker& unpacker, List& list, std::uint32_t most, std::size_t least_bytes,
               Read read) {
  const std::uint32_t count = unpacker.count(least_bytes);
  if (count > most) return unpacker.fail();
  for (std::uint32_t i = 0; i < count && unpacker.ok(); ++i) list.push_back(read());
}

template <class T, class Write>
void pack_optional(Packer& packer, const std::optional<T>& value, Write write) {
  packer.flag(value.has_value());
  if (value) write(*value);
}

template <class T, class Read>
void read_optional(Unpacker& unpacker, std::optional<T>& value, Read read) {
  if (unpacker.flag()) value = read();
}

CpuSet read_cpu_set(Unpacker& unpacker) {
  const auto cpus = CpuSet::parse(read_text(unpacker));
  if (!cpus) unpacker.fail();
  return cpus.value_or(CpuSet());
}

void pack_device(Packer& packer, const Device& device) {
  packer.u8(static_cast<std::uint8_t>(device.kind));
  pack_text(packer, device.vendor);
  pack_text(packer, device.model);
  pack_text(packer, device.uid);
  packer.i64(device.memory.n);
  pack_text(packer, device.pci_address);
  pack_optional(packer, device.numa_node, [&](std::uint32_t n) { packer.u32(n); });
  pack_optional(packer, device.parent, [&](std::uint32_t n) { packer.u32(n); });
  packer.flag(device.allottable);
  packer.flag(device.present);
  pack_list(packer, device.files, most_device_files,
            [&](const std::string& file) { pack_text(packer, file); });
  pack_optional(packer, device.power_limit, [&](Watts watts) { packer.f64(watts.w); });
  pack_optional(packer, device.ordinal, [&](std::uint32_t n) { packer.u32(n); });
}

Device read_device(Unpacker& unpacker) {
  Device device;
  const std::uint8_t kind = unpacker.u8();
  if (kind > static_cast<std::uint8_t>(DeviceKind::fpga)) unpacker.fail();
  device.kind = kind == 0 ? DeviceKind::gpu : DeviceKind::fpga;
  device.vendor = read_text(unpacker);
  device.model = read_text(unpacker);
  device.uid = read_text(unpacker);
  device.memory = read_bytes(unpacker);
  device.pci_address = read_text(unpacker);
  read_optional(unpacker, device.numa_node, [&] { return unpacker.u32(); });
  read_optional(unpacker, device.parent, [&] { return unpacker.u32(); });
  device.allottable = unpacker.flag();
  device.present = unpacker.flag();
  read_list(unpacker, device.files, most_device_files, 4, [&] { return read_text(unpacker); });
  read_optional(unpacker, device.power_limit, [&] { return Watts{read_number(unpacker)}; });
  read_optional(unpacker, device.ordinal, [&] { return unpacker.u32(); });
  return device;
}

Link read_link(Unpacker& unpacker, std::size_t devices) {
  Link link;
  link.a = unpacker.u32();
  link.b = unpacker.u32();
  const std::uint8_t kind = unpacker.u8();
  link.lanes = unpacker.u32();
  if (kind > static_cast<std::uint8_t>(LinkKind::system) || link.a >= link.b || link.b >= devices)
    unpacker.fail();
  else link.kind = static_cast<LinkKind>(kind);
  return link;
}

// Numbers that a fake or a broken kernel gives may repeat; those who read by number take the first.
NumaNode read_numa(Unpacker& unpacker) {
  NumaNode numa;
  numa.n = unpacker.u32();
  numa.cpus = read_cpu_set(unpacker);
  numa.memory = read_bytes(unpacker);
  return numa;
}

void pack_port(Packer& packer, const NetworkPort& port, std::uint32_t devices) {
  pack_text(packer, port.card);
  packer.u32(port.port);
  pack_text(packer, port.layer);
  pack_text(packer, port.pci_address);
  pack_optional(packer, port.numa_node, [&](std::uint32_t n) { packer.u32(n); });
  std::vector<std::uint32_t> near = port.near;
  std::erase_if(near, [&](std::uint32_t device) { return device >= devices; });
  pack_list(packer, near, most_devices, [&](std::uint32_t device) { packer.u32(device); });
  packer.u8(static_cast<std::uint8_t>(port.distance));
}

NetworkPort read_port(Unpacker& unpacker, std::size_t devices) {
  NetworkPort port;
  port.card = read_text(unpacker);
  port.port = unpacker.u32();
  port.layer = read_text(unpacker);
  port.pci_address = read_text(unpacker);
  read_optional(unpacker, port.numa_node, [&] { return unpacker.u32(); });
  read_list(unpacker, port.near, most_devices, 4, [&] { return unpacker.u32(); });
  const std::uint8_t kind = unpacker.u8();
  const bool known = std::ranges::all_of(port.near, [&](auto device) { return device < devices; });
  if (!known || kind > static_cast<std::uint8_t>(LinkKind::system)) unpacker.fail();
  else port.distance = static_cast<LinkKind>(kind);
  return port;
}

void check_parents(Unpacker& unpacker, const std::vector<Device>& devices) {
  for (std::size_t i = 0; i < devices.size(); ++i) {
    const auto parent = devices[i].parent;
    if (parent && (*parent >= devices.size() || *parent == i || devices[*parent].parent))
      return unpacker.fail();
  }
}

std::vector<std::string> notes_with_cuts(const Node& node) {
  std::vector<std::string> notes = node.notes;
  notes.resize(std::min<std::size_t>(notes.size(), most_notes - 1));
  if (node.devices.size() > most_devices || node.links.size() > most_links ||
      node.cores.size() > most_cores || node.numa.size() > most_numa_nodes ||
      node.packages.size() > most_packages || node.ports.size() > most_ports)
    notes.emplace_back("this node has more than can be described; the rest is left out");
  return notes;
}

void pack_process(Packer& packer, const DeviceProcess& process) {
  packer.i64(process.pid);
  pack_optional(packer, process.memory, [&](Bytes memory) { packer.i64(memory.n); });
  pack_text(packer, process.user);
  pack_text(packer, process.command);
}

DeviceProcess read_process(Unpacker& unpacker) {
  DeviceProcess process;
  process.pid = unpacker.i64();
  read_optional(unpacker, process.memory, [&] { return read_bytes(unpacker); });
  process.user = read_text(unpacker);
  process.command = read_text(unpacker);
  return process;
}

void pack_reading(Packer& packer, const DeviceSample& sample) {
  pack_optional(packer, sample.busy_percent, [&](double percent) { packer.f64(percent); });
  pack_optional(packer, sample.memory_used, [&](Bytes used) { packer.i64(used.n); });
  pack_optional(packer, sample.power, [&](Watts power) { packer.f64(power.w); });
  pack_optional(packer, sample.energy, [&](Joules energy) { packer.f64(energy.j); });
  pack_optional(packer, sample.temperature_celsius, [&](double celsius) { packer.f64(celsius); });
  pack_optional(packer, sample.processes, [&](const std::vector<DeviceProcess>& processes) {
    pack_list(packer, processes, most_processes_on_device,
              [&](const DeviceProcess& process) { pack_process(packer, process); });
  });
  pack_text(packer, sample.state);
}

DeviceSample read_reading(Unpacker& unpacker) {
  DeviceSample sample;
  const auto number = [&] { return read_number(unpacker); };
  read_optional(unpacker, sample.busy_percent, number);
  read_optional(unpacker, sample.memory_used, [&] { return read_bytes(unpacker); });
  read_optional(unpacker, sample.power, [&] { return Watts{number()}; });
  read_optional(unpacker, sample.energy, [&] { return Joules{number()}; });
  read_optional(unpacker, sample.temperature_celsius, number);
  read_optional(unpacker, sample.processes, [&] {
    std::vector<DeviceProcess> processes;
    read_list(unpacker, processes, most_processes_on_device, 17,
              [&] { return read_process(unpacker); });
    return processes;
  });
  sample.state = read_text(unpacker);
  return sample;
}

}  // namespace

void pack(Packer& packer, const Node& node) {
  pack_text(packer, node.name);
  pack_text(packer, node.cpu_model);
  pack_text(packer, node.cpus.text());
  pack_list(packer, node.cores, most_cores,
            [&](const CpuSet& core) { pack_text(packer, core.text()); });
  pack_list(packer, node.numa, most_numa_nodes, [&](const NumaNode& numa) {
    packer.u32(numa.n);
    pack_text(packer, numa.cpus.text());
    packer.i64(numa.memory.n);
  });
  pack_list(packer, node.caches, most_caches, [&](const Cache& cache) {
    packer.u32(cache.level);
    packer.i64(cache.size.n);
    packer.u32(cache.count);
  });
  packer.i64(node.memory.n);
  const std::uint32_t devices = kept(node.devices, most_devices);
  pack_list(packer, node.devices, most_devices,
            [&](const Device& device) { pack_device(packer, device); });
  std::vector<Link> links = node.links;
  std::erase_if(links, [&](const Link& link) { return link.b >= devices; });
  pack_list(packer, links, most_links, [&](const Link& link) {
    packer.u32(link.a);
    packer.u32(link.b);
    packer.u8(static_cast<std::uint8_t>(link.kind));
    packer.u32(link.lanes);
  });
  packer.flag(node.up);
  pack_text(packer, node.driver);
  pack_list(packer, notes_with_cuts(node), most_notes,
            [&](const std::string& note) { pack_text(packer, note); });
  pack_list(packer, node.packages, most_packages,
            [&](const CpuPackage& package) { pack_text(packer, package.name); });
  pack_list(packer, node.ports, most_ports,
            [&](const NetworkPort& port) { pack_port(packer, port, devices); });
}

Node unpack_node(Unpacker& unpacker) {
  Node node;
  node.name = read_text(unpacker);
  node.cpu_model = read_text(unpacker);
  node.cpus = read_cpu_set(unpacker);
  read_list(unpacker, node.cores, most_cores, 4, [&] { return read_cpu_set(unpacker); });
  read_list(unpacker, node.numa, most_numa_nodes, 16, [&] { return read_numa(unpacker); });
  read_list(unpacker, node.caches, most_caches, 16, [&] {
    Cache cache;
    cache.level = unpacker.u32();
    cache.size = read_bytes(unpacker);
    cache.count = unpacker.u32();
    return cache;
  });
  node.memory = read_bytes(unpacker);
  read_list(unpacker, node.devices, most_devices, 36, [&] { return read_device(unpacker); });
  check_parents(unpacker, node.devices);
  read_list(unpacker, node.links, most_links, 13,
            [&] { return read_link(unpacker, node.devices.size()); });
  node.up = unpacker.flag();
  node.driver = read_text(unpacker);
  read_list(unpacker, node.notes, most_notes, 4, [&] { return read_text(unpacker); });
  read_list(unpacker, node.packages, most_packages, 4,
            [&] { return CpuPackage{read_text(unpacker)}; });
  read_list(unpacker, node.ports, most_ports, 26,
            [&] { return read_port(unpacker, node.devices.size()); });
  return node;
}

void pack(Packer& packer, const NodeSample& sample) {
  packer.i64(sample.at.us);
  pack_list(packer, sample.devices, most_devices,
            [&](const DeviceSample& reading) { pack_reading(packer, reading); });
  pack_list(packer, sample.packages, most_packages, [&](const CpuPackageSample& package) {
    pack_optional(packer, package.energy, [&](Joules energy) { packer.f64(energy.j); });
    pack_optional(packer, package.power, [&](Watts power) { packer.f64(power.w); });
  });
  pack_list(packer, sample.ports, most_ports, [&](const NetworkPortSample& port) {
    pack_text(packer, port.state);
    pack_text(packer, port.rate);
  });
}

NodeSample unpack_sample(Unpacker& unpacker) {
  NodeSample sample;
  sample.at.us = unpacker.i64();
  read_list(unpacker, sample.devices, most_devices, 10, [&] { return read_reading(unpacker); });
  read_list(unpacker, sample.packages, most_packages, 2, [&] {
    CpuPackageSample package;
    read_optional(unpacker, package.energy, [&] { return Joules{read_number(unpacker)}; });
    read_optional(unpacker, package.power, [&] { return Watts{read_number(unpacker)}; });
    return package;
  });
  read_list(unpacker, sample.ports, most_ports, 8, [&] {
    NetworkPortSample port;
    port.state = read_text(unpacker);
    port.rate = read_text(unpacker);
    return port;
  });
  return sample;
}

}  // namespace gangline
