#include "devices/infiniband/infiniband_backend.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "devices/amd/small_gpus.h"
#include "devices/discover.h"
#include "devices/known_devices.h"
#include "devices/small_machine.h"

namespace gangline {
namespace {

class Infiniband : public testing::Test {
 protected:
  void port(const std::string& card, int port, const std::string& file,
            const std::string& text) const {
    machine_.file("/sys/class/infiniband/" + card + "/ports/" + std::to_string(port) + "/" + file,
                  text);
  }
  /// A card with one port, at a place of the bus as "pci0000:c0/0000:c0:1f.0/0000:c2:00.0".
  void add(const std::string& card, const std::string& path, const std::string& numa) const {
    port(card, 1, "link_layer", "InfiniBand\n");
    port(card, 1, "state", "4: ACTIVE\n");
    port(card, 1, "rate", "400 Gb/sec (4X NDR)\n");
    const std::string address = std::filesystem::path(path).filename();
    const std::string root = machine_.root();
    std::filesystem::create_directories(root + "/sys/devices/" + path);
    std::filesystem::create_directories(root + "/sys/bus/pci/devices");
    std::filesystem::create_directory_symlink("../../../devices/" + path,
                                              root + "/sys/bus/pci/devices/" + address);
    machine_.file("/sys/devices/" + path + "/vendor", "0x15b3\n");
    machine_.file("/sys/devices/" + path + "/numa_node", numa);
    std::filesystem::create_directory_symlink("../../../" + address,
                                              root + "/sys/class/infiniband/" + card + "/device");
  }

  SmallMachine machine_;
  std::unique_ptr<DeviceBackend> backend_ = make_infiniband_backend(machine_.root());
};

TEST_F(Infiniband, PortsAreReadWithWhatTheySayOfTheirLink) {
  add("mlx5_0", "pci0000:c0/0000:c0:1f.0/0000:c2:00.0", "1\n");
  port("mlx5_0", 2, "link_layer", "Ethernet\n");
  port("mlx5_0", 2, "state", "1: DOWN\n");
  port("mlx5_0", 2, "rate", "10 Gb/sec (1X QDR)\n");
  const BackendFacts facts = backend_->facts();
  ASSERT_EQ(facts.ports.size(), 2u);
  EXPECT_EQ(facts.ports[0], (NetworkPort{"mlx5_0", 1, "InfiniBand", "0000:c2:00.0", 1u, {}, {}}));
  EXPECT_EQ(facts.ports[1].layer, "Ethernet");
  const BackendSample read = backend_->sample();
  ASSERT_EQ(read.ports.size(), 2u);
  EXPECT_EQ(read.ports[0].state, "ACTIVE");
  EXPECT_EQ(read.ports[0].rate, "400 Gb/sec (4X NDR)");
  EXPECT_EQ(read.ports[1].state, "DOWN");
}

TEST_F(Infiniband, SixteenCardsInALargeDomainAreSixteenPorts) {
  for (int i = 10; i < 26; ++i) {
    const std::string bus = "10000:" + std::to_string(i);
    add("mlx5_" + std::to_string(i), "pci" + bus + "/" + bus + ":00.0", "0\n");
  }
  const BackendFacts facts = backend_->facts();
  ASSERT_EQ(facts.ports.size(), 16u);
  EXPECT_EQ(facts.ports[15].pci_address, "10000:25:00.0");
}

TEST_F(Infiniband, APortThatGoesDownIsSeenAfterSomeReadings) {
  add("mlx5_0", "pci0000:c0/0000:c0:1f.0/0000:c2:00.0", "1\n");
  backend_->facts();
  EXPECT_EQ(backend_->sample().ports.at(0).state, "ACTIVE");
  port("mlx5_0", 1, "state", "1: DOWN\n");
  std::string state;
  for (int reading = 0; reading < 10; ++reading) state = backend_->sample().ports.at(0).state;
  EXPECT_EQ(state, "DOWN");
}

TEST_F(Infiniband, WhatIsMissingEmptyOrNonsenseIsUnknown) {
  add("mlx5_0", "pci0000:c0/0000:c0:1f.0/0000:c2:00.0", "-1\n");
  for (const std::string& text :
       {std::string(), std::string("\n"), std::string("ACTIVE"), std::string("x: ACTIVE"),
        std::string("4: \x1b[2J"), std::string(100'000, '4')}) {
    port("mlx5_0", 1, "state", text);
    EXPECT_EQ(backend_->facts().ports.at(0).numa_node, std::nullopt);
    EXPECT_EQ(backend_->sample().ports.at(0).state, "") << text.substr(0, 20);
  }
  std::filesystem::remove_all(machine_.root() + "/sys/class/infiniband/mlx5_0/ports/1/rate");
  port("rxe0", 1, "state", "4: ACTIVE\n");  // one in software
  machine_.file("/sys/class/infiniband/nothing/node_guid", "0\n");
  const BackendFacts facts = backend_->facts();
  ASSERT_EQ(facts.ports.size(), 2u);
  EXPECT_EQ(facts.ports[1], (NetworkPort{"rxe0", 1, "", "", {}, {}, {}}));
  EXPECT_EQ(backend_->sample().ports.at(0).rate, "");
}

TEST_F(Infiniband, FilesThatMayNotBeReadAreUnknown) {
  add("mlx5_0", "pci0000:c0/0000:c0:1f.0/0000:c2:00.0", "1\n");
  std::filesystem::permissions(machine_.root() + "/sys/class/infiniband/mlx5_0/ports/1/state",
                               std::filesystem::perms::none);
  const NotRoot person;
  backend_->facts();
  EXPECT_EQ(backend_->sample().ports.at(0).state, "");
}

TEST_F(Infiniband, AMachineWithoutSuchCardsHasNoPorts) {
  EXPECT_TRUE(backend_->facts().ports.empty());
  EXPECT_TRUE(backend_->sample().ports.empty());
}

TEST_F(Infiniband, EachPortKnowsTheDevicesThatAreNearestToIt) {
  const SmallGpus gpus(machine_.root());
  gpus.add({1, 0, 0x41, 1, 128});  // NUMA node 0
  gpus.add({2, 0, 0xc1, 2, 129});  // 1
  gpus.add({3, 0, 0xc3, 3, 130});  // 1, below another bridge
  add("mlx5_0", "pci0000:c1/0000:c1:1f.0/0000:c2:00.0", "1\n");
  add("mlx5_1", "pci0000:80/0000:80:01.0/0000:81:00.0", "1\n");
  add("mlx5_2", "pci0000:e0/0000:e0:01.0/0000:e1:00.0", "3\n");
  const Node node = NodeReader({machine_.root(), ""}).facts();
  ASSERT_EQ(node.ports.size(), 3u);
  EXPECT_EQ(node.ports[0].near, std::vector<std::uint32_t>{1});
  EXPECT_EQ(node.ports[0].distance, LinkKind::pcie_switch);
  EXPECT_EQ(node.ports[1].near, (std::vector<std::uint32_t>{1, 2}));
  EXPECT_EQ(node.ports[1].distance, LinkKind::numa);
  EXPECT_TRUE(node.ports[2].near.empty());
  // A device that stood elsewhere before keeps its place, and the ports follow.
  Node known;
  known.devices = {node.devices[2], node.devices[1]};
  const KeptNode kept = keep_places(known, node);
  EXPECT_EQ(kept.node.ports[1].near, (std::vector<std::uint32_t>{1, 0}));
}

}  // namespace
}  // namespace gangline
