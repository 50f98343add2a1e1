#include "base/text.h"
#include "cli/ask.h"
#include "cli/commands.h"
#include "cli/follow.h"
#include "json/json.h"
#include "service/no_log.h"

namespace gangline {
namespace {

// Why there is nothing to show of a gang that never ran; empty where it did.
std::string why_silent(const GangView& gang, const Output& out) {
  const std::string name = "gang " + format(gang.id);
  if (gang.started || gang.attempt > 1) return {};
  if (gang.phase == GangPhase::waiting)
    return name + " waits, so it has written nothing; " + out.next("why " + format(gang.id)) +
           " says why";
  if (gang.phase == GangPhase::ended && gang.ending)
    return name + (gang.ending->cause == EndCause::lost ? " " : " never ran: ") +
           describe(*gang.ending);
  return {};
}

// Attempts are counted from 1.
std::optional<Error> wrong_attempt(const LogsOptions& options, const GangView& gang) {
  if (!options.attempt) return std::nullopt;
  if (options.follow)
    return Error{ErrorKind::usage, "--follow shows the attempts as they come, all of them",
                 "--attempt", "leave one of the two out"};
  if (*options.attempt >= 1 && *options.attempt <= gang.attempt) return std::nullopt;
  return no_such_attempt(gang.id, *options.attempt, gang.attempt);
}

}  // namespace

int run_logs(const LogsOptions& options, Output& out) {
  auto service = out.around().service();
  if (!service) return out.fail(service.error());
  auto name = find_job(**service, options.job);
  if (!name) return out.fail(name.error());
  auto detail = ask<JobDetail>([&](auto reply) { (*service)->show(name->job, 0, 1, reply); });
  if (!detail) return out.fail(detail.error());
  if (!name->index && detail->summary.gangs > 1)
    return out.fail({ErrorKind::usage,
                     "job " + named(detail->summary) + " has " +
                         std::to_string(detail->summary.gangs) + " gangs, each with its own logs",
                     "", "say which: " + out.next("logs " + format(name->job) + ".0")});
  const GangId gang{name->job, name->index.value_or(0)};
  const std::uint32_t tasks = detail->spec.resources.tasks;
  if (options.rank && *options.rank >= tasks)
    return out.fail(no_such_rank(gang, *options.rank, tasks));

  auto found = ask<GangView>([&](auto reply) { (*service)->show_gang(gang, reply); });
  if (!found) return out.fail(found.error());
  if (const auto wrong = wrong_attempt(options, *found)) return out.fail(*wrong);
  const std::uint32_t first = options.rank.value_or(0);
  const std::uint32_t last = options.rank.value_or(tasks - 1);
  std::vector<LogReader> readers;
  for (std::uint32_t rank = first; rank <= last; ++rank)
    readers.emplace_back(**service,
                         LogQuery{gang, options.attempt.value_or(0), rank, options.error_stream});
  const auto prefix = [&](std::size_t i) {
    return first == last ? std::string() : "[" + std::to_string(first + i) + "] ";
  };
  for (;;) {
    auto over = !options.follow;
    std::uint32_t newest = 1;
    if (options.follow) {
      auto view = ask<GangView>([&](auto reply) { (*service)->show_gang(gang, reply); });
      if (!view) return out.fail(view.error());
      over = view->phase == GangPhase::ended;
      newest = view->attempt;
    }
    for (std::size_t i = 0; i < readers.size(); ++i) {
      if (options.follow) {
        const auto passed = readers[i].pass_on_attempts(newest, out, prefix(i));
        if (!passed) return out.fail(passed.error());
      }
      while (!options.follow) {
        const auto any = readers[i].pass_on(out, prefix(i));
        if (!any) return out.fail(any.error());
        if (!*any) break;
      }
    }
    if (over || out.around().interrupted().times > 0) break;
    (void)ask<JobSummary>([&](auto reply) {
      (*service)->wait({gang.job, gang.index, milliseconds(200)}, reply);
    });
  }
  for (std::size_t i = 0; i < readers.size(); ++i) readers[i].finish(out, prefix(i));
  const auto view = ask<GangView>([&](auto reply) { (*service)->show_gang(gang, reply); });
  if (view && !out.quiet() && !why_silent(*view, out).empty())
    out.around().err("gang: " + printable(why_silent(*view, out)) + "\n");
  return 0;
}

}  // namespace gangline
