// A child that borrows the memory of this process until exec: nothing is copied.
#pragma once

namespace gangline {

/// Runs `act(what)` in a new process, which must not allocate; what it returns is the exit code. It
/// returns rather than calling _exit(), before which a sanitizer would clean the stack of this
/// process and not find it. This process waits until the other has run another program or has
/// ended. Its number, or -1 with errno. Not for several threads at once.
int run_in_borrowed_memory(int (*act)(void* what), void* what);

}  // namespace gangline
