#include "server/route_table.h"

#include <algorithm>

#include "base/text.h"

namespace gangline {
namespace {

using enum RouteWay;

std::vector<RouteRow> job_rows() {
  const RouteWord first{"first", "integer", "the first gang told; 0 if left out"};
  const RouteWord gang{"gang", "integer", "this gang alone; the whole job if left out"};
  return {
      {"POST",
       "v1/jobs",
       Role::submit,
       straight,
       "Submits a job: a JobSpec, or a job file (TOML) with Content-Type application/toml. The "
       "header Idempotency-Key makes it safe to send twice.",
       "JobSpec",
       "Submitted",
       {{"key", "string", "as the header Idempotency-Key"}}},
      {"POST", "v1/translate", Role::submit, straight,
       "What would become of a job in the system that jobs are handed to.", "JobSpec",
       "Translation"},
      {"GET",
       "v1/jobs",
       Role::read,
       remembered,
       "Jobs, the newest first.",
       "",
       "[JobSummary]",
       {{"limit", "integer", "at most so many; 50 if left out, 10000 at most"},
        {"all", "boolean", "ended jobs too, beyond the newest few"},
        {"phase", "waiting|starting|running|ended", "only jobs that are that"},
        {"name", "string", "only jobs of this name"},
        {"owner", "string", "only jobs of this person"},
        {"queue", "string", "only jobs in this queue"},
        {"text", "string",
         "only jobs with this in their name or owner; case of a to z does not count"},
        {"before", "integer",
         "only jobs with smaller numbers: the next page; not with order=start"},
        {"order", "newest|start",
         "start: those that wait in the order in which they would start"}}},
      {"GET",
       "v1/jobs/{job}",
       Role::read,
       remembered,
       "One job, with its gangs from `first` on.",
       "",
       "JobDetail",
       {first, {"most", "integer", "at most so many gangs; 100 if left out"}}},
      {"GET", "v1/jobs/{job}/why", Role::read, remembered, "Why a job waits, and until when.", "",
       "WhyAnswer"},
      {"GET",
       "v1/jobs/{job}/wait",
       Role::read,
       waits,
       "Answered when it has ended or the time is over: look at the phase.",
       "",
       "JobSummary",
       {{"us", "integer", "the longest wait, in microseconds, up to ten minutes; 0 if left out"},
        gang}},
      {"POST",
       "v1/jobs/{job}/stop",
       Role::submit,
       straight,
       "Stops a job or one gang of it.",
       "",
       "JobSummary",
       {gang, {"at_once", "boolean", "without the grace to end by itself"}}},
  };
}

std::vector<RouteRow> gang_rows() {
  const RouteWord first{"first", "integer", "the first gang told; 0 if left out"};
  return {
      {"GET",
       "v1/jobs/{job}/cells",
       Role::read,
       remembered,
       "All gangs of a job, a letter each: w waits, s starting, r running, d done, f ended badly, "
       "x stopped, n never ran.",
       "",
       "GangCells",
       {first, {"most", "integer", "at most so many"}}},
      {"GET",
       "v1/jobs/{job}/results",
       Role::read,
       remembered,
       "Numbers that gangs wrote to their {output}, beside the values of their sweep.",
       "",
       "JobResults",
       {first, {"most", "integer", "at most so many gangs are looked at"}}},
      {"GET", "v1/jobs/{job}/gangs/{gang}", Role::read, remembered, "One gang.", "", "GangView"},
      {"GET",
       "v1/jobs/{job}/gangs/{gang}/log",
       Role::read,
       straight,
       "A part of what one task wrote.",
       "",
       "LogChunk",
       {{"from", "integer", "the first byte; 0 if left out"},
        {"most", "integer", "at most so many bytes"},
        {"rank", "integer", "of this task; 0 if left out"},
        {"attempt", "integer", "of this run; the newest if left out"},
        {"stderr", "boolean", "its standard error"}}},
      {"GET", "v1/names/{name}", Role::read, remembered, "The newest job of this name.", "",
       "JobId"},
  };
}

std::vector<RouteRow> other_rows() {
  const RouteWord from{"from", "integer", "microseconds since 1970 UTC"};
  const RouteWord until{"until", "integer", "microseconds since 1970 UTC"};
  return {
      {"GET", "v1/nodes", Role::read, remembered, "Machines: devices, who uses them, readings.", "",
       "[NodeView]"},
      {"GET",
       "v1/nodes/{node}/readings",
       Role::read,
       remembered,
       "What the devices of a node did in the last 30 days, in steps that grow with age.",
       "",
       "Readings",
       {{"from", "integer", "microseconds since 1970 UTC; an hour ago if left out"},
        until,
        {"most", "integer", "at most so many points; 300 if left out"},
        {"devices", "string", "their numbers: 0,1; all if left out"}}},
      {"GET",
       "v1/timeline",
       Role::read,
       remembered,
       "What ran, runs and is promised, and where.",
       "",
       "TimeChart",
       {from, until, {"most", "integer", "at most so many; 2000 if left out"}}},
      {"GET",
       "v1/feed",
       Role::read,
       waits,
       "What happened after a number, oldest first; see /v1/events for a stream of it.",
       "",
       "FeedPage",
       {{"of", "string", "the store whose number `after` is"},
        {"after", "integer", "of the last entry known; left out: from now on"},
        {"most", "integer", "at most so many; 1000 if left out"},
        {"us", "integer", "waits so long for something to tell, in microseconds"}}},
      {"GET", "v1/status", Role::read, remembered, "The service itself.", "", "ServiceStatus"},
      {"GET", "v1/figures", Role::read, straight, "What /metrics is made of.", "", "Figures"},
      {"GET",
       "metrics",
       Role::read,
       straight,
       "Counters and histograms for programs that gather such.",
       "",
       "text",
       {{"format", "openmetrics|prometheus", "openmetrics if left out"}}},
      {"POST", "v1/reservations", Role::submit, straight,
       "Holds devices for a person for a time. For others: role operate.", "ReserveRequest",
       "Reservation"},
      {"GET", "v1/reservations", Role::read, remembered, "Reservations that are not over.", "",
       "[Reservation]"},
      {"POST", "v1/reservations/{number}/cancel", Role::submit, straight,
       "Gives back what is reserved.", "", "Reservation"},
      {"POST", "v1/pilots", Role::submit, straight, "Asks for nodes that another system lends.",
       "PilotRequest", "PilotView"},
      {"GET", "v1/pilots", Role::read, remembered, "Such nodes.", "", "[PilotView]"},
      {"POST", "v1/pilots/{number}/stop", Role::submit, straight, "Ends one; its gangs wait again.",
       "", "PilotView"},
      {"POST", "v1/shut_down", Role::operate, straight, "Ends the service; what runs goes on.", "",
       "Unit"},
      {"POST",
       "v1/stay",
       Role::operate,
       straight,
       "Whether the service stays when it is idle.",
       "",
       "Unit",
       {{"stays", "boolean", "it stays; left out: it ends when idle"}}},
  };
}

std::string_view next_part(std::string_view& rest) {
  const auto slash = rest.find('/');
  const std::string_view part = rest.substr(0, slash);
  rest = slash == std::string_view::npos ? std::string_view() : rest.substr(slash + 1);
  return part;
}

}  // namespace

std::span<const RouteRow> route_rows() {
  static const std::vector<RouteRow> all = [] {
    std::vector<RouteRow> rows = job_rows();
    for (auto more : {gang_rows(), other_rows()})
      for (RouteRow& row : more) rows.push_back(std::move(row));
    return rows;
  }();
  return all;
}

std::optional<std::vector<std::string_view>> match_route(std::string_view pattern,
                                                         std::string_view path) {
  std::vector<std::string_view> words;
  if (path.ends_with('/')) return std::nullopt;
  while (!pattern.empty() && !path.empty()) {
    const std::string_view wanted = next_part(pattern), part = next_part(path);
    if (wanted.starts_with('{') && !part.empty()) words.push_back(part);
    else if (wanted != part) return std::nullopt;
  }
  if (!pattern.empty() || !path.empty()) return std::nullopt;
  return words;
}

std::optional<Error> unknown_word(const RouteRow& row, const Target& target) {
  for (const auto& asked : target.query) {
    const std::string& key = asked.first;
    const auto is_it = [&](const RouteWord& word) { return word.name == key; };
    if (key.empty() || std::any_of(row.query.begin(), row.query.end(), is_it)) continue;
    std::string words;
    for (const RouteWord& word : row.query)
      words += (words.empty() ? "" : ", ") + std::string(word.name);
    return Error{ErrorKind::broken, "there is no '" + printable(key) + "' to ask for here", "",
                 words.empty() ? "leave it out: this is asked without a query"
                               : "use one of these: " + words};
  }
  return std::nullopt;
}

}  // namespace gangline
