#include "engine/slurm/node/sign_of_life.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>

#include "engine/slurm/sending.h"
#include "os/file.h"

namespace gangline {
namespace {

constexpr int code_of_given_up = 3;

[[noreturn]] void renew_until_given_up(const std::string& path, pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  for (std::uint64_t count = 1; ::getppid() == parent; ++count) {
    const auto renewed = renew_sign(path, count);
    if (!renewed && renewed.error().kind == ErrorKind::not_found) ::_exit(code_of_given_up);
    const timespec period{sign_period.us / 1'000'000, sign_period.us % 1'000'000 * 1'000};
    ::nanosleep(&period, nullptr);
  }
  ::_exit(0);
}

}  // namespace

SignOfLife::SignOfLife(std::string path) : path_(std::move(path)) {
  if (open_file(path_, O_WRONLY | O_CREAT)) begin();
}

SignOfLife::~SignOfLife() {
  if (child_ <= 0) return;
  ::kill(child_, SIGKILL);
  while (::waitpid(child_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

void SignOfLife::begin() {
  const pid_t parent = ::getpid();
  child_ = ::fork();
  if (child_ == 0) renew_until_given_up(path_, parent);
}

bool SignOfLife::given_up() {
  int status = 0;
  if (child_ <= 0 || ::waitpid(child_, &status, WNOHANG) != child_) return given_up_;
  child_ = 0;
  given_up_ = WIFEXITED(status) && WEXITSTATUS(status) == code_of_given_up;
  if (!given_up_) begin();
  return given_up_;
}

}  // namespace gangline
