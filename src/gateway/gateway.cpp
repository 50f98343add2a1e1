#include "gateway/gateway.h"

#include "base/text.h"
#include "gateway/openapi.h"
#include "gateway/pages.h"
#include "json/access_json.h"
#include "json/json.h"
#include "os/clock.h"
#include "os/web/gzip.h"
#include "server/query.h"
#include "server/route_table.h"
#include "server/routes.h"

namespace gangline {
namespace {

constexpr Span between_tidying = seconds(30);
constexpr Span looks_for_expired = seconds(1);
constexpr std::string_view no_store = "Cache-Control: no-store\r\n";

std::string_view path_of(std::string_view target) { return target.substr(0, target.find('?')); }

bool is_for_programs(std::string_view path) {
  return path.starts_with("/v1/") || path == "/v1" || path == "/metrics";
}

/// The service looks at the words of its own routes itself.
std::optional<Error> unknown_word_of(std::string_view method, std::string_view pattern,
                                     std::string_view target) {
  const auto parsed = parse_target(target);
  if (!parsed) return Error{ErrorKind::broken, "this is no path of Gangline", "", ""};
  for (const RouteRow& row : own_rows())
    if (row.method == method && row.pattern == pattern) return unknown_word(row, *parsed);
  return std::nullopt;
}

bool only_asks(const WebHead& head) { return head.method == "GET" || head.method == "HEAD"; }

}  // namespace

std::string fields_of_every_answer() {
  return "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; "
         "img-src 'self' data:; font-src 'self'; connect-src 'self'; frame-src blob:; "
         "base-uri 'none'; "
         "form-action 'none'; frame-ancestors 'none'\r\n"
         "X-Content-Type-Options: nosniff\r\nX-Frame-Options: DENY\r\n"
         "Referrer-Policy: no-referrer\r\nCross-Origin-Opener-Policy: same-origin\r\n"
         "Cross-Origin-Resource-Policy: same-origin\r\n";
}

Gateway::Gateway(Loop& loop, GatewaySettings settings)
    : loop_(loop),
      settings_(std::move(settings)),
      gate_(settings_.gate),
      pool_(loop, {settings_.connect, settings_.version}),
      simulations_(loop, settings_.simulations),
      streams_(loop, pool_),
      followed_logs_(loop, pool_),
      follower_(loop, pool_,
                {[this](const std::string& of, std::uint64_t after,
                        const std::vector<FeedEntry>& entries) {
                   // First: who hears of it and asks is to see it.
                   remembered_.forget_all();
                   streams_.entries(of, after, entries);
                 },
                 [this](const std::string& of, std::uint64_t newest) {
                   remembered_.forget_all();
                   streams_.begins(of, newest);
                 },
                 [this](const Error& error) {
                   remembered_.forget_all();
                   settings_.gate.log("the service cannot be reached: " + error.sentence());
                   streams_.gone();
                 },
                 [this] {
                   remembered_.forget_all();
                   settings_.gate.log("the service is back");
                   streams_.back();
                 },
                 [this] { return streams_.count(); }}),
      tidying_(loop.every(between_tidying, [this] { gate_.tidy(now(), since_boot()); })),
      expiring_(loop.every(looks_for_expired, [this] { end_of_withdrawn(); })) {}

Gateway::~Gateway() = default;

void Gateway::set_tokens(const std::vector<AccessToken>& tokens) {
  gate_.tokens().set(tokens);
  end_of_withdrawn();
}

void Gateway::end_of_withdrawn() {
  const Time at = now();
  const auto holds = [&](std::uint64_t holder) {
    return std::as_const(gate_).tokens().find(holder, at) != nullptr;
  };
  streams_.end_unless(holds);
  followed_logs_.end_unless(holds);
  std::vector<std::uint64_t> over;
  for (const auto& [number, call] : calls_)
    if (call.waits_for != 0 && !holds(call.waits_for)) over.push_back(number);
  for (const std::uint64_t number : over) {
    const auto exchange = calls_[number].exchange;
    end_call(number);
    if (exchange)
      exchange->answer(answer_of(
          Refusal{401, {ErrorKind::denied, "this token does not hold any more", "", ""}, 0}, ""));
  }
}

const std::vector<Gateway::OwnRoute>& Gateway::own_routes() {
  static const std::vector<OwnRoute> all = {
      {"GET", "/v1/whoami", Role::read, &Gateway::answer_whoami},
      {"GET", "/v1/events", Role::read, &Gateway::answer_events},
      {"GET", "/v1/jobs/{job}/gangs/{gang}/log/follow", Role::read, &Gateway::answer_followed_log},
      {"GET", "/v1/openapi.json", Role::read, &Gateway::answer_openapi},
      {"GET", "/v1/simulations", Role::read, &Gateway::answer_simulations},
      {"GET", "/v1/simulations/{id}/page", Role::read, &Gateway::answer_simulation_page},
      {"POST", "/v1/simulations", Role::submit, &Gateway::answer_simulate},
      {"POST", "/v1/check", Role::submit, &Gateway::answer_check},
      {"POST", "/v1/jobs", Role::submit, &Gateway::answer_submit},
      {"POST", "/v1/reservations", Role::submit, &Gateway::answer_reserve},
  };
  return all;
}

std::vector<std::pair<std::string, std::string>> Gateway::own_paths() {
  std::vector<std::pair<std::string, std::string>> all;
  for (const OwnRoute& route : own_routes()) all.emplace_back(route.method, route.path);
  return all;
}

WebAnswer Gateway::answer_of(Refusal refusal, const std::string& cors) const {
  WebAnswer answer;
  answer.status = refusal.status;
  answer.fields = cors + std::string(no_store);
  if (refusal.status == 401) answer.fields += "WWW-Authenticate: Bearer\r\n";
  if (refusal.retry_after_s > 0)
    answer.fields += "Retry-After: " + std::to_string(refusal.retry_after_s) + "\r\n";
  answer.body = web_body(to_json(refusal.error));
  return answer;
}

WebAnswer Gateway::answer_of(Result<HttpAnswer> answer, const std::string& cors) {
  if (!answer) {
    if (settings_.wake_service) settings_.wake_service();
    return answer_of(Refusal{503, answer.error(), 1}, cors);
  }
  WebAnswer given;
  given.status = answer->status;
  given.fields = cors + std::string(no_store) + "Gangline-Version: " + answer->version + "\r\n";
  if (!answer->type.empty()) {
    given.type = "";  // it does not stay
    given.fields += "Content-Type: " + answer->type + "\r\n";
  }
  given.body = web_body(std::move(answer->body));
  return given;
}

void Gateway::say_no(const WebRequest& request, const WebExchange& exchange, const Refusal& refusal,
                     const std::string& cors) {
  gate_.log(refusal, request.peer,
            std::string(request.head.method) + " " + std::string(path_of(request.head.target)),
            since_boot());
  exchange.answer(answer_of(refusal, cors));
}

WebAnswer Gateway::refuse(unsigned status, std::string_view why, const WebPeer& peer) {
  const Refusal refusal{status, {ErrorKind::broken, std::string(why), "", ""}, 0};
  gate_.log(refusal, peer, "", since_boot());
  return answer_of(refusal, "");
}

std::variant<std::size_t, WebAnswer> Gateway::admit(const WebRequest& request) {
  std::string cors;
  auto no = gate_.check_place(request, cors);
  if (!no && request.head.method != "POST")
    no = Refusal{400, {ErrorKind::broken, "only a POST has a body here", "", ""}};
  if (!no) {
    Refusal refusal;
    const auto* holder = gate_.let_in(request, now(), since_boot(), refusal);
    if (holder == nullptr) no = refusal;
    else if (holder->role == Role::read)
      no = Refusal{403,
                   {ErrorKind::denied, "this token may only look", "",
                    "`gang token add --role submit` makes one that may more"}};
  }
  if (no) {
    gate_.log(*no, request.peer, std::string(request.head.target), since_boot());
    return answer_of(*no, cors);
  }
  const std::string_view path = path_of(request.head.target);
  return path == "/v1/jobs" || path == "/v1/check" || path == "/v1/translate" ? most_job_bytes
                                                                              : most_body_bytes;
}

void Gateway::answer(const WebRequest& request, const WebExchange& exchange) {
  // 1. Is it meant for us?
  std::string cors;
  if (const auto no = gate_.check_place(request, cors)) return say_no(request, exchange, *no, cors);
  const std::string_view path = path_of(request.head.target);
  if (!only_asks(request.head) && request.head.method != "POST") {
    if (request.head.method == "OPTIONS" && !cors.empty())
      return exchange.answer({204,
                              "",
                              cors + "Access-Control-Allow-Methods: GET, POST\r\n"
                                     "Access-Control-Allow-Headers: Authorization, Content-Type, "
                                     "Idempotency-Key, Last-Event-ID\r\n"
                                     "Access-Control-Max-Age: 600\r\n",
                              {},
                              false});
    return say_no(request, exchange,
                  {405, {ErrorKind::broken, "this is asked with GET or POST", "", ""}}, cors);
  }
  // 2. What everybody may have.
  if (!is_for_programs(path)) return answer_page(request, exchange, cors);
  // 3. Who asks?
  const Span at = since_boot();
  Refusal refusal;
  const auto* holder = gate_.let_in(request, now(), at, refusal);
  if (holder == nullptr) return say_no(request, exchange, refusal, cors);
  if (const auto no = gate_.count_request(*holder, at)) return say_no(request, exchange, *no, cors);
  if (!exchange.prove(holder->number))
    return say_no(
        request, exchange,
        {503,
         {ErrorKind::refused, "too many connections with this token", "", "close some of them"},
         5},
        cors);
  answer_let_in({request, exchange, *holder, std::move(cors), at});
}

void Gateway::answer_let_in(const Asking& asking) {
  const WebHead& head = asking.request.head;
  // 1. What is remembered was looked up in the tables before.
  if (only_asks(head))
    if (auto* entry = remembered_.find(head.target, asking.now)) {
      WebAnswer answer;
      answer.fields.reserve(asking.cors.size() + entry->fields.size() + packed_field.size());
      answer.fields.append(asking.cors).append(entry->fields);
      if (head.takes_gzip && entry->body.bytes.size() >= worth_gzip) {
        if (!entry->packed) entry->packed = web_body(gzip(entry->body.bytes));
        answer.fields.append(packed_field);
        answer.body = *entry->packed;
      } else {
        answer.body = entry->body;
      }
      return asking.exchange.answer(std::move(answer));
    }
  if (const auto other = other_version(head.field("gangline-version"), settings_.version,
                                       head.method, head.target))
    return say_no(asking.request, asking.exchange, {426, *other}, asking.cors);
  // 2. The one route of this path and method, ours or the service's.
  const std::string_view path = path_of(head.target);
  const std::string_view method = only_asks(head) ? "GET" : head.method;
  bool other_method = false;
  const auto may = [&](Role role) {
    if (asking.holder.role >= role) return true;
    say_no(asking.request, asking.exchange,
           {403,
            {ErrorKind::denied, std::string("this needs a token with the role ") + name_of(role),
             "", std::string("`gang token add --role ") + name_of(role) + "` makes one"}},
           asking.cors);
    return false;
  };
  for (const OwnRoute& route : own_routes()) {
    if (!match_route(route.path.substr(1), path.substr(1))) continue;
    other_method = true;
    if (route.method != method) continue;
    if (!may(route.role)) return;
    if (const auto unknown = unknown_word_of(route.method, route.path.substr(1), head.target))
      return say_no(asking.request, asking.exchange, {400, *unknown}, asking.cors);
    return (this->*route.call)(asking);
  }
  for (const RouteRow& row : route_rows()) {
    if (!match_route(row.pattern, path.substr(1))) continue;
    other_method = true;
    if (row.method != method) continue;
    if (!may(row.role)) return;
    return row.way == RouteWay::remembered ? answer_remembered(asking) : forward(asking, row);
  }
  say_no(asking.request, asking.exchange,
         other_method
             ? Refusal{405, {ErrorKind::broken, "this path is asked with another method", "", ""}}
             : Refusal{404, {ErrorKind::not_found, "there is nothing at this path", "", ""}},
         asking.cors);
}

void Gateway::answer_json(const Asking& asking, unsigned status, std::string body) const {
  WebAnswer answer;
  answer.status = status;
  answer.fields = asking.cors + std::string(no_store);
  answer.body = web_body(std::move(body));
  asking.exchange.answer(std::move(answer));
}

void Gateway::answer_remembered(const Asking& asking) {
  const std::string target(asking.request.head.target);
  Waiter waiter{asking.exchange, asking.cors, asking.request.head.takes_gzip};
  // Who asks after something happened is not answered with what was asked before it.
  const std::string key = std::to_string(remembered_.turn()) + target;
  const auto found = questions_.find(key);
  if (found != questions_.end()) {
    found->second.waiters.push_back(std::move(waiter));
    return;
  }
  if (const auto no = gate_.count_call(asking.holder, asking.now))
    return say_no(asking.request, asking.exchange, *no, asking.cors);
  Question& question = questions_[key];
  question.waiters.push_back(std::move(waiter));
  question.asked_at = asking.now;
  question.turn = remembered_.turn();
  question.ticket = pool_.ask({"GET", target, {}, {}, longest_call, most_answer_bytes},
                              [this, key, target](Result<HttpAnswer> answer) {
                                hear_question(key, target, std::move(answer));
                              });
}

void Gateway::hear_question(const std::string& key, const std::string& target,
                            Result<HttpAnswer> answer) {
  const auto found = questions_.find(key);
  if (found == questions_.end()) return;
  const Question question = std::move(found->second);
  questions_.erase(found);
  const bool good = answer && answer->status == 200;
  if (!good) {
    for (const Waiter& waiter : question.waiters)
      waiter.exchange.answer(answer_of(answer, waiter.cors));
    return;
  }
  const std::string fields =
      std::string(no_store) + "Gangline-Version: " + answer->version + "\r\n";
  WebBody plain = web_body(std::move(answer->body));
  std::optional<WebBody> packed;
  for (const Waiter& waiter : question.waiters) {
    WebAnswer given;
    given.fields = waiter.cors + fields;
    given.body = plain;
    if (waiter.takes_gzip && plain.bytes.size() >= worth_gzip) {
      if (!packed) packed = web_body(gzip(plain.bytes));
      given.fields += packed_field;
      given.body = *packed;
    }
    waiter.exchange.answer(std::move(given));
  }
  remembered_.keep(target, {std::move(plain), std::move(packed), fields, question.asked_at},
                   question.turn);
}

void Gateway::forward(const Asking& asking, const RouteRow& row) {
  const bool waits = row.way == RouteWay::waits;
  pass_on(asking,
          {std::string(row.method),
           std::string(asking.request.head.target),
           {},
           std::string(asking.request.body),
           waits ? longest_wait : longest_call,
           most_answer_bytes},
          waits);
}

void Gateway::pass_on(const Asking& asking, HttpCall call, bool waits) {
  if (const auto no = gate_.count_call(asking.holder, asking.now))
    return say_no(asking.request, asking.exchange, *no, asking.cors);
  pass_on_counted(asking, std::move(call), waits);
}

void Gateway::pass_on_counted(const Asking& asking, HttpCall call, bool waits) {
  if (waits && waits_of_[asking.holder.number] >= most_waits_of_token)
    return say_no(
        asking.request, asking.exchange,
        {429,
         {ErrorKind::refused, "too many wait with this token", "", "read /v1/events instead"},
         5},
        asking.cors);
  const std::uint64_t number = next_call_++;
  Call& under_way = calls_[number];
  auto heard = [this, number, exchange = asking.exchange, cors = asking.cors,
                changes = call.method != "GET"](Result<HttpAnswer> answer) {
    if (changes) remembered_.forget_all();  // who asked sees what it did
    exchange.answer(answer_of(std::move(answer), cors));
    end_call(number);
  };
  if (!waits) {
    under_way.ticket = pool_.ask(std::move(call), std::move(heard));
    return;
  }
  ++waits_of_[asking.holder.number];
  under_way.waits_for = asking.holder.number;
  under_way.exchange = asking.exchange;
  under_way.ticket = pool_.ask_apart(std::move(call), std::move(heard));
  asking.exchange.on_left([this, number] { end_call(number); });
}

void Gateway::end_call(std::uint64_t number) {
  const auto found = calls_.find(number);
  if (found == calls_.end()) return;
  const std::uint64_t holder = found->second.waits_for;
  if (holder != 0 && --waits_of_[holder] == 0) waits_of_.erase(holder);
  const Call over = std::move(found->second);  // its end may end what it belongs to
  calls_.erase(found);
}

void Gateway::answer_page(const WebRequest& request, const WebExchange& exchange,
                          const std::string& cors) {
  if (!only_asks(request.head))
    return say_no(request, exchange,
                  {405, {ErrorKind::broken, "pages are asked for with GET", "", ""}}, cors);
  auto page = page_at(path_of(request.head.target), request.head);
  if (!page)
    return say_no(request, exchange,
                  {404, {ErrorKind::not_found, "there is nothing at this path", "", ""}}, cors);
  exchange.answer(*std::move(page));
}

}  // namespace gangline
