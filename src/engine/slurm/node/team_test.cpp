#include <gtest/gtest.h>

#include "engine/slurm/node/gang_end.h"
#include "engine/slurm/node/gang_meeting.h"
#include "engine/slurm/node/given.h"
#include "engine/slurm/node/step_team.h"
#include "engine/slurm/node/task_words.h"

namespace gangline {
namespace {

using Words = std::vector<std::string>;

EndNote note_of(EndCause cause, std::int64_t started, std::int64_t at) {
  EndNote note{{started}, {at}, {}};
  note.ending.cause = cause;
  note.ending.cpu_time = seconds(1);
  note.ending.peak_memory = Bytes{at};
  if (cause == EndCause::done) note.ending.exit_code = 0;
  return note;
}

TEST(GangEnd, a_gang_whose_tasks_all_end_well_is_done_with_all_their_cpu_time) {
  TeamEnds ends(2);
  ends.note(1, note_of(EndCause::done, 3, 20));
  ends.note(0, note_of(EndCause::done, 2, 10));
  const EndNote gang = end_of_gang(ends, std::nullopt, {99});
  EXPECT_EQ(gang.ending.cause, EndCause::done);
  EXPECT_EQ(gang.started.us, 2);
  EXPECT_EQ(gang.at.us, 20);
  EXPECT_EQ(gang.ending.cpu_time, seconds(2));
  EXPECT_EQ(gang.ending.peak_memory.n, 20);
}

TEST(GangEnd, the_first_failure_decides_and_not_what_followed_from_it) {
  TeamEnds ends(2);
  EndNote first = note_of(EndCause::failed, 1, 10);
  first.ending.exit_code = 7;
  first.ending.detail = "rank 1 ended with code 7";
  EndNote then = note_of(EndCause::failed, 1, 9);
  then.ending.signal = 15;
  ends.note(1, first);
  ends.note(0, then);
  const EndNote gang = end_of_gang(ends, GangStop{EndCause::failed, ""}, {99});
  EXPECT_EQ(gang.ending.rank, 1u);
  EXPECT_EQ(gang.ending.exit_code, 7);
  EXPECT_FALSE(gang.ending.signal.has_value());
  EXPECT_EQ(gang.ending.detail, "rank 1 ended with code 7");
}

TEST(GangEnd, a_stop_is_no_failure_whatever_its_tasks_say) {
  TeamEnds ends(1);
  EndNote task = note_of(EndCause::failed, 1, 10);
  task.ending.signal = 15;
  ends.note(0, task);
  const EndNote gang = end_of_gang(ends, GangStop{EndCause::stopped, ""}, {99});
  EXPECT_EQ(gang.ending.cause, EndCause::stopped);
  EXPECT_EQ(gang.ending.signal, 15);
  EXPECT_FALSE(gang.ending.rank.has_value());
}

TEST(GangEnd, tasks_that_slurm_could_not_start_are_lost_with_its_words) {
  TeamEnds ends(2);
  ends.trouble = "srun: error: Unable to create step\nsrun: error: try later\n";
  ends.note(0, note_of(EndCause::lost, 0, 5));
  const EndNote gang = end_of_gang(ends, std::nullopt, {99});
  EXPECT_EQ(gang.started.us, 0);
  EXPECT_EQ(gang.ending.cause, EndCause::lost);
  EXPECT_FALSE(gang.ending.rank.has_value());
  EXPECT_EQ(gang.ending.detail,
            "Slurm could not start its tasks; Slurm said: srun: error: Unable to create step; "
            "srun: error: try later");
}

TEST(GangEnd, one_task_that_cannot_start_is_a_gang_that_never_ran) {
  TeamEnds ends(2);
  ends.note(1, note_of(EndCause::done, 3, 4));
  EndNote failed = note_of(EndCause::not_started, 0, 5);
  failed.ending.detail = "there is no program x";
  ends.note(0, failed);
  const EndNote gang = end_of_gang(ends, std::nullopt, {99});
  EXPECT_EQ(gang.started.us, 0);
  EXPECT_EQ(gang.ending.cause, EndCause::not_started);
  EXPECT_EQ(gang.ending.detail, "there is no program x");
}

TEST(RankDevices, a_task_has_its_own_slice_whether_slurm_names_it_or_all_of_the_node) {
  EXPECT_EQ(devices_of_rank({"2", "3"}, 2, 1), (Words{"2", "3"}));
  EXPECT_EQ(devices_of_rank({"2", "3", "4", "5"}, 2, 1), (Words{"4", "5"}));
  EXPECT_EQ(devices_of_rank({"2", "3", "4", "5"}, 1, 2), (Words{"4"}));
  EXPECT_EQ(devices_of_rank({"2", "3", "4"}, 2, 1), Words{});
  EXPECT_EQ(devices_of_rank({}, 1, 0), Words{});
}

TEST(Given, an_array_element_on_several_nodes_is_read_from_slurms_variables) {
  const SlurmVariables variables{{"SLURM_JOB_ID", "19"},          {"SLURM_ARRAY_JOB_ID", "17"},
                                 {"SLURM_ARRAY_TASK_ID", "3"},    {"SLURM_JOB_NODELIST", "n[1-2]"},
                                 {"SLURM_TASKS_PER_NODE", "2,1"}, {"SLURMD_NODENAME", "n1"},
                                 {"SLURM_JOB_GPUS", "0-1"},       {"SLURM_RESTART_COUNT", "2"}};
  const auto given = read_given(variables, 3);
  ASSERT_TRUE(given.ok());
  EXPECT_EQ(given->job, "17_3");
  EXPECT_EQ(given->job_id, "19");
  EXPECT_EQ(given->restarts, 2u);
  EXPECT_EQ(given->nodes, (std::vector<NodeGiven>{{"n1", 2, {0, 1}}, {"n2", 1, {}}}));
  EXPECT_EQ(array_index(variables), 3u);
  // Where Slurm counts other tasks than ours, they are spread evenly.
  EXPECT_EQ(read_given(variables, 5)->nodes[0].tasks, 3u);
  EXPECT_FALSE(read_given({}, 1).ok());
}

TEST(Given, only_a_step_of_srun_is_a_step) {
  SlurmVariables variables{{"SLURM_JOB_ID", "19"}, {"SLURM_JOB_NODELIST", "n1"}};
  EXPECT_FALSE(read_given(variables, 1)->in_step);
  variables["SLURM_STEP_ID"] = "4294967291";
  EXPECT_FALSE(read_given(variables, 1)->in_step);
  variables["SLURM_STEP_ID"] = "0";
  EXPECT_TRUE(read_given(variables, 1)->in_step);
}

TEST(Given, a_rank_of_a_step_is_read_from_slurms_variables) {
  SlurmVariables variables{{"SLURM_PROCID", "3"}, {"SLURM_LOCALID", "1"}, {"SLURM_NODEID", "1"}};
  EXPECT_FALSE(read_rank(variables).ok());
  variables["SLURM_STEP_NODELIST"] = "n[3-4]";
  variables["SLURM_STEP_TASKS_PER_NODE"] = "2(x2)";
  const auto rank = read_rank(variables);
  ASSERT_TRUE(rank.ok());
  EXPECT_EQ(rank->rank, 3u);
  EXPECT_EQ(rank->names, (Words{"n3", "n4"}));
  variables["SLURM_LOCALID"] = "2";
  EXPECT_FALSE(read_rank(variables).ok());
}

TEST(Step, the_words_of_srun_say_all_that_its_environment_would_say_otherwise) {
  StepPlan plan;
  plan.program = "/srv/bin/gang";
  plan.directory = "/d";
  plan.gang = 5;
  plan.tasks = 4;
  plan.task = {DeviceRequest{}, whole_cpus(3)};
  plan.task.devices->count = 2;
  plan.given.nodes = {{"n1", 2, {}}, {"n2", 2, {}}};
  EXPECT_EQ(step_words(plan, "none"),
            (Words{"srun", "--ntasks=4", "--nodes=2", "--ntasks-per-node=2", "--distribution=block",
                   "--cpus-per-task=3", "--gpus-per-task=2", "--kill-on-bad-exit=0", "--wait=0",
                   "--input=all", "--export=ALL", "--mpi=none", "/srv/bin/gang",
                   "internal-slurm-task", "/d", "5"}));
}

TEST(Step, plugins_of_mpi_are_tried_best_first) {
  EXPECT_EQ(known_mpi("MPI plugin types are...\n\tnone\n\tpmi2\n\tpmix\n"
                      "specific pmix plugin versions available: pmix_v4\n"),
            (Words{"pmix", "pmi2", "none"}));
  EXPECT_EQ(known_mpi("srun: MPI types are...\nsrun: pmi2\nsrun: none\n"), (Words{"pmi2", "none"}));
  EXPECT_EQ(known_mpi(""), (Words{"none"}));
}

TEST(Step, what_srun_says_of_ended_tasks_names_their_ranks) {
  using Ranks = std::vector<std::uint32_t>;
  EXPECT_EQ(ranks_in_complaint("srun: error: n4: tasks 2-3: Killed"), (Ranks{2, 3}));
  EXPECT_EQ(ranks_in_complaint("srun: error: n4: task 0: Exited with exit code 3"), (Ranks{0}));
  EXPECT_EQ(ranks_in_complaint("srun: error: n4: tasks"), Ranks{});
  EXPECT_EQ(ranks_in_complaint("srun: error: Node failure on n4"), Ranks{});
  EXPECT_EQ(node_in_complaint("srun: error: Node failure on n4"), "n4");
  EXPECT_EQ(node_in_complaint("srun: error: n4: tasks 2-3: Killed"), "");
}

TEST(TaskWords, news_of_a_task_are_read_back_and_other_lines_are_none) {
  TaskNews news{3, note_of(EndCause::failed, 5, 9), true};
  news.note.ending.detail = "rank 3 ended with code 7";
  std::string line = task_news_line(news);
  ASSERT_EQ(line.back(), '\n');
  line.pop_back();
  const auto read = task_news_from(line);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->rank, 3u);
  EXPECT_TRUE(read->ended);
  EXPECT_EQ(read->note.started.us, 5);
  EXPECT_EQ(read->note.ending, news.note.ending);
  for (const char* other :
       {"", "hello", "gang-task ", "gang-task 3 end 5", "gang-task x end 1 2 {}",
        "gang-task 3 went 1 2 {}", "gang-task 3 end 1 2 {"})
    EXPECT_FALSE(task_news_from(other).has_value()) << other;
  EXPECT_EQ(signal_from("signal 15"), 15);
  for (const char* other : {"signal", "signal 0", "signal 99", "signal x", "quit"})
    EXPECT_FALSE(signal_from(other).has_value()) << other;
}

TEST(Meeting, several_nodes_meet_where_the_tasks_read_it) {
  const std::vector<NodeGiven> nodes{{"192.0.2.1", 2, {}}, {"127.0.0.1", 1, {}}};
  Meeting meeting = make_meeting(nodes, {}, "");
  ASSERT_EQ(meeting.task_ports.size(), 3u);
  EXPECT_NE(meeting.address, "127.0.0.1");
  EXPECT_EQ(meeting.task_ports[0], meeting.task_ports[2]);
  EXPECT_NE(meeting.task_ports[0], meeting.task_ports[1]);
  meeting.host_file = "/a place/0.hosts";
  const auto read = meeting_from(meeting_text(meeting, nodes), {2, 1});
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->address, meeting.address);
  EXPECT_EQ(read->master_port, meeting.master_port);
  EXPECT_EQ(read->task_ports, meeting.task_ports);
  EXPECT_EQ(read->task_addresses, meeting.task_addresses);
  EXPECT_EQ(read->host_file, meeting.host_file);
  for (const char* other : {"", "a 1 2", "a x 2 - - ", "a 1 2 x - ", "a 1 99999 - - "})
    EXPECT_FALSE(meeting_from(other, {1}).has_value()) << other;
}

TEST(Meeting, one_node_meets_on_itself) {
  const Meeting meeting = make_meeting({{"n1", 1, {}}}, {}, "");
  EXPECT_EQ(meeting.address, "127.0.0.1");
  EXPECT_NE(meeting.master_port, 0);
  EXPECT_TRUE(meeting.task_ports.empty());
}

}  // namespace
}  // namespace gangline
