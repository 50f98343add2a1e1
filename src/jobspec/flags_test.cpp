#include "jobspec/flags.h"

#include <gtest/gtest.h>

namespace gangline {
namespace {

SplitFiles no_files() {
  const auto none = [](const auto&...) {
    return Error{ErrorKind::not_found, "no such file", "", ""};
  };
  return {none, none, none};
}

JobFlags flags_for(std::vector<std::string> command) {
  JobFlags flags;
  flags.command = std::move(command);
  return flags;
}

std::string told(const JobFlags& flags) {
  std::vector<Error> mistakes;
  const auto spec = spec_from_flags(flags, "/home/anna", &mistakes);
  EXPECT_FALSE(spec);
  std::string all;
  for (const Error& mistake : mistakes) all += (all.empty() ? "" : "\n") + mistake.sentence();
  return all;
}

JobSpec on_file(std::string_view text, const JobFlags& flags) {
  const auto spec = spec_from_file_and_flags({text, "jobs/train.toml", "/data/jobs"}, flags,
                                             "/home/anna", no_files());
  EXPECT_TRUE(spec) << (spec ? "" : spec.error().sentence());
  return spec ? *spec : JobSpec{};
}

TEST(Flags, WordsBehindTheDashesAreAListForExec) {
  const JobSpec spec = *spec_from_flags(flags_for({"/usr/bin/python3", "a b.py"}), "/home/anna");
  EXPECT_EQ(spec.command, (Command{false, {"/usr/bin/python3", "a b.py"}}));
  EXPECT_EQ(spec.name, "python3");
  EXPECT_EQ(spec.dir, "/home/anna");
}

TEST(Flags, AllFlagsAreUnderstoodLikeTheirKeys) {
  JobFlags flags = flags_for({"train", "{lr}"});
  flags.name = "resnet";
  flags.tasks = "2";
  flags.gpus = "0.25";
  flags.gpu_memory = "8G";
  flags.model = "A100";
  flags.device = "nvidia";
  flags.cpus = "3";
  flags.memory = "16G";
  flags.time = "90m";
  flags.queue = "night";
  flags.priority = "-3";
  flags.retries = "2";
  flags.retry_on = {"failure,time"};
  flags.after = {"7", "prepare,clean"};
  flags.dir = "../x/./y";
  flags.env = {"A=b=c", "E="};
  flags.sweep = {"lr=0.10,1e-3", "seed=1..3"};
  flags.log_limit = "10M";
  flags.mps = "true";
  flags.launcher = "mpi";
  flags.grace = "5s";
  flags.stop_signal = "SIGINT";
  const auto result = spec_from_flags(flags, "/home/anna");
  ASSERT_TRUE(result) << result.error().sentence();
  const JobSpec& spec = *result;
  EXPECT_EQ(spec.resources.tasks, 2u);
  EXPECT_TRUE(spec.mps);
  EXPECT_EQ(spec.resources.alternatives[0].devices->share.thousandths, 250);
  EXPECT_EQ(spec.resources.alternatives[0].cpus, whole_cpus(3));
  EXPECT_EQ(spec.time, minutes(90));
  EXPECT_EQ(spec.priority, -3);
  EXPECT_EQ(spec.retry_on, (std::vector<RetryOn>{RetryOn::lost, RetryOn::failure, RetryOn::time}));
  EXPECT_EQ(spec.after, (std::vector<std::string>{"7", "prepare", "clean"}));
  EXPECT_EQ(spec.dir, "/home/x/y");
  EXPECT_EQ(spec.env, (std::vector<EnvVar>{{"A", "b=c"}, {"E", ""}}));
  EXPECT_EQ(spec.sweep,
            (std::vector<SweepAxis>{{"lr", {"0.10", "1e-3"}}, {"seed", {"1", "2", "3"}}}));
  EXPECT_EQ(spec.stop_signal, 2);
  EXPECT_EQ(spec.launcher, TeamLauncher::mpi);
}

TEST(Flags, MistakesAreToldWithTheFlag) {
  JobFlags flags = flags_for({"true"});
  flags.gpus = "many";
  flags.tasks = "0";
  flags.time = "soon";
  flags.memory = "16";
  EXPECT_EQ(told(flags),
            "--tasks: tasks is 0; it goes from 1 to 65536\n"
            "--memory: '16' would be bytes; give it a unit, like \"16G\"\n"
            "--gpus: 'many' is not a number\n"
            "--time: 'soon' is not a length of time; write it like 90s, 15m, 2h, 1d12h or 1:30:00");
  flags = flags_for({"true"});
  flags.env = {"A"};
  EXPECT_EQ(told(flags), "--env: 'A' has no name and value; write it like --env KEY=value");
  flags = flags_for({"true"});
  flags.priority = "2000000";
  EXPECT_EQ(told(flags), "--priority: priority is 2000000; it goes from -1000000 to 1000000");
  flags = flags_for({"echo", "{shard}"});
  EXPECT_EQ(told(flags),
            "the command: {shard} has no meaning without [split]; for the plain text "
            "write {{shard}}");
  EXPECT_EQ(told(JobFlags{}), "there is no command; write it behind --, as in: gang run -- true");
}

TEST(Flags, AFolderAboveTheWorkingDirectoryIsNamedAsItIs) {
  const auto dir_of = [](const char* dir) {
    JobFlags flags = flags_for({"true"});
    flags.dir = dir;
    return spec_from_flags(flags, "/home/anna")->dir;
  };
  EXPECT_EQ(dir_of("../x"), "/home/x");
  EXPECT_EQ(dir_of(".././..//x/y/"), "/x/y");
  EXPECT_EQ(dir_of("../../../.."), "/");
  EXPECT_EQ(dir_of("a/../b"), "/home/anna/a/../b") << "a may be a link";
  EXPECT_EQ(dir_of("/a/../b"), "/a/../b");
}

TEST(Flags, AFolderWithAPlaceholderThatIsNoneIsRefused) {
  JobFlags flags = flags_for({"echo", "{nope}"});
  EXPECT_EQ(spec_from_flags(flags, "/home/anna")->command.words[1], "{nope}");
  flags.dir = "{nope}";
  EXPECT_EQ(told(flags), "--dir: unknown placeholder {nope}; for the plain text write {{nope}}");
}

TEST(Flags, ASweepSaysAllValuesOfANameInOneFlag) {
  JobFlags flags = flags_for({"true"});
  flags.sweep = {"a=1", "b=1", "a=2"};
  EXPECT_EQ(told(flags), "--sweep: 'a' is swept twice; write all its values in one: --sweep a=1,2");
  flags.sweep = {"a="};
  EXPECT_EQ(told(flags), "--sweep: 'a=' has no values; write them like a=0.1,0.01 or a=1..8");
  flags.sweep = {"a"};
  EXPECT_EQ(told(flags),
            "--sweep: 'a' has no name and value; write it like --sweep lr=0.1,0.01 or --sweep "
            "seed=1..8");
}

TEST(Flags, LessThanNoGpusIsANumberOutOfBounds) {
  JobFlags flags = flags_for({"true"});
  flags.gpus = "-1";
  EXPECT_EQ(told(flags), "--gpus: gpus is -1; it goes from 0 to 1024");
  flags.gpus = "1-1";
  EXPECT_EQ(told(flags), "--gpus: '1-1' is not a number");
}

TEST(Flags, TextOfTheCommandLineThatIsNoUtf8IsRefused) {
  EXPECT_EQ(told(flags_for({"echo", "\xff"})), "the command: the command is not UTF-8");
}

TEST(Flags, AFlagTakesThePlaceOfItsKeyInTheFile) {
  JobFlags flags;
  flags.gpus = "2";
  flags.dir = "out";
  flags.env = {"B=2", "C=3"};
  flags.sweep = {"lr=0.5"};
  const JobSpec spec = on_file(
      "command='t'\ndir='in'\ngpus=1\nmodel='H100'\nenv={A='a',B='b'}\n[sweep]\nlr=[1,2]\ns=[1]",
      flags);
  EXPECT_EQ(spec.name, "train");
  EXPECT_EQ(spec.resources.alternatives[0].devices->count, 2u);
  EXPECT_EQ(spec.resources.alternatives[0].devices->model, "H100");
  EXPECT_EQ(spec.dir, "/home/anna/out");
  EXPECT_EQ(spec.env, (std::vector<EnvVar>{{"A", "a"}, {"B", "2"}, {"C", "3"}}));
  EXPECT_EQ(spec.sweep, (std::vector<SweepAxis>{{"lr", {"0.5"}}, {"s", {"1"}}}));
}

TEST(Flags, AFlagThatAsksForDevicesTakesThePlaceOfAnyOf) {
  constexpr std::string_view file = "command='t'\nany_of=[{gpus=4},{cpus=9}]";
  JobFlags flags;
  flags.cpus = "2";
  EXPECT_EQ(on_file(file, flags).resources.alternatives.size(), 2u);
  flags.gpus = "1";
  EXPECT_EQ(on_file(file, flags).resources.alternatives.size(), 1u);
}

TEST(Flags, TheDirectoryOfTheFileCountsForItsOwnPaths) {
  EXPECT_EQ(on_file("command='t'\ndir='./in//a'", {}).dir, "/data/jobs/in/a");
  EXPECT_EQ(on_file("command='t'\ndir='/'", {}).dir, "/");
}

TEST(Flags, AJobFromAPipeIsNamedAfterItsCommand) {
  const auto spec = spec_from_file_and_flags({"command='  /opt/bin/train;x'", "/dev/stdin", "/"},
                                             {}, "/", no_files());
  EXPECT_EQ(spec->name, "train");
  EXPECT_EQ(spec_from_flags(flags_for({"./7"}), "/")->name, "job");  // no name is a number
}

}  // namespace
}  // namespace gangline
