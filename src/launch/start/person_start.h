// Starts the tasks of a gang as the person who submitted it, without ever waiting for them: the
// person's directory or program may lie on a file system that does not answer.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "launch/start/child_plan.h"
#include "launch/start/pipe.h"

namespace gangline {

class PersonStart {
 public:
  enum class State : std::uint8_t {
    preparing,  ///< its processes are becoming tasks
    ready,      ///< it may be let go: all wait at the gate, or the only one will
    going,      ///< the gate is open
    over,       ///< all run, or have failed to
  };

  /// Makes the processes. `doors`: see start_tasks; may be closed afterwards. A gang of one task is
  /// `ready` at once: nothing is to be known of others, and its own troubles are told later.
  PersonStart(GangRecipe recipe, const std::vector<CgroupDoors>& doors);
  /// Ends those that have not passed the gate.
  ~PersonStart();
  PersonStart(const PersonStart&) = delete;
  PersonStart& operator=(const PersonStart&) = delete;

  /// Readable when there is something to hear.
  int fd() const { return ready_.read.number(); }
  State state() const { return state_; }
  /// Hears what the processes say.
  State hear();
  /// Opens the gate. Before, it has to be written down that the tasks begin. Only when `ready`.
  void let_go();

  /// A child has ended and its number may become another's. Not for those that are known to have
  /// begun.
  void gone(std::int64_t pid);

  /// Whether the gate was opened.
  bool has_begun() const { return has_begun_; }
  /// By rank, as in the recipe.
  const std::vector<std::int64_t>& pids() const { return pids_; }
  const GangRecipe& recipe() const { return recipe_; }
  /// Why not all of them run; empty: no reason yet.
  std::string failure() const;
  bool disk_full() const { return is_disk_full(failed_); }

 private:
  pid_t make(std::size_t task, const CgroupDoors* doors);
  pid_t make_starter(ChildPlan& plan, const TaskRecipe& task, const CgroupDoors* doors);
  [[noreturn]] void run_child(ChildPlan& plan, bool cuts_piece);
  void note(const StartFailure& report);
  void end();

  GangRecipe recipe_;
  StartPipe ready_;
  StartPipe gate_;
  std::vector<std::int64_t> pids_;
  std::size_t heard_ = 0;
  State state_ = State::preparing;
  bool has_begun_ = false;
  StartFailure failed_;
};

}  // namespace gangline
