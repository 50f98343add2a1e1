#include "schedule/place/kinds.h"

#include <algorithm>
#include <functional>
#include <map>
#include <numeric>

namespace gangline {
namespace {

void add_number(std::string& bytes, std::uint64_t n) {
  bytes.append(reinterpret_cast<const char*>(&n), sizeof n);
}

void add_text(std::string& bytes, const std::string& text) {
  add_number(bytes, text.size());
  bytes += text;
}

void add_cpus(std::string& bytes, const CpuSet& cpus) { add_text(bytes, cpus.text()); }

char letter_of(UseByOthers use) {
  return use == UseByOthers::leased ? 'l' : use == UseByOthers::foreign ? 'f' : '-';
}

std::string facts_of(const Node& node, const std::vector<UseByOthers>& foreign) {
  std::string facts(1, node.elsewhere ? 'e' : node.up ? 'u' : 'd');
  add_number(facts, static_cast<std::uint64_t>(node.memory.n));
  add_cpus(facts, node.cpus);
  add_number(facts, node.counted.thousandths);
  for (const CpuSet& core : node.cores) add_cpus(facts, core);
  for (const NumaNode& numa : node.numa) {
    add_number(facts, numa.n);
    add_cpus(facts, numa.cpus);
  }
  for (std::size_t d = 0; d < node.devices.size(); ++d) {
    const Device& device = node.devices[d];
    facts += facts_of(device);
    facts += letter_of(foreign[d]);
    add_number(facts, device.parent ? *device.parent + 1u : 0u);
    add_number(facts, device.numa_node ? *device.numa_node + 1u : 0u);
  }
  for (const Link& link : node.links) {
    add_number(facts, (std::uint64_t{link.a} << 32) | link.b);
    add_number(facts, static_cast<std::uint64_t>(link.kind));
  }
  return facts;
}

bool same_facts(const Node& a, const Node& b) {
  const auto same_device = [](const Device& x, const Device& y) {
    return x.kind == y.kind && x.memory == y.memory && x.numa_node == y.numa_node &&
           x.parent == y.parent && x.allottable == y.allottable && x.present == y.present &&
           x.vendor == y.vendor && x.model == y.model;
  };
  const auto same_numa = [](const NumaNode& x, const NumaNode& y) {
    return x.n == y.n && x.cpus == y.cpus;
  };
  return a.up == b.up && a.elsewhere == b.elsewhere && a.memory == b.memory && a.cpus == b.cpus &&
         a.counted == b.counted && a.cores == b.cores && a.links == b.links &&
         std::equal(a.numa.begin(), a.numa.end(), b.numa.begin(), b.numa.end(), same_numa) &&
         std::equal(a.devices.begin(), a.devices.end(), b.devices.begin(), b.devices.end(),
                    same_device);
}

/// Builds the tree of device groups, and names each group by what it is made of.
class TreeMaker {
 public:
  TreeMaker(const Node& node, const NodeLayout& layout, const std::vector<UseByOthers>& foreign)
      : layout_(layout) {
    for (std::size_t d = 0; d < node.devices.size(); ++d)
      leaves_.push_back(facts_of(node.devices[d]) + letter_of(foreign[d]));
  }

  DeviceTree make() {
    DeviceTree tree;
    std::vector<std::uint32_t> all(leaves_.size());
    std::iota(all.begin(), all.end(), 0u);
    if (!all.empty()) tree.root = group(nearness_levels - 1, all, tree.order).second;
    tree.all_alike = std::all_of(tree.root.inside.begin(), tree.root.inside.end(),
                                 [&](const DeviceGroup& one) { return one.inside.empty(); });
    tree.all_alike =
        tree.all_alike && (tree.root.alike.empty() || tree.root.alike.front() == all.size());
    return tree;
  }

 private:
  using Named = std::pair<std::string, DeviceGroup>;

  /// The group of `devices`, which are together at `level`; appends them to `order`.
  Named group(std::size_t level, const std::vector<std::uint32_t>& devices,
              std::vector<std::uint32_t>& order) {
    if (devices.size() == 1) {
      order.push_back(devices[0]);
      return {leaves_[devices[0]], {static_cast<std::uint32_t>(order.size() - 1), 1, {}, {}}};
    }
    std::map<std::uint32_t, std::vector<std::uint32_t>> below;
    for (const std::uint32_t d : devices) below[layout_.group[level - 1][d]].push_back(d);
    if (below.size() == 1) return group(level - 1, devices, order);
    struct Child {
      Named named;
      std::vector<std::uint32_t> order;
    };
    std::vector<Child> children;
    for (const auto& [number, members] : below) {
      Child& child = children.emplace_back();
      child.named = group(level - 1, members, child.order);
    }
    std::stable_sort(children.begin(), children.end(),
                     [](const Child& a, const Child& b) { return a.named.first < b.named.first; });
    DeviceGroup made{static_cast<std::uint32_t>(order.size()),
                     static_cast<std::uint32_t>(devices.size()),
                     {},
                     std::vector<std::uint32_t>(children.size(), 1)};
    std::string name = "(" + std::to_string(level);
    for (Child& child : children) {
      name += "," + child.named.first;
      move_behind(child.named.second, static_cast<std::uint32_t>(order.size()));
      made.inside.push_back(std::move(child.named.second));
      order.insert(order.end(), child.order.begin(), child.order.end());
    }
    for (std::size_t i = children.size() - 1; i-- > 0;)
      if (children[i].named.first == children[i + 1].named.first)
        made.alike[i] = made.alike[i + 1] + 1;
    return {name + ")", std::move(made)};
  }

