#include "os/program.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include "base/text.h"
#include "os/fd.h"
#include "os/file.h"

extern char** environ;  // NOLINT: POSIX's own name

namespace gangline {
namespace {

constexpr std::size_t block_size = 64 << 10;

struct Pipe {
  Fd read, write;
};

Result<Pipe> make_pipe(const std::string& program) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return system_error("make a pipe for", program, errno);
  return Pipe{Fd(ends[0]), Fd(ends[1])};
}

class SpawnActions {
 public:
  SpawnActions() {
    posix_spawn_file_actions_init(&actions_);
    posix_spawnattr_init(&attributes_);
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setsigdefault(&attributes_, &all);
    posix_spawnattr_setflags(&attributes_,
                             POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  ~SpawnActions() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }
  SpawnActions(const SpawnActions&) = delete;
  SpawnActions& operator=(const SpawnActions&) = delete;

  void duplicate(int from, int to) { posix_spawn_file_actions_adddup2(&actions_, from, to); }
  void open(int fd, const std::string& path) {
    posix_spawn_file_actions_addopen(&actions_, fd, path.c_str(), O_WRONLY | O_CREAT | O_APPEND,
                                     0600);
  }
  void close_others() { posix_spawn_file_actions_addclosefrom_np(&actions_, 3); }

  Result<pid_t> spawn(const ProgramCall& call) {
    std::vector<char*> words, environment;
    for (const std::string& word : call.words) words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);
    for (const std::string& each : call.environment)
      environment.push_back(const_cast<char*>(each.c_str()));
    environment.push_back(nullptr);
    pid_t pid = 0;
    const int failed = ::posix_spawnp(&pid, words.front(), &actions_, &attributes_, words.data(),
                                      call.environment.empty() ? environ : environment.data());
    if (failed != 0) return system_error("run", call.words.front(), failed);
    return pid;
  }

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

/// An unlinked file in memory: a pipe would have to be written while the program reads.
Result<Fd> file_with(const std::string& input) {
  Fd file(static_cast<int>(::syscall(SYS_memfd_create, "input", 1u /* MFD_CLOEXEC */)));
  if (!file.open()) return system_error("make", "the input of a program", errno);
  if (auto written = write_all(file.number(), input, "input"); !written) return written.error();
  ::lseek(file.number(), 0, SEEK_SET);
  return file;
}

/// A program that was started, with our ends of its pipes.
struct Child {
  pid_t pid = -1;
  Fd pidfd, output, error_output;
};

Result<Child> start(const ProgramCall& call) {
  auto input = file_with(call.input);
  if (!input) return input.error();
  SpawnActions actions;
  Child child;
  Pipe out, err;
  actions.duplicate(input->number(), 0);
  if (call.output_file.empty()) {
    auto first = make_pipe(call.words.front());
    auto second = make_pipe(call.words.front());
    if (!first || !second) return first ? second.error() : first.error();
    out = *std::move(first);
    err = *std::move(second);
    actions.duplicate(out.write.number(), 1);
    actions.duplicate(err.write.number(), 2);
  } else {
    actions.open(1, call.output_file);
    actions.duplicate(1, 2);
  }
  actions.close_others();
  const auto pid = actions.spawn(call);
  if (!pid) return pid.error();
  child.pid = *pid;
  child.pidfd = Fd(static_cast<int>(::syscall(SYS_pidfd_open, *pid, 0)));
  child.output = std::move(out.read);
  child.error_output = std::move(err.read);
  for (const Fd* fd : {&child.output, &child.error_output})
    if (fd->open()) ::fcntl(fd->number(), F_SETFL, O_NONBLOCK);
  return child;
}

/// Takes what there is. False: it is at its end.
bool drain(const Fd& from, std::string& into) {
  char block[block_size];
  for (;;) {
    const ssize_t n = ::read(from.number(), block, sizeof block);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno == EAGAIN;
    if (n == 0) return false;
    into.append(block, static_cast<std::size_t>(n));
    if (static_cast<std::size_t>(n) < sizeof block) return true;
  }
}

int code_of(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status); }

}  // namespace

