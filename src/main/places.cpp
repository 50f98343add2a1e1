#include "main/places.h"

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <vector>

#include "base/text.h"
#include "main/for_all/layout.h"
#include "main/slurm_profile.h"
#include "os/file.h"

namespace gangline {
namespace {

// The variable's value if it is an absolute path, as the XDG specification asks.
std::string absolute_from(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr && value[0] == '/' ? value : "";
}

bool is_own_closed_directory(const std::string& path) {
  struct stat there {};
  return ::lstat(path.c_str(), &there) == 0 && S_ISDIR(there.st_mode) &&
         there.st_uid == ::geteuid() && (there.st_mode & 077) == 0;
}

/// Where jobs are to run.
Result<bool> wants_slurm() {
  const char* given = std::getenv("GANGLINE_ON");
  const std::string wanted = given != nullptr ? given : "";
  if (wanted.empty() || wanted == "here" || wanted == "slurm") return wanted == "slurm";
  return Error{ErrorKind::usage, "there is no place '" + printable(wanted) + "' to run jobs on",
               "--on, or GANGLINE_ON", "say slurm, or here for this machine"};
}

// A config file that was moved away, or written anew by an editor at this moment, does not mean
// that people are to get services of their own.
bool is_installed_for_all() {
  if (::access(for_all::config, F_OK) == 0 || ::access(for_all::socket, F_OK) == 0) return true;
  const auto made = read_file(for_all::installed);
  if (!made) return false;
  const auto lines = split(*made, '\n');
  return std::find(lines.begin(), lines.end(), for_all::installed_config) != lines.end();
}

Result<bool> wants_service_for_all() {
  const char* which = std::getenv("GANGLINE_SERVICE");
  const std::string wanted = which != nullptr ? which : "";
  if (wanted == "own") return false;
  if (!wanted.empty())
    return Error{ErrorKind::usage, "there is no service '" + wanted + "'", "GANGLINE_SERVICE",
                 "GANGLINE_SERVICE=own asks for one of your own; without, the one for all is used"};
  const char* state = std::getenv("GANGLINE_STATE");
  if (state != nullptr && *state != '\0') return false;
  return is_installed_for_all();
}

Result<void> make_our_directory(const std::string& path) {
  const auto made = make_private_directory(path);
  if (made || !made.error().hint.empty()) return made;
  Error error = made.error();
  error.hint = "Gangline keeps its jobs there; GANGLINE_STATE=/another/place moves them";
  return error;
}

}  // namespace

namespace {

void name_config(Places& places, const std::string& home) {
  const std::string xdg_config = absolute_from("XDG_CONFIG_HOME");
  const char* named = std::getenv("GANGLINE_CONFIG");
  places.config_is_named = named != nullptr && *named != '\0';
  if (places.config_is_named)
    places.config = std::filesystem::path(own_directory()).append(named).lexically_normal();
  else
    places.config = (xdg_config.empty() ? home + "/.config" : xdg_config) + "/gangline/config.toml";
}

}  // namespace

std::string own_home() {
  const std::string home = absolute_from("HOME");
  if (!home.empty()) return home;
  const passwd* user = ::getpwuid(::geteuid());
  return user != nullptr ? user->pw_dir : "";
}

std::string own_config() {
  Places places;
  name_config(places, own_home());
  return places.config;
}

std::string own_directory() {
  std::vector<char> path(4096);
  return ::getcwd(path.data(), path.size()) != nullptr ? path.data() : "";
}

Places places_for_all() {
  Places places;
  places.state = for_all::state;
  places.own = for_all::service_state;
  places.socket = for_all::socket;
  places.config = for_all::config;
  places.for_all = true;
  return places;
}

Result<Places> find_places() {
  const auto on_slurm = wants_slurm();
  if (!on_slurm) return on_slurm.error();
  if (const auto wanted = wants_service_for_all(); !wanted) return wanted.error();
  else if (*wanted && !*on_slurm) return places_for_all();
  Places places;
  places.on_slurm = *on_slurm;
  const std::string home = own_home();
  const std::string own_state = absolute_from("GANGLINE_STATE");
  const std::string xdg_state = absolute_from("XDG_STATE_HOME");
  if (const char* given = std::getenv("GANGLINE_STATE");
      given != nullptr && *given != '\0' && own_state.empty())
    return Error{ErrorKind::usage, "GANGLINE_STATE is no absolute path", given, "it begins with /"};

  name_config(places, home);
  std::string chosen = own_state;
  if (places.on_slurm && own_state.empty()) {
    const auto configured = configured_slurm_state(places.config, home);
    if (!configured) return configured.error();
    chosen = *configured;
  }
  if (!own_state.empty()) places.state = own_state;
  else places.state = (xdg_state.empty() ? home + "/.local/state" : xdg_state) + "/gangline";
  if (places.on_slurm) places.state += "/on/slurm";
  if (own_state.empty() && !chosen.empty()) places.state = chosen;
  if (const auto made = make_our_directory(places.state); !made) return made.error();
  places.own = places.state;

  // Two states must not share a socket, so a state of one's own keeps its socket with it.
  const std::string runtime = absolute_from("XDG_RUNTIME_DIR");
  const bool use_runtime = chosen.empty() && !runtime.empty() && is_own_closed_directory(runtime);
  const std::string run = use_runtime ? runtime + "/gangline" : places.state + "/run";
  if (const auto made = make_our_directory(run); !made) return made.error();
  places.socket = run + (places.on_slurm ? "/slurm.sock" : "/service.sock");

  return places;
}

std::string own_program() {
  std::vector<char> path(4096);
  const ssize_t n = ::readlink("/proc/self/exe", path.data(), path.size());
  return n > 0 ? std::string(path.data(), static_cast<std::size_t>(n)) : "gang";
}

std::string login_name(unsigned uid) {
  const passwd* user = ::getpwuid(uid);
  return user != nullptr ? user->pw_name : std::to_string(uid);
}

bool may_be_login(const std::string& name) {
  errno = 0;
  if (::getpwnam(name.c_str()) != nullptr) return true;
  // Who has no name is called by number; whoever has one, is not.
  if (const auto uid = parse_number(name); uid && errno == 0 && *uid <= UINT32_MAX)
    return ::getpwuid(static_cast<uid_t>(*uid)) == nullptr;
  // getpwnam(3): these say that there is none; others, that it cannot be found out now.
  return errno != 0 && errno != ENOENT && errno != ESRCH && errno != EBADF && errno != EPERM;
}

}  // namespace gangline
