// `gang profile`: what a cluster has, and the settings with which jobs are handed to it.
#pragma once

#include <string>

#include "cli/output.h"

namespace gangline {

struct ProfileOptions {
  std::string action;            ///< "add", "show"
  std::string system = "slurm";  ///<
  bool dry_run = false, tries = false;
};
int run_profile(const ProfileOptions& options, Output& out);

}  // namespace gangline
