#include "launch/gangs.h"

#include <gtest/gtest.h>
#include <sys/mount.h>

#include <cstdlib>
#include <filesystem>

#include "launch/start/start_failure.h"
#include "os/clock.h"
#include "os/file.h"

namespace gangline {
namespace {

/// The state directory of a launcher that was killed.
class Ruin {
 public:
  Ruin() {
    char name[] = "/tmp/gangline-ruin-XXXXXX";
    path_ = ::mkdtemp(name);
    EXPECT_TRUE(make_private_directory(path_ + "/launcher").ok());
  }
  ~Ruin() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::string& path() const { return path_; }

  /// Two tasks, of which `began` had started when the launcher was killed.
  void write(const std::string& boot, std::uint32_t began, std::int64_t pid) const {
    auto ledger = Ledger::open(path_ + "/launcher");
    ASSERT_TRUE(ledger.ok());
    Allocation allocation;
    allocation.parts = {NodePart{NodeId{0}, {TaskPlace{0, {}, {}, {}}, TaskPlace{1, {}, {}, {}}}}};
    ASSERT_TRUE(ledger->commit({BootRecord{boot}}).ok());
    ASSERT_TRUE(ledger
                    ->commit({OrderRecord{
                        1, {1}, 1, 0, {{0, 1}}, std::make_shared<const Allocation>(allocation)}})
                    .ok());
    for (std::uint32_t rank = 0; rank < began; ++rank)
      ASSERT_TRUE(ledger
                      ->commit({BeganRecord{1,
                                            {{1}, 0},
                                            1,
                                            rank,
                                            rank == 0 ? 1u : 0u,
                                            Time{5},
                                            Span{1},
                                            Span{2},
                                            pid + rank}})
                      .ok());
  }
  /// How the gang ended for the launcher that comes next.
  Ending adopted() const {
    auto ledger = Ledger::open(path_ + "/launcher");
    if (!ledger) return {};
    Gangs gangs(*ledger, {path_, "/", 0, ""});
    gangs.adopt();
    for (const NumberedNews& news : ledger->book().news())
      if (const auto* ended = std::get_if<GangEnded>(&news.event.body)) return ended->ending;
    return {};
  }

