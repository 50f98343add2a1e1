#include "replay/clusters/cluster_draft.h"

#include <algorithm>
#include <utility>

#include "model/check_spec.h"
#include "replay/input/input.h"

namespace gangline {

bool is_node_name(std::string_view name) {
  constexpr std::string_view refused = "[]{}(),\"'\\#|";
  return !name.empty() && name.size() <= 253 && std::all_of(name.begin(), name.end(), [&](char c) {
    return c > 0x20 && c < 0x7f && refused.find(c) == std::string_view::npos;
  });
}

Node node_of(std::string_view name, std::int64_t cpu_thousandths, Bytes memory, Why& why) {
  Node node;
  node.name = kept_text(name);
  if (!is_node_name(name)) why.say("its name is none of a host", "its name is '" + node.name + "'");
  constexpr std::int64_t most = std::int64_t{most_cpus_of_a_task} * 1000;
  if (cpu_thousandths < 1) why.say("it has no CPU");
  if (cpu_thousandths > most)
    why.say("it has more CPUs than a node may have",
            "it has " + std::to_string(cpu_thousandths / 1000) + " CPUs; the most is " +
                std::to_string(most_cpus_of_a_task));
  if (why.said()) return node;
  node.counted.thousandths = static_cast<std::uint32_t>(cpu_thousandths);
  node.memory = memory;
  return node;
}

void add_gpus(Node& node, std::int64_t count, const GpuKind& kind, Why& why) {
  if (count < 0 || count > most_gpus_of_a_node)
    why.say("it has more GPUs than a node may have", "it has " + std::to_string(count) +
                                                         " GPUs; the most is " +
                                                         std::to_string(most_gpus_of_a_node));
  if (why.said()) return;
  Device device;
  device.vendor = kind.vendor;
  device.model = kind.model;
  device.memory = kind.memory;
  node.devices.insert(node.devices.end(), static_cast<std::size_t>(count), device);
}

void ClusterDraft::add(Node node, std::uint64_t line, Why why) {
  if (!why.said() && has(node.name))
    why.say("there is a node of its name", "there is a node '" + node.name + "' already");
  if (!why.said() && devices_ + node.devices.size() > most_devices_in_a_cluster)
    why.say("the cluster has more than " + std::to_string(most_devices_in_a_cluster) + " devices");
  if (why.said()) return leave_out(line, why);
  devices_ += node.devices.size();
  names_.insert(node.name);
  found_.cluster.nodes.push_back(std::move(node));
}

Result<FoundCluster> ClusterDraft::finish(const Input& input) && {
  if (input.error()) return *input.error();
  if (full())
    return Error{ErrorKind::refused, "it holds more than " + std::to_string(most_nodes) + " nodes",
                 input.name(), ""};
  for (const auto& [text, n] : counted_) found_.notes.push_back(std::to_string(n) + " " + text);
  return std::move(found_);
}

}  // namespace gangline
