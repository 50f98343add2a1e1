// Signals to our programs on nodes, which come through a file, and children that have ended.
#pragma once

#include <utility>

#include "os/fd.h"

namespace gangline {

/// From its making on no signal ends this process but those that none can withstand, and those of
/// its own mistakes. What it starts begins without.
class NodeSignals {
 public:
  NodeSignals();
  int file() const { return file_.number(); }  ///< to poll; -1: there is none
  /// Takes what has come. True once a SIGTERM was among it, also before.
  bool stop_asked();
  /// True: it was let go on since this was asked last, having stood still. After `stop_asked`.
  bool goes_on() { return std::exchange(goes_on_, false); }

 private:
  Fd file_;
  bool stop_asked_ = false;
  bool goes_on_ = false;
};

}  // namespace gangline
