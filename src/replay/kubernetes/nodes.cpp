// kubectl get nodes -o json.
#include <utility>

#include "replay/clusters/cluster_draft.h"
#include "replay/clusters/cluster_formats.h"
#include "replay/input/amounts.h"
#include "replay/input/json_entries.h"
#include "replay/input/recognise.h"
#include "replay/input/row.h"
#include "replay/kubernetes/quantity.h"

namespace gangline {
namespace {

std::string label(const JsonTree& node, const char* name) {
  return kept_text(text_at(node, {"metadata", "labels", name}));
}

GpuKind gpus_of_node(const JsonTree& node, const KubernetesAmounts& amounts) {
  GpuKind kind;
  kind.vendor = amounts.vendor;
  for (const char* name :
       {"nvidia.com/gpu.product", "amd.com/gpu.product-name", "alibabacloud.com/gpu-card-model"})
    if (kind.model.empty()) kind.model = label(node, name);
  const auto mib = parse_whole(label(node, "nvidia.com/gpu.memory"));
  if (mib && *mib > 0 && *mib < 1 << 24) kind.memory = mebibytes(*mib);
  return kind;
}

bool is_up(const JsonTree& node) {
  const JsonTree& closed = value_at(node, {"spec", "unschedulable"});
  if (closed.is_boolean() && closed.get<bool>()) return false;
  const JsonTree& conditions = value_at(node, {"status", "conditions"});
  if (!conditions.is_array()) return true;
  for (const JsonTree& condition : conditions)
    if (text_at(condition, {"type"}) == "Ready") return text_at(condition, {"status"}) == "True";
  return true;
}

/// Outermost first: zones and racks, the network layers of AWS and Google, the switches that
/// NVIDIA's topograph finds, and domains of NVLink between nodes.
constexpr const char* labels_of_places[] = {
    "topology.kubernetes.io/region",
    "topology.kubernetes.io/zone",
    "topology.k8s.aws/network-node-layer-1",
    "topology.k8s.aws/network-node-layer-2",
    "topology.k8s.aws/network-node-layer-3",
    "cloud.google.com/gce-topology-block",
    "cloud.google.com/gce-topology-subblock",
    "topology.kubernetes.io/rack",
    "network.topology.nvidia.com/core",
    "network.topology.nvidia.com/spine",
    "network.topology.nvidia.com/leaf",
    "network.topology.nvidia.com/accelerator",
    "nvidia.com/gpu.clique",
};

std::vector<std::string> place_of(const JsonTree& node) {
  std::vector<std::string> place;
  for (const char* name : labels_of_places)
    if (std::string part = label(node, name); !part.empty() && place.size() < most_switch_levels)
      place.push_back(std::move(part));
  return place;
}

Node node_of_json(const JsonTree& tree, ClusterDraft& draft, Why& why) {
  const JsonTree& allocatable = value_at(tree, {"status", "allocatable"});
  const auto amounts =
      read_amounts(allocatable.is_object() ? allocatable : value_at(tree, {"status", "capacity"}));
  if (!amounts) {
    why.say("what it has makes no sense");
    return {};
  }
  Node node =
      node_of(text_at(tree, {"metadata", "name"}), amounts->cpu_thousandths, amounts->memory, why);
  GpuKind kind = gpus_of_node(tree, *amounts);
  add_gpus(node, amounts->gpus, kind, why);
  if (amounts->gpu_slices > 0) {
    kind.model += (kind.model.empty() ? "MIG " : " MIG ") + amounts->slice;
    kind.memory = Bytes{0};
    add_gpus(node, amounts->gpu_slices, kind, why);
  }
  node.up = is_up(tree);
  node.place = place_of(tree);
  const auto replicas = parse_whole(label(tree, "nvidia.com/gpu.replicas"));
  if (!why.said() && replicas && *replicas > 1)
    draft.count("nodes share their GPUs in time; each turn counts as a GPU here");
  if (!why.said() && amounts->cpu_thousandths % 1000 != 0)
    draft.count("nodes had part of a CPU besides whole ones, which is not counted");
  return node;
}

}  // namespace

bool looks_like_kubernetes_nodes(std::string_view head) {
  return json_says(head, "items") &&
         (json_says(head, "kind", "Node") || json_says(head, "kind", "NodeList"));
}

Result<FoundCluster> read_kubernetes_nodes(Input& input) {
  ClusterDraft draft;
  draft.note("how the GPUs are wired is not told");
  JsonEntries entries(input, "items");
  std::string_view text;
  while (!draft.full() && entries.next(text)) {
    Why why;
    const JsonTree tree = JsonTree::parse(text, nullptr, false);
    if (!tree.is_object()) why.say("it is no JSON object");
    Node node;
    if (!why.said()) node = node_of_json(tree, draft, why);
    draft.add(std::move(node), entries.count(), why);
  }
  if (entries.cut_off()) {
    Why why;
    why.say("the file ends inside an entry, or the list of nodes is not there or too deep");
    draft.leave_out(entries.count() + 1, why);
  }
  return std::move(draft).finish(input);
}

}  // namespace gangline
