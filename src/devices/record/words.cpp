#include "devices/record/words.h"

#include <algorithm>

namespace gangline {
namespace {

constexpr std::string_view digits = "0123456789abcdef";

bool is_plain(char c) { return c > ' ' && c < 0x7f && c != '"' && c != '\\'; }

void append_byte(std::string& text, char byte) {
  const auto n = static_cast<unsigned char>(byte);
  text += digits[n >> 4];
  text += digits[n & 15];
}

std::optional<char> byte_of(std::string_view pair) {
  if (pair.size() != 2) return std::nullopt;
  const auto high = digits.find(pair[0]), low = digits.find(pair[1]);
  if (high == std::string_view::npos || low == std::string_view::npos) return std::nullopt;
  return static_cast<char>(high << 4 | low);
}

}  // namespace

std::string in_quotes(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (is_plain(c) || c == ' ') {
      out += c;
    } else {
      out += "\\x";
      append_byte(out, c);
    }
  }
  return out + '"';
}

std::string as_word(std::string_view text) {
  const bool plain = !text.empty() && std::ranges::all_of(text, is_plain);
  return plain ? std::string(text) : in_quotes(text);
}

std::optional<std::vector<std::string>> words_in(std::string_view line) {
  std::vector<std::string> words;
  bool inside = false, open = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (c == ' ' && !inside) {
      open = false;
      continue;
    }
    if (!open) words.emplace_back();
    open = true;
    if (c == '"') {
      inside = !inside;
    } else if (c == '\\') {
      if (!inside || i + 3 >= line.size() || line[i + 1] != 'x') return std::nullopt;
      const auto byte = byte_of(line.substr(i + 2, 2));
      if (!byte) return std::nullopt;
      words.back() += *byte;
      i += 3;
    } else {
      words.back() += c;
    }
  }
  if (inside) return std::nullopt;
  return words;
}

std::string hex_of(std::string_view bytes) {
  std::string hex;
  hex.reserve(bytes.size() * 2);
  for (const char byte : bytes) append_byte(hex, byte);
  return hex;
}

std::optional<std::string> bytes_of_hex(std::string_view hex) {
  if (hex.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    const auto byte = byte_of(hex.substr(i, 2));
    if (!byte) return std::nullopt;
    bytes += *byte;
  }
  return bytes;
}

}  // namespace gangline
