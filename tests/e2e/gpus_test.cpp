// Jobs on a machine whose GPUs the fake NVML makes up: who gets which, what each task sees, and
// what is said when there is none.
#include <unistd.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "devices/amd/small_gpus.h"
#include "machine.h"
#include "model/cluster.h"
#include "os/clock.h"

namespace gangline {
namespace {

// Prints what it sees, then holds its GPU until the test says go.
constexpr const char* say_and_hold =
    "echo $CUDA_VISIBLE_DEVICES > seen.$GANG_JOB.$GANG_GANG.$GANG_ATTEMPT; "
    "while ! [ -e go ]; do sleep 0.01; done";

std::string uuid_of(unsigned gpu) {
  const std::string n = std::to_string(gpu);
  return "GPU-8a5c100" + n + "-57e5-4b1f-9f0a-30c1a2b4000" + n;
}

// The eight GPUs, of which the process `pid` uses the one with this number.
std::string eight_gpus_with(unsigned gpu, pid_t pid) {
  std::string profile = Machine::profile_of("eight_gpus.txt");
  const std::string uuid = "  uuid " + uuid_of(gpu) + "\n";
  const auto at = profile.find(uuid);
  EXPECT_NE(at, std::string::npos);
  profile.insert(at, "  process " + std::to_string(pid) + " 20480\n");
  return profile;
}

class Gpus : public testing::Test {
 protected:
  void use(const std::string& profile, unsigned cpus = 16) {
    machine_.write("config.toml", "sample_every = '0.1s'\n");
    machine_.give_gpus(profile, cpus);
  }
  void use_eight() { use(Machine::profile_of("eight_gpus.txt")); }

