#include "launch/start/child_plan.h"

#include <fcntl.h>
#include <linux/mempolicy.h>
#include <sched.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <bitset>
#include <cerrno>
#include <cstring>

#include "launch/start/become.h"
#include "launch/start/starter_plan.h"
#include "model/check_spec.h"
#include "os/clock.h"
#include "os/file.h"

namespace gangline {
namespace {

// 0 is /dev/null from the launcher; 1 and 2 become the logs by being the lowest that is closed.
constexpr int log_flags = O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW;
constexpr mode_t log_mode = 0600;
constexpr mode_t shared_log_mode = 0640;  // its owner writes, the service for all reads
constexpr int first_beyond_logs = 3;
constexpr const char* oom_score = "/proc/self/oom_score_adj";

const char* sentence_of(StartStep step) {
  switch (step) {
    case StartStep::none: return "";
    case StartStep::process: return "cannot make a process";
    case StartStep::session: return "cannot begin a session";
    case StartStep::cgroup: return "cannot enter its control group";
    case StartStep::directory: return "cannot change to its directory";
    case StartStep::output_log: return "cannot open its stdout log";
    case StartStep::error_log: return "cannot open its stderr log";
    case StartStep::limits: return "cannot take the limits of the session it was submitted from";
    case StartStep::starter: return "cannot run the starter";
    case StartStep::person: return "cannot become the user who submitted it";
    case StartStep::piece: return "cannot write its shard";
    case StartStep::gate: return "the other tasks could not be started";
    case StartStep::journal: return "cannot write to the launcher's journal";
    case StartStep::program: return "cannot run its program";
    case StartStep::killed: return "a process was ended before it ran its program";
  }
  return "";
}

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

/// Of the files from number `from` on.
bool close_all_but(const std::vector<int>& kept, int from) {
  auto next = static_cast<unsigned>(from);
  for (const int file : kept) {
    const auto stays = static_cast<unsigned>(file);
    if (stays < next) continue;
    if (stays > next && ::close_range(next, stays - 1, 0) != 0) return false;
    next = stays + 1;
  }
  return ::close_range(next, ~0u, 0) == 0;
}

}  // namespace

std::string failure_text(const StartFailure& failure, const GangRecipe& recipe) {
  const TaskRecipe* task = &recipe.tasks.front();
  for (const TaskRecipe& each : recipe.tasks)
    if (each.rank == failure.rank) task = &each;
  std::string text = recipe.tasks.size() > 1 ? "rank " + std::to_string(failure.rank) + " " : "";
  text += sentence_of(failure.step);
  if (failure.step == StartStep::directory) text += " " + task->dir;
  if (failure.text.front() != 0) return text + ": " + failure.text.data();
  if (failure.step == StartStep::program) text += " " + task->program;
  if (failure.step == StartStep::output_log) text += " " + task->output_log;
  if (failure.step == StartStep::error_log) text += " " + task->error_log;
  if (failure.number == E2BIG) return text + ": " + what_is_too_long(*task);
  if (failure.number != 0) text += std::string(": ") + std::strerror(failure.number);
  return text;
}

bool is_disk_full(const StartFailure& failure) {
  const bool writes = failure.step == StartStep::output_log ||
                      failure.step == StartStep::error_log || failure.step == StartStep::journal;
  return writes && (failure.number == ENOSPC || failure.number == EDQUOT || failure.number == 0);
}

ChildPlan::ChildPlan(const TaskRecipe& recipe, const BeganRecord& began, int journal,
                     const CgroupDoors* doors)
    : recipe_(recipe), journal_(journal), doors_(doors), frame_(began) {
  failure.rank = recipe.rank;
  // A file without "#!" is given to the shell: sh PROGRAM ARGUMENTS.
  words_.reserve(recipe.words.size() + 3);
  words_.push_back(shell);
  for (const std::string& word : recipe.words) words_.push_back(word.c_str());
  words_.push_back(nullptr);
  environment_.reserve(recipe.inherited->size() + recipe.environment.size() + 1);
  for (const std::string& text : *recipe.inherited) environment_.push_back(text.c_str());
  for (const std::string& text : recipe.environment) environment_.push_back(text.c_str());
  environment_.push_back(nullptr);
  set_cpus();
}

void ChildPlan::set_cpus() {
  if (recipe_.cpus.empty()) return;
  for (const std::uint32_t cpu : recipe_.cpus.list()) {
    cpus_[cpu / bits_per_word] |= 1ul << (cpu % bits_per_word);
    bound_ = true;
  }
  if (recipe_.numa_node && *recipe_.numa_node < most_numa_nodes) {
    numa_[*recipe_.numa_node / bits_per_word] |= 1ul << (*recipe_.numa_node % bits_per_word);
    prefers_numa_ = true;
  }
}

void end_without_program() {
  sigset_t blocked;
  ::sigfillset(&blocked);
  ::sigdelset(&blocked, ends_without_program);
  ::sigprocmask(SIG_SETMASK, &blocked, nullptr);
  ::kill(::getpid(), ends_without_program);
  ::_exit(127);
}

bool ChildPlan::fail(StartStep step) {
  failure.step = step;
  failure.number = errno;
  return false;
}

bool ChildPlan::begin_session() {
  if (::setsid() < 0) return fail(StartStep::session);
  for (const int file : recipe_.kept_files) ::fcntl(file, F_SETFD, 0);
  return true;
}

bool ChildPlan::enter() {
  if (doors_ != nullptr)
    for (const int door : *doors_)
      if (::write(door, "0", 1) != 1) return fail(StartStep::cgroup);
  return true;
}

// To be bound, and to memory that is near, is better, but no reason not to run: the CPUs may have
// gone offline a moment ago.
void ChildPlan::bind() {
  if (bound_) ::syscall(SYS_sched_setaffinity, 0, sizeof cpus_, cpus_.data());
  if (prefers_numa_)
    ::syscall(SYS_set_mempolicy, MPOL_PREFERRED, numa_.data(), most_numa_nodes + 1);
}

bool ChildPlan::take_directory() {
  return ::chdir(recipe_.dir.c_str()) == 0 || fail(StartStep::directory);
}

bool ChildPlan::open_logs() {
  ::close(1);
  if (::open(recipe_.output_log.c_str(), log_flags, log_mode) != 1)
    return fail(StartStep::output_log);
  ::close(2);
  if (::open(recipe_.error_log.c_str(), log_flags, log_mode) != 2)
    return fail(StartStep::error_log);
  return true;
}

/// While still root: the directory is closed to the person, who could put links in it.
bool ChildPlan::open_logs_of(const GangRecipe& gang) {
  if (!open_logs()) return false;
  for (const int log : {1, 2})
    if (::fchown(log, gang.person->uid, gang.log_group) != 0 || ::fchmod(log, shared_log_mode) != 0)
      return fail(log == 1 ? StartStep::output_log : StartStep::error_log);
  return true;
}

bool ChildPlan::pass_gate(int ready, int gate) {
  if (gate < 0) return true;
  if (::write(ready, &failure, sizeof failure) != sizeof failure) return fail(StartStep::gate);
  char go = 0;
  ssize_t n = 0;
  do n = ::read(gate, &go, 1);
  while (n < 0 && errno == EINTR);
  if (n != 1) return fail(StartStep::gate);
  return true;
}

bool ChildPlan::note_beginning() {
  const std::string_view frame = frame_.complete(::getpid(), since_boot());
  return ::write(journal_, frame.data(), frame.size()) == static_cast<ssize_t>(frame.size()) ||
         fail(StartStep::journal);
}

void ChildPlan::run(const char* program) {
  // execve takes its words as char* but changes none.
  char* const* words = const_cast<char* const*>(words_.data());              // NOLINT
  char* const* environment = const_cast<char* const*>(environment_.data());  // NOLINT
  ::execve(program, words + 1, environment);
  if (errno != ENOEXEC) return;
  words_[1] = program;
  ::execve(shell, words, environment);
}

void ChildPlan::run_program() {
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  if (recipe_.candidates.empty()) {
    run(recipe_.program.c_str());
  } else {
    int why = ENOENT;
    for (const std::string& program : recipe_.candidates) {
      run(program.c_str());
      if (errno == EACCES) why = EACCES;
      else if (errno != ENOENT && errno != ENOTDIR) why = errno;
      if (why != ENOENT && why != EACCES) break;
    }
    errno = why;
  }
  fail(StartStep::program);
}

void ChildPlan::become_task(int ready, int gate) {
  if (!begin_session() || !enter()) return;
  bind();
  if (take_directory() && open_logs() && pass_gate(ready, gate)) {
    if (note_beginning()) run_program();
  }
}

/// `stays`: the files that it keeps, ascending.
bool ChildPlan::prepare_as_root(const GangRecipe& gang, const std::vector<int>& stays) {
  if (!begin_session() || !open_logs_of(gang)) return false;
  bind();
  // A launcher that the kernel is to spare gives that to nobody.
  if (const int score = ::open(oom_score, O_WRONLY | O_CLOEXEC); score >= 0)
    if (::write(score, "0", 1) == 1) ::close(score);
  if (!close_all_but(stays, first_beyond_logs)) return fail(StartStep::process);
  return take_limits(*gang.person) || fail(StartStep::limits);
}

void ChildPlan::become_task_of(const GangRecipe& gang, bool cuts_piece, int ready, int gate) {
  std::vector<int> stays = recipe_.kept_files;
  stays.insert(stays.end(), {ready, gate});
  std::sort(stays.begin(), stays.end());
  if (!enter() || !prepare_as_root(gang, stays)) return;
  if (!become(*gang.person)) {
    fail(StartStep::person);
    return;
  }
  if (cuts_piece)
    if (const auto cut = cut_piece(*gang.piece); !cut) {
      fail(StartStep::piece);
      const std::string why = cut.error().sentence();
      why.copy(failure.text.data(), failure.text.size() - 1);
      return;
    }
  if (take_directory() && pass_gate(ready, gate)) run_program();
}

void ChildPlan::become_starter(const GangRecipe& gang, const StarterPlan& starter) {
  if (!prepare_as_root(gang, starter.stays())) return;
  if (!take_groups(*gang.person)) {
    fail(StartStep::person);
    return;
  }
  starter.run(environment_.data());
  // Too long is what it is given, and that is the program's.
  fail(errno == E2BIG ? StartStep::program : StartStep::starter);
}

}  // namespace gangline
