// `gang serve`: what answers requests of the network. It knows tokens and roles, remembers answers
// while nothing happens, and asks the service the rest over its unix socket.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "gateway/followed_logs.h"
#include "gateway/follower.h"
#include "gateway/gate.h"
#include "gateway/remembered.h"
#include "gateway/simulations.h"
#include "gateway/streams.h"
#include "model/environment.h"
#include "os/loop.h"
#include "os/web/call_pool.h"
#include "server/route_table.h"

namespace gangline {

struct GatewaySettings {
  GateSettings gate;
  /// To the service, at once or an Error.
  std::function<Result<Fd>()> connect;
  /// Nobody answers there: starts a service where that may be done, and does not wait for it.
  std::function<void()> wake_service;
  std::string version;
  std::string login;      ///< as whom the service is asked
  std::string directory;  ///< where relative paths of submitted job files start
  Environment inherited;  ///< of jobs that are submitted as a job file
  SimulationsSettings simulations;
};

class Gateway final : public WebAnswerer {
 public:
  Gateway(Loop& loop, GatewaySettings settings);
  ~Gateway() override;
  Gateway(const Gateway&) = delete;
  Gateway& operator=(const Gateway&) = delete;

  /// The tokens that hold from now on; streams of others end.
  void set_tokens(const std::vector<AccessToken>& tokens);

  std::variant<std::size_t, WebAnswer> admit(const WebRequest& request) override;
  void answer(const WebRequest& request, const WebExchange& exchange) override;
  /// Method and path of each route that it answers itself; see openapi.h.
  static std::vector<std::pair<std::string, std::string>> own_paths();
  WebAnswer refuse(unsigned status, std::string_view why, const WebPeer& peer) override;

 private:
  /// A request that was let in.
  struct Asking {
    const WebRequest& request;
    const WebExchange& exchange;
    const TokenTable::Holder& holder;
    std::string cors;
    Span now;
  };
  struct Waiter {
    WebExchange exchange;
    std::string cors;
    bool takes_gzip;
  };
  /// A question under way, and who waits for the answer.
  struct Question {
    CallPool::Ticket ticket;
    std::vector<Waiter> waiters;
    Span asked_at{0};
    std::uint64_t turn = 0;
  };
  using OwnAnswer = void (Gateway::*)(const Asking&);
  struct OwnRoute {
    std::string_view method, path;
    Role role;
    OwnAnswer call;
  };
  static const std::vector<OwnRoute>& own_routes();

  void answer_page(const WebRequest& request, const WebExchange& exchange, const std::string& cors);
  void answer_let_in(const Asking& asking);
  void answer_whoami(const Asking& asking);
  void answer_events(const Asking& asking);
  void answer_followed_log(const Asking& asking);
  void answer_check(const Asking& asking);
  void answer_submit(const Asking& asking);
  void answer_reserve(const Asking& asking);
  void answer_openapi(const Asking& asking);
  void answer_simulations(const Asking& asking);
  void answer_simulation_page(const Asking& asking);
  void answer_simulate(const Asking& asking);
  void answer_json(const Asking& asking, unsigned status, std::string body) const;
  /// From memory, or as the answer to the same question of another, or by asking.
  void answer_remembered(const Asking& asking);
  void hear_question(const std::string& key, const std::string& target, Result<HttpAnswer> answer);
  void forward(const Asking& asking, const RouteRow& row);
  /// Asks the service and answers what it answers.
  void pass_on(const Asking& asking, HttpCall call, bool waits);
  /// The same for one that counts already among those of its token.
  void pass_on_counted(const Asking& asking, HttpCall call, bool waits);
  void end_call(std::uint64_t number);
  void end_of_withdrawn();
  void say_no(const WebRequest& request, const WebExchange& exchange, const Refusal& refusal,
              const std::string& cors = "");
  WebAnswer answer_of(Refusal refusal, const std::string& cors) const;
  WebAnswer answer_of(Result<HttpAnswer> answer, const std::string& cors);

  Loop& loop_;
  GatewaySettings settings_;
  Gate gate_;
  CallPool pool_;
  Remembered remembered_;
  std::unordered_map<std::string, Question> questions_;  // by turn and target
  struct Call {
    CallPool::Ticket ticket = {};
    std::uint64_t waits_for = 0;  // the holder whose waits it counts among; 0: it is no wait
    std::optional<WebExchange> exchange = {};
  };
  std::map<std::uint64_t, Call> calls_;
  std::unordered_map<std::uint64_t, std::size_t> waits_of_;
  std::uint64_t next_call_ = 1;
  std::string openapi_;  // once it was asked for
  Simulations simulations_;
  Streams streams_;
  FollowedLogs followed_logs_;
  Follower follower_;
  Loop::WatchPtr tidying_, expiring_;
};

/// Fields of an answer that is a gzip.
inline constexpr std::string_view packed_field =
    "Content-Encoding: gzip\r\nVary: Accept-Encoding\r\n";

/// Fields of every answer: what a browser may do with it.
std::string fields_of_every_answer();

}  // namespace gangline
