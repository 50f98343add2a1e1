#include "launch/lease/leases.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>

namespace gangline {
namespace {

using Answer = Leases::Answer;

/// Two launchers of one machine that nobody else meets. They are one process here, so a refusal may
/// name either of them.
class TwoLaunchers : public testing::Test {
 protected:
  TwoLaunchers() {
    for (const char* uid : {"GPU-a", "GPU-b", "GPU-c"}) {
      Device device;
      device.uid = uid;
      node_.devices.push_back(device);
    }
  }
  static NodePart part(std::vector<std::uint32_t> devices) {
    NodePart part{NodeId{0}, {TaskPlace{}}};
    for (const std::uint32_t device : devices) part.tasks[0].devices.push_back({device, {}});
    return part;
  }
  static GangId gang(std::uint32_t n) { return {{n}, 0}; }
  std::string name_of(const std::string& uid) const { return lease_name(scope_, uid); }

  const std::string scope_ = "gangline-test/" + std::to_string(::getpid());
  Node node_;
  Leases anna_{"anna", scope_}, ben_{"ben", scope_};
};

/// A process that holds what it inherited until it is killed.
class Heir {
 public:
  Heir() : pid_(::fork()) {
    if (pid_ == 0)
      for (;;) ::pause();
  }
  ~Heir() { end(); }
  Heir(const Heir&) = delete;
  Heir& operator=(const Heir&) = delete;
  void end() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }

