#include "devices/pack_node.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>

#include "devices/discover.h"
#include "devices/probe_wire.h"
#include "devices/small_machine.h"

namespace gangline {
namespace {

Node read_back(const Node& node, bool& ok) {
  Packer packer;
  pack(packer, node);
  Unpacker unpacker(packer.bytes());
  Node again = unpack_node(unpacker);
  ok = unpacker.ok() && unpacker.at_end();
  return again;
}

Node rich_node() {
  Node node;
  node.name = "n1";
  node.cpu_model = "CPU";
  node.cpus = CpuSet::of({0, 1, 4, 4095});
  node.cores = {CpuSet::of({0, 4}), CpuSet::of({1, 4095})};
  node.numa = {{0, CpuSet::of({0, 4}), gibibytes(4)}, {7, CpuSet::of({1, 4095}), gibibytes(8)}};
  node.caches = {{1, kibibytes(32), 2}, {3, mebibytes(8), 1}};
  node.memory = gibibytes(12);
  Device gpu;
  gpu.vendor = "nvidia";
  gpu.model = "H100";
  gpu.uid = "GPU-1";
  gpu.memory = gibibytes(80);
  gpu.pci_address = "0000:c1:00.0";
  gpu.numa_node = 7;
  gpu.allottable = false;
  gpu.files = {"/dev/nvidia0", "/dev/nvidia-caps/nvidia-cap3"};
  gpu.power_limit = Watts{350.5};
  gpu.ordinal = 3;
  Device slice = gpu;
  slice.uid = "MIG-1";
  slice.parent = 0;
  slice.allottable = true;
  slice.present = false;
  slice.numa_node.reset();
  slice.power_limit.reset();
  Device fpga;
  fpga.kind = DeviceKind::fpga;
  fpga.uid = "F";
  node.devices = {gpu, slice, fpga};
  node.links = {{0, 1, LinkKind::same_board, 0}, {1, 2, LinkKind::nvlink, 18}};
  node.packages = {{"package-0"}, {"package-1-die-0"}};
  node.ports = {{"mlx5_0", 2, "InfiniBand", "0000:c2:00.0", 7, {0, 2}, LinkKind::pcie_switch},
                {"rxe0", 1, "", "", {}, {}, {}}};
  node.driver = "535";
  node.notes = {"a", ""};
  return node;
}

NodeSample rich_sample() {
  NodeSample sample;
  sample.at = Time{1'700'000'000'000'000};
  DeviceSample full;
  full.busy_percent = 97.5;
  full.memory_used = gibibytes(3);
  full.power = Watts{410};
  full.energy = Joules{1e9};
  full.temperature_celsius = -3;
  full.processes = {{4242, gibibytes(1), "eve", "python3"}, {1, std::nullopt, "", ""}};
  DeviceSample idle;
  idle.processes.emplace();
  idle.state = "operating";
  sample.devices = {full, DeviceSample{}, idle};
  sample.packages = {{Joules{3}, Watts{70.5}}, {}};
  sample.ports = {{"ACTIVE", "400 Gb/sec (4X NDR)"}, {}};
  return sample;
}

TEST(PackNode, ANodeComesBackAsItWas) {
  bool ok = false;
  EXPECT_EQ(read_back(rich_node(), ok), rich_node());
  EXPECT_TRUE(ok);
  EXPECT_EQ(read_back(Node{}, ok), Node{});
  EXPECT_TRUE(ok);
}

TEST(PackNode, ASampleComesBackWithWhatIsUnknownStillUnknown) {
  Packer first, second;
  pack(first, rich_sample());
  Unpacker unpacker(first.bytes());
  const NodeSample again = unpack_sample(unpacker);
  EXPECT_TRUE(unpacker.ok() && unpacker.at_end());
  pack(second, again);
  EXPECT_EQ(first.bytes(), second.bytes());
  EXPECT_EQ(again.devices[1].power, std::nullopt);
  EXPECT_EQ(again.devices[1].processes, std::nullopt);
  EXPECT_TRUE(again.devices[2].processes && again.devices[2].processes->empty());
  EXPECT_EQ(*again.devices[0].processes, *rich_sample().devices[0].processes);
}

TEST(PackNode, WhatIsBeyondALimitIsLeftOutAndSaid) {
  Node node = rich_node();
  node.devices.resize(most_devices + 5);
  node.links.push_back({0, most_devices + 1, LinkKind::system, 0});
  node.notes.assign(most_notes + 10, "note");
  node.name.assign(most_text + 1, 'x');
  bool ok = false;
  const Node again = read_back(node, ok);
  ASSERT_TRUE(ok);
  EXPECT_EQ(again.devices.size(), most_devices);
  EXPECT_EQ(again.links.size(), 2u);
  EXPECT_EQ(again.notes.size(), most_notes);
  EXPECT_NE(again.notes.back().find("more than can be described"), std::string::npos);
  EXPECT_EQ(again.name.size(), most_text);
}

TEST(PackNode, WhatDoesNotFitTogetherIsRefused) {
  const auto refused = [](const Node& node) {
    bool ok = true;
    static_cast<void>(read_back(node, ok));
    return !ok;
  };
  Node node = rich_node();
  node.devices[1].parent = 3;
  EXPECT_TRUE(refused(node)) << "a parent that is not there";
  node.devices[1].parent = 1;
  EXPECT_TRUE(refused(node)) << "its own parent";
  node = rich_node();
  node.links[0] = {1, 1, LinkKind::numa, 0};
  EXPECT_TRUE(refused(node)) << "a link to itself";
  node = rich_node();
  node.links[0].kind = static_cast<LinkKind>(99);
  EXPECT_TRUE(refused(node)) << "no such kind";
  node = rich_node();
  node.ports[0].distance = static_cast<LinkKind>(7);
  EXPECT_TRUE(refused(node)) << "no such distance";
  node = rich_node();
  node.memory = Bytes{-1};
  EXPECT_TRUE(refused(node)) << "less than nothing";
  node = rich_node();
  node.devices[0].power_limit = Watts{std::numeric_limits<double>::quiet_NaN()};
  EXPECT_TRUE(refused(node)) << "not a number";
}

/// What must hold for whatever was read without complaint.
void expect_sound(const Node& node) {
  for (const Link& link : node.links) {
    EXPECT_LT(link.a, link.b);
    EXPECT_LT(link.b, node.devices.size());
  }
  for (const NetworkPort& port : node.ports)
    for (const std::uint32_t device : port.near) EXPECT_LT(device, node.devices.size());
  for (const Device& device : node.devices)
    EXPECT_LT(device.parent.value_or(0), std::max<std::size_t>(node.devices.size(), 1));
}

TEST(PackNode, BrokenBytesAreRefusedOrHarmless) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const auto below = [&](std::size_t n) { return random() % n; };
  const std::string whole[] = {
      message_of(ProbeReply{ProbeReplyKind::facts, rich_node(), {}}).substr(4),
      message_of(ProbeReply{ProbeReplyKind::sample, {}, {rich_sample(), true}}).substr(4)};
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes = whole[below(2)];
    for (std::size_t change = below(4); change-- > 0;)
      bytes[below(bytes.size())] = static_cast<char>(random());
    if (below(4) == 0) bytes.resize(below(bytes.size()));
    if (below(8) == 0)
      for (char& byte : bytes) byte = static_cast<char>(random());
    if (bytes.empty()) continue;
    if (below(2) == 0) bytes[0] = static_cast<char>(below(4));
    const auto reply = read_reply(bytes);
    if (reply) expect_sound(reply->node);
  }
}

TEST(ProbeWire, MessagesAreCutFromAStreamHoweverItComes) {
  const std::string stream = message_of(ProbeRequest::facts) + message_of(ProbeRequest::sample);
  MessageCutter cutter;
  std::vector<std::string> messages;
  for (const char byte : stream) {
    cutter.add({&byte, 1});
    auto next = cutter.next();
    ASSERT_TRUE(next.ok());
    if (*next) messages.push_back(**next);
  }
  ASSERT_EQ(messages.size(), 2u);
  EXPECT_EQ(*read_request(messages[0]), ProbeRequest::facts);
  EXPECT_EQ(*read_request(messages[1]), ProbeRequest::sample);
  EXPECT_FALSE(read_request("").ok());
  EXPECT_FALSE(read_request(std::string("\x07")).ok());
}

TEST(ProbeWire, AMessageLongerThanAnyNodeIsRefusedBeforeItIsRead) {
  MessageCutter cutter;
  cutter.add("\xff\xff\xff\xff");
  EXPECT_FALSE(cutter.next().ok());
}

TEST(Discover, CpusAndDevicesStandOnOneNode) {
  const SmallMachine machine;
  machine.profile_of("mixed.txt");
  machine.process(4242, 1007, "eve", "python3");
  NodeReader reader(machine.sources());
  const Node node = reader.facts();
  EXPECT_FALSE(node.cpus.empty());
  EXPECT_EQ(node.devices.size(), 11u);
  EXPECT_EQ(node.driver, "535.104.05");
  EXPECT_EQ(link_between(node, 0, 1), LinkKind::nvlink);
  const NodeReader::Reading reading = reader.sample();
  EXPECT_EQ(reading.sample.devices.size(), 11u);
  EXPECT_GT(reading.sample.at, Time{0});
  EXPECT_EQ(reading.sample.devices[8].processes->front().user, "eve");
  EXPECT_TRUE(reader.cpu_facts().devices.empty());
}

TEST(Discover, SourcesCanBeNamedInTheEnvironment) {
  const SmallMachine machine;
  EXPECT_EQ(sources_from_environment().root, machine.root());
  EXPECT_EQ(sources_from_environment().nvml_library, machine.sources().nvml_library);
  const ScopedVariable none("GANGLINE_NVML", "");
  const ScopedVariable root("GANGLINE_ROOT", "");
  EXPECT_EQ(sources_from_environment().nvml_library, "");
  EXPECT_EQ(sources_from_environment().root, "/");
}

}  // namespace
}  // namespace gangline
