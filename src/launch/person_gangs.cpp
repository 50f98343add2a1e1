// How gangs begin whose tasks run as another person than the launcher. It waits for none of them,
// so a gang is *starting* for a while: its turn is still waiting in the lane.
#include <algorithm>

#include "base/check.h"
#include "base/text.h"
#include "launch/gangs.h"
#include "os/clock.h"

namespace gangline {
namespace {

// A home directory may have to be mounted first.
constexpr Span longest_preparation = seconds(60);

}  // namespace

Result<void> Gangs::may_start(const Job& job) const {
  const auto refuse = [&](std::string what, std::string hint) {
    return Error{ErrorKind::denied, std::move(what), "job " + format(job.id), std::move(hint)};
  };
  if (!settings_.for_all && !job.person) return {};
  if (!settings_.for_all)
    return refuse("it is another user's, and this launcher does not run as root", "");
  if (!job.person) return refuse("whose job it is was not said", "submit it again");
  if (job.person->uid == 0)
    return refuse("the service for all starts nothing as root", "submit it as another user");
  if (job.person->uid == settings_.for_all->service_uid)
    return refuse("nothing is started as the user of the service itself", "submit it as another");
  return {};
}

void Gangs::begin_as_person(const Lane& lane, std::uint32_t index, GangRecipe recipe,
                            const RaisedFences& raised) {
  recipe.log_group = settings_.for_all->service_gid;
  Starting starting;
  starting.lane = lane.order.lane;
  starting.index = index;
  starting.boot_before = since_boot();
  starting.until = starting.boot_before + longest_preparation;
  starting.start = std::make_unique<PersonStart>(std::move(recipe), raised.doors);
  wake_by(starting.until);
  const int fd = starting.start->fd();
  if (fd < 0) {  // no pipe was to be had
    end_unstarted(lane, index, {ErrorKind::refused, starting.start->failure(), "", ""});
    take_down(lane, {lane.order.job, index});
    return;
  }
  const bool ready = starting.start->state() == PersonStart::State::ready;
  starting_.emplace(fd, std::move(starting));
  if (ready) let_begin(fd);
}

/// All its tasks are there. Nothing of it runs before that is written down.
void Gangs::let_begin(int fd) {
  Starting& starting = starting_.at(fd);
  if (!is_wanted(starting)) end_start(fd, false);
  else if (!believe_beginning(starting)) end_start(fd, true);
  else starting.start->let_go();
}

bool Gangs::is_starting(std::uint64_t lane) const {
  return std::any_of(starting_.begin(), starting_.end(), [&](const auto& each) {
    return each.second.lane == lane && !each.second.start->has_begun();
  });
}

bool Gangs::may_be_left() const {
  return std::all_of(starting_.begin(), starting_.end(),
                     [](const auto& each) { return each.second.start->has_begun(); });
}

bool Gangs::is_becoming_task(std::int64_t pid) const {
  return std::any_of(starting_.begin(), starting_.end(), [&](const auto& each) {
    const auto& pids = each.second.start->pids();
    return std::find(pids.begin(), pids.end(), pid) != pids.end();
  });
}

void Gangs::hear_start_of(std::int64_t pid) {
  for (const auto& [fd, starting] : starting_) {
    const auto& pids = starting.start->pids();
    if (std::find(pids.begin(), pids.end(), pid) == pids.end()) continue;
    hear_start(fd);
    return;
  }
}

/// A child has ended that is no task.
void Gangs::note_gone(std::int64_t pid) {
  std::vector<int> failed;
  for (auto& [fd, starting] : starting_) {
    if (starting.start->has_begun()) continue;
    starting.start->gone(pid);
    if (!starting.start->failure().empty()) failed.push_back(fd);
  }
  for (const int fd : failed) hear_start(fd);
}

/// Whether its turn still waits: it may have been stopped or taken back.
bool Gangs::is_wanted(const Starting& starting) {
  const Lane* lane = ledger_.book().lane(starting.lane);
  return lane != nullptr && !lane->waiting.empty() && lane->waiting.first() == starting.index &&
         !unwritten_stops_.contains({lane->order.job, starting.index});
}

/// All its tasks wait at the gate. False: the disk is full, and the turn stays where it is.
bool Gangs::believe_beginning(Starting& starting) {
  const Lane& lane = *ledger_.book().lane(starting.lane);
  const GangId id{lane.order.job, starting.index};
  const PersonStart& start = *starting.start;
  std::vector<Record> records;
  BeganRecord began{
      starting.lane, id, lane.order.attempt, 0, ledger_.next_news(), now(), starting.boot_before,
      since_boot(),  0};
  for (std::size_t i = 0; i < start.pids().size(); ++i) {
    began.rank = start.recipe().tasks[i].rank;
    began.pid = start.pids()[i];
    records.emplace_back(began);
    began.news = 0;
  }
  if (const auto room = ledger_.make_room(start.pids().size()); !room) {
    trouble_ = room.error().sentence();
    return false;
  }
  if (!commit(records)) return false;
  trouble_.clear();
  const auto& raised = lane_care_[starting.lane].raised;
  CHECK(raised);
  care_for(*ledger_.book().find(id), raised->groups);
  return true;
}

void Gangs::hear_start(int fd) {
  const auto found = starting_.find(fd);
  if (found == starting_.end()) return;
  Starting& starting = found->second;
  PersonStart& start = *starting.start;
  const auto before = start.hear();
  if (before == PersonStart::State::preparing || before == PersonStart::State::going) return;
  if (before == PersonStart::State::ready) {
    let_begin(fd);
    return;
  }

  // It is over: all run their programs, or some could not.
  const std::string why = start.failure();
  const bool began = start.has_begun();
  const GangId id{start.recipe().gang};
  if (!began && is_wanted(starting) && !start.disk_full())
    end_unstarted(*ledger_.book().lane(starting.lane), starting.index,
                  {ErrorKind::refused, why, "", ""});
  if (!began && start.disk_full()) trouble_ = why;
  if (began && !why.empty()) fail_to_start(id, why);
  end_start(fd, start.disk_full());
}

/// What is not begun by now will not be; its turn goes on waiting, if it is still wanted, and
/// `later` is not tried again at once.
void Gangs::end_start(int fd, bool later) {
  const auto found = starting_.find(fd);
  Starting ended = std::move(found->second);
  starting_.erase(found);
  const bool began = ended.start->has_begun();
  const GangId id = ended.start->recipe().gang;
  ended.start.reset();
  if (began) return;
  let_go_of_devices(id);
  lower_fences(ended.lane);
  if (ledger_.book().lane(ended.lane) == nullptr) forget_lane(ended.lane);
  else if (later) put_off_.push_back(ended.lane);
  else ready_.push_back(ended.lane);
  wake_by(later ? since_boot() + seconds(1) : since_boot());
}

void Gangs::drop_unwanted_starts() {
  std::vector<int> unwanted;
  for (const auto& [fd, starting] : starting_)
    if (!starting.start->has_begun() && !is_wanted(starting)) unwanted.push_back(fd);
  for (const int fd : unwanted) end_start(fd, false);
}

/// Those that have begun are heard as they end, and here.
void Gangs::tick_starts(Span boot) {
  std::vector<int> late, begun;
  for (const auto& [fd, starting] : starting_) {
    if (boot >= starting.until) {
      late.push_back(fd);
      continue;
    }
    if (starting.start->has_begun()) begun.push_back(fd);
    wake_by(starting.until);
  }
  for (const int fd : begun) hear_start(fd);
  for (const int fd : late) give_up_start(fd);
}

void Gangs::give_up_start(int fd) {
  const Starting& starting = starting_.at(fd);
  const Error why{
      ErrorKind::unavailable,
      "its directory, program or shard's file did not answer within " + format(longest_preparation),
      starting.start->recipe().tasks.front().dir, "is its file system there?"};
  if (starting.start->has_begun()) fail_to_start(starting.start->recipe().gang, why.sentence());
  else if (is_wanted(starting))
    end_unstarted(*ledger_.book().lane(starting.lane), starting.index, why);
  end_start(fd, false);
}

/// Some of its tasks run, and some cannot.
void Gangs::fail_to_start(GangId id, const std::string& why) {
  LiveGang* gang = ledger_.book().find(id);
  if (gang == nullptr || gang->stop) return;
  const StopRecord stop{id, EndCause::not_started, why, true, std::nullopt, since_boot()};
  if (!commit({stop})) gang->stop = stop;
  act_on_stop(*gang);
}

}  // namespace gangline