 private:
  pid_t pid_;
};

TEST_F(TwoLaunchers, a_device_is_leased_to_one_of_them_until_it_lets_go) {
  EXPECT_EQ(anna_.take(gang(1), node_, part({0})).answer, Answer::taken);
  EXPECT_NE(ben_.take(gang(1), node_, part({0})).answer, Answer::taken);
  EXPECT_EQ(ben_.take(gang(1), node_, part({1})).answer, Answer::taken);
  anna_.let_go(gang(1));
  EXPECT_EQ(ben_.take(gang(2), node_, part({0})).answer, Answer::taken);
}

TEST_F(TwoLaunchers, who_cannot_have_all_has_none) {
  EXPECT_EQ(anna_.take(gang(1), node_, part({1})).answer, Answer::taken);
  EXPECT_NE(ben_.take(gang(1), node_, part({2, 0, 1})).answer, Answer::taken);
  EXPECT_FALSE(look_at(name_of("GPU-a")).held);
  EXPECT_FALSE(look_at(name_of("GPU-c")).held);
  EXPECT_TRUE(look_at(name_of("GPU-b")).held);
}

TEST_F(TwoLaunchers, gangs_of_one_launcher_share_a_device_and_the_last_one_lets_go_of_it) {
  NodePart half = part({0});
  half.tasks[0].devices[0].share.thousandths = 500;
  EXPECT_EQ(anna_.take(gang(1), node_, half).answer, Answer::taken);
  EXPECT_EQ(anna_.take(gang(2), node_, half).answer, Answer::taken);
  EXPECT_EQ(anna_.take(gang(3), node_, half).answer, Answer::held_by_ours);
  anna_.let_go(gang(1));
  EXPECT_NE(ben_.take(gang(1), node_, part({0})).answer, Answer::taken);
  anna_.let_go(gang(2));
  EXPECT_EQ(ben_.take(gang(1), node_, part({0})).answer, Answer::taken);
}

TEST_F(TwoLaunchers, a_whole_device_is_never_two_gangs_whatever_a_service_believes) {
  EXPECT_EQ(anna_.take(gang(1), node_, part({0})).answer, Answer::taken);
  EXPECT_EQ(anna_.take(gang(2), node_, part({0})).answer, Answer::held_by_ours);
  EXPECT_EQ(anna_.take(gang(2), node_, part({0, 1})).answer, Answer::held_by_ours);
  anna_.let_go(gang(1));
  EXPECT_EQ(anna_.take(gang(2), node_, part({0})).answer, Answer::taken);
}

TEST_F(TwoLaunchers, a_gang_without_devices_needs_no_lease) {
  const auto taken = anna_.take(gang(1), node_, part({}));
  EXPECT_EQ(taken.answer, Answer::taken);
  EXPECT_TRUE(taken.files.empty());
}

TEST_F(TwoLaunchers, others_learn_from_the_kernel_who_holds_it) {
  EXPECT_EQ(anna_.take(gang(1), node_, part({0})).answer, Answer::taken);
  const Glance glance = look_at(name_of("GPU-a"));
  ASSERT_TRUE(glance.holder);
  EXPECT_EQ(glance.holder->pid, ::getpid());
  EXPECT_EQ(glance.holder->uid, ::geteuid());
  EXPECT_TRUE(is_of_launcher(scope_, *glance.holder, ::geteuid(), "anna"));
  EXPECT_FALSE(is_of_launcher(scope_, *glance.holder, ::geteuid(), "ben"));
  EXPECT_FALSE(is_of_launcher(scope_, *glance.holder, ::geteuid() + 1, "anna"));
  EXPECT_NE(name_lease_holder(glance.holder).find("launcher " + std::to_string(::getpid()) + ")"),
            std::string::npos);
}

TEST_F(TwoLaunchers, a_task_keeps_the_lease_of_its_launcher_that_is_gone_until_it_ends) {
  auto lost = std::make_unique<Leases>("anna", scope_);
  EXPECT_EQ(lost->take(gang(1), node_, part({0})).answer, Answer::taken);
  Heir task;
  lost.reset();  // as kill -9 does: it closes what that process had open
  EXPECT_NE(ben_.take(gang(1), node_, part({0})).answer, Answer::taken);
  const auto again = anna_.take(gang(2), node_, part({0}));
  EXPECT_EQ(again.answer, Answer::held_by_ours) << again.why;
  task.end();
  EXPECT_EQ(ben_.take(gang(1), node_, part({0})).answer, Answer::taken);
}

TEST_F(TwoLaunchers, what_a_task_let_go_of_is_taken_by_the_launcher_that_adopts_its_gang) {
  auto lost = std::make_unique<Leases>("anna", scope_);
  EXPECT_EQ(lost->take(gang(1), node_, part({0, 1})).answer, Answer::taken);
  Heir task;
  lost.reset();
  anna_.adopt(gang(1), node_, part({0, 1}));
  task.end();  // as a program does that closes all files, and goes on
  EXPECT_FALSE(look_at(name_of("GPU-a")).held);
  anna_.take_adopted();
  EXPECT_NE(ben_.take(gang(1), node_, part({0})).answer, Answer::taken);
  EXPECT_NE(ben_.take(gang(1), node_, part({1})).answer, Answer::taken);
  anna_.let_go(gang(1));
  EXPECT_EQ(ben_.take(gang(1), node_, part({0, 1})).answer, Answer::taken);
}

TEST_F(TwoLaunchers, whoever_waits_is_told_when_a_lease_ends) {
  EXPECT_EQ(anna_.take(gang(1), node_, part({0})).answer, Answer::taken);
  const Glance glance = look_at(name_of("GPU-a"));
  pollfd line{glance.line.number(), POLLIN, 0};
  EXPECT_EQ(::poll(&line, 1, 0), 0);
  anna_.let_go(gang(1));
  EXPECT_EQ(::poll(&line, 1, 10'000), 1);
  EXPECT_FALSE(look_at(name_of("GPU-a")).held);
}

TEST_F(TwoLaunchers, files_for_tasks_are_out_of_the_way_of_shells_and_closed_for_others) {
  const auto taken = anna_.take(gang(1), node_, part({0, 1}));
  EXPECT_EQ(taken.files.size(), 3u);  // and the launcher's own name
  for (const int file : taken.files) {
    EXPECT_GE(file, 700);
    EXPECT_EQ(::fcntl(file, F_GETFD), FD_CLOEXEC);
  }
}

TEST_F(TwoLaunchers, a_name_taken_by_somebody_who_does_not_listen_is_seen_as_held) {
  const Fd squatter(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string name = name_of("GPU-a");
  std::memcpy(address.sun_path + 1, name.data(), name.size());
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  ASSERT_EQ(::bind(squatter.number(), reinterpret_cast<const sockaddr*>(&address),  // NOLINT
                   size),
            0);
  EXPECT_FALSE(look_at(name).held);
  EXPECT_EQ(taken_names(scope_), std::set<std::string>{name});
  const auto refused = ben_.take(gang(1), node_, part({0}));
  EXPECT_EQ(refused.answer, Answer::held_by_others);
  EXPECT_EQ(refused.why,
            "device GPU-a is still held by somebody who holds its lease and does not say who");
}

TEST(LeaseName, is_as_long_as_a_socket_takes_and_differs_where_uids_do) {
  const std::string a = lease_name(std::string(200, 's'), "GPU-a");
  const std::string b = lease_name(std::string(200, 's'), "GPU-b");
  EXPECT_EQ(a.size(), sizeof(sockaddr_un{}.sun_path) - 1);
  EXPECT_NE(a, b);
  EXPECT_EQ(lease_name("gangline", "GPU-a"), "gangline/device/GPU-a");
}

}  // namespace
}  // namespace gangline
