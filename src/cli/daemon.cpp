#include "base/text.h"
#include "cli/ask.h"
#include "cli/commands.h"
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
  if (!status->trouble.empty()) out.line("trouble: " + printable(status->trouble));
  return 0;
}

// That nobody listens is an answer; that we may not ask is none.
bool none_runs(const Error& error) { return error.kind == ErrorKind::unavailable; }

int stop_service(Output& out) {
  auto service = out.around().running_service();
  if (!service) {
    if (!none_runs(service.error())) return out.fail(service.error());
    if (!out.quiet()) out.line("no service runs");
    return 0;
  }
  auto ended = ask<Unit>([&](auto reply) { (*service)->shut_down(reply); });
  if (!ended) return out.fail(ended.error());
  if (!out.quiet()) out.line("the service ends; running gangs go on");
  return 0;
}

int start_service(const DaemonOptions& options, Output& out) {
  auto service = out.around().service();
  if (!service) return out.fail(service.error());
  if (options.stays) {
    auto told = ask<Unit>([&](auto reply) { (*service)->stay(true, reply); });
    if (!told) return out.fail(told.error());
  }
  return show_status(**service, out);
}

}  // namespace

int run_daemon(const DaemonOptions& options, Output& out) {
  switch (options.action) {
    case DaemonAction::run: return out.around().run_daemon(options.stays);
    case DaemonAction::start: return start_service(options, out);
    case DaemonAction::stop: return stop_service(out);
    case DaemonAction::restart:
      if (const int code = stop_service(out); code != 0) return code;
      return start_service(options, out);
    case DaemonAction::status: break;
  }
  auto service = out.around().running_service();
  if (!service) {
    if (!none_runs(service.error())) return out.fail(service.error());
    if (out.json()) out.line("null");
    else if (!out.quiet()) out.line("no service runs; the next command that needs one starts it");
    return 1;
  }
  return show_status(**service, out);
}

}  // namespace gangline
