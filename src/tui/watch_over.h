// A parent that gives the terminal back whatever becomes of the program on it.
#pragma once

#include <functional>

namespace gangline {

/// Runs `screen` in a process of its own and ends with what it gives. Where that process dies in
/// another way (a crash, a broken CHECK, SIGKILL), the terminal is set as it was, what the process
/// wrote to standard error is printed, and the code is 128 and the signal. It ends by SIGTERM if
/// the parent dies first. To be called while there is one thread.
int watch_over(const std::function<int()>& screen);

}  // namespace gangline
