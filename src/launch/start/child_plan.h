// What a new process does between its making and its program: into its session, fences, directory
// and logs, past the gate, and on.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "launch/recipe.h"
#include "launch/record.h"
#include "launch/start/start.h"
#include "launch/start/start_failure.h"

namespace gangline {

class StarterPlan;

/// One sentence for people.
std::string failure_text(const StartFailure& failure, const GangRecipe& recipe);
bool is_disk_full(const StartFailure& failure);

/// Ends a new process whose program did not run; see ends_without_program.
[[noreturn]] void end_without_program();

/// All that a child reads. Made before it, so that a child that borrows the launcher's memory
/// allocates nothing.
class ChildPlan {
 public:
  /// All must outlive it. `doors`: see CgroupDoors; null: there are none.
  ChildPlan(const TaskRecipe& recipe, const BeganRecord& began, int journal,
            const CgroupDoors* doors);

  /// In the child: becomes the task, or notes the failure and returns. `gate` -1: there is none.
  void become_task(int ready, int gate);
  /// The same in a child of a launcher that runs as root: becomes the person first. That the task
  /// begins is written down by the launcher, which opens the gate afterwards. Closes all files that
  /// the task is not to have.
  void become_task_of(const GangRecipe& gang, bool cuts_piece, int ready, int gate);
  /// The same up to where only what the kernel does as the person is left, which `starter` does.
  /// For a child that borrows the launcher's memory.
  void become_starter(const GangRecipe& gang, const StarterPlan& starter);

  StartFailure failure;  // in memory shared with the parent where the child was made by vfork

 private:
  static constexpr const char* shell = "/bin/sh";

  void set_cpus();
  bool fail(StartStep step);
  bool begin_session();
  bool enter();
  void bind();
  bool take_directory();
  bool open_logs();
  bool open_logs_of(const GangRecipe& gang);
  bool prepare_as_root(const GangRecipe& gang, const std::vector<int>& stays);
  bool pass_gate(int ready, int gate);
  bool note_beginning();
  /// Returns where it could not be run, with errno.
  void run(const char* program);
  void run_program();

  static constexpr std::size_t bits_per_word = 8 * sizeof(unsigned long);
  static constexpr unsigned most_numa_nodes = 1024;
  const TaskRecipe& recipe_;
  int journal_;
  const CgroupDoors* doors_;
  BeganFrame frame_;
  std::vector<const char*> words_;
  std::vector<const char*> environment_;
  std::array<unsigned long, CpuSet::most_cpus / bits_per_word> cpus_{};
  std::array<unsigned long, most_numa_nodes / bits_per_word> numa_{};
  bool bound_ = false;
  bool prefers_numa_ = false;
};

}  // namespace gangline
