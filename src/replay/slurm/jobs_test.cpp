#include "replay/readers/small_log.h"
#include "replay/slurm/tres.h"

namespace gangline {
namespace {

constexpr const char* header =
    "JobID|User|Partition|Submit|Eligible|Start|End|ElapsedRaw|TimelimitRaw|State|NNodes|NCPUS|"
    "ReqMem|ReqTRES|AllocTRES|NodeList\n";

std::string line(const std::string& id, const std::string& state, const std::string& tres) {
  return id +
         "|ann|gpu|2024-05-01T10:00:00|2024-05-01T10:00:00|2024-05-01T10:01:00|"
         "2024-05-01T11:01:00|3600|120|" +
         state + "|2|16|64G|" + tres + "|" + tres + "|n[001-002]\n";
}

constexpr const char* usual = "billing=16,cpu=16,gres/gpu=4,gres/gpu:a100=4,mem=64G,node=2";

TEST(SlurmText, AJobHasItsTimesItsSizeAndItsNodes) {
  const History history = history_of(header + line("12", "COMPLETED", usual));
  ASSERT_EQ(history.jobs.size(), 1u);
  const PastJob& job = history.jobs[0];
  EXPECT_EQ(job.id, "12");
  EXPECT_EQ(job.user, "ann");
  EXPECT_EQ(job.queue, "gpu");
  EXPECT_EQ(job.submitted, Time{seconds(1'714'557'600).us});
  EXPECT_EQ(job.run, hours(1));
  EXPECT_EQ(job.limit, hours(2));
  EXPECT_EQ(job.nodes, (std::vector<std::string>{"n001", "n002"}));
  EXPECT_EQ(job.request->tasks, 2u);
  EXPECT_EQ(task_of(job).devices->count, 2u);  // typed and untyped are one count
  EXPECT_EQ(task_of(job).devices->model, "a100");
  EXPECT_EQ(task_of(job).cpus, whole_cpus(8));
  EXPECT_EQ(task_of(job).memory, gibibytes(32));
}

TEST(SlurmText, AJobThatRanOnSeveralNodesIsNotAskedOfOne) {
  // As Slurm 22.05 tells jobs of `-n 10 --gpus-per-task=1` and of `-n 40` on nodes with 8 GPUs and
  // 16 CPUs each: it asks for the fewest nodes that are allowed, not for those that it needs.
  const History history = history_of(
      "JobID|Submit|Start|ElapsedRaw|State|NNodes|NCPUS|ReqTRES|AllocTRES|NodeList\n"
      "6|100|110|5|COMPLETED|2|10|billing=10,cpu=10,gres/gpu=10,mem=10000M,node=1|"
      "billing=10,cpu=10,gres/gpu=10,mem=10000M,node=2|n[1-2]\n"
      "7|100|110|5|COMPLETED|4|40|billing=40,cpu=40,mem=40000M,node=1|"
      "billing=40,cpu=40,mem=40000M,node=4|n[1-4]\n");
  ASSERT_EQ(history.jobs.size(), 2u);
  EXPECT_EQ(history.jobs[0].request->tasks, 2u);
  EXPECT_EQ(task_of(history.jobs[0]).devices->count, 5u);
  EXPECT_EQ(history.jobs[1].request->tasks, 4u);
  EXPECT_EQ(task_of(history.jobs[1]).cpus, whole_cpus(10));
}

TEST(SlurmText, ArraysHeterogeneousJobsAndStatesWithATailAreRead) {
  const History history =
      history_of(header + line("12_7", "CANCELLED by 1001", usual) + line("13+0", "FAILED", usual) +
                 line("13+1", "TIMEOUT", usual) + line("14.batch", "COMPLETED", usual) +
                 line("14.extern", "COMPLETED", usual));
  EXPECT_EQ(history.jobs.size(), 3u);
  EXPECT_EQ(history.entries, 3u);  // steps are no jobs
  const auto noted = [&](const char* text) {
    return std::any_of(history.notes.begin(), history.notes.end(),
                       [&](const std::string& note) { return note.find(text) == 0; });
  };
  EXPECT_TRUE(noted("2 steps of jobs were passed over"));
  EXPECT_TRUE(noted("2 parts of heterogeneous jobs"));
}

TEST(SlurmText, WhatHasNotEndedIsLeftOutWithItsReason) {
  const History history = history_of(
      header + line("1", "COMPLETED", usual) + line("2", "RUNNING", usual) +
      "3_[1-9%2]|ann|gpu|2024-05-01T10:00:00|Unknown|Unknown|Unknown|0||PENDING|1|1|1G|||None "
      "assigned\n"
      "4|ann|gpu|2024-05-01T10:00:00|2024-05-01T10:00:00|None|2024-05-01T10:30:00|0|60|CANCELLED "
      "by 0|1|1|1G|||None assigned\n");
  EXPECT_EQ(history.jobs.size(), 1u);
  EXPECT_EQ(history.left_out.by_reason.at("it was still running"), 1u);
  EXPECT_EQ(history.left_out.by_reason.at("it had not started"), 1u);
  EXPECT_EQ(history.left_out.by_reason.at("it never started"), 1u);
}

TEST(SlurmText, NamesMayHoldBarsAndEndsOfLines) {
  for (const char* text : {"JobID|Submit|Start|ElapsedRaw|State|JobName\n"
                           "1|100|110|5|COMPLETED|a|b\nsecond | line\n2|101|111|6|COMPLETED|c\n",
                           "JobID|JobName|Submit|Start|ElapsedRaw|State\n"
                           "1|a|b|100|110|5|COMPLETED\n2|c\nsecond line|101|111|6|COMPLETED\n"}) {
    const History history = history_of(text);
    ASSERT_EQ(history.jobs.size(), 2u) << text;
    EXPECT_EQ(history.jobs[0].name.substr(0, 3), "a|b");
    EXPECT_EQ(history.jobs[1].run, seconds(6));
  }
}

TEST(SlurmText, ALineThatBeginsNoEntryIsCountedThoughItMayBeMoreOfAName) {
  std::string text = "JobID|Submit|Start|ElapsedRaw|State|JobName\n";
  const char* broken[] = {"", "garbage", "7;100;110;5;COMPLETED;a", "7|100|x|5|COMPLETED|a",
                          "7|100"};
  for (int i = 0; i < 50; ++i)
    text += i % 10 == 9 ? std::string(broken[i / 10]) + "\n"
                        : std::to_string(i) + "|100|110|5|COMPLETED|a\n";
  const History history = history_of(text);
  EXPECT_EQ(history.jobs.size(), 45u);
  EXPECT_EQ(history.left_out.count, 4u);  // an empty line is none
  EXPECT_EQ(history.left_out.by_reason.at(
                "it begins no entry; it may be more of the name of the job before it"),
            2u);
}

TEST(SlurmText, TwoColumnsOfFreeTextLeaveTheLineInDoubt) {
  const History history = history_of(
      "JobID|JobName|Submit|Start|ElapsedRaw|State|Comment\n"
      "1|a|100|110|5|COMPLETED|\n2|a|b|100|110|5|COMPLETED|\n");
  EXPECT_EQ(history.jobs.size(), 1u);
  EXPECT_NE(history.left_out.examples.at(0).why.find("JobName as the last column"),
            std::string::npos);
}

TEST(SlurmText, OldFormsOfMemoryAndDevicesAreRead) {
  const History history = history_of(
      "JobID|Submit|Start|Elapsed|Timelimit|State|NNodes|NCPUS|ReqMem|ReqGRES|AllocGRES\n"
      "1|100|110|1-02:03:04|UNLIMITED|COMPLETED|2|8|2800Mc|gpu:v100:2|gpu:4\n"
      "2|100|110|02:03.5|Partition_Limit|COMPLETED|2|8|2Gn||\n"
      "3|100|110|00:00:10|2-00:00:00|COMPLETED|1|8|0n|gpu:1|\n");
  ASSERT_EQ(history.jobs.size(), 3u);
  EXPECT_EQ(history.jobs[0].run, hours(26) + minutes(3) + seconds(4));
  EXPECT_FALSE(history.jobs[0].limit);
  EXPECT_EQ(gpus_of(history.jobs[0]), 4u);
  EXPECT_EQ(task_of(history.jobs[0]).devices->model, "v100");
  EXPECT_EQ(task_of(history.jobs[0]).memory, mebibytes(2800 * 4));
  EXPECT_EQ(history.jobs[1].run, milliseconds(123'500));
  EXPECT_EQ(task_of(history.jobs[1]).memory, gibibytes(2));
  EXPECT_EQ(history.jobs[2].limit, hours(48));
  EXPECT_EQ(task_of(history.jobs[2]).memory, Bytes{0});
}

TEST(SlurmText, WhatWasAskedForAndWhatWasGivenAreToldApart) {
  const std::string text = header + std::string(
                                        "1|ann|gpu|100|100|110|120|10|60|COMPLETED|1|64|4G|"
                                        "cpu=4,gres/gpu=1,mem=4G,node=1|"
                                        "cpu=64,gres/gpu=1,gres/gpu:h100=1,mem=500G,node=1|n1\n");
  EXPECT_EQ(task_of(history_of(text).jobs.at(0)).cpus, whole_cpus(4));
  EXPECT_EQ(task_of(history_of(text).jobs.at(0)).devices->model, "");
  HowToRead how;
  how.as_given = true;
  EXPECT_EQ(task_of(history_of(text, how).jobs.at(0)).cpus, whole_cpus(64));
  EXPECT_EQ(task_of(history_of(text, how).jobs.at(0)).devices->model, "h100");
}

TEST(SlurmText, AJobThatWaitedForAnotherCountsFromWhenItCouldStart) {
  const History history =
      history_of("JobID|Submit|Eligible|Start|ElapsedRaw|State\n1|100|150|160|5|COMPLETED\n");
  EXPECT_EQ(history.jobs.at(0).submitted, Time{seconds(150).us});
}

TEST(SlurmText, AMissingColumnIsNamedWithTheCommandThatGivesIt) {
  const std::string sentence = refusal_of("JobID|User|State\n1|ann|COMPLETED\n");
  EXPECT_NE(sentence.find("no column Submit"), std::string::npos);
  EXPECT_NE(sentence.find("--format=JobID"), std::string::npos);
}

TEST(SlurmText, EachTenthLineBrokenGivesATrueCount) {
  std::string text = header;
  for (int i = 1; i <= 500; ++i)
    text += i % 10 == 0 ? std::to_string(i) + "|half a line\n"
                        : line(std::to_string(i), "COMPLETED", usual);
  const History history = history_of(text);
  EXPECT_EQ(history.jobs.size(), 450u);
  EXPECT_EQ(history.left_out.count, 50u);
}

TEST(SlurmText, StrangeFieldsLeaveOutTheirLine) {
  std::string text = header + line("1", "COMPLETED", usual);
  for (const char* tres : {"cpu=x", "cpu=-4", "mem=1e400G", "gres/gpu=99999999999999", "cpu",
                           "gres/gpu:a=1e300", "mem=M", "node=1.5"})
    text += line("2", "COMPLETED", tres);
  const History history = history_of(text);
  EXPECT_EQ(history.jobs.size(), 1u);
  EXPECT_EQ(history.left_out.count, 8u);
}

TEST(SlurmTres, DevicesAreReadInAllTheirForms) {
  EXPECT_EQ(parse_gres("gpu:a100:4(S:0-1,3),gpu:2")->all_gpus(), 4);
  EXPECT_EQ(parse_gres("gpu:4")->all_gpus(), 4);
  EXPECT_EQ(parse_gres("gpu")->all_gpus(), 1);
  EXPECT_EQ(parse_gres("gres:gpu:h100:8,shard:64")->gpu_model(), "h100");
  EXPECT_EQ(parse_gres("(null)")->all_gpus(), 0);
  EXPECT_FALSE(parse_gres("gpu:a:b:c:d"));
  EXPECT_EQ(parse_tres("gres/gpu:a100=2,gres/gpu:v100=2")->all_gpus(), 4);
  EXPECT_EQ(parse_tres("gres/gpu:a100=2,gres/gpu:v100=2")->gpu_model(), "");
}

constexpr const char* old_json = R"({"meta":{"plugin":{"type":"openapi/dbv0.0.37"},
 "Slurm":{"release":"21.08.5"}},"errors":[],"jobs":[{"account":"lab","allocation_nodes":2,
 "array":{"job_id":40,"task_id":3},"association":{"account":"lab","user":"ann"},"job_id":43,
 "name":"a \"name\" with ] and }","nodes":"n[1-2]","partition":"gpu","priority":4294901757,
 "required":{"CPUs":8,"memory":65536},"state":{"current":"COMPLETED","reason":"None"},
 "time":{"elapsed":3600,"eligible":100,"end":3710,"limit":120,"start":110,"submission":100,
 "suspended":0},"tres":{"requested":[{"type":"cpu","name":null,"id":1,"count":8},
 {"type":"mem","name":null,"id":2,"count":65536},{"type":"node","name":null,"id":4,"count":2},
 {"type":"gres","name":"gpu","id":1001,"count":4},{"type":"gres","name":"gpu:a100","id":1002,
 "count":4}],"allocated":[]}},{"job_id":44,"state":{"current":"RUNNING"}},17]})";

constexpr const char* new_json = R"({"jobs":[{"association":{"user":"bob"},"job_id":43,
 "array":{"job_id":0,"task_id":{"set":false,"infinite":false,"number":0}},"nodes":"n1",
 "partition":"gpu","priority":{"set":true,"infinite":false,"number":7},
 "state":{"current":["COMPLETED"],"reason":"None"},
 "time":{"elapsed":60,"eligible":100,"end":170,"limit":{"set":true,"infinite":true,"number":0},
 "start":110,"submission":100},"tres":{"requested":[{"type":"cpu","name":"","id":1,"count":8},
 {"type":"gres","name":"gpu","id":1001,"count":1}]}}],"meta":{"slurm":{"release":"23.11"}}})";

