// Each route of the gateway with changed requests: words of the path and of the query, fields,
// bodies of JSON and TOML, by tokens of all roles. Behind it stands a real HTTP server on a unix
// socket with a stand-in for the service, which checks that nobody gets to it whose role is too
// low.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <random>

#include "gateway/gateway.h"
#include "good_requests.h"
#include "os/http_server.h"
#include "os/unix_socket.h"
#include "server/routes.h"
#include "stand_in.h"

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t most);

namespace gangline {
namespace {

constexpr int requests_of_a_gateway = 300;  // a token may ask the service no more at once
constexpr int patience_s = 20;

class CarefulStandIn final : public StandIn {
 public:
  Role role = Role::operate;  ///< of who asks now
  void submit(JobSpec spec, Reply<Submitted> reply) override {
    CHECK(role >= Role::submit);
    StandIn::submit(std::move(spec), std::move(reply));
  }
  void stop(const StopRequest& request, Reply<JobSummary> reply) override {
    CHECK(role >= Role::submit);
    StandIn::stop(request, std::move(reply));
  }
  void reserve(const ReserveRequest& request, Reply<Reservation> reply) override {
    CHECK(role >= Role::submit);
    const bool for_others =
        request.maintenance || (!request.person.empty() && request.person != "me");
    CHECK(!for_others || role == Role::operate);
    reply(Reservation{});
  }
  void cancel_reservation(std::uint64_t, Reply<Reservation> reply) override {
    CHECK(role >= Role::submit);
    reply(Reservation{});
  }
  void ask_pilot(const PilotRequest& request, Reply<PilotView> reply) override {
    CHECK(role >= Role::submit);
    StandIn::ask_pilot(request, std::move(reply));
  }
  void stop_pilot(std::uint64_t, Reply<PilotView> reply) override {
    CHECK(role >= Role::submit);
    reply(PilotView{});
  }
  void shut_down(Reply<Unit> reply) override {
    CHECK(role == Role::operate);
    reply(Unit{});
  }
  void stay(bool, Reply<Unit> reply) override {
    CHECK(role == Role::operate);
    reply(Unit{});
  }
  void find(const std::string& name, Reply<JobId> reply) override {
    if (name == "train") return reply(JobId{1});
    StandIn::find(name, std::move(reply));
  }
  // Names in it that would end a line of the stream, and whoever follows is told nothing more.
  void feed(const FeedQuery& query, Reply<FeedPage> reply) override {
    CHECK(query.most <= most_feed_entries);
    const bool is_followers = query.most == 5'000 && query.longest == seconds(20);
    if (is_followers) return held_.push_back(std::move(reply));  // it would ask again at once
    FeedPage page{"store", 3, false, {}};
    if (query.after && *query.after < 3)
      page.entries.push_back(
          {3, Time{1}, FeedKind::submitted, JobId{1}, {}, {}, {}, "a\r\n\ndata: b"});
    reply(page);
  }

 private:
  std::vector<Reply<FeedPage>> held_;
};

/// Where the answer of one request goes to.
class OneAnswer final : public WebLine {
 public:
  explicit OneAnswer(Loop& loop) : loop_(loop) {}
  std::uint64_t number() const override { return 1; }
  void answer(std::uint64_t, WebAnswer answer) override {
    CHECK(++answers == 1);
    take(answer);
    done = true;
    loop_.stop();
  }
  void stream(std::uint64_t, WebAnswer head) override {
    CHECK(++answers == 1);
    packed_ = head.fields.find(packed_field) != std::string::npos;
    take(head);
  }
  bool send(std::uint64_t, const WebBody& bytes) override {
    CHECK(answers == 1);
    done = true;
    loop_.stop();
    if (packed_) return true;
    CHECK(bytes.bytes.ends_with("\n\n"));
    CHECK(bytes.bytes.find('\r') == std::string_view::npos);
    CHECK(bytes.bytes.substr(0, bytes.bytes.size() - 2).find("\ndata: b") ==
          std::string_view::npos);
    return true;
  }
  std::size_t unsent(std::uint64_t) const override { return 0; }
  void end(std::uint64_t) override {
    done = true;
    loop_.stop();
  }
  void on_left(std::uint64_t, std::function<void()> left) override { left_ = std::move(left); }
  bool prove(std::uint64_t) override { return true; }
  void leave() {
    if (const auto left = std::exchange(left_, nullptr)) left();
  }
  unsigned status = 0;
  int answers = 0;
  bool done = false;

