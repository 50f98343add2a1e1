#include "main/for_all/daemons.h"

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "base/text.h"
#include "launch/ask_launcher.h"
#include "launch/fence/leaf_group.h"
#include "launch/launcher.h"
#include "launch/start/become.h"
#include "launch/wire.h"
#include "main/for_all/layout.h"
#include "main/for_all/tool.h"
#include "main/places.h"
#include "main/service_process.h"
#include "main/start_news.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/unix_socket.h"

namespace gangline {
namespace {

constexpr Span longest_start = seconds(30);
constexpr Span longest_stop = seconds(60);
constexpr Span longest_renewal = seconds(10);
constexpr unsigned between_looks_us = 5'000;
constexpr int ready_place = 3;

std::string launcher_place() { return launcher_socket(for_all::state, true); }

bool answers(const std::string& socket) { return connect_unix(socket).ok(); }

Result<void> wait_until(const std::string& socket, bool there, Span longest) {
  const Span until = since_boot() + longest;
  while (answers(socket) != there) {
    if (since_boot() > until)
      return Error{ErrorKind::unavailable,
                   there ? "it does not answer after " + format(longest)
                         : "it still runs after " + format(longest),
                   socket, there ? "its last words say why" : "`kill -9` ends it"};
    ::usleep(between_looks_us);
  }
  return {};
}

Result<void> give_directory(const std::string& path, unsigned mode, ServiceUser to) {
  auto made = make_directories(path, mode);
  if (!made) return made;
  if (::chown(path.c_str(), to.uid, to.gid) != 0 || ::chmod(path.c_str(), mode) != 0)
    return system_error("set the owner of", path, errno);
  return {};
}

/// In a new process: files, session and words of a daemon, with `ready` as its descriptor 3.
[[noreturn]] void run_as_daemon(const std::string& program, const char* part,
                                const std::string& log, const Person* person, int ready) {
  ::setsid();
  const int null = ::open("/dev/null", O_RDONLY);
  ::dup2(null, 0);
  const int said = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, 0600);
  if (said < 0 || (person != nullptr && ::fchown(said, person->uid, person->gid) != 0)) _exit(126);
  ::dup2(said, 1);
  ::dup2(said, 2);
  if (ready >= 0) ::dup2(ready, ready_place);
  ::close_range(ready >= 0 ? ready_place + 1 : ready_place, ~0u, 0);
  if (person != nullptr && !become(*person)) _exit(126);
  if (::chdir("/") != 0) _exit(126);
  ::execl(program.c_str(), "gang", part, "--for-all", nullptr);
  _exit(127);
}

Result<void> start_launcher(const std::string& program) {
  if (answers(launcher_place())) return {};
  const std::string directory = std::string(for_all::state) + "/launcher";
  if (auto made = make_private_directory(directory); !made) return made;
  const pid_t pid = ::fork();
  if (pid < 0) return system_error("make a process", program, errno);
  if (pid == 0)
    run_as_daemon(program, "internal-launcher", directory + "/launcher.log", nullptr, -1);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (status == 0) return {};
  return Error{ErrorKind::unavailable, "the launcher does not start", directory + "/launcher.log",
               "its last words are there"};
}

Result<void> start_service_itself(const std::string& program, ServiceUser user) {
  if (answers(for_all::socket)) return {};
  if (auto given = give_directory(for_all::run, 0755, user); !given) return given;
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return system_error("make a pipe", program, errno);
  const Fd out(ends[0]);
  Fd in(ends[1]);
  const std::string log = std::string(for_all::service_state) + "/service.log";
  const Person person{user.uid, user.gid, {}, 022, {}};
  const pid_t pid = ::fork();
  if (pid < 0) return system_error("make a process", program, errno);
  if (pid == 0) run_as_daemon(program, "internal-service", log, &person, in.number());
  in.reset();
  const StartNews news = hear_start(out);
  if (news.ready) return {};
  return Error{
      ErrorKind::unavailable,
      "the service does not start: " + (news.trouble.empty() ? "it ended at once" : news.trouble),
      log, ""};
}

/// Whoever listens there; empty: nobody does.
std::optional<Peer> listener_at(const std::string& socket) {
  const auto connected = connect_unix(socket);
  if (!connected) return std::nullopt;
  const auto peer = peer_of(connected->number());
  return peer ? std::optional(*peer) : std::nullopt;
}

Result<void> end_service() {
  const auto service = listener_at(for_all::socket);
  if (!service) return {};
  if (::kill(static_cast<pid_t>(service->pid), SIGTERM) == 0 &&
      !has_ended(service->pid, longest_stop))
    return Error{ErrorKind::unavailable,
                 "the service, pid " + std::to_string(service->pid) + ", does not end", "",
                 "`kill -9` ends it; running gangs go on"};
  return {};
}

bool launcher_is(const std::string& program) {
  const std::int64_t launcher = ask_launcher(for_all::state, seconds(1), true);
  struct stat runs {
  }, there{};
  return launcher > 0 &&
         ::stat(("/proc/" + std::to_string(launcher) + "/exe").c_str(), &runs) == 0 &&
         ::stat(program.c_str(), &there) == 0 && runs.st_ino == there.st_ino &&
         runs.st_dev == there.st_dev;
}

}  // namespace

