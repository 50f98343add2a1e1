#include "schedule/place/wanted.h"

#include <algorithm>
#include <cctype>
#include <limits>
#include <set>
#include <string_view>

#include "base/text.h"

namespace gangline {
namespace {

bool same_letter(char a, char b) {
  return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
}

bool contains(std::string_view text, std::string_view part) {
  return std::search(text.begin(), text.end(), part.begin(), part.end(), same_letter) != text.end();
}

bool contains_any(const std::string& text, const std::string& parts) {
  const auto all = split(parts, '|');
  return std::any_of(all.begin(), all.end(),
                     [&](std::string_view part) { return contains(text, part); });
}

bool equal(const std::string& a, const std::string& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), same_letter);
}

/// A whole device that fell away may come back as itself; a slice that was cut anew never does.
bool may_be_given(const Device& device, UseByOthers use, const DeviceRules& rules) {
  if (!device.allottable) return false;
  if (rules.ever) return device.present || !device.parent;
  if (!device.present || use == UseByOthers::leased) return false;
  return rules.allow_foreign || use == UseByOthers::none;
}

std::uint32_t cpus_each_of(CpuAmount asked, Family family) {
  const bool counted = family == Family::counted || family == Family::counted_with_devices;
  return counted ? asked.thousandths : std::max(1u, asked.whole()) * 1000;
}

/// One program computes with devices of one vendor, so that of most of them is left; of equal ones
/// the first.
void keep_one_vendor(const Node& node, Usable& usable) {
  std::vector<std::pair<std::string_view, std::size_t>> vendors;
  for (const std::uint32_t d : usable.devices) {
    const std::string_view vendor = node.devices[d].vendor;
    const auto known =
        std::ranges::find(vendors, vendor, [](const auto& one) { return one.first; });
    if (known == vendors.end()) vendors.emplace_back(vendor, 1);
    else ++known->second;
  }
  if (vendors.size() < 2) return;
  const auto most =
      std::max_element(vendors.begin(), vendors.end(),
                       [](const auto& a, const auto& b) { return a.second < b.second; });
  Usable left;
  left.node = usable.node;
  left.cpus_each = usable.cpus_each;
  for (std::size_t i = 0; i < usable.devices.size(); ++i) {
    if (node.devices[usable.devices[i]].vendor != most->first) {
      left.of_other_vendors.push_back(usable.devices[i]);
      continue;
    }
    left.devices.push_back(usable.devices[i]);
    left.slice.push_back(usable.slice[i]);
  }
  usable = std::move(left);
}

Usable usable_on(const Node& node, const NodeKind& kind, const TaskRequest& task,
                 const DeviceRules& rules) {
  const DeviceRequest* asked = task.devices ? &*task.devices : nullptr;
  Usable usable;
  usable.node = takes_gangs(node) || rules.ever;
  usable.cpus_each = cpus_each_of(task.cpus, family_of(node));
  if (asked == nullptr) return usable;
  for (std::uint32_t d = 0; d < node.devices.size(); ++d) {
    if (!matches(node.devices[d], *asked)) continue;
    if (!may_be_given(node.devices[d], kind.foreign[d], rules)) continue;
    usable.devices.push_back(d);
    usable.slice.push_back(node.devices[d].parent.has_value());
  }
  if (asked->count > 1 && asked->vendor.empty()) keep_one_vendor(node, usable);
  return usable;
}

/// What is left of it on this node without the avoided devices.
Usable without(const Usable& usable, std::uint32_t node, std::span<const DeviceId> avoid) {
  Usable left;
  left.node = usable.node;
  left.cpus_each = usable.cpus_each;
  for (std::size_t i = 0; i < usable.devices.size(); ++i) {
    const DeviceId id{{node}, usable.devices[i]};
    if (std::find(avoid.begin(), avoid.end(), id) != avoid.end()) continue;
    left.devices.push_back(usable.devices[i]);
    left.slice.push_back(usable.slice[i]);
  }
  return left;
}

}  // namespace

bool matches(const Device& device, const DeviceRequest& request) {
  if (device.kind != request.kind) return false;
  // One program reaches at most one MIG slice, but as many partitions of AMD as it may see.
  if (device.parent && request.count > 1 && !equal(device.vendor, "amd")) return false;
  if (!request.vendor.empty() && !equal(device.vendor, request.vendor)) return false;
  if (!request.model.empty() && !contains_any(device.model, request.model)) return false;
  return device.memory >= request.memory;
}

