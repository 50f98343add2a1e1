#include "devices/sysfs/read.h"

#include <algorithm>

#include "base/text.h"
#include "devices/sysfs/see.h"

namespace gangline {
namespace {

constexpr std::size_t most_bytes = 4096;  // the kernel gives a page at most
constexpr std::size_t longest_name = 128;

}  // namespace

std::optional<std::string> text_at(const std::string& path) {
  const auto text = see_file(path, most_bytes);
  if (!text) return std::nullopt;
  const std::string_view inside = trim(*text);
  if (inside.empty()) return std::nullopt;
  return std::string(inside);
}

std::optional<std::string> name_at(const std::string& path) {
  auto text = text_at(path);
  if (text && (text->size() > longest_name || printable(*text) != *text)) text.reset();
  return text;
}

std::optional<std::uint64_t> number_at(const std::string& path) {
  const auto text = text_at(path);
  return text ? parse_number(*text) : std::nullopt;
}

std::optional<std::uint64_t> hex_in(std::string_view text) {
  if (text.starts_with("0x")) text.remove_prefix(2);
  if (text.empty() || text.size() > 16) return std::nullopt;
  std::uint64_t n = 0;
  for (const char c : text) {
    const std::size_t digit =
        std::string_view("0123456789abcdef")
            .find(c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c);
    if (digit == std::string_view::npos) return std::nullopt;
    n = n << 4 | digit;
  }
  return n;
}

std::optional<std::uint64_t> hex_at(const std::string& path) {
  const auto text = text_at(path);
  return text ? hex_in(*text) : std::nullopt;
}

std::optional<std::vector<std::string>> names_in(const std::string& directory) {
  auto names = see_directory(directory);
  if (!names) return std::nullopt;
  return std::move(*names);
}

std::vector<std::string> parts_of_link(const std::string& path) {
  std::vector<std::string> parts;
  const auto target = see_link(path);
  if (!target) return parts;
  for (const std::string_view part : split(*target, '/')) parts.emplace_back(part);
  return parts;
}

std::string end_of_link(const std::string& path) {
  const auto parts = parts_of_link(path);
  if (parts.empty()) return {};
  const std::string& name = parts.back();
  return name.size() > longest_name || printable(name) != name ? std::string() : name;
}

std::vector<std::uint32_t> numbered_in(const std::string& directory, std::string_view prefix) {
  std::vector<std::uint32_t> numbers;
  const auto names = names_in(directory);
  if (!names) return numbers;
  for (const std::string_view name : *names) {
    if (!name.starts_with(prefix)) continue;
    const auto n = parse_number(name.substr(prefix.size()));
    if (n && *n <= 0x7fffffff) numbers.push_back(static_cast<std::uint32_t>(*n));
  }
  std::ranges::sort(numbers);
  return numbers;
}

}  // namespace gangline
