#include "replay/kubernetes/quantity.h"
#include "replay/readers/small_log.h"

namespace gangline {
namespace {

std::string pod(const std::string& name, const std::string& phase, const std::string& spec,
                const std::string& extra = "") {
  return R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":")" + name +
         R"(","namespace":"team","uid":"u-)" + name +
         R"(","creationTimestamp":"2024-05-01T10:00:00Z")" + extra +
         R"(},"spec":{"nodeName":"n1",)" + spec + R"(},"status":{"phase":")" + phase +
         R"(","startTime":"2024-05-01T10:00:05Z","containerStatuses":[{"state":{"terminated":{
         "startedAt":"2024-05-01T10:00:10Z","finishedAt":"2024-05-01T10:01:10Z","exitCode":0}}}]}})";
}

std::string list(const std::string& pods) {
  return R"({"apiVersion":"v1","items":[)" + pods + R"(],"kind":"List","metadata":{}})";
}

constexpr const char* two_containers = R"("priority":100,"nodeSelector":
  {"nvidia.com/gpu.product":"NVIDIA-H100-80GB-HBM3"},"initContainers":[{"resources":{"requests":
  {"cpu":"9","memory":"1Gi"}}}],"containers":[{"resources":{"requests":{"cpu":"1500m",
  "memory":"4Gi","nvidia.com/gpu":"2"}}},{"resources":{"requests":{"cpu":"500m","memory":"1Gi"}}}])";

TEST(KubernetesPods, APodAsksForWhatItsContainersDo) {
  const History history = history_of(list(pod("a", "Succeeded", two_containers)));
  ASSERT_EQ(history.jobs.size(), 1u);
  const PastJob& job = history.jobs[0];
  EXPECT_EQ(job.name, "a");
  EXPECT_EQ(job.queue, "team");
  EXPECT_EQ(job.run, seconds(60));
  EXPECT_EQ(*job.started - job.submitted, seconds(10));
  EXPECT_EQ(job.priority, 100);
  EXPECT_EQ(job.nodes, std::vector<std::string>{"n1"});
  EXPECT_EQ(task_of(job).devices->count, 2u);
  EXPECT_EQ(task_of(job).devices->model, "NVIDIA-H100-80GB-HBM3");
  EXPECT_EQ(task_of(job).cpus, whole_cpus(9));  // the container that begins the pod wants the most
  EXPECT_EQ(task_of(job).memory, gibibytes(5));
}

TEST(KubernetesPods, SlicesSharesAndLimitsAreRead) {
  const History history = history_of(list(
      pod("a", "Failed", R"("containers":[{"resources":{"limits":{"nvidia.com/mig-1g.5gb":1}}}])") +
      "," +
      pod("b", "Succeeded", R"("containers":[{"resources":{"requests":{"cpu":"250m"}}}])",
          R"(,"annotations":{"alibabacloud.com/gpu-milli":"300","alibabacloud.com/gpu-count":"1",
             "alibabacloud.com/gpu-card-model":"T4"})")));
  ASSERT_EQ(history.jobs.size(), 2u);
  EXPECT_EQ(task_of(history.jobs[0]).devices->model, "1g.5gb");
  EXPECT_EQ(task_of(history.jobs[1]).devices->share, Share{300});
  EXPECT_EQ(task_of(history.jobs[1]).devices->model, "T4");
}

TEST(KubernetesPods, WhatHasNotEndedOrIsNoJobIsLeftOut) {
  const History history = history_of(
      list(pod("a", "Succeeded", two_containers) + "," + pod("b", "Running", two_containers) + "," +
           pod("c", "Pending", two_containers) + "," +
           pod("d", "Failed", two_containers, R"(,"ownerReferences":[{"kind":"DaemonSet"}])") +
           "," + pod("e", "Failed", R"("containers":[{"resources":{"requests":{"cpu":"lots"}}}])") +
           R"(,{"x":1},"text",[[[]]],{"broken":})"));
  EXPECT_EQ(history.jobs.size(), 1u);
  EXPECT_EQ(history.left_out.count, 8u);
  EXPECT_EQ(history.left_out.by_reason.at("it was still running"), 1u);
  EXPECT_EQ(history.left_out.by_reason.at("it had not started"), 1u);
  EXPECT_EQ(history.left_out.by_reason.at("it belongs to each node (DaemonSet)"), 1u);
  EXPECT_EQ(history.left_out.examples.at(3).line, 5u);  // the number of the entry
}

TEST(KubernetesPods, AmountsAreReadAsKubernetesWritesThem) {
  EXPECT_EQ(parse_quantity_thousandths("500m"), 500);
  EXPECT_EQ(parse_quantity_thousandths("2"), 2000);
  EXPECT_EQ(parse_quantity_thousandths("0.1"), 100);
  EXPECT_EQ(parse_quantity_thousandths("1Ki"), 1'024'000);
  EXPECT_EQ(parse_quantity_thousandths("129e6"), 129'000'000'000);
  EXPECT_EQ(parse_quantity_thousandths("1G"), 1'000'000'000'000);
  for (const char* bad : {"", "m", "-1", "1e400", "9Ei", "lots", "1 Gi", "0x10"})
    EXPECT_FALSE(parse_quantity_thousandths(bad)) << bad;
}

}  // namespace
}  // namespace gangline
