#include "launch/processes.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

namespace gangline {
namespace {

/// Linux 6.15 and newer.
bool kernel_tells_others() {
  utsname system{};
  ::uname(&system);
  char* rest = nullptr;
  const long major = std::strtol(system.release, &rest, 10);
  const long minor = *rest == '.' ? std::strtol(rest + 1, nullptr, 10) : 0;
  return major > 6 || (major == 6 && minor >= 15);
}

/// A process that ends at once, and whose parent lets go of it when the test says so.
class Ended {
 public:
  explicit Ended(void (*end)()) : pid_(::fork()) {
    if (pid_ == 0) {
      end();
      ::_exit(99);
    }
    pidfd_ = Fd(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
    pollfd ended{pidfd_.number(), POLLIN, 0};
    ::poll(&ended, 1, -1);
  }
  ~Ended() { let_go(); }
  Ended(const Ended&) = delete;
  Ended& operator=(const Ended&) = delete;

  void let_go() { ::waitpid(pid_, nullptr, 0); }
  std::optional<int> status() const { return wait_status_of(pidfd_.number(), pid_); }

 private:
  pid_t pid_;
  Fd pidfd_;
};

TEST(WaitStatus, OfAZombieIsKnownBeforeItsParentLetsGoOfIt) {
  if (!kernel_tells_others()) GTEST_SKIP() << "this kernel tells only the parent";
  const Ended failed([] { ::_exit(7); });
  const Ended well([] { ::_exit(0); });
  const Ended killed([] { ::raise(SIGKILL); });
  ASSERT_TRUE(failed.status() && well.status() && killed.status());
  EXPECT_EQ(WEXITSTATUS(*failed.status()), 7);
  EXPECT_EQ(*well.status(), 0);
  EXPECT_TRUE(WIFSIGNALED(*killed.status()));
  EXPECT_EQ(WTERMSIG(*killed.status()), SIGKILL);
}

TEST(WaitStatus, IsStillKnownWhenItsParentHasLetGoOfIt) {
  if (!kernel_tells_others()) GTEST_SKIP() << "this kernel tells only the parent";
  Ended failed([] { ::_exit(7); });
  failed.let_go();
  ASSERT_TRUE(failed.status());
  EXPECT_EQ(WEXITSTATUS(*failed.status()), 7);
}

TEST(WaitStatus, OfAZombieThatIsNotOursIsUnknownAndNotZero) {
  if (!kernel_tells_others() || ::geteuid() != 0) GTEST_SKIP() << "only root can be two users";
  const Ended failed([] { ::_exit(7); });
  const pid_t other = ::fork();
  if (other == 0) {
    constexpr uid_t nobody = 65534;
    if (::setresuid(nobody, nobody, nobody) != 0) ::_exit(2);
    ::_exit(failed.status() ? 1 : 0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(other, &status, 0), other);
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST(WaitStatus, OfAProcessThatLivesIsUnknown) {
  const Fd self(static_cast<int>(::syscall(SYS_pidfd_open, ::getpid(), 0)));
  EXPECT_EQ(wait_status_of(self.number(), ::getpid()), std::nullopt);
}

}  // namespace
}  // namespace gangline
