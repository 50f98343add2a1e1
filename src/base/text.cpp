#include "base/text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <ctime>

namespace gangline {
namespace {

constexpr Span longest_span = hours(24 * 365 * 100);

Error bad_value(std::string_view text, const char* wanted, const char* example) {
  return {ErrorKind::usage, "'" + printable(text) + "' is not " + wanted, "",
          std::string("write it like ") + example};
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// "1.5" at the front of `rest`, which is shortened by it. No sign, no exponent, no "inf".
std::optional<double> take_decimal(std::string_view& rest) {
  std::size_t n = 0;
  while (n < rest.size() && (is_digit(rest[n]) || rest[n] == '.')) ++n;
  if (n == 0 || n > 20) return std::nullopt;
  double value = 0;
  const auto [end, error] =
      std::from_chars(rest.data(), rest.data() + n, value, std::chars_format::fixed);
  if (error != std::errc{} || end != rest.data() + n) return std::nullopt;
  rest.remove_prefix(n);
  return value;
}

// "1:30:00" or "30:00" in seconds.
std::optional<double> clock_seconds(std::string_view text) {
  const auto fields = split(text, ':');
  if (fields.size() < 2 || fields.size() > 3) return std::nullopt;
  double total = 0;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const auto field = parse_number(fields[i]);
    if (!field || (i > 0 && *field > 59)) return std::nullopt;
    total = total * 60 + static_cast<double>(*field);
  }
  return total;
}

std::optional<double> unit_seconds(std::string_view& rest) {
  static constexpr std::array<std::pair<std::string_view, double>, 6> units{
      {{"ms", 0.001}, {"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}, {"w", 604800}}};
  for (const auto& [name, factor] : units) {
    if (!rest.starts_with(name)) continue;
    rest.remove_prefix(name.size());
    return factor;
  }
  return std::nullopt;
}

// C1 controls and the marks that reverse the direction of text hide or move what stands beside
// them.
bool moves_text(std::string_view sequence) {
  if (sequence.size() == 2)
    return sequence[0] == '\xc2' && static_cast<unsigned char>(sequence[1]) < 0xa0;
  if (sequence.size() != 3 || sequence[0] != '\xe2') return false;
  const auto third = static_cast<unsigned char>(sequence[2]);
  return (sequence[1] == '\x80' &&
          (third == 0x8e || third == 0x8f || (third >= 0xa8 && third <= 0xae))) ||
         (sequence[1] == '\x81' && third >= 0xa6 && third <= 0xa9);
}

}  // namespace

Result<Bytes> parse_bytes(std::string_view text) {
  const auto bad = [&] { return bad_value(text, "a size", "512M, 16G or 1.5T"); };
  std::string_view rest = trim(text);
  const auto value = take_decimal(rest);
  if (!value) return bad();
  std::int64_t unit = 1;
  if (!rest.empty()) {
    constexpr std::string_view letters = "KMGT";
    const auto at = letters.find(static_cast<char>(rest[0] & ~0x20));
    if (at == std::string_view::npos && rest != "B") return bad();
    if (at != std::string_view::npos) {
      unit = std::int64_t{1} << (10 * (at + 1));
      rest.remove_prefix(1);
    }
    if (!rest.empty() && rest != "B" && rest != "iB") return bad();
  }
  const double bytes = *value * static_cast<double>(unit);
  if (bytes > 9e18) return bad();
  return Bytes{static_cast<std::int64_t>(bytes)};
}

Result<Span> parse_span(std::string_view text) {
  const auto bad = [&] {
    return bad_value(text, "a length of time", "90s, 15m, 2h, 1d12h or 1:30:00");
  };
  std::string_view rest = trim(text);
  if (rest.empty()) return bad();
  double total = 0;
  if (const auto clock = clock_seconds(rest)) {
    total = *clock;
  } else {
    while (!rest.empty()) {
      const auto value = take_decimal(rest);
      if (!value) return bad();
      if (rest.empty()) {  // a bare number counts seconds, but only on its own
        if (total != 0) return bad();
        total = *value;
        break;
      }
      const auto unit = unit_seconds(rest);
      if (!unit) return bad();
      total += *value * *unit;
    }
  }
  if (total > to_seconds(longest_span)) return bad();
  return Span{static_cast<std::int64_t>(total * 1e6)};
}

std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<GangName> parse_gang_name(std::string_view text) {
  const auto parts = split(text, '.');
  if (parts.size() > 2) return std::nullopt;
  const auto job = parse_number(parts[0]);
  if (!job || *job == 0) return std::nullopt;
  GangName name{JobId{*job}, std::nullopt};
  if (parts.size() == 2) {
    const auto index = parse_number(parts[1]);
    if (!index || *index > 0xffffffffu) return std::nullopt;
    name.index = static_cast<std::uint32_t>(*index);
  }
  return name;
}

std::string format(Bytes bytes) {
  constexpr std::array<const char*, 5> units{"B", "K", "M", "G", "T"};
  double value = static_cast<double>(bytes.n);
  std::size_t unit = 0;
  while (value >= 1024 && unit + 1 < units.size()) {
    value /= 1024;
    ++unit;
  }
  char text[32];
  const bool whole = value >= 100 || value == static_cast<double>(static_cast<std::int64_t>(value));
  std::snprintf(text, sizeof text, whole ? "%.0f%s" : "%.1f%s", value, units[unit]);
  return text;
}

std::string format(Share share) {
  char text[32];
  std::snprintf(text, sizeof text, "%g", share.thousandths / 1000.0);
  return text;
}

std::string format(Joules energy) {
  constexpr double joules_in_kwh = 3.6e6;
  char text[64];
  if (energy.j < 1e3) std::snprintf(text, sizeof text, "%.0f J", energy.j);
  else if (energy.j < 1e6) std::snprintf(text, sizeof text, "%.1f kJ", energy.j / 1e3);
  else
    std::snprintf(text, sizeof text, "%.1f MJ (%.2f kWh)", energy.j / 1e6,
                  energy.j / joules_in_kwh);
  return text;
}

std::string format(Span span) {
  const std::int64_t us = span.us < 0 ? 0 : span.us;
  const std::int64_t s = us / 1'000'000;
  char text[48];
  if (s < 10 && us % 1'000'000 != 0)
    std::snprintf(text, sizeof text, "%.1fs", static_cast<double>(us) / 1e6);
  else if (s < 60) std::snprintf(text, sizeof text, "%llds", static_cast<long long>(s));
  else if (s < 3600)
    std::snprintf(text, sizeof text, "%lldm%02llds", static_cast<long long>(s / 60),
                  static_cast<long long>(s % 60));
  else if (s < 86400)
    std::snprintf(text, sizeof text, "%lldh%02lldm", static_cast<long long>(s / 3600),
                  static_cast<long long>(s % 3600 / 60));
  else
    std::snprintf(text, sizeof text, "%lldd%02lldh", static_cast<long long>(s / 86400),
                  static_cast<long long>(s % 86400 / 3600));
  return text;
}

std::string format(JobId id) { return std::to_string(id.n); }

std::string format(GangId id) { return std::to_string(id.job.n) + "." + std::to_string(id.index); }

std::string format_utc(Time t) {
  if (t == never) return "-";
  const std::time_t seconds_since_epoch = static_cast<std::time_t>(t.us / 1'000'000);
  std::tm parts{};
  gmtime_r(&seconds_since_epoch, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

std::optional<std::string> nearest(std::string_view word,
                                   std::span<const std::string_view> candidates) {
  constexpr std::size_t longest = 64;
  if (word.empty() || word.size() > longest) return std::nullopt;
  std::optional<std::string> best;
  std::size_t best_distance = std::max<std::size_t>(1, word.size() / 3) + 1;
  for (const std::string_view candidate : candidates) {
    if (candidate.size() > longest) continue;
    // Rows of the table of distances: of i, i - 1 and i - 2 letters of `word`.
    std::array<std::size_t, longest + 1> row{}, above{}, higher{};
    for (std::size_t j = 0; j <= candidate.size(); ++j) row[j] = j;
    for (std::size_t i = 1; i <= word.size(); ++i) {
      higher = above;
      above = row;
      row[0] = i;
      for (std::size_t j = 1; j <= candidate.size(); ++j) {
        row[j] = std::min({above[j] + 1, row[j - 1] + 1,
                           above[j - 1] + (word[i - 1] == candidate[j - 1] ? 0u : 1u)});
        const bool swapped =
            i > 1 && j > 1 && word[i - 1] == candidate[j - 2] && word[i - 2] == candidate[j - 1];
        if (swapped) row[j] = std::min(row[j], higher[j - 2] + 1);
      }
    }
    if (row[candidate.size()] < best_distance) {
      best_distance = row[candidate.size()];
      best = std::string(candidate);
    }
  }
  return best;
}

std::string shell_quote(std::string_view word) {
  constexpr std::string_view plain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=./:,@%^";
  if (!word.empty() && word.find_first_not_of(plain) == std::string_view::npos)
    return std::string(word);
  std::string quoted = "'";
  for (const char c : word) {
    if (c == '\'') quoted += "'\\''";
    else quoted += c;
  }
  return quoted + "'";
}

std::string printable(std::string_view text, bool keep_lines) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    std::size_t n = utf8_length(text);
    const auto c = static_cast<unsigned char>(text[0]);
    const bool kept_control = keep_lines && (c == '\n' || c == '\t');
    if (n > 0 && !moves_text(text.substr(0, n)) &&
        (n > 1 || (c >= 0x20 && c != 0x7f) || kept_control)) {
      out += text.substr(0, n);
    } else {
      n = n == 0 ? 1 : n;
      for (const char byte : text.substr(0, n)) {
        char escape[8];
        std::snprintf(escape, sizeof escape, "\\x%02x",
                      static_cast<unsigned>(static_cast<unsigned char>(byte)));
        out += escape;
      }
    }
    text.remove_prefix(n);
  }
  return out;
}

std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  const std::size_t n = lead < 0x80                   ? 1
                        : lead >= 0xc2 && lead < 0xe0 ? 2
                        : lead >= 0xe0 && lead < 0xf0 ? 3
                        : lead >= 0xf0 && lead < 0xf5 ? 4
                                                      : 0;
  if (n == 0 || n > text.size()) return 0;
  for (std::size_t i = 1; i < n; ++i)
    if ((byte(i) & 0xc0) != 0x80) return 0;
  if (n == 3 && lead == 0xe0 && byte(1) < 0xa0) return 0;   // overlong
  if (n == 3 && lead == 0xed && byte(1) >= 0xa0) return 0;  // surrogate
  if (n == 4 && ((lead == 0xf0 && byte(1) < 0x90) || (lead == 0xf4 && byte(1) >= 0x90))) return 0;
  return n;
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t n = utf8_length(text);
    if (n == 0) return false;
    text.remove_prefix(n);
  }
  return true;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const auto at = text.find(separator);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view space = " \t\r\n";
  const auto first = text.find_first_not_of(space);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(space) - first + 1);
}

bool contains_text(std::string_view text, std::string_view part) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::search(text.begin(), text.end(), part.begin(), part.end(),
                     [&](char a, char b) { return lower(a) == lower(b); }) != text.end() ||
         part.empty();
}

}  // namespace gangline
