#include "launch/start.h"

#include <fcntl.h>
#include <linux/mempolicy.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <bitset>
#include <cerrno>
#include <cstring>
#include <memory>

#include "base/check.h"
#include "model/check_spec.h"
#include "os/clock.h"
#include "os/fd.h"
#include "os/file.h"

namespace gangline {
namespace {

constexpr int gate_deadline_ms = 10'000;
constexpr std::size_t child_stack = 64 << 10;
constexpr unsigned most_numa_nodes = 1024;

enum class Step : std::uint8_t {
  none,
  process,
  session,
  cgroup,
  directory,
  output_log,
  error_log,
  gate,
  journal,
  program,
};

const char* sentence_of(Step step) {
  switch (step) {
    case Step::none: return "";
    case Step::process: return "cannot make a process";
    case Step::session: return "cannot begin a session";
    case Step::cgroup: return "cannot enter its control group";
    case Step::directory: return "cannot change to its directory";
    case Step::output_log: return "cannot open its stdout log";
    case Step::error_log: return "cannot open its stderr log";
    case Step::gate: return "the other tasks could not be started";
    case Step::journal: return "cannot write to the launcher's journal";
    case Step::program: return "cannot run its program";
  }
  return "";
}

struct Failure {
  Step step = Step::none;
  int number = 0;
  std::uint32_t rank = 0;
};

/// All that a child reads. Made before it, so that it allocates nothing.
class ChildPlan {
 public:
  ChildPlan(const TaskRecipe& recipe, const BeganRecord& began, int journal,
            const CgroupDoors* doors)
      : rank(recipe.rank),
        program(recipe.program.c_str()),
        dir(recipe.dir.c_str()),
        output_log(recipe.output_log.c_str()),
        error_log(recipe.error_log.c_str()),
        journal_(journal),
        kept_files_(&recipe.kept_files),
        doors_(doors),
        frame_(began) {
    // A file without "#!" is given to the shell: sh PROGRAM ARGUMENTS.
    words_.reserve(recipe.words.size() + 3);
    words_.push_back(shell);
    for (const std::string& word : recipe.words) words_.push_back(word.c_str());
    words_.push_back(nullptr);
    environment_.reserve(recipe.inherited->size() + recipe.environment.size() + 1);
    for (const std::string& text : *recipe.inherited) environment_.push_back(text.c_str());
    for (const std::string& text : recipe.environment) environment_.push_back(text.c_str());
    environment_.push_back(nullptr);
    set_cpus(recipe);
  }

  /// In the child: becomes the task, or notes the failure and returns.
  void become_task(int ready, int gate);

  Failure failure;  // in memory shared with the parent where the child was made by vfork
  std::uint32_t rank;
  const char* program;
  const char* dir;
  const char* output_log;
  const char* error_log;

 private:
  static constexpr const char* shell = "/bin/sh";

  void set_cpus(const TaskRecipe& recipe) {
    if (recipe.cpus.empty()) return;
    for (const std::uint32_t cpu : recipe.cpus.list()) {
      cpus_[cpu / bits_per_word] |= 1ul << (cpu % bits_per_word);
      bound_ = true;
    }
    if (recipe.numa_node && *recipe.numa_node < most_numa_nodes) {
      numa_[*recipe.numa_node / bits_per_word] |= 1ul << (*recipe.numa_node % bits_per_word);
      prefers_numa_ = true;
    }
  }
  bool fail(Step step) {
    failure = {step, errno, rank};
    return false;
  }
  bool prepare();
  bool pass_gate(int ready, int gate);
  void run_program();

