// One function for each command; parse.cpp fills in its options. Each returns the exit code.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/output.h"
#include "jobspec/flags.h"
#include "model/reservation.h"
#include "model/views.h"

namespace gangline {

/// `gang run` and `gang submit`: job files, or words of a command, and flags on top of either.
struct SubmitOptions {
  std::vector<std::string> files;
  JobFlags flags;
  bool dry_run = false;
};
int run_run(const SubmitOptions& options, Output& out);
int run_submit(const SubmitOptions& options, Output& out);

/// `gang shell`: the flags of a job, or the job to come back to.
struct ShellOptions {
  SubmitOptions submit;
  std::string idle;  ///< a span; empty: it may be idle
  std::string attach;
};
int run_shell(ShellOptions options, Output& out);

/// `gang reserve`: holds devices, lists or cancels.
struct ReserveOptions {
  JobFlags flags;
  std::string from, person;
  std::vector<std::uint64_t> cancel;
  bool list = false, maintenance = false;
};
int run_reserve(ReserveOptions options, Output& out);
/// What is reserved, a line each; nothing where nothing is.
void print_reservations(const std::vector<Reservation>& all, Output& out);

struct ListOptions {
  bool all = false;
  std::optional<GangPhase> phase;
  std::string name;
  std::optional<std::uint32_t> limit;  ///< empty: 50, with `all` as many as there may be
};
int run_list(const ListOptions& options, Output& out);

/// Jobs are named as `find_job` reads it: "7", "7.3", "resnet", "resnet.3".
struct ShowOptions {
  std::string job;
  std::uint32_t first = 0;
  std::uint32_t most = 20;
};
int run_show(const ShowOptions& options, Output& out);

int run_why(const std::string& job, Output& out);

struct LogsOptions {
  std::string job;
  std::optional<std::uint32_t> rank;
  std::optional<std::uint32_t> attempt;  ///< empty: the newest
  bool error_stream = false;
  bool follow = false;
};
int run_logs(const LogsOptions& options, Output& out);

struct WaitOptions {
  std::vector<std::string> jobs;
  std::optional<Span> longest;
};
int run_wait(const WaitOptions& options, Output& out);

struct StopOptions {
  std::vector<std::string> jobs;
  bool at_once = false;
};
int run_stop(const StopOptions& options, Output& out);

/// Of all nodes, or of those with these names alone and then in full.
int run_nodes(const std::vector<std::string>& names, Output& out);

enum class DaemonAction { status, start, stop, restart, run, install, uninstall };
struct DaemonOptions {
  DaemonAction action = DaemonAction::status;
  InstallOptions install;
  UninstallOptions uninstall;
  bool stays = false;
};
int run_daemon(const DaemonOptions& options, Output& out);

}  // namespace gangline
