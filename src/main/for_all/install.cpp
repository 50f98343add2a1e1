#include "main/for_all/install.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <set>
#include <system_error>

#include "base/text.h"
#include "main/for_all/daemons.h"
#include "main/for_all/kept_logs.h"
#include "main/for_all/layout.h"
#include "main/for_all/tool.h"
#include "main/for_all/units.h"
#include "main/places.h"
#include "main/service_process.h"
#include "os/file.h"

namespace gangline {
namespace {

namespace fs = std::filesystem;
using Tell = std::function<void(const std::string&)>;

constexpr mode_t for_all_to_pass = 0755;
constexpr Span longest_end = seconds(20);
constexpr std::size_t largest_program = 256 << 20;

Result<void> only_root(const char* doing) {
  if (::geteuid() == 0) return {};
  return Error{ErrorKind::denied, std::string("only root may ") + doing + " the service for all",
               "", "sudo gang daemon " + std::string(doing)};
}

/// What `install` made, so that `uninstall` removes that and nothing else. A line each.
class Made {
 public:
  Made() {
    if (const auto text = read_file(for_all::installed))
      for (const std::string_view line : split(*text, '\n'))
        if (!line.empty()) lines_.emplace(line);
  }
  bool has(const std::string& what) const { return lines_.contains(what); }
  Result<void> add(const std::string& what) {
    if (!lines_.insert(what).second) return {};
    std::string text;
    for (const std::string& line : lines_) text += line + "\n";
    return write_file(for_all::installed, text, 0644);
  }

