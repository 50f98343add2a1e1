#include "engine/slurm/sbatch_script.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace gangline {
namespace {

JobSpec train_job() {
  JobSpec spec;
  spec.name = "train";
  spec.command = {true, {"python3 train.py --lr {lr}\n"}};
  spec.dir = "/home/anna/work";
  spec.resources.tasks = 2;
  TaskRequest& task = spec.resources.alternatives[0];
  task.devices = DeviceRequest{};
  task.devices->model = "H100";
  task.cpus = whole_cpus(4);
  task.memory = gibibytes(16);
  spec.time = hours(2);
  spec.sweep = {{"lr", {"0.1", "0.01"}}};
  return spec;
}

SlurmSite site() {
  SlurmSite site;
  site.partitions = {{"main", true}};
  site.gres = {{"gpu", "h100", 8}};
  return site;
}

ScriptParts parts() {
  return {"/srv/bin/gang", "/home/anna/state/jobs/7/slurm/t1", "t1", 0,
          "/home/anna/state/jobs/7/slurm/t1/said-%a"};
}

std::vector<std::string> option_lines(const std::string& script) {
  std::vector<std::string> lines;
  for (const std::string_view line : split(script, '\n'))
    if (line.starts_with("#SBATCH")) lines.emplace_back(line);
  return lines;
}

bool has_line(const std::string& script, const std::string& line) {
  return ("\n" + script).find("\n" + line + "\n") != std::string::npos;
}

TEST(sbatch_script, is_one_that_a_person_would_be_glad_to_have_written) {
  EXPECT_EQ(sbatch_script(train_job(), 0, 2, site(), parts()),
            R"(#!/bin/bash
#SBATCH --job-name=train
#SBATCH --comment=t1
#SBATCH --array=0-1
#SBATCH --ntasks=2
#SBATCH --cpus-per-task=4
#SBATCH --gpus-per-task=h100:1
#SBATCH --mem-per-cpu=4096M
#SBATCH --time=122
#SBATCH --no-requeue
#SBATCH --chdir=/
#SBATCH --output=/home/anna/state/jobs/7/slurm/t1/said-%a
#SBATCH --open-mode=append
#SBATCH --export=ALL

# Gang 0 of 0 to 1 runs in /home/anna/work, with lr=0.1:
#   python3 train.py --lr {lr}
exec /srv/bin/gang internal-slurm-gang /home/anna/state/jobs/7/slurm/t1
)");
}

TEST(sbatch_script, of_one_gang_is_no_array) {
  const std::string script = sbatch_script(train_job(), 1, 1, site(), parts());
  EXPECT_EQ(script.find("--array"), std::string::npos);
  EXPECT_NE(script.find("# Gang 1 runs in /home/anna/work, with lr=0.01:"), std::string::npos);
}

TEST(sbatch_script, of_the_gather_asks_for_one_task_without_devices) {
  JobSpec spec = train_job();
  spec.gather = Command{false, {"cat", "a b"}};
  const std::string script = sbatch_script(spec, 2, 1, site(), parts());
  EXPECT_TRUE(has_line(script, "#SBATCH --nodes=1"));
  EXPECT_TRUE(has_line(script, "#SBATCH --ntasks=1"));
  EXPECT_EQ(script.find("--gpus"), std::string::npos);
  EXPECT_TRUE(has_line(script, "# The gather runs in /home/anna/work:"));
  EXPECT_TRUE(has_line(script, "#   cat 'a b'"));
}

TEST(sbatch_script, a_hostile_name_or_path_adds_no_line_and_no_command) {
  JobSpec spec = train_job();
  spec.name = "a\n#SBATCH --nodes=99\nrm -rf \"$HOME\" \\";
  spec.dir = "/tmp/x\nrm -rf /";
  spec.command = {true, {"true\n#SBATCH --nodes=98\r\nrm -rf /"}};
  spec.sweep[0].values[0] = "1\nrm -rf /";
  ScriptParts hostile = parts();
  hostile.directory = "/home/a'b\r\n#SBATCH --nodes=97\n$(rm -rf /)";
  hostile.said_file_pattern = "/home/x\n#SBATCH --nodes=96";
  const std::string script = sbatch_script(spec, 0, 1, site(), hostile);
  const auto options = option_lines(script);
  EXPECT_EQ(options.size(), 12u);
  EXPECT_EQ(options[0], R"(#SBATCH --job-name="a\\x0a#SBATCH --nodes=99\\x0arm -rf \"$HOME\" \\")");
  EXPECT_TRUE(has_line(script, "#SBATCH --output=/dev/null"));
  EXPECT_EQ(script.find('\r'), std::string::npos);
  int commands = 0;
  for (const std::string_view line : split(script, '\n'))
    if (!line.empty() && !line.starts_with('#')) {
      ++commands;
      EXPECT_EQ(
          line,
          R"(exec /srv/bin/gang internal-slurm-gang $'/home/a\'b\x0d\x0a#SBATCH --nodes=97\x0a$(rm -rf /)')");
    }
  EXPECT_EQ(commands, 1);
}

TEST(sbatch_script, long_commands_are_shown_in_part) {
  JobSpec spec = train_job();
  spec.command.words[0] = std::string(5'000, 'x') + "\n";
  for (int n = 0; n < 100; ++n) spec.command.words[0] += "echo é\n";
  const std::string script = sbatch_script(spec, 0, 1, site(), parts());
  EXPECT_LT(script.size(), 2'000u);
  EXPECT_TRUE(is_utf8(script));
  EXPECT_TRUE(has_line(script, "#   …"));
}

TEST(sbatch_script, what_queue_priority_and_the_lack_of_a_time_add) {
  JobSpec spec = train_job();
  spec.queue = "gpu";
  spec.priority = -5;
  spec.time.reset();
  spec.grace = seconds(30);
  SlurmSite with_limit = site();
  with_limit.partitions.push_back({"gpu", false, true, hours(24), std::nullopt, ""});
  const std::string script = sbatch_script(spec, 0, 1, with_limit, parts());
  EXPECT_TRUE(has_line(script, "#SBATCH --partition=gpu"));
  EXPECT_TRUE(has_line(script, "#SBATCH --nice=5"));
  EXPECT_TRUE(has_line(script, "#SBATCH --signal=B:TERM@35"));
  EXPECT_EQ(script.find("--time"), std::string::npos);
}

TEST(sbatch_script, what_the_config_file_says_is_said_of_every_job) {
  JobSpec spec = train_job();
  SlurmSite with = site();
  with.partitions.push_back({"gpu"});
  with.partitions.push_back({"normal"});
  with.usual = {"gpu", "physics", "high", "a100|h100"};
  const std::string script = sbatch_script(spec, 0, 1, with, parts());
  for (const char* line : {"#SBATCH --partition=gpu", "#SBATCH --account=physics",
                           "#SBATCH --qos=high", "#SBATCH --constraint=\"a100|h100\""})
    EXPECT_TRUE(has_line(script, line)) << line << "\n" << script;
  const auto words = srun_words(spec, 0, with, parts());
  EXPECT_NE(std::find(words.begin(), words.end(), "--constraint=a100|h100"), words.end());
  // A queue that is a partition wins; the usual one is meant by the usual word.
  spec.queue = "main";
  with.partitions.push_back({"main"});
  EXPECT_TRUE(has_line(sbatch_script(spec, 0, 1, with, parts()), "#SBATCH --partition=main"));
  EXPECT_EQ(with.partition_word("normal"), "gpu");
  EXPECT_EQ(with.partition_for("normal")->name, "gpu");
  with.usual.partition.clear();
  EXPECT_EQ(with.partition_word("normal"), "normal");
  with.usual.partition = "gone";
  EXPECT_EQ(with.partition_word("normal"), "");
  EXPECT_EQ(with.partition_for("normal"), nullptr);
}

TEST(sbatch_script, where_gpus_are_given_to_nodes_one_task_asks_for_those_of_its_node) {
  JobSpec spec = train_job();
  spec.resources.tasks = 1;
  SlurmSite old = site();
  old.gpus_per_task = false;
  const std::string script = sbatch_script(spec, 0, 1, old, parts());
  EXPECT_TRUE(has_line(script, "#SBATCH --gres=gpu:h100:1"));
  EXPECT_TRUE(has_line(script, "#SBATCH --mem=16384M"));
}

TEST(slurm_minutes_of_a_job, are_its_own_and_the_grace_and_one_as_far_as_the_queue_goes) {
  JobSpec spec = train_job();
  spec.time = seconds(90);
  EXPECT_EQ(slurm_minutes(spec, 0, 0, site()), 3);
  spec.time = seconds(110);
  EXPECT_EQ(slurm_minutes(spec, 0, 0, site()), 3);
  spec.time = seconds(111);
  EXPECT_EQ(slurm_minutes(spec, 0, 0, site()), 4);
  SlurmSite short_queue = site();
  short_queue.partitions[0].max_time = minutes(2);
  EXPECT_EQ(slurm_minutes(spec, 0, 0, short_queue), 2);
  spec.time.reset();
  EXPECT_FALSE(slurm_minutes(spec, 0, 0, site()).has_value());
}

TEST(arrays, are_cut_to_what_the_site_takes) {
  using Cuts = std::vector<ArrayCut>;
  EXPECT_EQ(cut_for_arrays(0, 1001, 1001), (Cuts{{0, 1001}}));
  EXPECT_EQ(cut_for_arrays(5, 2500, 1001), (Cuts{{5, 1001}, {1006, 1001}, {2007, 498}}));
  EXPECT_EQ(cut_for_arrays(3, 2, 0), (Cuts{{3, 1}, {4, 1}}));
  EXPECT_EQ(cut_for_arrays(3, 0, 10), Cuts{});
}

TEST(sbatch, is_called_with_the_tag_and_answers_with_a_number) {
  EXPECT_EQ(sbatch_words("/s/script.sh", "t1"),
            (std::vector<std::string>{"sbatch", "--parsable", "--comment=t1", "/s/script.sh"}));
  EXPECT_EQ(*read_sbatch_answer("17\n"), "17");
  EXPECT_EQ(*read_sbatch_answer("17;east\n"), "17");
  for (const char* text :
       {"", "0", "x", "17 18", "Submitted batch job 17", "17\n18", "99999999999999999999", "-1"})
    EXPECT_FALSE(read_sbatch_answer(text).ok()) << text;
}

TEST(sbatch, test_only_says_when_and_where) {
  const auto tested = read_test_only(
      "sbatch: Job 7 to start at 2026-11-27T09:48:18 using 6 processors on nodes n[1-2] in "
      "partition main\n");
  ASSERT_TRUE(tested.has_value());
  EXPECT_EQ(format_utc(tested->start), "2026-11-27T09:48:18Z");
  EXPECT_EQ(tested->nodes, "n[1-2]");
  for (const char* text : {"", "allocation failure: Requested node configuration is not available",
                           "Job 7 to start at soon on nodes n1", " to start at "})
    EXPECT_FALSE(read_test_only(text).has_value()) << text;
}

TEST(sbatch_script, names_what_the_node_says_by_the_number_in_the_array_or_0) {
  ScriptParts named = parts();
  named.said_file_pattern = slurm_pattern_of("/home/%a") + "/said-%a-%j%";
  EXPECT_TRUE(has_line(sbatch_script(train_job(), 1, 1, site(), named),
                       "#SBATCH --output=/home/%%a/said-0-%j%"));
  EXPECT_TRUE(has_line(sbatch_script(train_job(), 0, 2, site(), named),
                       "#SBATCH --output=/home/%%a/said-%a-%j%"));
  named.said_file_pattern = "/home/a\\b";
  EXPECT_TRUE(
      has_line(sbatch_script(train_job(), 0, 2, site(), named), "#SBATCH --output=/dev/null"));
}

TEST(sbatch_script, says_what_it_waits_for) {
  ScriptParts named = parts();
  EXPECT_EQ(sbatch_script(train_job(), 0, 2, site(), named).find("--dependency"),
            std::string::npos);
  named.dependency = "afterok:17:18";
  EXPECT_TRUE(has_line(sbatch_script(train_job(), 0, 2, site(), named),
                       "#SBATCH --dependency=afterok:17:18"));
}

TEST(srun, asks_for_the_same_at_once) {
  JobSpec spec = train_job();
  spec.resources.tasks = 1;
  const auto words = srun_words(spec, 0, site(), parts());
  const std::vector<std::string> begin{
      "srun",       "--immediate",       "--job-name=train",       "--comment=t1", "--nodes=1",
      "--ntasks=1", "--cpus-per-task=4", "--gpus-per-task=h100:1", "--mem=16384M", "--time=122"};
  ASSERT_GT(words.size(), begin.size() + 3);
  EXPECT_EQ(std::vector<std::string>(words.begin(), words.begin() + 10), begin);
  EXPECT_EQ(std::vector<std::string>(words.end() - 3, words.end()),
            (std::vector<std::string>{"/srv/bin/gang", "internal-slurm-gang",
                                      "/home/anna/state/jobs/7/slurm/t1"}));
}

}  // namespace
}  // namespace gangline
