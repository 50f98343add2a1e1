// `gang record`: a machine recorded and replayed says of itself what it said before, and a file
// from anybody is refused where it makes no sense.
#include <filesystem>
#include <regex>

#include "base/text.h"
#include "devices/amd/small_gpus.h"
#include "devices/record/recording.h"
#include "machine.h"

namespace gangline {
namespace {

// What a person would not want to send: each is somewhere on the machine below.
constexpr const char* personal[] = {"secretbox",
                                    "alice",
                                    "bob",
                                    "trainer",
                                    "renderer",
                                    "4242",
                                    "5151",
                                    "6161",
                                    "8a5c1000",
                                    "5f3b9c",
                                    "30001",
                                    "a1b2c3d4e5f60001",
                                    "11651590505119285249",
                                    "lab-7"};

std::string replaced(const std::string& text, const std::regex& what, const std::string& by) {
  std::map<std::string, std::string> names;
  std::string out;
  auto at = text.begin();
  for (std::sregex_iterator found(text.begin(), text.end(), what), end; found != end; ++found) {
    out.append(at, (*found)[0].first);
    const std::string name = (*found)[0].str();
    out += names.try_emplace(name, by + std::to_string(names.size() + 1)).first->second;
    at = (*found)[0].second;
  }
  return out.append(at, text.end());
}

// Names that a recording invents, as the first, second, … of their kind: so that what is equal but
// for the names is equal.
std::string without_names(std::string text) {
  text = replaced(text, std::regex("secretbox|recorded"), "host");
  text = replaced(text, std::regex("alice|bob|user[0-9]+"), "person");
  text = replaced(text, std::regex("trainer|renderer|program[0-9]+"), "tool");
  text = replaced(text, std::regex("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"), "uuid");
  text = replaced(text, std::regex("GPU-[0-9a-f]{16}"), "chip");
  text = replaced(text, std::regex("pid\"?[: ][0-9]+"), "pid");
  // The only thing that says when.
  return std::regex_replace(text, std::regex("\"at\":\"?[^,}]*"), "at");
}

class Recordings : public testing::Test {
 protected:
  // Two kinds of GPUs, processes of two people, control groups, two NUMA nodes.
  Recordings() {
    std::string profile = Machine::profile_of("mixed.txt");
    // Energy is the only reading that moves by itself.
    profile =
        std::regex_replace(profile, std::regex("\n(gpu [0-9]+)\n"), "\n$1\n  unsupported energy\n");
    machine_.write("config.toml", "sample_every = '0.1s'\n");
    machine_.give_gpus(profile, 16);
    const std::string root = machine_.path() + "/root";
    std::filesystem::remove(root + "/proc");
    machine_.write("root/proc/sys/kernel/hostname", "secretbox\n");
    machine_.write("root/proc/meminfo", "MemTotal:       65536000 kB\n");
    machine_.write("root/proc/cpuinfo",
                   "processor\t: 0\nvendor_id\t: GenuineIntel\n"
                   "model name\t: Fake CPU 9000\nserial\t: 30001\n");
    machine_.write("root/proc/self/cgroup", "0::/user.slice/user-30001.slice/lab-7.scope\n");
    machine_.write("root/sys/fs/cgroup/user.slice/user-30001.slice/memory.max", "34359738368\n");
    machine_.write("root/etc/passwd",
                   "root:x:0:0::/:/bin/sh\nalice:x:30001:1::/:/bin/sh\nbob:x:30002:1::/:/bin/sh\n");
    process(4242, 30001, "trainer");
    process(5151, 30002, "renderer");
    process(6161, 30001, "trainer");
    const SmallGpus gpus(root);
    const SmallGpu one{.node = 1, .bus = 0x41, .unique_id = 0xa1b2c3d4e5f60001, .minor = 128};
    const SmallGpu two{
        .node = 2, .domain = 1, .bus = 0xc1, .unique_id = 0xa1b2c3d4e5f60002, .minor = 129};
    gpus.add(one);
    gpus.add(two);
    gpus.link(one, two, 3);
    for (const SmallGpu& gpu : {one, two})
      gpus.write(SmallGpus::card_of(gpu) + "/unique_id",
                 gpu.node == 1 ? "a1b2c3d4e5f60001\n" : "a1b2c3d4e5f60002\n");
    gpus.process(5151, one, "1048576\n");
    gpus.process(6161, two, "4194304\n");
    gpus.process(6161, one, "0\n");
  }

