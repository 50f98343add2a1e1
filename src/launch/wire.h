// What a service and a launcher say to each other over a unix socket: frames of four bytes of
// length and a message. Either end may be of another build, so the first message each way names the
// version, and no byte is trusted.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "launch/start/meeting.h"
#include "model/allocation.h"
#include "model/cluster.h"
#include "model/event.h"
#include "model/job.h"

namespace gangline {

constexpr std::uint32_t wire_version = 9;
/// The largest message: a job with the largest split and some room.
constexpr std::size_t largest_message = largest_split + (32u << 20);
/// Bytes that wait to be sent; beyond, no more news is put into messages until some were taken.
constexpr std::size_t fullest_outbox = 1 << 20;
constexpr std::size_t most_news_in_a_message = 1'000;

// Service to launcher.
struct HelloMessage {
  std::uint32_t version = wire_version;
  std::string cursor;  ///< news after it are wanted; empty: all
  std::string store;   ///< name of the store that the news are for; empty: any
};
struct NodeMessage {
  Node node;
};
struct JobMessage {
  Job job;
};
struct StartMessage {
  JobId job;
  std::uint32_t first = 0;
  std::uint32_t count = 1;
  std::uint32_t attempt = 1;
  std::uint32_t part = 0;                        ///< of the allocation
  std::shared_ptr<const Allocation> allocation;  ///< never null
  std::string boot = {};                         ///< of the machine when it was first asked
  std::string heard =
      {};  ///< the newest news that were known then; turns returned since are not meant
  /// Of a gang with parts elsewhere; empty: it meets here, where the launcher finds a place.
  std::optional<Meeting> meeting = {};
};
struct StopMessage {
  GangId gang;
  EndCause cause = EndCause::stopped;
  std::string reason;
  bool at_once = false;
};
struct ReturnMessage {
  JobId job;
  std::uint32_t first = 0;
  std::uint32_t count = 0;
};
struct AcknowledgeMessage {
  std::string cursor;
};
struct RetireMessage {};

// Launcher to service.
struct WelcomeMessage {
  std::uint32_t version = wire_version;
  std::string epoch;  ///< of the state directory; part of GANG_ID
  std::int64_t launcher = 0;
  std::int64_t guardian = 0;
};
struct NewsMessage {
  std::vector<Event> events;
  std::string cursor;
};
/// Why nothing is started at the moment; empty: no longer.
struct TroubleMessage {
  std::string text;
};

using Message =
    std::variant<HelloMessage, NodeMessage, JobMessage, StartMessage, StopMessage, ReturnMessage,
                 AcknowledgeMessage, RetireMessage, WelcomeMessage, NewsMessage, TroubleMessage>;

/// The message with its length in front.
std::string frame_of(const Message& message);
/// ErrorKind::broken for bytes that are no message.
Result<Message> unpack_message(std::string_view payload);

/// Puts frames together from what a socket gives.
class Inbox {
 public:
  void add(std::string_view bytes) { bytes_.append(bytes); }
  /// The next whole message, if there is one.
  Result<std::optional<Message>> next();

 private:
  std::string bytes_;
  std::size_t taken_ = 0;
};

/// "epoch:number" of the newest piece of news that was seen.
struct Cursor {
  std::string epoch;
  std::uint64_t number = 0;
};
std::string format_cursor(const Cursor& cursor);
/// Anything that is no cursor, also one of another life of the state directory, asks for all news.
std::uint64_t number_of_cursor(std::string_view text, std::string_view epoch);

}  // namespace gangline
