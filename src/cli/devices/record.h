// `gang record`: a machine in one file, for those who have no such machine.
#pragma once

#include <string>

#include "cli/output.h"

namespace gangline {

struct RecordOptions {
  std::string span;    ///< how long; empty: default_recording
  std::string output;  ///< file, or with `replay` directory; empty: default_file
  std::string show;    ///< file to tell about
  std::string replay;  ///< file to make a machine of
};
int run_record(const RecordOptions& options, Output& out);

}  // namespace gangline
