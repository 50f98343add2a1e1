// Whether a JobSpec holds together and keeps every limit, wherever it came from: a job file, flags,
// or bytes from a socket that may hold anything.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/units.h"
#include "model/job.h"

namespace gangline {

// Further limits on one job, beside those in job.h.
constexpr std::uint32_t most_devices_of_a_task = 1'024;
constexpr std::uint32_t most_cpus_of_a_task = 65'536;
/// So that the memory of all tasks together is still a number.
constexpr Bytes most_memory_of_a_task{std::int64_t{1} << 46};
constexpr std::size_t most_after = 1'000;
constexpr std::size_t longest_path = 4'095;           ///< bytes
constexpr std::size_t largest_environment = 4 << 20;  ///< bytes of all names and values
/// Bytes that Linux takes in one word of a command, or in one variable with its name and the '='.
constexpr std::size_t longest_word = (128 << 10) - 1;
constexpr std::size_t largest_sweep = 64 << 20;  ///< bytes of all values
constexpr Span longest_time = hours(24 * 365 * 100);
constexpr Span longest_grace = hours(24);
constexpr std::int32_t highest_signal = 64;
constexpr std::size_t most_mistakes_told = 20;

/// Everything that is wrong with `spec`, at most `most_mistakes_told`; empty: it may be stored, and
/// `gang_count` and the like may be called. `where` of each is the key of the job file: "tasks",
/// "any_of.1.gpus" (counted from 0), "sweep.lr", "env.HOME", "gather.command".
std::vector<Error> mistakes_in(const JobSpec& spec);

/// The first of `mistakes_in`.
Result<void> check(const JobSpec& spec);

/// Whether a job may be called so: printable, at most `longest_name` bytes, not beginning with '-',
/// and not to be taken for a number such as 7 or 7.3. The Error has no `where`.
Result<void> check_name(std::string_view name);

}  // namespace gangline
