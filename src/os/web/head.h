// The head of a request of HTTP/1.1 (RFC 9112), read strictly: what two readers could take for two
// different things is refused, so that nothing in front of us sees another request than we do.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace gangline {

struct WebField {
  std::string_view name, value;  ///< as they came, without blanks around the value
};

/// All views are into the bytes that were read.
struct WebHead {
  std::string_view method, target, host;
  std::string_view authorization, origin, content_type, if_none_match;  ///< empty: none
  std::uint64_t body_size = 0;
  bool keep_alive = true;
  bool expects_continue = false;
  bool takes_gzip = false;
  std::vector<WebField> fields = {};

  /// Of the first field of this name, which is in small letters; empty where there is none.
  std::string_view field(std::string_view name) const;
};

constexpr std::size_t most_head_bytes = 16 << 10;
constexpr std::size_t most_head_fields = 64;

/// What came of the bytes at the front of a connection.
struct HeadRead {
  std::size_t size = 0;       ///< of the whole head; 0: more bytes are needed, or it is refused
  unsigned status = 0;        ///< 400, 411, 431 or 505 where it is refused; then `why` says why
  const char* why = nullptr;  ///< a sentence without its full stop
};

/// `seen`: so many bytes were there when it was read last. Without a Content-Length there is no
/// body; a body in pieces (Transfer-Encoding) is refused with 411, as RFC 9112, 6.3 lets us.
HeadRead read_head(std::string_view bytes, std::size_t seen, WebHead& head);

/// Equal but for the case of ASCII letters; `small` is in small letters.
bool is_word(std::string_view text, std::string_view small);

}  // namespace gangline
