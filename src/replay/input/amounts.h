// Numbers, times and sizes as logs of other systems write them. Nothing for what is none.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/units.h"

namespace gangline {

/// So that sums of several stay far from the ends of a number.
constexpr Span longest_span_in_a_log = hours(24 * 366 * 100);
constexpr Time latest_time_in_a_log{seconds(7'258'118'400).us};  ///< the year 2200

/// "12", "-1", "66.0", "1.5e3"; not "nan", "inf" or what does not fit.
std::optional<double> parse_decimal(std::string_view text);
/// A decimal without a fraction, at most 2^53 on either side of 0: "4", "4.0".
std::optional<std::int64_t> parse_whole(std::string_view text);
/// Seconds to microseconds; not negative, at most `longest_span_in_a_log`.
std::optional<Span> span_of_seconds(double seconds);
/// Seconds since 1970, or since the beginning of a log that counts from 0; at most
/// `latest_time_in_a_log`.
std::optional<Time> time_of_seconds(double seconds);
/// Seconds, or ISO 8601: "2023-03-01T00:18:22", with a blank for the T, a fraction of a second, and
/// a zone as Z, +08:00 or +0800; without a zone it is taken as UTC.
std::optional<Time> parse_time(std::string_view text);
/// Slurm's "[D-]HH:MM:SS[.us]", "MM:SS", or seconds.
std::optional<Span> parse_slurm_span(std::string_view text);

/// "a", "b\tc" cut short and printable, for a sentence about what a file holds.
std::string_view clipped(std::string_view text, std::size_t most = 60);

}  // namespace gangline
