// The process of a node that starts gangs and sees them end. It outlives the service that asks it,
// and a launcher that comes after it goes on where it stopped.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/units.h"
#include "launch/gangs.h"
#include "launch/renewal.h"

namespace gangline {

struct LauncherSettings {
  std::string state_dir;
  std::string cgroup_root = "/";
  Span idle_exit = minutes(10);  ///< without a gang and without a service
  /// Set: this process is root, serves that user alone, and stays until it is told to end.
  std::optional<ForAll> for_all = {};
  bool foreground =
      false;              ///< the calling process is the guardian; run_launcher returns at its end
  bool in_scope = false;  ///< started by ourselves, in a control group that systemd made
  std::string why_no_group = {};  ///< see LauncherStand; set by run_launcher
  /// Where a newer program may come to stand, which this one then goes over to; empty: it stays.
  std::string program = {};
  std::optional<TakeOver> taken_over = {};  ///< from the program before; this process is a guardian
  /// Where logs and outputs of jobs go, on a disk that several machines share, each with a
  /// launcher in an allocation of another system; empty: to `state_dir`.
  std::string files_dir = {};
};

/// Runs launcher and guardian in the background, detached from the caller. Returns the exit code of
/// the calling process as soon as the socket takes connections: 0 also if another launcher is there
/// already. Closes all files but the standard streams.
int run_launcher(const LauncherSettings& settings);

/// Where a launcher of this state directory listens; `for_all`: outside the directory that is
/// closed to all but root.
std::string launcher_socket(const std::string& state_dir, bool for_all = false);

/// What the guardian hands to the launcher that it starts.
struct LauncherPost {
  int listener = -1;
  int guardian_pipe = -1;  ///< gives a byte for each exit the guardian sees; ends with the guardian
  std::string guardian_exits;
};
enum class LauncherVerdict {
  retired,        ///< told to end, or idle
  guardian_gone,  ///< this process is to be the guardian of the next launcher
  renewed,        ///< there is a newer program, which is to be the next launcher
};
/// The launcher itself; an Error if its journal cannot be used.
Result<LauncherVerdict> run_launcher_loop(const LauncherSettings& settings,
                                          const LauncherPost& post);

}  // namespace gangline
