#include "server/routes.h"

#include <limits>

#include "base/text.h"
#include "json/json.h"
#include "metrics/metrics_text.h"
#include "server/query.h"
#include "server/route_table.h"

namespace gangline {
namespace {

using Answer = std::function<void(HttpAnswer)>;

constexpr std::uint64_t most_index = std::numeric_limits<std::uint32_t>::max();
constexpr std::uint64_t most_offset = std::numeric_limits<std::int64_t>::max();
constexpr std::uint64_t most_log_bytes = 4 << 20;
constexpr std::size_t most_devices_asked = 1'024;

// What a route gets: the numbers and names that stood in its path, the query, the body.
struct Asked {
  Service& service;
  const HttpRequest& request;
  const Target& target;
  std::vector<std::string> words;  // what stood in place of each part in braces
  Answer reply;
};

unsigned status_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::usage: return 400;
    case ErrorKind::broken: return 400;
    case ErrorKind::refused: return 409;
    case ErrorKind::not_found: return 404;
    case ErrorKind::denied: return 403;
    case ErrorKind::unavailable: return 503;
    case ErrorKind::disk: return 507;
    case ErrorKind::version: return 426;
  }
  return 500;
}

void send(const Answer& reply, const Error& error) {
  reply({status_of(error.kind), to_json(error), {}});
}

template <class T>
Reply<T> as_json(const Answer& reply) {
  return [reply](Result<T> result) {
    if (!result) return send(reply, result.error());
    if constexpr (std::is_same_v<T, Unit>) reply({200, "{}", {}});
    else reply({200, to_json(*result), {}});
  };
}

Error bad(const std::string& what) { return {ErrorKind::broken, what, "", ""}; }

// The job that the first word of the path names, or an answer that it names none.
std::optional<JobId> job_in(const Asked& asked) {
  const auto number = parse_number(asked.words[0]);
  if (!number || *number == 0 || *number > most_offset) {
    send(asked.reply, bad("a job is named by its number here"));
    return std::nullopt;
  }
  return JobId{*number};
}

std::optional<GangId> gang_in(const Asked& asked) {
  const auto job = job_in(asked);
  if (!job) return std::nullopt;
  const auto index = parse_number(asked.words[1]);
  if (!index || *index > most_index) {
    send(asked.reply, bad("a gang is named by its number here"));
    return std::nullopt;
  }
  return GangId{*job, static_cast<std::uint32_t>(*index)};
}

// A number of the query that fits, or an answer that it does not.
std::optional<std::uint64_t> number(const Asked& asked, const char* key, std::uint64_t otherwise,
                                    std::uint64_t most) {
  auto value = number_in(asked.target, key, otherwise, most);
  if (!value)
    send(asked.reply, bad(std::string("'") + key + "' is no number up to " + std::to_string(most)));
  return value;
}

// Whether the query has it, or an answer that it says neither yes nor no.
std::optional<bool> flag(const Asked& asked, const char* key) {
  const auto value = flag_in(asked.target, key);
  if (!value) send(asked.reply, bad(std::string("'") + key + "' is true or false"));
  return value;
}

void submit(const Asked& asked) {
  auto spec = request_from_json<JobSpec>(asked.request.body);
  if (!spec) return send(asked.reply, spec.error());
  if (const auto key = asked.target.query.find("key"); key != asked.target.query.end())
    spec->submit_key = key->second;
  asked.service.submit(std::move(*spec), as_json<Submitted>(asked.reply));
}

void translate(const Asked& asked) {
  auto spec = request_from_json<JobSpec>(asked.request.body);
  if (!spec) return send(asked.reply, spec.error());
  asked.service.translate(std::move(*spec), as_json<Translation>(asked.reply));
}

void list(const Asked& asked) {
  ListQuery query;
  const auto limit = number(asked, "limit", query.limit, most_listed);
  if (!limit) return;
  query.limit = static_cast<std::uint32_t>(*limit);
  const auto all = flag(asked, "all");
  if (!all) return;
  query.all = *all;
  const auto word = [&](const char* key) {
    const auto found = asked.target.query.find(key);
    return found == asked.target.query.end() ? std::string() : found->second;
  };
  query.name = word("name");
  query.owner = word("owner");
  query.queue = word("queue");
  query.text = word("text");
  const auto before = number(asked, "before", 0, most_offset);
  if (!before) return;
  query.before = JobId{*before};
  if (const std::string order = word("order"); order == "start") query.by_start = true;
  else if (!order.empty() && order != "newest")
    return send(asked.reply, bad("'order' is newest or start"));
  if (query.by_start && query.before.n > 0)
    return send(asked.reply, bad("'before' goes by numbers, so not with the order of starts"));
  if (const auto wanted = asked.target.query.find("phase"); wanted != asked.target.query.end()) {
    for (const GangPhase phase :
         {GangPhase::waiting, GangPhase::starting, GangPhase::running, GangPhase::ended})
      if (wanted->second == name_of(phase)) query.phase = phase;
    if (!query.phase)
      return send(asked.reply, bad("'phase' is waiting, starting, running or ended"));
  }
  asked.service.list(query, as_json<std::vector<JobSummary>>(asked.reply));
}

