// The parent of the launcher. It does next to nothing, so that it has no reason to fail: it takes
// over the tasks of a launcher that was killed, writes their exits down, and starts the next one.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <utility>

#include "base/check.h"
#include "launch/fence/leaf_group.h"
#include "launch/fence/standing.h"
#include "launch/job_files.h"
#include "launch/journal.h"
#include "launch/launcher.h"
#include "launch/record.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/unix_socket.h"

namespace gangline {
namespace {

constexpr Span longest_lock_wait = seconds(2);
constexpr Span lock_poll = milliseconds(2);
// A launcher that ends sooner than this again and again is started later and later.
constexpr Span short_life = milliseconds(50);
constexpr int short_lives_at_once = 3;
constexpr int most_doublings = 7;
constexpr int most_short_lives = 100;  // then the service must start one, and is told why it ends
constexpr Span first_pause = milliseconds(10);
constexpr std::size_t room_for_exits = 1 << 20;
constexpr int untold_again_ms = 1'000;
constexpr int ended_to_be_renewed = 3;  // code of a launcher process

void sleep_for(Span span) {
  timespec t{span.us / 1'000'000, span.us % 1'000'000 * 1000};
  ::nanosleep(&t, nullptr);
}

void complain(const Error& error) {
  std::fprintf(stderr, "gang launcher: %s\n", error.sentence().c_str());
}

struct Pipe {
  Fd read;
  Fd write;
};
Pipe make_pipe() {
  int ends[2] = {-1, -1};
  CHECK(::pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0);
  return {Fd(ends[0]), Fd(ends[1])};
}

/// Everything that a launcher process and its guardian share.
struct Station {
  LauncherSettings settings;
  std::string directory;
  Fd lock;
  Fd listener;