 private:
  std::string path_;
};

TEST(Adoption, after_a_restart_of_the_machine_what_ran_is_lost_with_that_reason) {
  const Ruin ruin;
  ruin.write("another boot", 2, ::getpid());
  const Ending ending = ruin.adopted();
  EXPECT_EQ(ending.cause, EndCause::lost);
  EXPECT_EQ(ending.detail, "the machine was restarted while it ran");
}

TEST(Adoption, after_a_restart_of_the_machine_what_may_have_begun_is_lost_and_told_anew) {
  const Ruin ruin;
  ruin.write("another boot", 0, ::getpid());
  const Ending ending = ruin.adopted();
  EXPECT_EQ(ending.cause, EndCause::lost);
  EXPECT_EQ(ending.detail, "the machine was restarted, and whether it had begun is not known");
  auto ledger = Ledger::open(ruin.path() + "/launcher");
  ASSERT_TRUE(ledger.ok());
  EXPECT_TRUE(ledger->book().idle());
  EXPECT_EQ(ledger->book().boot(), boot_id());
  EXPECT_GT(ledger->book().next_news(), 1'000'000u) << "a service may have heard of these";
}

TEST(Adoption, what_is_ordered_as_a_full_disk_gets_room_is_of_this_boot_and_not_lost) {
  const Ruin ruin;
  const std::string directory = ruin.path() + "/launcher";
  const auto mount_disk = [&](unsigned long how, const char* size) {
    return ::mount("tmpfs", directory.c_str(), "tmpfs", how, size) == 0;
  };
  if (!mount_disk(0, "size=1m")) GTEST_SKIP() << "mounting is not permitted here";
  {
    auto ledger = Ledger::open(directory);
    ASSERT_TRUE(ledger.ok());
    Gangs gangs(*ledger, {ruin.path(), "/", 0, ""});
    gangs.adopt();
    EXPECT_NE(gangs.trouble().find("no room"), std::string::npos) << gangs.trouble();
    EXPECT_TRUE(mount_disk(MS_REMOUNT, "size=16m"));

    Allocation allocation;
    allocation.parts = {NodePart{NodeId{0}, {TaskPlace{0, {}, {}, {}}}}};
    gangs.order({{1}, 0, 2, 1, 0, std::make_shared<const Allocation>(allocation), boot_id(), ""});
    gangs.tick();
    EXPECT_EQ(ledger->book().boot(), boot_id());
    EXPECT_TRUE(ledger->book().news().empty());
    EXPECT_EQ(ledger->book().lanes().size(), 1u);
  }
  ::umount2(directory.c_str(), MNT_DETACH);
}

TEST(Adoption, a_task_whose_exit_nobody_saw_is_lost_with_that_reason) {
  const Ruin ruin;
  // This very process has the number, but was made at another time.
  ruin.write(boot_id(), 2, ::getpid());
  const Ending ending = ruin.adopted();
  EXPECT_EQ(ending.cause, EndCause::lost);
  EXPECT_EQ(ending.detail, "its exit was not seen because launcher and guardian were killed");
  EXPECT_FALSE(ending.exit_code.has_value());
}

TEST(Adoption, a_gang_of_which_only_a_part_began_is_lost_with_that_reason) {
  const Ruin ruin;
  ruin.write(boot_id(), 1, ::getpid());
  const Ending ending = ruin.adopted();
  EXPECT_EQ(ending.cause, EndCause::lost);
  EXPECT_EQ(ending.detail, "the launcher was killed while it started this gang");
}

TEST(Adoption, an_exit_that_the_guardian_saw_is_no_loss) {
  const Ruin ruin;
  ruin.write(boot_id(), 2, 1'000'000);
  auto exits = open_with_room(ruin.path() + "/launcher/exits.1", 4096);
  ASSERT_TRUE(exits.ok());
  for (const std::int64_t pid : {1'000'000, 1'000'001}) {
    const std::string frame =
        framed_record(ExitRecord{pid, false, 0, since_boot(), now(), seconds(1), {}});
    ASSERT_TRUE(write_all(exits->number(), frame, "exits").ok());
  }
  const Ending ending = ruin.adopted();
  EXPECT_EQ(ending.cause, EndCause::done);
  EXPECT_EQ(ending.exit_code, 0);
  EXPECT_EQ(ending.cpu_time, seconds(2));
}

TEST(Adoption, a_gang_whose_program_did_not_run_is_lost_and_has_no_exit_code) {
  const Ruin ruin;
  ruin.write(boot_id(), 2, 1'000'000);
  auto exits = open_with_room(ruin.path() + "/launcher/exits.1", 4096);
  ASSERT_TRUE(exits.ok());
  for (const std::int64_t pid : {1'000'000, 1'000'001}) {
    const std::string frame = framed_record(
        ExitRecord{pid, true, ends_without_program, since_boot(), now(), Span{0}, {}});
    ASSERT_TRUE(write_all(exits->number(), frame, "exits").ok());
  }
  const Ending ending = ruin.adopted();
  EXPECT_EQ(ending.cause, EndCause::lost);
  EXPECT_EQ(ending.detail,
            "the launcher was killed while it started rank 0, whose program did not run");
  EXPECT_FALSE(ending.exit_code || ending.signal);
}

TEST(Adoption, an_exit_from_before_a_restart_is_not_that_of_a_task_with_the_same_number) {
  const Ruin ruin;
  ruin.write(boot_id(), 2, 1'000'000);
  auto exits = open_with_room(ruin.path() + "/launcher/exits.1", 4096);
  ASSERT_TRUE(exits.ok());
  std::string frames = framed_record(BootRecord{"another boot"});
  for (const std::int64_t pid : {1'000'000, 1'000'001})
    frames += framed_record(ExitRecord{pid, false, 0, since_boot(), now(), seconds(1), {}});
  ASSERT_TRUE(write_all(exits->number(), frames, "exits").ok());
  EXPECT_EQ(ruin.adopted().cause, EndCause::lost);
}

TEST(Ports, given_ports_are_free_and_given_once) {
  Ports ports;
  const auto first = ports.take(20);
  const auto second = ports.take(20);
  ASSERT_EQ(first.size(), 20u);
  for (const std::uint16_t port : first) {
    EXPECT_TRUE(port_is_free(port));
    EXPECT_EQ(std::count(second.begin(), second.end(), port), 0);
  }
}

}  // namespace
}  // namespace gangline