void show(const Asked& asked) {
  const auto job = job_in(asked);
  if (!job) return;
  const auto first = number(asked, "first", 0, most_index);
  if (!first) return;
  const auto most = number(asked, "most", 100, most_index);
  if (!most) return;
  asked.service.show(*job, static_cast<std::uint32_t>(*first), static_cast<std::uint32_t>(*most),
                     as_json<JobDetail>(asked.reply));
}

void show_gang(const Asked& asked) {
  if (const auto gang = gang_in(asked))
    asked.service.show_gang(*gang, as_json<GangView>(asked.reply));
}

void why(const Asked& asked) {
  if (const auto job = job_in(asked)) asked.service.why(*job, as_json<WhyAnswer>(asked.reply));
}

void wait(const Asked& asked) {
  const auto job = job_in(asked);
  if (!job) return;
  const auto longest = number(asked, "us", 0, most_offset);
  if (!longest) return;
  WaitQuery query{*job, {}, Span{static_cast<std::int64_t>(*longest)}};
  if (asked.target.query.contains("gang")) {
    const auto index = number(asked, "gang", 0, most_index);
    if (!index) return;
    query.index = static_cast<std::uint32_t>(*index);
  }
  asked.service.wait(query, as_json<JobSummary>(asked.reply));
}

void stop(const Asked& asked) {
  const auto job = job_in(asked);
  if (!job) return;
  const auto at_once = flag(asked, "at_once");
  if (!at_once) return;
  StopRequest request{*job, {}, *at_once, {}};
  if (asked.target.query.contains("gang")) {
    const auto index = number(asked, "gang", 0, most_index);
    if (!index) return;
    request.index = static_cast<std::uint32_t>(*index);
  }
  asked.service.stop(request, as_json<JobSummary>(asked.reply));
}

void read_log(const Asked& asked) {
  const auto gang = gang_in(asked);
  if (!gang) return;
  LogQuery query;
  query.gang = *gang;
  const auto attempt = number(asked, "attempt", 0, most_index);
  if (!attempt) return;
  const auto rank = number(asked, "rank", 0, most_index);
  if (!rank) return;
  const auto from = number(asked, "from", 0, most_offset);
  if (!from) return;
  const auto most = number(asked, "most", query.most, most_log_bytes);
  if (!most) return;
  query.attempt = static_cast<std::uint32_t>(*attempt);
  query.rank = static_cast<std::uint32_t>(*rank);
  query.from = *from;
  query.most = static_cast<std::uint32_t>(*most);
  const auto error_stream = flag(asked, "stderr");
  if (!error_stream) return;
  query.error_stream = *error_stream;
  asked.service.read_log(query, as_json<LogChunk>(asked.reply));
}

void feed(const Asked& asked) {
  FeedQuery query;
  if (const auto of = asked.target.query.find("of"); of != asked.target.query.end())
    query.of = of->second;
  const auto longest = number(asked, "us", 0, most_offset);
  if (!longest) return;
  const auto most = number(asked, "most", query.most, most_feed_entries);
  if (!most) return;
  const auto after = number(asked, "after", 0, most_offset);
  if (!after) return;
  query.longest = Span{static_cast<std::int64_t>(*longest)};
  query.most = static_cast<std::uint32_t>(*most);
  if (asked.target.query.contains("after")) query.after = *after;
  asked.service.feed(query, as_json<FeedPage>(asked.reply));
}

// A job with the range of its gangs that is asked for, or an answer that something is wrong.
struct Range {
  JobId job;
  std::uint32_t first = 0, most = 0;
};
std::optional<Range> range_in(const Asked& asked, std::uint32_t most_gangs) {
  const auto job = job_in(asked);
  if (!job) return std::nullopt;
  const auto first = number(asked, "first", 0, most_index);
  if (!first) return std::nullopt;
  const auto most = number(asked, "most", most_gangs, most_gangs);
  if (!most) return std::nullopt;
  return Range{*job, static_cast<std::uint32_t>(*first), static_cast<std::uint32_t>(*most)};
}

