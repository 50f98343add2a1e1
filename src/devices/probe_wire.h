// What the probe and its child say to each other: messages with their length in front, over one
// stream each way. The first byte of a message says which it is.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/pack.h"
#include "base/result.h"
#include "devices/discover.h"

namespace gangline {

/// Most bytes of one message; the largest node has less.
constexpr std::uint32_t most_message = 16 << 20;

enum class ProbeRequest : std::uint8_t { facts = 1, sample = 2 };

enum class ProbeReplyKind : std::uint8_t {
  cpu_facts = 1,  ///< the node without devices, sent before a vendor library is asked
  facts = 2,      ///< the node with devices; ends the answer to ProbeRequest::facts
  sample = 3,
};

struct ProbeReply {
  ProbeReplyKind kind = ProbeReplyKind::facts;
  Node node;                    ///< of cpu_facts and facts
  NodeReader::Reading reading;  ///< of sample
};

/// With their length in front, ready to be sent.
std::string message_of(ProbeRequest request);
std::string message_of(const ProbeReply& reply);

/// From the bytes of a message without its length. Never crashes, whatever the bytes.
Result<ProbeRequest> read_request(std::string_view bytes);
Result<ProbeReply> read_reply(std::string_view bytes);

/// Collects what a stream brings and cuts it into messages.
class MessageCutter {
 public:
  void add(std::string_view bytes) { bytes_.append(bytes); }
  /// Empty: not whole yet. An Error: longer than `most_message`; the stream is of no more use.
  Result<std::optional<std::string>> next();

 private:
  std::string bytes_;
};

}  // namespace gangline
