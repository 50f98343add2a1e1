// NVIDIA's control program of MPS as a process: where its files lie, as whom and in which fences it
// runs, and which processes are its own. Nothing here waits.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "launch/start/start.h"
#include "model/person.h"
#include "os/fd.h"

namespace gangline {

constexpr const char* mps_control = "nvidia-cuda-mps-control";

/// Of one daemon.
struct MpsPlace {
  std::string parent;  ///< of the launcher; for a launcher that is root, others may pass through it
  std::string leaf;    ///< in it, of the person alone
  std::string mark;    ///< GANG_ID of its processes, which is none of a gang's

  std::string path() const { return parent + "/" + leaf; }
};

/// Makes parent and leaf, without following a link. Of a launcher that is root the leaf is given to
/// `person`, and root opens nothing in it from then on.
Result<void> make_mps_place(const MpsPlace& place, const Person* person);

/// What a process says, in memory: at most some KiB, all beyond it is refused to whoever writes it.
Fd make_words();
/// One line for people.
std::string read_words(const Fd& words);

struct MpsControl {
  const MpsPlace& place;
  const Person* person = nullptr;  ///< null: as this process
  std::string device;              ///< CUDA_VISIBLE_DEVICES
  const CgroupDoors* doors = nullptr;
  int words = -1;  ///< its stdout and stderr; -1: nobody listens
};
/// A daemon, of which the process that is returned is the starter: it ends with 0 once the daemon
/// is there.
Result<pid_t> start_mps_daemon(const MpsControl& control);
/// Asks the daemon to end. Who asks ends by itself, or hangs as the daemon does.
Result<pid_t> ask_mps_daemon_to_quit(const MpsControl& control);

/// Living processes of this user with this mark.
std::vector<std::int64_t> processes_with_mark(const std::string& mark, std::uint32_t uid);
/// Only if it is still of this user and has the mark.
void signal_with_mark(std::int64_t pid, const std::string& mark, std::uint32_t uid, int number);

}  // namespace gangline
