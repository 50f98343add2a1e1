// `gang top`: what goes on, on one screen (src/tui).
#pragma once

#include "cli/output.h"

namespace gangline {

struct TopOptions {
  bool once = false;  ///< print it and end
};
int run_top(const TopOptions& options, Output& out);

}  // namespace gangline
