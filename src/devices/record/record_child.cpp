#include "devices/record/record_child.h"

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/utsname.h>
#include <time.h>

#include <algorithm>

#include "base/text.h"
#include "devices/cpu/topology_files.h"
#include "devices/probe_child.h"
#include "devices/record/recorder.h"
#include "devices/record/recording.h"
#include "devices/record/words.h"
#include "devices/sysfs/see.h"
#include "os/clock.h"

namespace gangline {
namespace {

constexpr std::size_t room_for_end = 4096;
constexpr int poll_ms = 100;

// Drivers and the kernel, for whoever reads the recording.
constexpr const char* files_about[] = {"/proc/sys/kernel/osrelease",
                                       "/proc/sys/kernel/hostname",
                                       "/etc/os-release",
                                       "/proc/driver/nvidia/version",
                                       "/sys/module/nvidia/version",
                                       "/sys/module/amdgpu/version",
                                       "/sys/module/i915/version",
                                       "/sys/module/xe/version",
                                       "/sys/fs/cgroup/cgroup.controllers",
                                       "/sys/fs/cgroup/cgroup.subtree_control"};

void sleep_for(Span span) {
  timespec time{span.us / 1'000'000, span.us % 1'000'000 * 1000};
  ::nanosleep(&time, nullptr);
}

std::string head(const std::string& made_by) {
  utsname system{};
  ::uname(&system);
  return std::string(recording_title) + "\nmade at " + format_utc(now()) + " by " + made_by +
         "\nkernel " + system.sysname + " " + system.release + " " + system.machine +
         "\n# What discovery and sampling saw on a machine: each file, directory and link, each "
         "call "
         "of NVML.\n# Host name, users, programs, pids, control groups, serial numbers, UUIDs, "
         "GUIDs "
         "and MAC addresses are invented.\n";
}

/// The lines that are whole. Of a look that was begun and did not come to its end, that it hangs,
/// unless somebody did not want to wait for it.
std::string closed(std::string body, bool was_interrupted, bool ended_by_itself) {
  if (body.ends_with('\n')) return body;
  if (!was_interrupted && body.ends_with(" = "))
    return body + "hangs\n" +
           (ended_by_itself ? "# The process that looked ended in it: a crash in a library?\n"
                            : "");
  body.resize(body.rfind('\n') + 1);
  return body;
}

/// Room for the end is made by leaving out the look that was told last, whole.
std::string cut_off(std::string body) {
  body.resize(most_recording_bytes - room_for_end);
  body.resize(body.rfind('\n') + 1);
  for (bool inside = true; inside;) {
    const std::size_t line = body.rfind('\n', body.size() - 2) + 1;
    inside = body[line] == '|';
    body.resize(line);
  }
  return body + "# It ends here: it would be larger than " + format(Bytes{most_recording_bytes}) +
         ".\n";
}

}  // namespace

int run_recorder(int out, const Sources& sources, Span span) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::signal(SIGPIPE, SIG_IGN);
  ::signal(SIGINT, SIG_IGN);  // a Ctrl-C is meant for the command, which ends us
  Recorder recorder(sources.root, out);
  const WitnessPresence presence(recorder);
  const std::string root = sources.root == "/" ? "" : sources.root;
  recorder.part("machine");
  for (const char* file : files_about) static_cast<void>(see_file(root + file));
  see_topology_files(root);
  NodeReader reader(sources);
  recorder.part("facts");
  reader.facts();
  const std::int64_t samples = 1 + span.us / pause_between_samples.us;
  for (std::int64_t n = 1; n <= samples && recorder.open(); ++n) {
    if (n > 1) sleep_for(pause_between_samples);
    recorder.part("sample " + std::to_string(n));
    reader.sample();
  }
  return 0;
}

Result<std::string> record_by(const std::vector<std::string>& command, const std::string& made_by,
                              const std::function<bool()>& interrupted) {
  auto child = ProbeChild::start(command);
  if (!child) return child.error();
  std::string body = head(made_by);
  const std::size_t nothing = body.size();
  Span heard = since_boot();
  bool open = true, was_interrupted = false;
  while (open) {
    if (body.size() > most_recording_bytes - room_for_end) {
      body = cut_off(std::move(body));
      break;
    }
    was_interrupted = interrupted();
    if (was_interrupted || since_boot() - heard > longest_look) break;
    pollfd readable{child->socket(), POLLIN, 0};
    if (::poll(&readable, 1, poll_ms) <= 0) continue;
    open = child->receive(body);
    heard = since_boot();
  }
  child->stop();
  if (body.size() == nothing)
    return Error{ErrorKind::unavailable, "the process that records ended at once", command.front(),
                 ""};
  body = closed(std::move(body), was_interrupted, !open);
  return body + last_line(body);
}

}  // namespace gangline
