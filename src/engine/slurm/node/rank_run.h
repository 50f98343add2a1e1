// One task of a gang as a child of this process, in what Slurm gave it.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/slurm/node/given.h"
#include "engine/slurm/sending.h"
#include "launch/environment.h"
#include "launch/job_files.h"
#include "launch/recipe.h"

namespace gangline {

/// All that a task is made from.
struct RankPlan {
  SendingOrder order;
  std::uint32_t gang = 0;  ///< index
  RankGiven place;
  Meeting meeting;
  SlurmVariables variables;         ///< of this process
  std::vector<std::uint32_t> gpus;  ///< of this node, where Slurm named none to this process
  std::string root = "/";           ///< other than that in tests
  std::vector<std::string> probe;   ///< by which NVML is asked; none: it is not asked
};

/// What this task asked for, and how many there are of it.
TaskRequest task_asked(const SendingOrder& order, std::uint32_t gang);
std::uint32_t tasks_asked(const SendingOrder& order, std::uint32_t gang);

class RankRun {
 public:
  explicit RankRun(RankPlan plan);

  /// Makes the process. Where it cannot be made, the task has ended, and its end says why.
  void start();
  /// To its process group and its own process; nothing once it has ended.
  void signal(int number) const;
  /// Looks whether it has ended, without waiting, and keeps its logs short. To be called when a
  /// child has ended, and every second.
  void look();

  Time started() const { return end_.started; }  ///< 0: its program never ran
  bool ended() const { return ended_; }
  const EndNote& end() const { return end_; }

 private:
  Result<GangRecipe> make();
  void note_exit(int status);
  void trim();
  std::string who() const;

  RankPlan plan_;
  JobFiles files_;
  GangId id_;
  pid_t pid_ = 0;
  std::string failure_;  ///< why its program was not run, though a process was made
  std::uint64_t kills_before_ = 0;
  Span next_trim_{0};
  bool ended_ = false;
  EndNote end_;
};

}  // namespace gangline
