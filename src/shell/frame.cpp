#include "shell/frame.h"

#include <algorithm>

namespace gangline {
namespace {

constexpr std::size_t head_size = 5;
constexpr std::string_view kinds = "htsnobe";

void append(std::uint64_t number, std::size_t bytes, std::string& text) {
  for (std::size_t i = 0; i < bytes; ++i)
    text += static_cast<char>(static_cast<unsigned char>(number >> (8 * i)));
}

std::uint64_t number_at(std::string_view bytes) {
  std::uint64_t number = 0;
  for (std::size_t i = bytes.size(); i-- > 0;)
    number = number << 8 | static_cast<unsigned char>(bytes[i]);
  return number;
}

}  // namespace

std::string frame_of(FrameKind kind, std::string_view body) {
  std::string text;
  do {
    const auto part = body.substr(0, largest_frame);
    text += static_cast<char>(kind);
    append(part.size(), head_size - 1, text);
    text += part;
    body.remove_prefix(part.size());
  } while (!body.empty());
  return text;
}

std::string body_of(std::initializer_list<std::int64_t> numbers) {
  std::string body;
  for (const std::int64_t number : numbers) append(static_cast<std::uint64_t>(number), 8, body);
  return body;
}

std::optional<std::int64_t> number_in(const Frame& frame, std::size_t n) {
  if (frame.body.size() < 8 * (n + 1)) return std::nullopt;
  return static_cast<std::int64_t>(number_at(std::string_view(frame.body).substr(8 * n, 8)));
}

Result<std::optional<Frame>> FrameReader::next() {
  if (unread_.empty()) return std::optional<Frame>{};
  const Error nonsense{ErrorKind::broken, "what came over the shell's socket makes no sense", "",
                       "the two programs may be of different versions"};
  if (kinds.find(unread_[0]) == std::string_view::npos) return nonsense;
  if (unread_.size() < head_size) return std::optional<Frame>{};
  const std::uint64_t size = number_at(std::string_view(unread_).substr(1, head_size - 1));
  if (size > largest_frame) return nonsense;
  if (unread_.size() < head_size + size) return std::optional<Frame>{};
  Frame frame{static_cast<FrameKind>(unread_[0]), unread_.substr(head_size, size)};
  unread_.erase(0, head_size + size);
  return std::optional<Frame>(std::move(frame));
}

}  // namespace gangline
