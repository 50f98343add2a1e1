#include "schedule/place/free_state.h"

namespace gangline {

void FreeNode::take(const NodePart& part) {
  for (const TaskPlace& task : part.tasks) {
    for (const DeviceShare& share : task.devices)
      if (share.device < devices.size()) devices[share.device] -= share.share.thousandths;
    cpus = cpus.minus(task.cpus);
    memory = memory - task.memory;
  }
  cpu_count = cpus.count();
}

void FreeNode::give_back(const NodePart& part, const Node& node) {
  for (const TaskPlace& task : part.tasks) {
    for (const DeviceShare& share : task.devices)
      if (share.device < devices.size()) devices[share.device] += share.share.thousandths;
    cpus = cpus | (task.cpus & node.cpus);
    memory = memory + task.memory;
  }
  cpu_count = cpus.count();
}

FreeNode all_of(const Node& node) {
  return {std::vector<std::int32_t>(node.devices.size(), whole_device.thousandths), node.cpus,
          node.cpus.count(), node.memory};
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
  const std::pair key(nodes_[node].cpu_count, node);
  standing_[node] = standing_for(node);
  auto& alike = standings_[standing_[node]].nodes;
  alike.insert(alike.end(), key);
  auto& all = by_cpus_[nodes_[node].devices.empty() ? 0 : 1];
  all.insert(all.end(), key);
}

void FreeState::take_out(std::uint32_t node) {
  const std::pair key(nodes_[node].cpu_count, node);
  standings_[standing_[node]].nodes.erase(key);
  by_cpus_[nodes_[node].devices.empty() ? 0 : 1].erase(key);
}

template <class Change>
void FreeState::change(const Allocation& allocation, const Change& change) {
  for (const NodePart& part : allocation.parts) {
    if (part.node.n >= nodes_.size()) continue;
    take_out(part.node.n);
    change(nodes_[part.node.n], part);
    put_in(part.node.n);
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

void FreeView::take(const Allocation& allocation) {
  for (const NodePart& part : allocation.parts)
    if (part.node.n < slot_.size()) edit(part.node.n).take(part);
}

void FreeView::give_back(const Allocation& allocation) {
  for (const NodePart& part : allocation.parts)
    if (part.node.n < slot_.size())
      edit(part.node.n).give_back(part, base_->kinds().node(part.node.n));
}

}  // namespace gangline
