// Where Gangline keeps what it keeps, for this user.
#pragma once

#include <string>

#include "base/result.h"

namespace gangline {

struct Places {
  std::string
      state;  ///< store, logs, outputs: GANGLINE_STATE, else the XDG state directory's gangline
  std::string
      socket;  ///< of the service: in the XDG runtime directory, else in `state`, closed to others
  std::string config;  ///< GANGLINE_CONFIG, else the XDG config directory's gangline/config.toml
  bool config_is_named = false;  ///< by GANGLINE_CONFIG: then it must exist
};

inline std::string store_path(const Places& places) { return places.state + "/gangline.db"; }

/// Makes the directories that are missing, closed to others; does not make `config`.
Result<Places> find_places();

/// Where this process is; empty: in a directory that is gone.
std::string own_directory();

/// The path of the program that runs, to start more of it.
std::string own_program();

/// Login name of the user with this number; the number where there is none.
std::string login_name(unsigned uid);

}  // namespace gangline