Result<ServiceUser> service_user() {
  const passwd* user = ::getpwnam(for_all::user);
  if (user == nullptr)
    return Error{ErrorKind::not_found, "there is no user " + std::string(for_all::user), "",
                 "`gang daemon install`, as root, makes it"};
  return ServiceUser{user->pw_uid, user->pw_gid};
}

bool systemd_runs() { return ::access("/run/systemd/system", F_OK) == 0; }

Result<void> start_daemons(const std::string& program) {
  const auto user = service_user();
  if (!user) return user.error();
  // systemd would only say that it does not start.
  if (auto fit = check_settings(places_for_all()); !fit) return fit;
  if (systemd_runs()) {
    auto started = run_tool({"systemctl", "start", for_all::launcher_unit, for_all::service_unit});
    return started ? wait_until(for_all::socket, true, longest_start) : started;
  }
  if (auto started = start_launcher(program); !started) return started;
  return start_service_itself(program, *user);
}

Result<bool> renew_daemons(const std::string& program) {
  if (systemd_runs()) {
    if (auto again = run_tool({"systemctl", "restart", for_all::service_unit}); !again)
      return again.error();
  } else if (auto ended = end_service(); !ended) {
    return ended.error();
  }
  if (auto started = start_daemons(program); !started) return started.error();
  const Span until = since_boot() + longest_renewal;
  while (!launcher_is(program) && since_boot() < until) {
    // Its socket stays open while it goes over, so one that does not answer has ended.
    if (!systemd_runs() && !answers(launcher_place()))
      if (auto started = start_launcher(program); !started) return started.error();
    ::usleep(between_looks_us);
  }
  return launcher_is(program);
}

Result<void> stop_daemons() {
  if (systemd_runs())
    if (auto stopped = run_tool({"systemctl", "stop", for_all::service_unit}); !stopped)
      return stopped;
  // The launcher ends all that runs, and then itself.
  if (const auto socket = connect_unix(launcher_place())) {
    const std::string words =
        frame_of(HelloMessage{wire_version, "", ""}) + frame_of(RetireMessage{});
    if (auto said = write_all(socket->number(), words, launcher_place()); !said) return said;
    if (auto ended = wait_until(launcher_place(), false, longest_stop); !ended) return ended;
  }
  if (systemd_runs()) return run_tool({"systemctl", "stop", for_all::launcher_unit});
  remove_leaf_group();
  return wait_until(for_all::socket, false, longest_stop);
}

int run_launcher_for_all(bool foreground, const std::optional<TakeOver>& taken) {
  const auto user = service_user();
  if (!user || ::geteuid() != 0) {
    std::fprintf(stderr, "gang: %s\n",
                 user ? "the launcher for all runs as root" : user.error().sentence().c_str());
    return 1;
  }
  LauncherSettings settings;
  settings.state_dir = for_all::state;
  settings.for_all = ForAll{user->uid, user->gid};
  settings.foreground = foreground;
  settings.taken_over = taken;
  // Nobody but root can put another in these places.
  const std::string own = own_program();
  if (own == for_all::program || own == for_all::packaged_program) settings.program = own;
  return run_launcher(settings);
}

int run_service_for_all() {
  if (::geteuid() == 0) {
    std::fprintf(stderr, "gang: the service for all does not run as root\n");
    return 1;
  }
  // Under systemd nobody waits at descriptor 3.
  return run_service(places_for_all(), true,
                     ::fcntl(ready_place, F_GETFD) >= 0 ? Fd(ready_place) : Fd{});
}

}  // namespace gangline
