// The processes that compute on AMD GPUs, from <root>/sys/class/kfd/kfd/proc.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "model/cluster.h"

namespace gangline::amd {

using ProcessesOf = std::map<std::uint64_t, std::vector<DeviceProcess>>;

/// KFD says of each process and GPU in a file of its own what the process holds there. To read all
/// of them for a thousand processes costs much of a second, so a process that is new is looked at
/// at once and for some readings more, and of the others only as many each time, in turn, as come
/// to some number of files.
class KfdProcesses {
 public:
  explicit KfdProcesses(const std::string& root);

  /// For each of these GPUs (KFD's gpu_id) the processes that hold memory or a queue on it, ordered
  /// by pid; user and command are left empty. A process of ROCm opens all GPUs that it may, so
  /// having opened one is no use. One that may not be looked at counts as using all. Empty: cannot
  /// be known.
  std::optional<ProcessesOf> read(const std::vector<std::uint64_t>& gpu_ids);

  static constexpr std::size_t files_a_reading = 1024;
  static constexpr std::uint32_t looks_while_new = 4;

 private:
  struct Use {
    std::uint64_t gpu_id = 0;
    std::optional<Bytes> memory;
  };
  struct Seen {
    std::uint32_t looks = 0;
    std::vector<Use> uses;
  };
  std::vector<Use> look_at(std::uint32_t pid) const;

  std::string directory_;
  std::vector<std::uint64_t> gpu_ids_;
  std::map<std::uint32_t, Seen> seen_;  ///< by pid
  std::uint32_t turn_ = 0;              ///< the first pid of the next few
};

}  // namespace gangline::amd
