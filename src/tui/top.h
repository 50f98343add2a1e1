// `gang top`: what goes on, on one screen.
#pragma once

#include <functional>
#include <string>

#include "tui/asker.h"

namespace gangline {

struct TopWorld {
  OpenService open;
  std::function<Time()> now;
  bool starts_services = true;  ///< false: the service is another machine's
  bool colours = true;          ///< where the terminal has them
};

/// Takes the terminal until the person quits; the exit code. An Error: nothing was shown.
Result<int> run_screen(const TopWorld& world);

/// Devices and jobs once, as text of at most so many columns.
Result<std::string> screen_once(const TopWorld& world, int columns);

}  // namespace gangline
