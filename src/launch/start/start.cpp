#include "launch/start/start.h"

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "base/check.h"
#include "launch/start/borrow_memory.h"
#include "launch/start/child_plan.h"
#include "launch/start/pipe.h"
#include "os/clock.h"
#include "os/file.h"

namespace gangline {
namespace {

constexpr int gate_deadline_ms = 10'000;

/// The quick way, for a gang of one task: the child borrows our memory until exec, so nothing is
/// copied and its failure is seen without a pipe.
int run_child(void* plan) {
  static_cast<ChildPlan*>(plan)->become_task(-1, -1);
  end_without_program();
}

void reap_now(std::int64_t pid) {
  while (::waitpid(static_cast<pid_t>(pid), nullptr, 0) < 0 && errno == EINTR) {
  }
}

Started start_one(const GangRecipe& recipe, BeganRecord began, int journal,
                  const CgroupDoors* doors) {
  ChildPlan plan(recipe.tasks.front(), began, journal, doors);
  const int pid = run_in_borrowed_memory(run_child, &plan);
  if (pid < 0) plan.failure = {StartStep::process, errno, recipe.tasks.front().rank, {}};
  const StartFailure failure = plan.failure;
  if (failure.step == StartStep::none || failure.step == StartStep::program) {
    began.pid = pid;
    began.boot_after = since_boot();
    return {{began}, failure.step == StartStep::none ? "" : failure_text(failure, recipe), false};
  }
  if (pid > 0) reap_now(pid);
  return {{}, failure_text(failure, recipe), is_disk_full(failure)};
}

/// The next message of a child; nothing when all have run their programs or ended, or at the
/// deadline.
std::optional<StartFailure> next_report(int ready) {
  pollfd waiting{ready, POLLIN, 0};
  int n = 0;
  do n = ::poll(&waiting, 1, gate_deadline_ms);
  while (n < 0 && errno == EINTR);
  if (n <= 0) return std::nullopt;
  StartFailure report;
  if (::read(ready, &report, sizeof report) != sizeof report) return std::nullopt;
  return report;
}

[[noreturn]] void run_gated_child(ChildPlan& plan, int ready, int gate) {
  plan.become_task(ready, gate);
  // What went wrong is told; a child that ends here because the gate stayed shut tells nothing new.
  (void)!::write(ready, &plan.failure, sizeof plan.failure);
  end_without_program();
}

/// The way of a gang of several: each child does all but exec, says so, and waits at the gate,
/// which opens when all are there.
Started start_many(const GangRecipe& recipe, std::vector<BeganRecord> began, int journal,
                   const std::vector<CgroupDoors>& doors) {
  StartPipe ready;
  StartPipe gate;
  if (!ready.open() || !gate.open())
    return {{},
            failure_text({StartStep::process, errno, recipe.tasks.front().rank, {}}, recipe),
            false};

  // 1. Make them all.
  StartFailure failed;
  std::size_t made = 0;
  for (; made < recipe.tasks.size(); ++made) {
    ChildPlan plan(recipe.tasks[made], began[made], journal,
                   doors.empty() ? nullptr : &doors[made]);
    const pid_t pid = ::fork();
    if (pid == 0) {
      gate.write.reset();
      run_gated_child(plan, ready.write.number(), gate.read.number());
    }
    if (pid < 0) {
      failed = {StartStep::process, errno, recipe.tasks[made].rank, {}};
      break;
    }
    began[made].pid = pid;
  }
  ready.write.reset();
  gate.read.reset();

  // 2. Hear from each that it is ready.
  for (std::size_t heard = 0; heard < made && failed.step == StartStep::none; ++heard) {
    const auto report = next_report(ready.read.number());
    failed =
        report.value_or(StartFailure{StartStep::gate, ETIMEDOUT, recipe.tasks.front().rank, {}});
  }
  if (failed.step != StartStep::none) {
    gate.write.reset();
    for (std::size_t i = 0; i < made; ++i) {
      ::kill(static_cast<pid_t>(began[i].pid), SIGKILL);
      reap_now(began[i].pid);
    }
    return {{}, failure_text(failed, recipe), is_disk_full(failed)};
  }

  // 3. Let all go in one write, and hear of those whose program cannot be run.
  const std::string go(recipe.tasks.size(), 'g');
  CHECK(write_all(gate.write.number(), go, "gate").ok());
  while (const auto report = next_report(ready.read.number()))
    if (failed.step == StartStep::none) failed = *report;
  for (BeganRecord& record : began) record.boot_after = since_boot();
  return {std::move(began), failed.step == StartStep::none ? "" : failure_text(failed, recipe),
          false};
}

}  // namespace

Started start_tasks(const GangRecipe& recipe, std::vector<BeganRecord> began, int journal,
                    const std::vector<CgroupDoors>& doors) {
  CHECK(recipe.tasks.size() == began.size() && !began.empty());
  if (recipe.tasks.size() > 1) return start_many(recipe, std::move(began), journal, doors);
  return start_one(recipe, began.front(), journal, doors.empty() ? nullptr : &doors.front());
}

}  // namespace gangline
