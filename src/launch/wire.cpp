#include "launch/wire.h"

#include "base/check.h"
#include "base/pack.h"
#include "base/text.h"
#include "devices/pack_node.h"
#include "launch/model_bytes.h"

namespace gangline {
namespace {

enum class MessageKind : std::uint8_t {
  hello = 1,
  node,
  job,
  start,
  stop,
  returns,
  acknowledge,
  retire,
  welcome,
  news,
  trouble,
};

Error broken(const char* what) {
  return {ErrorKind::broken, what, "the launcher's socket", "are both ends of one build?"};
}

struct PackMessage {
  Packer& to;

  void kind(MessageKind kind) const { to.u8(static_cast<std::uint8_t>(kind)); }

  void operator()(const HelloMessage& message) const {
    kind(MessageKind::hello);
    to.u32(message.version);
    to.text(message.cursor);
    if (message.version > 1) to.text(message.store);
  }
  void operator()(const NodeMessage& message) const {
    kind(MessageKind::node);
    pack(to, message.node);
  }
  void operator()(const JobMessage& message) const {
    kind(MessageKind::job);
    pack(to, message.job);
  }
  void operator()(const StartMessage& message) const {
    kind(MessageKind::start);
    to.u64(message.job.n);
    to.u32(message.first);
    to.u32(message.count);
    to.u32(message.attempt);
    to.u32(message.part);
    pack(to, *message.allocation);
    to.text(message.boot);
    to.text(message.heard);
    to.flag(message.meeting.has_value());
    if (message.meeting) pack(to, *message.meeting);
  }
  void operator()(const StopMessage& message) const {
    kind(MessageKind::stop);
    to.u64(message.gang.job.n);
    to.u32(message.gang.index);
    to.u8(static_cast<std::uint8_t>(message.cause));
    to.text(message.reason);
    to.flag(message.at_once);
  }
  void operator()(const ReturnMessage& message) const {
    kind(MessageKind::returns);
    to.u64(message.job.n);
    to.u32(message.first);
    to.u32(message.count);
  }
  void operator()(const AcknowledgeMessage& message) const {
    kind(MessageKind::acknowledge);
    to.text(message.cursor);
  }
  void operator()(const RetireMessage&) const { kind(MessageKind::retire); }
  void operator()(const WelcomeMessage& message) const {
    kind(MessageKind::welcome);
    to.u32(message.version);
    to.text(message.epoch);
    to.i64(message.launcher);
    to.i64(message.guardian);
  }
  void operator()(const NewsMessage& message) const {
    kind(MessageKind::news);
    to.u32(static_cast<std::uint32_t>(message.events.size()));
    for (const Event& event : message.events) pack(to, event);
    to.text(message.cursor);
  }
  void operator()(const TroubleMessage& message) const {
    kind(MessageKind::trouble);
    to.text(message.text);
  }
};

StartMessage take_start(Unpacker& from) {
  StartMessage message;
  message.job.n = from.u64();
  message.first = from.u32();
  message.count = from.u32();
  message.attempt = from.u32();
  message.part = from.u32();
  message.allocation = std::make_shared<const Allocation>(unpack_allocation(from));
  message.boot = from.text();
  message.heard = from.text();
  if (from.flag()) message.meeting = unpack_meeting(from);
  const auto& parts = message.allocation->parts;
  const bool has_task = message.part < parts.size() && !parts[message.part].tasks.empty();
  // One more than gangs of a sweep: the gather.
  const std::uint64_t end = std::uint64_t{message.first} + message.count;
  if (!has_task || message.count == 0 || end > std::uint64_t{most_gangs_in_a_job} + 1) from.fail();
  return message;
}

StopMessage take_stop(Unpacker& from) {
  StopMessage message;
  message.gang.job.n = from.u64();
  message.gang.index = from.u32();
  const std::uint8_t cause = from.u8();
  if (cause > static_cast<std::uint8_t>(EndCause::preempted)) from.fail();
  message.cause = from.ok() ? static_cast<EndCause>(cause) : EndCause::stopped;
  message.reason = from.text();
  message.at_once = from.flag();
  return message;
}

NewsMessage take_news(Unpacker& from) {
  NewsMessage message;
  const std::uint32_t n = from.count(9);
  for (std::uint32_t i = 0; i < n && from.ok(); ++i) message.events.push_back(unpack_event(from));
  message.cursor = from.text();
  return message;
}

std::optional<Message> take_message(Unpacker& from) {
  switch (static_cast<MessageKind>(from.u8())) {
    case MessageKind::hello: {
      HelloMessage message;
      message.version = from.u32();
      message.cursor = from.text();
      if (message.version > 1) message.store = from.text();
      return message;
    }
    case MessageKind::node: return NodeMessage{unpack_node(from)};
    case MessageKind::job: return JobMessage{unpack_job(from)};
    case MessageKind::start: return take_start(from);
    case MessageKind::stop: return take_stop(from);
    case MessageKind::returns: {
      const JobId job{from.u64()};
      const std::uint32_t first = from.u32();
      return ReturnMessage{job, first, from.u32()};
    }
    case MessageKind::acknowledge: return AcknowledgeMessage{from.text()};
    case MessageKind::retire: return RetireMessage{};
    case MessageKind::welcome: {
      WelcomeMessage message;
      message.version = from.u32();
      message.epoch = from.text();
      message.launcher = from.i64();
      message.guardian = from.i64();
      return message;
    }
    case MessageKind::news: return take_news(from);
    case MessageKind::trouble: return TroubleMessage{from.text()};
  }
  return std::nullopt;
}

}  // namespace

std::string frame_of(const Message& message) {
  Packer body;
  std::visit(PackMessage{body}, message);
  CHECK(body.bytes().size() <= largest_message);
  Packer length;
  length.u32(static_cast<std::uint32_t>(body.bytes().size()));
  return length.take() + body.bytes();
}

Result<Message> unpack_message(std::string_view payload) {
  Unpacker from(payload);
  auto message = take_message(from);
  if (!message || !from.ok() || !from.at_end()) return broken("a message makes no sense");
  return *std::move(message);
}

Result<std::optional<Message>> Inbox::next() {
  const std::string_view rest = std::string_view(bytes_).substr(taken_);
  if (rest.size() < 4) {
    bytes_.erase(0, std::exchange(taken_, 0));
    return std::optional<Message>{};
  }
  const std::size_t size = Unpacker(rest).u32();
  if (size > largest_message) return broken("a message is longer than may be");
  if (rest.size() < 4 + size) {
    bytes_.erase(0, std::exchange(taken_, 0));
    return std::optional<Message>{};
  }
  auto message = unpack_message(rest.substr(4, size));
  if (!message) return message.error();
  taken_ += 4 + size;
  return std::optional<Message>{*std::move(message)};
}

std::string format_cursor(const Cursor& cursor) {
  return cursor.epoch + ":" + std::to_string(cursor.number);
}

std::uint64_t number_of_cursor(std::string_view text, std::string_view epoch) {
  if (!text.starts_with(epoch) || text.size() <= epoch.size() || text[epoch.size()] != ':')
    return 0;
  return parse_number(text.substr(epoch.size() + 1)).value_or(0);
}

}  // namespace gangline
