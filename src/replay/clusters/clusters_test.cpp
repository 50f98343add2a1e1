#include <algorithm>

#include "os/file.h"
#include "replay/clusters/cluster_draft.h"
#include "replay/clusters/read_cluster.h"
#include "replay/readers/small_log.h"

namespace gangline {
namespace {

FoundCluster cluster_of(const std::string& text, const std::string& format = "") {
  auto found = read_cluster_text(text, "cluster.toml", format);
  EXPECT_TRUE(found.ok()) << (found.ok() ? "" : found.error().sentence());
  return found.ok() ? *std::move(found) : FoundCluster{};
}

std::string cluster_refusal(const std::string& text) {
  const auto found = read_cluster_text(text, "cluster.toml");
  EXPECT_FALSE(found.ok()) << text;
  return found.ok() ? "" : found.error().sentence();
}

std::size_t gpus_in(const FoundCluster& found) {
  std::size_t sum = 0;
  for (const Node& node : found.cluster.nodes) sum += node.devices.size();
  return sum;
}

TEST(ClusterFile, NodesThatAreAlikeAreWrittenOnce) {
  const FoundCluster found = cluster_of(
      "# ours\n[[node]]\nname = \"gpu-[01-16]\"\ncpus = 64\nmemory = \"512G\"\ngpus = 8\n"
      "model = \"NVIDIA H100 80GB HBM3\"\ngpu_memory = \"80G\"\nnvlink = true\nwatts = 700\n"
      "watts_idle = 70.5\nprice_an_hour = 2.5\nplace = \"row1/rack2\"\n"
      "[[node]]\nname = \"old-{n}\"\ncount = 3\ncpus = \"0-7\"\ngpus = 4\n"
      "nvlink = [[0, 1], [2, 3]]\nup = false\n");
  ASSERT_EQ(found.cluster.nodes.size(), 19u);
  const Node& first = found.cluster.nodes[0];
  EXPECT_EQ(first.name, "gpu-01");
  EXPECT_EQ(cpus_of(first), whole_cpus(64));
  EXPECT_EQ(first.memory, gibibytes(512));
  ASSERT_EQ(first.devices.size(), 8u);
  EXPECT_EQ(first.devices[7].memory, gibibytes(80));
  EXPECT_EQ(first.links.size(), 28u);
  EXPECT_EQ(found.cluster.nodes[0].place, (std::vector<std::string>{"row1", "rack2"}));
  EXPECT_EQ(found.watts.at("NVIDIA H100 80GB HBM3"), 700);
  EXPECT_EQ(found.watts_idle.at("NVIDIA H100 80GB HBM3"), 70.5);
  EXPECT_EQ(found.price_an_hour.at("NVIDIA H100 80GB HBM3"), 2.5);
  const Node& old = found.cluster.nodes[18];
  EXPECT_EQ(old.name, "old-3");
  EXPECT_FALSE(old.up);
  EXPECT_EQ(link_between(old, 0, 1), LinkKind::nvlink);
  EXPECT_EQ(link_between(old, 1, 2), LinkKind::system);
}

TEST(ClusterFile, AMistakeIsToldWithItsPlace) {
  const auto with = [](const std::string& line) {
    return cluster_refusal("[[node]]\nname = \"a\"\ncpus = 4\n" + line + "\n");
  };
  EXPECT_EQ(with("gpu = 4").substr(0, 39), "cluster.toml:4:1: unknown key 'gpu'; di");
  EXPECT_NE(with("memory = 512").find("512G"), std::string::npos);
  EXPECT_NE(with("gpus = -1").find("from 0 to 1024"), std::string::npos);
  EXPECT_NE(with("gpus = 2\nnvlink = [[0, 5]]").find("from 0 to 1"), std::string::npos);
  EXPECT_NE(with("nvlink = 3").find("islands"), std::string::npos);
  EXPECT_NE(with("count = 3").find("{n}"), std::string::npos);
  EXPECT_NE(with("watts = -3").find("from 0"), std::string::npos);
  EXPECT_NE(with("[[node]]\nname = \"a\"\ncpus = 1").find("'a' above already"), std::string::npos);
  EXPECT_NE(with("gpus = 2\ndevices = [{ gpus = 1 }]").find("cannot stand together"),
            std::string::npos);
  EXPECT_NE(cluster_refusal("[[node]]\nname = \"a\"\n").find("needs cpus"), std::string::npos);
  EXPECT_NE(cluster_refusal("[[node]]\nname = \"a[1-\"\ncpus = 1").find("no name of nodes"),
            std::string::npos);
  EXPECT_NE(cluster_refusal("[[node]]\nname = \"a[1-999999999]\"\ncpus = 1").find("no name"),
            std::string::npos);
  EXPECT_NE(cluster_refusal("x = 1\n[[node]]\nname = \"a\"\ncpus = 1").find("unknown key 'x'"),
            std::string::npos);
  EXPECT_NE(cluster_refusal("[[node]]\nname = \n").find("not TOML"), std::string::npos);
}

// What a file of ours keeps of a node.
Node kept_facts(Node node) {
  node.cpu_model.clear();
  node.driver.clear();
  node.notes.clear();
  node.caches.clear();
  for (Device& device : node.devices) {
    device.uid.clear();
    device.pci_address.clear();
    device.files.clear();
    device.power_limit.reset();
    device.present = true;
  }
  std::sort(node.links.begin(), node.links.end(),
            [](const Link& a, const Link& b) { return std::pair(a.a, a.b) < std::pair(b.a, b.b); });
  return node;
}

void expect_same_after_a_round_trip(const FoundCluster& found) {
  const FoundCluster again = cluster_of(write_cluster(found));
  ASSERT_EQ(again.cluster.nodes.size(), found.cluster.nodes.size());
  for (std::size_t i = 0; i < found.cluster.nodes.size(); ++i)
    ASSERT_EQ(kept_facts(again.cluster.nodes[i]), kept_facts(found.cluster.nodes[i])) << i;
  EXPECT_EQ(again.watts, found.watts);
  EXPECT_EQ(again.price_an_hour, found.price_an_hour);
}

Node strange_node() {
  Node node;
  node.name = "we7";
  node.cpus = *CpuSet::parse("0-3,8-11");
  node.cores = {CpuSet::of({0, 8}), CpuSet::of({1, 9})};
  node.numa = {{0, *CpuSet::parse("0-3"), gibibytes(7)},
               {3, *CpuSet::parse("8-11"), Bytes{1234567}}};
  node.memory = Bytes{123'456'789};
  for (int i = 0; i < 4; ++i) {
    Device device;
    device.model = i < 3 ? "A \"quoted\\\" model" : "";
    device.kind = i < 3 ? DeviceKind::gpu : DeviceKind::fpga;
    device.memory = gibibytes(i);
    node.devices.push_back(device);
  }
  node.devices[0].numa_node = 3;
  node.devices[0].allottable = false;
  node.devices[1].parent = 0;
  node.links = {{0, 1, LinkKind::same_board, 0},
                {0, 2, LinkKind::nvlink, 4},
                {1, 3, LinkKind::pcie_switch, 0}};
  node.driver = "535";
  return node;
}

TEST(ClusterFile, APlaceWithAHoleOrTooDeepIsRefused) {
  const std::string node = "[[node]]\nname = \"a\"\ncpus = 1\n";
  EXPECT_NE(cluster_refusal(node + "place = \"row1//s2\"\n").find("an empty name between"),
            std::string::npos);
  std::string deep = "a";
  for (int i = 0; i < 16; ++i) deep += "/a";
  EXPECT_NE(cluster_refusal(node + "place = \"" + deep + "\"\n").find("more than 16 levels"),
            std::string::npos);
}

TEST(ClusterFile, WhatIsWrittenReadsTheSame) {
  FoundCluster found;
  found.cluster.nodes = {strange_node()};
  for (const char* name : {"n08", "n09", "n10", "n11", "m9", "m10", "m010", "x", "9"}) {
    Node node;
    node.name = name;
    node.cpus = CpuSet::first(4);
    Device device;
    device.model = "T4";
    node.devices = {device, device, device, device};
    for (std::uint32_t a = 0; a < 4; ++a)
      for (std::uint32_t b = a + 1; b < 4; ++b)
        if (name[0] == 'n' || a / 2 == b / 2) node.links.push_back({a, b, LinkKind::nvlink, 0});
    found.cluster.nodes.push_back(node);
  }
  found.watts["T4"] = 70.25;
  found.price_an_hour["T4"] = 0.1;
  expect_same_after_a_round_trip(found);
  for (Node& node : found.cluster.nodes) node.place = {"a"};
  found.cluster.nodes[3].place = {"b", "c"};
  expect_same_after_a_round_trip(found);
  EXPECT_NE(write_cluster(found).find("name = \"n[08-09]\""), std::string::npos);
}

TEST(OpenbNodes, AreReadWithTheirGpus) {
  const FoundCluster found = cluster_of(
      "sn,cpu_milli,memory_mib,gpu,model\nn0,32000,262144,0,\nn1,64500,262144,2,P100\nn1,64000,1,2,"
      "T4\n"
      "n2,x,1,2,T4\nn3,64000,1,5000,T4\nn 4,64000,1,1,T4\nn5,9999999000,1,1,T4\n");
  ASSERT_EQ(found.cluster.nodes.size(), 2u);
  EXPECT_EQ(cpus_of(found.cluster.nodes[1]), CpuAmount{64'500});
  EXPECT_EQ(found.cluster.nodes[1].devices.at(1).model, "P100");
  EXPECT_EQ(found.left_out.count, 5u);
}

TEST(SlurmNodes, SinfoIsReadInItsForms) {
  for (const char* text :
       {"NODELIST CPUS MEMORY GRES STATE\nn1 64 515000 gpu:a100:4(S:0-1) mixed\n"
        "n1 64 515000 gpu:a100:4(S:0-1) mixed\nn2 64 515000 (null) down*\n",
        "NODELIST|CPUS(A/I/O/T)|MEMORY|GRES|STATE\nn1|0/64/0/64|515000|gpu:a100:4|idle\n"
        "n2|0/0/64/64|515000||drained\n"}) {
    const FoundCluster found = cluster_of(text);
    ASSERT_EQ(found.cluster.nodes.size(), 2u) << text;
    EXPECT_EQ(cpus_of(found.cluster.nodes[0]), whole_cpus(64));
    EXPECT_EQ(found.cluster.nodes[0].devices.size(), 4u);
    EXPECT_EQ(found.cluster.nodes[0].devices[0].model, "a100");
    EXPECT_TRUE(found.cluster.nodes[0].up);
    EXPECT_FALSE(found.cluster.nodes[1].up);
    EXPECT_EQ(found.left_out.count, 0u);
  }
  const FoundCluster grouped = cluster_of(
      "NODELIST NODES CPUS MEMORY GRES STATE\nn[001-100] 100 8 1000 gpu:2,gpu:v100:1 idle~\n"
      "m[1-2] 2 8+ 1000 (null) idle\n");
  EXPECT_EQ(grouped.cluster.nodes.size(), 100u);
  EXPECT_EQ(gpus_in(grouped), 300u);
  EXPECT_EQ(grouped.left_out.count, 1u);
  EXPECT_NE(cluster_refusal("PARTITION AVAIL TIMELIMIT NODES STATE NODELIST\na up inf 1 idle n1\n")
                .find("sinfo -N -o"),
            std::string::npos);
}

TEST(SlurmNodes, ScontrolIsReadInManyLinesAndInOne) {
  const std::string many =
      "NodeName=n1 Arch=x86_64 CoresPerSocket=16 \n   CPUAlloc=3 CPUEfctv=62 CPUTot=64 "
      "CPULoad=0.9\n"
      "   Gres=gpu:h100:8(S:0-1)\n   OS=Linux 5.4 #1 SMP NodeName\n   RealMemory=1031000 "
      "FreeMem=9\n"
      "   State=MIXED ThreadsPerCore=2\n   Reason=x y [root@2024]\n\n"
      "NodeName=n2 CPUTot=32 RealMemory=9 Gres=(null)\n   State=IDLE+DRAIN\n\nNodeName=n3 "
      "CPUTot=x\n";
  std::string one = many;
  for (std::size_t at = one.find("\n   "); at != std::string::npos; at = one.find("\n   "))
    one.replace(at, 4, " ");
  for (const std::string& text : {many, one}) {
    const FoundCluster found = cluster_of(text);
    ASSERT_EQ(found.cluster.nodes.size(), 2u);
    EXPECT_EQ(found.cluster.nodes[0].devices.size(), 8u);
    EXPECT_EQ(found.cluster.nodes[0].memory, mebibytes(1'031'000));
    EXPECT_TRUE(found.cluster.nodes[0].up);
    EXPECT_FALSE(found.cluster.nodes[1].up);
    EXPECT_EQ(found.left_out.count, 1u);
  }
}

TEST(SlurmNodes, AreUnderTheSwitchesOfTheTopologyBesideThem) {
  const std::string nodes =
      "NodeName=n1 CPUTot=8 State=IDLE\nNodeName=n2 CPUTot=8 State=IDLE\n"
      "NodeName=n3 CPUTot=8 State=IDLE\nNodeName=n4 CPUTot=8 State=IDLE\n";
  const std::string as_printed =
      "SwitchName=s0 Level=0 LinkSpeed=1 Nodes=n[1-2]\nSwitchName=s1 Level=0 LinkSpeed=1 "
      "Nodes=n3\nSwitchName=top Level=1 LinkSpeed=1 Nodes=n[1-3] Switches=s[0-1]\n";
  const std::string as_configured =
      "# ours\nSwitchName=top Switches=s[0-1]\nSwitchName=s0 Nodes=n[1-2]\nSwitchName=s1 "
      "Nodes=n3\n";
  for (const std::string& text : {nodes + as_printed, as_printed + nodes, as_configured + nodes}) {
    const FoundCluster found = cluster_of(text);
    ASSERT_EQ(found.cluster.nodes.size(), 4u);
    EXPECT_EQ(place_text(found.cluster.nodes[0]), "top/s0");
    EXPECT_EQ(place_text(found.cluster.nodes[1]), "top/s0");
    EXPECT_EQ(place_text(found.cluster.nodes[2]), "top/s1");
    EXPECT_EQ(place_text(found.cluster.nodes[3]), "");
  }
  const FoundCluster strange =
      cluster_of(nodes +
                 "SwitchName=a Switches=b\nSwitchName=b Switches=a\nSwitchName=c\nSwitchName=d "
                 "Nodes=n1\nSwitchName=b Switches=d\n");
  EXPECT_EQ(strange.cluster.nodes[0].place.size(), most_switch_levels);
  EXPECT_EQ(strange.notes.back(), "1 switches name neither nodes nor other switches");
}

TEST(KubernetesNodes, AreReadWithLabelsAndConditions) {
  const FoundCluster found = cluster_of(R"({"apiVersion":"v1","items":[
   {"apiVersion":"v1","kind":"Node","metadata":{"name":"a","labels":{
     "nvidia.com/gpu.product":"NVIDIA-H100-80GB-HBM3","nvidia.com/gpu.memory":"81559",
     "network.topology.nvidia.com/leaf":"s1","topology.kubernetes.io/zone":"z1"}},"spec":{},"status":{"allocatable":{"cpu":"63500m",
     "memory":"1031000Ki","nvidia.com/gpu":"8"},"conditions":[{"type":"Ready","status":"True"}]}},
   {"kind":"Node","metadata":{"name":"b"},"spec":{"unschedulable":true},"status":{"capacity":{
     "cpu":"8","memory":"16Gi","nvidia.com/mig-1g.5gb":"7"}}},
   {"kind":"Node","metadata":{"name":"c"},"status":{"allocatable":{"cpu":"-1"}}},5]})");
  ASSERT_EQ(found.cluster.nodes.size(), 2u);
  const Node& a = found.cluster.nodes[0];
  EXPECT_EQ(cpus_of(a), CpuAmount{63'500});
  EXPECT_EQ(a.devices.size(), 8u);
  EXPECT_EQ(a.devices[0].vendor, "nvidia");
  EXPECT_EQ(a.devices[0].memory, mebibytes(81'559));
  EXPECT_EQ(place_text(found.cluster.nodes[0]), "z1/s1");
  EXPECT_FALSE(found.cluster.nodes[1].up);
  EXPECT_EQ(found.cluster.nodes[1].devices.at(6).model, "MIG 1g.5gb");
  EXPECT_EQ(found.left_out.count, 2u);
}

TEST(Clusters, WhatIsNoneIsRefusedWithTheFormats) {
  EXPECT_NE(cluster_refusal("hello\n").find("toml, kubernetes, scontrol, sinfo, openb"),
            std::string::npos);
  EXPECT_NE(
      cluster_refusal("sn,cpu_milli,memory_mib,gpu,model\nx,0,0,0,\n").find("none of its 1 nodes"),
      std::string::npos);
  EXPECT_FALSE(read_cluster_text("x", "x", "sinf"));
}

TEST(Clusters, AHistoryInThePlaceOfAClusterIsToldToBeOneAndTheOtherWayRound) {
  EXPECT_NE(
      cluster_refusal("id,submitted,run,gpus\n1,2,3,4\n")
          .find("this is a history of jobs (csv), not a list of machines; give it as HISTORY"),
      std::string::npos);
  const auto swapped = read_history_text("[[node]]\nname = \"a\"\ncpus = 1\n", "lab.toml");
  ASSERT_FALSE(swapped);
  EXPECT_EQ(swapped.error().sentence(),
            "lab.toml: this is a list of machines (toml), not a history of jobs; give it as "
            "--cluster lab.toml");
}

TEST(ClusterFiles, AKeyThatIsMisspeltIsNamedAndNotToldToBeMissing) {
  EXPECT_EQ(cluster_refusal("[[node]]\nname = \"a\"\ncpu = 4\n"),
            "cluster.toml:3:1: unknown key 'cpu'; did you mean 'cpus'?");
  EXPECT_EQ(cluster_refusal("[[node]]\nnam = \"a\"\ncpus = 4\n"),
            "cluster.toml:2:1: unknown key 'nam'; did you mean 'name'?");
}

// The blocks of the guide's page.
std::string block_of_guide(const std::string& first_line) {
  const auto page = read_file(std::string(SOURCE_DIR) + "/docs/guide/histories.md");
  if (!page) return "";
  const auto begin = page->find("```text\n" + first_line);
  if (begin == std::string::npos) return "";
  return page->substr(begin + 8, page->find("\n```", begin + 8) - begin - 7);
}

TEST(Clusters, WhatTheGuideShowsCanBeRead) {
  const FoundCluster found = cluster_of(block_of_guide("[[node]]"));
  EXPECT_EQ(found.cluster.nodes.size(), 17u);
  EXPECT_EQ(gpus_in(found), 131u);
  const History history = history_of(block_of_guide("id,name"));
  EXPECT_EQ(history.jobs.size(), 2u);
  EXPECT_EQ(history.left_out.count, 0u);
}

TEST(Clusters, OpenbHas1213NodesWith6212Gpus) {
  if (data_folder().empty()) GTEST_SKIP() << "the public traces are not here (GANGLINE_DATA)";
  const auto found = read_cluster(data_folder() + "openb/nodes_gpu.csv");
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(found->cluster.nodes.size(), 1'213u);
  EXPECT_EQ(gpus_in(*found), 6'212u);
  EXPECT_EQ(found->left_out.count, 0u);
  std::uint64_t cpus = 0;
  for (const Node& node : found->cluster.nodes) cpus += cpus_of(node).thousandths / 1000;
  EXPECT_EQ(cpus, 107'018u);
  const auto all = read_cluster(data_folder() + "openb/nodes_all.csv");
  ASSERT_TRUE(all.ok());
  EXPECT_EQ(all->cluster.nodes.size(), 1'523u);
  expect_same_after_a_round_trip(*all);
}

}  // namespace
}  // namespace gangline
