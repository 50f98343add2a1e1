#include "engine/slurm/squeue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>

namespace gangline {
namespace {

using Elements = std::vector<ElementRange>;

std::string recorded(const std::string& name) {
  std::ifstream file(std::string(SOURCE_DIR) + "/tests/recorded/slurm/" + name);
  return {std::istreambuf_iterator<char>(file), {}};
}

Time at(int hour, int minute, int second) {
  return Time{1'795'737'600'000'000} + hours(hour) + minutes(minute) + seconds(second);
}

const SlurmJobSeen& job_with(const std::vector<SlurmJobSeen>& jobs, std::uint64_t own) {
  static const SlurmJobSeen none;
  const auto found = std::find_if(jobs.begin(), jobs.end(),
                                  [&](const SlurmJobSeen& job) { return job.own == own; });
  EXPECT_NE(found, jobs.end()) << own;
  return found == jobs.end() ? none : *found;
}

std::vector<SlurmJobSeen> squeue_of(const std::string& line) { return read_squeue(line, "M"); }

TEST(squeue, what_a_real_one_prints_is_read) {
  const auto jobs = read_squeue(recorded("squeue.txt"), "MARK");
  ASSERT_EQ(jobs.size(), 13u);
  const SlurmJobSeen& stopped = job_with(jobs, 12);
  EXPECT_EQ(stopped.id, "1_1");
  EXPECT_EQ(stopped.job, 1u);
  EXPECT_EQ(stopped.elements, (Elements{{1, 2}}));
  EXPECT_EQ(stopped.state, SlurmState::cancelled);
  EXPECT_EQ(stopped.nodes, "n1");
  EXPECT_EQ(stopped.start, at(9, 42, 5));
  EXPECT_EQ(stopped.end, at(9, 42, 14));
  EXPECT_EQ(stopped.tag, "gang-a1");
  EXPECT_EQ(stopped.reason, "");
  const SlurmJobSeen& waiting = job_with(jobs, 5);
  EXPECT_EQ(waiting.id, "5");
  EXPECT_TRUE(is_waiting(waiting.state));
  EXPECT_EQ(waiting.elements.size(), 18u);
  EXPECT_EQ(waiting.elements.back(), (ElementRange{50, 53}));
  EXPECT_EQ(waiting.start, at(10, 42, 4));
  EXPECT_EQ(waiting.reason, "BeginTime");
  EXPECT_EQ(job_with(jobs, 6).elements, (Elements{{0, 10}}));
  const SlurmJobSeen& no_array = job_with(jobs, 4);
  EXPECT_EQ(no_array.id, "4");
  EXPECT_TRUE(no_array.elements.empty());
  EXPECT_FALSE(no_array.end.has_value());
}

TEST(squeue, comments_of_others_may_hold_anything) {
  const auto jobs = read_squeue(recorded("squeue.txt"), "MARK");
  EXPECT_EQ(job_with(jobs, 2).tag, "gang|2");
  EXPECT_EQ(job_with(jobs, 3).tag, "g");  // what stands behind the line's end is lost
  const auto two = squeue_of(
      "M|7|7|N/A|RUNNING|None|n1|N/A|N/A|x\n9|9|N/A|RUNNING|None|n1|N/A|N/A|fake\n"
      "M|8|8|N/A|RUNNING|None|n1|N/A|N/A|\xff\x01\n");
  ASSERT_EQ(two.size(), 2u);
  EXPECT_EQ(two[0].own, 7u);
  EXPECT_EQ(two[1].tag, "\\xff\\x01");
}

TEST(squeue, elements_that_slurm_did_not_print_are_told_to_be_more) {
  const auto jobs = squeue_of("M|7|7|0-2,5,1...|PENDING|Resources||N/A|N/A|t");
  ASSERT_EQ(jobs.size(), 1u);
  EXPECT_TRUE(jobs[0].elements_cut);
  EXPECT_EQ(jobs[0].elements, (Elements{{0, 3}, {5, 6}}));
  EXPECT_EQ(jobs[0].id, "7");
}

TEST(squeue, lines_that_make_no_sense_are_passed_over) {
  for (const char* line :
       {"", "M", "M|", "M||||||||", "M|x|7|N/A|RUNNING|None|n1|N/A|N/A|t",
        "M|0|7|N/A|RUNNING|None|n1|N/A|N/A|t", "M|7|7|0-|PENDING|None||N/A|N/A|t",
        "M|7|7|5-2|PENDING|None||N/A|N/A|t", "M|7|7|0-9:0|PENDING|None||N/A|N/A|t",
        "M|7|7|0-999999999999|PENDING|None||N/A|N/A|t",
        "M|7|7|0-100000000:2|PENDING|None||N/A|N/A|t", "M|7|7|...|PENDING|None||N/A|N/A|t",
        "M|7|7|[|PENDING|None||N/A|N/A|t", "M|99999999999999999999|7|N/A|RUNNING|None|n1|N/A|N/A|t",
        "N|7|7|N/A|RUNNING|None|n1|N/A|N/A|t"})
    EXPECT_TRUE(squeue_of(line).empty()) << line;
}

TEST(squeue, few_letters_do_not_stand_for_more_than_fits) {
  std::string text;
  for (int n = 0; n < 200; ++n) text += "M|7|7|0-131070:2|PENDING|None||N/A|N/A|t\n";
  std::size_t ranges = 0;
  for (const SlurmJobSeen& job : squeue_of(text)) ranges += job.elements.size();
  EXPECT_GT(ranges, 0u);
  EXPECT_LE(ranges, 4'000'000u);
}

TEST(squeue, a_state_that_is_not_known_is_told_as_it_is) {
  const auto jobs = squeue_of("M|7|7|N/A|DANCING|None|n1|N/A|N/A|t");
  ASSERT_EQ(jobs.size(), 1u);
  EXPECT_EQ(jobs[0].state, SlurmState::unknown);
  EXPECT_EQ(jobs[0].state_word, "DANCING");
  EXPECT_FALSE(is_over(jobs[0].state) || is_waiting(jobs[0].state));
}

TEST(slurm_states, each_has_a_name_that_is_read_back) {
  for (int n = 0; n <= static_cast<int>(SlurmState::unknown); ++n) {
    const auto state = static_cast<SlurmState>(n);
    EXPECT_EQ(slurm_state_of(name_of(state)), state) << n;
  }
  EXPECT_TRUE(is_over(slurm_state_of("NODE_FAIL")));
  EXPECT_FALSE(is_over(slurm_state_of("COMPLETING")));
  EXPECT_FALSE(is_over(slurm_state_of("SUSPENDED")));
}

TEST(sacct, what_a_real_one_prints_is_read) {
  const auto jobs = read_sacct(recorded("sacct.txt"), "MARK");
  ASSERT_EQ(jobs.size(), 10u);
  const SlurmJobSeen& stopped = job_with(jobs, 12);
  EXPECT_EQ(stopped.id, "1_1");
  EXPECT_EQ(stopped.state, SlurmState::cancelled);
  EXPECT_EQ(stopped.cancelled_by, 2001u);
  EXPECT_EQ(stopped.end, at(9, 42, 14));
  EXPECT_EQ(stopped.tag, "gang-a1");  // of the words it was sent with
  EXPECT_EQ(job_with(jobs, 2).exit_code, 5);
  EXPECT_EQ(job_with(jobs, 3).signal, 9);
  EXPECT_EQ(job_with(jobs, 7).nodes, "");
  EXPECT_FALSE(job_with(jobs, 7).start.has_value());
}

TEST(sacct, waiting_elements_and_parts_of_jobs) {
  const auto line = [](const std::string& id) {
    return read_sacct("5|M|" + id + "|M|PENDING|M|0:0|M|None assigned|M|Unknown|M|Unknown|M|t|M|",
                      "M");
  };
  ASSERT_EQ(line("5_[0-3,7%2]").size(), 1u);
  EXPECT_EQ(line("5_[0-3,7%2]")[0].elements, (Elements{{0, 4}, {7, 8}}));
  EXPECT_EQ(line("5_[0-3]")[0].tag, "t");
  for (const char* id : {"5+0", "5.batch", "5_", "5_x", "", "_3"})
    EXPECT_TRUE(line(id).empty() || line(id)[0].elements.empty()) << id;
  EXPECT_TRUE(line("5+0").empty());
  EXPECT_TRUE(line("5.batch").empty());
}

TEST(slurm_times, are_read_in_all_their_forms) {
  EXPECT_EQ(read_slurm_time("2026-11-27T09:42:05"), at(9, 42, 5));
  EXPECT_EQ(read_slurm_time("1795772525"), Time{1'795'772'525'000'000});
  for (const char* text : {"", "N/A", "NONE", "Unknown", "2026-13-27T09:42:05", "2026-11-27", "0",
                           "2026-11-27T09:42:05Z", "2026-11-27T25:42:05", "99999999999999999999"})
    EXPECT_FALSE(read_slurm_time(text).has_value()) << text;
  EXPECT_EQ(read_slurm_span("1-02:03:04"), hours(26) + minutes(3) + seconds(4));
  EXPECT_EQ(read_slurm_span("02:03:04"), hours(2) + minutes(3) + seconds(4));
  EXPECT_EQ(read_slurm_span("30:15"), minutes(30) + seconds(15));
  EXPECT_EQ(read_slurm_span("90"), minutes(90));
  EXPECT_EQ(read_slurm_span("2-12"), hours(60));
  for (const char* text : {"", "UNLIMITED", "NONE", "INFINITE", "1-", "1:2:3:4", "-1", "a:b"})
    EXPECT_FALSE(read_slurm_span(text).has_value()) << text;
}

TEST(slurm_reasons, are_told_in_plain_words_with_slurms_own) {
  EXPECT_EQ(reason_in_words("Resources"), "what it asks for is in use (Resources)");
  EXPECT_EQ(reason_in_words("(Priority)"), "others go first (Priority)");
  EXPECT_EQ(reason_in_words("ReqNodeNotAvail, UnavailableNodes:n1"),
            "a node that it needs is down, drained or reserved "
            "(ReqNodeNotAvail, UnavailableNodes:n1)");
  EXPECT_EQ(reason_in_words("AssocGrpGRESRunMinutes"),
            "its account has as much as it may together: GPUs or other devices times minutes "
            "(AssocGrpGRESRunMinutes)");
  EXPECT_EQ(reason_in_words("QOSMaxJobsPerUserLimit"),
            "you have as much as one person may in its service class: jobs running "
            "(QOSMaxJobsPerUserLimit)");
  EXPECT_EQ(reason_in_words("launch failed requeued held").find("Slurm has a reason"),
            std::string::npos);
  EXPECT_EQ(reason_in_words("NewThing"), "Slurm has a reason of its own (NewThing)");
  EXPECT_EQ(reason_in_words(""), "Slurm has not said why");
  EXPECT_EQ(reason_in_words("\x1b[2J"), "Slurm has a reason of its own (\\x1b[2J)");
}

TEST(slurm_errors, say_what_to_try_and_whether_slurm_answered) {
  const Error down =
      slurm_error("sbatch",
                  "sbatch: error: Batch job submission failed: Unable to contact slurm controller "
                  "(connect failure)\n");
  EXPECT_EQ(down.kind, ErrorKind::unavailable);
  EXPECT_EQ(down.what.find("Slurm does not answer (sbatch: error: Batch"), 0u);
  EXPECT_EQ(slurm_error("sbatch",
                        "error: Invalid account or account/partition combination "
                        "specified")
                .kind,
            ErrorKind::denied);
  const Error features = slurm_error(
      "sbatch", "sbatch: error: Batch job submission failed: Invalid feature specification");
  EXPECT_EQ(features.what.find("no node has the features that it asks for (sbatch: error"), 0u);
  EXPECT_NE(features.hint.find("`constraint` of [on.slurm]"), std::string::npos);
  EXPECT_EQ(slurm_error("sbatch", "sbatch: error: so not").sentence(), "sbatch: error: so not");
  EXPECT_EQ(slurm_error("scancel", "Invalid job id specified").kind, ErrorKind::not_found);
  EXPECT_EQ(slurm_error("sbatch", "new \x1b words").what, "new \\x1b words");
  EXPECT_EQ(slurm_error("sbatch", " \n").what, "it failed and did not say why");
}

}  // namespace
}  // namespace gangline
