#include "cli/devices/cluster_table.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/node_list.h"
#include "base/text.h"

namespace gangline {
namespace {

// More lines than this, and nodes that differ only in what is free on them are added up.
constexpr std::size_t most_lines = 40;
constexpr std::size_t longest_list = 48;
// What is older was not told when it was asked for.
constexpr Span old = seconds(5);

/// Nodes that share a line.
struct Alike {
  std::vector<std::string> names;
  bool up = true;
  std::string state, partitions;
  CpuAmount cpus, cpus_held;
  Bytes memory{0}, memory_held{0};
  std::vector<DevicesHeld> devices;
  bool equal = true;  ///< the amounts are those of each, else of all together
};

std::string names_of(const std::vector<PartitionView>& partitions) {
  std::string text;
  for (const PartitionView& one : partitions) text += (text.empty() ? "" : ",") + one.name;
  return text.empty() ? "-" : text;
}

Alike alone(const NodeView& view) {
  const PlacedNode& placed = *view.placed;
  return {{view.node.name},   view.node.up,     placed.state,     names_of(placed.partitions),
          cpus_of(view.node), placed.cpus_held, view.node.memory, placed.memory_held,
          placed.devices};
}

/// What two nodes that share a line have in common: all that is shown, or without what is held.
std::string key_of(const Alike& one, bool with_use) {
  std::string key = one.state + '\n' + one.partitions + '\n' + std::to_string(one.up) + ' ' +
                    std::to_string(one.cpus.thousandths) + ' ' + std::to_string(one.memory.n);
  for (const DevicesHeld& devices : one.devices)
    key += '\n' + std::to_string(devices.count) + ' ' + devices.model +
           (with_use ? ' ' + std::to_string(devices.held) : "");
  if (with_use)
    key +=
        '\n' + std::to_string(one.cpus_held.thousandths) + ' ' + std::to_string(one.memory_held.n);
  return key;
}

void add_up(const Alike& more, Alike& sum) {
  sum.equal = false;
  sum.cpus.thousandths += more.cpus.thousandths;
  sum.cpus_held.thousandths += more.cpus_held.thousandths;
  sum.memory = sum.memory + more.memory;
  sum.memory_held = sum.memory_held + more.memory_held;
  for (std::size_t i = 0; i < sum.devices.size() && i < more.devices.size(); ++i) {
    sum.devices[i].count += more.devices[i].count;
    sum.devices[i].held += more.devices[i].held;
  }
}

std::vector<Alike> lines_of(const std::vector<NodeView>& nodes, bool with_use) {
  std::vector<Alike> lines;
  std::map<std::string, std::size_t> known;
  for (const NodeView& view : nodes) {
    if (!view.placed) continue;
    Alike one = alone(view);
    const auto [at, is_new] = known.emplace(key_of(one, with_use), lines.size());
    if (is_new) {
      lines.push_back(std::move(one));
      continue;
    }
    Alike& line = lines[at->second];
    line.names.push_back(view.node.name);
    if (!with_use) add_up(one, line);
  }
  return lines;
}

std::string of_amount(std::string free, const std::string& all) {
  return free == all ? all : std::move(free) + " of " + all;
}

std::string without_unit(CpuAmount cpus) {
  const std::string text = describe(cpus);
  return text.substr(0, text.find(' '));
}

std::string cpus_cell(const Alike& line) {
  const CpuAmount free(line.cpus.thousandths - std::min(line.cpus, line.cpus_held).thousandths);
  return of_amount(line.up ? without_unit(free) : "0", without_unit(line.cpus));
}

std::string memory_cell(const Alike& line) {
  const Bytes free = line.memory - std::min(line.memory, line.memory_held);
  return of_amount(line.up ? format(free) : "0", format(line.memory));
}

void print_partitions(const std::vector<NodeView>& nodes, Output& out) {
  std::vector<std::pair<PartitionView, std::size_t>> partitions;
  for (const NodeView& view : nodes) {
    if (!view.placed) continue;
    for (const PartitionView& one : view.placed->partitions) {
      const auto known = std::find_if(partitions.begin(), partitions.end(),
                                      [&](const auto& other) { return other.first == one; });
      if (known == partitions.end()) partitions.emplace_back(one, 1);
      else ++known->second;
    }
  }
  if (partitions.empty()) return;
  Table table({"PARTITION", "TIME LIMIT", "NODES", "STATE"});
  for (const auto& [one, count] : partitions)
    table.row({one.name + (one.is_default ? " (default)" : ""),
               one.longest ? format(*one.longest) : "none", std::to_string(count),
               one.up ? "up" : "closed: nothing starts there"},
              one.up ? Colour::none : Colour::bad);
  out.table(table);
  out.line("");
}

std::string list_cell(const std::vector<std::string>& names) {
  std::string text = write_node_list(names);
  if (text.size() <= longest_list) return text;
  text.resize(longest_list);
  return printable(text) + "…";
}

}  // namespace

bool is_cluster(const std::vector<NodeView>& nodes) {
  return std::any_of(nodes.begin(), nodes.end(),
                     [](const NodeView& view) { return view.placed.has_value(); });
}

std::string free_devices(const std::vector<DevicesHeld>& devices, bool up) {
  std::string text;
  for (const DevicesHeld& one : devices) {
    const std::string all = std::to_string(one.count);
    text += (text.empty() ? "" : ", ") +
            of_amount(up ? std::to_string(one.count - std::min(one.count, one.held)) : "0", all) +
            " " + (one.model.empty() ? one.count == 1 ? "gpu" : "gpus" : one.model);
  }
  return text.empty() ? "-" : text;
}

void print_cluster(const std::vector<NodeView>& nodes, Output& out) {
  print_partitions(nodes, out);
  std::vector<Alike> lines = lines_of(nodes, true);
  if (lines.size() > most_lines) lines = lines_of(nodes, false);
  Table table({"NODES", "COUNT", "PARTITION", "FREE CPUS", "FREE MEMORY", "FREE GPUS", "STATE"});
  for (const Alike& line : lines) {
    const std::size_t count = line.names.size();
    table.row({list_cell(line.names),
               std::to_string(count) + (count == 1   ? ""
                                        : line.equal ? ", each"
                                                     : ", together"),
               line.partitions, cpus_cell(line), memory_cell(line),
               free_devices(line.devices, line.up), line.state},
              line.up ? Colour::none : Colour::bad);
  }
  out.table(table);
  Time asked{0};
  for (const NodeView& view : nodes)
    if (view.placed) asked = std::max(asked, view.placed->at);
  if (const Span age = out.around().now() - asked; age > old)
    out.line("As it was " + format(age) + " ago: the cluster does not answer now.");
}

}  // namespace gangline
