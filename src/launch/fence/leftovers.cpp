// What a gang leaves behind beyond its processes, and what gangs of earlier launchers have left.
// All else about ends is in gang_ends.cpp.
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

/// Control groups of gangs that an earlier launcher began may lie elsewhere than ours.
void Gangs::remember_group_places() {
  const std::string path = files_.launcher_directory() + "/groups";
  std::vector<GroupPlace> stood_in;
  for (const std::string& directory : cgroups_.directories())
    if (::access(directory.c_str(), W_OK) == 0)
      stood_in.push_back({ledger_.book().epoch(), directory});
  group_places_ = places_in_use(read_group_places(path), stood_in);
  keep_group_places(path, group_places_);
  std::vector<std::string> ours;
  for (const GroupPlace& place : group_places_)
    if (place.epoch == ledger_.book().epoch()) ours.push_back(place.directory);
  cgroups_.look_also_in(std::move(ours));
}

/// Where launcher and guardian were both killed, nobody has removed the groups of what ended since.
void Gangs::clear_earlier_groups() {
  Book& book = ledger_.book();
  const auto fate = [&](const GroupName& name) {
    if (name.epoch != book.epoch() || name.lane >= book.next_lane()) return GangFate::unknown;
    const Lane* lane = book.lane(name.lane);
    if (lane == nullptr) return GangFate::over;
    // What is beginning may not have written so yet.
    return lane->running ? GangFate::lives : GangFate::unknown;
  };
  for (std::string& path : clear_groups(group_places_, fate))
    groups_to_lower_.push_back({{std::move(path)}});
  if (!groups_to_lower_.empty()) wake_by(since_boot());
}

}  // namespace gangline
