// Slurm's command-line programs, called without waiting for them.
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "model/environment.h"
#include "os/program.h"

namespace gangline {

class SlurmCalls {
 public:
  /// `environment`: ours; what of it would change what the programs do is left out.
  SlurmCalls(Loop& loop, const std::vector<EnvVar>& environment);

  using Heard = std::function<void(Result<ProgramAnswer>)>;
  /// `heard` is called once, later, unless this is destroyed before.
  void ask(std::vector<std::string> words, Heard heard);
  /// For one that runs as long as it has to, says what it says to a file, and goes on without us.
  void begin(std::vector<std::string> words, std::string output_file, Heard heard);
  /// The same, waited for.
  Result<ProgramAnswer> ask_now(std::vector<std::string> words) const;

  std::size_t running() const { return running_.size(); }

 private:
  void run(ProgramCall call, Heard heard, bool goes_on);

  Loop& loop_;
  std::vector<std::string> environment_;
  std::list<std::unique_ptr<ProgramRun>> running_;
};

/// The answer, or an Error with what the program complained of where its exit code is not 0.
Result<std::string> said_by(const std::string& program, const Result<ProgramAnswer>& answer);

}  // namespace gangline