  void process(int pid, int uid, const std::string& command) const {
    const std::string at = "root/proc/" + std::to_string(pid);
    const std::string one = "\t" + std::to_string(uid);
    machine_.write(at + "/status", "Name:\t" + command + "\nUid:" + one + one + one + one + "\n");
    machine_.write(at + "/comm", command + "\n");
    machine_.write(at + "/cmdline", "trainer --secret");
  }

  std::string record() const {
    const Ran ran = machine_.gang({"record", "--for", "1s", "-o", "machine.txt"});
    EXPECT_EQ(ran.code, 0) << ran.err;
    return machine_.read("machine.txt");
  }

  /// `gang WORDS…` on the machine made of machine.txt.
  Ran on_replay(const std::vector<std::string>& words) const {
    std::string command = "env $(cat settings)";
    for (const std::string& word : words) command += " " + shell_quote(word);
    return machine_.run({"sh", "-c", command});
  }

  void replay() const {
    const Ran ran = machine_.gang({"record", "-q", "--replay", "machine.txt", "-o", "again"});
    ASSERT_EQ(ran.code, 0) << ran.err;
    machine_.write("settings", std::string(trim(ran.out)) + " GANGLINE_CONFIG=config.toml");
  }

  static std::string gang() { return std::string(BINARY_DIR) + "/gang"; }

