#include "devices/probe_wire.h"

#include "devices/pack_node.h"

namespace gangline {
namespace {

constexpr std::size_t length_size = 4;

std::string framed(Packer& body) {
  Packer length;
  length.u32(static_cast<std::uint32_t>(body.bytes().size()));
  return length.take() + body.take();
}

Error broken(const char* what) {
  return {ErrorKind::broken, what, "the device probe", "was the program replaced while it ran?"};
}

}  // namespace

std::string message_of(ProbeRequest request) {
  Packer body;
  body.u8(static_cast<std::uint8_t>(request));
  return framed(body);
}

std::string message_of(const ProbeReply& reply) {
  Packer body;
  body.u8(static_cast<std::uint8_t>(reply.kind));
  if (reply.kind == ProbeReplyKind::sample) {
    body.flag(reply.reading.facts_changed);
    pack(body, reply.reading.sample);
  } else {
    pack(body, reply.node);
  }
  return framed(body);
}

Result<ProbeRequest> read_request(std::string_view bytes) {
  Unpacker unpacker(bytes);
  const std::uint8_t kind = unpacker.u8();
  if (!unpacker.ok() || !unpacker.at_end() || kind < 1 || kind > 2)
    return broken("a request makes no sense");
  return kind == 1 ? ProbeRequest::facts : ProbeRequest::sample;
}

Result<ProbeReply> read_reply(std::string_view bytes) {
  Unpacker unpacker(bytes);
  ProbeReply reply;
  const std::uint8_t kind = unpacker.u8();
  if (kind < 1 || kind > 3) return broken("a reply is of no known kind");
  reply.kind = static_cast<ProbeReplyKind>(kind);
  if (reply.kind == ProbeReplyKind::sample) {
    reply.reading.facts_changed = unpacker.flag();
    reply.reading.sample = unpack_sample(unpacker);
  } else {
    reply.node = unpack_node(unpacker);
  }
  if (!unpacker.ok() || !unpacker.at_end()) return broken("a reply makes no sense");
  return reply;
}

Result<std::optional<std::string>> MessageCutter::next() {
  if (bytes_.size() < length_size) return std::optional<std::string>();
  const std::uint32_t length = Unpacker(std::string_view(bytes_).substr(0, length_size)).u32();
  if (length > most_message) return broken("a message is longer than any node");
  if (bytes_.size() - length_size < length) return std::optional<std::string>();
  std::optional<std::string> message = bytes_.substr(length_size, length);
  bytes_.erase(0, length_size + length);
  return message;
}

}  // namespace gangline
