// What the controller needs of the world: a clock and its turn on the event loop. Tests give
// pretend time.
#pragma once

#include <functional>
#include <string>

#include "base/units.h"

namespace gangline {

class World {
 public:
  virtual ~World() = default;
  virtual Time now() = 0;
  /// Once, after what is ready already.
  virtual void call_soon(std::function<void()> call) = 0;
  virtual void call_later(Span delay, std::function<void()> call) = 0;
  /// Whether somebody may be called so here. May take long; where it cannot be told, true.
  virtual bool may_be_login(const std::string&) { return true; }
};

}  // namespace gangline
