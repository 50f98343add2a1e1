// Streams of events (server-sent events): what happens is written once and sent to all of them.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/follower.h"
#include "os/web/web.h"

namespace gangline {

/// Where a stream goes on: behind this entry.
struct StreamPlace {
  std::string of;
  std::uint64_t number = 0;
};
/// "OF-NUMBER", as it stands in the id of an event.
std::optional<StreamPlace> read_stream_place(std::string_view text);

class Streams {
 public:
  Streams(Loop& loop, CallPool& pool);

  // What the Follower tells.
  void entries(const std::string& of, std::uint64_t after, const std::vector<FeedEntry>& entries);
  void begins(const std::string& of, std::uint64_t newest);
  void gone();
  void back();

  /// `exchange` has begun a stream. Without a place: from now on. `packed`: all of it is a gzip.
  void open(const WebExchange& exchange, std::uint64_t holder, std::optional<StreamPlace> place,
            bool packed = false);
  std::size_t count_of(std::uint64_t holder) const;
  std::size_t count() const { return streams_.size(); }
  /// Ends those whose holders hold no more.
  void end_unless(const std::function<bool(std::uint64_t holder)>& holds);

 private:
  /// What came in one piece.
  struct Batch {
    std::uint64_t after, last;
    WebBody text;
    mutable std::optional<WebBody> packed;                      // once somebody wants it so
    std::vector<std::pair<std::uint64_t, std::size_t>> starts;  // of each entry: number, place
  };
  struct Stream {
    WebExchange exchange;
    std::uint64_t holder;
    bool packed;
    std::optional<std::uint64_t> last = {};  // sent so far; empty: it is not placed yet
    StreamPlace wanted = {};                 // while it is not placed
    bool from_now = false, left = false;
    CallPool::Ticket asked = {};  // what it missed longer ago
  };
  using StreamPtr = std::shared_ptr<Stream>;

  Batch batch_of(std::uint64_t after, const std::vector<FeedEntry>& entries) const;
  void place(const StreamPtr& stream);
  void ask_older(const StreamPtr& stream);
  void hear_older(const StreamPtr& stream, const Result<HttpAnswer>& answer);
  void send_from(Stream& stream, const Batch& batch);
  static bool send(const Stream& stream, const WebBody& text);
  void reset(Stream& stream);
  void send_to_all(const WebBody& text);
  void forget_left();

  Loop& loop_;
  CallPool& pool_;
  std::string of_;
  std::uint64_t newest_ = 0;
  bool knows_ = false, is_gone_ = false;
  std::deque<Batch> recent_;
  std::size_t recent_bytes_ = 0;
  std::list<StreamPtr> streams_;
  Loop::WatchPtr breathing_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // for calls that come later
};

}  // namespace gangline
