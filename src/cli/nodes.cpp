#include <algorithm>
#include <cstdio>

#include "base/text.h"
#include "cli/ask.h"
#include "cli/commands.h"
#include "cli/devices/cluster_table.h"
#include "cli/reserve/local_times.h"
#include "json/json.h"

namespace gangline {
namespace {

std::string number_cell(const std::optional<double>& value, const char* unit) {
  if (!value) return "-";
  char text[32];
  std::snprintf(text, sizeof text, "%.0f%s", value.value_or(0), unit);
  return text;
}

std::string memory_cell(const Device& device, const DeviceSample& sample) {
  const std::string total = device.memory.n > 0 ? format(device.memory) : "-";
  return sample.memory_used ? format(*sample.memory_used) + "/" + total : total;
}

std::string use_cell(const Device& device, const DeviceUse& use, const std::string& state) {
  std::string text;
  const auto add = [&](const std::string& part) { text += (text.empty() ? "" : ", ") + part; };
  for (const auto& [gang, share] : use.gangs) {
    add("gang " + format(gang) + (share == whole_device ? "" : " (" + format(share) + ")"));
  }
  if (!use.foreign.empty()) add((use.leased ? "" : "outside Gangline: ") + use.foreign);
  if (!state.empty() && state != "operating") add(printable(state));
  for (const std::string& one : use.set_aside) add(in_local_time(one));
  if (!device.present) add("not found now");
  if (!device.allottable) add("cut into slices");
  return text.empty() ? "free" : text;
}

/// Whether all that is held on it is told by number. Where it is not, none can be said to be free.
bool tells_devices(const NodeView& view) {
  if (!view.placed) return true;
  std::size_t held = 0;
  for (const DevicesHeld& one : view.placed->devices) held += one.held;
  return held <= view.placed->devices_held.size();
}

// How the device reaches the others: "nvlink 1,2,3".
std::string near_cell(const Node& node, std::uint32_t index) {
  LinkKind nearest_kind = LinkKind::system;
  std::string others;
  for (std::uint32_t other = 0; other < node.devices.size(); ++other) {
    if (other == index || !node.devices[other].present || !node.devices[other].allottable) continue;
    const LinkKind kind = link_between(node, index, other);
    if (kind > nearest_kind) continue;
    if (kind < nearest_kind) others.clear();
    nearest_kind = kind;
    others += (others.empty() ? "" : ",") + std::to_string(other);
  }
  return others.empty() || nearest_kind == LinkKind::system
             ? "-"
             : std::string(name_of(nearest_kind)) + " " + others;
}

void print_devices(const NodeView& view, Output& out) {
  static const DeviceSample unknown;
  const Node& node = view.node;
  Table table({"DEVICE", "MODEL", "MEMORY", "BUSY", "POWER", "TEMP", "NUMA", "NEAR", "USE"});
  for (std::uint32_t i = 0; i < node.devices.size(); ++i) {
    const Device& device = node.devices[i];
    const bool read = view.sample && i < view.sample->devices.size();
    const DeviceSample& sample = read ? view.sample->devices[i] : unknown;
    std::optional<double> watts;
    if (sample.power) watts = sample.power->w;
    std::string use =
        use_cell(device, i < view.use.size() ? view.use[i] : DeviceUse{}, sample.state);
    if (use == "free" && !tells_devices(view)) use = "not told";
    table.row({std::string(name_of(device.kind)) + " " + std::to_string(i) +
                   (device.parent ? " of " + std::to_string(*device.parent) : ""),
               device.model, memory_cell(device, sample), number_cell(sample.busy_percent, "%"),
               number_cell(watts, "W"), number_cell(sample.temperature_celsius, "C"),
               device.numa_node ? std::to_string(*device.numa_node) : "-", near_cell(node, i),
               use});
  }
  if (!table.empty()) out.table(table);
}

void print_ports(const NodeView& view, Output& out) {
  static const NetworkPortSample unknown;
  Table table({"PORT", "LAYER", "RATE", "STATE", "NUMA", "NEAR"});
  const auto cell = [](const std::string& text) { return text.empty() ? "-" : printable(text); };
  for (std::size_t i = 0; i < view.node.ports.size(); ++i) {
    const NetworkPort& port = view.node.ports[i];
    const bool read = view.sample && i < view.sample->ports.size();
    const NetworkPortSample& sample = read ? view.sample->ports[i] : unknown;
    std::string near;
    for (const std::uint32_t device : port.near)
      near +=
          (near.empty() ? std::string(name_of(port.distance)) + " " : ",") + std::to_string(device);
    table.row({printable(port.card) + ":" + std::to_string(port.port), cell(port.layer),
               cell(sample.rate), cell(sample.state),
               port.numa_node ? std::to_string(*port.numa_node) : "-", cell(near)});
  }
  if (!table.empty()) out.table(table);
}

// "package-0 85W, package-1 -"
std::string packages_line(const NodeView& view) {
  std::string line;
  for (std::size_t i = 0; i < view.node.packages.size(); ++i) {
    std::optional<double> watts;
    if (view.sample && i < view.sample->packages.size() && view.sample->packages[i].power)
      watts = view.sample->packages[i].power->w;
    line += (line.empty() ? "" : ", ") + printable(view.node.packages[i].name) + " " +
            number_cell(watts, "W");
  }
  return line;
}

std::string head_line(const NodeView& view) {
  const Node& node = view.node;
  const CpuAmount cpus_taken = view.placed               ? view.placed->cpus_held
                               : view.cpus_taken.empty() ? view.counted_taken
                                                         : whole_cpus(view.cpus_taken.count());
  const std::string taken = describe(cpus_taken);
  const Bytes memory_taken = view.placed ? view.placed->memory_held : view.memory_taken;
  std::string head = printable(node.name) + ": " + describe(cpus_of(node));
  if (!node.cpu_model.empty()) head += " (" + printable(node.cpu_model) + ")";
  head += ", " + taken.substr(0, taken.find(' ')) + " taken; " + format(node.memory) + " of memory";
  if (memory_taken.n > 0) head += ", " + format(memory_taken) + " taken";
  return head;
}

void print_placed(const PlacedNode& placed, Output& out) {
  std::string partitions;
  for (const PartitionView& one : placed.partitions)
    partitions += (partitions.empty() ? "" : ", ") + one.name;
  out.line("  " + printable(placed.state) +
           (partitions.empty() ? "" : "; partitions: " + printable(partitions)));
}

void print_node(const NodeView& view, Output& out) {
  const Node& node = view.node;
  out.line(out.paint(head_line(view), Colour::strong));
  if (view.placed) print_placed(*view.placed, out);
  std::string inside;
  if (node.numa.size() > 1) {
    inside = "numa";
    for (const NumaNode& numa : node.numa)
      inside += " " + std::to_string(numa.n) + ": cpus " + numa.cpus.text() + ", " +
                format(numa.memory) + ";";
  }
  for (const Cache& cache : node.caches)
    inside += (inside.empty() ? "" : " ") + std::string("L") + std::to_string(cache.level) + " " +
              std::to_string(cache.count) + " x " + format(cache.size) + ";";
  if (!node.cores.empty())
    inside += (inside.empty() ? "" : " ") + std::to_string(node.cores.size()) + " cores";
  if (!inside.empty()) out.line("  " + inside);
  if (!node.packages.empty()) out.line("  " + packages_line(view));
  if (!node.driver.empty()) out.line("  driver " + printable(node.driver));
  for (const std::string& one : view.set_aside) out.line("  " + printable(in_local_time(one)));
  for (const std::string& note : node.notes) out.line("  note: " + printable(note));
  print_devices(view, out);
  print_ports(view, out);
}

}  // namespace

int run_nodes(const std::vector<std::string>& names, Output& out) {
  auto service = out.around().service();
  if (!service) return out.fail(service.error());
  auto nodes = ask<std::vector<NodeView>>([&](auto reply) { (*service)->nodes(reply); });
  if (!nodes) return out.fail(nodes.error());
  // Nodes that were lent and have gone back; their names are kept for what ran there.
  std::erase_if(*nodes, [now = out.around().now()](const NodeView& view) {
    return !view.node.up && view.node.until && *view.node.until <= now;
  });
  for (const std::string& name : names)
    if (std::none_of(nodes->begin(), nodes->end(),
                     [&](const NodeView& view) { return view.node.name == name; }))
      return out.fail({ErrorKind::not_found, "there is no node '" + printable(name) + "'", "",
                       "`gang nodes -q` names all"});
  if (!names.empty())
    std::erase_if(*nodes, [&](const NodeView& view) {
      return std::find(names.begin(), names.end(), view.node.name) == names.end();
    });
  if (out.json()) {
    out.line(to_json(*nodes));
    return 0;
  }
  if (!out.quiet() && names.empty() && is_cluster(*nodes)) {
    print_cluster(*nodes, out);
    return 0;
  }
  for (const NodeView& view : *nodes) {
    if (out.quiet()) out.line(printable(view.node.name));
    else print_node(view, out);
  }
  return 0;
}

}  // namespace gangline
