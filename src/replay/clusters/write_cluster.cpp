#include <algorithm>
#include <cstdio>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "base/text.h"
#include "replay/clusters/read_cluster.h"

namespace gangline {
namespace {

// A basic string of TOML.
std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) {
      out += c;
      continue;
    }
    char escape[8];
    std::snprintf(escape, sizeof escape, "\\u%04x",
                  static_cast<unsigned>(static_cast<unsigned char>(c)));
    out += escape;
  }
  return out + '"';
}

// With the largest unit that loses nothing.
std::string exact(Bytes bytes) {
  constexpr std::string_view units = "BKMG";
  std::size_t unit = 0;
  std::int64_t n = bytes.n;
  while (unit + 1 < units.size() && n != 0 && n % 1024 == 0) {
    n /= 1024;
    ++unit;
  }
  return quoted(std::to_string(n) + units[unit]);
}

std::string number(double value) {
  char text[40];
  std::snprintf(text, sizeof text, "%.17g", value);
  std::string shortest = text;
  for (int digits = 1; digits < 17; ++digits) {
    std::snprintf(text, sizeof text, "%.*g", digits, value);
    if (std::stod(text) == value) {
      shortest = text;
      break;
    }
  }
  return shortest;
}

std::string cpus_text(const Node& node) {
  if (!node.cpus.empty()) return quoted(node.cpus.text());
  const std::uint32_t thousandths = node.counted.thousandths;
  std::string text = std::to_string(thousandths / 1000);
  if (thousandths % 1000 > 0) text += "." + std::to_string(1000 + thousandths % 1000).substr(1);
  return text;
}

std::string device_text(const Device& device, const FoundCluster& found, const char* between) {
  std::string text;
  const auto add = [&](const char* key, const std::string& value) {
    text += between + std::string(key) + " = " + value;
  };
  const auto add_amount = [&](const char* key, const std::map<std::string, double>& of_model) {
    const auto at = of_model.find(device.model);
    if (at != of_model.end()) add(key, number(at->second));
  };
  if (!device.model.empty()) add("model", quoted(device.model));
  if (!device.vendor.empty()) add("vendor", quoted(device.vendor));
  if (device.memory.n > 0) add("gpu_memory", exact(device.memory));
  if (device.kind == DeviceKind::fpga) add("kind", quoted("fpga"));
  if (device.numa_node) add("numa", std::to_string(*device.numa_node));
  if (device.parent) add("slice_of", std::to_string(*device.parent));
  if (!device.allottable) add("cut", "true");
  add_amount("watts", found.watts);
  add_amount("watts_idle", found.watts_idle);
  add_amount("price_an_hour", found.price_an_hour);
  return text;
}

// Whether the keys of a node say all of its devices: they are alike and need none that a node has
// not.
bool is_simple(const Node& node) {
  const auto plain = [&](const Device& device) {
    return device.kind == DeviceKind::gpu && !device.numa_node && !device.parent &&
           device.allottable && device.model == node.devices.front().model &&
           device.vendor == node.devices.front().vendor &&
           device.memory == node.devices.front().memory;
  };
  return std::all_of(node.devices.begin(), node.devices.end(), plain);
}

std::string devices_text(const Node& node, const FoundCluster& found) {
  if (node.devices.empty()) return "";
  if (is_simple(node))
    return "gpus = " + std::to_string(node.devices.size()) +
           device_text(node.devices.front(), found, "\n") + "\n";
  std::string text = "devices = [\n";
  for (std::size_t i = 0; i < node.devices.size();) {
    const std::string one = device_text(node.devices[i], found, ", ");
    std::size_t same = 1;
    while (i + same < node.devices.size() &&
           device_text(node.devices[i + same], found, ", ") == one)
      ++same;
    text += "  { gpus = " + std::to_string(same) + one + " },\n";
    i += same;
  }
  return text + "]\n";
}

std::string members_text(const std::set<std::uint32_t>& members) {
  std::string text;
  for (const std::uint32_t n : members) text += (text.empty() ? "" : ", ") + std::to_string(n);
  return "[" + text + "]";
}

// Links of one kind as islands, in each of which each two devices are linked.
std::vector<std::set<std::uint32_t>> islands_of(
    std::set<std::pair<std::uint32_t, std::uint32_t>> pairs) {
  std::vector<std::set<std::uint32_t>> islands;
  while (!pairs.empty()) {
    std::set<std::uint32_t> island{pairs.begin()->first, pairs.begin()->second};
    std::set<std::uint32_t> candidates;
    for (const auto& [a, b] : pairs)
      if (a == pairs.begin()->first) candidates.insert(b);
    for (const std::uint32_t n : candidates) {
      const bool joins = std::all_of(island.begin(), island.end(), [&](std::uint32_t member) {
        return member == n || pairs.contains({std::min(member, n), std::max(member, n)});
      });
      if (joins) island.insert(n);
    }
    for (const std::uint32_t a : island)
      for (const std::uint32_t b : island)
        if (a < b) pairs.erase({a, b});
    islands.push_back(std::move(island));
  }
  return islands;
}

