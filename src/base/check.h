// CHECK states what our own code promises itself. It holds in release builds too and must never be
// reachable from input: what the world or the user did wrong is an `Error` (see error.h).
#pragma once

namespace gangline {

/// Prints the broken promise with its place to standard error and aborts.
[[noreturn]] void check_failed(const char* promise, const char* file, int line);

}  // namespace gangline

// A macro because only a macro can show the text of the condition and the line it stands on.
#define CHECK(promise) \
  ((promise) ? static_cast<void>(0) : ::gangline::check_failed(#promise, __FILE__, __LINE__))
