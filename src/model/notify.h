// When somebody is told of the end of a job, and how.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace gangline {

/// After which ends of a job somebody is told.
enum class NotifyOn : std::uint8_t {
  no_end,
  failure,  ///< where not all of its gangs ended well
  end,      ///< always
};
const char* name_of(NotifyOn on);  ///< "never", "failure", "end"

/// What the config file says of it.
struct NotifySettings {
  NotifyOn on = NotifyOn::no_end;         ///< of jobs that do not say it themselves
  std::vector<std::string> command = {};  ///< words of a program; empty: none is run
  std::string hook = {};                  ///< address that is sent to: "https://…"; empty: none
  bool mail = false;                      ///< to the owner of the job, by this machine
  bool any() const { return !command.empty() || !hook.empty() || mail; }
  bool operator==(const NotifySettings&) const = default;
};

}  // namespace gangline
