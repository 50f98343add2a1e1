#include "shell/session.h"

#include <dirent.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <sstream>
#include <string>

#include "os/file.h"

namespace gangline {
namespace {

struct Process {
  pid_t pid = 0;
  std::int64_t ticks = 0;
};

template <class Call>
void each_of_session(pid_t session, const Call& call) {
  struct Close {
    void operator()(DIR* directory) const { ::closedir(directory); }
  };
  const std::unique_ptr<DIR, Close> proc(::opendir("/proc"));
  if (proc == nullptr) return;
  while (const dirent* entry = ::readdir(proc.get())) {
    const auto pid = static_cast<pid_t>(std::strtol(entry->d_name, nullptr, 10));
    if (pid <= 0) continue;
    const auto text = read_file("/proc/" + std::string(entry->d_name) + "/stat", 4096);
    if (!text) continue;
    // proc(5): behind the name in brackets, which may hold anything.
    const auto name_end = text->rfind(')');
    if (name_end == std::string::npos) continue;
    std::istringstream fields(text->substr(name_end + 1));
    std::string skipped;
    pid_t of = 0;
    fields >> skipped >> skipped >> skipped >> of;  // state, parent, group, session
    if (of != session) continue;
    for (int i = 0; i < 7; ++i) fields >> skipped;
    Process process{pid, 0};
    for (int i = 0; i < 4; ++i) {  // user, system, and the same of children that were waited for
      std::int64_t ticks = 0;
      fields >> ticks;
      process.ticks += ticks;
    }
    call(process);
  }
}

}  // namespace

Span cpu_time_of_session(pid_t session) {
  std::int64_t ticks = 0;
  each_of_session(session, [&](const Process& process) { ticks += process.ticks; });
  const std::int64_t a_second = std::max(1L, ::sysconf(_SC_CLK_TCK));
  return milliseconds(ticks * 1000 / a_second);
}

void signal_session(pid_t session, int number) {
  each_of_session(session, [&](const Process& process) { ::kill(process.pid, number); });
}

}  // namespace gangline