void cells(const Asked& asked) {
  if (const auto range = range_in(asked, most_cells))
    asked.service.cells(range->job, range->first, range->most, as_json<GangCells>(asked.reply));
}

void results(const Asked& asked) {
  if (const auto range = range_in(asked, most_results))
    asked.service.results(range->job, range->first, range->most, as_json<JobResults>(asked.reply));
}

// "0,3,5", or an answer that it is no list of devices.
std::optional<std::vector<std::uint32_t>> devices_in(const Asked& asked) {
  std::vector<std::uint32_t> devices;
  const auto list = asked.target.query.find("devices");
  if (list == asked.target.query.end()) return devices;
  for (const std::string_view part : split(list->second, ',')) {
    const auto index = parse_number(part);
    if (!index || *index > most_index || devices.size() >= most_devices_asked) {
      send(asked.reply, bad("'devices' is a list of their numbers: 0,1"));
      return std::nullopt;
    }
    devices.push_back(static_cast<std::uint32_t>(*index));
  }
  return devices;
}

void readings(const Asked& asked) {
  const auto node = parse_number(asked.words[0]);
  if (!node || *node > most_index) return send(asked.reply, bad("a node has a number here"));
  const auto from = number(asked, "from", 0, most_offset);
  if (!from) return;
  const auto until = number(asked, "until", most_offset, most_offset);
  if (!until) return;
  const auto most = number(asked, "most", 300, most_reading_points);
  if (!most) return;
  auto devices = devices_in(asked);
  if (!devices) return;
  asked.service.readings(
      {NodeId{static_cast<std::uint32_t>(*node)}, *std::move(devices),
       Time{static_cast<std::int64_t>(*from)}, Time{static_cast<std::int64_t>(*until)},
       static_cast<std::uint32_t>(*most)},
      as_json<Readings>(asked.reply));
}

void timeline(const Asked& asked) {
  const auto from = number(asked, "from", 0, most_offset);
  if (!from) return;
  const auto until = number(asked, "until", most_offset, most_offset);
  if (!until) return;
  const auto most = number(asked, "most", TimeChartQuery().most, most_timeline_bars);
  if (!most) return;
  asked.service.timeline(
      {Time{static_cast<std::int64_t>(*from)}, Time{static_cast<std::int64_t>(*until)},
       static_cast<std::uint32_t>(*most)},
      as_json<TimeChart>(asked.reply));
}

void figures(const Asked& asked) { asked.service.figures(as_json<Figures>(asked.reply)); }

/// For programs that gather such numbers; `?format=prometheus` for those that know no other.
void metrics(const Asked& asked) {
  const auto wanted = asked.target.query.find("format");
  const bool older = wanted != asked.target.query.end() && wanted->second == "prometheus";
  if (wanted != asked.target.query.end() && !older && wanted->second != "openmetrics")
    return send(asked.reply, bad("'format' is openmetrics or prometheus"));
  const MetricsFormat format = older ? MetricsFormat::prometheus : MetricsFormat::open_metrics;
  asked.service.figures([format, reply = asked.reply](auto figures) {
    if (!figures) return send(reply, figures.error());
    HttpAnswer answer{200, metrics_text(*figures, format), {}};
    answer.type = content_type_of(format);
    reply(std::move(answer));
  });
}

void nodes(const Asked& asked) { asked.service.nodes(as_json<std::vector<NodeView>>(asked.reply)); }
void find(const Asked& asked) { asked.service.find(asked.words[0], as_json<JobId>(asked.reply)); }
void status(const Asked& asked) { asked.service.status(as_json<ServiceStatus>(asked.reply)); }
void reserve(const Asked& asked) {
  auto request = request_from_json<ReserveRequest>(asked.request.body);
  if (!request) return send(asked.reply, request.error());
  asked.service.reserve(*request, as_json<Reservation>(asked.reply));
}
void reservations(const Asked& asked) {
  asked.service.reservations(as_json<std::vector<Reservation>>(asked.reply));
}
void cancel_reservation(const Asked& asked) {
  const auto wanted = parse_number(asked.words[0]);
  if (!wanted) return send(asked.reply, bad("a reservation has a number"));
  asked.service.cancel_reservation(*wanted, as_json<Reservation>(asked.reply));
}
void ask_pilot(const Asked& asked) {
  auto request = request_from_json<PilotRequest>(asked.request.body);
  if (!request) return send(asked.reply, request.error());
  asked.service.ask_pilot(*request, as_json<PilotView>(asked.reply));
}
void pilots(const Asked& asked) {
  asked.service.pilots(as_json<std::vector<PilotView>>(asked.reply));
}
void stop_pilot(const Asked& asked) {
  const auto wanted = parse_number(asked.words[0]);
  if (!wanted) return send(asked.reply, bad("a pilot has a number"));
  asked.service.stop_pilot(*wanted, as_json<PilotView>(asked.reply));
}
void shut_down(const Asked& asked) { asked.service.shut_down(as_json<Unit>(asked.reply)); }
void stay(const Asked& asked) {
  if (const auto stays = flag(asked, "stays"))
    asked.service.stay(*stays, as_json<Unit>(asked.reply));
}

