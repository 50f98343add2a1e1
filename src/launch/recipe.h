// From a job and a place to all that is needed to start one gang: programs, words, variables,
// files.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "launch/environment.h"
#include "launch/job_files.h"
#include "launch/record.h"
#include "model/cluster.h"
#include "model/job.h"

namespace gangline {

struct TaskRecipe {
  std::uint32_t rank = 0;
  std::string program;  ///< path for exec
  /// Paths of which the first that can be run is run, where the launcher is not to look itself.
  std::vector<std::string> candidates;
  std::vector<std::string> words;
  std::shared_ptr<const std::vector<std::string>> inherited;  ///< "NAME=value", never null
  std::vector<std::string> environment;                       ///< more of them
  std::string dir;
  std::string output_log;
  std::string error_log;
  std::vector<int> kept_files;             ///< stay open in the task, ascending: its leases
  CpuSet cpus;                             ///< empty: not bound; the fences say to which
  std::optional<std::uint32_t> numa_node;  ///< whose memory to take first
};

struct GangRecipe {
  GangId gang;
  std::uint32_t attempt = 1;
  std::vector<TaskRecipe> tasks;
  /// Whom the tasks run as; null: as this process. Then nothing that is the person's was looked at:
  /// the tasks do it themselves.
  std::shared_ptr<const Person> person = nullptr;
  std::uint32_t log_group = 0;           ///< that reads their logs
  std::optional<PieceToCut> piece = {};  ///< of the first task, as that person
};

/// A job as the launcher keeps it, with what its gangs share.
struct JobCard {
  Job job;
  std::shared_ptr<const std::vector<std::string>> inherited;  ///< null: not made yet
  /// What was looked up for the gang before: gangs that follow each other quickly look not again.
  struct LookedUp {
    std::string word, path, dir;
    std::string program;
    Span at{0};
  };
  LookedUp looked_up;
  bool kept = true;  ///< on disk
};

/// Checks all that can be checked before anything starts: an Error is why the gang cannot start.
Result<GangRecipe> make_recipe(JobCard& card, const Node& node, const OrderRecord& order,
                               std::uint32_t index, const std::string& epoch,
                               const Meeting& meeting, JobFiles& files);

/// "7.3.1@epoch": gang 3 of job 7, attempt 1, of this life of the state directory.
std::string gang_id_text(GangId gang, std::uint32_t attempt, const std::string& epoch);

/// The executable file that `word` means: a path if it has a slash, else the first one in `path`.
Result<std::string> find_program(const std::string& word, const std::string& path,
                                 const std::string& dir);

}  // namespace gangline
