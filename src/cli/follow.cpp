#include "cli/follow.h"

#include <algorithm>
#include <csignal>

#include "base/text.h"
#include "cli/ask.h"
#include "cli/reserve/local_times.h"
#include "json/json.h"

namespace gangline {
namespace {

constexpr Span one_wait = milliseconds(100);
constexpr std::uint32_t most_ranks_followed = 64;
constexpr Span progress_every = seconds(2);

std::string progress_of(const JobSummary& job) {
  const std::uint32_t ended = job.ended_well + job.ended_badly + job.never_ran;
  std::string text = "gang: job " + named(job) + ": " + std::to_string(ended) + " of " +
                     std::to_string(job.gangs) + " gangs ended";
  if (job.ended_badly > 0) text += " (" + std::to_string(job.ended_badly) + " badly)";
  if (job.running + job.starting > 0)
    text += ", " + std::to_string(job.running + job.starting) + " run";
  if (job.waiting > 0) text += ", " + std::to_string(job.waiting) + " wait";
  return text;
}

// One line on standard error that is written over on a terminal, and else printed now and then.
class ProgressLine {
 public:
  explicit ProgressLine(Output& out) : out_(out) {}

  void show(const std::string& text) {
    CommandWorld& around = out_.around();
    if (out_.quiet() || text == last_) return;
    if (!around.err_is_terminal && around.now() - shown_ < progress_every && !last_.empty()) return;
    std::string line = printable(text);
    if (around.err_is_terminal) {
      if (line.size() > around.width - 1) line.resize(around.width - 1);
      around.err("\r\x1b[K" + line);
    } else {
      around.err(line + "\n");
    }
    shown_ = around.now();
    last_ = text;
  }
  void clear() {
    if (!last_.empty() && out_.around().err_is_terminal) out_.around().err("\r\x1b[K");
    last_.clear();
  }

 private:
  Output& out_;
  std::string last_;
  Time shown_{0};
};

// Watches for Ctrl-C and SIGTERM between two waits: the first asks the job to stop, the next Ctrl-C
// kills it. A SIGTERM does not: a program sent it, perhaps to a whole group and once more.
class Interrupts {
 public:
  Interrupts(Service& service, JobId job, Output& out) : service_(service), job_(job), out_(out) {}

  void heed() {
    const Interrupted interrupted = out_.around().interrupted();
    if (interrupted.times == heard_.times) return;
    heard_ = interrupted;
    given_up_ = heard_.times > 2;
    stop_job(service_, job_, heard_, out_);
  }
  bool any() const { return heard_.times > 0; }
  int exit_code() const { return heard_.exit_code(); }
  /// A third Ctrl-C: the person wants the terminal back, whatever becomes of the job.
  bool given_up() const { return given_up_; }

 private:
  Service& service_;
  JobId job_;
  Output& out_;
  Interrupted heard_;
  bool given_up_ = false;
};

class TaskLogs {
 public:
  TaskLogs(Service& service, GangId gang, std::uint32_t tasks) : tasks_(tasks) {
    for (std::uint32_t rank = 0; rank < std::min(tasks, most_ranks_followed); ++rank)
      for (const bool error_stream : {false, true})
        readers_.emplace_back(service, LogQuery{gang, 0, rank, error_stream});
  }

  /// Of all attempts of the gang so far. What cannot be read now is read later.
  void pass_on(Output& out, std::uint32_t newest) {
    for (std::size_t i = 0; i < readers_.size(); ++i)
      (void)readers_[i].pass_on_attempts(newest, out, prefix(i)).ok();
  }
  void finish(Output& out, std::uint32_t newest) {
    pass_on(out, newest);
    for (std::size_t i = 0; i < readers_.size(); ++i) readers_[i].finish(out, prefix(i));
  }

 private:
  std::string prefix(std::size_t i) const {
    return tasks_ == 1 ? "" : "[" + std::to_string(i / 2) + "] ";
  }

