#include "devices/probe.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <memory>

#include "devices/small_machine.h"

namespace gangline {
namespace {

const std::string child_program = std::string(BINARY_DIR) + "/fake_nvml/probe_child";
constexpr Span patience = seconds(60);  // a test that needs it has failed already

ProbeSettings quick(const std::string& word = "") {
  ProbeSettings settings;
  settings.command = {child_program};
  if (!word.empty()) settings.command.push_back(word);
  settings.facts_deadline = seconds(20);
  settings.sample_deadline = seconds(20);
  settings.least_pause = milliseconds(5);
  settings.longest_pause = milliseconds(20);
  return settings;
}

/// A probe with a loop, and all that it has told.
class Watched {
 public:
  explicit Watched(ProbeSettings settings) {
    probe = std::make_unique<Probe>(
        loop, std::move(settings),
        ProbeCalls{[this](const Node& node) { told([&] { facts.push_back(node); }); },
                   [this](const NodeSample& sample) { told([&] { samples.push_back(sample); }); },
                   [this](const std::string& why) { told([&] { troubles.push_back(why); }); }});
  }

  /// Runs until `enough` is true after something was told.
  [[nodiscard]] bool until(std::function<bool()> enough) {
    enough_ = std::move(enough);
    bool in_time = true;
    const auto guard = loop.after(patience, [&] {
      in_time = false;
      loop.stop();
    });
    if (!enough_()) loop.run();
    return in_time;
  }

  Loop loop;
  std::vector<Node> facts;
  std::vector<NodeSample> samples;
  std::vector<std::string> troubles;
  std::unique_ptr<Probe> probe;

