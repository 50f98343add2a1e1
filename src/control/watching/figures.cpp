// Numbers for those who watch many services: see model/figures.h.
#include <algorithm>
#include <map>

#include "control/controller.h"

namespace gangline {
namespace {

void add_queues(const Register& beliefs, Figures& figures) {
  std::map<std::string, QueueNow> queues;
  for (const auto& [id, job] : beliefs.jobs()) {
    if (job.ended()) continue;
    const std::string& name = job.job.spec->queue;
    auto at = queues.find(name);
    if (at == queues.end())
      at = queues.emplace(queues.size() < most_queues_told ? name : other_queues, QueueNow{}).first;
    QueueNow& queue = at->second;
    queue.gangs_waiting += job.waiting();
    std::uint64_t begun = job.first_start ? 1 : 0;
    for (const auto& [index, gang] : job.live) {
      const bool runs = std::holds_alternative<Running>(gang.state);
      if (runs) ++queue.gangs_running;
      else if (gang.waits_in_engine() || index != gang.run->first) ++queue.gangs_waiting;
      else ++queue.gangs_starting;
      begun += runs ? 1 : 0;
    }
    ++(begun > 0 ? queue.jobs_running : queue.jobs_waiting);
  }
  for (auto& [name, queue] : queues) {
    queue.queue = name;
    figures.queues_now.push_back(std::move(queue));
  }
}

/// `by_node`: each node's devices, by their numbers; null: not there now.
void add_devices(const Register& beliefs, Figures& figures,
                 std::vector<std::vector<DeviceFigures*>>& by_node) {
  const auto& nodes = beliefs.cluster()->nodes;
  std::size_t all = 0;
  for (const Node& node : nodes) all += node.devices.size();
  figures.devices.reserve(all);  // they are pointed to
  for (std::uint32_t n = 0; n < nodes.size(); ++n) {
    figures.nodes.push_back({nodes[n].name, nodes[n].up});
    auto& of_node = by_node.emplace_back(nodes[n].devices.size(), nullptr);
    for (std::uint32_t i = 0; i < nodes[n].devices.size(); ++i) {
      const Device& device = nodes[n].devices[i];
      if (!device.present) continue;
      DeviceFigures& one = figures.devices.emplace_back();
      one.device = {NodeId{n}, i};
      one.node = nodes[n].name;
      one.uid = device.uid;
      one.model = device.model;
      if (device.memory.n > 0) one.memory = device.memory;
      of_node[i] = &one;
    }
  }
  for (const ForeignUse& use : beliefs.foreign())
    if (use.device.node.n < by_node.size() && use.device.index < by_node[use.device.node.n].size())
      if (DeviceFigures* one = by_node[use.device.node.n][use.device.index])
        one->foreign = !use.holder.empty();
}

void add_places(const JobState& job, std::uint32_t index, const NodePart& part,
                const std::string& node, std::vector<DeviceFigures*>& devices, bool runs,
                Figures& figures) {
  const auto tell = [&](const DeviceFigures* device) {
    if (!runs) return;
    if (figures.running.size() >= most_running_places) {
      ++figures.running_left_out;
      return;
    }
    figures.running.push_back({{job.job.id, index},
                               job.job.spec->name,
                               job.job.owner,
                               job.job.spec->queue,
                               node,
                               device ? std::optional(device->device.index) : std::nullopt,
                               device ? device->uid : std::string()});
  };
  std::vector<const DeviceFigures*> told;  // tasks may share one
  for (const TaskPlace& task : part.tasks)
    for (const DeviceShare& held : task.devices) {
      DeviceFigures* one = held.device < devices.size() ? devices[held.device] : nullptr;
      if (one == nullptr) continue;
      one->allotted += held.share.thousandths / 1000.0;
      if (std::find(told.begin(), told.end(), one) != told.end()) continue;
      ++one->gangs;
      told.push_back(one);
      tell(one);
    }
  if (told.empty()) tell(nullptr);
}

}  // namespace

void Controller::figures(Reply<Figures> reply) {
  touch();
  Figures figures;
  figures.now = world_.now();
  figures.version = settings_.version;
  figures.started = started_;
  figures.trouble = !trouble_.empty();
  add_queues(register_, figures);
  std::vector<std::vector<DeviceFigures*>> by_node;
  add_devices(register_, figures, by_node);
  const auto& nodes = register_.cluster()->nodes;
  for (const JobId id : register_.live()) {
    const JobState& job = *register_.find(id);
    for (const auto& [index, gang] : job.live) {
      const bool runs = std::holds_alternative<Running>(gang.state);
      if (!runs && index != gang.run->first) continue;
      for (const NodePart& part : gang.place()->parts)
        if (part.node.n < by_node.size())
          add_places(job, index, part, nodes[part.node.n].name, by_node[part.node.n], runs,
                     figures);
    }
  }
  counts_.show(figures);
  reply(std::move(figures));
}

/// One that had nothing to do is no entry.
void Controller::note_cycle(CycleTrace trace, std::uint64_t events_before) {
  const std::uint64_t last = store_.last_event();
  if (last > events_before) {
    trace.first_event = events_before + 1;
    trace.last_event = last;
  } else if (!planned_) {
    return;
  }
  diary_->cycle(trace);
}

void Controller::catch_up_counts() {
  constexpr Span between_pages = milliseconds(50);
  world_.call_later(between_pages, [this, alive = alive_] {
    if (*alive && counts_.catch_up()) catch_up_counts();
  });
}

}  // namespace gangline
