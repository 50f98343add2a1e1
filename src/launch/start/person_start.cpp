#include "launch/start/person_start.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/check.h"
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
    // Made here, so that the child writes to little of the memory that it shares until then.
    ChildPlan plan(recipe_.tasks[i], {}, -1, doors.empty() ? nullptr : &doors[i]);
    const pid_t pid = ::fork();
    if (pid == 0) run_child(plan, i == 0 && recipe_.piece);
    if (pid < 0) {
      note({StartStep::process, errno, recipe_.tasks[i].rank, {}});
      break;
    }
    pids_.push_back(pid);
  }
  ready_.write.reset();
  gate_.read.reset();
}

PersonStart::~PersonStart() { end(); }

void PersonStart::run_child(ChildPlan& plan, bool cuts_piece) {
  gate_.write.reset();
  plan.become_task_of(recipe_, cuts_piece, ready_.write.number(), gate_.read.number());
  if (::write(plan.report_to, &plan.failure, sizeof plan.failure) < 0) _exit(126);
  _exit(127);
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
  // A process that was killed meanwhile leaves its byte to nobody.
  const std::string go(pids_.size(), 'g');
  if (!write_all(gate_.write.number(), go, "gate").ok())
    note({StartStep::gate, EPIPE, recipe_.tasks.front().rank, {}});
  gate_.write.reset();
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
