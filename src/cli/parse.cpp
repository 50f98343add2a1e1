// The command line: which commands there are, their options and their help. CLI11 stays in this
// file, in serve/serve_flags.cpp, completion/command_table.cpp and completion/misuse.cpp.
#include <CLI/CLI.hpp>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/completion/command_table.h"
#include "cli/completion/internal.h"
#include "cli/completion/misuse.h"
#include "cli/completion/scripts.h"
#include "cli/devices/record.h"
#include "cli/metrics/metrics.h"
#include "cli/pilot/pilot.h"
#include "cli/profile/profile.h"
#include "cli/serve/serve_flags.h"
#include "cli/simulate.h"
#include "cli/simulate/flags.h"
#include "cli/top/top.h"

namespace gangline {
namespace {

// What the parser fills in, whichever command is given.
struct Parsed {
  bool json = false;
  bool quiet = false;
  SubmitOptions submit;
  ShellOptions shell_job;
  ReserveOptions reserve;
  ListOptions list;
  std::string phase;
  ShowOptions show;
  std::string job;
  LogsOptions logs;
  WaitOptions wait;
  std::string wait_time;
  StopOptions stop;
  SimulateOptions simulate;
  RecordOptions record;
  PilotOptions pilot;
  ProfileOptions profile;
  ServeOptions serve;
  TokenOptions token;
  MetricsOptions metrics;
  TopOptions top;
  DaemonOptions daemon;
  std::string action = "status";
  std::string shell;
  std::string on, server;
  std::vector<std::string> nodes;
};

void example(CLI::App* command, const std::string& text, const std::string& note = "") {
  command->footer("examples:\n" + text + (note.empty() ? "" : "\n" + note));
}

void add_form(CLI::App* command, Parsed& parsed, const char* json, const char* quiet) {
  command->add_flag("--json", parsed.json, json);
  command->add_flag("-q,--quiet", parsed.quiet, quiet);
}

void add_resource_flags(CLI::App* command, JobFlags& flags) {
  command->add_option("--name", flags.name, "what to call the job");
  command->add_option("--gpus", flags.gpus, "GPUs for each task; 0.5 shares one");
  command->add_option("--gpu-memory", flags.gpu_memory, "least memory of each GPU: 24G");
  command->add_option("--model", flags.model, "part of the GPU's model name: H100");
  command->add_option("--device", flags.device,
                      "vendor or kind of device: nvidia, amd, intel, fpga; cpu for none");
  command->add_option("--cpus", flags.cpus, "CPUs for each task");
  command->add_option("--memory", flags.memory, "memory for each task: 16G");
  command->add_option("--time", flags.time, "the most it may run: 2h");
  command->add_option("--queue", flags.queue, "the queue to wait in");
  command->add_option("--priority", flags.priority, "higher goes first");
  command->add_option("--dir", flags.dir, "working directory");
  // One value for each time such a flag is given: the words behind it may be the command.
  command->add_option("--env", flags.env, "KEY=VALUE for the program")->allow_extra_args(false);
}

void add_job_flags(CLI::App* command, Parsed& parsed) {
  JobFlags& flags = parsed.submit.flags;
  add_resource_flags(command, flags);
  command->add_option("--tasks", flags.tasks, "processes that start together");
  command->add_option("--retries", flags.retries, "starts again after a failure of node or device");
  const auto many = [&](const char* flag, std::vector<std::string>& values, const char* help) {
    return command->add_option(flag, values, help)->allow_extra_args(false);
  };
  many("--retry-on", flags.retry_on, "lost, failure, memory, time")->delimiter(',');
  many("--after", flags.after, "jobs that must have ended well")->delimiter(',');
  many("--sweep", flags.sweep, "one gang for each value: lr=0.1,0.01 or seed=1..8");
  command->add_option("--launcher", flags.launcher, "plain or mpi");
  command->add_option("--notify", flags.notify, "tell of its end: never, failure or end");
  command->add_option("--stop-signal", flags.stop_signal, "sent first when it is stopped: INT");
  command->add_option("--grace", flags.grace, "between that signal and KILL: 30s");
  command->add_flag_callback(
      "--checkpoint", [&flags] { flags.checkpoint = "true"; },
      "stopped for others, it goes on later from where it was");
  command->add_flag_callback(
      "--mps", [&flags] { flags.mps = "true"; },
      "programs on a shared NVIDIA GPU run side by side");
  command->add_flag_callback(
      "--lossy", [&flags] { flags.lossy = "true"; },
      "what the system it is handed to cannot do may be left out");
  command->add_flag_callback(
      "--pilot", [&flags] { flags.pilot = "true"; }, "on slurm: on the nodes of a pilot");
  command->add_flag_callback(
      "--no-pilot", [&flags] { flags.pilot = "false"; },
      "on slurm: on those of none, also where many short gangs would go there by themselves");
  command->add_option("--log-limit", flags.log_limit, "the most one log keeps: 1G");
  command->add_flag("--dry-run", parsed.submit.dry_run,
                    "print what would be submitted, and submit nothing");
  command->prefix_command();
}

void add_run_and_submit(CLI::App& app, Parsed& parsed) {
  CLI::App* run =
      app.add_subcommand("run", "run a job and follow it; ends with the job's own exit code");
  add_job_flags(run, parsed);
  add_form(run, parsed,
           "print each job as one line of JSON when it has ended; the program's output goes to "
           "standard error",
           "print the program's output, and of how it ended only what its exit code does not say");
  example(run,
          "  gang run -- python3 train.py\n  gang run --gpus 2 --time 1h -- ./simulate input.dat\n"
          "  gang run train.toml\n  gang run --sweep lr=0.1,0.01 --sweep seed=1..8 -- python3 "
          "train.py --lr {lr}",
          "Tasks read nothing: their standard input is /dev/null, whatever `gang run` has.\n"
          "Ctrl-C and SIGTERM stop the job: its stop signal, a grace, then KILL; a second Ctrl-C "
          "kills it at once.\n"
          "SIGHUP, from a terminal that closes, ends only `gang run`: the job goes on.");
  CLI::App* submit = app.add_subcommand("submit", "hand in a job and go on");
  add_job_flags(submit, parsed);
  add_form(submit, parsed, "print each job's number and gangs as one line of JSON",
           "print each job's number");
  example(submit, "  gang submit prepare.toml train.toml\n  gang submit --after 7 -- ./report");
}

void add_shell(CLI::App& app, Parsed& parsed) {
  CLI::App* shell = app.add_subcommand(
      "shell", "an interactive shell that has devices and gives them back when it ends");
  add_resource_flags(shell, parsed.submit.flags);
  shell->add_option("--idle", parsed.shell_job.idle,
                    "it ends when nothing has happened in it for so long: 30m");
  shell->add_option("--attach", parsed.shell_job.attach,
                    "come back to the shell of this job after the connection was lost");
  shell->add_flag("-q,--quiet", parsed.quiet,
                  "print nothing but what the shell prints, and that it is about to end");
  shell->prefix_command();
  example(shell,
          "  gang shell --gpus 1 --time 2h --idle 30m\n  gang shell --gpus 1 -- python3\n"
          "  gang shell --attach 7",
          "It ends with the shell's exit code. While it waits, Ctrl-C gives its place back.\n"
          "Who loses the connection has a minute to come back with --attach; then the shell ends.");
}

void add_reserve(CLI::App& app, Parsed& parsed) {
  ReserveOptions& options = parsed.reserve;
  CLI::App* reserve =
      app.add_subcommand("reserve", "holds devices for a person for a time, now or later");
  reserve->add_option("--tasks", options.flags.tasks, "so many times what follows");
  reserve->add_option("--gpus", options.flags.gpus, "GPUs; 0.5 shares one");
  reserve->add_option("--gpu-memory", options.flags.gpu_memory, "least memory of each GPU: 24G");
  reserve->add_option("--model", options.flags.model, "part of the GPU's model name: H100");
  reserve->add_option("--device", options.flags.device,
                      "vendor or kind of device: nvidia, amd, intel, fpga");
  reserve->add_option("--cpus", options.flags.cpus, "CPUs");
  reserve->add_option("--memory", options.flags.memory, "memory: 16G");
  reserve->add_option("--time", options.flags.time, "for so long: 3h");
  reserve->add_option("--from", options.from,
                      "when it begins: 18:00 or \"2026-12-01 08:00\", local time; at once if left "
                      "out");
  reserve->add_option("--for", options.person, "the person's login name; yours if left out");
  reserve->add_flag("--maintenance", options.maintenance,
                    "of all there is, for nobody: nothing starts that would not have ended");
  reserve->add_flag("--list", options.list, "what is reserved");
  reserve->add_option("--cancel", options.cancel, "gives these back");
  add_form(reserve, parsed, "print each reservation as JSON", "print each reservation's number");
  example(reserve,
          "  gang reserve --gpus 2 --from 18:00 --time 3h\n  gang reserve --list\n"
          "  gang reserve --cancel 3",
          "The person's own jobs use it by themselves. Others start there only if their time limit "
          "ends before.");
}

void add_pilot(CLI::App& app, Parsed& parsed) {
  PilotOptions& options = parsed.pilot;
  CLI::App* pilot =
      app.add_subcommand("pilot", "nodes that Slurm lends for a time, for jobs with --pilot");
  pilot->add_option("--nodes", options.nodes, "so many nodes; 1 if left out");
  pilot->add_option("--gpus", options.gpus, "GPUs of each node");
  pilot->add_option("--model", options.model, "what Slurm calls these GPUs: h100");
  pilot->add_option("--cpus", options.cpus, "CPUs of each node; whole nodes if left out");
  pilot->add_option("--memory", options.memory, "memory of each node: 64G");
  pilot->add_option("--time", options.time, "for so long: 8h");
  pilot->add_option("--queue", options.queue, "the partition to ask in");
  pilot->add_option("--idle", options.idle, "it ends with nothing to do for so long: 10m");
  pilot->add_flag("--renew", options.renew, "near its end, if it has work, ask again");
  pilot->add_flag("--list", options.list, "those there are, and the newest that ended");
  pilot->add_option("--stop", options.stop, "end this one; its gangs wait again");
  add_form(pilot, parsed, "print each pilot as JSON", "print each pilot's number");
  example(pilot, "  gang pilot --on slurm --nodes 2 --gpus 8 --time 1h\n  gang pilot --stop 1");
}

void add_list_and_show(CLI::App& app, Parsed& parsed) {
  CLI::App* list =
      app.add_subcommand("list", "jobs: those that wait or run, and the newest that ended");
  list->add_flag("-a,--all", parsed.list.all, "all jobs that ended, too");
  list->add_option("--state", parsed.phase, "only jobs that are: waiting, starting, running, ended")
      ->check(CLI::IsMember({"waiting", "starting", "running", "ended"}));
  list->add_option("--name", parsed.list.name, "only jobs of this name");
  list->add_option("--limit", parsed.list.limit, "the most lines; 50, or with --all 10000");
  add_form(list, parsed, "print one list of jobs as JSON", "print each job's number");
  example(list, "  gang list\n  gang list --state running --json");

  CLI::App* show = app.add_subcommand("show", "one job or gang: devices, times, exit, fences");
  show->add_option("job", parsed.show.job, "a job's number or name, or a gang: 7.3, resnet.3")
      ->required();
  show->add_option("--first", parsed.show.first, "first gang to list");
  show->add_option("--most", parsed.show.most, "the most gangs to list");
  add_form(show, parsed, "print the job or gang as JSON", "print its state: running, ended");
  example(show, "  gang show 7\n  gang show 7.3\n  gang show resnet --most 100");
}

void add_profile(CLI::App& app, Parsed& parsed) {
  CLI::App* profile = app.add_subcommand(
      "profile", "what a cluster has, and the settings with which jobs are handed to it");
  profile
      ->add_option("action", parsed.profile.action,
                   "add: ask the cluster and write [on.slurm] to the config file;\n"
                   "show: what is set there, and what holds without")
      ->required()
      ->check(CLI::IsMember({"add", "show"}));
  profile->add_option("system", parsed.profile.system, "slurm, which is the only one there is")
      ->check(CLI::IsMember({"slurm"}));
  profile->add_flag("--dry-run", parsed.profile.dry_run,
                    "of add: print what would be written, and write nothing");
  profile->add_flag("--try", parsed.profile.tries,
                    "of add: send a job that looks whether a node sees the state directory");
  add_form(profile, parsed, "print it as one object of JSON",
           "of add: print only what this site lacks; of show: only what is set");
  example(profile,
          "  gang profile add slurm --dry-run\n  gang profile add slurm --try\n  gang profile show",
          "What somebody wrote is never overwritten.");
}

void add_record(CLI::App& app, Parsed& parsed) {
  CLI::App* record = app.add_subcommand(
      "record", "all that is seen of this machine's devices, in one file to send to others");
  record->add_option("--for", parsed.record.span, "how long, with a reading each second: 3s");
  record->add_option("-o,--output", parsed.record.output,
                     "the file; gangline-recording.txt unless told (of --replay, the directory)");
  record->add_option("--show", parsed.record.show, "say what is in such a file");
  record->add_option("--replay", parsed.record.replay,
                     "make a machine of such a file, in a directory, that `gang` can look at");
  record->add_flag("-q,--quiet", parsed.quiet,
                   "print nothing; of --replay, only the settings for the environment");
  example(record,
          "  gang record\n  gang record --for 1m -o server.txt\n  gang record --show "
          "server.txt\n  gang record --replay server.txt -o server",
          "It holds each call of NVML with its arguments, return code, result and time, and each "
          "file below /sys and /proc\nthat was read, with what stood in it or the error. It is "
          "plain text, and at most 64M of it.\n"
          "Host name, users, programs, pids, control groups, serial numbers, UUIDs, GUIDs and MAC "
          "addresses in it are invented;\ncommand lines and environments are never read.");
}

void add_daemon(CLI::App& app, Parsed& parsed) {
  CLI::App* daemon =
      app.add_subcommand("daemon", "the service behind the commands; it starts and ends by itself");
  daemon
      ->add_option("action", parsed.action,
                   "status, start, stop, restart, run (in the foreground);\n"
                   "install, uninstall: one service for all people of this machine, as root")
      ->check(CLI::IsMember({"status", "start", "stop", "restart", "run", "install", "uninstall"}));
  daemon->add_flag("--stay", parsed.daemon.stays, "do not end when idle");
  daemon->add_option("--people", parsed.daemon.install.people,
                     "of install: the group of those who may use it; without: everybody");
  daemon
      ->add_option("--operators", parsed.daemon.install.operators,
                   "of install: who may stop and read what is others'")
      ->delimiter(',');
  daemon->add_flag("--now", parsed.daemon.uninstall.now,
                   "of uninstall: stop jobs that run or wait");
  daemon->add_flag("--keep-jobs", parsed.daemon.uninstall.keep_jobs,
                   "of uninstall: leave logs and outputs of jobs where they are");
  daemon->add_flag("--delete-jobs", parsed.daemon.uninstall.delete_jobs,
                   "of uninstall: delete the outputs of jobs too");
  add_form(daemon, parsed, "print the service as JSON; null: none runs",
           "print the service's pid; of stop nothing");
  example(daemon,
          "  gang daemon status\n  gang daemon start --stay\n"
          "  sudo gang daemon install --operators anna");
}

void add_top(CLI::App& app, Parsed& parsed) {
  CLI::App* top = app.add_subcommand("top", "devices, jobs, a job with its log and the plan, live");
  top->add_flag("--once", parsed.top.once, "print devices and jobs once, without a terminal");
  example(top, "  gang top\n  gang top --once",
          "Keys: 1 devices, 2 jobs, 3 one job, 4 plan; ? tells all of them; q quits.");
}

void add_commands(CLI::App& app, Parsed& parsed) {
  add_simulate(app, {parsed.simulate, parsed.json, parsed.quiet});
  add_run_and_submit(app, parsed);
  add_shell(app, parsed);
  add_reserve(app, parsed);
  add_list_and_show(app, parsed);
  CLI::App* why = app.add_subcommand("why", "why a job waits, and what would start it now");
  why->add_option("job", parsed.job, "a job's number or name, or a gang: 7.3, resnet.3")
      ->required();
  add_form(why, parsed, "print the answer as JSON", "print the reason alone");
  example(why, "  gang why 7");

  CLI::App* logs = app.add_subcommand("logs", "what the tasks of a job wrote");
  logs->add_option("job", parsed.logs.job, "a job's number or name, or a gang: 7.3, resnet.3")
      ->required();
  logs->add_option("--rank", parsed.logs.rank, "one task only");
  logs->add_option("--attempt", parsed.logs.attempt, "an earlier try of a gang with retries: 1");
  logs->add_flag("--stderr", parsed.logs.error_stream, "standard error instead of standard output");
  logs->add_flag("-f,--follow", parsed.logs.follow, "go on until it has ended");
  logs->add_flag("-q,--quiet", parsed.quiet, "do not say why there is nothing");
  example(logs,
          "  gang logs 7\n  gang logs 7.3 --rank 1 --stderr\n  gang logs 7.3 --attempt 1\n  gang "
          "logs -f resnet");

  CLI::App* wait = app.add_subcommand(
      "wait", "wait until jobs have ended; ends with the exit code of the first bad one");
  wait->add_option("jobs", parsed.wait.jobs, "numbers or names; 7.3 and resnet.3 are one gang")
      ->required();
  wait->add_option("--time", parsed.wait_time, "give up after: 10m");
  add_form(wait, parsed, "print each job or gang as one line of JSON when it has ended",
           "print nothing");
  example(wait, "  gang wait 7 8\n  gang wait resnet --time 10m");

  CLI::App* stop =
      app.add_subcommand("stop", "stop jobs or gangs: their stop signal, a grace, then KILL");
  stop->add_option("jobs", parsed.stop.jobs, "numbers or names; 7.3 and resnet.3 are one gang")
      ->required();
  stop->add_flag("--now", parsed.stop.at_once, "KILL at once");
  add_form(stop, parsed, "print each job or gang as one line of JSON", "print nothing");
  example(
      stop, "  gang stop 7\n  gang stop 7.3 --now",
      "A name means your newest job of that name. An operator who has none stops that of the one "
      "person who has;\nwhere several have one, its number must be said.");

  CLI::App* nodes = app.add_subcommand("nodes", "machines: CPUs, devices, who uses them");
  nodes->add_option("names", parsed.nodes, "of a cluster, these nodes in full");
  add_form(nodes, parsed, "print one list of nodes as JSON", "print each node's name");
  example(nodes, "  gang nodes\n  gang nodes --on slurm\n  gang nodes --on slurm n17 --json");

  add_top(app, parsed);
  add_record(app, parsed);
  add_daemon(app, parsed);
  add_pilot(app, parsed);
  add_profile(app, parsed);
  add_serve_and_token(app, {parsed.serve, parsed.token, parsed.json, parsed.quiet});
  add_metrics(app, parsed.metrics, parsed.json);
  for (const char* name : {"run", "submit", "list", "show", "why", "logs", "wait", "stop", "nodes",
                           "top", "pilot", "serve", "daemon", "metrics"})
    app.get_subcommand(name)->add_option("--on", parsed.on,
                                         "where jobs run: slurm, or here; GANGLINE_ON if left out");
  for (const char* name : far_commands())
    app.get_subcommand(name)->add_option(
        "--server", parsed.server,
        "ask `gang serve` of another machine: https://HOST:PORT, or a [server.NAME] of the config "
        "file; GANGLINE_SERVER if left out");
}

void add_completion(CLI::App& app, Parsed& parsed) {
  CLI::App* completion =
      app.add_subcommand("completion", "a script that teaches a shell to complete `gang`");
  completion->add_option("shell", parsed.shell, "the shell: bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  example(completion,
          "  . <(gang completion bash)\n  gang completion fish > "
          "~/.config/fish/completions/gang.fish");
}

constexpr const char* about =
    "Gangline turns machines with GPUs into a GPU cluster: it queues work, finds the right "
    "devices,\nstarts tasks together, keeps them running, and tells why something waits.";

void add_all(CLI::App& app, Parsed& parsed, const std::string& version) {
  app.require_subcommand(1);
  app.set_version_flag("--version", "gang " + version);
  app.failure_message(
      [](const CLI::App*, const CLI::Error& error) { return std::string(error.what()); });
  app.footer("Each command has its own --help with examples. First steps: `gang run -- COMMAND`.");
  add_commands(app, parsed);
  add_completion(app, parsed);
  name_values(app);
}

// "gang run train.toml --gpus 2": a job file may stand before flags. What stands from `--` on, or
// from the first word that is neither a flag nor a job file, is the command to run and is not read
// further.
struct Words {
  std::vector<std::string> flags;  // for CLI11, the subcommand too
  std::vector<std::string> command;
};

Words split_words(const std::vector<std::string>& arguments) {
  const auto dashes = std::find(arguments.begin(), arguments.end(), "--");
  Words words{{arguments.begin(), dashes}, {}};
  if (dashes != arguments.end()) words.command.assign(dashes + 1, arguments.end());
  return words;
}

bool takes_command(const CLI::App& app) {
  return app.got_subcommand("run") || app.got_subcommand("submit") || app.got_subcommand("shell");
}

// Parses again without the job files that stand among the flags, until none is left.
std::optional<Error> parse_submit(CLI::App& app, Parsed& parsed, Words& words) {
  for (;;) {
    CLI::App* command = app.get_subcommands().front();
    const std::vector<std::string> rest = command->remaining();
    if (rest.empty()) break;
    if (rest.front().starts_with("-")) return unknown_flag(*command, rest.front());
    if (!rest.front().ends_with(".toml")) {
      if (!words.command.empty())
        return Error{ErrorKind::usage,
                     "'" + printable(rest.front()) + "' is neither a flag nor a job file (*.toml)",
                     "", "the command to run stands after --"};
      words.command = rest;
      break;
    }
    parsed.submit.files.push_back(rest.front());
    const std::size_t at = words.flags.size() - rest.size();
    words.flags.erase(words.flags.begin() + static_cast<std::ptrdiff_t>(at));
    parsed.submit.flags = JobFlags{};
    std::vector<std::string> reversed(words.flags.rbegin(), words.flags.rend());
    app.parse(reversed);
  }
  parsed.submit.flags.command = words.command;
  return std::nullopt;
}

int dispatch(const CLI::App& app, Parsed& parsed, Output& out) {
  const std::string name = app.get_subcommands().front()->get_name();
  if (name == "run") return run_run(parsed.submit, out);
  if (name == "submit") return run_submit(parsed.submit, out);
  if (name == "shell") {
    parsed.shell_job.submit = parsed.submit;
    return run_shell(parsed.shell_job, out);
  }
  if (name == "pilot") return run_pilot(parsed.pilot, out);
  if (name == "profile") return run_profile(parsed.profile, out);
  if (name == "serve") return run_serve(parsed.serve, out);
  if (name == "token") return run_token(parsed.token, out);
  if (name == "metrics") return run_metrics(parsed.metrics, out);
  if (name == "reserve") return run_reserve(parsed.reserve, out);
  if (name == "list") {
    for (const GangPhase phase :
         {GangPhase::waiting, GangPhase::starting, GangPhase::running, GangPhase::ended})
      if (parsed.phase == name_of(phase)) parsed.list.phase = phase;
    return run_list(parsed.list, out);
  }
  if (name == "show") return run_show(parsed.show, out);
  if (name == "why") return run_why(parsed.job, out);
  if (name == "logs") return run_logs(parsed.logs, out);
  if (name == "stop") return run_stop(parsed.stop, out);
  if (name == "nodes") return run_nodes(parsed.nodes, out);
  if (name == "top") return run_top(parsed.top, out);
  if (name == "record") return run_record(parsed.record, out);
  if (name == "completion") return run_completion(parsed.shell, out);
  if (name == "simulate") return run_simulate(parsed.simulate, out);
  if (name == "wait") {
    if (!parsed.wait_time.empty()) {
      const auto span = parse_span(parsed.wait_time);
      if (!span) {
        Error error = span.error();
        error.where = "--time";
        return out.fail(error);
      }
      parsed.wait.longest = *span;
    }
    return run_wait(parsed.wait, out);
  }
  for (const auto& [word, action] : {std::pair{"status", DaemonAction::status},
                                     {"start", DaemonAction::start},
                                     {"stop", DaemonAction::stop},
                                     {"restart", DaemonAction::restart},
                                     {"run", DaemonAction::run},
                                     {"install", DaemonAction::install},
                                     {"uninstall", DaemonAction::uninstall}})
    if (parsed.action == word) parsed.daemon.action = action;
  return run_daemon(parsed.daemon, out);
}

/// Whose service is asked, by --server or the variable.
std::optional<Error> choose_server(const CLI::App& app, const Parsed& parsed,
                                   CommandWorld& around) {
  const CLI::App* command = app.get_subcommands().front();
  const std::string name = command->get_name();
  const auto given = command->get_option_no_throw("--server");
  if (given != nullptr && given->count() > 0 && parsed.server.empty())
    return Error{ErrorKind::usage, "--server names no server", "",
                 "leave it out to ask the service of this machine"};
  if (!parsed.server.empty() && !parsed.on.empty())
    return Error{ErrorKind::usage, "--server and --on do not go together", "",
                 "where jobs of another machine run is settled there"};
  if (!parsed.server.empty()) around.choose_server(parsed.server);
  if (!parsed.server.empty()) around.whom_flag = "--server " + shell_quote(parsed.server);
  if (!asks_far(name) && name != "shell") around.server.clear();
  return std::nullopt;
}

// A word that names no command: the nearest one, and where all are listed.
std::optional<Error> unknown_command(const CLI::App& app, const std::vector<std::string>& words) {
  if (words.empty() || words[0].starts_with("-")) return std::nullopt;
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; }))
    names.push_back(command->get_name());
  if (std::find(names.begin(), names.end(), words[0]) != names.end()) return std::nullopt;
  const std::vector<std::string_view> views(names.begin(), names.end());
  const auto near = nearest(words[0], views);
  return Error{ErrorKind::usage, "there is no command '" + words[0] + "'", "",
               near ? "did you mean `gang " + *near + "`?" : "`gang --help` lists all"};
}

}  // namespace