 private:
  template <class Note>
  void told(Note note) {
    note();
    if (enough_ && enough_()) loop.stop();
  }
  std::function<bool()> enough_;
};

TEST(Probe, FactsAndSamplesComeFromAChild) {
  const SmallMachine machine;
  machine.profile_of("mixed.txt");
  machine.process(4242, 1007, "eve", "python3");
  Watched watched(quick());
  watched.probe->ask_sample();
  ASSERT_TRUE(watched.until([&] { return !watched.samples.empty(); }));
  ASSERT_EQ(watched.facts.size(), 1u);
  EXPECT_EQ(watched.facts[0].devices.size(), 11u);
  EXPECT_FALSE(watched.facts[0].cpus.empty());
  ASSERT_EQ(watched.samples[0].devices.size(), 11u);
  EXPECT_EQ(watched.samples[0].devices[8].processes->front().user, "eve");
  EXPECT_TRUE(watched.troubles.empty());
}

TEST(Probe, WhileADriverHangsTheNodeIsDescribedWithItsCpusAndGpusComeWhenItAnswers) {
  const SmallMachine machine;
  const std::string whole = SmallMachine::text_of("eight_gpus.txt");
  machine.profile("hang nvmlInit_v2\n" + whole);
  ProbeSettings settings = quick();
  settings.facts_deadline = milliseconds(300);
  settings.most_misses = 1'000'000;
  Watched watched(settings);
  ASSERT_TRUE(watched.until([&] { return !watched.troubles.empty(); }));
  ASSERT_EQ(watched.facts.size(), 1u);
  EXPECT_FALSE(watched.facts[0].cpus.empty());
  EXPECT_TRUE(watched.facts[0].devices.empty());
  EXPECT_NE(notes_of(watched.facts[0]).find("did not answer for 0.3s"), std::string::npos);
  machine.profile(whole);
  ASSERT_TRUE(watched.until([&] { return watched.troubles.back().empty(); }));
  EXPECT_EQ(watched.facts.back().devices.size(), 8u);
}

TEST(Probe, AfterThreeMissesTheChildIsEndedAndAnotherOneStarted) {
  const SmallMachine machine;
  machine.profile("hang all\n");
  ProbeSettings settings = quick();
  settings.facts_deadline = milliseconds(300);
  Watched watched(settings);
  ASSERT_TRUE(watched.until([&] { return !watched.troubles.empty(); }));
  // Children started from now on see another machine; the first one hangs for good.
  const SmallMachine other;
  other.profile_of("eight_gpus.txt");
  ASSERT_TRUE(watched.until([&] { return !watched.facts.back().devices.empty(); }));
  EXPECT_EQ(watched.facts.back().devices.size(), 8u);
  ASSERT_GE(watched.troubles.size(), 3u);
  EXPECT_NE(watched.troubles[2].find("did not answer for 0.9s"), std::string::npos);
}

TEST(Probe, ASampleThatHangsIsTroubleAndTakesNoDeviceAway) {
  const SmallMachine machine;
  const std::string whole = SmallMachine::text_of("eight_gpus.txt");
  machine.profile(whole);
  ProbeSettings settings = quick();
  settings.sample_deadline = milliseconds(50);
  settings.most_misses = 1'000'000;
  Watched watched(settings);
  ASSERT_TRUE(watched.until([&] { return !watched.facts.empty(); }));
  machine.profile("hang nvmlDeviceGetPowerUsage\n" + whole);
  watched.probe->ask_sample();
  ASSERT_TRUE(watched.until([&] { return watched.troubles.size() >= 2; }));
  EXPECT_EQ(watched.facts.size(), 1u);
  EXPECT_TRUE(watched.samples.empty());
  machine.profile(whole);
  ASSERT_TRUE(watched.until([&] { return watched.troubles.back().empty(); }));
  EXPECT_EQ(watched.samples.size(), 1u);
}

TEST(Probe, ALostGpuIsFoundOutByTheNextSampleAndKeepsItsPlace) {
  const SmallMachine machine;
  const std::string whole = SmallMachine::text_of("eight_gpus.txt");
  machine.profile(whole);
  Watched watched(quick());
  ASSERT_TRUE(watched.until([&] { return !watched.facts.empty(); }));
  machine.profile(whole + "  lost\n");
  watched.probe->ask_sample();
  ASSERT_TRUE(watched.until([&] { return watched.facts.size() == 2; }));
  EXPECT_FALSE(watched.facts[1].devices[7].present);
  EXPECT_TRUE(watched.facts[1].devices[6].present);
  EXPECT_NE(notes_of(watched.facts[1]).find("is lost"), std::string::npos);
}

TEST(Probe, DevicesKeepThePlacesTheyHadBeforeTheServiceWasRestarted) {
  const SmallMachine machine;
  machine.profile_of("eight_gpus.txt");
  ProbeSettings settings = quick();
  settings.known = probe_node({child_program}, seconds(30)).node;
  ASSERT_EQ(settings.known.devices.size(), 8u);
  std::swap(settings.known.devices[0], settings.known.devices[5]);
  Device gone;
  gone.uid = "GPU-gone";
  settings.known.devices.push_back(gone);
  Watched watched(settings);
  watched.probe->ask_sample();
  ASSERT_TRUE(watched.until([&] { return !watched.samples.empty(); }));
  ASSERT_EQ(watched.facts[0].devices.size(), 9u);
  EXPECT_EQ(watched.facts[0].devices[5].files, std::vector<std::string>{"/dev/nvidia0"});
  EXPECT_FALSE(watched.facts[0].devices[8].present);
  EXPECT_EQ(watched.samples[0].devices.size(), 9u);
  EXPECT_EQ(watched.samples[0].devices[8].power, std::nullopt);
}

TEST(Probe, AChildThatCrashesBabblesOrIsMissingLeavesTheCpus) {
  const SmallMachine machine;
  for (const std::string word : {"crash", "babble", "missing"}) {
    ProbeSettings settings = quick(word);
    if (word == "missing") settings.command = {"/nonexistent/gang"};
    Watched watched(settings);
    ASSERT_TRUE(watched.until([&] { return !watched.troubles.empty(); })) << word;
    ASSERT_EQ(watched.facts.size(), 1u) << word;
    EXPECT_FALSE(watched.facts[0].cpus.empty());
    EXPECT_NE(notes_of(watched.facts[0]).find("devices are unknown"), std::string::npos) << word;
    const Node node = probe_node(settings.command, seconds(30)).node;
    EXPECT_FALSE(node.cpus.empty());
    EXPECT_NE(notes_of(node).find("devices are unknown"), std::string::npos) << word;
  }
}

TEST(Probe, OneShotGivesTheWholeNode) {
  const SmallMachine machine;
  machine.profile_of("eight_gpus.txt");
  const Node node = probe_node({child_program}, seconds(30)).node;
  EXPECT_EQ(node.devices.size(), 8u);
  EXPECT_EQ(node.links.size(), 28u);
}

TEST(Probe, OneShotDoesNotWaitForADriverThatHangs) {
  const SmallMachine machine;
  machine.profile("hang all\n");
  const Node node = probe_node({child_program}, milliseconds(300)).node;
  EXPECT_FALSE(node.cpus.empty());
  EXPECT_NE(notes_of(node).find("did not answer for 0.3s"), std::string::npos);
}

// The child hangs inside NVML, so it cannot see that its input has ended; the kernel ends it.
TEST(Probe, AChildThatHangsDiesWithItsParent) {
  const SmallMachine machine;
  machine.profile("hang all\n");
  int alive[2], ready[2];
  ASSERT_EQ(::pipe(alive), 0);
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t parent = ::fork();
  if (parent == 0) {
    auto child = ProbeChild::start({child_program});
    if (!child || !child->send(message_of(ProbeRequest::facts))) ::_exit(1);
    pollfd said{child->socket(), POLLIN, 0};
    ::poll(&said, 1, -1);  // its CPUs, told before it asks NVML
    if (::write(ready[1], "r", 1) != 1) ::_exit(1);
    for (;;) ::pause();
  }
  ::close(alive[1]);
  ::close(ready[1]);
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  ::kill(parent, SIGKILL);
  ::waitpid(parent, nullptr, 0);
  pollfd end{alive[0], POLLIN, 0};
  ASSERT_EQ(::poll(&end, 1, static_cast<int>(patience.us / 1000)), 1);
  EXPECT_EQ(::read(alive[0], &byte, 1), 0) << "the child still holds the pipe";
  ::close(alive[0]);
  ::close(ready[0]);
}

}  // namespace
}  // namespace gangline
