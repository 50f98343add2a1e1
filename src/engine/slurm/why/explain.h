// Why a gang waits in Slurm: who holds what, when Slurm expects it to start, and the smallest
// change of what it asks for with which Slurm would start it now, each tried with `sbatch
// --test-only`.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "engine/slurm/sbatch_script.h"
#include "engine/slurm/slurm.h"
#include "engine/slurm/why/holders.h"
#include "model/views.h"

namespace gangline {

/// A number in what a job asks for that could be less.
struct Lever {
  std::uint32_t asked = 0;
  std::function<void(JobSpec&, std::uint32_t)> set;
  std::function<std::string(std::uint32_t)> says;  ///< "ask for 2 gpus instead of 4"
  std::string partition = {};                      ///< where it goes then; empty: as before
};
/// What could be less or else in what this job asks for; a lever of 1 is a change that is made or
/// not.
std::vector<Lever> levers_of(const JobSpec& spec, std::uint32_t alternative, const SlurmSite& site);

/// One answer, which takes several calls of Slurm. Destroying it ends it without an answer.
class SlurmExplanation {
 public:
  struct About {
    JobSpec spec;
    std::uint32_t alternative = 0;
    std::string directory;  ///< for scripts that are tried
    std::string gang_program;
    std::string number;  ///< Slurm's, of what waits
    EngineWhy known;     ///< reason and expected start, as far as they are known
    /// Where a job that asks for next to nothing could start now.
    std::set<std::string> partitions_with_room = {};
  };
  using Tell = std::function<void(EngineWhy)>;
  /// All must outlive it. `tell` is called once, later.
  SlurmExplanation(Slurm& slurm, const SlurmSite& site, const std::vector<Node>& nodes, About about,
                   Tell tell);

 private:
  void ask_holders();
  void try_least(JobSpec least, std::function<void()> then);
  bool has_room(const std::string& queue) const;
  void try_next_lever();
  void try_amount(std::uint32_t amount, std::function<void(bool)> then);
  void test(const JobSpec& spec, std::function<void(std::optional<Time>)> then);
  void narrow(std::uint32_t starts, std::uint32_t does_not);
  void finish();

  Slurm& slurm_;
  const SlurmSite& site_;
  const std::vector<Node>& nodes_;
  About about_;
  Tell tell_;
  std::vector<Lever> levers_;
  std::size_t lever_ = 0;
  /// When a job that asks for next to nothing would start, in the queue that is looked at. Empty:
  /// not now.
  std::optional<Time> least_starts_;
  std::string compared_with_;  ///< the queue for which that was tried, where it is another one
  bool others_wait_ = false;   ///< who may go first
  int tried_ = 0;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);

 public:
  ~SlurmExplanation() { *alive_ = false; }
  SlurmExplanation(const SlurmExplanation&) = delete;
  SlurmExplanation& operator=(const SlurmExplanation&) = delete;
};

}  // namespace gangline
