// The processes that compute on AMD GPUs, from <root>/sys/class/kfd/kfd/proc.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "devices/sysfs/see.h"
#include "model/cluster.h"

namespace gangline::amd {

using ProcessesOf = std::map<std::uint64_t, std::vector<DeviceProcess>>;

/// KFD has a file for each process on each GPU, 16,000 of them for 1,000 processes on 16 GPUs, and
/// opening one takes microseconds. So a process is read in full when it is new and then in turn;
/// in between, what it holds is read again where its card says that anything has changed. A card
/// that has more in use than is known of makes all processes be looked at on it.
class KfdProcesses {
 public:
  explicit KfdProcesses(const std::string& root);

  /// The GPUs of one card (KFD's gpu_id), and its memory in use if it tells.
  struct CardUse {
    std::vector<std::uint64_t> gpu_ids;
    std::optional<Bytes> used;
  };
  /// For each of these GPUs the processes that hold memory or a queue on it, ordered by pid; user
  /// and command are left empty. A process of ROCm opens all GPUs that it may, so having opened one
  /// is no use. One that may not be looked at counts as using all. Empty: cannot be known.
  std::optional<ProcessesOf> read(const std::vector<CardUse>& cards);

  /// Files that one reading may take, new processes and what stands above apart: so few processes
  /// are all read in full each time.
  static constexpr std::size_t files_a_reading = 1024;
  /// What a process comes to use, it mostly takes soon after its start.
  static constexpr std::uint64_t looks_while_new = 4;

 private:
  struct Held {
    bool known = true;  ///< false: something is there that cannot be read
    std::optional<Bytes> memory;
    bool queue = false;
    bool uses() const { return !known || queue || (memory && memory->n > 0); }
  };
  struct Known {
    std::uint64_t first_seen = 0, read_in_full = 0;  ///< by the count of readings
    std::map<std::uint64_t, Held> held;              ///< by gpu_id, where it uses one
  };
  using Processes = std::map<std::uint32_t, Known>;
  struct CardState {
    std::optional<Bytes> used;
    std::int64_t unexplained = 0;  ///< in use by nobody known
  };

  void meet(const std::vector<std::uint32_t>& pids);
  void read_in_turn(const std::vector<CardUse>& cards);
  void read_in_full(Processes::value_type& process, const std::vector<CardUse>& cards);
  void read_card(const CardUse& card);
  void read_again(Processes::value_type& process, const CardUse& card, bool also_unused);
  bool has_changed(const CardUse& card) const;
  std::size_t holders_of(const CardUse& card) const;
  std::int64_t unexplained_of(const CardUse& card) const;
  Held memory_held(std::uint32_t pid, std::uint64_t gpu_id) const;

  std::string path_;
  std::optional<SeenDirectory> directory_;  ///< while a reading goes on
  std::uint64_t readings_ = 0;
  std::uint32_t turn_ = 0;  ///< the pid that was read last in turn
  Processes processes_;
  std::map<std::uint64_t, CardState> cards_;  ///< by the first gpu_id
};

}  // namespace gangline::amd
