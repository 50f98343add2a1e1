#include "launch/gangs.h"

#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <set>

#include "base/check.h"
#include "base/text.h"
#include "devices/pack_node.h"
#include "launch/model_bytes.h"
#include "os/clock.h"
#include "os/file.h"

namespace gangline {
namespace {

constexpr int most_starts_at_a_time = 32;
constexpr std::size_t largest_card = 256 << 20;
// An init that collects its orphans now and then was seen to take two seconds.
constexpr Span longest_reaping = seconds(5);
constexpr Span ports_stay_checked = seconds(1);
constexpr std::uint64_t news_lost_at_most = 1u << 30;
constexpr std::uint32_t quiet_rank = 0;  // only gangs of one task leave logs to the next

int open_pidfd(std::int64_t pid) {
  return static_cast<int>(::syscall(SYS_pidfd_open, static_cast<pid_t>(pid), 0));
}

ProcessMark mark_of(const LiveTask& task) { return {task.pid, task.boot_before, task.boot_after}; }

/// For a task whose exit nobody saw.
ExitRecord unseen_exit(const LiveTask& task) {
  ExitRecord exit;
  exit.pid = task.pid;
  exit.status = exit_not_seen;
  exit.boot = std::max(since_boot(), task.boot_after);
  exit.at = now();
  return exit;
}

/// What each task of a gang writes when it begins; the first one brings the news.
std::vector<BeganRecord> beginnings(const Lane& lane, GangId id, std::uint64_t news) {
  BeganRecord began{lane.order.lane, id,           lane.order.attempt, 0, news,
                    now(),           since_boot(), since_boot(),       0};
  std::vector<BeganRecord> all;
  for (const TaskPlace& place : lane.order.allocation->parts[lane.order.part].tasks) {
    began.rank = place.rank;
    all.push_back(began);
    began.news = 0;
  }
  return all;
}

/// Ends turns of an order under an earlier boot that are not known to have begun.
void lose(const OrderRecord& order, const std::vector<Range>& turns, std::uint64_t& news,
          std::vector<Record>& records) {
  Ending ending;
  ending.cause = EndCause::lost;
  ending.detail = "the machine was restarted, and whether it had begun is not known";
  for (const Range& range : turns)
    for (std::uint32_t index = range.begin; index < range.end; ++index)
      records.emplace_back(
          EndedRecord{{order.job, index}, order.attempt, Time{0}, now(), ending, news++});
}

}  // namespace

Gangs::Gangs(Ledger& ledger, GangsSettings settings)
    : ledger_(ledger),
      settings_(std::move(settings)),
      boot_(boot_id()),
      files_(settings_.files_dir.empty() ? settings_.state_dir : settings_.files_dir,
             settings_.for_all.has_value(), settings_.state_dir),
      cgroups_(settings_.cgroup_root),
      leases_(ledger_.book().epoch()),
      mps_(cgroups_,
           {(settings_.for_all ? settings_.state_dir : files_.launcher_directory()) + "/mps",
            ledger_.book().epoch(), settings_.for_all.has_value()}) {
  if (settings_.for_all) cgroups_.always_group();
  else if (::geteuid() != 0) cgroups_.use_delegated_group(settings_.why_no_group);
  const auto bytes = read_file(files_.launcher_directory() + "/node", largest_card);
  if (!bytes) return;
  Unpacker from(*bytes);
  Node node = unpack_node(from);
  if (!from.ok()) return;
  node_ = std::move(node);
  has_node_ = true;
}

bool Gangs::commit(const std::vector<Record>& records) {
  const auto written = ledger_.commit(records);
  if (!written) trouble_ = written.error().sentence();
  return written.ok();
}

void Gangs::wake_by(Span boot) {
  if (next_tick_.us == 0 || boot < next_tick_) next_tick_ = boot;
}

// What the service tells.

void Gangs::set_node(Node node) {
  node_ = std::move(node);
  has_node_ = true;
  Packer packer;
  pack(packer, node_);
  // A launcher that comes after this one needs it for turns that are left.
  const std::string path = files_.launcher_directory() + "/node";
  const auto before = read_file(path, largest_card);
  node_kept_ = before && *before == packer.bytes();
  if (node_kept_) return;
  ++node_turn_;
  if (const auto kept = keep_node(); !kept) trouble_ = kept.error().sentence();
}

Result<void> Gangs::keep_node() {
  if (node_kept_) return {};
  Packer packer;
  pack(packer, node_);
  auto written = replace_file(files_.launcher_directory() + "/node", packer.bytes());
  node_kept_ = written.ok();
  return written;
}

void Gangs::put_job(Job job) {
  const JobId id = job.id;
  JobCard& card = cards_[id] = JobCard{std::move(job), nullptr, {}};
  card.kept = false;
  if (const auto kept = keep_card(card); !kept) trouble_ = kept.error().sentence();
}

Result<void> Gangs::keep_card(JobCard& card) {
  if (card.kept) return {};
  Packer packer;
  pack(packer, card.job);
  auto made = files_.make_directories_of(card.job);
  if (!made) return made;
  const std::string path = files_.card(card.job.id);
  const std::string frame = framed(packer.bytes());
  const auto before = read_file(path, largest_card);
  auto written = before && *before == frame ? Result<void>() : replace_file(path, frame);
  card.kept = written.ok();
  return written;
}

/// What a launcher that comes after this one must find beside the journal before it can go on with
/// turns of the job. An Error only where the disk has no room for it.
Result<void> Gangs::keep_beside(JobId job) {
  auto kept = keep_node();
  const auto card = cards_.find(job);
  if (kept && card != cards_.end()) kept = keep_card(card->second);
  if (!kept && kept.error().kind != ErrorKind::disk) return {};
  return kept;
}

JobCard* Gangs::card_of(JobId job) {
  const auto found = cards_.find(job);
  if (found != cards_.end()) return &found->second;
  const auto bytes = read_file(files_.card(job), largest_card);
  if (!bytes) return nullptr;
  std::optional<Job> read;
  read_frames(*bytes, [&](std::string_view payload) {
    Unpacker from(payload);
    Job unpacked = unpack_job(from);
    if (from.ok() && unpacked.id == job) read = std::move(unpacked);
  });
  if (!read) return nullptr;
  return &(cards_[job] = JobCard{*std::move(read), nullptr, {}});
}

void Gangs::forget_jobs() {
  std::set<JobId> ordered;
  for (const StartMessage& order : unwritten_) ordered.insert(order.job);
  for (auto card = cards_.begin(); card != cards_.end();) {
    if (ledger_.book().needs(card->first) || ordered.contains(card->first)) {
      ++card;
    } else {
      ::unlink(files_.card(card->first).c_str());
      card = cards_.erase(card);
    }
  }
}

std::vector<Range> Gangs::new_turns(const StartMessage& message) const {
  // Who asks and has not heard that turns went back to waiting will decide about them anew.
  const std::uint64_t heard = number_of_cursor(message.heard, ledger_.book().epoch());
  const RangeSet returned = ledger_.book().returned_since(message.job, heard);
  std::vector<Range> fresh;
  for (const Range& turns : returned.missing({message.first, message.first + message.count}))
    for (const Range& unknown : ledger_.book().unknown(message.job, message.attempt, turns))
      fresh.push_back(unknown);
  return fresh;
}

void Gangs::order(const StartMessage& message) {
  // Written before that, it would count as one of the earlier boot.
  if (!boot_is_settled_) settle_boot();
  OrderRecord order;
  order.lane = ledger_.book().next_lane();
  order.job = message.job;
  order.attempt = message.attempt;
  order.part = message.part;
  order.turns = new_turns(message);
  order.allocation = message.allocation;
  if (message.meeting) order.meeting = std::make_shared<const Meeting>(*message.meeting);
  if (order.turns.empty()) return;
  const std::uint64_t lane = order.lane;
  std::vector<Record> records{order};
  // What is new to this launcher may have been begun under the earlier boot all the same: the end
  // of the journal is lost where the machine was not shut down.
  std::uint64_t news = ledger_.next_news();
  if (message.boot != boot_) lose(order, order.turns, news, records);
  auto room = keep_beside(message.job);
  if (room) room = ledger_.make_room(message.allocation->parts[message.part].tasks.size());
  if (!boot_is_settled_ || !room || !commit(records)) {
    if (!room) trouble_ = room.error().sentence();
    unwritten_.push_back(message);
    return;
  }
  ready_.push_back(lane);
}

// Turns.

bool Gangs::start_some() {
  if (!has_node_ || !boot_is_settled_) return false;
  for (int started = 0; !ready_.empty(); ++started) {
    if (started == most_starts_at_a_time) return true;
    Lane* lane = ledger_.book().lane(ready_.front());
    const auto is_due = [this](const Lane* one) {
      return one != nullptr && !one->running && !one->waiting.empty() &&
             !is_starting(one->order.lane) && !resting_.contains(one->order.lane);
    };
    if (is_due(lane) && !begin_turn(*lane)) {
      wake_by(since_boot() + seconds(1));
      return false;
    }
    // The turn may have ended the moment it began, and with it the lane.
    const std::uint64_t number = ready_.front();
    ready_.pop_front();
    lane = ledger_.book().lane(number);
    if (lane == nullptr) forget_lane(number);
    if (is_due(lane)) ready_.push_back(number);
  }
  return false;
}

const Meeting& Gangs::meeting_of(const Lane& lane, std::uint32_t index) {
  if (lane.order.meeting) return *lane.order.meeting;
  const Allocation& allocation = *lane.order.allocation;
  const std::size_t tasks = allocation.parts[lane.order.part].tasks.size();
  const Span boot = since_boot();
  LaneCare& held = lane_care_[lane.order.lane];
  Meeting& meeting = held.meeting;
  std::vector<std::uint16_t> ports = meeting.task_ports;
  if (meeting.master_port != 0) {
    ports.push_back(meeting.master_port);
    ports.push_back(meeting.coordinator_port);
  }
  // The turns of a lane come one after the other, so they may use the same ports.
  const bool fresh = meeting.master_port != 0 && boot - held.checked < ports_stay_checked;
  if (!fresh) held.checked = boot;
  if (meeting.master_port == 0 ||
      (!fresh && !std::all_of(ports.begin(), ports.end(), port_is_free))) {
    ports_.give_back(ports);
    ports = ports_.take(tasks > 1 ? tasks + 2 : 2);
    meeting.task_ports.clear();
    if (ports.size() >= 2) {
      meeting.coordinator_port = ports.back();
      ports.pop_back();
      meeting.master_port = ports.back();
      ports.pop_back();
      meeting.task_ports = std::move(ports);
    }
  }
  const auto card = cards_.find(lane.order.job);
  if (card != cards_.end() && card->second.job.spec->launcher == TeamLauncher::mpi) {
    auto hosts = files_.host_file(card->second.job, {lane.order.job, index}, tasks);
    meeting.host_file = hosts ? *std::move(hosts) : "";
  }
  return meeting;
}

/// A gang that wrote nothing leaves its empty logs to the next one in its lane: to rename a file is
/// quicker than to make one, on some file systems by far.
void Gangs::reuse_logs(const Lane& lane, GangId next) {
  auto& quiet = lane_care_[lane.order.lane].quiet;
  if (!quiet) return;
  for (const bool error_stream : {false, true})
    ::rename(files_.log(*quiet, lane.order.attempt, quiet_rank, error_stream).c_str(),
             files_.log(next, lane.order.attempt, quiet_rank, error_stream).c_str());
  quiet.reset();
}

void Gangs::end_unstarted(const Lane& lane, std::uint32_t index, const Error& why) {
  Ending ending;
  ending.cause = EndCause::not_started;
  ending.detail = why.sentence();
  commit({EndedRecord{{lane.order.job, index},
                      lane.order.attempt,
                      Time{0},
                      now(),
                      std::move(ending),
                      ledger_.next_news()}});
}

/// What of the fences is not the kernel's: binding, and what a task is told of its devices.
void Gangs::keep_within(const RaisedFences& raised, const NodePart& part,
                        GangRecipe& recipe) const {
  for (std::size_t i = 0; i < recipe.tasks.size(); ++i) {
    recipe.tasks[i].cpus = raised.cpus[i];
    if (raised.devices_hidden())
      set_fence_variables(fence_variables(node_, part.tasks[i], true), recipe.tasks[i].environment);
  }
}

/// False: the disk is full, and the turn stays where it is.
bool Gangs::begin_turn(Lane& lane) {
  const std::uint32_t index = lane.waiting.first();
  const GangId id{lane.order.job, index};
  if (unwritten_stops_.contains(id)) return false;
  const NodePart& part = lane.order.allocation->parts[lane.order.part];

  // 1. Room for all that will have to be written about it, before anything is done.
  const auto room = ledger_.make_room(part.tasks.size());
  if (!room) {
    trouble_ = room.error().sentence();
    return false;
  }
  JobCard* card = card_of(id.job);
  if (card == nullptr) {
    end_unstarted(lane, index,
                  {ErrorKind::broken, "the launcher has lost what job " + format(id.job) + " is",
                   "", "submit it again"});
    return true;
  }
  if (const auto may = may_start(card->job); !may) {
    end_unstarted(lane, index, may.error());
    return true;
  }

  // 2. What to run, or why it cannot be run.
  auto recipe = make_recipe(*card, node_, lane.order, index, ledger_.book().epoch(),
                            meeting_of(lane, index), files_);
  if (!recipe) {
    if (recipe.error().kind == ErrorKind::disk) {
      trouble_ = recipe.error().sentence();
      return false;
    }
    end_unstarted(lane, index, recipe.error());
    return true;
  }

  if (!lease_devices(lane, id, *recipe)) return true;
  reuse_logs(lane, id);

  // 3. Fences, then the tasks themselves, which note in the journal that they begin.
  const RaisedFences& raised = raise_fences(lane, card->job);
  if (lane.fences != raised.fences) commit({FencesRecord{lane.order.lane, raised.fences}});
  keep_within(raised, part, *recipe);
  if (recipe->person) {
    begin_as_person(lane, index, *std::move(recipe), raised);
    return true;
  }
  Started started = start_tasks(*recipe, beginnings(lane, id, ledger_.next_news()),
                                ledger_.journal_fd(), raised.doors);

  // 4. Believe what happened.
  if (started.began.empty()) {
    take_down(lane, id);
    if (started.disk_full) {
      trouble_ = started.failure;
      return false;
    }
    end_unstarted(lane, index, {ErrorKind::refused, started.failure, "", ""});
    return true;
  }
  trouble_.clear();
  ledger_.commit_written(started.began);
  LiveGang* gang = ledger_.book().find(id);
  CHECK(gang != nullptr);
  care_for(*gang, raised.groups);
  if (!started.failure.empty()) fail_to_start(id, started.failure);
  return true;
}

std::optional<Span> Gangs::limit_of(const LiveGang& gang) {
  const JobCard* card = card_of(gang.id.job);
  if (card == nullptr) return std::nullopt;
  return time_limit_of(*card->job.spec, gang.id.index, gang.lane->order.allocation->alternative);
}

void Gangs::care_for(LiveGang& gang, std::vector<std::vector<std::string>> groups) {
  if (since_boot() - kernel_looked_at_ >= seconds(1)) count_kernel_kills();
  Care& care = care_[gang.id];
  care.groups = std::move(groups);
  care.trimmed.assign(gang.tasks.size() * 2, false);
  if (const auto limit = limit_of(gang)) {
    care.deadline = gang.boot_started + *limit;
    wake_by(*care.deadline);
  }
  // Logs are looked at only of gangs that run so long.
  wake_by(gang.boot_started + seconds(1));
}

// What an earlier launcher left.

void Gangs::adopt() {
  remember_group_places();
  read_earlier_exits();
  read_guardian_exits();
  settle_boot();
  std::vector<GangId> ids;
  for (const auto& [id, gang] : ledger_.book().live()) ids.push_back(id);
  for (const GangId id : ids)
    if (LiveGang* gang = ledger_.book().find(id)) adopt_gang(*gang);
  clear_earlier_groups();
  for (const auto& [number, lane] : ledger_.book().lanes())
    if (!lane->running) ready_.push_back(number);
}

/// The journal is not synced, so it may end before the earlier boot did: with turns that have begun
/// since, and with fewer news than the service has heard. Nothing starts before this is written.
void Gangs::settle_boot() {
  const Book& book = ledger_.book();
  boot_is_settled_ = book.boot() == boot_;
  if (boot_is_settled_) return;
  std::uint64_t news = book.next_news() + news_lost_at_most;
  std::vector<Record> records{EpochRecord{book.epoch(), news}};
  for (const auto& [number, lane] : book.lanes())
    lose(lane->order, lane->waiting.ranges(), news, records);
  records.emplace_back(BootRecord{boot_});
  boot_is_settled_ = commit(records);
  if (!boot_is_settled_) wake_by(since_boot() + seconds(1));
}

void Gangs::adopt_gang(LiveGang& gang) {
  const GangId id = gang.id;
  care_for(gang, cgroups_.find_of_lane(gang.lane->order.lane, ledger_.book().epoch()));
  care_[id].adopted = true;
  if (gang.boot == boot_) adopt_devices(gang);
  const auto stop_because = [&](const char* why) {
    if (!gang.stop) commit({StopRecord{id, EndCause::lost, why, true, std::nullopt, since_boot()}});
  };

  // 1. Which of its tasks are still there, and who will see them end.
  std::vector<std::int64_t> gone;
  if (gang.boot != boot_) {
    stop_because("the machine was restarted while it ran");
    for (const LiveTask& task : gang.tasks) gone.push_back(task.pid);
  } else {
    const NodePart& part = gang.lane->order.allocation->parts[gang.lane->order.part];
    if (gang.tasks.size() < part.tasks.size())
      stop_because("the launcher was killed while it started this gang");
    for (const LiveTask& task : gang.tasks)
      if (!task.exit && !watch_orphan(task)) gone.push_back(task.pid);
  }

  // 2. The guardian writes an exit down before it lets a process go, so the exits of those that are
  // gone are known now, or never. The gang may end by any of them.
  read_guardian_exits();
  for (const std::int64_t pid : gone) {
    const LiveTask* task = ledger_.book().find_pid(pid).task;
    if (task != nullptr && !task->exit) note_exit(unseen_exit(*task));
  }
  if (const LiveGang* still = ledger_.book().find(id)) act_on_stop(*still);
}

/// False: the process is gone.
bool Gangs::watch_orphan(const LiveTask& task) {
  // Opened first, so that what is read below is about the process that it stands for.
  Fd pidfd(open_pidfd(task.pid));
  const auto entry = read_process(task.pid);
  if (!entry || !is_there(mark_of(task))) return false;
  if (entry->parent == settings_.guardian) return true;  // which will tell
  if (!pidfd.open()) return false;
  orphans_[pidfd.release()] = {task.pid, std::nullopt};
  return true;
}

void Gangs::orphan_ended(int pidfd) {
  const auto orphan = orphans_.find(pidfd);
  if (orphan == orphans_.end()) return;
  const std::int64_t pid = orphan->second.pid;
  const auto status = wait_status_of(pidfd, pid);
  if (!status && read_process(pid) && !orphan->second.give_up) {
    orphan->second.give_up = since_boot() + longest_reaping;
    wake_by(*orphan->second.give_up);
    return;
  }
  ::close(pidfd);
  orphans_.erase(orphan);
  read_guardian_exits();
  const auto [gang, task] = ledger_.book().find_pid(pid);
  if (task == nullptr || task->exit) return;
  ExitRecord exit = unseen_exit(*task);
  if (status) {
    exit.by_signal = WIFSIGNALED(*status);
    exit.status = exit.by_signal ? WTERMSIG(*status) : WEXITSTATUS(*status);
  }
  note_exit(exit);
}

/// Those whose parent lets nobody know how they ended.
void Gangs::tick_orphans(Span boot) {
  std::vector<int> given_up;
  for (const auto& [pidfd, orphan] : orphans_) {
    if (!orphan.give_up) continue;
    if (boot >= *orphan.give_up) given_up.push_back(pidfd);
    else wake_by(*orphan.give_up);
  }
  for (const int pidfd : given_up) orphan_ended(pidfd);
}

/// Returns how many bytes were whole records, or are none and never will be.
std::size_t Gangs::note_exits(std::string_view bytes) {
  std::size_t whole = 0;
  std::string boot;
  read_frames(bytes, [&](std::string_view payload) {
    whole = static_cast<std::size_t>(payload.data() - bytes.data()) + payload.size();
    const auto record = unpack_record(payload);
    if (!record) return;
    if (const auto* begun = std::get_if<BootRecord>(&*record)) boot = begun->boot;
    if (const auto* exit = std::get_if<ExitRecord>(&*record)) note_exit(*exit, boot);
  });
  return whole;
}

void Gangs::read_guardian_exits() {
  const auto bytes = read_file(settings_.guardian_exits, Journal::largest_journal);
  if (!bytes || bytes->size() <= guardian_exits_read_) return;
  const std::size_t from = guardian_exits_read_;
  // Noting an exit may lead here again; what is being read is not to be read twice.
  guardian_exits_read_ = bytes->size();
  guardian_exits_read_ = from + note_exits(std::string_view(*bytes).substr(from));
}

/// Exits that guardians before this launcher saw. Their files are not needed afterwards.
void Gangs::read_earlier_exits() {
  const std::string directory = files_.launcher_directory();
  for (const std::uint64_t number : file_numbers(directory, "exits")) {
    const std::string path = directory + "/exits." + std::to_string(number);
    if (path == settings_.guardian_exits) continue;
    const auto bytes = read_file(path, Journal::largest_journal);
    if (bytes) note_exits(*bytes);
    ::unlink(path.c_str());
  }
}

}  // namespace gangline