  static constexpr std::size_t bits_per_word = 8 * sizeof(unsigned long);
  int journal_;
  const std::vector<int>* kept_files_;
  const CgroupDoors* doors_;
  BeganFrame frame_;
  std::vector<const char*> words_;
  std::vector<const char*> environment_;
  std::array<unsigned long, CpuSet::most_cpus / bits_per_word> cpus_{};
  std::array<unsigned long, most_numa_nodes / bits_per_word> numa_{};
  bool bound_ = false;
  bool prefers_numa_ = false;
};

bool ChildPlan::prepare() {
  if (::setsid() < 0) return fail(Step::session);
  for (const int file : *kept_files_) ::fcntl(file, F_SETFD, 0);
  if (doors_ != nullptr)
    for (const int door : *doors_)
      if (::write(door, "0", 1) != 1) return fail(Step::cgroup);
  // To be bound, and to memory that is near, is better, but no reason not to run: the CPUs may have
  // gone offline a moment ago.
  if (bound_) ::syscall(SYS_sched_setaffinity, 0, sizeof cpus_, cpus_.data());
  if (prefers_numa_)
    ::syscall(SYS_set_mempolicy, MPOL_PREFERRED, numa_.data(), most_numa_nodes + 1);
  if (::chdir(dir) != 0) return fail(Step::directory);
  // 0 is /dev/null from the launcher; 1 and 2 become the logs by being the lowest that is closed.
  constexpr int log_flags = O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW;
  ::close(1);
  if (::open(output_log, log_flags, 0600) != 1) return fail(Step::output_log);
  ::close(2);
  if (::open(error_log, log_flags, 0600) != 2) return fail(Step::error_log);
  return true;
}

bool ChildPlan::pass_gate(int ready, int gate) {
  if (gate < 0) return true;
  if (::write(ready, &failure, sizeof failure) != sizeof failure) return fail(Step::gate);
  char go = 0;
  ssize_t n = 0;
  do n = ::read(gate, &go, 1);
  while (n < 0 && errno == EINTR);
  if (n != 1) return fail(Step::gate);
  return true;
}

void ChildPlan::run_program() {
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  const std::string_view frame = frame_.complete(::getpid(), since_boot());
  if (::write(journal_, frame.data(), frame.size()) != static_cast<ssize_t>(frame.size())) {
    fail(Step::journal);
    return;
  }
  // execve takes its words as char* but changes none.
  char* const* words = const_cast<char* const*>(words_.data());              // NOLINT
  char* const* environment = const_cast<char* const*>(environment_.data());  // NOLINT
  ::execve(program, words + 1, environment);
  if (errno == ENOEXEC) {
    words_[1] = program;
    ::execve(shell, words, environment);
  }
  fail(Step::program);
}

void ChildPlan::become_task(int ready, int gate) {
  if (prepare() && pass_gate(ready, gate)) run_program();
}

/// The quick way, for a gang of one task: the child borrows our memory until exec, so nothing is
/// copied and its failure is seen without a pipe.
int run_child(void* plan) {
  static_cast<ChildPlan*>(plan)->become_task(-1, -1);
  _exit(127);
}

class ChildStack {
 public:
  ChildStack()
      : bottom_(::mmap(nullptr, child_stack, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0)) {
    CHECK(bottom_ != MAP_FAILED);
  }
  ~ChildStack() { ::munmap(bottom_, child_stack); }
  ChildStack(const ChildStack&) = delete;
  ChildStack& operator=(const ChildStack&) = delete;
  void* top() const { return static_cast<char*>(bottom_) + child_stack; }

