// A cluster file of our own. Each [[node]] is a machine, or several that are alike:
//
//   [[node]]
//   name = "gpu-[01-16]"            # or name = "gpu-{n}" and count = 16, numbered from 1
//   cpus = 64                       # or those it has by number: "0-31,64-95"
//   memory = "512G"
//   gpus = 8
//   model = "NVIDIA H100 80GB HBM3"
//   vendor = "nvidia"
//   gpu_memory = "80G"
//   nvlink = true                   # each with each, or islands: [[0, 1, 2, 3], [4, 5, 6, 7]]
//   place = "row1/rack2"            # the switches above it, outermost first
//   queue = "night"                 # whose it is, for --each-queue
//   watts = 700                     # of one GPU under load; watts_idle when idle
//   price_an_hour = 2.5             # of one GPU
//   up = true
//
// For nodes with several kinds of devices, in place of gpus, model, vendor, gpu_memory, and for
// what else is known of the wires:
//
//   devices = [ { gpus = 4, model = "A100", gpu_memory = "40G", numa = 0 },
//               { gpus = 2, kind = "fpga" }, { gpus = 1, model = "MIG 1g.5gb", slice_of = 0 } ]
//   links = [ { kind = "pcie-switch", of = [0, 1], lanes = 0 } ]
//   numa = [ { n = 0, cpus = "0-31", memory = "256G" } ]
//   cores = [ "0,32", "1,33" ]      # logical CPUs of each core
#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "base/node_list.h"
#include "base/text.h"
#include "jobspec/read_value.h"
#include "jobspec/toml_reader.h"
#include "model/check_spec.h"
#include "replay/clusters/cluster_draft.h"
#include "replay/clusters/cluster_formats.h"
#include "replay/input/recognise.h"