 private:
  std::set<std::string> lines_;
};

Result<void> make_directory(const char* path, mode_t mode, uid_t uid, gid_t gid) {
  auto made = make_directories(path, mode);
  if (!made) return made;
  struct stat there {};
  if (::lstat(path, &there) != 0) return system_error("look at", path, errno);
  if (!S_ISDIR(there.st_mode) || (there.st_uid != 0 && there.st_uid != uid))
    return Error{ErrorKind::refused, "this is not a directory of ours", path,
                 "move it away and try again"};
  if (::lchown(path, uid, gid) != 0 || ::chmod(path, mode) != 0)
    return system_error("set the owner of", path, errno);
  return {};
}

Result<void> make_people(const InstallOptions& options, Made& made, const Tell& tell) {
  if (::getgrnam(for_all::operators) == nullptr) {
    if (auto run = run_tool({"groupadd", "--system", for_all::operators}); !run) return run;
    if (auto noted = made.add("group " + std::string(for_all::operators)); !noted) return noted;
    tell("group " + std::string(for_all::operators) + ": who may stop and read others' jobs");
  }
  if (::getpwnam(for_all::user) == nullptr) {
    auto run = run_tool({"useradd", "--system", "--user-group", "--no-create-home", "--home-dir",
                         for_all::service_state, "--shell", "/usr/sbin/nologin", for_all::user});
    if (!run) return run;
    if (auto noted = made.add("user " + std::string(for_all::user)); !noted) return noted;
    tell("user " + std::string(for_all::user) + ": the service runs as it");
  }
  for (const std::string& name : options.operators) {
    auto run = run_tool({"usermod", "--append", "--groups", for_all::operators, name});
    if (!run) return run;
    tell("operator: " + name + ", from the next login on");
  }
  return {};
}

Result<void> copy_program(const std::string& from, const std::string& to) {
  const std::string beside = to + ".new";
  std::error_code failed;
  fs::copy_file(from, beside, fs::copy_options::overwrite_existing, failed);
  if (failed) return system_error("copy to", beside, failed.value());
  if (::chown(beside.c_str(), 0, 0) != 0 || ::chmod(beside.c_str(), 0755) != 0 ||
      ::rename(beside.c_str(), to.c_str()) != 0)
    return system_error("put in its place", to, errno);
  return {};
}

bool is_same_file(const std::string& one, const std::string& other) {
  const auto a = read_file(one, largest_program), b = read_file(other, largest_program);
  return a && b && *a == *b;
}

struct Placed {
  std::string program;
  bool replaces = false;  ///< another that was there
};

/// Where everybody finds it, and where only root can change it: the launcher is this file.
Result<Placed> place_program(Made& made, const Tell& tell) {
  const std::string own = own_program();
  if (own == for_all::packaged_program || own == for_all::program) return Placed{own, false};
  const std::string place = for_all::program;
  const bool is_there = ::access(place.c_str(), F_OK) == 0;
  if (is_there && !made.has("program " + place))
    return Error{ErrorKind::refused, "there is another gang already", place,
                 "run `" + place + " daemon install`, or remove it"};
  if (is_there && is_same_file(own, place)) return Placed{place, false};
  if (auto made_directory = make_directories("/usr/local/bin"); !made_directory)
    return made_directory.error();
  if (auto copied = copy_program(own, place); !copied) return copied.error();
  if (auto noted = made.add("program " + place); !noted) return noted.error();
  tell(place + ": this program, for everybody");
  return Placed{place, is_there};
}

std::string config_text(const InstallOptions& options) {
  return "# Gangline's service for all people of this machine. `gang daemon restart`, as root, "
         "reads it anew.\n"
         "\n"
         "policy = \"fair\"   # who had least goes first\n"
         "\n"
         "[for_all]\n" +
         (options.people.empty() ? "# people = \"a-group\"   # who may use it; without: everybody\n"
                                 : "people = \"" + options.people + "\"   # who may use it\n") +
         "operators = \"" + for_all::operators + "\"   # who may stop and read what is others'\n";
}

Result<void> make_units(const std::string& program, const Tell& tell) {
  if (::access(for_all::units, F_OK) != 0) return {};
  const std::string directory = std::string(for_all::units) + "/";
  for (const auto& [name, text] : {std::pair{for_all::launcher_unit, launcher_unit_text(program)},
                                   std::pair{for_all::service_unit, service_unit_text(program)}}) {
    if (auto written = write_file(directory + name, text, 0644); !written) return written;
    tell(directory + name);
  }
  if (!systemd_runs()) return {};
  if (auto run = run_tool({"systemctl", "daemon-reload"}); !run) return run;
  return run_tool({"systemctl", "enable", for_all::launcher_unit, for_all::service_unit});
}

/// Group of those who may use it, and operators, are there.
Result<void> check_names(const InstallOptions& options) {
  if (!options.people.empty() && ::getgrnam(options.people.c_str()) == nullptr)
    return Error{ErrorKind::refused, "there is no group '" + printable(options.people) + "'", "",
                 "groupadd " + options.people};
  for (const std::string& name : options.operators)
    if (::getpwnam(name.c_str()) == nullptr)
      return Error{ErrorKind::refused, "there is no user '" + printable(name) + "'", "", ""};
  return {};
}

/// Whether jobs have left outputs, which are their owners' work.
bool has_outputs() {
  std::error_code unknown;
  for (const auto& job : fs::directory_iterator(for_all::jobs, unknown)) {
    std::error_code none;
    if (fs::directory_iterator(job.path() / "outputs", none) != fs::directory_iterator())
      return true;
  }
  return false;
}

Result<void> may_uninstall(const UninstallOptions& options,
                           const std::function<Result<Service*>()>& service) {
  if (options.keep_jobs && options.delete_jobs)
    return Error{ErrorKind::refused, "--keep-jobs and --delete-jobs exclude each other", "",
                 "give one of them"};
  const auto running = service();
  if (running && !options.now) {
    Result<ServiceStatus> status = Error{ErrorKind::unavailable, "", "", ""};
    (*running)->status([&](Result<ServiceStatus> answer) { status = std::move(answer); });
    if (status && status->running + status->waiting > 0)
      return Error{ErrorKind::refused,
                   std::to_string(status->running) + " gangs run and " +
                       std::to_string(status->waiting) + " wait",
                   "", "wait for them, or --now stops them"};
  }
  if (!running && !options.now)
    return Error{ErrorKind::unavailable,
                 "whether jobs run cannot be asked: " + running.error().sentence(), "",
                 "`gang daemon start` starts the service; --now uninstalls whatever runs"};
  if (!options.keep_jobs && !options.delete_jobs && has_outputs())
    return Error{ErrorKind::refused, "jobs have left outputs", for_all::jobs,
                 "--keep-jobs leaves logs and outputs there, --delete-jobs deletes them"};
  return {};
}

/// Whether it has ended, `stop_daemons` looks after.
void end_service(const std::function<Result<Service*>()>& service) {
  const auto running = service();
  if (!running) return;
  std::int64_t pid = 0;
  (*running)->status([&](const Result<ServiceStatus>& status) {
    if (status) pid = status->pid;
  });
  (*running)->shut_down([](const Result<Unit>&) {});
  if (pid > 0) (void)has_ended(pid, longest_end);
}

/// A config file that somebody has changed is their work.
Result<void> keep_config(const Tell& tell) {
  const auto text = read_file(for_all::config);
  if (!text || *text == config_text({})) return {};
  const std::string kept = std::string(for_all::state) + "/config.toml";
  if (auto written = write_file(kept, *text, 0644); !written) return written;
  tell("kept " + kept + ", which was " + for_all::config);
  return {};
}

/// What the launcher kept of jobs: their commands and variables.
void remove_cards() {
  std::error_code unknown;
  for (const auto& job : fs::directory_iterator(for_all::jobs, unknown))
    ::unlink((job.path() / "card").c_str());
}

Result<void> remove_path(const std::string& path, const Tell& tell) {
  std::error_code failed;
  const auto n = fs::remove_all(path, failed);
  if (failed) return system_error("remove", path, failed.value());
  if (n > 0) tell("removed " + path);
  return {};
}

Result<void> remove_units(const Tell& tell) {
  const std::string directory = std::string(for_all::units) + "/";
  const bool there = ::access((directory + for_all::service_unit).c_str(), F_OK) == 0;
  if (there && systemd_runs())
    if (auto run =
            run_tool({"systemctl", "disable", for_all::launcher_unit, for_all::service_unit});
        !run)
      return run;
  for (const char* unit : {for_all::launcher_unit, for_all::service_unit})
    if (auto removed = remove_path(directory + unit, tell); !removed) return removed;
  if (there && systemd_runs()) return run_tool({"systemctl", "daemon-reload"});
  return {};
}

/// From the program that was there before.
Result<void> go_over_to(const std::string& program, const Tell& tell) {
  // One that runs is better than none.
  if (const auto fit = check_settings(places_for_all()); !fit) return fit;
  const auto renewed = renew_daemons(program);
  if (!renewed) return renewed.error();
  if (*renewed) {
    tell("service and launcher run as this program now; gangs that ran go on");
    return {};
  }
  tell("the service runs as this program now; gangs that ran go on");
  tell(
      "the launcher is still the program before, which cannot go over to this one: when nothing "
      "runs, " +
      std::string(systemd_runs() ? "`systemctl restart " + std::string(for_all::launcher_unit) + "`"
                                 : "a restart of the machine") +
      " takes this one");
  return {};
}

}  // namespace

Result<void> install_for_all(const InstallOptions& options, const Tell& tell) {
  if (auto may = only_root("install"); !may) return may;
  if (auto good = check_names(options); !good) return good;

  // 1. Who and where.
  if (auto made = make_directory(for_all::state, for_all_to_pass, 0, 0); !made) return made;
  Made made;
  if (auto people = make_people(options, made, tell); !people) return people;
  const auto user = service_user();
  if (!user) return user.error();
  auto directory = make_directory(for_all::service_state, 0700, user->uid, user->gid);
  if (directory) directory = make_directory(for_all::jobs, for_all_to_pass, 0, 0);
  if (directory) directory = make_directory(for_all::configs, for_all_to_pass, 0, 0);
  if (!directory) return directory;
  give_logs_to(user->gid);
  tell(std::string(for_all::state) + ": jobs, their logs and outputs");

  // 2. What.
  const auto placed = place_program(made, tell);
  if (!placed) return placed.error();
  if (::access(for_all::config, F_OK) != 0) {
    if (auto written = write_file(for_all::config, config_text(options), 0644); !written)
      return written;
    tell(std::string(for_all::config) + ": queues, limits, who may use it");
  } else if (!options.people.empty()) {
    return Error{ErrorKind::refused, "there is a config file already", for_all::config,
                 "write people = \"" + options.people + "\" below [for_all] there"};
  }
  if (auto noted = made.add(for_all::installed_config); !noted) return noted;
  if (auto units = make_units(placed->program, tell); !units) return units;

  // 3. Going.
  if (placed->replaces) return go_over_to(placed->program, tell);
  if (auto started = start_daemons(placed->program); !started) return started;
  tell(systemd_runs() ? "it runs, and starts with the machine"
                      : "it runs. systemd does not, so after a restart of the machine: "
                        "gang daemon start");
  return {};
}

Result<void> uninstall_for_all(const UninstallOptions& options,
                               const std::function<Result<Service*>()>& service, const Tell& tell) {
  if (auto may = only_root("uninstall"); !may) return may;
  if (::access(for_all::state, F_OK) != 0 && ::access(for_all::config, F_OK) != 0)
    return Error{ErrorKind::not_found, "no service for all is installed", "", ""};
  if (auto may = may_uninstall(options, service); !may) return may;
  if (!systemd_runs()) end_service(service);
  if (auto stopped = stop_daemons(); !stopped) return stopped;
  tell("stopped");
  if (auto removed = remove_units(tell); !removed) return removed;
  if (options.keep_jobs)
    if (auto kept = keep_config(tell); !kept) return kept;

  if (options.keep_jobs) give_logs_to(0);
  const Made made;
  for (const std::string& path :
       {std::string(for_all::run), std::string(for_all::configs),
        std::string(for_all::service_state), std::string(for_all::state) + "/launcher",
        std::string(for_all::state) + "/launcher.sock", std::string(for_all::state) + "/mps"})
    if (auto removed = remove_path(path, tell); !removed) return removed;
  if (made.has("user " + std::string(for_all::user))) {
    if (auto run = run_tool({"userdel", for_all::user}); !run) return run;
    tell("removed the user " + std::string(for_all::user));
  }
  if (made.has("group " + std::string(for_all::operators))) {
    if (auto run = run_tool({"groupdel", for_all::operators}); !run) return run;
    tell("removed the group " + std::string(for_all::operators));
  }
  if (made.has("program " + std::string(for_all::program)))
    if (auto removed = remove_path(for_all::program, tell); !removed) return removed;
  if (options.keep_jobs) {
    remove_cards();
    tell("kept " + std::string(for_all::jobs));
    return remove_path(for_all::installed, [](const std::string&) {});
  }
  return remove_path(for_all::state, tell);
}

}  // namespace gangline