std::string links_text(const Node& node) {
  std::map<std::pair<LinkKind, std::uint32_t>, std::set<std::pair<std::uint32_t, std::uint32_t>>>
      of_kind;
  for (const Link& link : node.links) of_kind[{link.kind, link.lanes}].emplace(link.a, link.b);
  if (of_kind.empty()) return "";
  if (of_kind.size() == 1 && of_kind.begin()->first == std::pair(LinkKind::nvlink, 0u)) {
    const auto islands = islands_of(of_kind.begin()->second);
    if (islands.front().size() == node.devices.size()) return "nvlink = true\n";
    std::string text;
    for (const auto& island : islands) text += (text.empty() ? "" : ", ") + members_text(island);
    return "nvlink = [" + text + "]\n";
  }
  std::string text = "links = [\n";
  for (const auto& [kind, pairs] : of_kind)
    for (const auto& island : islands_of(pairs))
      text += "  { kind = " + quoted(name_of(kind.first)) +
              ", lanes = " + std::to_string(kind.second) + ", of = " + members_text(island) +
              " },\n";
  return text + "]\n";
}

std::string cores_text(const Node& node) {
  std::string text;
  if (!node.numa.empty()) {
    text += "numa = [\n";
    for (const NumaNode& numa : node.numa) {
      text += "  { n = " + std::to_string(numa.n);
      if (!numa.cpus.empty()) text += ", cpus = " + quoted(numa.cpus.text());
      text += ", memory = " + exact(numa.memory) + " },\n";
    }
    text += "]\n";
  }
  if (node.cores.empty()) return text;
  text += "cores = [";
  for (std::size_t i = 0; i < node.cores.size(); ++i)
    text += (i == 0 ? "" : ", ") + quoted(node.cores[i].text());
  return text + "]\n";
}

// All but the name.
std::string body_text(std::size_t n, const FoundCluster& found) {
  const Node& node = found.cluster.nodes[n];
  const std::string place = place_text(node);
  const std::string queue = n < found.queues.size() ? found.queues[n] : "";
  std::string text = "cpus = " + cpus_text(node) + "\n";
  if (node.memory.n > 0) text += "memory = " + exact(node.memory) + "\n";
  text += devices_text(node, found) + links_text(node) + cores_text(node);
  if (!place.empty()) text += "place = " + quoted(place) + "\n";
  if (!queue.empty()) text += "queue = " + quoted(queue) + "\n";
  if (!node.up) text += "up = false\n";
  return text;
}

struct NumberedName {
  std::string_view stem;
  std::string_view digits;
};

NumberedName cut_name(std::string_view name) {
  std::size_t at = name.size();
  while (at > 0 && name[at - 1] >= '0' && name[at - 1] <= '9' && name.size() - at < 9) --at;
  return {name.substr(0, at), name.substr(at)};
}

// Whether `name` is what a list that begins with `first` has as its nth one.
bool goes_on(const NumberedName& first, std::size_t n, std::string_view name) {
  const auto begin = parse_number(first.digits);
  if (!begin) return false;
  std::string digits = std::to_string(*begin + n);
  if (digits.size() < first.digits.size())
    digits.insert(0, first.digits.size() - digits.size(), '0');
  return name.starts_with(first.stem) && name.substr(first.stem.size()) == digits;
}

std::string range_of(const std::string& first, std::size_t count) {
  if (count == 1) return first;
  const NumberedName cut = cut_name(first);
  std::string last = std::to_string(*parse_number(cut.digits) + count - 1);
  if (last.size() < cut.digits.size()) last.insert(0, cut.digits.size() - last.size(), '0');
  return std::string(cut.stem) + "[" + std::string(cut.digits) + "-" + last + "]";
}

}  // namespace

std::string write_cluster(const FoundCluster& found) {
  const auto& nodes = found.cluster.nodes;
  const auto body = [&](std::size_t i) { return body_text(i, found); };
  std::string text;
  for (std::size_t i = 0; i < nodes.size();) {
    const std::string one = body(i);
    std::size_t alike = 1;
    while (i + alike < nodes.size() &&
           goes_on(cut_name(nodes[i].name), alike, nodes[i + alike].name) && body(i + alike) == one)
      ++alike;
    text += (i == 0 ? "" : "\n") + std::string("[[node]]\nname = ") +
            quoted(range_of(nodes[i].name, alike)) + "\n" + one;
    i += alike;
  }
  return text;
}

}  // namespace gangline