bool may_stay_on(const Usable& usable, const Node& node, const TaskPlace& task) {
  const auto is_among = [](const std::vector<std::uint32_t>& devices, std::uint32_t d) {
    return std::binary_search(devices.begin(), devices.end(), d);
  };
  return std::all_of(task.devices.begin(), task.devices.end(), [&](const DeviceShare& one) {
    if (is_among(usable.of_other_vendors, one.device))
      return node.devices[one.device].vendor == node.devices[task.devices[0].device].vendor;
    return is_among(usable.devices, one.device);
  });
}

const Usable& Wanted::on(std::uint32_t node, const Kinds& in) const {
  if (!special.empty()) {
    const auto found =
        std::lower_bound(special.begin(), special.end(), node,
                         [](const auto& one, std::uint32_t n) { return one.first < n; });
    if (found != special.end() && found->first == node) return found->second;
  }
  return kinds[in.kind_of(node)];
}

bool Wanted::is_special(std::uint32_t node) const {
  return std::binary_search(special.begin(), special.end(), std::pair(node, Usable{}),
                            [](const auto& a, const auto& b) { return a.first < b.first; });
}

Wanted want(const Kinds& kinds, const ResourceRequest& request, std::uint32_t alternative,
            const DeviceRules& rules) {
  const TaskRequest& task = request.alternatives[alternative];
  Wanted wanted;
  wanted.alternative = alternative;
  wanted.tasks = std::max(1u, request.tasks);
  wanted.cpus = task.cpus;
  wanted.memory = task.memory;
  if (task.devices) {
    wanted.each = std::max(1u, task.devices->count);
    wanted.share = {std::clamp(task.devices->share.thousandths, 1, whole_device.thousandths)};
  }
  for (const NodeKind& kind : kinds.all()) {
    wanted.kinds.push_back(usable_on(kinds.node(kind.example), kind, task, rules));
    const auto& slice = wanted.kinds.back().slice;
    wanted.slices = wanted.slices || std::find(slice.begin(), slice.end(), true) != slice.end();
  }
  if (!rules.ever && wanted.each > 0) {
    std::set<std::uint32_t> nodes;
    for (const DeviceId id : rules.avoid)
      if (id.node.n < kinds.nodes()) nodes.insert(id.node.n);
    for (const std::uint32_t n : nodes)
      wanted.special.emplace_back(n, without(wanted.kinds[kinds.kind_of(n)], n, rules.avoid));
  }
  wanted.scores = std::make_shared<Scores>(wanted.tasks, wanted.each, wanted.share);
  return wanted;
}

std::uint32_t cpus_each_in(const Wanted& wanted, Family family) {
  return cpus_each_of(wanted.cpus, family);
}

std::uint32_t tasks_that_fit(const Wanted& wanted, const Usable& usable, const FreeNode& free,
                             Slices slices) {
  if (!usable.node) return 0;
  std::uint64_t most = times_in(free.cpu_thousandths, usable.cpus_each);
  if (wanted.memory.n > 0)
    most = std::min(most, static_cast<std::uint64_t>(std::max<std::int64_t>(0, free.memory.n)) /
                              static_cast<std::uint64_t>(wanted.memory.n));
  if (wanted.each > 0 && most > 0)
    most = std::min<std::uint64_t>(
        most, tasks_on_devices(usable, free.devices, wanted.each, wanted.share, slices));
  return static_cast<std::uint32_t>(
      std::min<std::uint64_t>(most, std::numeric_limits<std::uint32_t>::max()));
}

bool fits_when_empty(const Wanted& wanted, const Kinds& kinds) {
  std::uint64_t tasks = 0;
  for (std::uint32_t k = 0; k < kinds.all().size(); ++k) {
    const NodeKind& kind = kinds.all()[k];
    const FreeNode all = all_of(kinds.node(kind.example));
    std::uint64_t alike = kind.nodes;
    for (const auto& [n, usable] : wanted.special) {
      if (kinds.kind_of(n) != k) continue;
      --alike;
      tasks += tasks_that_fit(wanted, usable, all);
    }
    tasks += alike * tasks_that_fit(wanted, wanted.kinds[k], all);
  }
  return tasks >= wanted.tasks;
}

}  // namespace gangline
