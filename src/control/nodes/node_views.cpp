// What is told of nodes: their devices, who uses them, and what a system that places says of them.
#include "control/controller.h"

namespace gangline {

void Controller::nodes(Reply<std::vector<NodeView>> reply) {
  touch();
  when_devices_are_known([this, reply = std::move(reply)] {
    engine_.look_at_use([this, reply] {
      cycle_.look_at_house(world_.now());
      reply(node_views());
    });
  });
}

/// What the system that places holds a device for, where it is no gang of ours.
void Controller::show_held_by_others(NodeView& view) const {
  view.placed = engine_.placed_on(view.id);
  if (!view.placed) return;
  for (const std::uint32_t device : view.placed->devices_held)
    if (device < view.use.size() && view.use[device].gangs.empty())
      view.use[device].foreign = "another job of the cluster";
}

std::vector<NodeView> Controller::node_views() const {
  std::vector<NodeView> views;
  const auto& nodes = register_.cluster()->nodes;
  for (std::uint32_t i = 0; i < nodes.size(); ++i) {
    NodeView view;
    view.id = NodeId{i};
    view.node = nodes[i];
    view.sample = engine_.sample();
    view.use.resize(nodes[i].devices.size());
    views.push_back(std::move(view));
  }
  for (const ForeignUse& use : register_.foreign()) {
    if (use.device.node.n >= views.size() ||
        use.device.index >= views[use.device.node.n].use.size())
      continue;
    DeviceUse& shown = views[use.device.node.n].use[use.device.index];
    shown.foreign = use.holder;
    shown.leased = use.leased;
  }
  for (const JobId id : register_.live()) {
    for (const auto& [index, gang] : register_.find(id)->live) {
      if (index != gang.run->first && std::holds_alternative<Starting>(gang.state)) continue;
      for (const NodePart& part : gang.place()->parts) {
        if (part.node.n >= views.size()) continue;
        NodeView& view = views[part.node.n];
        for (const TaskPlace& task : part.tasks) {
          view.cpus_taken = view.cpus_taken | task.cpus;
          view.memory_taken = view.memory_taken + task.memory;
          view.counted_taken = CpuAmount(view.counted_taken.thousandths + task.counted.thousandths);
          for (const DeviceShare& held : task.devices)
            if (held.device < view.use.size())
              view.use[held.device].gangs.push_back({{id, index}, held.share});
        }
      }
    }
  }
  show_set_aside(views);
  for (NodeView& view : views) show_held_by_others(view);
  return views;
}

}  // namespace gangline