 private:
  void take(const WebAnswer& answer) {
    status = answer.status;
    CHECK(status >= 200 && status < 600);
    for (std::size_t at = answer.fields.find('\n'); at != std::string::npos;
         at = answer.fields.find('\n', at + 1))
      CHECK(at > 0 && answer.fields[at - 1] == '\r');
    CHECK(answer.fields.find("\r\n\r\n") == std::string::npos);
    if (status >= 400) CHECK(answer.body.bytes.starts_with("{\"kind\":"));
  }
  Loop& loop_;
  std::function<void()> left_;
  bool packed_ = false;
};

std::string name_of_route(const RouteRow& row) {
  return std::string(row.method) + " " + std::string(row.pattern);
}

struct World {
  World() {
    char folder[] = "/tmp/gangline-fuzz-XXXXXX";
    CHECK(::mkdtemp(folder) != nullptr);
    path = std::string(folder) + "/socket";
    directory = folder;
    counts[name_of_route(route_rows().front())] = counts[name_of_route(own_rows().front())] = 0;
  }
  ~World() {
    gateway.reset();
    server.reset();
    ::unlink(path.c_str());
    ::rmdir(directory.c_str());
    std::size_t least = ~std::size_t{0}, routes = 0;
    for (const std::span<const RouteRow> rows : {route_rows(), own_rows()})
      for (const RouteRow& row : rows) {
        ++routes;
        least = std::min(least, counts[name_of_route(row)]);
      }
    std::fprintf(stderr, "stat::routes: %zu, each asked at least %zu times by who may\n", routes,
                 least);
  }
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  static std::string word_of(Role role) { return std::string("gang_") + name_of(role); }

  void begin() {
    gateway.reset();
    server.reset();
    service = std::make_unique<CarefulStandIn>();
    auto listener = listen_unix(path);
    CHECK(listener.ok());
    server = std::make_unique<HttpServer>(loop, *std::move(listener), HttpServerSettings{},
                                          [this](const HttpRequest& request, HttpReply reply) {
                                            gangline::answer(*service, request, std::move(reply));
                                          });
    GatewaySettings settings;
    settings.gate.names = {"localhost"};
    settings.gate.log = [](const std::string& line) {
      for (const char c : line) CHECK(static_cast<unsigned char>(c) >= 0x20);
    };
    settings.connect = [this] { return connect_unix(path); };
    settings.login = "me";
    settings.directory = directory;
    settings.simulations.directory = "/proc/none";  // none can begin
    gateway = std::make_unique<Gateway>(loop, std::move(settings));
    std::vector<AccessToken> tokens;
    for (const Role role : {Role::read, Role::submit, Role::operate})
      tokens.push_back({name_of(role), role, Time{0}, never, hash_of_token(word_of(role))});
    gateway->set_tokens(tokens);
  }

  Loop loop;
  std::string path, directory;
  std::unique_ptr<CarefulStandIn> service;
  std::unique_ptr<HttpServer> server;
  std::unique_ptr<Gateway> gateway;
  int asked = 0;
  std::map<std::string, std::size_t> counts;  // of requests that came to it, by route
};

struct Parts {
  std::string_view line, fields, body;
};

Parts parts_of(std::string_view text) {
  Parts parts;
  const auto end = text.find('\n');
  parts.line = text.substr(0, end);
  if (end == std::string_view::npos) return parts;
  text.remove_prefix(end + 1);
  const auto gap = text.starts_with('\n') ? 0 : text.find("\n\n");
  parts.fields = text.substr(0, gap);
  if (gap == std::string_view::npos) return parts;
  parts.body = text.substr(gap + (gap == 0 ? 1 : 2));
  return parts;
}

void count(World& world, std::string_view method, std::string_view target) {
  const std::string_view path = target.substr(1, target.find('?') - 1);
  for (const std::span<const RouteRow> rows : {route_rows(), own_rows()})
    for (const RouteRow& row : rows)
      if (row.method == method && match_route(row.pattern, path))
        ++world.counts[name_of_route(row)];
}

/// The status that it is answered with; 0 where it is no request at all.
unsigned ask(World& world, std::string_view text) {
  // 1. What a client would send.
  const Parts parts = parts_of(text);
  const auto blank = parts.line.find(' ', 2);
  if (blank == std::string_view::npos) return 0;
  const Role role = parts.line[0] == 'r'   ? Role::read
                    : parts.line[0] == 's' ? Role::submit
                                           : Role::operate;
  std::string bytes(parts.line.substr(2, blank - 2));
  bytes.append(" /")
      .append(parts.line.substr(blank + 1))
      .append(" HTTP/1.1\r\nHost: localhost\r\n");
  bytes.append("Authorization: Bearer ").append(World::word_of(role)).append("\r\n");
  for (std::string_view rest = parts.fields; !rest.empty();) {
    const std::string_view field = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), field.size() + 1));
    if (!field.empty()) bytes.append(field).append("\r\n");
  }
  if (!parts.body.empty())
    bytes.append("Content-Length: ").append(std::to_string(parts.body.size())).append("\r\n");
  bytes += "\r\n";
  WebHead head;
  if (read_head(bytes, 0, head).size != bytes.size()) return 0;
  // 2. As the server of the network does it.
  if (world.asked++ % requests_of_a_gateway == 0) world.begin();
  world.service->role = role;
  const WebPeer peer{"127.0.0.1", "127.0.0.1", true, false};
  if (head.body_size > 0) {
    const auto admitted = world.gateway->admit({head, {}, peer});
    if (const auto* no = std::get_if<WebAnswer>(&admitted)) return no->status;
    if (parts.body.size() > std::get<std::size_t>(admitted)) return 413;
  }
  const auto line = std::make_shared<OneAnswer>(world.loop);
  world.gateway->answer({head, parts.body, peer}, WebExchange(line));
  // Told by many small waits, for a machine may stand still for a while.
  int seconds_waited = 0;
  const auto too_long = world.loop.every(seconds(1), [&] {
    if (++seconds_waited < patience_s) return;
    std::fprintf(stderr, "ERROR: no answer in time to\n%.*s\n", static_cast<int>(text.size()),
                 text.data());
    std::abort();
  });
  while (!line->done) world.loop.run();
  line->leave();
  world.loop.post([&] { world.loop.stop(); });
  world.loop.run();  // what the gateway wanted to do after that, it does while it is there
  if (line->status != 403 && line->status != 429)
    count(world, head.method == "HEAD" ? "GET" : head.method, head.target);
  return line->status;
}

