#include "launch/mps/mps_daemons.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "base/text.h"
#include "launch/processes.h"
#include "launch/recipe.h"
#include "os/clock.h"
#include "os/fd.h"
#include "os/file.h"

namespace gangline {
namespace {

constexpr const char* program_name = "nvidia-cuda-mps-control";
constexpr const char* usual_path = "/usr/local/bin:/usr/bin:/bin";
constexpr Span longest_start = seconds(5);
constexpr Span stays_unneeded = seconds(2);
constexpr useconds_t poll_us = 2'000;
constexpr const char* longest_socket_name = "/control_privileged";

/// Devices of NVIDIA that the task has, by uid.
std::map<std::string, const DeviceShare*> nvidia_devices(const Node& node, const TaskPlace& place) {
  std::map<std::string, const DeviceShare*> devices;
  for (const DeviceShare& share : place.devices) {
    if (share.device >= node.devices.size()) continue;
    const Device& device = node.devices[share.device];
    if (device.vendor == "nvidia" && !device.uid.empty()) devices[device.uid] = &share;
  }
  return devices;
}

std::string own_path() {
  const char* path = std::getenv("PATH");
  return path != nullptr && *path != '\0' ? path : usual_path;
}

std::string hex_of(std::uint64_t n) {
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(n));
  return text;
}

/// A process of the program with these variables, apart from ours; `input`: its standard input.
Result<pid_t> spawn(const std::vector<std::string>& words, std::vector<std::string> variables,
                    int input) {
  auto program = find_program(program_name, own_path(), "/");
  if (!program) {
    Error error = program.error();
    error.what =
        std::string("its job asks for mps, and there is no program '") + program_name + "' in PATH";
    error.hint =
        "it comes with NVIDIA's driver; leave mps out, or start the service with it in PATH";
    return error;
  }
  posix_spawn_file_actions_t files;
  ::posix_spawn_file_actions_init(&files);
  ::posix_spawn_file_actions_adddup2(&files, input, 0);
  ::posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0);
  ::posix_spawn_file_actions_addopen(&files, 2, "/dev/null", O_WRONLY, 0);
  ::posix_spawn_file_actions_addclosefrom_np(&files, 3);
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setsigdefault(&attributes, &all);
  ::posix_spawnattr_setflags(&attributes,
                             POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  std::vector<char*> argv, envp;
  std::vector<std::string> own = words;
  for (std::string& word : own) argv.push_back(word.data());
  for (std::string& variable : variables) envp.push_back(variable.data());
  argv.push_back(nullptr);
  envp.push_back(nullptr);
  pid_t pid = -1;
  const int failed =
      ::posix_spawn(&pid, program->c_str(), &files, &attributes, argv.data(), envp.data());
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&files);
  if (failed != 0) return system_error("run", *program, failed);
  return pid;
}

/// Its exit code; empty: it took too long and was ended.
std::optional<int> wait_for(pid_t pid) {
  const Span begun = since_boot();
  for (;;) {
    int status = 0;
    if (::waitpid(pid, &status, WNOHANG) == pid)
      return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    if (since_boot() - begun > longest_start) break;
    ::usleep(poll_us);
  }
  ::kill(-pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
  return std::nullopt;
}

std::vector<std::string> variables_at(const std::string& place, const std::string& mark) {
  return {"PATH=" + own_path(), "CUDA_MPS_PIPE_DIRECTORY=" + place,
          "CUDA_MPS_LOG_DIRECTORY=" + place, "GANG_ID=" + mark};
}

/// A daemon removes this file when it ends, but not when it is killed.
bool is_there(const std::string& place) {
  const auto text = read_file(place + "/nvidia-cuda-mps-control.pid");
  const auto pid = text ? parse_number(trim(*text)) : std::nullopt;
  const auto process = pid ? read_process(static_cast<std::int64_t>(*pid)) : std::nullopt;
  return process && !process->zombie;
}

}  // namespace

Fence mps_fence() {
  return {"mps", false,
          "each program has its own memory space and at most its share of the GPU's threads and "
          "memory, which it can undo; a program that fails badly may end the others on this GPU"};
}

MpsDaemons::MpsDaemons(std::string directory, std::string mark)
    : directory_(std::move(directory)), mark_(std::move(mark)) {}

/// A short name, as a socket of the daemon must fit below it.
std::string MpsDaemons::place_of(const std::string& uid) const {
  std::uint64_t sum = 14695981039346656037u;  // FNV-1a
  for (const char c : uid) sum = (sum ^ static_cast<unsigned char>(c)) * 1099511628211u;
  return directory_ + "/" + hex_of(sum);
}

