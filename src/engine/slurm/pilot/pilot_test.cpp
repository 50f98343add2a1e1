// The files, the words and the first message of a pilot, and what of a node Slurm gave.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "engine/slurm/pilot/given_node.h"
#include "engine/slurm/pilot/node_hello.h"
#include "engine/slurm/pilot/pilot_files.h"
#include "engine/slurm/pilot/pilot_script.h"

namespace gangline {
namespace {

class PilotTest : public ::testing::Test {
 protected:
  PilotTest() {
    char name[] = "/tmp/gangline-pilot-XXXXXX";
    dir = ::mkdtemp(name);
  }
  ~PilotTest() override { std::filesystem::remove_all(dir); }
  std::string dir;
};

TEST_F(PilotTest, is_read_back_as_it_was_written) {
  PilotKept kept;
  kept.number = 3;
  kept.tag = "gang-pilot-1";
  kept.slurm = "17";
  kept.request.nodes = 2;
  kept.request.queue = "gpu";
  kept.ending = true;
  kept.names = {{"n1", "n1/pilot"}, {"n2", "n2/pilot2"}};
  const PilotFiles files(dir, 3);
  ASSERT_TRUE(files.make(kept));
  const auto read = files.read();
  ASSERT_TRUE(read) << read.error().sentence();
  EXPECT_EQ(read->number, kept.number);
  EXPECT_EQ(read->tag, kept.tag);
  EXPECT_EQ(read->slurm, kept.slurm);
  EXPECT_EQ(read->request, kept.request);
  EXPECT_TRUE(read->ending);
  EXPECT_FALSE(read->renewed);
  EXPECT_EQ(read->names, kept.names);
  EXPECT_EQ(pilot_numbers(dir), std::vector<std::uint64_t>{3});
}

TEST_F(PilotTest, has_a_key_of_its_own_that_nobody_else_may_read) {
  PilotKept kept;
  kept.number = 1;
  kept.tag = "one";
  ASSERT_TRUE(PilotFiles(dir, 1).make(kept));
  ASSERT_TRUE(PilotFiles(dir, 2).make(kept));
  const auto first = PilotFiles(dir, 1).key("one"), second = PilotFiles(dir, 2).key("two");
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->secret.size(), stream_key_bytes);
  EXPECT_NE(first->secret, second->secret);
  struct stat there {};
  ASSERT_EQ(::stat((dir + "/pilots/1/key").c_str(), &there), 0);
  EXPECT_EQ(there.st_mode & 0777, 0600u);
  ASSERT_EQ(::stat((dir + "/pilots/1").c_str(), &there), 0);
  EXPECT_EQ(there.st_mode & 0777, 0700u);
}

TEST_F(PilotTest, gets_a_number_that_none_had_before) {
  EXPECT_EQ(*new_pilot_number(dir), 1u);
  EXPECT_EQ(*new_pilot_number(dir), 2u);
  PilotKept kept;
  kept.number = 9;
  kept.tag = "nine";
  ASSERT_TRUE(PilotFiles(dir, 9).make(kept));
  EXPECT_EQ(*new_pilot_number(dir), 10u);
}

TEST_F(PilotTest, a_meeting_point_that_makes_no_sense_is_an_error) {
  PilotKept kept;
  kept.number = 1;
  kept.tag = "one";
  const PilotFiles files(dir, 1);
  ASSERT_TRUE(files.make(kept));
  EXPECT_FALSE(files.point());
  ASSERT_TRUE(files.keep_point({"10.0.0.1", 4'711}));
  EXPECT_EQ(files.point()->port, 4'711);
  ASSERT_TRUE(files.keep_point({"10.0.0.1", 0}));
  EXPECT_FALSE(files.point());
}

TEST(NodeHello, is_taken_off_the_front_when_it_is_whole) {
  NodeHello hello;
  hello.host = "n1";
  hello.boot = "b";
  hello.address = "10.0.0.1";
  hello.ports = {32'001, 32'002};
  hello.ends = Time{77};
  hello.node.name = "n1";
  hello.node.counted = whole_cpus(16);
  const std::string frame = frame_of(hello) + "rest";
  std::string bytes;
  for (const char c : frame.substr(0, frame.size() - 5)) {
    bytes += c;
    const auto taken = take_node_hello(bytes);
    ASSERT_TRUE(taken && !*taken);
  }
  bytes = frame;
  const auto taken = take_node_hello(bytes);
  ASSERT_TRUE(taken && *taken);
  EXPECT_EQ(bytes, "rest");
  EXPECT_EQ((*taken)->host, "n1");
  EXPECT_EQ((*taken)->ports, hello.ports);
  EXPECT_EQ((*taken)->ends, hello.ends);
  EXPECT_EQ((*taken)->node.counted, whole_cpus(16));
}

TEST(NodeHello, what_makes_no_sense_is_an_error) {
  std::string longer("\xff\xff\xff\xff", 4);
  EXPECT_FALSE(take_node_hello(longer));
  std::string garbage = std::string("\x08\0\0\0", 4) + std::string(8, 'x');
  EXPECT_FALSE(take_node_hello(garbage));
}

TEST(PilotScript, asks_for_what_was_said) {
  PilotRequest request;
  request.nodes = 2;
  request.gpus = 8;
  request.model = "h100";
  request.time = minutes(90);
  const std::string script =
      pilot_script(request, "3", {}, "/srv/bin/gang", "/home/a/pilots/3", "/o");
  for (const char* line : {"#SBATCH --nodes=2\n", "#SBATCH --gres=gpu:h100:8\n",
                           "#SBATCH --time=90\n", "#SBATCH --exclusive\n", "#SBATCH --mem=0\n"})
    EXPECT_NE(script.find(line), std::string::npos) << line;
  EXPECT_NE(script.find("internal-slurm-pilot"), std::string::npos);
  request.cpus = 4;
  request.memory = gibibytes(2);
  const std::string part =
      pilot_script(request, "3", {}, "/srv/bin/gang", "/home/a/pilots/3", "/o");
  EXPECT_NE(part.find("#SBATCH --cpus-per-task=4\n"), std::string::npos);
  EXPECT_NE(part.find("#SBATCH --mem=2048M\n"), std::string::npos);
  EXPECT_EQ(part.find("exclusive"), std::string::npos);
}

Node machine() {
  Node node;
  node.name = "machine";
  node.cpus = CpuSet::first(4);
  node.memory = gibibytes(64);
  return node;
}

TEST(NodeAsGiven, has_the_devices_that_slurm_names_where_no_driver_does) {
  const Node node = node_as_given({{"SLURMD_NODENAME", "n1"},
                                   {"SLURM_CPUS_ON_NODE", "16"},
                                   {"SLURM_MEM_PER_NODE", "2048"},
                                   {"SLURM_STEP_GPUS", "4,5"},
                                   {"CUDA_VISIBLE_DEVICES", "0,1"}},
                                  machine());
  EXPECT_EQ(node.name, "n1");
  ASSERT_EQ(node.devices.size(), 2u);
  EXPECT_EQ(node.devices[1].uid, "gpu5");  // on the whole node
  EXPECT_EQ(node.devices[1].ordinal, 1u);  // as the program counts it
  EXPECT_TRUE(node.cpus.empty());          // they are not those of the machine
  EXPECT_EQ(node.counted, whole_cpus(16));
  EXPECT_EQ(node.memory, gibibytes(2));
}

TEST(NodeAsGiven, keeps_what_drivers_say_of_those_that_were_given) {
  Node found = machine();
  for (const char* uid : {"GPU-a", "GPU-b", "GPU-c"}) {
    Device device;
    device.vendor = "nvidia";
    device.uid = uid;
    found.devices.push_back(device);
  }
  const Node node =
      node_as_given({{"SLURM_CPUS_ON_NODE", "4"}, {"CUDA_VISIBLE_DEVICES", "0,2"}}, found);
  ASSERT_EQ(node.devices.size(), 2u);
  EXPECT_EQ(node.devices[0].uid, "GPU-a");
  EXPECT_EQ(node.devices[1].uid, "GPU-c");
  EXPECT_EQ(node.cpus.count(), 4u);
}

TEST(NodeAsGiven, takes_no_other_device_for_the_one_that_was_given) {
  Node found = machine();
  for (const char* number : {"0", "1", "2"}) {
    Device device;
    device.vendor = "nvidia";
    device.uid = std::string("GPU-") + number;
    device.files = {std::string("/dev/nvidia") + number};
    found.devices.push_back(device);
  }
  // The driver tells of all, Slurm counts those that are not closed.
  using enum GpuFile::State;
  const std::vector<GpuFile> files{{0, closed_by_group}, {1, open}, {2, open}};
  const SlurmVariables two{{"SLURM_STEP_GPUS", "1,2"}, {"CUDA_VISIBLE_DEVICES", "0,1"}};
  const Node node = node_as_given(two, found, files);
  ASSERT_EQ(node.devices.size(), 2u);
  EXPECT_EQ(node.devices[0].uid, "GPU-1");
  EXPECT_EQ(node.devices[1].uid, "GPU-2");
  // Where a third is open as well, it may have been counted or not.
  const Node unsure = node_as_given(two, found, {{0, open}, {1, open}, {2, open}, {3, closed}});
  ASSERT_EQ(unsure.devices.size(), 2u);
  EXPECT_EQ(unsure.devices[0].uid, "gpu1");
  EXPECT_EQ(unsure.devices[0].ordinal, 0u);
}

TEST(NodeAsGiven, has_no_devices_where_none_were_given) {
  EXPECT_TRUE(node_as_given({{"CUDA_VISIBLE_DEVICES", "NoDevFiles"}}, machine()).devices.empty());
}

}  // namespace
}  // namespace gangline