namespace gangline {
namespace {

constexpr std::size_t largest_cluster_file = 64 << 20;
constexpr std::size_t most_links_of_a_node = 200'000;
constexpr std::int64_t most_lanes = 1'000;
constexpr std::int64_t most_numa_nodes = 1'024;

constexpr std::string_view root_keys[] = {"node"};
constexpr std::string_view node_keys[] = {
    "name",       "count",         "cpus",  "memory", "gpus",       "model", "vendor",
    "gpu_memory", "nvlink",        "place", "watts",  "watts_idle", "up",    "devices",
    "links",      "price_an_hour", "numa",  "cores",  "queue"};
constexpr std::string_view device_keys[] = {"gpus",  "model",      "vendor",       "gpu_memory",
                                            "kind",  "numa",       "slice_of",     "cut",
                                            "watts", "watts_idle", "price_an_hour"};
constexpr std::string_view link_keys[] = {"kind", "of", "lanes"};
constexpr std::string_view numa_keys[] = {"n", "cpus", "memory"};
constexpr std::string_view kind_names[] = {"gpu", "fpga"};
constexpr std::string_view link_names[] = {"same-board",  "nvlink", "pcie-switch", "pcie-switches",
                                           "host-bridge", "numa",   "system"};

std::string text_of(const Written& table, std::string_view key, Mistakes& mistakes) {
  const Written* value = find(table, key);
  return value == nullptr ? "" : read_text({key, *value}, mistakes).value_or("");
}

Bytes bytes_of(const Written& table, std::string_view key, Mistakes& mistakes) {
  const Written* value = find(table, key);
  return value == nullptr ? Bytes{0} : read_bytes({key, *value}, mistakes).value_or(Bytes{0});
}

std::optional<std::int64_t> whole_of(const Written& table, std::string_view key, std::int64_t least,
                                     std::int64_t most, Mistakes& mistakes) {
  const Written* value = find(table, key);
  return value == nullptr ? std::nullopt : read_whole({key, *value}, least, most, mistakes);
}

std::optional<bool> truth_of(const Written& table, std::string_view key, Mistakes& mistakes) {
  const Written* value = find(table, key);
  return value == nullptr ? std::nullopt : read_truth({key, *value}, mistakes);
}

// The tables of a list; none where it is no list.
std::vector<const Written*> tables_of(const Written& table, std::string_view key,
                                      std::span<const std::string_view> known, Mistakes& mistakes) {
  std::vector<const Written*> tables;
  const Written* value = find(table, key);
  if (value == nullptr) return tables;
  if (value->kind != WrittenKind::list) add_wrong_kind({key, *value}, "a list of tables", mistakes);
  for (const Written& item : value->items) {
    if (item.kind != WrittenKind::table) {
      add_wrong_kind({key, item}, "a list of tables", mistakes);
      continue;
    }
    refuse_unknown_keys(item, known, mistakes);
    tables.push_back(&item);
  }
  return tables;
}

/// CPUs by number: "0-31".
CpuSet numbered_cpus(Key key, Mistakes& mistakes) {
  const auto text = read_text(key, mistakes);
  const auto cpus = text ? CpuSet::parse(*text) : std::nullopt;
  if (text && (!cpus || cpus->empty()))
    mistakes.add(key.value.place, std::string(key.name) + " is no list of CPUs",
                 "write it like 64 or \"0-31,64-95\"");
  return cpus.value_or(CpuSet());
}

// Facts about one device of a model. Two that differ cannot both be true.
void read_amount(const Written& table, std::string_view key, const std::string& model,
                 std::map<std::string, double>& of_model, Mistakes& mistakes) {
  const Written* value = find(table, key);
  if (value == nullptr) return;
  constexpr double most = 1e6;
  const bool number = value->kind == WrittenKind::whole || value->kind == WrittenKind::real;
  if (!number) return add_wrong_kind({key, *value}, "a number", mistakes);
  if (!(value->number >= 0 && value->number <= most))
    return mistakes.add(value->place, std::string(key) + " goes from 0 to 1000000");
  const auto [at, is_new] = of_model.emplace(model, value->number);
  if (!is_new && at->second != value->number)
    mistakes.add(value->place,
                 std::string(key) + " of '" + printable(model) + "' was another number above");
}

void read_amounts(const Written& table, const std::string& model, FoundCluster& found,
                  Mistakes& mistakes) {
  read_amount(table, "watts", model, found.watts, mistakes);
  read_amount(table, "watts_idle", model, found.watts_idle, mistakes);
  read_amount(table, "price_an_hour", model, found.price_an_hour, mistakes);
}

// gpus, model, vendor, gpu_memory and what else stands in an entry of `devices`.
void add_devices(const Written& table, std::int64_t if_not_told, Node& node, FoundCluster& found,
                 Mistakes& mistakes) {
  Device device;
  device.model = text_of(table, "model", mistakes);
  device.vendor = text_of(table, "vendor", mistakes);
  device.memory = bytes_of(table, "gpu_memory", mistakes);
  if (const Written* kind = find(table, "kind"))
    if (read_choice({"kind", *kind}, kind_names, mistakes) == 1u) device.kind = DeviceKind::fpga;
  if (const Written* numa = find(table, "numa"); numa != nullptr && find(table, "cpus") == nullptr)
    if (const auto n = read_whole({"numa", *numa}, 0, most_numa_nodes, mistakes))
      device.numa_node = static_cast<std::uint32_t>(*n);
  if (const auto parent = whole_of(table, "slice_of", 0, most_gpus_of_a_node, mistakes)) {
    device.parent = static_cast<std::uint32_t>(*parent);
    if (*parent >= static_cast<std::int64_t>(node.devices.size()))
      mistakes.add(table.place, "slice_of names no device that stands before it");
  }
  device.allottable = !truth_of(table, "cut", mistakes).value_or(false);
  const std::int64_t count =
      whole_of(table, "gpus", 0, most_gpus_of_a_node, mistakes).value_or(if_not_told);
  node.devices.insert(node.devices.end(), static_cast<std::size_t>(count), device);
  read_amounts(table, device.model, found, mistakes);
}

// Each pair of these devices, unless a nearer way between the two was told.
void add_links(const Written& of, LinkKind kind, std::uint32_t lanes, Node& node,
               std::set<std::pair<std::uint32_t, std::uint32_t>>& linked, Mistakes& mistakes) {
  if (of.kind != WrittenKind::list)
    return add_wrong_kind({"an island", of}, "a list of devices", mistakes, "write [0, 1, 2, 3]");
  std::set<std::uint32_t> members;
  const auto last = static_cast<std::int64_t>(node.devices.size()) - 1;
  for (const Written& item : of.items)
    if (const auto n = read_whole({"the number of a device", item}, 0, last, mistakes))
      members.insert(static_cast<std::uint32_t>(*n));
  if (node.links.size() + members.size() * members.size() > 2 * most_links_of_a_node)
    return mistakes.add(
        of.place, "a node may have at most " + std::to_string(most_links_of_a_node) + " links");
  for (const std::uint32_t a : members)
    for (const std::uint32_t b : members)
      if (a < b && linked.emplace(a, b).second) node.links.push_back({a, b, kind, lanes});
}

void read_wires(const Written& table, Node& node, Mistakes& mistakes) {
  std::set<std::pair<std::uint32_t, std::uint32_t>> linked;
  for (const Written* link : tables_of(table, "links", link_keys, mistakes)) {
    const Written* kind = find(*link, "kind");
    const Written* of = find(*link, "of");
    if (kind == nullptr || of == nullptr) {
      mistakes.add(link->place, "a link needs a kind and of");
      continue;
    }
    const auto which = read_choice({"kind", *kind}, link_names, mistakes);
    const auto lanes = whole_of(*link, "lanes", 0, most_lanes, mistakes).value_or(0);
    if (which)
      add_links(*of, static_cast<LinkKind>(*which), static_cast<std::uint32_t>(lanes), node, linked,
                mistakes);
  }
  const Written* nvlink = find(table, "nvlink");
  if (nvlink == nullptr) return;
  if (nvlink->kind == WrittenKind::truth) {
    Written all;
    all.kind = WrittenKind::list;
    for (std::size_t i = 0; nvlink->text == "true" && i < node.devices.size(); ++i) {
      Written& item = all.items.emplace_back();
      item.kind = WrittenKind::whole;
      item.whole = static_cast<std::int64_t>(i);
    }
    return add_links(all, LinkKind::nvlink, 0, node, linked, mistakes);
  }
  if (nvlink->kind != WrittenKind::list)
    return add_wrong_kind({"nvlink", *nvlink}, "true, false or a list of islands", mistakes,
                          "write true or [[0, 1], [2, 3]]");
  for (const Written& island : nvlink->items)
    add_links(island, LinkKind::nvlink, 0, node, linked, mistakes);
}

/// `cpus = 64` counts them; by number they can be told from each other.
void read_cpus(Key key, Node& node, Mistakes& mistakes) {
  const bool counted = key.value.kind == WrittenKind::whole || key.value.kind == WrittenKind::real;
  if (!counted) {
    node.cpus = numbered_cpus(key, mistakes);
    return;
  }
  const double cpus = key.value.number;
  if (!(cpus >= 0.001 && cpus <= most_cpus_of_a_task))
    return mistakes.add(key.value.place,
                        "cpus goes from 0.001 to " + std::to_string(most_cpus_of_a_task),
                        "write it like 64 or \"0-31,64-95\"");
  node.counted.thousandths = static_cast<std::uint32_t>(std::llround(cpus * 1000));
}

void read_cpus_and_memory(const Written& table, Node& node, Mistakes& mistakes) {
  const Written* cpus = find(table, "cpus");
  if (cpus == nullptr && !is_misspelt(table, "cpus", node_keys))
    mistakes.add(table.place, "a node needs cpus", "write cpus = 64");
  if (cpus != nullptr) read_cpus({"cpus", *cpus}, node, mistakes);
  node.memory = bytes_of(table, "memory", mistakes);
  for (const Written* part : tables_of(table, "numa", numa_keys, mistakes)) {
    NumaNode numa;
    numa.n = static_cast<std::uint32_t>(whole_of(*part, "n", 0, most_numa_nodes, mistakes)
                                            .value_or(static_cast<std::int64_t>(node.numa.size())));
    if (const Written* own = find(*part, "cpus"))
      numa.cpus = numbered_cpus({"cpus", *own}, mistakes);
    numa.memory = bytes_of(*part, "memory", mistakes);
    node.numa.push_back(numa);
  }
  const Written* cores = find(table, "cores");
  // Where some are told by number, all are.
  const bool numbered =
      cores != nullptr || std::any_of(node.numa.begin(), node.numa.end(),
                                      [](const NumaNode& numa) { return !numa.cpus.empty(); });
  if (numbered && node.cpus.empty())
    node.cpus = CpuSet::first(std::min(node.counted.whole(), CpuSet::most_cpus));
  if (numbered) node.counted = {};
  if (cores == nullptr) return;
  if (cores->kind != WrittenKind::list) add_wrong_kind({"cores", *cores}, "a list", mistakes);
  for (const Written& core : cores->items)
    if (!mistakes.full()) node.cores.push_back(numbered_cpus({"cores", core}, mistakes));
}

/// "row1/rack2": a name for each level of switches.
void read_place(const Written& table, Node& node, Mistakes& mistakes) {
  const Written* value = find(table, "place");
  if (value == nullptr) return;
  const auto text = read_text({"place", *value}, mistakes);
  if (!text || text->empty()) return;
  const auto parts = split(*text, '/');
  const bool hole = std::any_of(parts.begin(), parts.end(), [](auto part) { return part.empty(); });
  if (hole || parts.size() > most_switch_levels)
    return mistakes.add(
        value->place,
        hole ? "place has an empty name between its slashes"
             : "place has more than " + std::to_string(most_switch_levels) + " levels of switches",
        "write it like \"row1/rack2\", outermost first");
  node.place = place_from(*text);
}

// "gpu-[01-16]", or "gpu-{n}" as often as `count` says.
std::vector<std::string> names_of(const Written& table, Mistakes& mistakes) {
  const std::string name = text_of(table, "name", mistakes);
  const auto count = whole_of(table, "count", 1, most_nodes_in_a_list, mistakes);
  const Written* written = find(table, "name");
  const SourcePlace place = written == nullptr ? table.place : written->place;
  if (name.empty()) {
    if (is_misspelt(table, "name", node_keys)) return {};
    mistakes.add(place, "a node needs a name",
                 "write name = \"gpu-[01-16]\" or name = \"gpu-{n}\"");
    return {};
  }
  std::vector<std::string> names;
  const auto hole = name.find("{n}");
  if (hole != std::string::npos) {
    for (std::int64_t n = 1; n <= count.value_or(1); ++n)
      names.push_back(name.substr(0, hole) + std::to_string(n) + name.substr(hole + 3));
  } else {
    names = expand_node_list(name).value_or(std::vector<std::string>());
    if (count && static_cast<std::size_t>(*count) != names.size())
      mistakes.add(place, "count is not the number of names",
                   "write {n} in the name where the number is to stand, or leave out count");
  }
  if (names.empty() || !is_node_name(names.front()))
    mistakes.add(place, "'" + printable(name.substr(0, 64)) + "' is no name of nodes",
                 "write it like \"gpu-[01-16]\"");
  return names;
}

void check_devices_stand_alone(const Written& table, Mistakes& mistakes) {
  if (find(table, "devices") == nullptr) return;
  for (const char* key :
       {"gpus", "model", "vendor", "gpu_memory", "watts", "watts_idle", "price_an_hour"})
    if (const Written* value = find(table, key))
      mistakes.add(value->place, std::string(key) + " and devices cannot stand together",
                   "put it into the entries of devices");
}

struct KnownNodes {
  std::set<std::string> names;
  std::size_t parts = 0;  ///< devices and links of all nodes
};

void add_nodes(const std::vector<std::string>& names, Node node, const std::string& queue,
               FoundCluster& found, KnownNodes& known, SourcePlace at, Mistakes& mistakes) {
  if (mistakes.any()) return;
  constexpr std::size_t most_parts = 10 * most_devices_in_a_cluster;
  known.parts += names.size() * (node.devices.size() + node.links.size() + node.cores.size());
  if (found.cluster.nodes.size() + names.size() > most_nodes_in_a_list || known.parts > most_parts)
    return mistakes.add(at, "a cluster file may hold at most " +
                                std::to_string(most_nodes_in_a_list) + " nodes, and " +
                                std::to_string(most_parts) + " devices, links and cores");
  for (const std::string& name : names) {
    if (!known.names.insert(name).second)
      return mistakes.add(at, "there is a node '" + printable(name) + "' above already");
    node.name = name;
    found.cluster.nodes.push_back(node);
    found.queues.push_back(queue);
  }
}

void read_node(const Written& table, FoundCluster& found, KnownNodes& known, Mistakes& mistakes) {
  check_devices_stand_alone(table, mistakes);
  Node node;
  read_cpus_and_memory(table, node, mistakes);
  if (find(table, "devices") == nullptr) add_devices(table, 0, node, found, mistakes);
  for (const Written* devices : tables_of(table, "devices", device_keys, mistakes))
    if (node.devices.size() <= most_gpus_of_a_node) add_devices(*devices, 1, node, found, mistakes);
  if (node.devices.size() > most_gpus_of_a_node)
    return mistakes.add(
        table.place, "a node may have at most " + std::to_string(most_gpus_of_a_node) + " devices");
  read_wires(table, node, mistakes);
  node.up = truth_of(table, "up", mistakes).value_or(true);
  read_place(table, node, mistakes);
  add_nodes(names_of(table, mistakes), node, text_of(table, "queue", mistakes), found, known,
            table.place, mistakes);
}

Result<std::string> whole_text(Input& input) {
  while (input.window().size() <= largest_cluster_file && input.read_more()) continue;
  if (input.error()) return *input.error();
  if (input.window().size() > largest_cluster_file)
    return Error{ErrorKind::refused,
                 "a cluster file may hold at most " + format(Bytes{largest_cluster_file}),
                 input.name(), "name nodes that are alike together: name = \"gpu-[001-999]\""};
  return std::string(input.window());
}

}  // namespace

bool looks_like_cluster_file(std::string_view head) {
  return first_line(head, '#').starts_with("[[node]]") ||
         first_line(head, '#').starts_with("[[ node ]]") ||
         head.find("\n[[node]]") != std::string_view::npos;
}

Result<FoundCluster> read_cluster_file(Input& input) {
  const auto text = whole_text(input);
  if (!text) return text.error();
  const auto root = read_toml(*text, input.name());
  if (!root) return root.error();
  Mistakes mistakes(input.name());
  FoundCluster found;
  KnownNodes known;
  refuse_unknown_keys(*root, root_keys, mistakes);
  for (const Written* table : tables_of(*root, "node", node_keys, mistakes))
    if (!mistakes.full()) read_node(*table, found, known, mistakes);
  if (mistakes.any()) return mistakes.in_order().front();
  if (std::all_of(found.queues.begin(), found.queues.end(), [](auto& one) { return one.empty(); }))
    found.queues.clear();
  return found;
}

}  // namespace gangline
