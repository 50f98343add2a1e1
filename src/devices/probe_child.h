// The process that touches vendor libraries, so that a hang or a crash in one hits nobody else.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "devices/discover.h"
#include "os/fd.h"

namespace gangline {

/// Answers requests from `in` on `out` until `in` ends; what the process exits with. For a process
/// of its own with one thread (`gang internal-probe`): it is ended with its parent, and where `out`
/// is standard output, what libraries print there goes to standard error instead.
int run_probe(int in, int out, const Sources& sources);

/// The parent's end of a started child. Ends the child when destroyed, without waiting for one that
/// cannot be ended (a process in a driver call that never returns).
class ProbeChild {
 public:
  ProbeChild() = default;
  ProbeChild(ProbeChild&& other) noexcept;
  ProbeChild& operator=(ProbeChild&& other) noexcept;
  ProbeChild(const ProbeChild&) = delete;
  ProbeChild& operator=(const ProbeChild&) = delete;
  ~ProbeChild();

  /// `command`: program and words. The child's standard input and output are one socket.
  static Result<ProbeChild> start(const std::vector<std::string>& command);

  bool running() const { return socket_.open(); }
  int socket() const { return socket_.number(); }
  /// False: the child is gone or does not take what it is sent.
  bool send(const std::string& message);
  /// Appends what is there to `bytes` without waiting. False: the child has closed its end.
  bool receive(std::string& bytes);
  /// Ends it at once. `gone` tells when the kernel has done so.
  void stop();
  /// True where there is no process left; never waits.
  bool gone();

 private:
  Fd socket_;
  int pid_ = -1;
};

}  // namespace gangline
