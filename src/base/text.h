// Reading and writing the small languages of the command line: sizes, durations, shares, names.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/units.h"

namespace gangline {

/// "16G", "512M", "1.5T", "1024" (bytes). Units are powers of 1024; K M G T with optional "iB" or
/// "B".
Result<Bytes> parse_bytes(std::string_view text);
/// "90s", "15m", "2h", "1d12h", "1:30:00", "90" (seconds). Not negative, at most 100 years.
Result<Span> parse_span(std::string_view text);
/// A whole number in decimal, no sign, no space; nothing else.
std::optional<std::uint64_t> parse_number(std::string_view text);
/// "7" as a job, "7.3" as gang 3 of job 7 (`index` empty for a whole job).
struct GangName {
  JobId job;
  std::optional<std::uint32_t> index;
};
std::optional<GangName> parse_gang_name(std::string_view text);

std::string format(Bytes bytes);    ///< "16G", "512M", "1.5G"
std::string format(Share share);    ///< "1", "0.5"
std::string format(Joules energy);  ///< "850 J", "43.2 kJ", "12.3 MJ (3.42 kWh)"
std::string format(Span span);      ///< "0.3s", "42s", "3m20s", "2h05m", "3d04h"
std::string format(JobId id);       ///< "7"
std::string format(GangId id);      ///< "7.3"
std::string format_utc(Time t);     ///< "2026-11-22T18:30:00Z"; "-" for `never`

/// The candidate closest to `word` by edit distance (a swap of neighbours counts as one edit), if
/// close enough to be a slip of the finger.
std::optional<std::string> nearest(std::string_view word,
                                   std::span<const std::string_view> candidates);

/// `word` as one word of a POSIX shell command, quoted only where needed.
std::string shell_quote(std::string_view word);

/// Control characters and broken UTF-8 replaced by escapes, so that text from a program or a file
/// cannot move the cursor or hide other text on a terminal. Newlines and tabs stay if `keep_lines`.
std::string printable(std::string_view text, bool keep_lines = false);

/// Length of the well-formed UTF-8 sequence at the front of `text` (not empty), 0 if there is none.
std::size_t utf8_length(std::string_view text);

/// Whether `text` is well-formed UTF-8.
bool is_utf8(std::string_view text);

std::vector<std::string_view> split(std::string_view text, char separator);
std::string_view trim(std::string_view text);

/// Whether `part` stands somewhere in `text`; of ASCII letters the case does not count.
bool contains_text(std::string_view text, std::string_view part);

}  // namespace gangline
