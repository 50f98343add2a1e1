// Logs that are followed over the network: what a task writes, as server-sent events, to the end of
// its gang.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "os/loop.h"
#include "os/web/call_pool.h"
#include "os/web/web.h"

namespace gangline {

/// Where one goes on: behind so many bytes of the log of this attempt.
struct FollowedPlace {
  std::uint32_t attempt = 1;
  std::uint64_t from = 0;
};
/// "ATTEMPT-BYTES", as it stands in the id of an event.
std::optional<FollowedPlace> read_followed_place(std::string_view text);

struct LogWanted {
  std::string gang;    ///< path of the gang: "/v1/jobs/7/gangs/0"
  std::string stream;  ///< which of its logs, as the words of a query: "rank=1&stderr", or empty
  FollowedPlace place = {};
};

/// The attempts of the gang come one after the other, as `gang logs --follow` shows them. An event
/// `log` has a LogChunk, `attempt` (a next one begins) and `end` the GangView; `gone` and `back`
/// are about the service.
class FollowedLogs {
 public:
  FollowedLogs(Loop& loop, CallPool& pool) : loop_(loop), pool_(pool) {}

  /// Begins with `head` if there is such a log, else `refuse` is told what the service answered
  /// instead.
  void open(const WebExchange& exchange, std::uint64_t holder, LogWanted wanted, WebAnswer head,
            std::function<void(Result<HttpAnswer>)> refuse);
  std::size_t count_of(std::uint64_t holder) const;
  /// Ends those whose holders hold no more.
  void end_unless(const std::function<bool(std::uint64_t holder)>& holds);

 private:
  struct Follow {
    WebExchange exchange;
    std::uint64_t holder;
    LogWanted wanted;
    WebAnswer head;
    std::function<void(Result<HttpAnswer>)> refuse;
    bool begun = false, gone = false, over = false;
    std::string gang = {};     // as the service told it last: a GangView
    std::uint32_t newest = 1;  // its attempt
    bool gang_ended = false;
    unsigned silent_looks = 0;  // since something was sent
    CallPool::Ticket asked = {};
    Loop::WatchPtr later = nullptr;
  };
  using FollowPtr = std::shared_ptr<Follow>;
  using Heard = void (FollowedLogs::*)(const FollowPtr&, Result<HttpAnswer>);

  void ask(const FollowPtr& follow, std::string target, Heard heard);
  void look(const FollowPtr& follow);
  void look_later(const FollowPtr& follow);
  void hear_gang(const FollowPtr& follow, Result<HttpAnswer> answer);
  void read(const FollowPtr& follow);
  void hear_log(const FollowPtr& follow, Result<HttpAnswer> answer);
  /// Of an answer that is none: refused, waited for, or the end.
  void miss(const FollowPtr& follow, Result<HttpAnswer> answer);
  void begin(Follow& follow);
  void send(Follow& follow, std::string_view kind, const std::string& data);
  void finish(Follow& follow);
  void forget_over();

  Loop& loop_;
  CallPool& pool_;
  std::list<FollowPtr> follows_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // for calls that come later
};

}  // namespace gangline
