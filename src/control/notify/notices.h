// Ends of jobs of which somebody is to be told: kept on disk until they were, and sent a few at a
// time.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "control/notify/messenger.h"
#include "control/register.h"
#include "control/world.h"
#include "model/notify.h"
#include "store/store.h"

namespace gangline {

/// The ways in which somebody is told of the end of this job. What a job says counts for all ways,
/// but where it is another person's than the service, for mail to that person alone.
std::vector<NotifyWay> ways_of(const NotifySettings& settings, const JobSpec& spec,
                               bool of_another_person, bool ended_well);
/// Why what a job says of it can never be done; empty: it can.
std::optional<Error> why_nobody_is_told(const NotifySettings& settings, const JobSpec& spec,
                                        bool of_another_person);

/// A job is told of once; after a crash between a message and the commit that follows it, twice.
class Notices {
 public:
  static constexpr std::size_t most_waiting = 1'000;  ///< jobs; of more, nobody is told
  /// Of these, of one person of a service for all.
  static constexpr std::size_t most_waiting_of_one = 200;
  static constexpr std::uint32_t most_a_minute = 60;  ///< messages that are begun
  static constexpr std::uint32_t most_at_once = 4;
  /// A hook that failed is tried again after each of these.
  static constexpr Span tries_after[] = {seconds(5), seconds(30), minutes(2)};

  /// World and store must outlive it. `stored_soon`: what was told is to be committed.
  Notices(World& world, Store& store, const NotifySettings& settings,
          std::function<void()> stored_soon);
  ~Notices();

  /// Without one nothing is sent.
  void send_by(Messenger* messenger) { messenger_ = messenger; }
  /// Reads who was not told before. After `send_by`.
  void begin();

  /// Before the commit with the end of this job; may be called again for the same.
  void ends(const JobState& job);
  /// Something is to be kept: `keep` before a commit, `kept` after it.
  bool changed() const { return changed_; }
  void keep();
  void kept() { changed_ = false; }
  /// The end of this job is on disk. Once for each job.
  void is_stored(const JobState& job);

  /// What went wrong, for `gang daemon status`.
  std::vector<std::string> notes() const;

 private:
  /// One way to tell of one job. None waits for another.
  struct Notice {
    std::shared_ptr<const JobSummary> end;
    NotifyWay way;
    std::size_t tries = 0;  ///< that failed
  };
  struct Untold {
    std::string owner;
    std::set<NotifyWay> told = {};  ///< in which it is done with
    std::size_t left = 0;           ///< ways that wait or are under way
  };

  bool is_wanted(const JobState& job) const;
  void queue(JobId job);
  void pump();
  /// Of whom nobody was told for the longest, the oldest.
  std::shared_ptr<Notice> take_next();
  void remember(JobId job, Untold untold);
  void forget(JobId job);
  void heard(const std::shared_ptr<Notice>& notice, const Result<void>& outcome);
  bool may_begin();

  World& world_;
  Store& store_;
  const NotifySettings settings_;
  const std::function<void()> stored_soon_;
  Messenger* messenger_ = nullptr;
  std::map<JobId, Untold> untold_;  ///< as on disk, once it is kept
  struct Person {
    std::size_t untold = 0;
    std::uint64_t turn = 0;  ///< when a message of theirs was begun last
  };
  std::map<std::string, Person> people_;  ///< who has some untold
  std::uint64_t turn_ = 0;
  bool changed_ = false;
  std::deque<std::shared_ptr<Notice>> waiting_;
  std::uint32_t under_way_ = 0;
  Time minute_{0};
  std::uint32_t in_minute_ = 0;
  bool pump_due_ = false;
  std::uint64_t failed_ = 0, left_out_ = 0;
  std::string newest_failure_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  ///< for calls that come later
};

}  // namespace gangline
