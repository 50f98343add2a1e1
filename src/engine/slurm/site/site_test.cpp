#include "engine/slurm/site/site.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "engine/slurm/site/features.h"
#include "engine/slurm/site/gpu_types.h"
#include "engine/slurm/site/room.h"
#include "engine/slurm/why/holders.h"

namespace gangline {
namespace {

std::string recorded(const std::string& name) {
  std::ifstream file(std::string(SOURCE_DIR) + "/tests/recorded/slurm/" + name);
  return {std::istreambuf_iterator<char>(file), {}};
}

Node node_of(const std::string& rest) {
  const auto nodes = read_slurm_nodes("NodeName=n1 CPUTot=8 RealMemory=1000 " + rest);
  EXPECT_EQ(nodes.size(), 1u);
  return nodes.empty() ? Node{} : nodes[0];
}

std::vector<std::string> models_of(const std::string& gres) {
  std::vector<std::string> models;
  for (const Device& device : node_of("Gres=" + gres + " State=IDLE").devices)
    models.push_back(device.model);
  return models;
}

TEST(slurm_site, is_read_from_what_a_real_one_prints) {
  const auto site =
      read_slurm_site(recorded("config.txt"), recorded("partitions.txt"), recorded("nodes.txt"));
  ASSERT_TRUE(site.ok());
  EXPECT_EQ(site->version, "22.05.8");
  EXPECT_EQ(site->max_array_size, 1001u);
  EXPECT_EQ(site->max_array_tasks, 1001u);
  EXPECT_TRUE(site->accounting);
  EXPECT_TRUE(site->gpus_per_task);
  EXPECT_EQ(site->kill_wait, seconds(3));
  EXPECT_EQ(site->mpi_default, "none");
  ASSERT_EQ(site->partitions.size(), 1u);
  EXPECT_EQ(site->partitions[0].name, "main");
  EXPECT_TRUE(site->partitions[0].is_default && site->partitions[0].up);
  EXPECT_FALSE(site->partitions[0].max_time || site->partitions[0].time_if_not_asked());
  EXPECT_EQ(site->partitions[0].nodes, "n[1-6]");
  EXPECT_EQ(site->gres, (std::vector<GresType>{{"gpu", "h100", 8}}));
}

TEST(slurm_site, the_queue_normal_is_the_default_partition_unless_one_is_called_so) {
  SlurmSite site;
  site.partitions = {{"cpu"}, {"gpu", true}};
  EXPECT_EQ(site.partition_for("normal")->name, "gpu");
  EXPECT_EQ(site.partition_for("cpu")->name, "cpu");
  EXPECT_EQ(site.partition_for("fast"), nullptr);
  site.partitions.push_back({"normal"});
  EXPECT_EQ(site.partition_for("normal")->name, "normal");
  site.partitions = {{"cpu"}};
  EXPECT_EQ(site.partition_for("normal"), nullptr);
}

TEST(slurm_site, a_limit_of_elements_in_an_array_may_stand_among_the_parameters) {
  const auto site = read_slurm_site(
      "SLURM_VERSION = 23.11.4\nSchedulerParameters = bf_continue,max_array_tasks=50\n"
      "SelectType = select/cons_res\nAccountingStorageType = (null)\n",
      "PartitionName=a Default=NO State=DRAIN MaxTime=2-00:00:00 DefaultTime=01:00:00\n", "");
  ASSERT_TRUE(site.ok());
  EXPECT_EQ(site->max_array_tasks, 50u);
  EXPECT_FALSE(site->gpus_per_task || site->accounting || site->has_gpus());
  EXPECT_EQ(site->partitions[0].max_time, hours(48));
  EXPECT_EQ(site->partitions[0].time_if_not_asked(), hours(1));
  EXPECT_FALSE(site->partitions[0].up);
}

TEST(slurm_site, what_is_no_configuration_is_an_error) {
  for (const char* text : {"", "slurm_load_ctl_conf error: Unable to contact slurm controller\n",
                           "===\n=\n", "\xff\xfe"})
    EXPECT_FALSE(read_slurm_site(text, "", "").ok()) << text;
}

TEST(slurm_nodes, are_read_from_what_a_real_one_prints) {
  const auto nodes = read_slurm_nodes(recorded("nodes.txt"));
  ASSERT_EQ(nodes.size(), 6u);
  EXPECT_EQ(nodes[0].name, "n1");
  EXPECT_EQ(nodes[0].counted, whole_cpus(16));
  EXPECT_EQ(nodes[0].memory, mebibytes(16000));
  ASSERT_EQ(nodes[0].devices.size(), 8u);
  EXPECT_EQ(nodes[0].devices[7].uid, "gpu7");
  EXPECT_EQ(nodes[0].devices[7].model, "h100");
  EXPECT_EQ(nodes[0].devices[7].vendor, "nvidia");
  const std::vector<bool> up{true, false, true, true, false, false};
  for (std::size_t n = 0; n < nodes.size(); ++n) EXPECT_EQ(nodes[n].up, up[n]) << nodes[n].name;
  EXPECT_EQ(nodes[1].notes,
            (std::vector<std::string>{
                "drained: bad fan State=IDLE, see #12 [root@2026-11-27T09:42:03]"}));
  EXPECT_EQ(nodes[3].notes,
            (std::vector<std::string>{"reserved: only those start there for whom it is"}));
  EXPECT_EQ(nodes[4].notes, (std::vector<std::string>{"not answering"}));
  EXPECT_EQ(nodes[5].notes[0], "in maintenance");
}

TEST(slurm_nodes, are_up_or_not_by_their_state) {
  for (const char* state : {"IDLE", "MIXED+CLOUD", "ALLOCATED", "RESERVED", "IDLE+PLANNED",
                            "COMPLETING", "IDLE+CLOUD+POWERED_DOWN", "IDLE~", "MIXED+POWERING_UP"})
    EXPECT_TRUE(node_of(std::string("State=") + state).up) << state;
  for (const char* state :
       {"IDLE+DRAIN", "DOWN*", "DOWN*+DRAIN", "ALLOCATED+DRAIN", "MAINT", "FAIL", "UNKNOWN",
        "FUTURE", "IDLE*", "IDLE+INVALID_REG", "POWERING_DOWN", "", "REBOOT_ISSUED", "ERROR"})
    EXPECT_FALSE(node_of(std::string("State=") + state).up) << state;
  EXPECT_EQ(node_of("State=DOWN*+DRAIN Reason=Not responding [slurm@2026-11-27T09:42:03]").notes[0],
            "down, not answering, drained: Not responding [slurm@2026-11-27T09:42:03]");
}

TEST(slurm_nodes, have_a_device_for_each_gpu_of_each_type) {
  using Models = std::vector<std::string>;
  EXPECT_EQ(models_of("(null)"), Models());
  EXPECT_EQ(models_of("gpu"), Models({""}));
  EXPECT_EQ(models_of("gpu:2"), Models({"", ""}));
  EXPECT_EQ(models_of("gpu:h100"), Models({"h100"}));
  EXPECT_EQ(models_of("gpu:h100:2(S:0-1)"), Models({"h100", "h100"}));
  EXPECT_EQ(models_of("gpu:a100:1(S:0),gpu:1g.10gb:2(S:0,3),gpu:1,shard:64,license:no_consume:3"),
            Models({"a100", "1g.10gb", "1g.10gb", ""}));
  const Node node = node_of("Gres=gpu:a100:1,gpu:1g.10gb:1 State=IDLE");
  EXPECT_EQ(node.devices[1].uid, "gpu1");
  EXPECT_EQ(node.devices[1].memory, gibibytes(10));
}

TEST(slurm_nodes, devices_that_make_no_sense_are_said_and_left_out) {
  for (const char* gres : {"gpu:h100:many", "gpu:a:b:c:4", "gpu:99999999999", "gpu:h100:-1",
                           "gpu:h100:18446744073709551615"}) {
    const Node node = node_of(std::string("State=IDLE Gres=") + gres);
    EXPECT_TRUE(node.devices.empty()) << gres;
    EXPECT_FALSE(node.notes.empty()) << gres;
  }
}

TEST(slurm_nodes, cpus_and_memory_kept_for_the_system_do_not_count) {
  const Node node = node_of("CPUEfctv=6 MemSpecLimit=200 State=IDLE");
  EXPECT_EQ(node.counted, whole_cpus(6));
  EXPECT_EQ(node.memory, mebibytes(800));
}

TEST(slurm_nodes, lists_of_names_are_read) {
  using Names = std::vector<std::string>;
  EXPECT_EQ(expand_slurm_nodes("n1"), Names({"n1"}));
  EXPECT_EQ(expand_slurm_nodes("n[1-2,07],login"), Names({"n1", "n2", "n07", "login"}));
  EXPECT_EQ(expand_slurm_nodes("r[08-10].x"), Names({"r08.x", "r09.x", "r10.x"}));
  EXPECT_EQ(expand_slurm_nodes("r[1-2]n[3-4]"), Names({"r1n3", "r1n4", "r2n3", "r2n4"}));
  for (const char* list : {"", "n[", "n]", "n[1-", "n[2-1]", "n[a]", "n[]", "a,,b", ",",
                           "n[1-99999999]", "r[1-2]n[1-2]x[1-2]", "n[1-99999999999999999999]"})
    EXPECT_FALSE(expand_slurm_nodes(list).has_value()) << list;
}

TEST(slurm_calls, know_nothing_of_the_job_that_the_service_may_run_in) {
  const auto kept = environment_for_slurm({{"PATH", "/bin"},
                                           {"SLURM_JOB_ID", "4"},
                                           {"SBATCH_PARTITION", "x"},
                                           {"SLURM_CONF", "/opt/slurm.conf"},
                                           {"SECRET", "s"},
                                           {"TZ", "Asia/Tokyo"}});
  EXPECT_EQ(kept, (std::vector<EnvVar>{{"PATH", "/bin"},
                                       {"SLURM_CONF", "/opt/slurm.conf"},
                                       {"TZ", "UTC"},
                                       {"SLURM_TIME_FORMAT", "standard"},
                                       {"SLURM_BITSTR_LEN", "0"}}));
}

TEST(gpu_types, say_whose_and_how_large_where_it_is_known) {
  EXPECT_EQ(gpu_type_facts("h100").memory, gibibytes(80));
  EXPECT_EQ(gpu_type_facts("nvidia_a100-sxm4-80gb").memory, gibibytes(80));
  EXPECT_EQ(gpu_type_facts("a100").memory, gibibytes(40));
  EXPECT_EQ(gpu_type_facts("1g.10gb").vendor, "nvidia");
  EXPECT_EQ(gpu_type_facts("1g.10gb").memory, gibibytes(10));
  EXPECT_EQ(gpu_type_facts("MI300X").vendor, "amd");
  EXPECT_EQ(gpu_type_facts("rtx2080ti").memory, gibibytes(11));
  EXPECT_EQ(gpu_type_facts("rtx_a6000").vendor, "nvidia");
  EXPECT_EQ(gpu_type_facts("big").vendor, "");
  EXPECT_EQ(gpu_type_facts("").memory.n, 0);
}

TEST(SlurmConstraint, leaves_nodes_with_its_features) {
  const std::vector<std::string> features{"a100", "ib"};
  EXPECT_EQ(is_left("a100", features), true);
  EXPECT_EQ(is_left("h100", features), false);
  EXPECT_EQ(is_left("a100&ib", features), true);
  EXPECT_EQ(is_left("a100&h100", features), false);
  EXPECT_EQ(is_left("h100|ib", features), true);
  EXPECT_EQ(is_left("h100|x", features), false);
  for (const char* other : {"[a100*2&ib]", "a100&(ib|x)", "a100&ib|x", "a100*1"})
    EXPECT_FALSE(is_left(other, features)) << other;
}

TEST(SlurmConstraint, of_the_config_file_bars_nodes_from_what_a_job_may_have) {
  auto seen = read_node_lines(
      "NodeName=n1 CPUTot=16 RealMemory=1000 AvailableFeatures=a100,ib ActiveFeatures=a100,ib "
      "Gres=gpu:a100:4 State=IDLE\n"
      "NodeName=n2 CPUTot=16 RealMemory=1000 AvailableFeatures=(null) ActiveFeatures=(null) "
      "Gres=gpu:h100:8 State=IDLE\n");
  SlurmSite site;
  site.partitions = {{"main", true}};
  site.partitions[0].nodes = "n[1-2]";
  const auto nodes = nodes_of(seen);
  site.gres = gres_types_of(nodes);
  site.usual.constraint = "a100";
  heed_constraint(site, seen);
  EXPECT_FALSE(site.bars("n1"));
  EXPECT_TRUE(site.bars("n2"));
  EXPECT_EQ(site.gres, (std::vector<GresType>{{"gpu", "a100", 4}}));
  JobSpec spec;
  spec.resources.alternatives[0].cpus = whole_cpus(16);
  spec.resources.tasks = 2;
  const auto no_room = never_has_room(spec, 0, site, nodes);
  ASSERT_TRUE(no_room);
  EXPECT_EQ(no_room->why,
            "all nodes of its queue with the constraint a100 have room for 1 such task, not 2");
  EXPECT_EQ(left_by_constraint(site, nodes, true),
            "; 4 of the 12 are on nodes with a100, the constraint of [on.slurm]");
  // What leaves none, or is not understood, is Slurm's to judge.
  for (const char* other : {"v100", "[a100*2]"}) {
    site.usual.constraint = other;
    heed_constraint(site, seen);
    EXPECT_FALSE(site.bars("n2")) << other;
    EXPECT_FALSE(never_has_room(spec, 0, site, nodes)) << other;
    EXPECT_EQ(left_by_constraint(site, nodes, true), "") << other;
  }
}

class SlurmRoom : public ::testing::Test {
 protected:
  SlurmRoom() {
    site.gres = {{"gpu", "h100", 8}};
    site.partitions = {{"main", true}, {"small"}};
    site.partitions[0].nodes = "n[1-6]";
    site.partitions[1].nodes = "n1";
  }
  std::string refusal() const {
    const auto none = never_has_room(spec, 0, site, nodes);
    return none ? none->field + ": " + none->why : "";
  }