  Machine machine_;
};

TEST_F(Gpus, EightGangsUseEightGpusAndEachTaskSeesOnlyItsOwn) {
  use_eight();
  const std::string job =
      machine_.submit({"--gpus", "1", "--sweep", "i=1..8", "--", "sh", "-c", say_and_hold});
  std::set<std::string> all;
  for (int gang = 0; gang < 8; ++gang) all.insert(machine_.seen(job, gang));
  std::set<std::string> wanted;
  for (unsigned gpu = 0; gpu < 8; ++gpu) wanted.insert(uuid_of(gpu));
  EXPECT_EQ(all, wanted);
  EXPECT_EQ(machine_.show(job).summary.running, 8u);
  machine_.let_go(job);
}

TEST_F(Gpus, FourGangsOfTwoGpusEachGetALinkedPair) {
  use_eight();
  const std::string job =
      machine_.submit({"--gpus", "2", "--sweep", "i=1..4", "--", "sh", "-c", say_and_hold});
  const Node node = machine_.nodes().at(0).node;
  std::set<std::uint32_t> taken;
  for (int gang = 0; gang < 4; ++gang) {
    const std::string uuids = machine_.seen(job, gang);
    const auto view = machine_.show_gang(job + "." + std::to_string(gang));
    const auto& devices = view.allocation.value().parts.at(0).tasks.at(0).devices;
    ASSERT_EQ(devices.size(), 2u);
    const auto [a, b] = std::minmax(devices[0].device, devices[1].device);
    EXPECT_EQ(link_between(node, a, b), LinkKind::nvlink) << a << " and " << b;
    EXPECT_EQ(uuids, uuid_of(devices[0].device) + "," + uuid_of(devices[1].device));
    taken.insert({a, b});
  }
  EXPECT_EQ(taken.size(), 8u);
  machine_.let_go(job);
}

TEST_F(Gpus, AGangOfFourTasksTakesOneIslandAndEachTaskSeesItsOwnGpu) {
  use_eight();
  const std::string job = machine_.submit(
      {"--gpus", "1", "--tasks", "4", "--", "sh", "-c",
       "echo $CUDA_VISIBLE_DEVICES > task.$RANK.new; mv task.$RANK.new task.$RANK"});
  EXPECT_EQ(machine_.wait(job), 0);
  std::set<std::string> all;
  for (int rank = 0; rank < 4; ++rank)
    all.insert(std::string(trim(machine_.read("task." + std::to_string(rank)))));
  const bool first = all.contains(uuid_of(0));
  std::set<std::string> island;
  for (unsigned gpu = 0; gpu < 4; ++gpu) island.insert(uuid_of(gpu + (first ? 0 : 4)));
  EXPECT_EQ(all, island);
}

TEST_F(Gpus, TwoGangsOfHalfAGpuShareOneAndAThirdTakesAnother) {
  use_eight();
  const std::string job =
      machine_.submit({"--gpus", "0.5", "--sweep", "i=1..3", "--", "sh", "-c", say_and_hold});
  std::multiset<std::string> all{machine_.seen(job, 0), machine_.seen(job, 1),
                                 machine_.seen(job, 2)};
  EXPECT_EQ(all.size(), 3u);
  EXPECT_EQ(std::set<std::string>(all.begin(), all.end()).size(), 2u);
  EXPECT_TRUE(says(machine_.gang({"nodes"}).out, "(0.5)"));
  machine_.let_go(job);
}

TEST_F(Gpus, AGangOfNineIsRefusedWithTheReasonAndNothingIsSubmitted) {
  use_eight();
  const Ran ran = machine_.gang({"submit", "--gpus", "1", "--tasks", "9", "--", "true"});
  EXPECT_EQ(ran.code, 1);
  EXPECT_EQ(ran.out, "");
  EXPECT_TRUE(says(ran.err, "9"));
  EXPECT_TRUE(says(ran.err, "8 GPUs"));
  EXPECT_TRUE(machine_.list().empty());
}

TEST_F(Gpus, OneThatAForeignProcessHoldsIsLeftAloneAndWhySaysByWhom) {
  Beside foreign = machine_.run_beside({"sleep", "600"});
  use(eight_gpus_with(5, foreign.pid()));
  const std::string job =
      machine_.submit({"--gpus", "1", "--sweep", "i=1..8", "--", "sh", "-c", say_and_hold});
  for (int gang = 0; gang < 7; ++gang) EXPECT_NE(machine_.seen(job, gang), uuid_of(5));
  const std::string who = "pid " + std::to_string(foreign.pid()) + " (sleep)";
  const std::string all = machine_.submit({"--gpus", "8", "--", "true"});
  const Ran why = machine_.gang({"why", all});
  EXPECT_TRUE(says(why.out, ":5 is in use by somebody outside Gangline: " + who));
  EXPECT_TRUE(says(machine_.gang({"nodes"}).out, "outside Gangline: " + who));
  EXPECT_EQ(machine_.show(job).summary.waiting, 1u);
  EXPECT_EQ(machine_.gang({"stop", all}).code, 0);

  // When it leaves, the gang that waited for it gets the GPU.
  machine_.change_gpus(Machine::profile_of("eight_gpus.txt"));
  EXPECT_EQ(machine_.seen(job, 7), uuid_of(5));
  machine_.let_go(job);
}

TEST_F(Gpus, WhenSomebodyComesOntoAnAllottedGpuItsGangIsToldAndNothingIsStopped) {
  use_eight();
  const std::string job = machine_.submit({"--gpus", "1", "--", "sh", "-c", say_and_hold});
  ASSERT_EQ(machine_.seen(job, 0), uuid_of(0));
  EXPECT_TRUE(machine_.show_gang(job + ".0").notes.empty());
  machine_.change_gpus(eight_gpus_with(0, ::getpid()));
  const std::string told = "note: device 0 is also used by pid " + std::to_string(::getpid());
  EXPECT_TRUE(becomes_true([&] {
    return machine_.gang({"show", job}).out.find(told) != std::string::npos;
  })) << machine_.gang({"show", job}).out;
  EXPECT_EQ(machine_.show(job).summary.running, 1u);
  // And when they are gone there is nothing to tell.
  machine_.change_gpus(Machine::profile_of("eight_gpus.txt"));
  EXPECT_TRUE(becomes_true([&] { return machine_.show_gang(job + ".0").notes.empty(); }));
  machine_.let_go(job);
}

TEST_F(Gpus, AProcessOfAGangOnItsOwnGpuIsNotForeign) {
  use_eight();
  const std::string job = machine_.submit(
      {"--gpus", "1", "--", "sh", "-c", "echo $$ > pid.new; mv pid.new pid; exec sleep 600"});
  ASSERT_TRUE(becomes_true([&] { return machine_.exists("pid"); }));
  const auto held = machine_.show_gang(job + ".0").allocation.value().parts[0].tasks[0].devices[0];
  const auto pid = static_cast<pid_t>(std::stol(machine_.read("pid")));
  machine_.change_gpus(eight_gpus_with(held.device, pid));
  const auto read = [&](const NodeView& view) {
    const auto& sample = view.sample;
    return sample && sample->devices.at(held.device).processes &&
           !sample->devices[held.device].processes->empty();
  };
  NodeView view;
  ASSERT_TRUE(becomes_true([&] { return read(view = machine_.nodes().at(0)); }));
  EXPECT_EQ(view.use.at(held.device).foreign, "");
  EXPECT_EQ(machine_.gang({"stop", "--now", job}).code, 0);
}

TEST_F(Gpus, ARetryGoesToAnotherGpu) {
  use_eight();
  const std::string script =
      "echo $CUDA_VISIBLE_DEVICES > seen.$GANG_JOB.0.$GANG_ATTEMPT; [ $GANG_ATTEMPT = 2 ]";
  const std::string job = machine_.submit(
      {"--gpus", "1", "--retries", "1", "--retry-on", "failure", "--", "sh", "-c", script});
  EXPECT_EQ(machine_.wait(job), 0);
  EXPECT_NE(machine_.seen(job, 0, 1), machine_.seen(job, 0, 2));
  EXPECT_EQ(machine_.show_gang(job + ".0").attempt, 2u);
}

TEST_F(Gpus, ATaskWhoseCpusAreNotThereRunsUnboundAndThatIsSaid) {
  if (::sysconf(_SC_NPROCESSORS_ONLN) > 32) GTEST_SKIP() << "this machine has all CPUs meant here";
  use(Machine::profile_of("eight_gpus.txt"), 64);
  const std::string whole = machine_.submit({"--cpus", "64", "--", "true"});
  EXPECT_EQ(machine_.wait(whole), 0);
  EXPECT_TRUE(says(machine_.gang({"show", whole + ".0"}).out,
                   "fence of cpus: does not hold (bound to the others; CPU "));
  machine_.submit({"--cpus", "32", "--", "sh", "-c", say_and_hold});
  const std::string second = machine_.submit({"--cpus", "32", "--", "sh", "-c", say_and_hold});
  machine_.let_go(second);
  EXPECT_TRUE(says(machine_.gang({"show", second + ".0"}).out,
                   "fence of cpus: does not hold (not bound; CPU 32-63 cannot be used now"));
}

TEST_F(Gpus, AJobThatAsksForNoGpuSeesNone) {
  use_eight();
  EXPECT_EQ(machine_.gang({"run", "--", "sh", "-c", "echo \"[$CUDA_VISIBLE_DEVICES]\""}).out,
            "[]\n");
}

TEST_F(Gpus, SlicesAreDevicesAndTheGpuThatIsCutIsNotGivenAway) {
  use(Machine::profile_of("mixed.txt"));
  const std::string job = machine_.submit(
      {"--gpus", "1", "--model", "1g.10gb", "--sweep", "i=1..2", "--", "sh", "-c", say_and_hold});
  EXPECT_TRUE(machine_.seen(job, 0).starts_with("MIG-"));
  EXPECT_TRUE(machine_.seen(job, 1).starts_with("MIG-"));
  EXPECT_NE(machine_.seen(job, 0), machine_.seen(job, 1));
  EXPECT_TRUE(says(machine_.gang({"nodes"}).out, "cut into slices"));
  machine_.let_go(job);
}

TEST_F(Gpus, ReadingsThatADeviceCannotGiveAreShownAsADashAndAreNullInJson) {
  std::string profile = Machine::profile_of("eight_gpus.txt");
  profile.insert(profile.find("  uuid " + uuid_of(2)), "  unsupported watts busy celsius\n");
  use(profile);
  std::vector<NodeView> nodes;
  ASSERT_TRUE(becomes_true([&] { return (nodes = machine_.nodes()).at(0).sample.has_value(); }));
  const auto& devices = nodes[0].sample->devices;
  EXPECT_FALSE(devices.at(2).power);
  EXPECT_FALSE(devices[2].busy_percent);
  EXPECT_FALSE(devices[2].temperature_celsius);
  EXPECT_EQ(devices.at(1).power.value().w, 95);
  const Ran table = machine_.gang({"nodes"});
  std::string with, without;
  for (const auto line : split(table.out, '\n')) {
    if (line.starts_with("gpu 1 ")) with = line;
    if (line.starts_with("gpu 2 ")) without = line;
  }
  EXPECT_TRUE(says(with, "95W"));
  EXPECT_TRUE(says(with, "34C"));
  EXPECT_TRUE(says(without, " -  "));
  EXPECT_EQ(without.find("0W"), std::string::npos) << without;
  EXPECT_EQ(without.find("0%"), std::string::npos) << without;
}

TEST_F(Gpus, TheTableOfNodesHasEachGpuWithItsModelItsMemoryAndItsNeighbours) {
  use_eight();
  const Ran table = machine_.gang({"nodes"});
  EXPECT_EQ(table.code, 0);
  EXPECT_TRUE(says(table.out, "16 cpus"));
  EXPECT_TRUE(says(table.out, "driver 535.104.05"));
  EXPECT_TRUE(says(table.out, "NVIDIA H100 80GB HBM3"));
  EXPECT_TRUE(says(table.out, "nvlink 1,2,3"));
  EXPECT_TRUE(says(table.out, "nvlink 4,5,6"));
  const Node node = machine_.nodes().at(0).node;
  ASSERT_EQ(node.devices.size(), 8u);
  EXPECT_EQ(node.devices[3].uid, uuid_of(3));
  EXPECT_EQ(node.devices[3].pci_address, "0000:61:00.0");
  EXPECT_EQ(node.devices[7].numa_node, 1u);
}

TEST_F(Gpus, AMachineWithoutAGpuRefusesAtOnceAndSaysHowToAskForCpus) {
  const Ran ran = machine_.gang({"run", "--gpus", "1", "--", "touch", "ran"});
  EXPECT_EQ(ran.code, 1);
  EXPECT_TRUE(says(ran.err, "no GPU"));
  EXPECT_TRUE(says(ran.err, "--gpus 0 --cpus"));
  EXPECT_TRUE(machine_.list().empty());
  EXPECT_FALSE(machine_.exists("ran"));
}

TEST_F(Gpus, ADriverThatHangsHoldsUpOnlyThoseWhoAskForDevices) {
  constexpr Span patience = seconds(4);  // the driver is given 5 s
  use("hang all\n");
  const Span begun = since_boot();
  EXPECT_EQ(machine_.gang({"list"}).code, 0);
  EXPECT_EQ(machine_.gang({"run", "--", "echo", "hi"}).out, "hi\n");
  EXPECT_LT((since_boot() - begun).us, patience.us);
  const Ran refused = machine_.gang({"run", "--gpus", "1", "--", "true"});
  EXPECT_EQ(refused.code, 1);
  EXPECT_TRUE(says(machine_.gang({"nodes"}).out, "did not answer for 5"));
}

TEST_F(Gpus, ADriverThatAnswersLateStillGivesItsGpus) {
  use("hang all\n");
  EXPECT_EQ(machine_.gang({"list"}).code, 0);
  Beside run = machine_.gang_beside({"run", "--gpus", "1", "--", "echo", "hi"});
  machine_.change_gpus(Machine::profile_of("eight_gpus.txt"));
  EXPECT_EQ(run.wait().out, "hi\n");
}

TEST(AmdGpus, TwoAreShownAndAJobThatAsksForOneSeesThatOneAlone) {
  Machine machine;
  machine.give_gpus("", 4);
  const SmallGpus gpus(machine.path() + "/root");
  const SmallGpu one{}, two{2, 0, 0x41, 0xff, 129};
  gpus.add(one);
  gpus.add(two);
  gpus.write(SmallGpus::card_of(two) + "/unique_id", "00ff000000000002\n");
  gpus.link(one, two, 1);
  const std::string job =
      machine.submit({"--device", "amd", "--gpus", "1", "--", "sh", "-c",
                      "echo $ROCR_VISIBLE_DEVICES:$HIP_VISIBLE_DEVICES > seen"});
  EXPECT_EQ(machine.wait(job), 0);
  const std::string seen(trim(machine.read("seen")));
  EXPECT_TRUE(seen == "GPU-00ff000000000001:0" || seen == "GPU-00ff000000000002:0") << seen;
  const Ran table = machine.gang({"nodes"});
  EXPECT_TRUE(says(table.out, "amdgpu 6.12.12"));
  EXPECT_TRUE(says(table.out, "gpu 0   AMD Instinct MI300X"));
  EXPECT_TRUE(says(table.out, "gpu 1   AMD Instinct MI300X"));
  EXPECT_TRUE(says(table.out, "nvlink 1"));
  EXPECT_EQ(machine.gang({"submit", "--device", "nvidia", "--gpus", "1", "--", "true"}).code, 1);
  EXPECT_EQ(machine.gang({"submit", "--device", "amd", "--gpus", "3", "--", "true"}).code, 1);
}

TEST(AmdGpus, OneThatAForeignProcessHoldsIsLeftAlone) {
  Machine machine;
  machine.write("config.toml", "sample_every = '0.1s'\n");
  machine.give_gpus("", 4);
  const SmallGpus gpus(machine.path() + "/root");
  const SmallGpu one{}, two{2, 0, 0x41, 0xff, 129};
  gpus.add(one);
  gpus.add(two);
  gpus.write(SmallGpus::card_of(two) + "/unique_id", "00ff000000000002\n");
  Beside foreign = machine.run_beside({"sleep", "600"});
  gpus.process(foreign.pid(), one, "4096\n");
  ASSERT_TRUE(becomes_true(
      [&] { return machine.gang({"nodes"}).out.find("outside Gangline") != std::string::npos; }));
  EXPECT_TRUE(says(machine.gang({"nodes"}).out,
                   "outside Gangline: pid " + std::to_string(foreign.pid()) + " (sleep)"));
  const std::string job = machine.submit(
      {"--device", "amd", "--gpus", "1", "--", "sh", "-c", "echo $ROCR_VISIBLE_DEVICES > seen"});
  EXPECT_EQ(machine.wait(job), 0);
  EXPECT_EQ(trim(machine.read("seen")), "GPU-00ff000000000002");
}

}  // namespace
}  // namespace gangline
