// What the gateway answers itself, beside what it passes on.
#include "base/text.h"
#include "gateway/gateway.h"
#include "gateway/job_text.h"
#include "gateway/openapi.h"
#include "json/access_json.h"
#include "json/json.h"
#include "json/simulation_json.h"
#include "os/url.h"

namespace gangline {
namespace {

constexpr std::string_view toml_type = "application/toml";

bool is_toml(std::string_view type) {
  return is_word(type.substr(0, type.find(';')), toml_type) || type.starts_with("text/");
}

/// What stands behind "NAME=" in the query, as it came.
std::string_view query_word(std::string_view target, std::string_view name) {
  const auto mark = target.find('?');
  if (mark == std::string_view::npos) return {};
  for (const std::string_view part : split(target.substr(mark + 1), '&'))
    if (part.size() > name.size() && part.starts_with(name) && part[name.size()] == '=')
      return part.substr(name.size() + 1);
  return {};
}

/// The id of the last event that the client has.
std::string_view place_wanted(const WebHead& head) {
  const std::string_view wanted = head.field("last-event-id");
  return wanted.empty() ? query_word(head.target, "after") : wanted;
}

Refusal too_many_open(std::size_t most, const char* what) {
  return {429,
          {ErrorKind::refused, std::to_string(most) + " " + what + " are open with this token", "",
           "close some of them"},
          5};
}

/// Of server-sent events.
WebAnswer events_head(const std::string& fields) {
  return {200,
          "text/event-stream; charset=utf-8",
          fields + "Cache-Control: no-store\r\nX-Accel-Buffering: no\r\n",
          {},
          false};
}

}  // namespace

void Gateway::answer_whoami(const Asking& asking) {
  answer_json(asking, 200,
              to_json(WhoAmI{asking.holder.name, asking.holder.role, settings_.login,
                             settings_.version, settings_.directory}));
}

void Gateway::answer_openapi(const Asking& asking) {
  if (openapi_.empty()) openapi_ = openapi_text(settings_.version);
  answer_json(asking, 200, openapi_);
}

void Gateway::answer_events(const Asking& asking) {
  const std::uint64_t holder = asking.holder.number;
  if (streams_.count_of(holder) >= most_streams_of_token)
    return say_no(asking.request, asking.exchange, too_many_open(most_streams_of_token, "streams"),
                  asking.cors);
  const std::string_view wanted = place_wanted(asking.request.head);
  auto place = read_stream_place(wanted);
  if (!place && !wanted.empty())
    return say_no(asking.request, asking.exchange,
                  {400,
                   {ErrorKind::broken, "this is no place in the stream of events", "",
                    "say the id of the last event that you have, or none"}},
                  asking.cors);
  const bool packed = asking.request.head.takes_gzip;
  asking.exchange.stream(events_head(asking.cors + std::string(packed ? packed_field : "")));
  if (asking.request.head.method == "HEAD") return;
  streams_.open(asking.exchange, holder, std::move(place), packed);
}

void Gateway::answer_followed_log(const Asking& asking) {
  const std::uint64_t holder = asking.holder.number;
  if (followed_logs_.count_of(holder) >= most_followed_logs_of_token)
    return say_no(asking.request, asking.exchange,
                  too_many_open(most_followed_logs_of_token, "followed logs"), asking.cors);
  if (const auto no = gate_.count_call(asking.holder, asking.now))
    return say_no(asking.request, asking.exchange, *no, asking.cors);
  const std::string_view target = asking.request.head.target;
  const std::string_view path = target.substr(0, target.find('?'));
  LogWanted wanted;
  wanted.gang = path.substr(0, path.size() - std::string_view("/log/follow").size());
  if (path.size() < target.size())
    for (const std::string_view part : split(target.substr(path.size() + 1), '&'))
      if (!part.starts_with("after=") && !part.empty())
        wanted.stream.append(wanted.stream.empty() ? "" : "&").append(part);
  const std::string_view behind = place_wanted(asking.request.head);
  const auto place = read_followed_place(behind);
  if (!place && !behind.empty())
    return say_no(asking.request, asking.exchange,
                  {400,
                   {ErrorKind::broken, "this is no place in a log that is followed", "",
                    "say the id of the last event that you have, or none"}},
                  asking.cors);
  wanted.place = place.value_or(FollowedPlace{});
  followed_logs_.open(asking.exchange, holder, std::move(wanted), events_head(asking.cors),
                      [this, exchange = asking.exchange, cors = asking.cors](auto answer) {
                        exchange.answer(answer_of(std::move(answer), cors));
                      });
}

void Gateway::answer_check(const Asking& asking) {
  // It may look at many files.
  if (const auto no = gate_.count_call(asking.holder, asking.now))
    return say_no(asking.request, asking.exchange, *no, asking.cors);
  std::vector<Error> mistakes;
  const auto spec = read_job_text(asking.request.body, settings_.directory, mistakes);
  if (!spec) return answer_json(asking, 400, json_of_mistakes(mistakes));
  answer_json(asking, 200, "{\"spec\":" + to_json(*spec) + "}");
}

void Gateway::answer_submit(const Asking& asking) {
  const std::string_view key = asking.request.head.field("idempotency-key");
  if (key.size() > longest_submit_key)
    return say_no(asking.request, asking.exchange,
                  {400,
                   {ErrorKind::usage, "the Idempotency-Key is too long", "",
                    "use at most " + std::to_string(longest_submit_key) + " characters"}},
                  asking.cors);
  if (!key.empty() && !query_word(asking.request.head.target, "key").empty())
    return say_no(asking.request, asking.exchange,
                  {400,
                   {ErrorKind::usage, "there are both an Idempotency-Key and a key in the query",
                    "", "leave one of them out"}},
                  asking.cors);
  if (const auto no = gate_.count_call(asking.holder, asking.now))
    return say_no(asking.request, asking.exchange, *no, asking.cors);
  HttpCall call{"POST", std::string(asking.request.head.target)};
  call.deadline = longest_call;
  if (!key.empty())
    call.target +=
        (call.target.find('?') == std::string::npos ? "?key=" : "&key=") + url_encoded(key);
  if (is_toml(asking.request.head.content_type)) {
    std::vector<Error> mistakes;
    auto spec = read_job_text(asking.request.body, settings_.directory, mistakes);
    if (!spec) return answer_json(asking, 400, json_of_mistakes(mistakes));
    spec->inherited = settings_.inherited;
    call.body = to_json(*spec);
  } else {
    auto spec = request_from_json<JobSpec>(asking.request.body);
    if (!spec) return say_no(asking.request, asking.exchange, {400, spec.error()}, asking.cors);
    // Whoever is on another machine has an environment of no use here.
    if (spec->inherited.empty()) spec->inherited = settings_.inherited;
    call.body = to_json(*spec);
  }
  pass_on_counted(asking, std::move(call), false);
}

void Gateway::answer_reserve(const Asking& asking) {
  const auto request = request_from_json<ReserveRequest>(asking.request.body);
  const bool for_others =
      request &&
      (request->maintenance || (!request->person.empty() && request->person != settings_.login));
  if (for_others && asking.holder.role < Role::operate)
    return say_no(asking.request, asking.exchange,
                  {403,
                   {ErrorKind::denied, "to reserve for others needs a token with the role operate",
                    "", "reserve for yourself, or `gang token add --role operate` makes one"}},
                  asking.cors);
  pass_on(asking,
          {"POST",
           "/v1/reservations",
           {},
           std::string(asking.request.body),
           longest_call,
           most_answer_bytes},
          false);
}

void Gateway::answer_simulations(const Asking& asking) {
  answer_json(asking, 200, to_json(simulations_.all()));
}

void Gateway::answer_simulation_page(const Asking& asking) {
  const std::string_view target = asking.request.head.target;
  const auto words =
      match_route("v1/simulations/{id}/page", target.substr(1, target.find('?') - 1));
  const auto id = words ? parse_number(words->front()) : std::nullopt;
  auto page = simulations_.page(id.value_or(0));
  if (!page) return say_no(asking.request, asking.exchange, {404, page.error()}, asking.cors);
  // To be kept as a file: what stands in it is not to run as a part of the dashboard.
  WebAnswer answer;
  answer.type = "application/octet-stream";
  answer.fields = asking.cors +
                  "Cache-Control: no-store\r\nContent-Disposition: attachment; "
                  "filename=\"simulation.html\"\r\n";
  answer.body = web_body(*std::move(page));
  asking.exchange.answer(std::move(answer));
}

void Gateway::answer_simulate(const Asking& asking) {
  const auto request = request_from_json<SimulationRequest>(asking.request.body);
  if (!request) return say_no(asking.request, asking.exchange, {400, request.error()}, asking.cors);
  const auto run = simulations_.begin(request->options);
  if (run) return answer_json(asking, 200, to_json(*run));
  const bool is_mistake = run.error().kind == ErrorKind::usage;
  say_no(asking.request, asking.exchange, {is_mistake ? 400u : 409u, run.error()}, asking.cors);
}

}  // namespace gangline
