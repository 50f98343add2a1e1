// What the launcher knows: orders, running gangs, news. All of it follows from the records of the
// journal, and only a record changes it, so a new launcher that reads the journal knows what the
// old one knew.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "launch/journal.h"
#include "launch/range_set.h"
#include "launch/record.h"
#include "model/event.h"

namespace gangline {

struct Lane;

struct LiveTask {
  std::uint32_t rank = 0;
  std::int64_t pid = 0;
  Span boot_before{0};
  Span boot_after{0};
  std::optional<ExitRecord> exit;
};

struct LiveGang {
  GangId id;
  std::uint32_t attempt = 1;
  Lane* lane = nullptr;  ///< never null
  Time started;
  Span boot_started{0};
  std::string boot;             ///< of the machine when it began
  std::vector<LiveTask> tasks;  ///< by rank
  std::optional<StopRecord> stop;
};

/// Turns on one allocation: one gang at a time, in ascending order.
struct Lane {
  OrderRecord order;  ///< without its turns
  RangeSet waiting;
  std::optional<std::uint32_t> running;
  std::optional<std::vector<Fence>> fences;
};

struct NumberedNews {
  std::uint64_t number = 0;
  Event event;
};

class Book {
 public:
  /// Ended jobs of which it is still known that they ran; older ones are forgotten.
  static constexpr std::size_t most_known_jobs = 10'000;

  void apply(const Record& record);

  const std::string& epoch() const { return epoch_; }
  const std::string& boot() const { return boot_; }
  const std::string& store() const { return store_; }
  std::uint64_t next_news() const { return next_news_; }
  std::uint64_t next_lane() const { return next_lane_; }
  const std::deque<NumberedNews>& news() const { return news_; }
  /// Forgets news up to and with this number, and then jobs of which nothing is left.
  void acknowledge(std::uint64_t number);

  std::unordered_map<GangId, LiveGang>& live() { return live_; }
  const std::unordered_map<GangId, LiveGang>& live() const { return live_; }
  LiveGang* find(GangId gang);
  /// The live task of this process, if it is one.
  struct TaskRef {
    LiveGang* gang = nullptr;
    LiveTask* task = nullptr;
  };
  TaskRef find_pid(std::int64_t pid);

  /// By number. A lane stays where it is while it has turns left or one that runs.
  const std::map<std::uint64_t, std::unique_ptr<Lane>>& lanes() const { return lanes_; }
  Lane* lane(std::uint64_t number);
  /// The lane in which this gang waits for its turn.
  Lane* lane_waiting_for(GangId gang);
  /// Those of the range that were never ordered with this attempt.
  std::vector<Range> unknown(JobId job, std::uint32_t attempt, Range range) const;
  /// Turns that went back to waiting with news after this number.
  RangeSet returned_since(JobId job, std::uint64_t number) const;
  bool idle() const { return live_.empty() && lanes_.empty(); }
  /// Whether a card of this job is still needed.
  bool needs(JobId job) const;

  /// Records that lead a new Book to all that this one still needs.
  std::vector<Record> snapshot() const;

 private:
  struct JobEntry {
    std::map<std::uint32_t, RangeSet> known;  // by attempt
    std::uint32_t lanes = 0;
    std::uint64_t unacknowledged = 0;
  };

  void on(const EpochRecord& record);
  void on(const BootRecord& record);
  void on(const OrderRecord& record);
  void on(const FencesRecord& record);
  void on(const BeganRecord& record);
  void on(const ExitRecord& record);
  void on(const StopRecord& record);
  void on(const EndedRecord& record);
  void on(const ReturnedRecord& record);
  void on(const TrimmedRecord& record);
  void on(const KnownRecord& record);
  void on(const NewsRecord& record);
  void on(const StoreRecord& record);
  void drop_if_done(const Lane& lane);
  void add_news(std::uint64_t number, Event event);
  void forget_oldest();

  std::string epoch_;
  std::string boot_;
  std::string store_;
  std::uint64_t next_news_ = 1;
  std::uint64_t next_lane_ = 1;
  std::map<std::uint64_t, std::unique_ptr<Lane>> lanes_;
  std::unordered_map<GangId, LiveGang> live_;
  std::unordered_map<std::int64_t, GangId> pids_;
  std::map<JobId, JobEntry> jobs_;
  std::deque<NumberedNews> news_;
  std::deque<std::pair<std::uint64_t, TurnsReturned>> returned_;  // those of the news
};

/// The book and the journal behind it: a fact is written first and believed then.
class Ledger {
 public:
  /// A disk that is too full for a journal is no error: nothing can be committed until there is
  /// room, and each `commit` and `make_room` tries to begin it.
  static Result<Ledger> open(const std::string& directory);

  Book& book() { return book_; }
  const Book& book() const { return book_; }
  int journal_fd() const { return journal_.fd(); }

  /// All records in one write, then all believed. On an error none is believed.
  Result<void> commit(const std::vector<Record>& records);
  /// The name of the store that this launcher serves. Where the disk is too full for it, it is
  /// written when a segment begins.
  void believe_store(const std::string& name);
  /// Believes what the tasks themselves wrote to the journal.
  void commit_written(const std::vector<BeganRecord>& began);
  /// Makes sure that the end of all that runs, and of `tasks` more, can be written even when the
  /// disk is full.
  Result<void> make_room(std::size_t tasks);

  /// Puts the journal aside, so that the next launcher begins with none.
  Result<void> put_aside(const std::string& directory) const;

  /// The number for the next piece of news.
  std::uint64_t next_news() const { return book_.next_news(); }

 private:
  Journal journal_;
  Book book_;
};

/// The job that a piece of news is about.
JobId job_of(const Event& event);

}  // namespace gangline
