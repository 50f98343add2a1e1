// The tasks of a gang as one step of srun's, over all nodes of the job.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "engine/slurm/node/given.h"
#include "engine/slurm/node/spawned.h"
#include "engine/slurm/node/task_words.h"
#include "engine/slurm/node/team.h"

namespace gangline {

/// All that a step is made from.
struct StepPlan {
  std::string program;    ///< this one's path
  std::string directory;  ///< of the sending
  std::uint32_t gang = 0;
  SlurmGiven given;
  TaskRequest task;
  std::uint32_t tasks = 1;
  bool mpi = false;
  std::string meeting;  ///< as text
  SlurmVariables variables;
};

/// The command line of srun. `mpi`: the plugin by which a program's MPI finds its team.
std::vector<std::string> step_words(const StepPlan& plan, const std::string& mpi);
/// Of the plugins that `srun --mpi=list` names those that we know, the best first; always ends with
/// "none". A plugin that is named may yet lack its library.
std::vector<std::string> known_mpi(std::string_view listed);
/// "srun: error: n4: tasks 2-3: Killed": the ranks that it tells of.
std::vector<std::uint32_t> ranks_in_complaint(std::string_view line);

/// The nodes' addresses in a network faster than the usual one that they share, asked for by a step
/// of its own where this node is in such a one. Empty: there is none.
std::vector<std::string> ask_for_fast_addresses(const StepPlan& plan);

/// "srun: error: Node failure on n2": that node. Empty: it does not say so.
std::string node_in_complaint(std::string_view line);

class StepTeam : public Team {
 public:
  explicit StepTeam(StepPlan plan);
  void start() override;
  void signal(int number) override;
  void look() override;
  std::vector<int> files() const override;
  bool over() const override { return over_; }
  void give_up() override;
  const TeamEnds& ends() const override { return ends_; }

 private:
  void spawn();
  bool tries_other_mpi();
  void read();
  void hear(const std::string& line);
  void hear_complaint(const std::string& line);
  void look_at_srun();
  void lose_silent_ranks();
  void lose(std::uint32_t rank);
  void lose_all();
  bool all_ended() const;

  StepPlan plan_;
  TeamEnds ends_;
  std::vector<std::string> mpi_{"none"};  ///< the one in use, then those to try
  SpawnedProgram srun_;
  LineReader said_, complained_;
  std::string complaints_;                // the last of them
  std::map<std::uint32_t, Span> silent_;  // ranks that srun says have ended, and since when
  Span all_ended_at_{0};
  bool over_ = false;
};

}  // namespace gangline