Result<void> MpsDaemons::start(const std::string& uid) const {
  const std::string place = place_of(uid);
  if (place.size() + std::string_view(longest_socket_name).size() >= sizeof(sockaddr_un{}.sun_path))
    return Error{ErrorKind::refused, "MPS needs a shorter path than this", place,
                 "GANGLINE_STATE=/a/shorter/place"};
  for (const std::string& each : {directory_, place})
    if (auto made = make_private_directory(each); !made) return made;
  // One that was asked to end may still be there.
  for (const Span begun = since_boot(); is_there(place);) {
    if (since_boot() - begun > longest_start)
      return Error{ErrorKind::refused, "an MPS daemon of this GPU does not end", place,
                   "look at its log there; or leave mps out"};
    ::usleep(poll_us);
  }
  auto input = open_file("/dev/null", O_RDONLY);
  if (!input) return input.error();
  std::vector<std::string> variables = variables_at(place, mark_);
  variables.push_back("CUDA_VISIBLE_DEVICES=" + uid);
  auto pid = spawn({program_name, "-d"}, std::move(variables), input->number());
  if (!pid) return pid.error();
  const auto code = wait_for(*pid);
  if (code == 0) return {};
  return Error{ErrorKind::refused,
               "MPS could not be started: " + std::string(program_name) +
                   (code ? " ended with code " + std::to_string(*code) : " did not come up in 5 s"),
               uid, "its log is in " + place + "; or leave mps out"};
}

void MpsDaemons::quit(const std::string& place) const {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return;
  const Fd out(ends[0]);
  const Fd in(ends[1]);
  // Who ends it is collected as a child that is nobody's.
  if (spawn({program_name}, variables_at(place, mark_), out.number()))
    (void)write_all(in.number(), "quit\n", "mps");
}

MpsDaemons::~MpsDaemons() {
  for (const auto& [place, daemon] : running_)
    if (daemon.gangs.empty()) quit(place);
}

Result<void> MpsDaemons::begin(GangId gang, std::uint32_t uid, const Node& node,
                               const NodePart& part) {
  for (const TaskPlace& task : part.tasks)
    for (const auto& [device, share] : nvidia_devices(node, task)) {
      const std::string place = place_of(device);
      auto daemon = running_.find(place);
      const bool others =
          daemon != running_.end() && !daemon->second.gangs.empty() && daemon->second.uid != uid;
      Result<void> there;
      if (others)
        there = Error{ErrorKind::unavailable, "MPS serves another user now", device, "wait"};
      else if (daemon == running_.end() || !is_there(place)) there = start(device);
      if (!there) {
        end(gang);
        return there;
      }
      Running& ours = running_[place];
      ours.uid = uid;
      ours.gangs.insert(gang);
    }
  return {};
}

void MpsDaemons::adopt(GangId gang, std::uint32_t uid, const Node& node, const NodePart& part) {
  for (const TaskPlace& task : part.tasks)
    for (const auto& [device, share] : nvidia_devices(node, task)) {
      Running& daemon = running_[place_of(device)];
      daemon.uid = uid;
      daemon.gangs.insert(gang);
    }
}

void MpsDaemons::end(GangId gang) {
  for (auto& [place, daemon] : running_)
    if (daemon.gangs.erase(gang) > 0 && daemon.gangs.empty()) daemon.unneeded_since = since_boot();
}

/// Those of earlier launchers, of which no adopted gang is left.
void MpsDaemons::look_for_earlier() {
  looked_for_earlier_ = true;
  const std::unique_ptr<DIR, int (*)(DIR*)> dir(::opendir(directory_.c_str()), ::closedir);
  if (!dir) return;
  while (const dirent* entry = ::readdir(dir.get())) {
    const std::string place = directory_ + "/" + entry->d_name;
    if (entry->d_name[0] != '.' && is_there(place)) running_.try_emplace(place);
  }
}

void MpsDaemons::tick(Span boot) {
  if (!looked_for_earlier_) look_for_earlier();
  std::erase_if(running_, [&](const auto& each) {
    const auto& [place, daemon] = each;
    if (!daemon.gangs.empty() || boot - daemon.unneeded_since < stays_unneeded) return false;
    quit(place);
    return true;
  });
}

bool MpsDaemons::has_unneeded() const {
  return std::any_of(running_.begin(), running_.end(),
                     [](const auto& each) { return each.second.gangs.empty(); });
}

std::vector<EnvVar> MpsDaemons::variables(const Node& node, const TaskPlace& place) const {
  const auto devices = nvidia_devices(node, place);
  // A client has one daemon, and each of ours has one GPU.
  if (devices.size() != 1) return {};
  const auto& [uid, share] = *devices.begin();
  std::vector<EnvVar> variables{{"CUDA_MPS_PIPE_DIRECTORY", place_of(uid)}};
  if (share->share == whole_device) return variables;
  const auto thousandths = static_cast<std::uint64_t>(share->share.thousandths);
  variables.emplace_back("CUDA_MPS_ACTIVE_THREAD_PERCENTAGE",
                         std::to_string(std::max<std::uint64_t>(1, thousandths / 10)));
  const auto memory = static_cast<std::uint64_t>(node.devices[share->device].memory.n);
  if (memory > 0)
    variables.emplace_back("CUDA_MPS_PINNED_DEVICE_MEM_LIMIT",
                           "0=" + std::to_string((memory >> 20) * thousandths / 1000) + "M");
  return variables;
}

}  // namespace gangline
