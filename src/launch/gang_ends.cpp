// How gangs are watched, stopped, and how they end. The beginning is in gangs.cpp.
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <set>

#include "base/text.h"
#include "launch/gangs.h"
#include "launch/second_warning.h"
#include "launch/start/start_failure.h"
#include "os/clock.h"
#include "os/file.h"

namespace gangline {
namespace {

constexpr std::size_t longest_last_lines = 2 << 10;
constexpr Span kill_period = milliseconds(100);
constexpr Span longest_clearing = seconds(2);
constexpr Span longest_dying = seconds(30);

Span span_of(const timeval& t) {
  return {static_cast<std::int64_t>(t.tv_sec) * 1'000'000 + t.tv_usec};
}

bool ended_badly(const ExitRecord& exit) { return exit.by_signal || exit.status != 0; }

std::string how_it_ended(const ExitRecord& exit) {
  if (!exit.by_signal) return "ended with code " + std::to_string(exit.status);
  const char* name = ::sigdescr_np(exit.status);
  return "was ended by signal " + std::to_string(exit.status) +
         (name != nullptr ? std::string(" (") + name + ")" : "");
}

/// The first process of a task, which ended before its program.
bool ended_without_program(const ExitRecord& exit) {
  return exit.by_signal && exit.status == ends_without_program;
}

bool all_exited(const LiveGang& gang) {
  return std::all_of(gang.tasks.begin(), gang.tasks.end(),
                     [](const LiveTask& task) { return task.exit.has_value(); });
}

std::vector<ProcessMark> marks_of(const LiveGang& gang) {
  std::vector<ProcessMark> marks;
  for (const LiveTask& task : gang.tasks)
    marks.push_back({task.pid, task.boot_before, task.boot_after});
  return marks;
}

bool leads_session(const LiveGang& gang, std::int64_t session) {
  return std::any_of(gang.tasks.begin(), gang.tasks.end(),
                     [&](const LiveTask& task) { return task.pid == session; });
}

std::uint64_t read_kernel_kills() {
  const auto text = read_file("/proc/vmstat");
  if (!text) return 0;
  for (const std::string_view line : split(*text, '\n'))
    if (line.starts_with("oom_kill ")) return parse_number(line.substr(9)).value_or(0);
  return 0;
}

}  // namespace

void Gangs::reap() {
  reap_again_ = false;
  for (;;) {
    siginfo_t ended{};
    rusage use{};
    // First look, then write down, then let go: an exit is never known to nobody.
    if (::syscall(SYS_waitid, P_ALL, 0, &ended, WEXITED | WNOHANG | WNOWAIT, &use) != 0 ||
        ended.si_pid == 0)
      return;
    const pid_t pid = ended.si_pid;
    hear_start_of(pid);  // why its program did not run is told before it ends
    if (ledger_.book().find_pid(pid).task != nullptr) {
      // What it left in its group ends with it, while the number is certain to be its own.
      ::kill(-pid, SIGKILL);
      ExitRecord exit;
      exit.pid = pid;
      exit.by_signal = ended.si_code != CLD_EXITED;
      exit.status = ended.si_status;
      exit.boot = since_boot();
      exit.at = now();
      exit.cpu_time = span_of(use.ru_utime) + span_of(use.ru_stime);
      exit.peak_memory = kibibytes(use.ru_maxrss);
      if (!note_exit(exit)) {
        reap_again_ = true;
        wake_by(since_boot() + seconds(1));
        return;
      }
    } else {
      wake_by(since_boot());  // perhaps the last of what a gang left behind
      note_gone(pid);
      if (mps_.child_ended(pid, ended.si_code != CLD_EXITED, ended.si_status))
        wake_those_without_mps();
    }
    ::waitpid(pid, nullptr, WNOHANG);
  }
}

/// False: the journal cannot be written, so the exit is to be told again.
bool Gangs::note_exit(const ExitRecord& exit, const std::string& boot) {
  const auto [gang, task] = ledger_.book().find_pid(exit.pid);
  if (task == nullptr || task->exit || exit.boot < task->boot_after) return true;
  // Numbers of processes begin again with each boot.
  if (!boot.empty() && boot != gang->boot) return true;
  LiveGang after = *gang;
  LiveTask& ended = after.tasks[static_cast<std::size_t>(task - gang->tasks.data())];
  ended.exit = exit;
  std::vector<Record> records{exit};
  const bool fails = ended_badly(exit) && !after.stop;
  if (fails) {
    after.stop = stop_for_failure(after, ended);
    records.emplace_back(*after.stop);
  }
  if (all_exited(after)) return end_gang(after, std::move(records));
  if (!commit(records)) return false;
  if (fails) act_on_stop(*gang);
  return true;
}

StopRecord Gangs::stop_for_failure(const LiveGang& gang, const LiveTask& task) {
  StopRecord stop{gang.id, EndCause::failed, "", false, task.rank, since_boot()};
  const bool several = gang.tasks.size() > 1;
  const std::string who = several ? "rank " + std::to_string(task.rank) : "it";
  const auto& groups = care_[gang.id].groups;
  const NodePart& part = gang.lane->order.allocation->parts[gang.lane->order.part];
  const std::size_t place = task.rank - part.tasks.front().rank;
  if (task.exit->status == exit_not_seen && !task.exit->by_signal) {
    stop.cause = EndCause::lost;
    stop.reason = "its exit was not seen because launcher and guardian were killed";
  } else if (ended_without_program(*task.exit) && task.boot_before < begun_) {
    stop.cause = EndCause::lost;
    stop.reason = "the launcher was killed while it started " +
                  (several ? who + ", whose program" : "this gang, and its program") +
                  " did not run";
  } else if (place < groups.size() && Cgroups::out_of_memory(groups[place])) {
    stop.cause = EndCause::out_of_memory;
    stop.reason = who + " went over its memory limit";
  } else if (task.exit->by_signal && task.exit->status == SIGKILL && kernel_kill_since(gang)) {
    stop.cause = EndCause::out_of_memory;
    stop.reason = "the machine ran out of memory, and the kernel ended " + who;
  } else if (several || task.exit->by_signal) {
    stop.reason = who + " " + how_it_ended(*task.exit);
  }
  return stop;
}

/// A large process takes a while to end, so the kill may lie some seconds back.
bool Gangs::kernel_kill_since(const LiveGang& gang) {
  count_kernel_kills();
  return last_kernel_kill_ > gang.boot_started && since_boot() - last_kernel_kill_ < longest_dying;
}

/// Notes whether the kernel has ended processes for want of memory since the last look.
void Gangs::count_kernel_kills() {
  const std::uint64_t kills = read_kernel_kills();
  if (kernel_kills_ && kills > *kernel_kills_) last_kernel_kill_ = since_boot();
  kernel_kills_ = kills;
  kernel_looked_at_ = since_boot();
}

// Stopping.

void Gangs::stop(const StopMessage& message) {
  if (LiveGang* gang = ledger_.book().find(message.gang)) {
    if (gang->stop && (gang->stop->at_once || !message.at_once)) return;
    StopRecord record{message.gang,    message.cause, message.reason,
                      message.at_once, std::nullopt,  since_boot()};
    if (gang->stop) {  // the same stop, but at once now
      record = *gang->stop;
      record.at_once = true;
    }
    if (!commit({record})) gang->stop = record;  // stopping must not wait for the disk
    act_on_stop(*gang);
    return;
  }
  const Lane* lane = ledger_.book().lane_waiting_for(message.gang);
  if (lane == nullptr) {
    drop_unwritten(message);
    return;
  }
  Ending ending;
  ending.cause = message.cause;
  ending.detail = message.reason;
  if (!commit({EndedRecord{message.gang, lane->order.attempt, Time{0}, now(), std::move(ending),
                           ledger_.next_news()}})) {
    unwritten_stops_.insert_or_assign(message.gang, message);
    wake_by(since_boot() + seconds(1));
  }
  drop_unwanted_starts();
}

/// Turns of an order that the full disk did not take have not begun, and no other launcher knows of
/// them: who asked is told at once. What was asked under an earlier boot may have begun then.
void Gangs::drop_unwritten(const StopMessage& message) {
  const std::uint32_t index = message.gang.index;
  std::optional<std::uint32_t> attempt;
  std::vector<StartMessage> left;
  for (const StartMessage& order : unwritten_) {
    bool has_it = false;
    if (order.job == message.gang.job && order.boot == boot_)
      for (const Range& turns : new_turns(order))
        has_it = has_it || (turns.begin <= index && index < turns.end);
    if (!has_it) {
      left.push_back(order);
      continue;
    }
    attempt = order.attempt;
    for (const Range& turns : {Range{order.first, index}, {index + 1, order.first + order.count}}) {
      if (turns.begin == turns.end) continue;
      left.push_back(order);
      left.back().first = turns.begin;
      left.back().count = turns.end - turns.begin;
    }
  }
  unwritten_ = std::move(left);
  if (!attempt) return;
  Ending ending;
  ending.cause = message.cause;
  ending.detail = message.reason;
  unnumbered_news_.push_back(
      {now(), GangEnded{message.gang, *attempt, Time{0}, std::move(ending)}});
}

void Gangs::forget_unwritten() {
  unwritten_.clear();
  unnumbered_news_.clear();
}

void Gangs::return_turns(const ReturnMessage& message) {
  RangeSet returned;
  for (const auto& [number, lane] : ledger_.book().lanes())
    if (lane->order.job == message.job)
      for (const Range& turns :
           lane->waiting.within({message.first, message.first + message.count}))
        returned.add(turns);
  for (const Range& turns : returned.ranges())
    commit({ReturnedRecord{message.job, turns, ledger_.next_news(), now()}});
  drop_unwanted_starts();
  std::vector<std::uint64_t> gone;
  for (const auto& [number, care] : lane_care_)
    if (ledger_.book().lane(number) == nullptr) gone.push_back(number);
  for (const std::uint64_t number : gone) forget_lane(number);
}

void Gangs::stop_all(const std::string& reason, bool at_once) {
  forget_unwritten();
  std::vector<GangId> running;
  std::set<JobId> waiting;
  for (const auto& [id, gang] : ledger_.book().live()) running.push_back(id);
  for (const auto& [number, lane] : ledger_.book().lanes()) waiting.insert(lane->order.job);
  for (const GangId gang : running) stop({gang, EndCause::stopped, reason, at_once});
  for (const JobId job : waiting) return_turns({job, 0, std::numeric_limits<std::uint32_t>::max()});
}

void Gangs::act_on_stop(const LiveGang& gang) {
  if (!gang.stop) return;
  const JobCard* card = card_of(gang.id.job);
  const Span boot = since_boot();
  Care& care = care_[gang.id];
  care.term_at.reset();
  if (gang.stop->at_once || card == nullptr) {
    signal(gang, SIGKILL);
    care.kill_at = boot + kill_period;
  } else {
    signal(gang, card->job.spec->stop_signal);
    care.term_at = second_warning_at(*card->job.spec, gang.stop->boot);
    care.kill_at = gang.stop->boot + card->job.spec->grace;
  }
  care.deadline.reset();
  wake_by(care.term_at.value_or(*care.kill_at));
}

void Gangs::signal(const LiveGang& gang, int number) {
  if (gang.boot != boot_) return;  // its processes are gone, and others have their numbers
  const auto live = [&](std::int64_t pid) {
    return std::any_of(gang.tasks.begin(), gang.tasks.end(),
                       [&](const LiveTask& task) { return task.pid == pid && !task.exit; });
  };
  // The groups first and in one call each, so that members cannot slip away by forking; then those
  // that have left them.
  const auto& marks = marks_of(gang);
  for (const ProcessMark& mark : marks)
    if (live(mark.pid) && is_there(mark)) ::kill(static_cast<pid_t>(-mark.pid), number);
  const std::string id = gang_id_text(gang.id, gang.attempt, ledger_.book().epoch());
  for (const ProcessEntry& process : processes_of_gang(marks, id))
    if (!live(process.group)) ::kill(static_cast<pid_t>(process.pid), number);
  // Nothing leaves a control group by itself.
  const auto care = care_.find(gang.id);
  if (number != SIGKILL || care == care_.end()) return;
  Cgroups::end_all(care->second.groups);
}

// Ending.

/// Whether processes of the gang are left although its tasks are over; they are ended then.
bool Gangs::has_leftovers(const LiveGang& gang) {
  const std::string id = gang_id_text(gang.id, gang.attempt, ledger_.book().epoch());
  std::vector<std::int64_t> children = children_.read();
  const auto care = care_.find(gang.id);
  if (care != care_.end() && care->second.adopted) {
    const auto more = children_of(settings_.guardian);
    children.insert(children.end(), more.begin(), more.end());
  }
  Book& book = ledger_.book();
  bool left = false;
  for (const std::int64_t pid : children) {
    if (book.find_pid(pid).task != nullptr || pid == ::getpid() || is_becoming_task(pid) ||
        mps_.is_child(pid))
      continue;
    const auto process = read_process(pid);
    if (!process || process->zombie) continue;
    if (!leads_session(gang, process->session)) {
      const auto of = start_variable(pid, "GANG_ID");
      // Who says nothing belongs to the gang whose leases it has, or to the only one there is.
      const bool ours = book.live().size() == 1 || leases_.has_only_lease(pid, gang.id);
      if (of ? *of != id : !ours) continue;
    }
    left = true;
    ::kill(static_cast<pid_t>(pid), SIGKILL);
  }
  if (care != care_.end())
    for (const std::int64_t pid : Cgroups::members(care->second.groups)) {
      const auto process = read_process(pid);
      left = left || (process && !process->zombie);
    }
  if (left) signal(gang, SIGKILL);
  return left;
}

bool Gangs::end_gang(const LiveGang& gang, std::vector<Record> with) {
  const GangId id = gang.id;
  const Span boot = since_boot();
  Care& care = care_[id];
  const bool waited_enough = care.clear_until && boot >= *care.clear_until;
  if (!waited_enough && has_leftovers(gang)) {
    if (!with.empty() && !commit(with)) return false;
    if (!care.clear_until) care.clear_until = boot + longest_clearing;
    wake_by(boot + kill_period);
    return true;
  }

  clear_shared_memory(gang);
  const bool quiet =
      trim_logs(gang, care);  // it may have been shorter than the time between two looks
  Time at{0};
  for (const LiveTask& task : gang.tasks) at = std::max(at, task.exit->at);
  Ending ending = ending_of(gang);
  const Time started = ending.cause == EndCause::not_started ? Time{0} : gang.started;
  with.emplace_back(
      EndedRecord{id, gang.attempt, started, at, std::move(ending), ledger_.next_news()});
  const std::uint64_t number = gang.lane->order.lane;
  const std::size_t tasks = gang.tasks.size();
  if (!commit(with)) return false;  // `gang` is not to be used from here on

  if (care.adopted) lower_groups(std::move(care.groups));
  else if (!may_keep_fences(care)) lower_fences(number);
  care_.erase(id);
  let_go_of_devices(id);
  if (ledger_.book().lane(number) != nullptr) {
    if (quiet && tasks == 1) lane_care_[number].quiet = id;
    ready_.push_back(number);
    return true;
  }
  forget_lane(number);
  return true;
}

/// Gives back what the turns of a lane shared.
void Gangs::forget_lane(std::uint64_t number) {
  lower_fences(number);
  const auto meeting = lane_care_.find(number);
  if (meeting == lane_care_.end()) return;
  std::vector<std::uint16_t> ports = std::move(meeting->second.meeting.task_ports);
  ports.push_back(meeting->second.meeting.master_port);
  ports.push_back(meeting->second.meeting.coordinator_port);
  ports_.give_back(ports);
  lane_care_.erase(meeting);
}

Ending Gangs::ending_of(const LiveGang& gang) {
  Ending ending;
  const LiveTask* decided = &gang.tasks.front();
  if (gang.stop) {
    ending.cause = gang.stop->cause;
    ending.detail = gang.stop->reason;
    ending.rank = gang.stop->rank;
    for (const LiveTask& task : gang.tasks)
      if (task.rank == gang.stop->rank) decided = &task;
  }
  for (const LiveTask& task : gang.tasks) {
    ending.cpu_time = ending.cpu_time + task.exit->cpu_time;
    ending.peak_memory = std::max(ending.peak_memory, task.exit->peak_memory);
  }
  if (ending.cause == EndCause::not_started) return ending;
  const ExitRecord& exit = *decided->exit;
  if (ending.cause == EndCause::lost && ended_without_program(exit)) return ending;
  if (exit.by_signal) ending.signal = exit.status;
  if (!exit.by_signal && exit.status != exit_not_seen) ending.exit_code = exit.status;
  if (ending.cause == EndCause::done) return ending;
  ending.last_lines =
      last_lines(files_.log(gang.id, gang.attempt, decided->rank, true), longest_last_lines);
  if (ending.last_lines.empty())
    ending.last_lines =
        last_lines(files_.log(gang.id, gang.attempt, decided->rank, false), longest_last_lines);
  return ending;
}

// Time.

void Gangs::tick() {
  const Span boot = since_boot();
  next_tick_ = {0};
  if (reap_again_) reap();
  tick_orphans(boot);
  tick_starts(boot);
  mps_.tick(boot);
  drop_unwanted_waits_for_mps();
  wake_resting(boot);
  if (boot >= next_second_) {
    next_second_ = boot + seconds(1);
    tick_second(boot);
  }
  std::vector<GangId> ids;
  for (const auto& [id, care] : care_) ids.push_back(id);
  for (const GangId id : ids)
    if (const LiveGang* gang = ledger_.book().find(id)) tick_gang(*gang, boot);
  const bool busy = !boot_is_settled_ || !care_.empty() || !unwritten_.empty() || !ready_.empty() ||
                    reap_again_ || !groups_to_lower_.empty() || !put_off_.empty() ||
                    !unwritten_stops_.empty();
  wake_for_mps();
  if (busy) wake_by(next_second_);
}

void Gangs::tick_gang(const LiveGang& gang, Span boot) {
  Care& care = care_[gang.id];
  if (care.clear_until) {
    wake_by(boot + kill_period);
    end_gang(gang, {});
    return;
  }
  if (care.deadline && boot >= *care.deadline) {
    const auto limit = limit_of(gang);
    const std::string text = limit ? format(*limit) : "";
    stop({gang.id, EndCause::time_limit, "its time of " + text + " was up", false});
  } else if (care.kill_at && boot >= *care.kill_at) {
    signal(gang, SIGKILL);
    care.term_at.reset();
    care.kill_at = boot + kill_period;
  } else if (care.term_at && boot >= *care.term_at) {
    signal(gang, SIGTERM);
    care.term_at.reset();
  }
  if (care.term_at) wake_by(*care.term_at);
  if (care.deadline) wake_by(*care.deadline);
  if (care.kill_at) wake_by(*care.kill_at);
}

void Gangs::tick_second(Span boot) {
  if (!care_.empty()) count_kernel_kills();  // so that the count is fresh when it matters
  read_guardian_exits();
  if (!boot_is_settled_) settle_boot();
  leases_.take_adopted();
  for (auto& [id, care] : care_) {
    const LiveGang* gang = ledger_.book().find(id);
    if (gang != nullptr && boot - gang->boot_started >= seconds(1)) trim_logs(*gang, care);
  }
  for (const auto& [gang, message] : std::exchange(unwritten_stops_, {})) stop(message);
  for (const StartMessage& message : std::exchange(unwritten_, {})) order(message);
  for (const std::uint64_t lane : std::exchange(put_off_, {})) ready_.push_back(lane);
  if (!ready_.empty()) wake_by(boot);  // what waited for room begins now
  const bool all_written = boot_is_settled_ && unwritten_.empty() && unwritten_stops_.empty();
  if (all_written && ready_.empty() && resting_.empty() && !reap_again_) trouble_.clear();
  std::erase_if(groups_to_lower_, [](const auto& groups) { return Cgroups::lower(groups); });
}

bool Gangs::trim_logs(const LiveGang& gang, Care& care) {
  const JobCard* card = card_of(gang.id.job);
  if (card == nullptr) return false;
  bool quiet = true;
  const Bytes limit = card->job.spec->log_limit;
  care.trimmed.resize(gang.tasks.size() * 2, false);
  for (std::size_t i = 0; i < gang.tasks.size(); ++i) {
    for (const bool error_stream : {false, true}) {
      const LiveTask& task = gang.tasks[i];
      const auto trimmed =
          trim_log(files_.log(gang.id, gang.attempt, task.rank, error_stream), limit);
      const std::size_t which = i * 2 + (error_stream ? 1 : 0);
      quiet = quiet && trimmed && *trimmed == LogState::empty;
      if (!trimmed || *trimmed != LogState::trimmed || care.trimmed[which]) continue;
      care.trimmed[which] = true;
      commit({TrimmedRecord{gang.id, task.rank, error_stream, limit, ledger_.next_news(), now()}});
    }
  }
  return quiet;
}

}  // namespace gangline
