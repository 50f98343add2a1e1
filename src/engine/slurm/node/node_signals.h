// Signals to our programs on nodes, which come through a file, and children that have ended.
#pragma once

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

 private:
  Fd file_;
  bool stop_asked_ = false;
};

}  // namespace gangline
