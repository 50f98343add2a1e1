// What a token lets its holder do.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/units.h"

namespace gangline {

/// Each may what the one before may.
enum class Role : std::uint8_t {
  read,     ///< look at everything
  submit,   ///< also submit, stop and reserve, as the person whose service it is
  operate,  ///< also end the service
};

inline const char* name_of(Role role) {
  return role == Role::read ? "read" : role == Role::submit ? "submit" : "operate";
}
inline std::optional<Role> role_named(std::string_view name) {
  for (const Role role : {Role::read, Role::submit, Role::operate})
    if (name == name_of(role)) return role;
  return std::nullopt;
}

/// A word by which a program shows what it may. The word itself is kept nowhere.
struct AccessToken {
  std::string name;
  Role role = Role::read;
  Time made{0};
  Time expires = never;
  std::string hash;  ///< SHA-256 of the word, in hex
};

/// One that was just made.
struct NewToken {
  AccessToken token;
  std::string word;
};

/// Where a gateway is.
struct ListensAt {
  std::string address, token;
};

/// What the holder of a token is told of it.
struct WhoAmI {
  std::string token;  ///< its name
  Role role = Role::read;
  std::string login;  ///< as whom the service is asked
  std::string version;
  std::string directory;  ///< where relative paths of jobs start
};

/// A service of another machine, as a config file has it.
struct ServerProfile {
  std::string name;
  std::string url;           ///< "https://gpu1.lab:7979"
  std::string token_file;    ///< whose first line is the token; empty: GANGLINE_TOKEN has it
  std::string certificates;  ///< a file in PEM, believed instead of the system's; empty: those
  bool operator==(const ServerProfile&) const = default;
};

}  // namespace gangline
