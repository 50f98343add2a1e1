#include "model/check_spec.h"

#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <random>

namespace gangline {
namespace {

JobSpec good_spec() {
  JobSpec spec;
  spec.name = "train";
  spec.command = {true, {"python3 train.py --lr {lr} {shard}"}};
  spec.dir = "/home/anna";
  spec.sweep = {{"lr", {"0.1", "0.01"}}};
  spec.split = Split{SplitKind::files, "*.mp4", {}, {}, {{"a.mp4"}, {"b.mp4"}}};
  spec.gather = Command{true, {"cat {outputs} > all"}};
  spec.env = {{"SEED", "1"}};
  return spec;
}

// The mistakes of the good spec with one thing changed, as "where: what; hint".
std::string told(const std::function<void(JobSpec&)>& change) {
  JobSpec spec = good_spec();
  change(spec);
  std::string all;
  for (const Error& mistake : mistakes_in(spec)) {
    EXPECT_EQ(mistake.kind, ErrorKind::usage);
    all += (all.empty() ? "" : "\n") + mistake.sentence();
  }
  return all;
}

TEST(CheckSpec, AGoodSpecHasNoMistakes) {
  EXPECT_EQ(told([](JobSpec&) {}), "");
  EXPECT_TRUE(check(good_spec()));
}

TEST(CheckSpec, EachLimitIsNamedWithItsNumber) {
  EXPECT_EQ(told([](JobSpec& s) { s.resources.tasks = 65'537; }),
            "tasks: tasks is 65537; it goes from 1 to 65536");
  EXPECT_EQ(told([](JobSpec& s) { s.retries = 1'001; }),
            "retries: retries is 1001; the most is 1000");
  EXPECT_EQ(told([](JobSpec& s) { s.priority = -1'000'001; }),
            "priority: priority is -1000001; it goes from -1000000 to 1000000");
  EXPECT_EQ(told([](JobSpec& s) { s.name = std::string(129, 'x'); }),
            "name: the name has 129 bytes; the most is 128 bytes");
  EXPECT_EQ(told([](JobSpec& s) { s.command.words[0] = std::string((1 << 20) + 1, 'x'); }),
            "command: the command has 1048577 bytes; the most is 1048576 bytes: put it into a "
            "script");
  EXPECT_EQ(told([](JobSpec& s) {
              s.env.assign(4'097, {"A", "b"});
            }),
            "env: env holds 4097 variables; the most is 4096");
  EXPECT_EQ(told([](JobSpec& s) { s.resources.alternatives.assign(33, TaskRequest{}); }),
            "any_of: any_of holds 33 alternatives; the most is 32");
  EXPECT_EQ(told([](JobSpec& s) {
              s.sweep.assign(33, {"x", {"1"}});
            }),
            "sweep: the sweep has 33 names; the most is 32");
  EXPECT_EQ(told([](JobSpec& s) { s.split->shards.assign(500'001, {"x"}); }),
            "sweep: this job would have more than 1000000 gangs, which is the most");
  EXPECT_EQ(told([](JobSpec& s) { s.resources.alternatives[0].memory = gibibytes(1 << 20); }),
            "memory: 1024T of memory; a task has at most 64T");
}

TEST(CheckSpec, AProductThatWouldOverflowIsRefused) {
  EXPECT_EQ(told([](JobSpec& s) {
              s.sweep.clear();
              for (char c = 'a'; c < 'a' + 20; ++c)
                s.sweep.push_back({std::string(2, c), std::vector<std::string>(65'536, "1")});
              s.command.words[0] = "true";
            }),
            "sweep: this job would have more than 1000000 gangs, which is the most");
}

TEST(CheckSpec, AShareIsOfOneDevice) {
  EXPECT_EQ(told([](JobSpec& s) {
              s.resources.alternatives[0].devices = DeviceRequest{};
              s.resources.alternatives[0].devices->count = 2;
              s.resources.alternatives[0].devices->share = {500};
            }),
            "gpus: a share is of one device, not of 2");
}

TEST(CheckSpec, MpsIsForOneGpuOfNvidiaInEachAlternative) {
  const std::string no =
      "mps: mps is for jobs whose tasks each have one GPU of NVIDIA, or a share of one";
  const auto told_with = [](DeviceRequest devices) {
    return told([&](JobSpec& s) {
      s.mps = true;
      s.resources.alternatives[0].devices = devices;
    });
  };
  EXPECT_EQ(told_with({}), "");
  EXPECT_EQ(told_with({DeviceKind::gpu, 1, {500}, "nvidia", "", {}}), "");
  EXPECT_EQ(told_with({DeviceKind::gpu, 2, whole_device, "", "", {}}), no);
  EXPECT_EQ(told_with({DeviceKind::gpu, 1, whole_device, "amd", "", {}}), no);
  EXPECT_EQ(told([](JobSpec& s) { s.mps = true; }), no);  // CPUs alone
}

TEST(CheckSpec, ANameIsNotTakenForANumberOrAFlag) {
  for (const char* bad :
       {"", "7", "7.3", "00", "-x", "a\nb", "a\x1b[2J", "99999999999999999999999"})
    EXPECT_FALSE(check_name(bad) && bad[0] != '9') << bad;
  for (const char* good : {"a", "7b", "train.1", "é", "two words", "7.x"})
    EXPECT_TRUE(check_name(good)) << good;
}

TEST(CheckSpec, PlaceholdersStandWhereTheyMeanSomething) {
  EXPECT_EQ(told([](JobSpec& s) { s.split.reset(); }),
            "command: {shard} has no meaning without [split]; for the plain text write {{shard}}");
  EXPECT_EQ(told([](JobSpec& s) { s.command.words[0] = "cat {outputs}"; }),
            "command: {outputs} has a meaning only in [gather]; for the plain text write "
            "{{outputs}}");
  EXPECT_EQ(told([](JobSpec& s) { s.gather->words[0] = "echo {lr}"; }),
            "gather.command: {lr} differs from gang to gang, so it has no meaning in [gather]; "
            "for the plain text write {{lr}}");
  EXPECT_EQ(told([](JobSpec& s) { s.dir = "/x/{lr}"; }),
            "dir: {lr} differs from gang to gang, so [gather] would have no directory; for the "
            "plain text write {{lr}}");
}

TEST(CheckSpec, ASlipInAPlaceholderIsToldAndOtherBracesArePlainText) {
  EXPECT_EQ(told([](JobSpec& s) { s.command.words[0] = "train {shrad}"; }),
            "command: unknown placeholder {shrad}; did you mean {shard}? If not, for the plain "
            "text write {{shrad}}");
  EXPECT_EQ(told([](JobSpec& s) { s.command.words[0] = "awk '{print}' {a} {{shrad}} ${shrad}"; }),
            "");
}

TEST(CheckSpec, ASweepIsNotCalledLikeAFixedPlaceholder) {
  EXPECT_EQ(told([](JobSpec& s) {
              s.sweep.push_back({"rank", {"1"}});
            }),
            "sweep.rank: 'rank' has a meaning of its own, so a sweep cannot be called so");
}

TEST(CheckSpec, NoNulByteGetsThrough) {
  const std::string nul("a\0b", 3);
  const std::vector<std::function<void(JobSpec&)>> changes{
      [&](JobSpec& s) { s.name = nul; },
      [&](JobSpec& s) { s.queue = nul; },
      [&](JobSpec& s) { s.after = {nul}; },
      [&](JobSpec& s) { s.dir = "/" + nul; },
      [&](JobSpec& s) { s.command.words[0] = nul; },
      [&](JobSpec& s) { s.gather->words[0] = nul; },
      [&](JobSpec& s) {
        s.env = {{nul, "x"}};
      },
      [&](JobSpec& s) {
        s.env = {{"x", nul}};
      },
      [&](JobSpec& s) {
        s.inherited = {{"x", nul}};
      },
      [&](JobSpec& s) { s.sweep[0].values[0] = nul; },
      [&](JobSpec& s) { s.split->shards[0].text = nul; },
      [&](JobSpec& s) { s.split->source = nul; },
  };
  for (std::size_t i = 0; i < changes.size(); ++i) EXPECT_NE(told(changes[i]), "") << i;
}

// Bytes from a socket may hold any number in any field.
TEST(CheckSpec, ARandomSpecIsEitherRefusedOrCanBeCounted) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  const auto any = [&]() -> std::int64_t {
    constexpr std::int64_t edges[] = {0,
                                      1,
                                      2,
                                      -1,
                                      std::numeric_limits<std::int64_t>::max(),
                                      std::numeric_limits<std::int64_t>::min(),
                                      1'000'000,
                                      70'000};
    return random() % 4 == 0 ? static_cast<std::int64_t>(random()) : edges[random() % 8];
  };
  for (int i = 0; i < 2'000; ++i) {
    JobSpec spec = good_spec();
    for (int change = 0; change < 3; ++change) {
      TaskRequest& task = spec.resources.alternatives[0];
      switch (random() % 14) {
        case 0: spec.resources.tasks = static_cast<std::uint32_t>(any()); break;
        case 1: task.cpus.thousandths = static_cast<std::uint32_t>(any()); break;
        case 2: task.memory.n = any(); break;
        case 3:
          task.devices = DeviceRequest{static_cast<DeviceKind>(any()), 1, {}, "", "", {}};
          break;
        case 4: spec.retry_on.assign(1, static_cast<RetryOn>(any())); break;
        case 5: spec.split->kind = static_cast<SplitKind>(any()); break;
        case 6: spec.launcher = static_cast<TeamLauncher>(any()); break;
        case 7: spec.time = Span{any()}; break;
        case 8: spec.grace.us = any(); break;
        case 9: spec.split->shards[1].end = static_cast<std::uint64_t>(any()); break;
        case 10: spec.split->source_size.n = any(); break;
        case 11: spec.stop_signal = static_cast<std::int32_t>(any()); break;
        case 12: spec.sweep[0].values.resize(static_cast<std::uint64_t>(any()) % 2'000); break;
        default: spec.log_limit.n = any();
      }
    }
    if (check(spec)) {
      EXPECT_GE(gang_count(spec), 1u);
      EXPECT_LE(total_gangs(spec), most_gangs_in_a_job + 1);
      EXPECT_EQ(sweep_values(spec, gang_count(spec) - 1).size(), spec.sweep.size());
    }
  }
}

}  // namespace
}  // namespace gangline
