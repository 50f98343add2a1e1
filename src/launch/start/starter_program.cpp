// The starter: enters the control groups, becomes the person, waits at the gate and runs the
// person's program. A program of its own because it has to leave the launcher's memory, and small,
// without any library, because there is one run of it for each task. x86-64.
#include <asm/unistd.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <signal.h>

#include <type_traits>

#include "launch/start/start_failure.h"
#include "launch/start/starter_order.h"

// The compiler may call them for what looks like them.
extern "C" void* memset(void* to, int value, std::size_t size) {
  auto* bytes = static_cast<volatile char*>(to);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(value);
  return to;
}
extern "C" void* memcpy(void* to, const void* from, std::size_t size) {
  auto* bytes = static_cast<volatile char*>(to);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<const char*>(from)[i];
  return to;
}

namespace gangline {
namespace {

template <typename T>
long word_of(T value) {
  if constexpr (std::is_pointer_v<T>) return reinterpret_cast<long>(value);
  else return static_cast<long>(value);
}

/// The kernel's answer: negative is an errno.
template <typename A = long, typename B = long, typename C = long, typename D = long>
long ask_kernel(long what, A a = 0, B b = 0, C c = 0, D d = 0) {
  long answer = 0;
  register long fourth asm("r10") = word_of(d);
  asm volatile("syscall"
               : "=a"(answer)
               : "a"(what), "D"(word_of(a)), "S"(word_of(b)), "d"(word_of(c)), "r"(fourth)
               : "rcx", "r11", "memory");
  return answer;
}

class Starter {
 public:
  Starter(const StarterOrder& order, char** words, char** environment)
      : order_(order), directory_(words[0]), programs_(words + 1), environment_(environment) {
    failure_.rank = order.rank;
    words_ = programs_ + order.programs;
  }

  /// Returns where it went wrong; that is told then.
  void start() {
    if (enter_groups() && become() && take_directory() && pass_gate()) run();
    ask_kernel(__NR_write, order_.ready, &failure_, sizeof failure_);
  }

 private:
  bool check(StartStep step, long answer) {
    if (answer >= 0) return true;
    failure_.step = step;
    failure_.number = static_cast<int>(-answer);
    return false;
  }

  bool enter_groups() {
    for (const std::int32_t door : order_.doors) {
      if (door == StarterOrder::no_door) continue;
      if (!check(StartStep::cgroup, ask_kernel(__NR_write, door, "0", 1))) return false;
      ask_kernel(__NR_close, door);
    }
    for (const std::int32_t pipe : {order_.ready, order_.gate})
      ask_kernel(__NR_fcntl, pipe, F_SETFD, FD_CLOEXEC);
    return true;
  }

  /// See become.h. Its groups and limits it has already.
  bool become() {
    const std::uint32_t uid = order_.uid;
    const std::uint32_t gid = order_.gid;
    if (uid == 0) return check(StartStep::person, -EPERM);
    if (!check(StartStep::person, ask_kernel(__NR_setresgid, gid, gid, gid)) ||
        !check(StartStep::person, ask_kernel(__NR_setresuid, uid, uid, uid)))
      return false;
    ask_kernel(__NR_keyctl, KEYCTL_JOIN_SESSION_KEYRING);
    ask_kernel(__NR_umask, order_.umask);
    return check(StartStep::person, ask_kernel(__NR_setuid, 0) == 0 ? -EPERM : 0);
  }

  bool take_directory() { return check(StartStep::directory, ask_kernel(__NR_chdir, directory_)); }

  bool pass_gate() {
    if (order_.reports != 0) {
      const long told = ask_kernel(__NR_write, order_.ready, &failure_, sizeof failure_);
      if (!check(StartStep::gate, told)) return false;
    }
    char go = 0;
    long n = 0;
    do n = ask_kernel(__NR_read, order_.gate, &go, 1);
    while (n == -EINTR);
    return check(StartStep::gate, n == 1 ? 0 : n < 0 ? n : -EPIPE);
  }

  /// A file without "#!" is given to the shell.
  long run_one(char* program) {
    const long why = ask_kernel(__NR_execve, program, words_ + 1, environment_);
    if (why != -ENOEXEC) return why;
    words_[1] = program;
    return ask_kernel(__NR_execve, words_[0], words_, environment_);
  }

  void run() {
    unsigned long none = 0;
    ask_kernel(__NR_rt_sigprocmask, SIG_SETMASK, &none, static_cast<long*>(nullptr), sizeof none);
    long why = -ENOENT;
    for (std::uint32_t i = 0; i < order_.programs; ++i) {
      const long answer = run_one(programs_[i]);
      if (answer == -EACCES) why = answer;
      else if (order_.programs == 1 || (answer != -ENOENT && answer != -ENOTDIR)) {
        why = answer;
        break;
      }
    }
    check(StartStep::program, why);
  }

  const StarterOrder& order_;
  char* directory_;
  char** programs_;
  char** words_;
  char** environment_;
  StartFailure failure_;
};

}  // namespace

/// `stack`: number of words, the words, null, the variables, null.
extern "C" [[noreturn, gnu::used]] void starter_main(long* stack) {
  constexpr long fewest_words = 6;
  char** words = reinterpret_cast<char**>(stack + 1);
  StarterOrder order;
  if (stack[0] >= fewest_words && read_order(words[1], order) &&
      order.programs <= static_cast<unsigned long>(stack[0] - fewest_words + 1))
    Starter(order, words + 2, words + stack[0] + 1).start();
  // Whatever else is pending stays blocked.
  unsigned long blocked = ~(1UL << (ends_without_program - 1));
  ask_kernel(__NR_rt_sigprocmask, SIG_SETMASK, &blocked, static_cast<long*>(nullptr),
             sizeof blocked);
  ask_kernel(__NR_kill, ask_kernel(__NR_getpid), ends_without_program);
  for (;;) ask_kernel(__NR_exit_group, 127);
}

}  // namespace gangline

asm(R"(
  .globl _start
_start:
  xor %ebp, %ebp
  mov %rsp, %rdi
  and $-16, %rsp
  call starter_main
)");