  static void move_behind(DeviceGroup& group, std::uint32_t offset) {
    group.first += offset;
    for (DeviceGroup& one : group.inside) move_behind(one, offset);
  }

  const NodeLayout& layout_;
  std::vector<std::string> leaves_;
};

/// Sorts what groups that are alike contain, from the inside out. `content` follows the order of
/// the tree.
void arrange(const DeviceGroup& group, std::vector<std::int32_t>& content) {
  for (const DeviceGroup& one : group.inside)
    if (!one.inside.empty()) arrange(one, content);
  for (std::size_t i = 0; i < group.inside.size();) {
    const std::size_t alike = group.alike[i];
    const std::uint32_t size = group.inside[i].size;
    const auto begin = content.begin() + group.inside[i].first;
    if (alike > 1 && size == 1) {
      std::sort(begin, begin + static_cast<std::ptrdiff_t>(alike), std::greater<>());
    } else if (alike > 1) {
      std::vector<std::vector<std::int32_t>> parts;
      for (std::size_t p = 0; p < alike; ++p) {
        const auto from = begin + static_cast<std::ptrdiff_t>(p * size);
        parts.emplace_back(from, from + size);
      }
      std::sort(parts.begin(), parts.end(), std::greater<>());
      auto to = begin;
      for (const auto& part : parts) to = std::copy(part.begin(), part.end(), to);
    }
    i += alike;
  }
}

}  // namespace

std::string facts_of(const Device& device) {
  std::string facts;
  add_number(facts, static_cast<std::uint64_t>(device.kind));
  add_number(facts, static_cast<std::uint64_t>(device.memory.n));
  add_text(facts, device.vendor);
  add_text(facts, device.model);
  facts += device.allottable ? 'a' : '-';
  facts += device.present ? 'p' : '-';
  facts += device.parent ? 's' : '-';
  return facts;
}

const ForeignUse* foreign_use_of(const Cluster& cluster, std::span<const ForeignUse> foreign,
                                 DeviceId device) {
  const auto parent = cluster.nodes[device.node.n].devices[device.index].parent;
  for (const ForeignUse& use : foreign) {
    if (use.holder.empty() || use.device.node != device.node) continue;
    if (use.device.index == device.index || use.device.index == parent) return &use;
  }
  return nullptr;
}

Kinds::Kinds(std::shared_ptr<const Cluster> cluster, std::span<const ForeignUse> foreign)
    : cluster_(std::move(cluster)), switches_(*cluster_) {
  const auto nodes = static_cast<std::uint32_t>(cluster_->nodes.size());
  std::vector<bool> in_use(nodes, false);
  for (const ForeignUse& use : foreign)
    if (use.device.node.n < nodes) in_use[use.device.node.n] = true;
  kind_of_.reserve(nodes);
  std::vector<UseByOthers> barred;
  for (std::uint32_t n = 0; n < nodes; ++n) {
    const auto devices = static_cast<std::uint32_t>(node(n).devices.size());
    barred.assign(devices, UseByOthers::none);
    if (in_use[n])
      for (std::uint32_t d = 0; d < devices; ++d)
        if (const ForeignUse* use = foreign_use_of(*cluster_, foreign, {{n}, d}))
          barred[d] = use->leased ? UseByOthers::leased : UseByOthers::foreign;
    // Neighbours are alike more often than not, and to compare is quicker than to look up.
    const bool as_before = n > 0 && kinds_[kind_of_.back()].foreign == barred &&
                           same_facts(node(n), node(kinds_[kind_of_.back()].example));
    kind_of_.push_back(as_before ? kind_of_.back() : kind_for(n, barred));
    ++kinds_[kind_of_.back()].nodes;
  }
}

std::uint32_t Kinds::kind_for(std::uint32_t n, const std::vector<UseByOthers>& foreign) {
  const auto [known, is_new] =
      by_facts_.try_emplace(facts_of(node(n), foreign), static_cast<std::uint32_t>(kinds_.size()));
  if (!is_new) return known->second;
  NodeKind& kind = kinds_.emplace_back();
  kind.example = n;
  kind.foreign = foreign;
  kind.layout = layout_of(node(n));
  kind.tree = TreeMaker(node(n), kind.layout, foreign).make();
  return known->second;
}

std::vector<std::int32_t> Kinds::arranged(std::uint32_t kind,
                                          const std::vector<std::int32_t>& free) const {
  const DeviceTree& tree = kinds_[kind].tree;
  std::vector<std::int32_t> content(free);
  if (tree.all_alike) {
    std::sort(content.begin(), content.end(), std::greater<>());
    return content;
  }
  for (std::size_t i = 0; i < tree.order.size(); ++i) content[i] = free[tree.order[i]];
  arrange(tree.root, content);
  std::vector<std::int32_t> by_device(free.size());
  for (std::size_t i = 0; i < tree.order.size(); ++i) by_device[tree.order[i]] = content[i];
  return by_device;
}

}  // namespace gangline
