// A job watched from the terminal: its output as it comes, a line of progress, Ctrl-C.
#pragma once

#include <cstdint>
#include <optional>

#include "cli/output.h"
#include "service/service.h"

namespace gangline {

/// The output of one task stream, from where it was left.
class LogReader {
 public:
  LogReader(Service& service, LogQuery stream) : service_(service), query_(stream) {}

  /// Hands on what has come since the last call, with `prefix` before each line; true if there is
  /// more.
  Result<bool> pass_on(Output& out, const std::string& prefix);
  /// Hands on all there is of the gang's attempts from the first to `newest`, each of which writes
  /// logs of its own.
  Result<void> pass_on_attempts(std::uint32_t newest, Output& out, const std::string& prefix);
  /// The last line even if it has no newline yet.
  void finish(Output& out, const std::string& prefix);

 private:
  void hand_out(Output& out, std::string_view text) const;

  Service& service_;
  LogQuery query_;
  std::string unfinished_;  // a line without its end, where lines get a prefix
};

/// Stops a job because this command was interrupted, at once after a second Ctrl-C, and says so.
void stop_job(Service& service, JobId job, const Interrupted& interrupted, Output& out);

/// Follows the job to its end and returns the exit code of `gang run`. Ctrl-C and SIGTERM stop the
/// job, a second Ctrl-C kills it at once. With --json standard output gets one line, the JobSummary
/// at the end, and what the program prints goes to standard error.
int follow_job(Service& service, JobId job, Output& out);

}  // namespace gangline
