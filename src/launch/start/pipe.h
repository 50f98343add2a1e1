#pragma once

#include <fcntl.h>
#include <unistd.h>

#include "os/fd.h"

namespace gangline {

/// Between a launcher and the children that it makes; closed on exec.
struct StartPipe {
  Fd read;
  Fd write;

  /// False, with errno, where there is none to be had.
  bool open() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return false;
    read = Fd(ends[0]);
    write = Fd(ends[1]);
    return true;
  }
};

}  // namespace gangline
