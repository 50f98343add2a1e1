#include <algorithm>

#include "base/text.h"
#include "cli/ask.h"
#include "cli/commands.h"
#include "cli/reserve/local_times.h"
#include "json/json.h"

namespace gangline {
namespace {

// "40: 12 well, 1 badly, 2 run, 25 wait"; a lone gang needs no count.
std::string gangs_cell(const JobSummary& job) {
  if (job.gangs == 1) return "1";
  return std::to_string(job.gangs) + ": " + count_by_state(job);
}

std::string time_cell(const JobSummary& job, Time now) {
  if (job.phase == GangPhase::ended && job.started && job.ended)
    return format(*job.ended - *job.started);
  if (job.started && job.phase != GangPhase::waiting) return format(now - *job.started);
  return "-";
}

std::uint32_t not_well(const JobSummary& job) { return job.ended_badly + job.never_ran; }

std::string last_cell(const JobSummary& job) {
  if (job.ending && (job.phase == GangPhase::ended || not_well(job) > 0))
    return describe(*job.ending);
  if (!job.reason.empty()) return in_local_time(job.reason);
  return job.taken.empty() ? job.request : job.taken;
}

Colour colour_of(const JobSummary& job) {
  if (not_well(job) > 0) return Colour::bad;
  if (job.phase == GangPhase::running) return Colour::good;
  return job.phase == GangPhase::ended ? Colour::faint : Colour::none;
}

/// Jobs that run and are not among these, which are the newest.
std::size_t running_beside(Service& service, const std::vector<JobSummary>& jobs) {
  ListQuery running;
  running.phase = GangPhase::running;
  running.limit = most_listed;
  const auto all = ask<std::vector<JobSummary>>([&](auto reply) { service.list(running, reply); });
  if (!all) return 0;
  const auto is_told = [&](const JobSummary& one) {
    return std::any_of(jobs.begin(), jobs.end(),
                       [&](const JobSummary& told) { return told.id == one.id; });
  };
  return all->size() - static_cast<std::size_t>(std::count_if(all->begin(), all->end(), is_told));
}

// What the list leaves out, and what shows it; empty where it is whole.
std::string left_out(Service& service, const ListQuery& query, const std::vector<JobSummary>& jobs,
                     const Output& out) {
  const bool full = jobs.size() >= query.limit;
  if (!query.phase && query.name.empty()) {
    const auto status = ask<ServiceStatus>([&](auto reply) { service.status(reply); });
    if (!status || status->jobs <= jobs.size()) return {};
    std::string more = std::to_string(status->jobs - jobs.size()) + " more";
    if (const std::size_t run = running_beside(service, jobs); run > 0)
      more += ", " + std::to_string(run) + " of them running (" + out.next("list --state running") +
              ")";
    if (!query.all) return more + ": " + out.next("list --all") + " shows them";
    if (query.limit < most_listed) return more + ": a larger --limit shows them";
    return more + " than one list shows; --name and --state narrow it";
  }
  if (full) return "there may be more: a larger --limit shows them";
  const auto ended = std::count_if(jobs.begin(), jobs.end(), [](const JobSummary& job) {
    return job.phase == GangPhase::ended;
  });
  if (query.phase || query.all || ended < newest_ended_listed) return {};
  return "more may have ended: --all shows them";
}

void print(const std::vector<JobSummary>& jobs, Output& out) {
  if (out.json()) return out.line(to_json(jobs));
  if (out.quiet()) {
    for (const JobSummary& job : jobs) out.line(format(job.id));
    return;
  }
  // Whose they are is told where they are not all one's own.
  const bool others = std::any_of(jobs.begin(), jobs.end(), [&](const JobSummary& job) {
    return job.owner != out.around().login;
  });
  std::vector<std::string> head{"JOB", "NAME", "STATE", "GANGS", "TIME", "WHAT"};
  if (others) head.insert(head.begin() + 1, "USER");
  Table table(head);
  for (const JobSummary& job : jobs) {
    std::vector<std::string> row{format(job.id),
                                 job.name,
                                 name_of(job.phase),
                                 gangs_cell(job),
                                 time_cell(job, out.around().now()),
                                 last_cell(job)};
    if (others) row.insert(row.begin() + 1, job.owner);
    table.row(row, colour_of(job));
  }
  out.table(table);
}

// With a config file that is wrong no service starts, and the jobs are there all the same.
int list_without_service(const Error& error, const ListQuery& query, Output& out) {
  if (!out.around().server.empty() || out.around().settings()) return out.fail(error);
  const auto jobs = out.around().stored_jobs(query);
  if (!jobs || jobs->empty()) return out.fail(error);
  print(*jobs, out);
  const int code = out.fail(error);
  if (!out.json() && !out.quiet())
    out.around().err("so this is how it was when a service last ran; what runs goes on\n");
  return code;
}

}  // namespace

int run_list(const ListOptions& options, Output& out) {
  if (options.limit == 0)
    return out.fail({ErrorKind::usage, "a list has at least one line", "--limit", ""});
  ListQuery query;
  query.phase = options.phase;
  query.all = options.all;
  query.name = options.name;
  query.limit = options.limit.value_or(options.all ? most_listed : query.limit);
  auto service = out.around().service();
  if (!service) return list_without_service(service.error(), query, out);
  auto jobs = ask<std::vector<JobSummary>>([&](auto reply) { (*service)->list(query, reply); });
  if (!jobs) return out.fail(jobs.error());
  if (!out.json() && !out.quiet()) {
    const auto reserved =
        ask<std::vector<Reservation>>([&](auto reply) { (*service)->reservations(reply); });
    if (reserved) print_reservations(*reserved, out);
  }
  if (jobs->empty() && !out.json() && !out.quiet()) {
    const bool some = query.phase || !query.name.empty();
    out.line(some ? "no such jobs" : "no jobs; " + out.next("run -- COMMAND") + " makes one");
    return 0;
  }
  print(*jobs, out);
  if (out.json() || out.quiet()) return 0;
  if (const std::string more = left_out(**service, query, *jobs, out); !more.empty())
    out.line(more);
  return 0;
}

}  // namespace gangline
