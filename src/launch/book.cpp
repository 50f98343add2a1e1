#include "launch/book.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "os/clock.h"
#include "os/file.h"

namespace gangline {
namespace {

// Exit, stop and end of a task with its last lines and a sentence.
constexpr std::size_t room_per_task = 6 << 10;
constexpr std::size_t least_room = 256 << 10;

std::string new_epoch() {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (auto n = static_cast<std::uint64_t>(now().us); n > 0; n /= 16) text += digits[n % 16];
  return text;
}

}  // namespace

void Book::apply(const Record& record) {
  std::visit([this](const auto& one) { on(one); }, record);
}

LiveGang* Book::find(GangId gang) {
  const auto found = live_.find(gang);
  return found == live_.end() ? nullptr : &found->second;
}

Book::TaskRef Book::find_pid(std::int64_t pid) {
  const auto found = pids_.find(pid);
  if (found == pids_.end()) return {};
  LiveGang* gang = find(found->second);
  if (gang == nullptr) return {};
  for (LiveTask& task : gang->tasks)
    if (task.pid == pid) return {gang, &task};
  return {};
}

Lane* Book::lane(std::uint64_t number) {
  const auto found = lanes_.find(number);
  return found == lanes_.end() ? nullptr : found->second.get();
}

Lane* Book::lane_waiting_for(GangId gang) {
  for (const auto& [number, lane] : lanes_)
    if (lane->order.job == gang.job && lane->waiting.has(gang.index)) return lane.get();
  return nullptr;
}

std::vector<Range> Book::unknown(JobId job, std::uint32_t attempt, Range range) const {
  const auto entry = jobs_.find(job);
  if (entry == jobs_.end()) return {range};
  const auto known = entry->second.known.find(attempt);
  if (known == entry->second.known.end()) return {range};
  return known->second.missing(range);
}

RangeSet Book::returned_since(JobId job, std::uint64_t number) const {
  RangeSet turns;
  for (const auto& [news, returned] : returned_)
    if (news > number && returned.job == job)
      turns.add({returned.first, returned.first + returned.count});
  return turns;
}

bool Book::needs(JobId job) const {
  const auto entry = jobs_.find(job);
  return entry != jobs_.end() && (entry->second.lanes > 0 || entry->second.unacknowledged > 0);
}

void Book::acknowledge(std::uint64_t number) {
  while (!news_.empty() && news_.front().number <= number) {
    const auto entry = jobs_.find(job_of(news_.front().event));
    if (entry != jobs_.end() && entry->second.unacknowledged > 0) --entry->second.unacknowledged;
    news_.pop_front();
  }
  while (!returned_.empty() && returned_.front().first <= number) returned_.pop_front();
  forget_oldest();
}

void Book::forget_oldest() {
  for (auto entry = jobs_.begin(); jobs_.size() > most_known_jobs && entry != jobs_.end();) {
    const bool needed = entry->second.lanes > 0 || entry->second.unacknowledged > 0;
    entry = needed ? std::next(entry) : jobs_.erase(entry);
  }
}

void Book::add_news(std::uint64_t number, Event event) {
  next_news_ = std::max(next_news_, number + 1);
  ++jobs_[job_of(event)].unacknowledged;
  if (const auto* returned = std::get_if<TurnsReturned>(&event.body))
    returned_.emplace_back(number, *returned);
  news_.push_back({number, std::move(event)});
}

void Book::drop_if_done(const Lane& lane) {
  if (lane.running || !lane.waiting.empty()) return;
  --jobs_[lane.order.job].lanes;
  lanes_.erase(lane.order.lane);
}

void Book::on(const EpochRecord& record) {
  epoch_ = record.epoch;
  next_news_ = std::max(next_news_, record.next_news);
}

void Book::on(const BootRecord& record) { boot_ = record.boot; }

void Book::on(const OrderRecord& record) {
  next_lane_ = std::max(next_lane_, record.lane + 1);
  if (lanes_.contains(record.lane)) return;
  auto lane = std::make_unique<Lane>();
  lane->order = record;
  lane->order.turns.clear();
  JobEntry& entry = jobs_[record.job];
  for (const Range& turns : record.turns) {
    lane->waiting.add(turns);
    entry.known[record.attempt].add(turns);
  }
  ++entry.lanes;
  lanes_[record.lane] = std::move(lane);
}

void Book::on(const FencesRecord& record) {
  if (Lane* found = lane(record.lane)) found->fences = record.fences;
}

void Book::on(const BeganRecord& record) {
  Lane* found = lane(record.lane);
  if (found == nullptr) return;
  found->waiting.remove({record.gang.index, record.gang.index + 1});
  found->running = record.gang.index;
  LiveGang& gang = live_[record.gang];
  if (gang.lane == nullptr) {
    gang.id = record.gang;
    gang.attempt = record.attempt;
    gang.lane = found;
    gang.started = record.at;
    gang.boot_started = record.boot_after;
    gang.boot = boot_;
  }
  // The tasks write these records themselves, in any order, and one of them brings the news.
  if (record.news != 0)
    add_news(record.news, {record.at, GangStarted{record.gang, record.attempt,
                                                  found->fences.value_or(std::vector<Fence>{})}});
  const auto place =
      std::upper_bound(gang.tasks.begin(), gang.tasks.end(), record.rank,
                       [](std::uint32_t rank, const LiveTask& task) { return rank < task.rank; });
  gang.tasks.insert(place,
                    {record.rank, record.pid, record.boot_before, record.boot_after, std::nullopt});
  pids_[record.pid] = record.gang;
}

void Book::on(const ExitRecord& record) {
  const TaskRef ref = find_pid(record.pid);
  // An exit from before the task began is that of an earlier process with the same number.
  if (ref.task == nullptr || ref.task->exit || record.boot < ref.task->boot_after) return;
  ref.task->exit = record;
  pids_.erase(record.pid);
}

void Book::on(const StopRecord& record) {
  LiveGang* gang = find(record.gang);
  if (gang != nullptr) gang->stop = record;
}

void Book::on(const EndedRecord& record) {
  Lane* found = nullptr;
  if (LiveGang* gang = find(record.gang)) {
    found = gang->lane;
    for (const LiveTask& task : gang->tasks) {
      const auto pid = pids_.find(task.pid);
      if (pid != pids_.end() && pid->second == record.gang) pids_.erase(pid);
    }
    live_.erase(record.gang);
    found->running.reset();
  } else {
    found = lane_waiting_for(record.gang);
    if (found != nullptr) found->waiting.remove({record.gang.index, record.gang.index + 1});
  }
  add_news(record.news,
           {record.at, GangEnded{record.gang, record.attempt, record.started, record.ending}});
  if (found != nullptr) drop_if_done(*found);
}

void Book::on(const ReturnedRecord& record) {
  std::vector<Lane*> touched;
  for (const auto& [number, lane] : lanes_) {
    if (lane->order.job != record.job || lane->waiting.within(record.range).empty()) continue;
    for (const Range& turns : lane->waiting.within(record.range))
      jobs_[record.job].known[lane->order.attempt].remove(turns);
    lane->waiting.remove(record.range);
    touched.push_back(lane.get());
  }
  add_news(record.news, {record.at, TurnsReturned{record.job, record.range.begin,
                                                  record.range.end - record.range.begin}});
  for (const Lane* lane : touched) drop_if_done(*lane);
}

void Book::on(const TrimmedRecord& record) {
  add_news(record.news,
           {record.at, LogTrimmed{record.gang, record.rank, record.error_stream, record.limit}});
}

void Book::on(const KnownRecord& record) {
  jobs_[record.job].known[record.attempt].add(record.range);
}

void Book::on(const NewsRecord& record) { add_news(record.number, record.event); }

void Book::on(const StoreRecord& record) { store_ = record.name; }

std::vector<Record> Book::snapshot() const {
  std::vector<Record> records;
  records.emplace_back(EpochRecord{epoch_, next_news_});
  if (!store_.empty()) records.emplace_back(StoreRecord{store_});
  for (const auto& [job, entry] : jobs_)
    for (const auto& [attempt, known] : entry.known)
      for (const Range& range : known.ranges())
        records.emplace_back(KnownRecord{job, attempt, range});
  for (const NumberedNews& news : news_) records.emplace_back(NewsRecord{news.number, news.event});
  for (const auto& [number, lane] : lanes_) {
    OrderRecord order = lane->order;
    order.turns = lane->waiting.ranges();
    records.emplace_back(std::move(order));
    if (lane->fences) records.emplace_back(FencesRecord{number, *lane->fences});
  }
  for (const auto& [id, gang] : live_) {
    records.emplace_back(BootRecord{gang.boot});
    for (const LiveTask& task : gang.tasks) {
      // Its GangStarted is among the news already, or acknowledged.
      records.emplace_back(BeganRecord{gang.lane->order.lane, id, gang.attempt, task.rank, 0,
                                       gang.started, task.boot_before, task.boot_after, task.pid});
      if (task.exit) records.emplace_back(*task.exit);
    }
    if (gang.stop) records.emplace_back(*gang.stop);
  }
  records.emplace_back(BootRecord{boot_});
  return records;
}

JobId job_of(const Event& event) {
  if (const auto* started = std::get_if<GangStarted>(&event.body)) return started->gang.job;
  if (const auto* ended = std::get_if<GangEnded>(&event.body)) return ended->gang.job;
  if (const auto* returned = std::get_if<TurnsReturned>(&event.body)) return returned->job;
  if (const auto* trimmed = std::get_if<LogTrimmed>(&event.body)) return trimmed->gang.job;
  return {};
}

Result<Ledger> Ledger::open(const std::string& directory) {
  Ledger ledger;
  auto journal = Journal::open(directory, [&](std::string_view payload) {
    if (const auto record = unpack_record(payload)) ledger.book_.apply(*record);
  });
  if (!journal) return journal.error();
  ledger.journal_ = *std::move(journal);
  if (ledger.book_.epoch().empty()) {
    const EpochRecord epoch{new_epoch(), ledger.book_.next_news()};
    auto written = ledger.commit({epoch});
    if (!written && ledger.journal_.begun()) return written.error();
    // A journal that begins later begins with it.
    if (!written) ledger.book_.apply(epoch);
  }
  return ledger;
}

Result<void> Ledger::commit(const std::vector<Record>& records) {
  if (auto begun = journal_.begun() ? Result<void>() : make_room(0); !begun) return begun;
  std::string frames;
  for (const Record& record : records) frames += framed_record(record);
  auto written = journal_.append(frames);
  if (!written) return written;
  for (const Record& record : records) book_.apply(record);
  return {};
}

void Ledger::believe_store(const std::string& name) {
  const StoreRecord record{name};
  if (!commit({record})) book_.apply(record);
}

void Ledger::commit_written(const std::vector<BeganRecord>& began) {
  for (const BeganRecord& record : began) {
    journal_.grew(framed_record(record).size());
    book_.apply(record);
  }
}

Result<void> Ledger::put_aside(const std::string& directory) const {
  const std::string aside = directory + "/gone." + book_.epoch();
  auto made = make_directories(aside, 0700);
  if (!made) return made;
  for (const std::string_view name : {"exits", "journal"})
    for (const std::uint64_t number : file_numbers(directory, name)) {
      const std::string file = "/" + std::string(name) + "." + std::to_string(number);
      if (::rename((directory + file).c_str(), (aside + file).c_str()) != 0)
        return system_error("put aside", directory + file, errno);
    }
  return {};
}

Result<void> Ledger::make_room(std::size_t tasks) {
  std::size_t live = tasks;
  for (const auto& [id, gang] : book_.live()) live += gang.tasks.size();
  const std::size_t wanted = least_room + live * room_per_task;
  if (journal_.room() >= wanted) return {};
  std::string frames;
  for (const Record& record : book_.snapshot()) frames += framed_record(record);
  return journal_.rotate(frames, wanted);
}

}  // namespace gangline
