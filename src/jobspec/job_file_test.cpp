#include "jobspec/job_file.h"

#include <gtest/gtest.h>

#include <random>

#include "jobspec/flags.h"
#include "model/check_spec.h"

namespace gangline {
namespace {

// A machine with no files.
SplitFiles no_files() {
  const auto none = [](const auto&...) {
    return Error{ErrorKind::not_found, "no such file", "", ""};
  };
  return {[](const auto&...) { return std::vector<std::string>{}; }, none, none};
}

Result<JobSpec> read(std::string_view text, std::vector<Error>* mistakes = nullptr) {
  return read_job_file({text, "train.toml", "/home/anna/jobs"}, no_files(), mistakes);
}

JobSpec good(std::string_view text) {
  const auto spec = read(text);
  EXPECT_TRUE(spec) << (spec ? "" : spec.error().sentence());
  return spec ? *spec : JobSpec{};
}

// All mistakes, a line for each.
std::string told(std::string_view text) {
  std::vector<Error> mistakes;
  const auto spec = read(text, &mistakes);
  EXPECT_FALSE(spec) << text;
  std::string all;
  for (const Error& mistake : mistakes) {
    EXPECT_EQ(mistake.kind, ErrorKind::usage);
    all += (all.empty() ? "" : "\n") + mistake.sentence();
  }
  EXPECT_TRUE(spec || (!mistakes.empty() && spec.error().what == mistakes[0].what));
  return all;
}

// The same for one line below a command.
std::string told_of(const std::string& line) { return told("command = 'true'\n" + line + "\n"); }

TEST(JobFile, AWholeJobFileIsUnderstood) {
  const JobSpec spec = good(R"(
name    = "resnet"
command = "python3 train.py --lr {lr} --seed {seed}"
tasks   = 8
gpus    = 2
gpu_memory = "24G"
model   = "H100"
device  = "nvidia"
cpus    = 4
memory  = "16G"
time    = "2h"
queue   = "night"
priority = -5
retries = 2
retry_on = ["memory", "failure"]
after   = ["prepare", 7]
dir     = "runs"
launcher = "mpi"
stop_signal = "USR1"
grace   = 90
log_limit = "10M"
env     = { B = "x y", A = 1, C = true, D = 0.50 }

[sweep]
lr   = [0.10, 1e-3, 0.010]
seed = "1..3"

[gather]
command = ["cat", "{outputs}"]
)");
  EXPECT_EQ(spec.name, "resnet");
  EXPECT_TRUE(spec.command.shell);
  EXPECT_EQ(spec.resources.tasks, 8u);
  ASSERT_EQ(spec.resources.alternatives.size(), 1u);
  const DeviceRequest devices{DeviceKind::gpu, 2, whole_device, "nvidia", "H100", gibibytes(24)};
  EXPECT_EQ(spec.resources.alternatives[0], (TaskRequest{devices, whole_cpus(4), gibibytes(16)}));
  EXPECT_EQ(spec.time, hours(2));
  EXPECT_EQ(spec.queue, "night");
  EXPECT_EQ(spec.priority, -5);
  EXPECT_EQ(spec.retries, 2u);
  EXPECT_EQ(spec.retry_on,
            (std::vector<RetryOn>{RetryOn::lost, RetryOn::failure, RetryOn::memory}));
  EXPECT_EQ(spec.after, (std::vector<std::string>{"prepare", "7"}));
  EXPECT_EQ(spec.dir, "/home/anna/jobs/runs");
  EXPECT_EQ(spec.launcher, TeamLauncher::mpi);
  EXPECT_EQ(spec.stop_signal, 10);
  EXPECT_EQ(spec.grace, seconds(90));
  EXPECT_EQ(spec.log_limit, mebibytes(10));
  EXPECT_EQ(spec.env,
            (std::vector<EnvVar>{{"B", "x y"}, {"A", "1"}, {"C", "true"}, {"D", "0.50"}}));
  EXPECT_EQ(spec.sweep,
            (std::vector<SweepAxis>{{"lr", {"0.10", "1e-3", "0.010"}}, {"seed", {"1", "2", "3"}}}));
  EXPECT_EQ(spec.gather, (Command{false, {"cat", "{outputs}"}}));
  EXPECT_EQ(gang_count(spec), 9u);
}

TEST(JobFile, ACommandIsEnough) {
  const JobSpec spec = good("command = ['true']");
  EXPECT_EQ(spec.name, "train");  // like its file
  EXPECT_EQ(spec.command, (Command{false, {"true"}}));
  EXPECT_EQ(spec.resources, ResourceRequest{});
  EXPECT_EQ(spec.dir, "/home/anna/jobs");
  EXPECT_EQ(spec.queue, "normal");
}

TEST(JobFile, GpusAreACountOrAShare) {
  const auto devices = [](const std::string& line) {
    return good("command = 'true'\n" + line).resources.alternatives[0].devices;
  };
  EXPECT_EQ(devices("gpus = 3")->count, 3u);
  EXPECT_EQ(devices("gpus = 2.0")->count, 2u);
  EXPECT_EQ(devices("gpus = 0.5")->share.thousandths, 500);
  EXPECT_EQ(devices("gpus = 0.29")->share.thousandths, 290);
  EXPECT_EQ(devices("gpus = 0.9999")->share.thousandths, 999);
  EXPECT_FALSE(devices("gpus = 0"));
  EXPECT_FALSE(devices(""));
  EXPECT_EQ(devices("model = 'A100'")->count, 1u);
  EXPECT_EQ(devices("device = 'fpga'")->kind, DeviceKind::fpga);
  EXPECT_EQ(devices("device = 'intel'")->vendor, "intel");
  EXPECT_FALSE(devices("device = 'cpu'"));
  EXPECT_FALSE(devices("device = 'cpu'\ngpus = 0"));
}

TEST(JobFile, GpusThatAreNeitherAreRefusedWithTheReason) {
  EXPECT_EQ(told_of("gpus = 1.5"),
            "train.toml:2:8: gpus is 1.5, neither a whole number nor a share below 1; ask for 2 "
            "whole ones, or for a share of one, such as 0.5");
  EXPECT_EQ(told_of("gpus = -1"), "train.toml:2:8: gpus is -1; it goes from 0 to 1024");
  EXPECT_EQ(told_of("gpus = nan"), "train.toml:2:8: gpus is nan; it goes from 0 to 1024");
  EXPECT_EQ(told_of("gpus = 0.0001"),
            "train.toml:2:8: gpus is 0.0001; the smallest share is 0.001");
  EXPECT_EQ(told_of("gpus = '2'"),
            "train.toml:2:8: gpus must be a number, not a text; write it without quotes: gpus = 1");
  EXPECT_EQ(told_of("gpus = 0\nmodel = 'H100'"),
            "train.toml:3:9: model describes a device, and gpus is 0; leave one of the two out");
  EXPECT_EQ(told_of("gpus = 2\ndevice = 'cpu'"),
            "train.toml:2:8: gpus describes a device, and device is cpu; leave one of the two out");
}

TEST(JobFile, AlternativesTakeTheCpusAndMemoryAboveUnlessTheyNameTheirOwn) {
  const JobSpec spec = good(R"(
command = "true"
cpus = 4
memory = "8G"
any_of = [
  { gpus = 1, model = "H100" }, { gpu_memory = "24G", memory = "1G" }, { cpus = 16 } ])");
  const auto& any_of = spec.resources.alternatives;
  ASSERT_EQ(any_of.size(), 3u);
  EXPECT_EQ(any_of[0].cpus, whole_cpus(4));
  EXPECT_EQ(any_of[0].memory, gibibytes(8));
  EXPECT_EQ(any_of[1].devices->count, 1u);
  EXPECT_EQ(any_of[1].memory, gibibytes(1));
  EXPECT_FALSE(any_of[2].devices);
  EXPECT_EQ(any_of[2].cpus, whole_cpus(16));
}

TEST(JobFile, AlternativesMaySayHowFastTheyAre) {
  const auto any_of = good(
                          "command = 'x'\nany_of = [{ gpus = 1, rate = 3 }, { cpus = 2, rate = 0.5 "
                          "}, { cpus = 1 }]")
                          .resources.alternatives;
  EXPECT_EQ(any_of.at(0).rate, 3'000u);
  EXPECT_EQ(any_of.at(1).rate, 500u);
  EXPECT_FALSE(any_of.at(2).rate);
  EXPECT_EQ(told_of("any_of = [{ rate = 0 }, { rate = 'fast' }]"),
            "train.toml:2:20: rate is 0; it goes from 0.001 to 1000\n"
            "train.toml:2:34: rate must be a number, not a text; write rate = 1.5");
}

TEST(JobFile, MistakesInAlternativesAreToldWhereTheyStand) {
  EXPECT_EQ(told_of("gpus = 1\nany_of = [{ gpus = 1 }]"),
            "train.toml:2:8: gpus and any_of cannot stand together; put it into each alternative "
            "of any_of");
  EXPECT_EQ(told_of("any_of = []"),
            "train.toml:2:10: any_of holds no alternative; write any_of = [{ gpus = 1 }, { cpus = "
            "16 }]");
  EXPECT_EQ(told_of("any_of = [{ gpus = 1 }, { gpu = 2 }, 3]"),
            "train.toml:2:27: unknown key 'gpu'; did you mean 'gpus'?\n"
            "train.toml:2:38: an alternative of any_of must be a table, not a whole number; write "
            "{ gpus = 1 } or { cpus = 16 }");
}

TEST(JobFile, AnUnknownKeyNamesTheNearestKnownOne) {
  EXPECT_EQ(told_of("gpu = 1"), "train.toml:2:1: unknown key 'gpu'; did you mean 'gpus'?");
  EXPECT_EQ(told_of("  memroy = '1G'"),
            "train.toml:2:3: unknown key 'memroy'; did you mean 'memory'?");
  EXPECT_EQ(told_of("[gather]\ncomand = 'x'"),
            "train.toml:3:1: unknown key 'comand'; did you mean 'command'?");
  EXPECT_NE(told_of("banana = 1").find("known keys are name, command, tasks"), std::string::npos);
}

TEST(JobFile, WhatIsMissingIsNotToldAgainWhereItWasMisspelt) {
  EXPECT_EQ(told("comand = 'true'\n"),
            "train.toml:1:1: unknown key 'comand'; did you mean 'command'?");
  EXPECT_EQ(told_of("retrys = 2\nretry_on = ['time']"),
            "train.toml:2:1: unknown key 'retrys'; did you mean 'retries'?");
  EXPECT_EQ(told_of("[split]\nfile = '*.mp4'"),
            "train.toml:3:1: unknown key 'file'; did you mean 'files'?");
}

TEST(JobFile, AllMistakesAreToldInTheOrderOfTheFile) {
  EXPECT_EQ(told("time = 'soon'\ngpu = 1\ntasks = 0\n"),
            "train.toml: there is no command; write command = \"python3 train.py\"\n"
            "train.toml:1:8: time: 'soon' is not a length of time; write it like 90s, 15m, 2h, "
            "1d12h or 1:30:00\n"
            "train.toml:2:1: unknown key 'gpu'; did you mean 'gpus'?\n"
            "train.toml:3:9: tasks is 0; it goes from 1 to 65536");
  std::string many = "command = 'true'\n";
  for (int i = 0; i < 1000; ++i) many += "unknown" + std::to_string(i) + " = 1\n";
  std::vector<Error> mistakes;
  EXPECT_FALSE(read(many, &mistakes));
  ASSERT_EQ(mistakes.size(), most_mistakes_told + 1);
  EXPECT_EQ(mistakes.back().sentence(), "train.toml: and at least 980 more");
}

TEST(JobFile, AValueOfTheWrongKindIsToldWithHowToWriteIt) {
  EXPECT_EQ(told_of("tasks = '4'"),
            "train.toml:2:9: tasks must be a whole number, not a text; write it without quotes: 4");
  EXPECT_EQ(told_of("name = 7"),
            "train.toml:2:8: name must be a text, not a whole number; write "
            "it in quotes: \"7\"");
  EXPECT_EQ(told_of("memory = 16"),
            "train.toml:2:10: memory: '16' would be bytes; give it a unit, like \"16G\"");
  EXPECT_EQ(told_of("memory = '16 apples'"),
            "train.toml:2:10: memory: '16 apples' is not a size; write it like 512M, 16G or 1.5T");
  EXPECT_EQ(told_of("env = 3"),
            "train.toml:2:7: env must be a table, not a whole number; write env = { KEY = "
            "\"value\" }");
  EXPECT_EQ(told_of("env = { A = [] }"),
            "train.toml:2:13: A must be a text or a number, not a list");
  EXPECT_EQ(told("command = 3"),
            "train.toml:1:11: command must be a text or a list of words, not a whole number");
  EXPECT_EQ(told_of("launcher = 'mpy'"),
            "train.toml:2:12: no launcher is called 'mpy'; did you mean 'mpi'?");
  EXPECT_EQ(
      told_of("retries = 1\nretry_on = ['lost', 'failed']"),
      "train.toml:3:21: no retry_on is called 'failed'; it is one of lost, failure, memory, time");
  EXPECT_EQ(told_of("retry_on = ['time']"),
            "train.toml:2:12: retry_on without retries does nothing; set retries = 1 or more");
  EXPECT_EQ(told_of("stop_signal = 'KILL'"),
            "train.toml:2:15: KILL leaves no time to end well, and comes after grace anyway; to "
            "stop at once set grace = \"0s\"");
  EXPECT_EQ(told_of("dir = '~/x'"),
            "train.toml:2:7: dir begins with ~, which only a shell understands; write the whole "
            "path");
}

TEST(JobFile, LimitsAreToldWithTheirNumbers) {
  EXPECT_EQ(told_of("tasks = 65537"), "train.toml:2:9: tasks is 65537; it goes from 1 to 65536");
  EXPECT_EQ(told_of("name = '" + std::string(129, 'x') + "'"),
            "train.toml:2:8: the name has 129 bytes; the most is 128 bytes");
  EXPECT_EQ(told_of("[sweep]\na = '1..1000'\nb = '1..1001'"),
            "train.toml:2:1: this job would have more than 1000000 gangs, which is the most");
  EXPECT_EQ(told_of("grace = '25h'"),
            "train.toml:2:9: grace is longer than the most, which is 24h");
  EXPECT_EQ(told_of("retries = 1001"), "train.toml:2:11: retries is 1001; it goes from 0 to 1000");
  EXPECT_EQ(told(std::string(largest_job_file + 1, '\n')),
            "train.toml: a job file of 16777217 bytes; the most is 16777216; keep large input "
            "beside it and split that");
}

TEST(JobFile, WhatIsNoTomlIsToldWithItsPlace) {
  for (const char* open :
       {"command = 'true\n", "command = \"true", "command = \"true\nname = \"x\""})
    EXPECT_EQ(told(open),
              "train.toml:1:16: a text has no closing quote; a text over several lines stands "
              "between three quotes on each side");
  EXPECT_TRUE(told("command = \"\"\"true\n").ends_with("between three quotes on each side"));
  const std::string unquoted = told("name = resnet");
  EXPECT_TRUE(unquoted.starts_with("train.toml:1:8: this is not TOML: ")) << unquoted;
  EXPECT_TRUE(unquoted.ends_with("; text, and a number with a unit, stand in quotes: \"2h\""));
  EXPECT_TRUE(told("time = 2h").ends_with("stand in quotes: \"2h\""));
  EXPECT_TRUE(told("a = 1\na = 2").starts_with("train.toml:2:"));
  EXPECT_TRUE(told("\n\n = 1").starts_with("train.toml:3:2: this is not TOML"));
  EXPECT_TRUE(told("[.a]").starts_with("train.toml:1:2: this is not TOML"));
  EXPECT_TRUE(told("a = \"\xff\"").starts_with("train.toml:1:"));
}

TEST(JobFile, AFileThatIsTooDeepOrTooManyIsRefusedBeforeItIsRead) {
  std::string dots = "a";
  for (int i = 0; i < 100'000; ++i) dots += i % 2 == 0 ? " . 'b.c'" : ".a";
  EXPECT_EQ(told(dots + " = 1"), "train.toml:1:80: a key of more than 16 parts");
  EXPECT_EQ(told("[" + dots + "]").substr(0, 10), "train.toml");
  EXPECT_EQ(told("a = " + std::string(100'000, '[')),
            "train.toml:1:37: more than 32 lists and tables nested");
  std::string many = "a = [";
  for (std::size_t i = 0; i < (2u << 20) + 1; ++i) many += "1,";
  EXPECT_NE(told(many).find("more than 2097152 values"), std::string::npos);
  std::string keys, headers;
  for (int i = 0; i < 10'001; ++i) {
    keys += "a" + std::to_string(i) + ".b = 1.5\n";
    headers += "[a" + std::to_string(i) + ".b]\n";
  }
  EXPECT_EQ(told(keys), "train.toml:10001:10: more than 10000 keys with dots");
  EXPECT_EQ(told(headers), "train.toml:10001:10: more than 10000 keys with dots");
  EXPECT_EQ(told("# \v"),
            "train.toml:1:3: a control character (\\x0b); write it as an escape such "
            "as \\u0007 in a text in double quotes");
}

TEST(JobFile, DotsAndBracketsInTextsAndCommentsDoNotCount) {
  const std::string dots(200, '.'), brackets(200, '[');
  const JobSpec spec =
      good("# " + dots + brackets + "\ncommand = \"\"\"\n" + dots + "\\\"" + brackets +
           "\"\"\"\"\"\n[env]\nA='" + dots + "'\nB='''\n" + brackets + "''''\n");
  EXPECT_EQ(spec.env[1].second, brackets + "'");
}

TEST(JobFile, PlacesAndNumbersAreRightBehindCharactersOfSeveralBytes) {
  EXPECT_EQ(good("env = { A = \"é€🐕\", B = 1_000 , C=0x1F}\ncommand = 'true'").env,
            (std::vector<EnvVar>{{"A", "é€🐕"}, {"B", "1000"}, {"C", "0x1F"}}));
  EXPECT_EQ(told_of("env = { A = \"é€🐕\", B = [] }"),
            "train.toml:2:24: B must be a text or a number, not a list");
  EXPECT_EQ(good("\xef\xbb\xbf"
                 "env = { A = 0.10 }\ncommand = 'true'")
                .env[0]
                .second,
            "0.10");
}

TEST(JobFile, CharactersThatTheLibraryTakesForSomeKindOfSpaceAreReadAsWhatTheyAre) {
  EXPECT_EQ(good("command = \"\"\"a \\\n  é\"\"\"").command.words[0], "a é");
  EXPECT_EQ(good("command = 'é\u2028\u3000 \uFEEF'").command.words[0], "é\u2028\u3000 \uFEEF");
  for (const char* text :
       {"é = 1", "a = é", "a\uFEEF = 1", "[é]", "a = \"\\é\"", "a = \"\"\"\\é\"\"\""})
    EXPECT_TRUE(told(text).starts_with("train.toml:1:")) << text;
}

TEST(JobFile, SweepsAreListsOrRanges) {
  const auto values = [](const std::string& written) {
    return good("command = 'true'\n[sweep]\nx = " + written).sweep[0].values;
  };
  using Texts = std::vector<std::string>;
  EXPECT_EQ(values("['a', 2, 3.50, true]"), (Texts{"a", "2", "3.50", "true"}));
  EXPECT_EQ(values("'1..3'"), (Texts{"1", "2", "3"}));
  EXPECT_EQ(values("'-1..1'"), (Texts{"-1", "0", "1"}));
  EXPECT_EQ(values("'0..100 step 40'"), (Texts{"0", "40", "80"}));
  EXPECT_EQ(values("'08..10'"), (Texts{"08", "09", "10"}));
  EXPECT_EQ(values("'9223372036854775806..9223372036854775807'"),
            (Texts{"9223372036854775806", "9223372036854775807"}));
}

TEST(JobFile, ASweepThatIsNeitherIsRefusedWithTheReason) {
  const auto told_of_x = [](const std::string& written) {
    return told_of("[sweep]\nx = " + written);
  };
  EXPECT_EQ(told_of_x("'8..1'"),
            "train.toml:3:5: the range '8..1' runs backwards; write the smaller number first");
  for (const char* huge :
       {"1..99999999999", "-9223372036854775808..9223372036854775807", "0..1000000"})
    EXPECT_EQ(told_of_x("'" + std::string(huge) + "'"),
              "train.toml:3:5: the range '" + std::string(huge) +
                  "' holds more than 1000000 numbers, which is the most gangs of a job");
  EXPECT_EQ(told_of_x("'1..x'"),
            "train.toml:3:5: '1..x' is not a range of whole numbers; write it "
            "like 1..8 or 0..100 step 10");
  EXPECT_EQ(told_of_x("'0.1'"),
            "train.toml:3:5: x must be a list or a range, not a text; write "
            "[\"0.1\"] or \"1..8\"");
  EXPECT_EQ(told_of_x("[]"), "train.toml:3:5: x has no values; give it one at least");
  EXPECT_EQ(told_of_x("[1, [2]]"), "train.toml:3:9: x must be a text or a number, not a list");
  EXPECT_EQ(told_of("[sweep]\nrank = [1]"),
            "train.toml:3:8: 'rank' has a meaning of its own, so a sweep cannot be called so");
  EXPECT_EQ(told_of("[sweep]\n'a-b' = [1]"),
            "train.toml:3:9: 'a-b' cannot be a sweep's name; use letters, digits and _, not "
            "beginning with a digit, at most 128");
}

TEST(JobFile, PlaceholdersAreCheckedWhereTheyStand) {
  EXPECT_EQ(told("command = 'train {shard}'"),
            "train.toml:1:11: {shard} has no meaning without [split]; for the plain text write "
            "{{shard}}");
  EXPECT_EQ(told_of("env = { A = '{rnak}' }"),
            "train.toml:2:13: unknown placeholder {rnak}; did you mean {rank}? If not, for the "
            "plain text write {{rnak}}");
  EXPECT_EQ(told_of("[sweep]\nlr = [1]\n[gather]\ncommand = 'echo {lr}'"),
            "train.toml:5:11: {lr} differs from gang to gang, so it has no meaning in [gather]; "
            "for the plain text write {{lr}}");
}

TEST(JobFile, AllPlaceholdersThatAreWrongAreToldEachOnce) {
  EXPECT_EQ(told("command = 'train {devce} {rnak} {rnak}'\nenv = { A = '{rnak}' }"),
            "train.toml:1:11: unknown placeholder {devce}; did you mean {device}? If not, for the "
            "plain text write {{devce}}\n"
            "train.toml:1:11: unknown placeholder {rnak}; did you mean {rank}? If not, for the "
            "plain text write {{rnak}}\n"
            "train.toml:2:13: unknown placeholder {rnak}; did you mean {rank}? If not, for the "
            "plain text write {{rnak}}");
}

TEST(JobFile, ALimitInTheOnlyAlternativeIsToldThere) {
  EXPECT_EQ(told_of("any_of = [{ memory = '65T' }]"),
            "train.toml:2:22: 65T of memory; a task has at most 64T");
}

// The whole of the language, to be broken at random places.
constexpr std::string_view example = R"(
name = "resnet" # comment
command = "python3 train.py --lr {lr} {shard}"
tasks = 8
gpus = 0.5
any_of = [ { gpus = 1, model = "H100" }, { cpus = 16, memory = "1G" } ]
time = "2h"
env = { A = "b", C = 'd', "e.f" = """x
y""" }
after = ["prepare"]
[sweep]
lr = [0.1, 0.01]
seed = "1..8"
[split]
files = "videos/*.mp4"
[gather]
command = ["cat", "{outputs}"]
)";

TEST(JobFile, ARandomlyBrokenFileIsRefusedWithAPlaceOrGivesASpecThatHolds) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const auto below = [&](std::size_t n) { return random() % n; };
  constexpr std::string_view pieces[] = {
      "[",  "]",   "{",    "}",    "\"",   "'''",     "\"\"\"", "\n",
      "\\", "=",   ",",    ".",    "1..9", "{shard}", "\xff",   "99999999999999",
      "-1", "nan", "true", "1e308"};
  for (int i = 0; i < 3'000; ++i) {
    std::string text(example);
    for (std::size_t n = 1 + below(4); n > 0; --n) {
      const std::size_t at = below(text.size());
      switch (below(4)) {
        case 0: text.erase(at, 1 + below(20)); break;
        case 1: text.insert(at, pieces[below(std::size(pieces))]); break;
        case 2: text[at] = static_cast<char>(below(256)); break;
        default: text.insert(at, text.substr(below(text.size()), below(40)));
      }
    }
    SplitFiles files = no_files();
    files.matching = [](const auto&...) { return std::vector<std::string>{"a.mp4", "b.mp4"}; };
    const auto spec = read_job_file({text, "train.toml", "/x"}, files);
    if (spec) {
      EXPECT_TRUE(check(*spec)) << text;
    } else {
      EXPECT_TRUE(spec.error().where.starts_with("train.toml")) << spec.error().sentence();
      EXPECT_FALSE(spec.error().what.empty());
    }
  }
}

}  // namespace
}  // namespace gangline
