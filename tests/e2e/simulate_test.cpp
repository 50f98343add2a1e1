// `gang simulate` from its command line.
#include <csignal>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "machine.h"

namespace gangline {
namespace {

constexpr const char* lab = "[[node]]\nname = \"n[1-2]\"\ncpus = 16\ngpus = 4\nmodel = \"A100\"\n";

// 100 jobs, a minute apart, that started when they came; each tenth line is `broken`.
std::string plain(const std::string& broken = "") {
  std::string text = "id,submitted,started,ended,gpus,queue\n";
  for (int i = 1; i <= 100; ++i) {
    const int begin = 60 * i;
    text += i % 10 == 0 && !broken.empty()
                ? broken + "\n"
                : std::to_string(i) + "," + std::to_string(begin) + "," + std::to_string(begin) +
                      "," + std::to_string(begin + 400) + ",1," + (i % 2 == 0 ? "day" : "night") +
                      "\n";
  }
  return text;
}

std::string slurm_text() {
  std::string text =
      "JobID|User|Partition|Submit|Eligible|Start|End|ElapsedRaw|TimelimitRaw|State|NNodes|NCPUS|"
      "ReqMem|ReqTRES|AllocTRES|NodeList\n";
  for (int i = 1; i <= 100; ++i)
    text += i % 10 == 0
                ? "12|x|\n"
                : std::to_string(i) +
                      "|ann|gpu|2024-05-01T10:00:00|2024-05-01T10:00:00|2024-05-01T10:01:00|"
                      "2024-05-01T11:01:00|3600|120|COMPLETED|1|4|8G|cpu=4,gres/gpu=1,node=1|"
                      "cpu=4,gres/gpu=1,node=1|n1\n";
  return text;
}

std::string swf() {
  std::string text = "; Version: 2.2\n; MaxProcs: 16\n";
  for (int i = 1; i <= 100; ++i)
    text += i % 10 == 0 ? "7 x 0 60 1\n"
                        : std::to_string(i) + " " + std::to_string(i * 10) +
                              " 0 60 2 -1 -1 2 120 -1 1 1 1 -1 1 -1 -1 -1\n";
  return text;
}

class Simulations : public testing::Test {
 protected:
  Simulations() {
    machine.write("lab.toml", lab);
    machine.write("jobs.csv", plain());
  }
  Ran simulate(std::vector<std::string> words) const {
    words.insert(words.begin(), {"simulate", "jobs.csv", "--cluster", "lab.toml"});
    return machine.gang(words);
  }
  nlohmann::json measures(std::vector<std::string> words) const {
    words.push_back("--json");
    const Ran ran = simulate(std::move(words));
    EXPECT_EQ(ran.code, 0) << ran.err;
    return nlohmann::json::parse(ran.out, nullptr, false);
  }
  Machine machine;
};

TEST_F(Simulations, TheTableTheJsonAndTheCsvTellTheSame) {
  const Ran table = simulate({"--policy", "easy,fifo", "--csv", "out.csv"});
  ASSERT_EQ(table.code, 0) << table.err;
  EXPECT_TRUE(says(table.out, "easy"));
  EXPECT_TRUE(says(table.out, "fifo"));
  EXPECT_TRUE(says(table.err, "100 jobs on 2 nodes with 8 GPUs"));
  const auto lines = machine.lines("out.csv");
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_TRUE(lines[0].starts_with("run,jobs,ended,"));
  EXPECT_TRUE(lines[1].starts_with("\"easy\",100,100,"));
  const auto json = measures({"--policy", "easy,fifo"});
  ASSERT_EQ(json.at("runs").size(), 2u);
  EXPECT_EQ(json["runs"][1]["run"], "fifo");
  EXPECT_EQ(json["runs"][0]["ended"], 100);
  EXPECT_FALSE(machine.exists("../run/service.sock")) << "it needs no service";
}

TEST_F(Simulations, QuietSaysNothing) {
  const Ran ran = simulate({"-q", "--html", "page.html"});
  EXPECT_EQ(ran.code, 0);
  EXPECT_EQ(ran.out + ran.err, "");
  EXPECT_TRUE(says(machine.read("page.html"), "<html"));
}

TEST_F(Simulations, APolicyThatThereIsNotIsRefusedWithTheNearest) {
  const Ran ran = simulate({"--policy", "esay"});
  EXPECT_EQ(ran.code, 2);
  EXPECT_TRUE(says(ran.err, "there is no policy 'esay'; did you mean easy?"));
  const Ran other = simulate({"--backtest=fifi"});
  EXPECT_EQ(other.code, 2);
  EXPECT_TRUE(says(other.err, "--backtest: there is no policy 'fifi'; did you mean fifo?"));
}

TEST_F(Simulations, AFileThatIsMissingIsNamed) {
  const Ran history = machine.gang({"simulate", "none.csv", "--cluster", "lab.toml"});
  EXPECT_EQ(history.code, 2) << "as with a job file";
  EXPECT_TRUE(says(history.err, "none.csv"));
  const Ran cluster = machine.gang({"simulate", "jobs.csv", "--cluster", "none.toml"});
  EXPECT_EQ(cluster.code, 2);
  EXPECT_TRUE(says(cluster.err, "none.toml"));
  const Ran without = machine.gang({"simulate", "jobs.csv"});
  EXPECT_EQ(without.code, 2);
  EXPECT_TRUE(says(without.err, "--cluster FILE"));
  EXPECT_EQ(machine.gang({"simulate"}).code, 1) << "nothing has run here yet";
}

TEST_F(Simulations, AFormatMayBeNamedAndOneThatThereIsNotIsRefusedWithTheNearest) {
  EXPECT_EQ(simulate({"--format", "csv"}).code, 0);
  const Ran wrong = simulate({"--format", "slrum"});
  EXPECT_NE(wrong.code, 0);
  EXPECT_TRUE(says(wrong.err, "slurm"));
  const Ran other = simulate({"--format", "swf"});
  EXPECT_EQ(other.code, 2);
  EXPECT_TRUE(says(other.err, "none of its"));
}

TEST_F(Simulations, WithEachTenthLineBrokenTheCountOfWhatIsLeftOutIsTrue) {
  for (const auto& [name, text] :
       {std::pair{"plain", plain("7,soon,,,1,day")}, {"slurm", slurm_text()}, {"swf", swf()}}) {
    machine.write("jobs.csv", text);
    const Ran ran = simulate({});
    EXPECT_EQ(ran.code, 0) << name << ran.err;
    EXPECT_TRUE(says(ran.err, "90 jobs on 2 nodes")) << name;
    EXPECT_TRUE(says(ran.err, "10 lines left out:\n  10 times: ")) << name;
    EXPECT_EQ(measures({}).at("left_out"), 10) << name;
  }
}

TEST_F(Simulations, EveryWhatIfCarriesTheErrorOfTheHistorySimulatedAsRecorded) {
  const Ran plain_run = simulate({});
  EXPECT_TRUE(says(plain_run.out, "simulated as recorded, under easy, are 0s apart"))
      << plain_run.out;
  for (const std::vector<std::string>& words : {std::vector<std::string>{"--add", "n1"},
                                                {"--remove", "n2"},
                                                {"--scale-arrivals", "2"},
                                                {"--maintenance", "600,1200", "--drain", "5m"},
                                                {"--set", "queue.night.priority=5"},
                                                {"--gpu-model-swap", "A100=H100"},
                                                {"--leave-unless-started"},
                                                {"--policy", "fgd,fifo"}}) {
    const Ran ran = simulate(words);
    EXPECT_EQ(ran.code, 0) << ran.err;
    EXPECT_TRUE(says(ran.out, "simulated as recorded, under easy")) << words[0];
    const auto json = measures(words);
    EXPECT_EQ(json["error"]["policy"], "easy") << words[0];
    EXPECT_EQ(json["error"]["start_apart_p95_s"], 0) << words[0];
  }
  const auto changed = measures({"--remove", "n2", "--csv", "out.csv"});
  EXPECT_GT(changed["runs"][0]["wait_mean_s"], 100);
  EXPECT_TRUE(changed["runs"][0]["backtest_start_apart_mean_s"].is_null())
      << "there is no truth about a machine less";
  const auto lines = machine.lines("out.csv");
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_TRUE(lines[0].ends_with(
      ",error_policy,error_start_apart_mean_s,error_start_apart_median_s,error_start_apart_p95_s"));
  EXPECT_TRUE(lines[1].ends_with(",\"easy\",0,0,0"));
  EXPECT_EQ(measures({"--backtest=fifo", "--add", "n1"})["error"]["policy"], "fifo");
}

TEST_F(Simulations, AHistoryWithoutTrueStartsHasNoErrorAndSaysSo) {
  machine.write("jobs.csv", "submitted,run,gpus\n1,60,1\n2,60,1\n");
  const Ran ran = simulate({});
  EXPECT_EQ(ran.code, 0);
  EXPECT_TRUE(says(ran.out, "No back-test: this history does not tell"));
  EXPECT_TRUE(measures({})["error"].is_null());
  const Ran asked = simulate({"--backtest"});
  EXPECT_EQ(asked.code, 1);
  EXPECT_TRUE(says(asked.err, "--backtest: this history does not tell"));
}

TEST_F(Simulations, EachQueueRunsOnItsOwnNodes) {
  machine.write("lab.toml",
                "[[node]]\nname = \"d\"\ncpus = 16\ngpus = 2\nqueue = \"day\"\n"
                "[[node]]\nname = \"n\"\ncpus = 16\ngpus = 8\nqueue = \"night\"\n");
  const auto shared = measures({});
  const auto divided = measures({"--each-queue"});
  EXPECT_EQ(divided["runs"][0]["ended"], 100);
  EXPECT_EQ(shared["runs"][0]["wait_mean_s"], 0);
  EXPECT_GT(divided["runs"][0]["wait_mean_s"], 0);
  machine.write("lab.toml", "[[node]]\nname = \"d\"\ncpus = 16\ngpus = 4\nqueue = \"day\"\n");
  const Ran half = simulate({"--each-queue"});
  EXPECT_EQ(half.code, 0);
  EXPECT_TRUE(says(half.err, "note: 1 queue without nodes: 'night'"));
  machine.write("lab.toml", lab);
  machine.write("jobs.csv", plain("7,60,60,61,1,"));
  EXPECT_TRUE(says(simulate({"--each-queue"}).err, "note: some jobs name no queue"));
  EXPECT_FALSE(says(simulate({"--each-queue"}).err, "''"));
  const Ran none = simulate({"--each-queue"});
  EXPECT_EQ(none.code, 2);
  EXPECT_TRUE(says(none.err, "queue = \"night\""));
}

struct Misuse {
  std::vector<std::string> words;
  std::string said;
};

TEST_F(Simulations, WhatCannotBeMeantIsRefusedWithItsFlagAndWhatToTry) {
  for (const auto& [words, said] : std::vector<Misuse>{
           {{"--rounds", "0"}, "--rounds: rounds take some time; write it like --rounds 60s"},
           {{"--assume-limits", "0"}, "--assume-limits: it goes from above 0 to 1000"},
           {{"--assume-limits", "-1"}, "--assume-limits: it goes from above 0 to 1000"},
           {{"--assume-limits", "much"}, "--assume-limits: 'much' is no number;"},
           {{"--scale-arrivals", "abc"}, "--scale-arrivals: 'abc' is no number;"},
           {{"--seed", "7"}, "--seed: it goes with --arrivals"},
           {{"--arrivals", "jobs.csv", "--seed", "x"}, "--seed: 'x' is no whole number"},
           {{"--policy", "easy,easy"}, "--policy: the policy 'easy' stands twice"},
           {{"--policy", "easy", "--policy", "easy"}, "the policy 'easy' stands twice"},
           {{"--policy", ","}, "there are: fifo, easy, conservative"},
           {{"--policy", "easy,"}, "--policy: 'easy,' has no name beside its comma"},
           {{"--policy"}, "--policy: nothing stands behind it; name some with commas between"},
           {{"--html"}, "--html: nothing stands behind it; `gang simulate --help`"},
           {{"--csv", "out", "--html", "./out"}, "--csv: 'out' is the file of --html as well"},
           {{"--csv", "jobs.csv"}, "--csv: 'jobs.csv' is the file of the history as well"},
           {{"--write-cluster", "lab.toml"}, "is the file of --cluster as well"},
           {{"--csv", "-"}, "--csv /dev/stdout -q writes to standard output"},
           {{"--set", "foo.bar=1"}, "there is no setting 'foo.bar'"}}) {
    const Ran ran = simulate(words);
    EXPECT_EQ(ran.code, 2) << words[0];
    EXPECT_EQ(ran.out, "") << words[0];
    EXPECT_TRUE(says(ran.err, said));
  }
  EXPECT_EQ(machine.read("jobs.csv"), plain()) << "it was not written over";
  EXPECT_TRUE(simulate({"-q", "--csv", "/dev/stdout"}).out.starts_with("run,jobs,ended"));
}

TEST_F(Simulations, WhatIsWrongOnTheCommandLineIsToldBeforeTheHistoryIsRead) {
  machine.write("jobs.csv", "this is no history\n");
  for (const auto& [words, said] : std::vector<Misuse>{
           {{"--set", "queue.day.prority=1"}, "there is no key 'prority'"},
           {{"--set", "policy.promises=x"}, "--set: "},
           {{"--remove", "n3"}, "there is no node 'n3'"},
           {{"--power-limit", "1kW"}, "--power-limit: "},
           {{"--scale-arrivals", "0"}, "--scale-arrivals goes from"},
           {{"--html", "no/such/place/page.html"}, "no/such/place/page.html: cannot write"},
           {{"--restart-cost", "x"}, "--restart-cost: "},
           {{"--speeds", "none.csv"}, "none.csv: cannot open"}}) {
    const Ran ran = simulate(words);
    EXPECT_NE(ran.code, 0) << words[0];
    EXPECT_TRUE(says(ran.err, said));
    EXPECT_FALSE(says(ran.err, ".new"));
    EXPECT_FALSE(ran.err.find("jobs.csv") != std::string::npos) << ran.err;
  }
}

TEST_F(Simulations, ItSaysWhatRunsAndWhatWasRecordedWhereTheseDiffer) {
  EXPECT_TRUE(says(simulate({}).err, "100 jobs on 2 nodes with 8 GPUs\n"));
  EXPECT_TRUE(says(simulate({"--add", "3:n1", "--scale-arrivals", "1.5", "--remove", "n2"}).err,
                   "150 jobs on 4 nodes with 16 GPUs (as recorded: 100 jobs on 2 nodes with 8 "
                   "GPUs)\n"));
  EXPECT_TRUE(says(simulate({"--maintenance", "1e6,2e6"}).err,
                   "note: --maintenance 1e6,2e6 lies outside the history, which goes from 60 s to "
                   "6400 s"));
}

TEST_F(Simulations, OfManyReasonsTheCommonestAreToldAndJsonHasAll) {
  std::string text = plain();
  for (const char* line :
       {",,,,,", "x,1,2", "x,soon,1,2,1,day", "x,soon,1,2,1,day", "x,1,soon,2,1,day",
        "x,1,2,soon,1,day", "x,1,9,2,1,day", "x,1,2,3,much,day", "x,1,2,3,-1,day"})
    text += std::string(line) + "\n";
  machine.write("jobs.csv", text);
  const Ran ran = simulate({});
  EXPECT_TRUE(says(ran.err, "9 lines left out:\n  2 times: 'submitted' is no time"));
  EXPECT_TRUE(says(ran.err, "reasons more; --json has them all"));
  const auto json = measures({});
  EXPECT_GT(json["left_out_because"].size(), 5u);
  std::uint64_t sum = 0;
  for (const auto& [reason, n] : json["left_out_because"].items()) sum += n.get<std::uint64_t>();
  EXPECT_EQ(sum, 9u);
}

TEST_F(Simulations, APageThatCannotBeWrittenIsAnErrorAndNothingElseIsSaid) {
  const Ran ran = simulate({"--html", "no/such/place/page.html"});
  EXPECT_EQ(ran.code, 1);
  EXPECT_EQ(ran.out, "") << "what is told is there";
  EXPECT_TRUE(says(ran.err, "page.html"));
}

TEST_F(Simulations, AFullDiskIsAnErrorAndWhatALinkLeadsToIsWrittenNotTheLink) {
  std::filesystem::create_symlink("/dev/full", machine.path() + "/full.csv");
  const Ran full = simulate({"--csv", "full.csv"});
  EXPECT_EQ(full.code, 1);
  EXPECT_EQ(full.out, "");
  EXPECT_TRUE(says(full.err, "full.csv"));
  EXPECT_TRUE(std::filesystem::is_symlink(machine.path() + "/full.csv"));
  machine.write("real.csv", "old");
  std::filesystem::create_symlink("real.csv", machine.path() + "/link.csv");
  EXPECT_EQ(simulate({"--csv", "link.csv"}).code, 0);
  EXPECT_TRUE(std::filesystem::is_symlink(machine.path() + "/link.csv"));
  EXPECT_TRUE(says(machine.read("real.csv"), "run,jobs,ended"));
}

TEST_F(Simulations, CtrlCEndsItWithTheShellsCodeAndNoFile) {
  std::string text = "submitted,run,gpus,limit\n";
  for (int i = 0; i < 200'000; ++i) text += std::to_string(i) + ",10000,1,20000\n";
  machine.write("jobs.csv", text);
  Beside beside = machine.gang_beside({"simulate", "jobs.csv", "--cluster", "lab.toml", "--policy",
                                       "conservative", "--html", "page.html"});
  // It has said what it read, and simulates from then on.
  ASSERT_TRUE(becomes_true([&] { return beside.err().find("200000 jobs") != std::string::npos; }));
  beside.signal(SIGINT);
  const Ran ran = beside.wait();
  EXPECT_EQ(ran.code, 130);
  EXPECT_EQ(ran.out, "");
  EXPECT_FALSE(machine.exists("page.html"));
}

// The public trace, where it is (GANGLINE_DATA names its folder).
TEST(OpenbLists, EachIsSimulatedFromTheCommandLine) {
  const char* told = std::getenv("GANGLINE_DATA");
  const std::string folder =
      (told != nullptr ? told : std::string(SOURCE_DIR) + "/../shared/data") + "/openb";
  if (!std::filesystem::is_directory(folder)) GTEST_SKIP() << "the public traces are not here";
  const Machine machine;
  int lists = 0;
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    if (!file.path().filename().string().starts_with("pods_")) continue;
    const Ran ran = machine.gang({"simulate", file.path(), "--cluster", folder + "/nodes_gpu.csv",
                                  "--policy", "fgd", "--json"});
    ASSERT_EQ(ran.code, 0) << file.path() << ran.err;
    const auto json = nlohmann::json::parse(ran.out, nullptr, false);
    EXPECT_GT(json["jobs"], 7'000) << file.path();
    EXPECT_EQ(json["left_out"], 0) << file.path();
    ++lists;
  }
  EXPECT_EQ(lists, 23);
}

}  // namespace
}  // namespace gangline