  /// Whether the state directory is still the one that was locked. Somebody may have deleted it.
  bool is_there() const {
    struct stat held {};
    struct stat there {};
    return ::fstat(lock.number(), &held) == 0 && ::stat(lock_path().c_str(), &there) == 0 &&
           held.st_ino == there.st_ino && held.st_dev == there.st_dev;
  }
  std::string lock_path() const { return directory + "/lock"; }
};

/// One launcher from its start until no process that could still become a task of it is left.
struct Watched {
  pid_t launcher = -1;
  Fd alive;  // read end; ends when the launcher and its children before exec are gone
  Fd wake;   // write end; tells the launcher of exits
  Fd exits;
  bool untold = false;  // a child has ended whose exit could not be written; it is not let go of
};

/// False: it cannot be written now.
bool write_exit(Watched& watched, const siginfo_t& ended, const rusage& use) {
  ExitRecord exit;
  exit.pid = ended.si_pid;
  exit.by_signal = ended.si_code != CLD_EXITED;
  exit.status = ended.si_status;
  exit.boot = since_boot();
  exit.at = now();
  exit.cpu_time.us =
      static_cast<std::int64_t>(use.ru_utime.tv_sec + use.ru_stime.tv_sec) * 1'000'000 +
      use.ru_utime.tv_usec + use.ru_stime.tv_usec;
  exit.peak_memory = kibibytes(use.ru_maxrss);
  if (!watched.exits.open()) return true;  // there is no file to wait for
  const auto written = write_all(watched.exits.number(), framed_record(exit), "exits");
  if (!written) {
    if (!watched.untold) complain(written.error());
    return false;
  }
  const char byte = 'x';
  // A full pipe has told enough already.
  if (::write(watched.wake.number(), &byte, 1) < 0 && errno != EAGAIN && errno != EPIPE)
    complain(system_error("wake the launcher", "pipe", errno));
  return true;
}

int status_of(const siginfo_t& ended) { return ended.si_code == CLD_EXITED ? ended.si_status : -1; }

/// Lets go of all children that have ended; the status of the launcher if it was among them.
std::optional<int> reap_children(Watched& watched) {
  std::optional<int> launcher_status;
  siginfo_t launcher{};
  // First, since another child may stay where it is for want of room.
  if (::waitid(P_PID, static_cast<id_t>(watched.launcher), &launcher, WEXITED | WNOHANG) == 0 &&
      launcher.si_pid == watched.launcher)
    launcher_status = status_of(launcher);
  for (;;) {
    siginfo_t ended{};
    rusage use{};
    if (::syscall(SYS_waitid, P_ALL, 0, &ended, WEXITED | WNOHANG | WNOWAIT, &use) != 0 ||
        ended.si_pid == 0) {
      watched.untold = false;
      return launcher_status;
    }
    if (ended.si_pid == watched.launcher) {
      launcher_status = status_of(ended);
    } else if (!write_exit(watched, ended, use)) {
      watched.untold = true;
      return launcher_status;
    }
    ::waitpid(ended.si_pid, nullptr, WNOHANG);
  }
}

/// Returns when the launcher is over: its code, 0 if it retired, so nothing is left to guard.
int watch_over(Watched& watched) {
  sigset_t children;
  sigemptyset(&children);
  sigaddset(&children, SIGCHLD);
  const Fd signals(::signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK));
  std::optional<int> status;
  bool alive = true;
  while (!status || alive) {
    pollfd waited_for[] = {{signals.number(), POLLIN, 0},
                           {alive ? watched.alive.number() : -1, POLLIN, 0}};
    const auto ended = reap_children(watched);
    if (ended) status = ended;
    if (status && !alive) break;
    if (::poll(waited_for, 2, watched.untold ? untold_again_ms : -1) < 0) continue;
    signalfd_siginfo told[16];
    while (::read(signals.number(), told, sizeof told) > 0) {
    }
    if (waited_for[1].revents != 0) alive = false;
  }
  return *status;
}

/// The file that exits are written to: the one there is while it has room, since a full disk might
/// not take another. Launchers read it from the start, and what they know already changes nothing.
std::string exits_path(const std::string& directory) {
  const std::uint64_t newest = newest_number(directory, "exits");
  const auto path_of = [&](std::uint64_t n) { return directory + "/exits." + std::to_string(n); };
  struct stat there {};
  const bool has_room = newest != 0 && ::stat(path_of(newest).c_str(), &there) == 0 &&
                        static_cast<std::size_t>(there.st_size) < room_for_exits / 2;
  if (has_room) return path_of(newest);
  const auto fresh = open_with_room(path_of(newest + 1), room_for_exits);
  if (fresh || newest == 0) return path_of(newest + 1);
  ::unlink(path_of(newest + 1).c_str());
  return path_of(newest);
}

/// Where the disk has no room for all that may come, it takes what fits.
Fd open_exits(const std::string& path) {
  auto exits = open_with_room(path, room_for_exits);
  if (exits) return *std::move(exits);
  complain(exits.error());
  exits = open_file(path, O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW, 0600);
  return exits ? *std::move(exits) : Fd{};
}

/// The file may have been begun under another boot of the machine.
void note_boot(int exits) {
  const auto written = write_all(exits, framed_record(BootRecord{boot_id()}), "exits");
  if (!written) complain(written.error());
}

bool has_children() { return ::waitid(P_ALL, 0, nullptr, WEXITED | WNOHANG | WNOWAIT) == 0; }

/// In the new process: the launcher until it is over, or until it must be the guardian itself.
void be_launcher(Station& station, const LauncherPost& post) {
  ::prctl(PR_SET_NAME, "gang-launcher");
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);  // what a task leaves behind comes to us
  const auto verdict = run_launcher_loop(station.settings, post);
  if (!verdict) {
    complain(verdict.error());
    _exit(1);
  }
  if (*verdict == LauncherVerdict::retired) _exit(0);
  if (*verdict == LauncherVerdict::renewed) _exit(ended_to_be_renewed);
}

/// Returns where there is no going over: the launcher stays this program, and tries it no more.
void go_over(Station& station) {
  const std::string program = std::exchange(station.settings.program, "");
  if (can_take_over(program)) become_renewed(program, station.lock, station.listener);
  else
    complain({ErrorKind::refused, "the new program does not run, or cannot take over from this one",
              program, ""});
}

/// Guards one launcher after the other. A launcher whose guardian was killed returns from its own
/// loop and takes the guardian's place here: its tasks are its children, as a guardian's would be.
int guard(Station station) {
  // Blocked, not ignored: what is ignored would stay so in the tasks.
  sigset_t blocked;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGCHLD);
  sigaddset(&blocked, SIGPIPE);
  int short_lives = 0;
  while (station.is_there() && (short_lives < most_short_lives || has_children())) {
    ::prctl(PR_SET_NAME, "gang-guardian");
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    ::sigprocmask(SIG_BLOCK, &blocked, nullptr);
    const std::string exits = exits_path(station.directory);
    Fd exits_file = open_exits(exits);
    if (exits_file.open()) note_boot(exits_file.number());
    Pipe alive = make_pipe();
    Pipe wake = make_pipe();
    const Span begun = since_boot();
    const pid_t pid = ::fork();
    if (pid == 0) {
      alive.read.reset();
      wake.write.reset();
      exits_file.reset();
      be_launcher(station, {station.listener.number(), wake.read.number(), exits});
      short_lives = 0;
      continue;
    }
    alive.write.reset();
    wake.read.reset();
    Watched watched{pid, std::move(alive.read), std::move(wake.write), std::move(exits_file)};
    const int code = pid > 0 ? watch_over(watched) : -1;
    if (code == 0) return 0;
    if (code == ended_to_be_renewed) {
      watched.exits.reset();
      go_over(station);
      continue;
    }
    short_lives = since_boot() - begun < short_life ? short_lives + 1 : 0;
    if (short_lives > short_lives_at_once)
      sleep_for({first_pause.us << std::min(short_lives - short_lives_at_once, most_doublings)});
  }
  return 1;
}