struct Route {
  std::string_view method;
  std::string_view pattern;  // as in route_table.h
  void (*call)(const Asked&);
};

constexpr Route routes[] = {
    {"POST", "v1/jobs", submit},
    {"POST", "v1/translate", translate},
    {"GET", "v1/jobs", list},
    {"GET", "v1/jobs/{job}", show},
    {"GET", "v1/jobs/{job}/why", why},
    {"GET", "v1/jobs/{job}/wait", wait},
    {"POST", "v1/jobs/{job}/stop", stop},
    {"GET", "v1/jobs/{job}/gangs/{gang}", show_gang},
    {"GET", "v1/jobs/{job}/gangs/{gang}/log", read_log},
    {"GET", "v1/names/{name}", find},
    {"GET", "v1/nodes", nodes},
    {"GET", "v1/nodes/{node}/readings", readings},
    {"GET", "v1/jobs/{job}/cells", cells},
    {"GET", "v1/jobs/{job}/results", results},
    {"GET", "v1/feed", feed},
    {"GET", "v1/timeline", timeline},
    {"GET", "v1/figures", figures},
    {"GET", "metrics", metrics},
    {"GET", "v1/status", status},
    {"POST", "v1/reservations", reserve},
    {"GET", "v1/reservations", reservations},
    {"POST", "v1/reservations/{number}/cancel", cancel_reservation},
    {"POST", "v1/pilots", ask_pilot},
    {"GET", "v1/pilots", pilots},
    {"POST", "v1/pilots/{number}/stop", stop_pilot},
    {"POST", "v1/shut_down", shut_down},
    {"POST", "v1/stay", stay},
};

const RouteRow* row_of(const Route& route) {
  for (const RouteRow& row : route_rows())
    if (row.method == route.method && row.pattern == route.pattern) return &row;
  return nullptr;
}

std::optional<std::vector<std::string>> match(std::string_view pattern,
                                              const std::vector<std::string>& path) {
  const auto parts = split(pattern, '/');
  if (parts.size() != path.size()) return std::nullopt;
  std::vector<std::string> words;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (parts[i].starts_with('{')) words.push_back(path[i]);
    else if (parts[i] != path[i]) return std::nullopt;
  }
  return words;
}

}  // namespace

std::vector<std::pair<std::string_view, std::string_view>> answered_routes() {
  std::vector<std::pair<std::string_view, std::string_view>> all;
  for (const Route& route : routes) all.emplace_back(route.method, route.pattern);
  return all;
}

std::optional<Error> other_version(std::string_view theirs, std::string_view ours,
                                   std::string_view method, std::string_view target) {
  if (method != "POST" || theirs.empty() || theirs == ours) return std::nullopt;
  const std::string_view path = target.substr(0, target.find('?'));
  if (path == "/v1/shut_down" || path.ends_with("/stop")) return std::nullopt;
  return Error{ErrorKind::version,
               "the service that runs is version " + std::string(ours) +
                   ", and who asks is version " + printable(theirs),
               "", "`gang daemon restart` starts it anew; running gangs go on"};
}

void answer(Service& service, const HttpRequest& request, std::function<void(HttpAnswer)> reply) {
  const auto target = parse_target(request.target);
  if (!target) return send(reply, bad("this is no path of Gangline"));
  bool other_method = false;
  for (const Route& route : routes) {
    auto words = match(route.pattern, target->path);
    if (!words) continue;
    other_method = true;
    if (route.method != request.method) continue;
    const RouteRow* row = row_of(route);
    if (const auto unknown = row ? unknown_word(*row, *target) : std::nullopt)
      return send(reply, *unknown);
    return route.call({service, request, *target, std::move(*words), std::move(reply)});
  }
  if (other_method) reply({405, to_json(bad("this path is asked with another method")), {}});
  else
    reply({404, to_json(Error{ErrorKind::not_found, "there is nothing at this path", "", ""}), {}});
}

}  // namespace gangline
