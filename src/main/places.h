// Where Gangline keeps what it keeps, for this user.
#pragma once

#include <string>

#include "base/result.h"

namespace gangline {

struct Places {
  std::string state;  ///< logs, outputs: GANGLINE_STATE, else the XDG state directory's gangline;
                      ///< on Slurm the config file may name another
  std::string own;    ///< store, lock and log of the service: `state`, or a part of it
  std::string
      socket;  ///< of the service: in the XDG runtime directory, else in `state`, closed to others
  std::string config;  ///< GANGLINE_CONFIG, else the XDG config directory's gangline/config.toml
  bool config_is_named = false;  ///< by GANGLINE_CONFIG: then it must exist
  bool for_all = false;          ///< those of the service for all people of this machine
  bool on_slurm = false;         ///< of the service that hands jobs to Slurm: GANGLINE_ON=slurm
};

inline std::string store_path(const Places& places) { return places.own + "/gangline.db"; }

/// Those of the service for all where one is installed, and neither GANGLINE_STATE names another
/// place nor GANGLINE_SERVICE=own asks for one's own. Else makes the directories that are missing,
/// closed to others; does not make `config`.
Result<Places> find_places();
/// Of the service for all, whether it is installed or not.
Places places_for_all();

/// Of this user; as they would be, whether there are such or not.
std::string own_home();
std::string own_config();

/// Where this process is; empty: in a directory that is gone.
std::string own_directory();

/// The path of the program that runs, to start more of it.
std::string own_program();

/// Login name of the user with this number; the number where there is none.
std::string login_name(unsigned uid);
/// False where the machine answers that `login_name` is this of nobody.
bool may_be_login(const std::string& name);

}  // namespace gangline