CommandTable command_table(const std::string& version) {
  CLI::App app(about, "gang");
  Parsed parsed;
  add_all(app, parsed, version);
  return table_of(app, version);
}

int run_command_line(const std::vector<std::string>& arguments, CommandWorld& around) {
  if (const auto code = run_internal_words(arguments, around)) return *code;
  CLI::App app(about, "gang");
  Parsed parsed;
  add_all(app, parsed, around.version);
  Words words = split_words(arguments);
  Output early(around, Form::people);
  if (const auto error = unknown_command(app, words.flags)) return early.fail(*error);
  try {
    std::vector<std::string> reversed(words.flags.rbegin(), words.flags.rend());
    app.parse(reversed);
    if (takes_command(app)) {
      if (const auto error = parse_submit(app, parsed, words)) return early.fail(*error);
    } else if (!words.command.empty()) {
      return early.fail({ErrorKind::usage, "this command takes nothing after --", "", ""});
    }
  } catch (const CLI::CallForHelp&) {
    around.out(app.help());
    return 0;
  } catch (const CLI::CallForAllHelp&) {
    around.out(app.help("", CLI::AppFormatMode::All));
    return 0;
  } catch (const CLI::CallForVersion&) {
    around.out("gang " + around.version + "\n");
    return 0;
  } catch (const CLI::ParseError& error) {
    const std::string command =
        words.flags.empty() || words.flags[0].starts_with("-") ? "" : " " + words.flags[0];
    return early.fail(misuse(app, error, "`gang" + command + " --help` shows how to write it"));
  }
  if (const auto error = choose_server(app, parsed, around)) return early.fail(*error);
  if (!parsed.on.empty()) {
    around.server.clear();
    around.choose_place(parsed.on);
    around.place = parsed.on;
    around.whom_flag = "--on " + shell_quote(parsed.on);
  }
  Output out(around, parsed.json ? Form::json : parsed.quiet ? Form::quiet : Form::people);
  return dispatch(app, parsed, out);
}

}  // namespace gangline