struct ProgramRun::Core {
  Core(Loop& on, ProgramCall what, Heard call)
      : loop(on), program(std::move(what)), heard(std::move(call)) {}

  void end() {
    if (child.pid > 0) ::kill(-child.pid, SIGKILL);
    forget();
  }
  /// A zombie is let go of by whoever waits next; here it was waited for, or is told to be ended.
  void forget() {
    reading_output.reset();
    reading_error.reset();
    waiting.reset();
    due.reset();
    if (child.pid > 0) ::waitpid(child.pid, nullptr, 0);
    child = {};
  }
  void tell(Result<ProgramAnswer> answer_now) {
    const auto call = std::exchange(heard, nullptr);
    if (call) call(std::move(answer_now));
  }
  void fail(const std::string& what) {
    end();
    tell(Error{ErrorKind::unavailable, program.words.front() + " " + what, "", ""});
  }
  void read(const Fd& from, std::string& into, Loop::WatchPtr& watch) {
    if (!drain(from, into)) watch.reset();
    if (into.size() > program.most_output)
      fail("said more than " + std::to_string(program.most_output) + " bytes and was ended");
  }
  void hear_end() {
    int status = 0;
    if (::waitpid(child.pid, &status, WNOHANG) != child.pid) return;
    child.pid = -1;
    if (child.output.open()) (void)drain(child.output, answer.output);
    if (child.error_output.open()) (void)drain(child.error_output, answer.error_output);
    answer.code = code_of(status);
    forget();
    tell(std::move(answer));
  }

  Loop& loop;
  ProgramCall program;
  Heard heard;
  Child child;
  ProgramAnswer answer;
  Loop::WatchPtr reading_output, reading_error, waiting, due;
  bool goes_on = false;
};

ProgramRun::ProgramRun(Loop& loop, ProgramCall call, Heard heard)
    : core_(std::make_shared<Core>(loop, std::move(call), std::move(heard))) {
  // Callbacks may destroy the ProgramRun: each holds the core while it runs.
  const std::weak_ptr<Core> weak = core_;
  const auto with_core = [weak](auto act) {
    return [weak, act] {
      if (const auto core = weak.lock()) act(*core);
    };
  };
  auto started = start(core_->program);
  if (!started) {
    core_->due =
        loop.after(Span{0}, with_core([error = started.error()](Core& core) { core.tell(error); }));
    return;
  }
  core_->child = *std::move(started);
  const Child& child = core_->child;
  if (child.output.open()) {
    core_->reading_output =
        loop.on_readable(child.output.number(), with_core([](Core& core) {
                           core.read(core.child.output, core.answer.output, core.reading_output);
                         }));
    core_->reading_error = loop.on_readable(
        child.error_output.number(), with_core([](Core& core) {
          core.read(core.child.error_output, core.answer.error_output, core.reading_error);
        }));
  }
  core_->waiting =
      loop.on_readable(child.pidfd.number(), with_core([](Core& core) { core.hear_end(); }));
  if (core_->program.deadline.us > 0)
    core_->due = loop.after(
        core_->program.deadline, with_core([](Core& core) {
          core.fail("did not answer within " + format(core.program.deadline) + " and was ended");
        }));
}

ProgramRun::~ProgramRun() {
  if (!core_->goes_on) core_->end();
}

void ProgramRun::let_go() { core_->goes_on = true; }

Result<ProgramAnswer> run_program(const ProgramCall& call) {
  Loop loop;
  std::optional<Result<ProgramAnswer>> answer;
  const ProgramRun run(loop, call, [&](Result<ProgramAnswer> heard) {
    answer = std::move(heard);
    loop.stop();
  });
  loop.run();
  return *std::move(answer);
}

}  // namespace gangline
