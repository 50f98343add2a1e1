// What a new process tells of what went wrong before its program ran. Without the C++ library
// behind it: the starter uses it too.
#pragma once

#include <array>
#include <cstdint>

namespace gangline {

/// Where it went wrong.
enum class StartStep : std::uint8_t {
  none,
  process,
  session,
  cgroup,
  directory,
  output_log,
  error_log,
  limits,
  starter,
  person,
  piece,
  gate,
  journal,
  program,
  killed,
};

struct StartFailure {
  StartStep step = StartStep::none;
  int number = 0;  ///< errno
  std::uint32_t rank = 0;
  std::array<char, 200> text{};  ///< what errno does not say, ends with 0; mostly empty
};

/// A process that did not come to run its task's program ends itself by this signal (SIGRTMAX of
/// the kernel), so that it is not mistaken for the program where nobody hears why: an exit code
/// might be the program's own.
constexpr int ends_without_program = 64;

}  // namespace gangline
