// What a command may use of the world around it. main/ fills it in; tests give pretend ones.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/daemon/for_all_options.h"
#include "cli/serve/serve_options.h"
#include "model/access.h"
#include "model/job.h"
#include "model/settings.h"
#include "model/slurm_survey.h"
#include "service/service.h"

namespace gangline {

/// How often somebody has asked this command to end, and by which signal the last time: SIGINT
/// (Ctrl-C) or SIGTERM.
struct Interrupted {
  int times = 0;
  int signal = 0;

  /// What the command ends with then, as a shell has it.
  int exit_code() const { return 128 + signal; }
};

/// How a person left the interactive shell of a job.
struct ShellEnd {
  std::optional<int> code;  ///< its exit code; empty: the connection was lost before
  int signal = 0;           ///< the signal that told this command to end; 0: none did
};

struct CommandWorld {
  /// The running service, started first if it may be. Asked for once the command line is known to
  /// be good.
  std::function<Result<Service*>()> service;
  /// Jobs are to run there: "slurm", or "here". Before all else that is asked for.
  std::function<void(const std::string& place)> choose_place;
  /// The service of another machine is to be asked: its address, or a name of the config file.
  std::function<void(const std::string& server)> choose_server;
  /// Where the relative paths of jobs start there.
  std::function<Result<std::string>()> far_directory;
  /// The service if one runs; never starts one.
  std::function<Result<Service*>()> running_service;
  /// Runs the service in this process until it ends (`gang daemon run`).
  std::function<int(bool stays)> run_daemon;
  /// Sets up, or takes away, the service for all people of this machine; what is done is told.
  std::function<Result<void>(const InstallOptions&, const std::function<void(const std::string&)>&)>
      install_for_all;
  std::function<Result<void>(const UninstallOptions&,
                             const std::function<void(const std::string&)>&)>
      uninstall_for_all;
  /// Whether a service could start with the config file as it is now.
  std::function<Result<void>()> check_settings;
  /// Waits until a service that was told to end has ended; false: it has not, after a while.
  std::function<bool(std::int64_t pid)> service_has_ended;
  std::function<Result<std::string>(const std::string& path)> read_file;
  std::function<Result<void>(const std::string& path, const std::string& text)> write_file;
  /// Whether there is, or could be made, such a file to write to.
  std::function<Result<void>(const std::string& path)> can_write;
  /// Path of this user's store, and what the config file sets.
  std::function<Result<std::string>()> store;
  std::function<Result<Settings>()> settings;
  /// `gang simulate --from slurm`: what sacct says of the jobs of so long, and scontrol of the
  /// nodes.
  std::function<Result<std::string>(Span since)> slurm_jobs;
  std::function<Result<std::string>()> slurm_nodes;
  /// `gang profile`: what the cluster has and forbids; where `tries`, a job is sent that looks for
  /// the state directory.
  std::function<Result<SlurmSurvey>(bool tries)> survey_slurm;
  /// Path of the config file, which need not be there; and writing it, with its directory.
  std::function<Result<std::string>()> config_path;
  std::function<Result<void>(const std::string& path, const std::string& text)> write_config;
  /// Jobs as they were when a service last ran, for when none can start.
  std::function<Result<std::vector<JobSummary>>(const ListQuery& query)> stored_jobs;
  /// `gang record`: what this machine is seen to be for a span; of a file with that, what is in
  /// it; and the machine made of it in a directory: settings with which `gang` sees it.
  std::function<Result<std::string>(Span)> record;
  std::function<Result<std::vector<std::string>>(const std::string& path)> recording_summary;
  std::function<Result<std::vector<std::string>>(const std::string& path,
                                                 const std::string& directory)>
      unpack_recording;
  /// Connects the terminal to the shell that listens at `path` and whose time ends then. Errors of
  /// kind unavailable: none listens there (yet).
  std::function<Result<ShellEnd>(const std::string& path, Time ends)> join_shell;
  /// `gang serve`, until it is told to end by a signal.
  std::function<Result<void>(const ServeOptions&, const ServeNews&)> serve;
  /// `gang token`: makes one and tells its word; all there are; withdraws one.
  std::function<Result<std::string>(const AccessToken&)> add_token;
  std::function<Result<std::vector<AccessToken>>()> tokens;
  std::function<Result<void>(const std::string& name)> remove_token;
  /// `gang top`: takes the terminal until the person quits; the exit code. And the same once, as
  /// text of so many columns.
  std::function<Result<int>()> show_screen;
  std::function<Result<std::string>(std::size_t width)> screen_once;
  std::function<Interrupted()> interrupted;
  std::function<Time()> now;
  std::function<void(const std::string&)> out;  ///< to standard output, as it is
  std::function<void(const std::string&)> err;
  std::string place = "here";  ///< where jobs run: "slurm", or "here"
  std::string server;          ///< which other machine's service is asked; empty: none
  std::string whom_flag;       ///< "--server lab", "--on slurm": as it was given; empty: not said
  std::string version;
  std::string login;      ///< of who gives the command
  std::string program;    ///< path of this program
  std::string directory;  ///< where the command was given
  std::vector<EnvVar> environment;
  bool out_is_terminal = false;
  bool err_is_terminal = false;
  std::size_t width = 80;  ///< columns of the terminal
};

/// Does what the command line says. The exit code of the process: 0 well, 1 the answer is no, 2 the
/// command line was wrong; `gang run` and `gang wait` end with the job's own.
int run_command_line(const std::vector<std::string>& arguments, CommandWorld& around);

}  // namespace gangline
