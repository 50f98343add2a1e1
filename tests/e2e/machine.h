// For end-to-end tests: the real `gang` as a process of its own, on a state directory of its own.
// Nothing here reaches into the program; all goes through its command line, signals and files.
#pragma once

#include <gtest/gtest.h>
#include <sys/types.h>

#include <csignal>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/units.h"
#include "model/views.h"

namespace gangline {

/// What a command left behind.
struct Ran {
  int code = -1;  ///< exit code; 128 + signal; -1 where it did not end in time and was killed
  std::string out;
  std::string err;
};

/// A command that runs beside the test. Killed when it goes out of scope.
class Beside {
 public:
  Beside(pid_t pid, std::string out_path, std::string err_path)
      : pid_(pid), out_path_(std::move(out_path)), err_path_(std::move(err_path)) {}
  Beside(Beside&& other) noexcept;
  Beside& operator=(Beside&&) = delete;
  ~Beside();

  pid_t pid() const { return pid_; }
  void signal(int number) const { ::kill(pid_, number); }
  std::string out() const;
  std::string err() const;
  /// Until it ends. Code -1 if it does not in time: then it is killed.
  Ran wait(Span longest = seconds(30));

 private:
  pid_t pid_;
  std::optional<int> code_;
  std::string out_path_, err_path_;
};

class Machine {
 public:
  static constexpr Span longest = seconds(30);

  /// Without GPUs, whatever the real machine has.
  Machine();
  /// The state directory at `state`, which exists and is removed by its owner.
  explicit Machine(const std::string& state);
  ~Machine();
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  const std::string& path() const { return path_; }
  const std::string& state() const { return state_; }
  std::string socket() const { return state_ + "/run/service.sock"; }
  /// Everything that this machine started, service, launcher, guardian, tasks and commands, ends at
  /// once, as by a power cut.
  void end_all() const;
  /// Words before those of each command: a program that runs it.
  void begin_commands_with(std::vector<std::string> words) { begin_ = std::move(words); }
  const std::map<std::string, std::string>& environment() const { return env_; }
  static std::string program();
  void set(const std::string& variable, const std::string& value) { env_[variable] = value; }

  // Files below `path()`, where all commands run.
  void write(const std::string& name, const std::string& text) const;
  std::string read(const std::string& name) const;
  std::vector<std::string> lines(const std::string& name) const;
  bool exists(const std::string& name) const;

  /// The fake NVML with this profile, and `cpus` CPUs, of which most exist on paper: tasks are
  /// bound only to those that the real machine has.
  void give_gpus(const std::string& profile, unsigned cpus);
  /// A second Gangline on a machine to which `give_gpus` gave them.
  void share_gpus_of(const Machine& other);
  /// All commands run as this user from now on; false, and nothing is changed, where that user
  /// cannot run `gang`. For root, before anything has run.
  bool become(uid_t uid);
  /// The same machine from now on, with other GPUs.
  void change_gpus(const std::string& profile) const;
  /// The text of a file of tests/fake_nvml.
  static std::string profile_of(const std::string& name);

  /// Runs a program with this machine's environment, to its end.
  Ran run(const std::vector<std::string>& words, Span longest_run = longest) const;
  Beside run_beside(const std::vector<std::string>& words) const;
  /// The same for `gang WORDS…`.
  Ran gang(std::vector<std::string> words, Span longest_run = longest) const;
  Beside gang_beside(std::vector<std::string> words) const;
  /// `gang submit -q WORDS…`, which must succeed; the job's number.
  std::string submit(std::vector<std::string> words) const;
  /// A job file, submitted.
  std::string submit_file(const std::string& name, const std::string& text) const;
  /// `gang wait -q JOB`: its exit code.
  int wait(const std::string& job, Span longest_wait = longest) const;

  /// The line that a task wrote into the file seen.JOB.GANG.ATTEMPT, once it is whole.
  std::string seen(const std::string& job, int gang, int attempt = 1) const;
  /// Writes the file `go`, for which the tasks wait, and expects the job to end well.
  void let_go(const std::string& job) const;

  JobDetail show(const std::string& job, std::uint32_t most = 1'000) const;
  GangView show_gang(const std::string& gang) const;
  std::vector<NodeView> nodes() const;
  std::vector<JobSummary> list() const;

  /// Processes of this machine by the name of the command; 0: none.
  pid_t service() const;
  pid_t launcher() const;
  pid_t guardian() const;
  /// All processes with this machine's environment.
  std::vector<pid_t> processes() const;

 private:
  pid_t find(const std::string& name, const std::string& word) const;

  std::string path_, state_;
  std::map<std::string, std::string> env_;
  std::vector<std::string> begin_;
  mutable int commands_ = 0;
};

/// Asks again and again until it is true; false if it does not become so in time.
bool becomes_true(const std::function<bool()>& question, Span longest = seconds(30));

/// Whether a process with this number is there and has not ended.
bool is_alive(pid_t pid);

/// "what" stands in "text"; says both if not.
testing::AssertionResult says(const std::string& text, const std::string& what);

}  // namespace gangline
