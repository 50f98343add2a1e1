#include "server/query.h"

#include "base/text.h"

namespace gangline {
namespace {

constexpr std::size_t most_path_parts = 16;
constexpr std::size_t most_query_parts = 32;

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<std::string> decode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\0') return std::nullopt;
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const int high = hex_digit(text[i + 1]);
    const int low = hex_digit(text[i + 2]);
    if (high < 0 || low < 0 || high + low == 0) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

}  // namespace

std::optional<Target> parse_target(std::string_view text) {
  if (!text.starts_with('/')) return std::nullopt;
  Target target;
  const auto mark = text.find('?');
  for (const std::string_view part :
       split(text.substr(1, mark == std::string_view::npos ? mark : mark - 1), '/')) {
    auto decoded = decode(part);
    if (!decoded || target.path.size() == most_path_parts) return std::nullopt;
    target.path.push_back(std::move(*decoded));
  }
  if (mark == std::string_view::npos) return target;
  for (const std::string_view part : split(text.substr(mark + 1), '&')) {
    const auto equals = part.find('=');
    auto key = decode(part.substr(0, equals));
    auto value =
        decode(equals == std::string_view::npos ? std::string_view() : part.substr(equals + 1));
    if (!key || !value || target.query.size() == most_query_parts) return std::nullopt;
    target.query.emplace(std::move(*key), std::move(*value));
  }
  return target;
}

std::optional<std::uint64_t> number_in(const Target& target, const std::string& key,
                                       std::uint64_t otherwise, std::uint64_t most) {
  const auto found = target.query.find(key);
  if (found == target.query.end()) return otherwise;
  const auto number = parse_number(found->second);
  if (!number || *number > most) return std::nullopt;
  return number;
}

std::optional<bool> flag_in(const Target& target, const std::string& key) {
  const auto found = target.query.find(key);
  if (found == target.query.end()) return false;
  const std::string& word = found->second;
  if (word.empty() || word == "true" || word == "1") return true;
  if (word == "false" || word == "0") return false;
  return std::nullopt;
}

}  // namespace gangline
