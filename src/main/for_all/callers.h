// Who asks, as the kernel says of the process at the other end, and what they may.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/units.h"
#include "model/settings.h"
#include "os/http.h"
#include "service/caller.h"

namespace gangline {

class Callers {
 public:
  /// ErrorKind::refused where a group that the settings name is not there.
  static Result<Callers> make(const ForAllSettings& settings);

  Caller caller_of(const HttpPeer& peer, Time now);

 private:
  std::string login_of(std::uint32_t uid, Time now);

  std::optional<std::uint32_t> people_;  // empty: everybody
  std::optional<std::uint32_t> operators_;
  struct Known {
    std::string login;
    Time asked;
  };
  std::map<std::uint32_t, Known> logins_;
};

/// The limits and umask of a process, for what it submits. ErrorKind::denied where it is another
/// user's by now, or cannot be looked at.
Result<Person> person_of(const HttpPeer& peer);

}  // namespace gangline
