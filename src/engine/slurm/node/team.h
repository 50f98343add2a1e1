// The tasks of one gang, wherever they run: one here, or all of a step of srun's.
#pragma once

#include <poll.h>

#include <optional>
#include <string>
#include <vector>

#include "engine/slurm/node/rank_run.h"
#include "engine/slurm/sending.h"

namespace gangline {

/// What is known of the ends of a gang's tasks.
struct TeamEnds {
  Time started{0};                          ///< of the first of them; 0: none has
  std::vector<std::optional<EndNote>> end;  ///< by rank
  /// The rank that ended badly first, as far as heard.
  std::optional<std::uint32_t> failed;
  std::string trouble;  ///< what Slurm said of a task whose end is not known
  /// A node that failed, as Slurm says, and when that was heard, since boot. Empty: none.
  std::string lost_node;
  Span lost_node_at{0};

  explicit TeamEnds(std::uint32_t tasks) : end(tasks) {}
  void note(std::uint32_t rank, const EndNote& note);
};

class Team {
 public:
  virtual ~Team() = default;
  virtual void start() = 0;
  /// To all processes of all tasks, as far as they run.
  virtual void signal(int number) = 0;
  /// Hears what is new. To be called when one of `files` has something, when a child has ended, and
  /// every second.
  virtual void look() = 0;
  virtual std::vector<int> files() const = 0;
  virtual bool over() const = 0;
  /// Lets go of tasks that do not end: Slurm ends them with the job.
  virtual void give_up() = 0;
  virtual const TeamEnds& ends() const = 0;
};

/// A gang of one task, which is a child of this process.
class TeamHere : public Team {
 public:
  explicit TeamHere(RankPlan plan) : run_(std::move(plan)), ends_(1) {}
  void start() override;
  void signal(int number) override { run_.signal(number); }
  void look() override;
  std::vector<int> files() const override { return {}; }
  bool over() const override { return over_; }
  void give_up() override { over_ = true; }
  const TeamEnds& ends() const override { return ends_; }

 private:
  RankRun run_;
  TeamEnds ends_;
  bool over_ = false;
};

}  // namespace gangline
