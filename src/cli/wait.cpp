#include "base/text.h"
#include "cli/ask.h"
#include "cli/commands.h"
#include "json/json.h"

namespace gangline {
namespace {

// Short enough that Ctrl-C is heard soon, long enough to be no load.
constexpr Span one_wait = milliseconds(500);

}  // namespace

int run_wait(const WaitOptions& options, Output& out) {
  auto service = out.around().service();
  if (!service) return out.fail(service.error());
  const Time until = options.longest ? out.around().now() + *options.longest : never;
  int code = 0;
  for (const std::string& word : options.jobs) {
    auto name = find_job(**service, word);
    if (!name) return out.fail(name.error());
    for (;;) {
      auto job = ask<JobSummary>([&](auto reply) {
        (*service)->wait({name->job, name->index, one_wait}, reply);
      });
      if (!job) return out.fail(job.error());
      bool over = job->phase == GangPhase::ended;
      std::optional<Ending> ending = job->ending;
      std::optional<GangView> one;
      if (name->index) {
        auto gang = ask<GangView>([&](auto reply) {
          (*service)->show_gang({name->job, *name->index}, reply);
        });
        if (!gang) return out.fail(gang.error());
        over = gang->phase == GangPhase::ended;
        ending = gang->ending;
        one = *std::move(gang);
      }
      if (over) {
        if (out.json()) out.line(one ? to_json(*one) : to_json(*job));
        else if (!out.quiet() && ending)
          out.line(subject(*job, name->index) + " " + printable(describe(*ending)));
        if (ending && code == 0) code = exit_code_of(*ending);
        break;
      }
      const Interrupted interrupted = out.around().interrupted();
      if (interrupted.times > 0) return interrupted.exit_code();
      if (out.around().now() >= until)
        return out.fail({ErrorKind::refused,
                         subject(*job, name->index) + " has not ended in that time", "", ""});
    }
  }
  return code;
}

}  // namespace gangline