 private:
  void* bottom_;
};

std::string at_most_bytes(std::size_t size, std::size_t most) {
  return " has " + std::to_string(size) + " bytes, and Linux takes at most " + std::to_string(most);
}

/// Which of what a program is given is more than the kernel takes, and what to try.
std::string what_is_too_long(const TaskRecipe& task) {
  std::size_t all = 0;
  const auto too_long = [&](const std::string& text) {
    all += text.size() + 1 + sizeof(char*);
    return text.size() > longest_word;
  };
  for (const std::string& word : task.words)
    if (too_long(word))
      return "a word of its command" + at_most_bytes(word.size(), longest_word) +
             " in one; hand it over in a file";
  for (const auto* variables : {task.inherited.get(), &task.environment})
    for (const std::string& variable : *variables)
      if (too_long(variable))
        return "its variable " + variable.substr(0, variable.find('=')) +
               at_most_bytes(variable.size(), longest_word) + " in one; hand it over in a file";
  return "its command with all variables" +
         at_most_bytes(all, static_cast<std::size_t>(::sysconf(_SC_ARG_MAX))) +
         " here; hand over less, or start the service anew under a larger `ulimit -s`";
}

std::string failure_text(const Failure& failure, const GangRecipe& recipe) {
  const TaskRecipe* task = &recipe.tasks.front();
  for (const TaskRecipe& each : recipe.tasks)
    if (each.rank == failure.rank) task = &each;
  std::string text = recipe.tasks.size() > 1 ? "rank " + std::to_string(failure.rank) + " " : "";
  text += sentence_of(failure.step);
  if (failure.step == Step::directory) text += " " + task->dir;
  if (failure.step == Step::program) text += " " + task->program;
  if (failure.step == Step::output_log) text += " " + task->output_log;
  if (failure.step == Step::error_log) text += " " + task->error_log;
  if (failure.number == E2BIG) return text + ": " + what_is_too_long(*task);
  if (failure.number != 0) text += std::string(": ") + std::strerror(failure.number);
  return text;
}

bool is_disk_full(const Failure& failure) {
  const bool writes = failure.step == Step::output_log || failure.step == Step::error_log ||
                      failure.step == Step::journal;
  return writes && (failure.number == ENOSPC || failure.number == EDQUOT || failure.number == 0);
}

void reap_now(std::int64_t pid) {
  while (::waitpid(static_cast<pid_t>(pid), nullptr, 0) < 0 && errno == EINTR) {
  }
}

Started start_one(const GangRecipe& recipe, BeganRecord began, int journal,
                  const CgroupDoors* doors) {
  static const ChildStack stack;
  ChildPlan plan(recipe.tasks.front(), began, journal, doors);
  const int pid = ::clone(run_child, stack.top(), CLONE_VM | CLONE_VFORK | SIGCHLD, &plan);
  if (pid < 0) plan.failure = {Step::process, errno, plan.rank};
  const Failure failure = plan.failure;
  if (failure.step == Step::none || failure.step == Step::program) {
    began.pid = pid;
    began.boot_after = since_boot();
    return {{began}, failure.step == Step::none ? "" : failure_text(failure, recipe), false};
  }
  if (pid > 0) reap_now(pid);
  return {{}, failure_text(failure, recipe), is_disk_full(failure)};
}

struct Pipe {
  Fd read;
  Fd write;
};
bool open_pipe(Pipe& made) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return false;
  made.read = Fd(ends[0]);
  made.write = Fd(ends[1]);
  return true;
}

/// The next message of a child; nothing when all have run their programs or ended, or at the
/// deadline.
std::optional<Failure> next_report(int ready) {
  pollfd waiting{ready, POLLIN, 0};
  int n = 0;
  do n = ::poll(&waiting, 1, gate_deadline_ms);
  while (n < 0 && errno == EINTR);
  if (n <= 0) return std::nullopt;
  Failure report;
  if (::read(ready, &report, sizeof report) != sizeof report) return std::nullopt;
  return report;
}

[[noreturn]] void run_gated_child(ChildPlan& plan, int ready, int gate) {
  plan.become_task(ready, gate);
  // What went wrong is told; a child that ends here because the gate stayed shut tells nothing new.
  if (::write(ready, &plan.failure, sizeof plan.failure) < 0) _exit(126);
  _exit(127);
}

/// The way of a gang of several: each child does all but exec, says so, and waits at the gate,
/// which opens when all are there.
Started start_many(const GangRecipe& recipe, std::vector<BeganRecord> began, int journal,
                   const std::vector<CgroupDoors>& doors) {
  Pipe ready;
  Pipe gate;
  if (!open_pipe(ready) || !open_pipe(gate))
    return {{}, failure_text({Step::process, errno, recipe.tasks.front().rank}, recipe), false};

  // 1. Make them all.
  Failure failed;
  std::size_t made = 0;
  for (; made < recipe.tasks.size(); ++made) {
    ChildPlan plan(recipe.tasks[made], began[made], journal,
                   doors.empty() ? nullptr : &doors[made]);
    const pid_t pid = ::fork();
    if (pid == 0) {
      gate.write.reset();
      run_gated_child(plan, ready.write.number(), gate.read.number());
    }
    if (pid < 0) {
      failed = {Step::process, errno, recipe.tasks[made].rank};
      break;
    }
    began[made].pid = pid;
  }
  ready.write.reset();
  gate.read.reset();

  // 2. Hear from each that it is ready.
  for (std::size_t heard = 0; heard < made && failed.step == Step::none; ++heard) {
    const auto report = next_report(ready.read.number());
    failed = report.value_or(Failure{Step::gate, ETIMEDOUT, recipe.tasks.front().rank});
  }
  if (failed.step != Step::none) {
    gate.write.reset();
    for (std::size_t i = 0; i < made; ++i) {
      ::kill(static_cast<pid_t>(began[i].pid), SIGKILL);
      reap_now(began[i].pid);
    }
    return {{}, failure_text(failed, recipe), is_disk_full(failed)};
  }

  // 3. Let all go in one write, and hear of those whose program cannot be run.
  const std::string go(recipe.tasks.size(), 'g');
  CHECK(write_all(gate.write.number(), go, "gate").ok());
  while (const auto report = next_report(ready.read.number()))
    if (failed.step == Step::none) failed = *report;
  for (BeganRecord& record : began) record.boot_after = since_boot();
  return {std::move(began), failed.step == Step::none ? "" : failure_text(failed, recipe), false};
}

}  // namespace

Started start_tasks(const GangRecipe& recipe, std::vector<BeganRecord> began, int journal,
                    const std::vector<CgroupDoors>& doors) {
  CHECK(recipe.tasks.size() == began.size() && !began.empty());
  if (recipe.tasks.size() > 1) return start_many(recipe, std::move(began), journal, doors);
  return start_one(recipe, began.front(), journal, doors.empty() ? nullptr : &doors.front());
}

}  // namespace gangline