/// Each seed is answered well, but for simulations, of which none begins here.
void ask_all_good(World& world) {
  for (const GoodRequest& good : good_requests()) {
    const unsigned status = ask(world, good.text);
    const bool may_fail = good.row->pattern.starts_with("v1/simulations");
    if (status == 200 || (may_fail && status != 0 && status < 500)) continue;
    std::fprintf(stderr, "ERROR: %u is the answer to\n%s\n", status, good.text.c_str());
    std::abort();
  }
}

constexpr std::string_view nasty[] = {"0",
                                      "-1",
                                      "4294967296",
                                      "18446744073709551615",
                                      "18446744073709551616",
                                      "9223372036854775807",
                                      "%00",
                                      "%2f",
                                      "%2e%2e",
                                      "%",
                                      "%zz",
                                      "..",
                                      "//",
                                      "?",
                                      "&",
                                      "=",
                                      "#",
                                      "\r",
                                      "\t",
                                      "\x7f",
                                      "\xff",
                                      "\xed\xa0\x80",
                                      "{\"hex\":\"00\"}",
                                      "null",
                                      "true",
                                      "[]",
                                      "{}",
                                      "\"\\u0000\"",
                                      "1e999",
                                      "-0",
                                      "[[[[[[[[",
                                      "store-1",
                                      "other-1",
                                      "store--1",
                                      "4294967296-1",
                                      "Authorization: x",
                                      "Host: x",
                                      "Content-Type: application/toml",
                                      "Content-Type: text/plain;x",
                                      "Idempotency-Key: \x80",
                                      "Last-Event-ID: store-9",
                                      "Origin: null",
                                      "Transfer-Encoding: chunked",
                                      "Expect: 100-continue",
                                      "at_once=false",
                                      "key=",
                                      "limit=0",
                                      "us=1",
                                      "after=1",
                                      "\"person\":\"you\"",
                                      "\"maintenance\":true"};

/// One of its parts, or a piece of one, is changed.
std::string changed(const std::string& text, std::minstd_rand& random) {
  const Parts parts = parts_of(text);
  std::string all[] = {std::string(parts.line), std::string(parts.fields), std::string(parts.body)};
  std::string& part = all[random() % 3];
  if (random() % 8 == 0 && !all[0].empty()) all[0][0] = "rso"[random() % 3];
  if (random() % 2 == 0) {
    const std::string_view word = nasty[random() % std::size(nasty)];
    const std::size_t at = random() % (part.size() + 1);
    part.replace(at, random() % 4 == 0 ? random() % 8 : 0, word);
  } else {
    std::vector<std::uint8_t> bytes(part.begin(), part.end());
    const std::size_t size = bytes.size();
    bytes.resize(size + 64);
    bytes.resize(LLVMFuzzerMutate(bytes.data(), size, bytes.size()));
    part.assign(bytes.begin(), bytes.end());
  }
  return all[0] + "\n" + all[1] + (all[1].empty() ? "\n" : "\n\n") + all[2];
}

World& world() {
  static World one;
  static const bool all_good = (ask_all_good(one), true);
  CHECK(all_good);
  return one;
}

}  // namespace
}  // namespace gangline

/// Now and then it begins anew from a good request, so that each route has its turn.
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t most, unsigned seed) {
  static const std::vector<gangline::GoodRequest> good = gangline::good_requests();
  std::minstd_rand random(seed);
  std::string text(reinterpret_cast<const char*>(data), size);
  if (random() % 4 == 0) text = good[random() % good.size()].text;
  for (unsigned times = random() % 4 == 0 ? 3 : 1; times > 0; --times)
    text = gangline::changed(text, random);
  const std::size_t n = std::min(most, text.size());
  std::memcpy(data, text.data(), n);
  return n;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  gangline::ask(gangline::world(), std::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
