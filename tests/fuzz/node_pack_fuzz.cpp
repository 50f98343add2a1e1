// What the device probe's child may say: any bytes are refused, or give a node that fits together
// and packs to bytes that are read again.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "devices/known_devices.h"
#include "devices/probe_wire.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  const auto reply = gangline::read_reply(text);
  if (!reply) return 0;
  const gangline::KeptNode kept = gangline::keep_places({}, reply->node);
  static_cast<void>(gangline::keep_places(kept, reply->reading.sample));
  const std::string again = gangline::message_of(*reply);
  CHECK(gangline::read_reply(std::string_view(again).substr(4)).ok());
  return 0;
}
