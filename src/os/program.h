// Runs another program and hears what it said, without waiting for it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/units.h"
#include "os/loop.h"

namespace gangline {

struct ProgramCall {
  std::vector<std::string> words;             ///< the first is looked for in PATH
  std::vector<std::string> environment = {};  ///< "NAME=value", all of it; none: ours
  std::string input = {};                     ///< its standard input
  std::string output_file = {};               ///< where both its outputs go; empty: to us
  Span deadline = seconds(30);                ///< it is ended after so long; 0: never
  std::size_t most_output = 64 << 20;         ///< bytes of each output; more ends it
};

struct ProgramAnswer {
  int code = 0;  ///< exit code; 128 + the signal that ended it
  std::string output, error_output;
};

/// A program that runs. Destroying it ends the program, unless it was let go.
class ProgramRun {
 public:
  using Heard = std::function<void(Result<ProgramAnswer>)>;
  /// `heard` is called once, on the thread of the loop and never from within this: the answer, or
  /// an Error where it could not be started, took too long or said too much.
  ProgramRun(Loop& loop, ProgramCall call, Heard heard);
  ~ProgramRun();
  ProgramRun(const ProgramRun&) = delete;
  ProgramRun& operator=(const ProgramRun&) = delete;

  /// It goes on when this is destroyed. Only for one with an `output_file`.
  void let_go();

 private:
  struct Core;
  std::shared_ptr<Core> core_;
};

/// The same, waited for. Not on the thread of a loop that others wait for.
Result<ProgramAnswer> run_program(const ProgramCall& call);

}  // namespace gangline
