#include "os/fd.h"

#include <unistd.h>

namespace gangline {

void Fd::reset() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

}  // namespace gangline
