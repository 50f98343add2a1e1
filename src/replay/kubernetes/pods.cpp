// kubectl get pods -A -o json: what is left of the pods when it was asked.
#include <algorithm>
#include <utility>

#include "base/text.h"
#include "replay/input/amounts.h"
#include "replay/input/json_entries.h"
#include "replay/input/recognise.h"
#include "replay/input/row.h"
#include "replay/kubernetes/quantity.h"
#include "replay/readers/formats.h"

namespace gangline {
namespace {

KubernetesAmounts sum(KubernetesAmounts a, const KubernetesAmounts& b) {
  a.cpu_thousandths += b.cpu_thousandths;
  a.memory = a.memory + b.memory;
  a.gpus += b.gpus;
  a.gpu_slices += b.gpu_slices;
  if (a.vendor.empty()) a.vendor = b.vendor;
  if (a.slice.empty()) a.slice = b.slice;
  return a;
}

KubernetesAmounts larger(KubernetesAmounts a, const KubernetesAmounts& b) {
  a.cpu_thousandths = std::max(a.cpu_thousandths, b.cpu_thousandths);
  a.memory = std::max(a.memory, b.memory);
  a.gpus = std::max(a.gpus, b.gpus);
  a.gpu_slices = std::max(a.gpu_slices, b.gpu_slices);
  if (a.vendor.empty()) a.vendor = b.vendor;
  if (a.slice.empty()) a.slice = b.slice;
  return a;
}

// What a container asks for; a limit without a request counts as one, as Kubernetes has it.
KubernetesAmounts amounts_of(const JsonTree& container, Why& why) {
  const auto asked = read_amounts(value_at(container, {"resources", "requests"}));
  const auto limits = read_amounts(value_at(container, {"resources", "limits"}));
  if (!asked || !limits) {
    why.say("what it asks for makes no sense");
    return {};
  }
  KubernetesAmounts amounts = *asked;
  if (amounts.cpu_thousandths == 0) amounts.cpu_thousandths = limits->cpu_thousandths;
  if (amounts.memory.n == 0) amounts.memory = limits->memory;
  if (amounts.gpus + amounts.gpu_slices == 0) {
    amounts.gpus = limits->gpus;
    amounts.gpu_slices = limits->gpu_slices;
    amounts.vendor = limits->vendor;
    amounts.slice = limits->slice;
  }
  return amounts;
}

// Containers run side by side, and each of those that begin the pod before them, alone.
KubernetesAmounts amounts_of_pod(const JsonTree& pod, Why& why) {
  constexpr std::size_t most_containers = 1'000;
  KubernetesAmounts all;
  for (const char* key : {"containers", "initContainers"}) {
    const JsonTree& list = value_at(pod, {"spec", key});
    if (!list.is_array()) continue;
    if (list.size() > most_containers) why.say("it has more than 1000 containers");
    if (why.said()) return all;
    for (const JsonTree& container : list) {
      const KubernetesAmounts one = amounts_of(container, why);
      all = key == std::string_view("containers") ? sum(all, one) : larger(all, one);
    }
  }
  if (all.memory > gibibytes(1 << 24)) why.say("what it asks for makes no sense");
  return all;
}

std::optional<std::int64_t> annotated(const JsonTree& pod, const char* key) {
  const JsonTree& value = value_at(pod, {"metadata", "annotations", key});
  if (value.is_null()) return std::nullopt;
  const auto amount = quantity_thousandths(value);
  return amount ? std::optional(*amount / 1000) : std::nullopt;
}

ResourceRequest request_of_pod(const JsonTree& pod, Why& why) {
  const KubernetesAmounts amounts = amounts_of_pod(pod, why);
  Asked asked;
  asked.parts = 1;
  asked.cpu_thousandths = amounts.cpu_thousandths;
  asked.memory = amounts.memory;
  asked.gpus = amounts.gpus + amounts.gpu_slices;
  asked.model = amounts.gpu_slices > 0
                    ? amounts.slice
                    : kept_text(text_at(pod, {"spec", "nodeSelector", "nvidia.com/gpu.product"}));
  if (asked.model.empty())
    asked.model =
        kept_text(text_at(pod, {"metadata", "annotations", "alibabacloud.com/gpu-card-model"}));
  const auto share = annotated(pod, "alibabacloud.com/gpu-milli");
  if (!share) return request_of(asked, why);
  asked.gpus = annotated(pod, "alibabacloud.com/gpu-count").value_or(1);
  if (asked.gpus != 1) return request_of(asked, why);
  return share_request(asked, *share, why);
}

std::optional<Time> time_at(const JsonTree& tree, std::initializer_list<const char*> path) {
  return parse_time(text_at(tree, path));
}

// From the first container that began to the last one that ended.
void take_run(const JsonTree& pod, PastJob& job, Why& why) {
  std::optional<Time> began;
  std::optional<Time> ended;
  const JsonTree& containers = value_at(pod, {"status", "containerStatuses"});
  if (containers.is_array()) {
    for (const JsonTree& container : containers) {
      const auto from = time_at(container, {"state", "terminated", "startedAt"});
      const auto to = time_at(container, {"state", "terminated", "finishedAt"});
      if (from && (!began || *from < *began)) began = from;
      if (to && (!ended || *to > *ended)) ended = to;
    }
  }
  if (!began) began = time_at(pod, {"status", "startTime"});
  if (!ended) ended = time_at(pod, {"metadata", "deletionTimestamp"});
  if (!began) return why.say("it never started");
  if (!ended) return why.say("when it ended is not told");
  if (*ended < *began) return why.say("it ended before it began");
  job.started = began;
  job.ended = ended;
  job.run = *ended - *began;
}

void refuse_unended(const JsonTree& pod, Why& why) {
  const std::string phase = text_at(pod, {"status", "phase"});
  if (phase == "Pending") why.say("it had not started");
  if (phase == "Running") why.say("it was still running");
  const JsonTree& owners = value_at(pod, {"metadata", "ownerReferences"});
  if (!owners.is_array()) return;
  for (const JsonTree& owner : owners)
    if (text_at(owner, {"kind"}) == "DaemonSet") why.say("it belongs to each node (DaemonSet)");
}

std::string queue_of(const JsonTree& pod) {
  for (const char* label :
       {"kueue.x-k8s.io/queue-name", "kai.scheduler/queue", "volcano.sh/queue-name"}) {
    const std::string queue = text_at(pod, {"metadata", "labels", label});
    if (!queue.empty()) return kept_text(queue);
  }
  return kept_text(text_at(pod, {"metadata", "namespace"}));
}

bool is_of_a_group(const JsonTree& pod) {
  return !text_at(pod, {"metadata", "annotations", "scheduling.k8s.io/group-name"}).empty() ||
         !text_at(pod, {"metadata", "labels", "kueue.x-k8s.io/pod-group-name"}).empty();
}

PastJob job_of(const JsonTree& pod, HistoryDraft& draft, Why& why) {
  PastJob job;
  job.id = kept_text(text_at(pod, {"metadata", "uid"}));
  job.name = kept_text(text_at(pod, {"metadata", "name"}));
  if (job.id.empty()) job.id = job.name;
  if (job.id.empty()) why.say("it is no pod: it has no name");
  job.user = kept_text(text_at(pod, {"metadata", "namespace"}));
  job.queue = queue_of(pod);
  refuse_unended(pod, why);
  const auto created = time_at(pod, {"metadata", "creationTimestamp"});
  if (!created) why.say("when it was created is not told");
  job.submitted = created.value_or(Time{0});
  take_run(pod, job, why);
  const auto priority = number_at(pod, {"spec", "priority"});
  if (priority)
    job.priority = static_cast<std::int32_t>(std::clamp(*priority, -2147483648.0, 2147483647.0));
  const std::string node = text_at(pod, {"spec", "nodeName"});
  if (!node.empty()) job.nodes.push_back(kept_text(node));
  if (why.said()) return job;
  ResourceRequest request = request_of_pod(pod, why);
  if (why.said()) return job;
  job.request = draft.one(std::move(request));
  if (is_of_a_group(pod)) draft.count("pods belong to a group; each is a job of its own here");
  return job;
}

}  // namespace

bool looks_like_kubernetes_pods(std::string_view head) {
  return json_says(head, "items") &&
         (json_says(head, "kind", "Pod") || json_says(head, "kind", "PodList"));
}

Result<History> read_kubernetes_pods(Input& input, const HowToRead&) {
  HistoryDraft draft;
  draft.note("no time limits in this format; users are the namespaces of the pods");
  JsonEntries entries(input, "items");
  std::string_view text;
  while (!draft.full() && entries.next(text)) {
    Why why;
    const JsonTree pod = JsonTree::parse(text, nullptr, false);
    if (!pod.is_object()) why.say("it is no JSON object");
    PastJob job = why.said() ? PastJob() : job_of(pod, draft, why);
    draft.add(std::move(job), entries.count(), why);
  }
  if (entries.cut_off()) {
    Why why;
    why.say("the file ends inside an entry, or the list of pods is not there or too deep");
    draft.leave_out(entries.count() + 1, why);
  }
  return std::move(draft).finish(input);
}

}  // namespace gangline