  Machine machine_;
};

// Both after a reading has come.
std::string nodes_of(const std::function<Ran()>& ask) {
  std::string out;
  EXPECT_TRUE(becomes_true(
      [&] {
        out = ask().out;
        return out.find("W ") != std::string::npos || out.find("\"power\"") != std::string::npos;
      },
      seconds(10)))
      << out;
  return out;
}

TEST_F(Recordings, TheReplayOfAMachineSaysTheSameAsTheMachine) {
  const std::string text = record();
  for (const char* word : personal) EXPECT_EQ(text.find(word), std::string::npos) << word;
  replay();
  for (const char* form : {"", "--json"}) {
    std::vector<std::string> words{"nodes"};
    if (*form != '\0') words.emplace_back(form);
    std::vector<std::string> there = words;
    there.insert(there.begin(), gang());
    const std::string was = nodes_of([&] { return machine_.gang(words); });
    const std::string is = nodes_of([&] { return on_replay(there); });
    EXPECT_TRUE(says(was, "secretbox"));
    EXPECT_TRUE(says(was, "alice"));
    EXPECT_TRUE(says(is, "user1"));
    EXPECT_EQ(without_names(is), without_names(was));
  }
  on_replay({gang(), "daemon", "stop"});
}

TEST_F(Recordings, ARecordingOfTheReplayIsTheSameRecordingButForTimes) {
  record();
  replay();
  const auto without_times = [](std::string text) {
    text = std::regex_replace(text, std::regex("[0-9]+us"), "us");
    text = text.substr(text.find("\npart "));
    return text.substr(0, text.rfind("end "));
  };
  const Ran ran = on_replay({gang(), "record", "--for", "1s", "-o", "second.txt"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_TRUE(without_times(machine_.read("second.txt")) ==
              without_times(machine_.read("machine.txt")))
      << machine_.run({"diff", "machine.txt", "second.txt"}).out.substr(0, 2000);
}

TEST_F(Recordings, WhatIsInOneIsSaid) {
  record();
  const Ran ran = machine_.gang({"record", "--show", "machine.txt"});
  EXPECT_EQ(ran.code, 0);
  EXPECT_TRUE(says(ran.out, "by gang "));
  EXPECT_TRUE(says(ran.out, "calls of NVML: "));
}

TEST_F(Recordings, ACallThatHangsEndsTheRecordingAndIsNamedInIt) {
  machine_.write("profile.txt", "hang nvmlDeviceGetPowerUsage\n" + machine_.read("profile.txt"));
  record();
  const Ran ran = machine_.gang({"record", "--show", "machine.txt"});
  EXPECT_TRUE(says(ran.out, "did not return: nvmlDeviceGetPowerUsage d1"));
  // And it hangs there again, which is told as on the machine itself.
  replay();
  EXPECT_TRUE(becomes_true([&] {
    return on_replay({gang(), "nodes"}).out.find("NVIDIA H100") != std::string::npos;
  }));
  on_replay({gang(), "daemon", "stop"});
}

TEST_F(Recordings, AFileThatIsCutShortOrChangedIsRefusedAndTheLineNamed) {
  const std::string text = record();
  const auto refused = [&](const std::string& bad) {
    machine_.write("machine.txt", bad);
    const Ran ran = machine_.gang({"record", "--replay", "machine.txt", "-o", "bad"});
    EXPECT_EQ(ran.code, 1);
    EXPECT_FALSE(machine_.exists("bad"));
    return ran.err;
  };
  EXPECT_TRUE(says(refused(text.substr(0, text.size() / 2)), "it is cut short"));
  std::string changed = text;
  changed[text.find("Fake CPU")] = 'f';
  EXPECT_TRUE(says(refused(changed), "the sum does not fit"));
  EXPECT_TRUE(says(refused("something else\n"), "machine.txt:1: this is no recording"));
  const std::string body = text.substr(0, text.rfind("end ")) +
                           "link /sys/out = 1us\n| ../../../etc\nfile /sys/out/passwd = 1us\n| x\n";
  EXPECT_TRUE(says(refused(body + last_line(body)), "it leads out of the root"));
}

TEST(RecordingsHere, ThisVeryMachineIsRecordedAndReplayed) {
  const Machine machine;
  ASSERT_EQ(machine.gang({"record", "--for", "0s", "-o", "machine.txt"}).code, 0);
  const Ran ran = machine.gang({"record", "-q", "--replay", "machine.txt", "-o", "again"});
  ASSERT_EQ(ran.code, 0) << ran.err;
  const std::string program = std::string(BINARY_DIR) + "/gang";
  const auto on_replay = [&](const std::string& words) {
    return machine.run(
        {"sh", "-c", "env " + std::string(trim(ran.out)) + " " + program + " " + words});
  };
  const auto after_the_name = [](const std::string& text) { return text.substr(text.find(':')); };
  const std::string was = machine.gang({"nodes"}).out, is = on_replay("nodes").out;
  on_replay("daemon stop");
  EXPECT_EQ(after_the_name(is), after_the_name(was));
  EXPECT_TRUE(is.starts_with("recorded: ")) << is;
}

// Taken by tests/gpu/check_gpu.py on such a machine; its driver stands in the file's name.
TEST(RecordingsHere, AnH100ThatWasRecordedIsReplayed) {
  const Machine machine;
  const std::string recorded = std::string(SOURCE_DIR) + "/tests/recordings/h100_580.159.04.txt";
  const Ran ran = machine.gang({"record", "-q", "--replay", recorded, "-o", "again"});
  ASSERT_EQ(ran.code, 0) << ran.err;
  const std::string on_replay =
      "env " + std::string(trim(ran.out)) + " " + std::string(BINARY_DIR) + "/gang ";
  const Ran nodes = machine.run({"sh", "-c", on_replay + "nodes"});
  EXPECT_TRUE(says(nodes.out, "driver 580.159.04"));
  EXPECT_TRUE(says(nodes.out, "NVIDIA H100 80GB HBM3  "));
  EXPECT_TRUE(says(nodes.out, "79.6G")) << "alone, or behind what is used of it";
  machine.run({"sh", "-c", on_replay + "daemon stop"});
}

}  // namespace
}  // namespace gangline
