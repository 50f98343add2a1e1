#include "engine/slurm/gpus/uuids.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "devices/probe_child.h"
#include "devices/small_machine.h"
#include "os/clock.h"

namespace gangline {
namespace {

using Names = std::vector<std::string>;
using enum GpuFile::State;

constexpr Span patience = seconds(60);  // a test that needs it has failed already

Names probe_here() {
  return {std::filesystem::read_symlink("/proc/self/exe").string(), "internal-probe"};
}

/// GPUs with these minors, in NVML's order: "GPU-<minor>".
Node node_with(const std::vector<std::uint32_t>& minors) {
  Node node;
  for (const std::uint32_t minor : minors) {
    Device device;
    device.vendor = "nvidia";
    device.uid = "GPU-" + std::to_string(minor);
    device.files = {"/dev/nvidia" + std::to_string(minor)};
    node.devices.push_back(device);
  }
  return node;
}

std::vector<GpuFile> all_open(std::uint32_t count) {
  std::vector<GpuFile> files;
  for (std::uint32_t minor = 0; minor < count; ++minor) files.push_back({minor});
  return files;
}
std::vector<GpuFile> only_open(std::uint32_t count, const std::vector<std::uint32_t>& open) {
  auto files = all_open(count);
  for (GpuFile& file : files) file.state = closed_by_group;
  for (const std::uint32_t minor : open) files[minor].state = GpuFile::State::open;
  return files;
}

TEST(Uuids, where_nothing_is_closed_a_number_is_a_place_on_the_node) {
  const Node node = node_with({0, 1, 2, 3});
  EXPECT_EQ(uuids_of({"2"}, all_open(4), node), Names{"GPU-2"});
  EXPECT_EQ(uuids_of({"3", "0"}, all_open(4), node), (Names{"GPU-3", "GPU-0"}));
  EXPECT_EQ(uuids_of({"4"}, all_open(4), node), Names{});
}

TEST(Uuids, where_others_are_closed_a_number_counts_those_that_are_open) {
  // NVML may name all of them, or those alone that may be opened.
  for (const Node& node : {node_with({0, 1, 2, 3}), node_with({2, 3})}) {
    EXPECT_EQ(uuids_of({"0", "1"}, only_open(4, {2, 3}), node), (Names{"GPU-2", "GPU-3"}));
    EXPECT_EQ(uuids_of({"1", "0"}, only_open(4, {2, 3}), node), (Names{"GPU-3", "GPU-2"}));
    EXPECT_EQ(uuids_of({"2", "3"}, only_open(4, {2, 3}), node), Names{}) << "not counted so";
  }
}

TEST(Uuids, one_that_is_open_without_having_been_told_of_makes_it_uncertain) {
  // Perhaps the screen's, of which Slurm does not know: then 0 is the other one.
  EXPECT_EQ(uuids_of({"0"}, only_open(4, {0, 2}), node_with({0, 2})), Names{});
}

TEST(Uuids, what_the_driver_does_not_tell_of_makes_it_uncertain) {
  EXPECT_EQ(uuids_of({"2"}, all_open(4), node_with({0, 2, 3})), Names{}) << "one is lost";
  EXPECT_EQ(uuids_of({"0"}, all_open(1), node_with({})), Names{});
  std::vector<GpuFile> without_first = all_open(3);
  without_first.erase(without_first.begin());
  EXPECT_EQ(uuids_of({"0"}, without_first, node_with({1, 2})), Names{});
  auto refused = all_open(2);
  refused[1].state = closed;
  EXPECT_EQ(uuids_of({"0"}, refused, node_with({0})), Names{}) << "by its mode, not by Slurm";
}

TEST(Uuids, other_orders_by_bus_and_by_file_make_it_uncertain) {
  EXPECT_EQ(uuids_of({"0"}, all_open(2), node_with({1, 0})), Names{});
  EXPECT_EQ(uuids_of({"0", "1"}, only_open(4, {2, 3}), node_with({3, 2})), Names{});
}

TEST(Uuids, names_and_nonsense_are_left_alone) {
  const Node node = node_with({0, 1});
  EXPECT_EQ(uuids_of({"GPU-1"}, all_open(2), node), Names{});
  EXPECT_EQ(uuids_of({"0", "0"}, all_open(2), node), Names{});
  EXPECT_EQ(uuids_of({}, all_open(2), node), Names{});
  Node cut = node;
  cut.devices[0].allottable = false;
  EXPECT_EQ(uuids_of({"0"}, all_open(2), cut), Names{}) << "MIG is on";
}

/// A node with a driver and a file for each GPU that it tells of.
class NodeWithDriver : public ::testing::Test {
 protected:
  NodeWithDriver() {
    machine_.profile(
        "gpu 0\n uuid GPU-a\n pci 00000000:01:00.0\n minor 0\n"
        "gpu 1\n uuid GPU-b\n pci 00000000:02:00.0\n minor 1\n");
    std::filesystem::create_directories(machine_.root() + "/dev");
    for (const char* name : {"nvidia0", "nvidia1", "nvidiactl", "nvidia-uvm"})
      std::ofstream(machine_.root() + "/dev/" + name) << "";
  }
  Names told(const Names& names, Span deadline = patience) {
    return by_uuid(names, machine_.root(), probe_here(), deadline);
  }

  SmallMachine machine_;
};

TEST_F(NodeWithDriver, numbers_become_uuids) {
  EXPECT_EQ(told({"1"}), Names{"GPU-b"});
  EXPECT_EQ(told({"0", "1"}), (Names{"GPU-a", "GPU-b"}));
  EXPECT_EQ(told({"MIG-x"}), Names{"MIG-x"});
}

TEST_F(NodeWithDriver, that_hangs_leaves_numbers_and_holds_nothing_up) {
  machine_.profile("hang all\ngpu 0\n uuid GPU-a\n minor 0\ngpu 1\n uuid GPU-b\n minor 1\n");
  const Span begun = since_boot();
  EXPECT_EQ(told({"1"}, milliseconds(200)), Names{"1"});
  EXPECT_LT(since_boot() - begun, patience);
}

TEST_F(NodeWithDriver, that_fails_leaves_numbers) {
  machine_.profile("init_error 9\n");
  EXPECT_EQ(told({"1"}), Names{"1"});
  EXPECT_EQ(by_uuid({"1"}, machine_.root(), {"/no/such/program"}), Names{"1"});
}

TEST_F(NodeWithDriver, is_not_asked_where_there_are_no_gpus) {
  std::filesystem::remove(machine_.root() + "/dev/nvidia0");
  std::filesystem::remove(machine_.root() + "/dev/nvidia1");
  machine_.profile("hang all\n");
  EXPECT_EQ(told({"1"}), Names{"1"});
}

}  // namespace
}  // namespace gangline

int main(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == "internal-probe")
    return gangline::run_probe(STDIN_FILENO, STDOUT_FILENO, gangline::sources_from_environment());
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