  SlurmSite site;
  std::vector<Node> nodes = read_slurm_nodes(recorded("nodes.txt"));
  JobSpec spec;
  TaskRequest& task = spec.resources.alternatives[0];
};

TEST_F(SlurmRoom, of_all_nodes_of_the_queue_is_what_a_gang_may_have) {
  task.cpus = whole_cpus(16);
  spec.resources.tasks = 6;
  EXPECT_EQ(refusal(), "");
  spec.resources.tasks = 7;
  EXPECT_EQ(refusal(), "tasks: all nodes of its queue have room for 6 such tasks, not 7");
  spec.queue = "small";
  spec.resources.tasks = 2;
  EXPECT_EQ(refusal(), "tasks: all nodes of its queue have room for 1 such task, not 2");
}

TEST_F(SlurmRoom, what_a_task_has_too_much_of_is_named_with_the_most_that_a_node_has) {
  task.cpus = whole_cpus(17);
  EXPECT_EQ(refusal(), "cpus: a task asks for 17, and no node of its queue has more than 16");
  task.cpus = whole_cpus(1);
  task.memory = gibibytes(100);
  EXPECT_EQ(refusal(),
            "memory: a task asks for 100G, and no node of its queue has more than 15.6G");
  task.memory = Bytes{0};
  spec.queue = "small";
  task.devices = DeviceRequest{};
  task.devices->count = 8;
  EXPECT_EQ(refusal(), "");
  task.devices->count = 9;
  EXPECT_EQ(refusal(), "gpus: a task asks for 9, and no node of its queue has more than 8");
}

TEST_F(SlurmRoom, gpus_that_are_left_out_need_no_room) {
  site.gres.clear();
  task.devices = DeviceRequest{};
  task.devices->count = 5;
  EXPECT_EQ(refusal(), "");
}

}  // namespace
}  // namespace gangline
