#pragma once

#include <string>
#include <vector>

namespace gangline {

struct InstallOptions {
  std::string people;                  ///< group of those who may use it; empty: everybody
  std::vector<std::string> operators;  ///< login names
};

struct UninstallOptions {
  bool now = false;          ///< jobs that have not ended are stopped
  bool keep_jobs = false;    ///< logs and outputs of jobs stay where they are
  bool delete_jobs = false;  ///< outputs too
};

}  // namespace gangline
