#include <map>

#include "base/text.h"
#include "cli/ask.h"
#include "cli/commands.h"
#include "cli/reserve/local_times.h"
#include "json/json.h"

namespace gangline {
namespace {

int show_status(Service& service, Output& out) {
  auto status = ask<ServiceStatus>([&](auto reply) { service.status(reply); });
  if (!status) return out.fail(status.error());
  if (out.json()) {
    out.line(to_json(*status));
    return 0;
  }
  if (out.quiet()) {
    out.line(std::to_string(status->pid));
    return 0;
  }
  out.line("the service runs: pid " + std::to_string(status->pid) + ", version " +
           printable(status->version) + ", since " + format_utc(status->started));
  out.line("gangs: " + std::to_string(status->running) + " run, " +
           std::to_string(status->waiting) + " wait, " + std::to_string(status->ended) + " ended");
  out.line("state in " + printable(status->state_dir));
  out.line(status->stays ? "it stays until told to stop" : "it ends by itself when idle");
  if (!status->way.empty()) out.line("Slurm is asked by " + printable(status->way));
  if (!status->trouble.empty()) out.line("trouble: " + printable(status->trouble));
  for (const std::string& note : status->notes) out.line("note: " + printable(in_local_time(note)));
  return 0;
}

// That nobody listens is an answer; that we may not ask is none.
bool none_runs(const Error& error) { return error.kind == ErrorKind::unavailable; }

// Ends the service and waits for it, so that whoever comes next starts another. What it was; empty
// where none ran.
Result<std::optional<ServiceStatus>> end_service(Output& out) {
  using Was = std::optional<ServiceStatus>;
  auto service = out.around().running_service();
  if (!service && none_runs(service.error())) return Was{};
  if (!service) return service.error();
  const auto status = ask<ServiceStatus>([&](auto reply) { (*service)->status(reply); });
  auto ended = ask<Unit>([&](auto reply) { (*service)->shut_down(reply); });
  // Somebody else may have ended it at this moment.
  if (!ended && !none_runs(ended.error())) return ended.error();
  // One that is so old or new that its status cannot be read is not waited for.
  if (!status) return Was{ServiceStatus{}};
  if (!out.around().service_has_ended(status->pid))
    return Error{
        ErrorKind::unavailable,
        "the service, pid " + std::to_string(status->pid) + ", was told to end and does not", "",
        "`kill -9` ends it; running gangs go on"};
  return Was{*status};
}

int stop_service(Output& out) {
  const auto was = end_service(out);
  if (!was) return out.fail(was.error());
  if (out.json()) out.line(*was ? to_json(**was) : "null");
  else if (!out.quiet())
    out.line(*was ? "the service ends; running gangs go on" : "no service runs");
  return 0;
}

/// What becomes of jobs whose queue was taken out of the config file.
void tell_lost_queues(Service& service, Output& out) {
  // Slurm's partitions are queues that no config file has.
  if (out.json() || out.quiet() || out.around().place == "slurm") return;
  const auto settings = out.around().settings();
  ListQuery unfinished;
  unfinished.limit = most_listed;
  const auto jobs =
      ask<std::vector<JobSummary>>([&](auto reply) { service.list(unfinished, reply); });
  if (!settings || !jobs) return;
  std::map<std::string, std::uint64_t> waiting;
  for (const JobSummary& job : *jobs)
    if (job.waiting > 0 && !find_queue(settings->queues, job.queue)) ++waiting[job.queue];
  for (const auto& [queue, n] : waiting)
    out.around().err("note: the config file has no queue " + printable(queue) + " any more; " +
                     std::to_string(n) + (n == 1 ? " job waits" : " jobs wait") + " in " +
                     settings->queues.front().name + " instead\n");
}

int start_service(bool stays, Output& out) {
  auto service = out.around().service();
  if (!service) return out.fail(service.error());
  if (stays) {
    auto told = ask<Unit>([&](auto reply) { (*service)->stay(true, reply); });
    if (!told) return out.fail(told.error());
  }
  tell_lost_queues(**service, out);
  return show_status(**service, out);
}

int restart_service(bool stays, Output& out) {
  // One that runs is better than none.
  if (const auto fit = out.around().check_settings(); !fit) return out.fail(fit.error());
  const auto was = end_service(out);
  if (!was) return out.fail(was.error());
  if (!out.json() && !out.quiet())
    out.line(*was ? "the service ends; running gangs go on" : "no service runs");
  return start_service(stays || (*was && (*was)->stays), out);
}

int install_service(const InstallOptions& options, Output& out) {
  const auto done = out.around().install_for_all(options, [&](const std::string& line) {
    if (!out.quiet()) out.line(line);
  });
  return done ? 0 : out.fail(done.error());
}

int uninstall_service(const UninstallOptions& options, Output& out) {
  const auto done = out.around().uninstall_for_all(options, [&](const std::string& line) {
    if (!out.quiet()) out.line(line);
  });
  return done ? 0 : out.fail(done.error());
}

}  // namespace

int run_daemon(const DaemonOptions& options, Output& out) {
  switch (options.action) {
    case DaemonAction::run: return out.around().run_daemon(options.stays);
    case DaemonAction::start: return start_service(options.stays, out);
    case DaemonAction::stop: return stop_service(out);
    case DaemonAction::restart: return restart_service(options.stays, out);
    case DaemonAction::install: return install_service(options.install, out);
    case DaemonAction::uninstall: return uninstall_service(options.uninstall, out);
    case DaemonAction::status: break;
  }
  auto service = out.around().running_service();
  if (!service) {
    if (!none_runs(service.error())) return out.fail(service.error());
    if (out.json()) out.line("null");
    else if (!out.quiet() && service.error().hint.empty())
      out.line("no service runs; the next command that needs one starts it");
    else if (!out.quiet()) out.line(printable(service.error().sentence()));
    return 1;
  }
  return show_status(**service, out);
}

}  // namespace gangline
