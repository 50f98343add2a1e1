#include "schedule/place/free_state.h"

#include <algorithm>

namespace gangline {
namespace {

constexpr std::size_t most_changes_kept = 1 << 20;

std::uint64_t mixed(std::uint64_t x) {  // splitmix64
  x += 0x9e3779b97f4a7c15U;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
  return x ^ (x >> 31);
}

std::uint64_t digest_of(std::uint32_t n, const FreeNode& node) {
  std::uint64_t digest = mixed((std::uint64_t{n} << 32) | node.cpu_thousandths);
  for (const std::int32_t left : node.devices)
    digest = mixed(digest ^ static_cast<std::uint32_t>(left));
  return digest;
}

}  // namespace

void FreeNode::take(const NodePart& part) {
  for (const TaskPlace& task : part.tasks) {
    for (const DeviceShare& share : task.devices)
      if (share.device < devices.size()) devices[share.device] -= share.share.thousandths;
    count_host(task, 1);
    cpus = cpus.minus(task.cpus);
    counted -= task.counted.thousandths;
    memory = memory - task.memory;
  }
  count_cpus();
}

void FreeNode::give_back(const NodePart& part, const Node& node) {
  for (const TaskPlace& task : part.tasks) {
    for (const DeviceShare& share : task.devices)
      if (share.device < devices.size()) devices[share.device] += share.share.thousandths;
    count_host(task, -1);
    cpus = cpus | (task.cpus & node.cpus);
    counted += task.counted.thousandths;
    memory = memory + task.memory;
  }
  count_cpus();
}

void FreeNode::bar(const NodePart& part, bool undo) {
  const std::int32_t whole = undo ? -whole_device.thousandths : whole_device.thousandths;
  for (const TaskPlace& task : part.tasks)
    for (const DeviceShare& share : task.devices)
      if (share.device < devices.size()) devices[share.device] -= whole;
}

bool FreeNode::can_hold(const NodePart& part) const {
  bool wants_memory = false;
  for (const TaskPlace& task : part.tasks) {
    if (!task.cpus.minus(cpus).empty()) return false;
    wants_memory = wants_memory || task.memory.n > 0;
  }
  FreeNode after = *this;
  after.take(part);
  if ((after.memory.n < 0 && wants_memory) || after.counted < 0) return false;
  for (const TaskPlace& task : part.tasks)
    for (const DeviceShare& share : task.devices)
      if (after.devices[share.device] < 0) return false;
  return true;
}

void FreeNode::count_host(const TaskPlace& task, int sign) {
  if (task.devices.empty()) return;
  const std::size_t own = class_of(task.devices.size(), task.devices.front().share);
  if (hosts.size() <= own) hosts.resize(own + 1);
  hosts[own] = static_cast<std::uint16_t>(hosts[own] + sign);
}

void FreeNode::count_cpus() {
  cpu_thousandths =
      cpus.count() * 1000 + static_cast<std::uint32_t>(std::max<std::int64_t>(0, counted));
}

FreeNode all_of(const Node& node) {
  return {std::vector<std::int32_t>(node.devices.size(), whole_device.thousandths),
          node.cpus,
          node.cpus.empty() ? node.counted.thousandths : 0,
          node.memory,
          {},
          cpus_of(node).thousandths};
}

Family family_of(const Node& node) {
  if (node.devices.empty()) return node.cpus.empty() ? Family::counted : Family::plain;
  return node.cpus.empty() ? Family::counted_with_devices : Family::with_devices;
}

FreeState::FreeState(const Kinds& kinds) : kinds_(&kinds) {
  const std::uint32_t nodes = kinds.nodes();
  by_kind_.resize(kinds.all().size());
  nodes_.reserve(nodes);
  standing_.resize(nodes);
  for (std::uint32_t n = 0; n < nodes; ++n) {
    nodes_.push_back(all_of(kinds.node(n)));
    put_in(n);
  }
}

std::uint32_t FreeState::standing_for(std::uint32_t node) {
  const std::uint32_t kind = kinds_->kind_of(node);
  std::vector<std::int32_t> free = kinds_->arranged(kind, nodes_[node].devices);
  std::string key(reinterpret_cast<const char*>(&kind), sizeof kind);
  key.append(reinterpret_cast<const char*>(free.data()), free.size() * sizeof free[0]);
  const auto [known, is_new] =
      by_content_.try_emplace(std::move(key), static_cast<std::uint32_t>(standings_.size()));
  if (is_new) {
    standings_.push_back({kind, std::move(free), {}});
    by_kind_[kind].push_back(known->second);
  }
  return known->second;
}

void FreeState::put_in(std::uint32_t node) {
  const std::pair key(nodes_[node].cpu_thousandths, node);
  standing_[node] = standing_for(node);
  auto& alike = standings_[standing_[node]].nodes;
  alike.insert(alike.end(), key);
  auto& all = by_cpus_[static_cast<std::size_t>(family_of(kinds_->node(node)))];
  all.insert(all.end(), key);
}

void FreeState::take_out(std::uint32_t node) {
  const std::pair key(nodes_[node].cpu_thousandths, node);
  standings_[standing_[node]].nodes.erase(key);
  by_cpus_[static_cast<std::size_t>(family_of(kinds_->node(node)))].erase(key);
}

template <class Change>
void FreeState::change(const Allocation& allocation, const Change& change) {
  if (changes_.size() > most_changes_kept) {
    changes_forgotten_ += changes_.size();
    changes_.clear();
  }
  for (const NodePart& part : allocation.parts) {
    if (part.node.n >= nodes_.size()) continue;
    take_out(part.node.n);
    digest_ ^= digest_of(part.node.n, nodes_[part.node.n]);
    change(nodes_[part.node.n], part);
    digest_ ^= digest_of(part.node.n, nodes_[part.node.n]);
    put_in(part.node.n);
    changes_.push_back(part.node.n);
  }
}

void FreeState::take(const Allocation& allocation) {
  change(allocation, [](FreeNode& node, const NodePart& part) { node.take(part); });
}

void FreeState::give_back(const Allocation& allocation) {
  change(allocation, [&](FreeNode& node, const NodePart& part) {
    node.give_back(part, kinds_->node(part.node.n));
  });
}

FreeView FreeView::plain(const FreeState& base) {
  FreeView view(base);
  for (std::uint32_t n = 0; n < base.nodes(); ++n) view.edit(n);
  return view;
}

FreeNode& FreeView::edit(std::uint32_t n) {
  if (slot_[n] == 0) {
    changed_.emplace_back(n, base_->node(n));
    slot_[n] = static_cast<std::uint32_t>(changed_.size());
  }
  return changed_[slot_[n] - 1].second;
}

void FreeView::bar(const Allocation& allocation) {
  for (const NodePart& part : allocation.parts)
    if (part.node.n < slot_.size()) edit(part.node.n).bar(part);
}

void FreeView::take(const Allocation& allocation, MpsOf of) {
  for (const NodePart& part : allocation.parts)
    if (part.node.n < slot_.size()) edit(part.node.n).take(part);
  if (bars(of, viewer_)) bar(allocation);
}

void FreeView::give_back(const Allocation& allocation, MpsOf of) {
  for (const NodePart& part : allocation.parts) {
    if (part.node.n >= slot_.size()) continue;
    FreeNode& node = edit(part.node.n);
    node.give_back(part, base_->kinds().node(part.node.n));
    if (bars(of, viewer_)) node.bar(part, true);
  }
}

}  // namespace gangline