  std::uint32_t tasks_;
  std::vector<LogReader> readers_;
};

// Of a job with many gangs: the first few that failed, why, and what the first wrote last.
void name_failed(Service& service, const JobSummary& job, Output& out) {
  constexpr std::uint32_t most_looked_at = 20, most_told = 3;
  const auto detail =
      ask<JobDetail>([&](auto reply) { service.show(job.id, 0, most_looked_at, reply); });
  if (!detail) return;
  std::string first;
  std::uint32_t told = 0;
  for (const GangView& gang : detail->gangs) {
    const bool failed = gang.ending && gang.ending->cause != EndCause::done &&
                        gang.ending->cause != EndCause::dependency;
    if (!failed || told++ >= most_told) continue;
    const std::string values = values_of(gang);
    out.around().err("gang: gang " + format(gang.id) +
                     (values.empty() ? "" : " (" + printable(values) + ")") + " " +
                     printable(describe(*gang.ending)) + "\n");
    if (!first.empty()) continue;
    first = format(gang.id);
    for (const auto part : split(trim(gang.ending->last_lines), '\n'))
      if (!part.empty()) out.around().err("    " + printable(part) + "\n");
  }
  if (first.empty()) return;
  out.around().err("gang: " + out.next("logs " + first) +
                   " shows what it wrote, with --stderr the other stream; " +
                   out.next("show " + format(job.id)) + " lists all gangs\n");
}

// Why a job did not end well, on standard error.
void tell_failure(Service& service, const JobSpec& spec, const JobSummary& job, Output& out) {
  const Ending& ending = *job.ending;
  const bool by_gang =
      job.gangs > 1 && ending.cause != EndCause::stopped && ending.cause != EndCause::dependency;
  const bool plain_failure = ending.cause == EndCause::failed && job.gangs == 1 && ending.exit_code;
  if (plain_failure && out.quiet()) return;  // the exit code says it
  std::string what = "gang: job " + named(job);
  if (by_gang)
    what += ": " + std::to_string(job.ended_badly) + " of " + std::to_string(job.gangs) +
            " gangs ended badly" +
            (job.never_ran > 0 ? ", " + std::to_string(job.never_ran) + " never ran" : "");
  else what += " " + printable(describe(ending));
  out.around().err(what + "\n");
  if (by_gang) name_failed(service, job, out);
  const std::string hint = retry_hint(spec, ending);
  if (!hint.empty()) out.around().err("gang: " + hint + "\n");
}

int report_end(Service& service, const JobSpec& spec, const JobSummary& job,
               const Interrupts& interrupts, Output& out) {
  if (out.json()) out.line(to_json(job));
  if (!job.ending) return 1;
  const bool well = job.ending->cause == EndCause::done;
  if (!well && !out.json()) tell_failure(service, spec, job, out);
  if (well && job.gangs > 1 && !out.quiet() && !out.json())
    out.around().err("gang: job " + named(job) + ": all " + std::to_string(job.gangs) +
                     " gangs ended well\n");
  return interrupts.any() && !well ? interrupts.exit_code() : exit_code_of(*job.ending);
}

}  // namespace

void stop_job(Service& service, JobId job, const Interrupted& interrupted, Output& out) {
  const bool pressed = interrupted.signal == SIGINT;
  const bool at_once = pressed && interrupted.times > 1;
  out.around().err((at_once ? "\ngang: killing job " : "\ngang: stopping job ") + format(job) +
                   (pressed && !at_once ? "; Ctrl-C again kills it at once\n" : "\n"));
  auto stopped = ask<JobSummary>([&](auto reply) { service.stop({job, {}, at_once, {}}, reply); });
  if (!stopped) out.fail(stopped.error());
}

void LogReader::hand_out(Output& out, std::string_view text) const {
  const auto& sink = query_.error_stream || out.json() ? out.around().err : out.around().out;
  sink(std::string(text));
}

Result<bool> LogReader::pass_on(Output& out, const std::string& prefix) {
  auto chunk = ask<LogChunk>([&](auto reply) { service_.read_log(query_, reply); });
  if (!chunk) return chunk.error();
  if (chunk->dropped > 0)
    hand_out(out, "\n[gang: " + std::to_string(chunk->dropped) +
                      " bytes were dropped here: the log passed its limit]\n");
  query_.from = chunk->from + chunk->bytes.size();
  const bool more = query_.from < chunk->size;
  if (prefix.empty()) {
    if (!chunk->bytes.empty()) hand_out(out, chunk->bytes);
    return more;
  }
  unfinished_ += chunk->bytes;
  std::string lines;
  std::size_t begin = 0;
  for (std::size_t end; (end = unfinished_.find('\n', begin)) != std::string::npos; begin = end + 1)
    lines += prefix + unfinished_.substr(begin, end - begin + 1);
  unfinished_.erase(0, begin);
  if (!lines.empty()) hand_out(out, lines);
  return more;
}

void LogReader::finish(Output& out, const std::string& prefix) {
  if (!unfinished_.empty()) hand_out(out, prefix + unfinished_ + "\n");
  unfinished_.clear();
}

Result<void> LogReader::pass_on_attempts(std::uint32_t newest, Output& out,
                                         const std::string& prefix) {
  query_.attempt = std::max(query_.attempt, 1u);
  for (;;) {
    const auto more = pass_on(out, prefix);
    if (!more) return more.error();
    if (*more) continue;
    if (query_.attempt >= newest) return {};
    finish(out, prefix);
    ++query_.attempt;
    query_.from = 0;
  }
}

namespace {

int lost(JobId job, const Error& error, Output& out) {
  const int code = out.fail(error);
  if (!out.around().server.empty())
    out.around().err("gang: job " + format(job) + " goes on there; " +
                     out.next("logs -f " + format(job)) + " follows it\n");
  return code;
}

}  // namespace

int follow_job(Service& service, JobId id, Output& out) {
  auto detail = ask<JobDetail>([&](auto reply) { service.show(id, 0, 1, reply); });
  if (!detail) return out.fail(detail.error());
  Result<JobSummary> job = detail->summary;
  std::optional<TaskLogs> logs;
  if (job->gangs == 1) logs.emplace(service, GangId{id, 0}, detail->spec.resources.tasks);
  ProgressLine progress(out);
  Interrupts interrupts(service, id, out);
  bool told_why = false;
  const auto newest_attempt = [&]() -> std::uint32_t {
    if (detail->spec.retries == 0) return 1;
    const auto gang = ask<GangView>([&](auto reply) { service.show_gang({id, 0}, reply); });
    return gang ? gang->attempt : 1;
  };
  while (job->phase != GangPhase::ended) {
    job = ask<JobSummary>([&](auto reply) { service.wait({id, {}, one_wait}, reply); });
    if (!job) {
      if (job.error().kind != ErrorKind::unavailable) return out.fail(job.error());
      job = ask<JobSummary>([&](auto reply) {
        service.wait({id, {}, Span{0}}, reply);
      });  // started again
      if (!job) return lost(id, job.error(), out);
    }
    interrupts.heed();
    if (interrupts.given_up()) return interrupts.exit_code();
    const bool begun = job->phase != GangPhase::waiting && job->phase != GangPhase::starting;
    if (!begun && !job->reason.empty()) {
      if (!out.around().err_is_terminal && told_why) continue;
      progress.show("gang: job " + named(*job) + " waits: " + in_local_time(job->reason));
      told_why = true;
    } else if (job->gangs > 1) {
      progress.show(progress_of(*job));
    } else {
      progress.clear();
    }
    if (logs) logs->pass_on(out, newest_attempt());
  }
  progress.clear();
  if (logs) logs->finish(out, newest_attempt());
  return report_end(service, detail->spec, *job, interrupts, out);
}

}  // namespace gangline
