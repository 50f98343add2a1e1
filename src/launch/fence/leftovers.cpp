// What a gang leaves behind beyond its processes. All else about its end is in gang_ends.cpp.
#include <unistd.h>

#include "launch/fence/shared_memory.h"
#include "launch/gangs.h"
#include "os/clock.h"

namespace gangline {

void Gangs::clear_shared_memory(const LiveGang& gang) {
  if (gang.boot != boot_) return;
  const JobCard* card = card_of(gang.id.job);
  GoneProcesses gone;
  // A launcher that is root starts tasks for others.
  gone.uid = ::geteuid() == 0 && card != nullptr ? card->job.uid : ::geteuid();
  gone.began = gang.started;
  for (const LiveTask& task : gang.tasks) {
    gone.pids.push_back(task.pid);
    if (task.exit) gone.ended = std::max(gone.ended, task.exit->at);
  }
  remove_shared_memory(gone);
}

}  // namespace gangline
