// The second of the signals that a gang gets when it is stopped: its own stop signal, TERM, KILL.
#pragma once

#include <csignal>
#include <optional>

#include "model/job.h"

namespace gangline {

/// So many quarters of the grace are over when TERM follows another stop signal. Late: a program
/// that writes its state at the first signal may be ended by the second.
constexpr std::int64_t quarters_before_term = 3;

/// When TERM is due for what was stopped at `stopped`. Empty: its own stop signal was TERM.
inline std::optional<Span> second_warning_at(const JobSpec& spec, Span stopped) {
  if (spec.stop_signal == SIGTERM) return std::nullopt;
  return stopped + Span{spec.grace.us / 4 * quarters_before_term};
}

}  // namespace gangline