Result<Fd> wait_for_lock(const std::string& path) {
  const Span begun = since_boot();
  for (;;) {
    auto lock = try_lock(path);
    if (!lock || lock->open() || since_boot() - begun > longest_lock_wait) return lock;
    sleep_for(lock_poll);
  }
}

void close_all_but(unsigned one, unsigned other) {
  unsigned first = 3;
  for (const unsigned kept : {std::min(one, other), std::max(one, other)}) {
    if (kept > first) ::close_range(first, kept - 1, 0);
    ::fcntl(static_cast<int>(kept), F_SETFD, FD_CLOEXEC);
    first = kept + 1;
  }
  ::close_range(first, ~0u, 0);
}

void start_afresh(const std::optional<TakeOver>& taken) {
  if (taken)
    close_all_but(static_cast<unsigned>(taken->lock), static_cast<unsigned>(taken->listener));
  else ::close_range(3, ~0u, 0);
  // A guardian that told of an exit to a launcher that had just ended hands on a SIGPIPE that
  // waits, and would end us below: what is ignored waits no more.
  ::signal(SIGPIPE, SIG_IGN);
  for (int signal = 1; signal < NSIG; ++signal) ::signal(signal, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

/// What starts this program once more as a launcher, in a scope.
std::vector<std::string> words_for_scope(const LauncherSettings& settings) {
  std::error_code unknown;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", unknown);
  return {program.string(), "internal-launcher", "--state", settings.state_dir, "--in-scope"};
}

/// False: the launcher has been started elsewhere, or another is there. The lock is let go of while
/// somebody else may need it.
Result<bool> take_stand(Station& station) {
  const LauncherSettings& settings = station.settings;
  if (::geteuid() == 0) return true;
  if (!settings.files_dir.empty()) {
    station.settings.why_no_group = "the system that gave this machine has put all into its own";
    return true;
  }
  const std::string root = settings.cgroup_root == "/" ? "" : settings.cgroup_root;
  station.lock.reset();
  const LauncherStand standing =
      take_standing({root, settings.in_scope, words_for_scope(station.settings)});
  if (standing.started_in_scope) return false;
  station.settings.why_no_group = standing.why_no_group;
  auto lock = wait_for_lock(station.lock_path());
  if (!lock) return lock.error();
  station.lock = *std::move(lock);
  return station.lock.open();
}

}  // namespace

int run_launcher(const LauncherSettings& settings) {
  // Whoever asked systemd for a scope listened to our standard error until now.
  if (settings.in_scope) ::dup2(STDOUT_FILENO, STDERR_FILENO);
  start_afresh(settings.taken_over);
  Station station;
  station.settings = settings;
  station.directory = JobFiles(settings.state_dir).launcher_directory();
  if (settings.taken_over) {
    station.lock = Fd(settings.taken_over->lock);
    station.listener = Fd(settings.taken_over->listener);
    return guard(std::move(station));
  }
  auto made = make_private_directory(station.directory);
  if (!made) {
    complain(made.error());
    return 1;
  }
  auto lock = wait_for_lock(station.lock_path());
  if (!lock) {
    complain(lock.error());
    return 1;
  }
  if (!lock->open()) return 0;  // another launcher is there
  station.lock = *std::move(lock);
  const auto stands = take_stand(station);
  if (!stands) {
    complain(stands.error());
    return 1;
  }
  if (!*stands) return 0;
  const std::string socket = launcher_socket(settings.state_dir, settings.for_all.has_value());
  auto listener = listen_unix(socket);
  if (listener && settings.for_all &&
      ::chown(socket.c_str(), settings.for_all->service_uid, settings.for_all->service_gid) != 0)
    listener = system_error("give to the service", socket, errno);
  if (!listener) {
    complain(listener.error());
    return 1;
  }
  station.listener = *std::move(listener);
  // Guardian and launcher, and nothing else.
  if (settings.for_all)
    if (const auto moved = enter_leaf_group(); !moved) complain(moved.error());
  if (settings.foreground) return guard(std::move(station));
  const pid_t pid = ::fork();
  if (pid < 0) {
    complain(system_error("make a process", "launcher", errno));
    return 1;
  }
  if (pid > 0) return 0;
  ::setsid();
  _exit(guard(std::move(station)));
}

}  // namespace gangline
