#include "launch/wire.h"

#include <gtest/gtest.h>

#include <random>

namespace gangline {
namespace {

Job full_job() {
  JobSpec spec;
  spec.name = "full";
  spec.command = {false, {"python3", "train.py", "{lr}"}};
  spec.resources.tasks = 2;
  spec.resources.alternatives = {TaskRequest{DeviceRequest{}, whole_cpus(4), gibibytes(1)}};
  spec.time = minutes(5);
  spec.retries = 3;
  spec.retry_on = {RetryOn::lost, RetryOn::time};
  spec.after = {"prepare"};
  spec.dir = "/tmp";
  spec.env = {{"A", "1"}};
  spec.inherited = {{"PATH", "/bin"}};
  spec.sweep = {{"lr", {"0.1", "0.2"}}};
  spec.split = Split{SplitKind::lines, "/urls", Bytes{10}, Time{3}, {{"", 0, 5}, {"", 5, 10}}};
  spec.gather = Command{true, {"cat {outputs}"}};
  spec.launcher = TeamLauncher::mpi;
  spec.stop_signal = 2;
  spec.grace = seconds(3);
  spec.log_limit = mebibytes(5);
  spec.mps = true;
  return {{7}, "anna", 1000, Time{123}, std::make_shared<const JobSpec>(spec)};
}

Allocation full_allocation() {
  Allocation allocation;
  allocation.alternative = 1;
  allocation.parts = {{NodeId{0}, {{0, {{2, whole_device}}, CpuSet::of({0, 1}), gibibytes(1)}}},
                      {NodeId{3}, {{1, {{0, Share{500}}}, CpuSet::of({7}), gibibytes(1)}}}};
  return allocation;
}

std::vector<Message> all_messages() {
  Node node;
  node.name = "n";
  node.cpus = CpuSet::first(4);
  node.devices.resize(1);
  node.devices[0].uid = "GPU-1";
  node.devices[0].vendor = "nvidia";
  const std::vector<Fence> fences{{"cpus", false, "bound"}};
  Ending ending{EndCause::failed, 1u,     7,          std::nullopt,
                "rank 1 ended",   "oh\n", seconds(1), mebibytes(3)};
  return {
      HelloMessage{wire_version, "e:5", "store"},
      NodeMessage{node},
      JobMessage{full_job()},
      StartMessage{
          {7}, 2, 10, 1, 1, std::make_shared<const Allocation>(full_allocation()), "boot", "e:4"},
      StopMessage{{{7}, 2}, EndCause::stopped, "stopped by anna", true},
      ReturnMessage{{7}, 2, 3},
      AcknowledgeMessage{"e:9"},
      RetireMessage{},
      WelcomeMessage{wire_version, "e", 10, 9},
      NewsMessage{{{Time{1}, GangStarted{{{7}, 2}, 1, fences}},
                   {Time{2}, GangEnded{{{7}, 2}, 1, Time{1}, ending}},
                   {Time{3}, TurnsReturned{{7}, 3, 2}},
                   {Time{4}, LogTrimmed{{{7}, 2}, 0, true, mebibytes(1)}}},
                  "e:12"},
      TroubleMessage{"the disk is full"}};
}

TEST(Wire, each_message_comes_out_as_it_went_in) {
  Inbox inbox;
  std::string sent;
  for (const Message& message : all_messages()) sent += frame_of(message);
  // In pieces, as a socket may give them.
  std::string received;
  for (std::size_t at = 0; at < sent.size(); at += 7) {
    inbox.add(std::string_view(sent).substr(at, 7));
    for (;;) {
      auto message = inbox.next();
      ASSERT_TRUE(message.ok());
      if (!*message) break;
      received += frame_of(**message);
    }
  }
  EXPECT_EQ(received, sent);
}

TEST(Wire, a_job_keeps_all_its_fields) {
  const Job job = full_job();
  const auto message = unpack_message(frame_of(JobMessage{job}).substr(4));
  ASSERT_TRUE(message.ok());
  const Job& read = std::get<JobMessage>(*message).job;
  EXPECT_EQ(*read.spec, *job.spec);
  EXPECT_EQ(read.id, job.id);
  EXPECT_EQ(read.owner, job.owner);
}

TEST(Wire, an_allocation_keeps_all_its_fields) {
  const auto message = unpack_message(frame_of(all_messages()[3]).substr(4));
  ASSERT_TRUE(message.ok());
  EXPECT_EQ(*std::get<StartMessage>(*message).allocation, full_allocation());
  EXPECT_EQ(std::get<StartMessage>(*message).boot, "boot");
}

TEST(Wire, bytes_changed_at_random_are_refused_or_make_a_message_but_never_harm) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const auto messages = all_messages();
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes = frame_of(messages[random() % messages.size()]).substr(4);
    const std::size_t changes = 1 + random() % 4;
    for (std::size_t i = 0; i < changes; ++i)
      bytes[random() % bytes.size()] = static_cast<char>(random());
    if (random() % 4 == 0) bytes.resize(random() % bytes.size());
    const auto message = unpack_message(bytes);
    if (message) (void)frame_of(*message);
  }
}

TEST(Wire, a_message_that_claims_to_be_huge_is_refused_before_it_is_awaited) {
  Inbox inbox;
  inbox.add("\xff\xff\xff\xff");
  EXPECT_FALSE(inbox.next().ok());
}

TEST(Wire, a_start_without_a_task_on_this_node_is_refused) {
  auto allocation = std::make_shared<const Allocation>();
  EXPECT_FALSE(unpack_message(frame_of(StartMessage{{1}, 0, 1, 1, 0, allocation}).substr(4)).ok());
}

TEST(Wire, a_cursor_of_another_life_asks_for_all_news) {
  EXPECT_EQ(number_of_cursor("e:12", "e"), 12u);
  EXPECT_EQ(number_of_cursor("e:12", "f"), 0u);
  EXPECT_EQ(number_of_cursor("", "e"), 0u);
  EXPECT_EQ(number_of_cursor("ee:12", "e"), 0u);
}

}  // namespace
}  // namespace gangline
