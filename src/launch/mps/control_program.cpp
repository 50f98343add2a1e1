#include "launch/mps/control_program.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "base/text.h"
#include "launch/processes.h"
#include "launch/recipe.h"
#include "launch/start/become.h"
#include "launch/start/pipe.h"
#include "os/file.h"

namespace gangline {
namespace {

constexpr const char* usual_path = "/usr/local/bin:/usr/bin:/bin";
constexpr std::string_view longest_socket_name = "/control_privileged";
constexpr std::size_t most_said = 4096;
constexpr std::size_t most_shown = 300;
constexpr const char* oom_score = "/proc/self/oom_score_adj";

std::string own_path() {
  const char* path = std::getenv("PATH");
  return path != nullptr && *path != '\0' ? path : usual_path;
}

/// All that a child needs, made before it.
struct Prepared {
  std::string program;
  std::vector<std::string> words, variables;

  static std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> all;
    for (std::string& text : texts) all.push_back(text.data());
    all.push_back(nullptr);
    return all;
  }
};

Result<Prepared> prepare(const MpsControl& control, std::vector<std::string> words) {
  auto program = find_program(mps_control, own_path(), "/");
  if (!program)
    return Error{
        ErrorKind::not_found,
        std::string("its job asks for mps, and there is no program '") + mps_control + "' in PATH",
        program.error().where,
        "it comes with NVIDIA's driver; leave mps out, or start the service with it in "
        "PATH"};
  const std::string path = control.place.path();
  Prepared prepared{*std::move(program), std::move(words), {}};
  prepared.variables = {"PATH=" + own_path(), "CUDA_MPS_PIPE_DIRECTORY=" + path,
                        "CUDA_MPS_LOG_DIRECTORY=" + path, "GANG_ID=" + control.place.mark};
  if (!control.device.empty())
    prepared.variables.push_back("CUDA_VISIBLE_DEVICES=" + control.device);
  return prepared;
}

/// In the new process. False, with errno: it must not go on.
bool enter(const MpsControl& control, int input) {
  if (::setsid() < 0) return false;
  if (control.doors != nullptr)
    for (const int door : *control.doors)
      if (::write(door, "0", 1) != 1) return false;
  if (::dup2(input, 0) < 0) return false;
  const int null = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  const int said = control.words >= 0 ? control.words : null;
  if (::dup2(said, 1) < 0 || ::dup2(said, 2) < 0) return false;
  // A launcher that the kernel is to spare gives that to nobody.
  if (control.person != nullptr)
    if (const int score = ::open(oom_score, O_WRONLY | O_CLOEXEC); score >= 0)
      if (::write(score, "0", 1) == 1) ::close(score);
  if (::close_range(3, ~0u, 0) != 0) return false;
  if (control.person != nullptr && (!take_limits(*control.person) || !become(*control.person)))
    return false;
  return ::chdir("/") == 0;
}

Result<pid_t> run(const MpsControl& control, std::vector<std::string> words, int input) {
  auto prepared = prepare(control, std::move(words));
  if (!prepared) return prepared.error();
  const std::vector<char*> argv = Prepared::pointers(prepared->words);
  const std::vector<char*> envp = Prepared::pointers(prepared->variables);
  const pid_t pid = ::fork();
  if (pid < 0) return system_error("make a process for", prepared->program, errno);
  if (pid > 0) return pid;
  const bool entered = enter(control, input);
  if (entered) {
    for (int number = 1; number < NSIG; ++number) ::signal(number, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::execve(prepared->program.c_str(), argv.data(), envp.data());
  }
  const char* why = ::strerrordesc_np(errno);
  if (control.words >= 0 && why != nullptr && ::write(2, why, std::strlen(why)) < 0) _exit(126);
  _exit(127);
}

/// Root is not led elsewhere: the parent is root's, and a leaf that is there is of this person, is
/// no link, and is closed to others.
Result<void> give_leaf(const MpsPlace& place, const Person& person) {
  if (auto made = make_directories(place.parent, 0711); !made) return made;
  const Fd parent(::open(place.parent.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  struct stat there {};
  if (!parent.open() || ::fstat(parent.number(), &there) != 0)
    return system_error("open", place.parent, errno);
  if (there.st_uid != ::geteuid() || (there.st_mode & 022) != 0)
    return Error{ErrorKind::denied, "others may change this directory", place.parent,
                 "move it away"};
  if (::mkdirat(parent.number(), place.leaf.c_str(), 0700) != 0 && errno != EEXIST)
    return system_error("make", place.path(), errno);
  const Fd leaf(::openat(parent.number(), place.leaf.c_str(),
                         O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!leaf.open() || ::fstat(leaf.number(), &there) != 0)
    return system_error("open", place.path(), errno);
  if (there.st_uid != ::geteuid() && there.st_uid != person.uid)
    return Error{ErrorKind::denied, "this directory is another user's", place.path(),
                 "move it away"};
  if (::fchmod(leaf.number(), 0700) != 0 || ::fchown(leaf.number(), person.uid, person.gid) != 0)
    return system_error("give to its user", place.path(), errno);
  return {};
}

bool has_mark(std::int64_t pid, const std::string& mark, std::uint32_t uid) {
  struct stat there {};
  return ::stat(("/proc/" + std::to_string(pid)).c_str(), &there) == 0 && there.st_uid == uid &&
         start_variable(pid, "GANG_ID") == mark;
}

}  // namespace

Result<void> make_mps_place(const MpsPlace& place, const Person* person) {
  if (place.path().size() + longest_socket_name.size() >= sizeof(sockaddr_un{}.sun_path))
    return Error{ErrorKind::refused, "MPS needs a shorter path than this", place.path(),
                 "GANGLINE_STATE=/a/shorter/place"};
  if (person != nullptr) return give_leaf(place, *person);
  if (auto made = make_private_directory(place.parent); !made) return made;
  return make_private_directory(place.path());
}

Fd make_words() {
  Fd words(::memfd_create("mps-words", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!words.open() || ::ftruncate(words.number(), most_said) != 0 ||
      ::fcntl(words.number(), F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) != 0)
    return {};
  return words;
}

std::string read_words(const Fd& words) {
  if (!words.open()) return {};
  std::string text(most_said, '\0');
  const ssize_t n = ::pread(words.number(), text.data(), text.size(), 0);
  text.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
  text.resize(std::min({text.find('\0'), text.size(), most_shown}));
  std::replace(text.begin(), text.end(), '\n', ' ');
  return printable(trim(text));
}

Result<pid_t> start_mps_daemon(const MpsControl& control) {
  auto input = open_file("/dev/null", O_RDONLY);
  if (!input) return input.error();
  return run(control, {mps_control, "-d"}, input->number());
}

Result<pid_t> ask_mps_daemon_to_quit(const MpsControl& control) {
  StartPipe asked;
  if (!asked.open()) return system_error("make a pipe for", mps_control, errno);
  if (auto said = write_all(asked.write.number(), "quit\n", "mps"); !said) return said.error();
  return run(control, {mps_control}, asked.read.number());
}

std::vector<std::int64_t> processes_with_mark(const std::string& mark, std::uint32_t uid) {
  std::vector<std::int64_t> found;
  const std::unique_ptr<DIR, int (*)(DIR*)> dir(::opendir("/proc"), ::closedir);
  if (!dir) return found;
  while (const dirent* entry = ::readdir(dir.get())) {
    const auto pid = parse_number(entry->d_name);
    // A process that has ended and is not let go of has no variables any more.
    if (pid && has_mark(static_cast<std::int64_t>(*pid), mark, uid))
      found.push_back(static_cast<std::int64_t>(*pid));
  }
  return found;
}

void signal_with_mark(std::int64_t pid, const std::string& mark, std::uint32_t uid, int number) {
  const Fd process(static_cast<int>(::syscall(SYS_pidfd_open, static_cast<pid_t>(pid), 0)));
  // Looked at once more now that the number cannot become another's.
  if (process.open() && has_mark(pid, mark, uid))
    ::syscall(SYS_pidfd_send_signal, process.number(), number, nullptr, 0);
}

}  // namespace gangline
