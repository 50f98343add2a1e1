// `gang shell`: a job whose one task is a terminal, and this terminal connected to it.
#include <algorithm>

#include "base/text.h"
#include "cli/ask.h"
#include "cli/commands.h"
#include "cli/follow.h"
#include "cli/reserve/local_times.h"
#include "cli/shell/shell_command.h"
#include "cli/specs.h"

namespace gangline {
namespace {

constexpr Span one_wait = milliseconds(100);
constexpr Span between_tries = milliseconds(20);
constexpr Span longest_end = seconds(15);

/// Where the shell listens: what {output} stands for in its job.
const std::string& socket_of(const GangView& gang) { return gang.output; }

std::string shell_of(const CommandWorld& around) {
  for (const EnvVar& var : around.environment)
    if (var.first == "SHELL" && !var.second.empty()) return var.second;
  return "/bin/sh";
}

/// The job whose task is internal-shell (main.cpp).
Result<JobSpec> spec_of(ShellOptions& options, Output& out) {
  JobFlags& flags = options.submit.flags;
  if (!options.submit.files.empty())
    return Error{ErrorKind::usage, "a shell takes no job file", options.submit.files.front(),
                 "say what it is to have with flags: `gang shell --gpus 1 --time 2h`"};
  Span idle{0};
  if (!options.idle.empty()) {
    const auto span = parse_span(options.idle);
    if (!span || *span < seconds(1))
      return Error{ErrorKind::usage, "the time that it may be idle is 1s or more, like 30m",
                   "--idle", ""};
    idle = *span;
  }
  if (flags.command.empty()) flags.command = {shell_of(out.around())};
  const std::vector<std::string> front = words_of_shell(out.around().program, idle);
  flags.command.insert(flags.command.begin(), front.begin(), front.end());
  if (!flags.name) flags.name = "shell";
  auto specs = read_specs(options.submit, out);
  if (!specs) return specs.error();
  return specs->front();
}

Result<JobSummary> wait_for(Service& service, JobId job, Span longest) {
  return ask<JobSummary>([&](auto reply) { service.wait({job, {}, longest}, reply); });
}

/// Until its gang runs or has ended. Ctrl-C and SIGTERM give the place back; then the answer has
/// ended.
Result<JobSummary> wait_until_it_runs(Service& service, JobId id, Output& out) {
  std::string told;
  bool stopped = false;
  for (;;) {
    auto job = wait_for(service, id, one_wait);
    if (!job || job->phase == GangPhase::running || job->phase == GangPhase::ended) return job;
    const Interrupted interrupted = out.around().interrupted();
    if (interrupted.times > 0 && !std::exchange(stopped, true)) {
      auto line = ask<JobSummary>([&](auto reply) { service.stop({id, {}, true, {}}, reply); });
      if (!line) return line;
      if (!out.quiet()) out.around().err("gang: job " + named(*line) + " waits no longer\n");
    }
    if (stopped || out.quiet() || job->reason.empty() || job->reason == told) continue;
    told = job->reason;
    out.around().err("gang: job " + named(*job) + " waits: " + printable(in_local_time(told)) +
                     "; Ctrl-C gives its place back\n");
  }
}

/// Says what it has, and until when.
void welcome(const JobSummary& job, Time ends, Output& out) {
  if (out.quiet()) return;
  std::string text =
      "gang: job " + named(job) + " has " + printable(job.taken.empty() ? job.request : job.taken);
  if (ends != never) text += " until " + format_utc(ends);
  out.around().err(text + "; `exit` gives it back\n");
}

/// Connects as soon as the shell listens. An Error if it ends before.
Result<ShellEnd> join(Service& service, JobId id, const std::string& path, Time ends, Output& out) {
  for (;;) {
    auto end = out.around().join_shell(path, ends);
    if (end || end.error().kind != ErrorKind::unavailable) return end;
    const auto job = wait_for(service, id, between_tries);
    if (!job) return job.error();
    if (job->phase == GangPhase::ended || out.around().interrupted().times > 0)
      return ShellEnd{std::nullopt, out.around().interrupted().signal};
  }
}

/// The exit code, once what it had is given back.
int report(Service& service, JobId id, const ShellEnd& end, Output& out) {
  if (end.signal != 0) return 128 + end.signal;
  const auto job = wait_for(service, id, longest_end);
  if (!job) return end.code ? *end.code : out.fail(job.error());
  if (end.code) return *end.code;
  if (!job->ending) {
    out.around().err("gang: the connection to job " + named(*job) +
                     " was lost; `gang shell --attach " + format(id) + "` comes back to it\n");
    return 1;
  }
  if (!out.quiet())
    out.around().err("gang: job " + named(*job) + " " + printable(describe(*job->ending)) + "\n");
  return exit_code_of(*job->ending);
}

/// A shell of one's own that has not ended.
Result<JobId> find_shell(Service& service, const std::string& attach) {
  const auto name = find_job(service, attach);
  if (!name) return name.error();
  const auto job = ask<JobDetail>([&](auto reply) { service.show(name->job, 0, 1, reply); });
  if (!job) return job.error();
  const std::string which = "job " + named(job->summary);
  if (!is_shell(job->spec.command))
    return Error{ErrorKind::refused, which + " is no shell of yours", "",
                 "`gang list` shows your jobs; --attach takes the number of a `gang shell`"};
  if (job->summary.phase == GangPhase::ended)
    return Error{ErrorKind::refused, which + " has ended, so nobody can come back to it", "",
                 "`gang show " + format(name->job) + "` says how; `gang shell` begins another"};
  return name->job;
}

/// The job to come back to, or a new one.
Result<JobId> find_or_submit(Service& service, const std::string& attach,
                             const std::optional<JobSpec>& spec) {
  if (!spec) return find_shell(service, attach);
  const auto submitted = ask<Submitted>([&](auto reply) { service.submit(*spec, reply); });
  if (!submitted) return submitted.error();
  return submitted->id;
}

}  // namespace

int run_shell(ShellOptions options, Output& out) {
  if (!out.around().server.empty())
    return out.fail({ErrorKind::usage,
                     "a shell is joined on its own machine, and GANGLINE_SERVER "
                     "names another",
                     "", "log in there by ssh, or unset GANGLINE_SERVER"});
  std::optional<JobSpec> spec;
  if (options.attach.empty()) {
    auto read = spec_of(options, out);
    if (!read) return out.fail(read.error());
    spec = *std::move(read);
  }
  auto service = out.around().service();
  if (!service) return out.fail(service.error());
  const auto id = find_or_submit(**service, options.attach, spec);
  if (!id) return out.fail(id.error());
  const auto job = wait_until_it_runs(**service, *id, out);
  if (!job) return out.fail(job.error());
  const Interrupted interrupted = out.around().interrupted();
  if (job->phase == GangPhase::ended) {
    if (interrupted.times > 0) return interrupted.exit_code();
    return report(**service, *id, {}, out);
  }
  const auto gang = ask<GangView>([&](auto reply) { (*service)->show_gang({*id, 0}, reply); });
  const auto detail = ask<JobDetail>([&](auto reply) { (*service)->show(*id, 0, 1, reply); });
  if (!gang) return out.fail(gang.error());
  if (!detail) return out.fail(detail.error());
  const auto& time = detail->spec.time;
  const Time ends = time && gang->started ? *gang->started + *time : never;
  welcome(*job, ends, out);
  const auto end = join(**service, *id, socket_of(*gang), ends, out);
  if (!end) return out.fail(end.error());
  return report(**service, *id, *end, out);
}

}  // namespace gangline