TEST(SlurmJson, TheOldAndTheNewFormsOfNumbersAreRead) {
  const History old_form = history_of(old_json);
  ASSERT_EQ(old_form.jobs.size(), 1u);
  const PastJob& job = old_form.jobs[0];
  EXPECT_EQ(job.id, "40_3");
  EXPECT_EQ(job.name, "a \"name\" with ] and }");
  EXPECT_EQ(job.limit, hours(2));
  EXPECT_EQ(job.request->tasks, 2u);
  EXPECT_EQ(gpus_of(job), 4u);
  EXPECT_EQ(task_of(job).memory, gibibytes(32));
  EXPECT_EQ(job.nodes.size(), 2u);
  EXPECT_EQ(old_form.left_out.count, 2u);

  const History new_form = history_of(new_json);
  ASSERT_EQ(new_form.jobs.size(), 1u);
  EXPECT_EQ(new_form.jobs[0].id, "43");
  EXPECT_EQ(new_form.jobs[0].priority, 7);
  EXPECT_FALSE(new_form.jobs[0].limit);
  EXPECT_EQ(gpus_of(new_form.jobs[0]), 1u);
}

TEST(SlurmJson, AFileThatIsCutOffKeepsWhatStoodBefore) {
  const std::string text = old_json;
  const History history = history_of(text.substr(0, text.size() - 4));
  EXPECT_EQ(history.jobs.size(), 1u);
  EXPECT_GE(history.left_out.count, 2u);
  EXPECT_FALSE(read_history_text(text.substr(0, 300), "x", {}));
  EXPECT_FALSE(read_history_text(text.substr(0, 20) + "\\", "x", {}));
}

TEST(SlurmJson, WhatScontrolShowsIsRefused) {
  const std::string sentence = refusal_of(R"({"jobs":[{"job_id":1,"job_state":["RUNNING"]}]})");
  EXPECT_NE(sentence.find("sacct -a --json"), std::string::npos);
}

}  // namespace
}  // namespace gangline
