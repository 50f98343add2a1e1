#include "launch/start/person_start.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/check.h"
#include "launch/start/borrow_memory.h"
#include "launch/start/starter_plan.h"
#include "os/file.h"
#include "os/unix_socket.h"

namespace gangline {

PersonStart::PersonStart(GangRecipe recipe, const std::vector<CgroupDoors>& doors)
    : recipe_(std::move(recipe)) {
  CHECK(recipe_.person != nullptr && !recipe_.tasks.empty());
  if (!ready_.open() || !gate_.open()) {
    note({StartStep::process, errno, recipe_.tasks.front().rank, {}});
    return;
  }
  set_nonblocking(ready_.read.number());
  for (std::size_t i = 0; i < recipe_.tasks.size(); ++i) {
    const pid_t pid = make(i, doors.empty() ? nullptr : &doors[i]);
    if (pid < 0) break;
    pids_.push_back(pid);
  }
  ready_.write.reset();
  gate_.read.reset();
  if (failed_.step == StartStep::none && recipe_.tasks.size() == 1 && !recipe_.piece)
    state_ = State::ready;
}

PersonStart::~PersonStart() { end(); }

/// Less than 0, noted, where it could not be made.
pid_t PersonStart::make(std::size_t task, const CgroupDoors* doors) {
  // Made here, so that a child that copies the launcher's memory writes to little of it.
  ChildPlan plan(recipe_.tasks[task], {}, -1, doors);
  const bool cuts_piece = task == 0 && recipe_.piece;
  pid_t pid = -1;
  if (!cuts_piece && starter_program() >= 0) pid = make_starter(plan, recipe_.tasks[task], doors);
  // The kernel may be told to run nothing from memory, and a piece is more than a starter can cut.
  if (pid < 0 && plan.failure.step == StartStep::starter) plan.failure = {};
  if (pid < 0 && plan.failure.step == StartStep::none) {
    plan.failure.rank = recipe_.tasks[task].rank;
    pid = ::fork();
    if (pid == 0) run_child(plan, cuts_piece);
    if (pid < 0) plan.failure = {StartStep::process, errno, plan.failure.rank, {}};
  }
  if (pid < 0) note(plan.failure);
  return pid;
}

/// The child borrows the launcher's memory while it is root, where nobody else can stop it.
pid_t PersonStart::make_starter(ChildPlan& plan, const TaskRecipe& task, const CgroupDoors* doors) {
  const StarterPlan starter(recipe_, task, doors, ready_.write.number(), gate_.read.number(),
                            recipe_.tasks.size() > 1);
  struct Child {
    ChildPlan& plan;
    const GangRecipe& gang;
    const StarterPlan& starter;
  } child{plan, recipe_, starter};
  const int pid = run_in_borrowed_memory(
      [](void* what) -> int {
        const auto* self = static_cast<Child*>(what);
        self->plan.become_starter(self->gang, self->starter);
        return 127;
      },
      &child);
  if (pid < 0) plan.failure = {StartStep::process, errno, task.rank, {}};
  if (pid < 0 || plan.failure.step == StartStep::none) return pid;
  while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
  return -1;
}

void PersonStart::run_child(ChildPlan& plan, bool cuts_piece) {
  gate_.write.reset();
  plan.become_task_of(recipe_, cuts_piece, ready_.write.number(), gate_.read.number());
  (void)!::write(ready_.write.number(), &plan.failure, sizeof plan.failure);
  end_without_program();
}

void PersonStart::note(const StartFailure& report) {
  if (failed_.step == StartStep::none) failed_ = report;
}

std::string PersonStart::failure() const {
  return failed_.step == StartStep::none ? "" : failure_text(failed_, recipe_);
}

PersonStart::State PersonStart::hear() {
  StartFailure report;
  ssize_t n = 0;
  while (state_ != State::over && failed_.step == StartStep::none) {
    n = ::read(ready_.read.number(), &report, sizeof report);
    if (n < 0 && errno == EINTR) continue;
    if (n != sizeof report) break;
    if (report.step != StartStep::none) note(report);
    else if (++heard_ == pids_.size()) state_ = State::ready;
  }
  const bool all_closed = n == 0;
  if (all_closed && state_ != State::going)
    note({StartStep::killed, 0, recipe_.tasks.front().rank, {}});
  if (all_closed || failed_.step != StartStep::none) end();
  return state_;
}

void PersonStart::let_go() {
  CHECK(state_ == State::ready);
  state_ = State::going;
  has_begun_ = true;
  // A process that has ended meanwhile leaves its byte to nobody, and has said why.
  const std::string go(pids_.size(), 'g');
  const bool written = write_all(gate_.write.number(), go, "gate").ok();
  gate_.write.reset();
  if (written) return;
  hear();
  note({StartStep::gate, EPIPE, recipe_.tasks.front().rank, {}});
}

void PersonStart::gone(std::int64_t pid) {
  const auto found = std::find(pids_.begin(), pids_.end(), pid);
  if (found == pids_.end()) return;
  hear();  // it may have said why
  *found = 0;
  if (!has_begun_) note({StartStep::killed, 0, recipe_.tasks.front().rank, {}});
}

/// Of those that wait before the gate nobody knows yet; who sees children end lets go of them.
void PersonStart::end() {
  if (state_ == State::preparing || state_ == State::ready)
    for (const std::int64_t pid : pids_)
      if (pid > 0) ::kill(static_cast<pid_t>(pid), SIGKILL);
  state_ = State::over;
}

}  // namespace gangline
