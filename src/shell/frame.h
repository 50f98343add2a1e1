// What the two ends of an interactive shell tell each other over a socket.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace gangline {

enum class FrameKind : char {
  hello = 'h',    ///< to the shell, first: columns, rows and the end of its time
  typed = 't',    ///< to the shell: bytes
  size = 's',     ///< to the shell: columns and rows
  no_more = 'n',  ///< to the shell: nothing more will be typed
  shown = 'o',    ///< to the terminal: bytes
  busy = 'b',     ///< to the terminal: somebody else is there already
  ended = 'e',    ///< to the terminal, last: the exit code
};

constexpr std::size_t largest_frame = 64 << 10;  ///< bytes of its body

struct Frame {
  FrameKind kind = FrameKind::typed;
  std::string body;
};

/// A kind, the length of the body in four bytes, the lowest first, and the body, which is cut into
/// several frames where it is too large for one.
std::string frame_of(FrameKind kind, std::string_view body);

/// Numbers of eight bytes, the lowest first.
std::string body_of(std::initializer_list<std::int64_t> numbers);
/// Number `n` of such a body; empty: it is too short.
std::optional<std::int64_t> number_in(const Frame& frame, std::size_t n);

/// Cuts a stream into frames.
class FrameReader {
 public:
  void feed(std::string_view bytes) { unread_ += bytes; }
  /// The next whole frame; empty: it has not come yet. An Error is for good.
  Result<std::optional<Frame>> next();

 private:
  std::string unread_;
};

}  // namespace gangline
