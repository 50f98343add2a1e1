#include "base/text.h"
#include "cli/ask.h"
#include "cli/commands.h"
#include "json/json.h"

namespace gangline {
namespace {

// "40: 12 well, 1 badly, 2 run, 25 wait"; a lone gang needs no count.
std::string gangs_cell(const JobSummary& job) {
  if (job.gangs == 1) return "1";
  std::string text = std::to_string(job.gangs) + ":";
  const auto add = [&](std::uint32_t n, const char* word) {
    if (n > 0) text += (text.ends_with(':') ? " " : ", ") + std::to_string(n) + " " + word;
  };
  add(job.ended_well, "well");
  add(job.ended_badly, "badly");
  add(job.running + job.starting, "run");
  add(job.waiting, "wait");
  return text;
}

std::string time_cell(const JobSummary& job, Time now) {
  if (job.phase == GangPhase::ended && job.started && job.ended)
    return format(*job.ended - *job.started);
  if (job.started) return format(now - *job.started);
  return "-";
}

std::string last_cell(const JobSummary& job) {
  if (job.ending && (job.phase == GangPhase::ended || job.ended_badly > 0))
    return describe(*job.ending);
  if (!job.reason.empty()) return job.reason;
  return job.taken.empty() ? job.request : job.taken;
}

Colour colour_of(const JobSummary& job) {
  if (job.ended_badly > 0) return Colour::bad;
  if (job.phase == GangPhase::running) return Colour::good;
  return job.phase == GangPhase::ended ? Colour::faint : Colour::none;
}

}  // namespace

int run_list(const ListOptions& options, Output& out) {
  auto service = out.around().service();
  if (!service) return out.fail(service.error());
  const ListQuery query{options.phase, options.all, options.name, options.limit};
  auto jobs = ask<std::vector<JobSummary>>([&](auto reply) { (*service)->list(query, reply); });
  if (!jobs) return out.fail(jobs.error());
  if (out.json()) {
    out.line(to_json(*jobs));
    return 0;
  }
  if (out.quiet()) {
    for (const JobSummary& job : *jobs) out.line(format(job.id));
    return 0;
  }
  if (jobs->empty()) {
    out.line("no jobs; `gang run -- COMMAND` makes one");
    return 0;
  }
  Table table({"JOB", "NAME", "STATE", "GANGS", "TIME", "WHAT"});
  for (const JobSummary& job : *jobs)
    table.row({format(job.id), job.name, name_of(job.phase), gangs_cell(job),
               time_cell(job, out.around().now()), last_cell(job)},
              colour_of(job));
  out.table(table);
  return 0;
}

}  // namespace gangline
