// What may come first on a connection to a pilot's port, in pieces of any size: it is refused, or
// waited for, or is a node's greeting, which packs to bytes that are read as the same.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "engine/slurm/pilot/node_hello.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size < 1) return 0;
  const std::string_view text(reinterpret_cast<const char*>(bytes) + 1, size - 1);
  const std::size_t piece = std::size_t{bytes[0]} + 1;
  std::string arrived;
  for (std::size_t at = 0; at < text.size(); at += piece) {
    arrived += text.substr(at, piece);
    const std::size_t before = arrived.size();
    const auto hello = gangline::take_node_hello(arrived);
    if (!hello) return 0;
    if (!*hello) {
      CHECK(arrived.size() == before);
      continue;
    }
    CHECK(arrived.size() < before);
    std::string again = gangline::frame_of(**hello);
    const auto same = gangline::take_node_hello(again);
    CHECK(same.ok() && same->has_value() && again.empty());
    CHECK((*same)->host == (*hello)->host && (*same)->ports == (*hello)->ports);
    CHECK(gangline::frame_of(**same) == gangline::frame_of(**hello));
  }
  return 0;
}
