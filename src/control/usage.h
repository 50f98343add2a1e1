// What each user had in each queue: device-time, of which older counts for less. Added up from
// events, for policies that share by it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "control/hours.h"
#include "control/register.h"
#include "model/queue.h"
#include "model/settings.h"

namespace gangline {

/// A gang uses what it holds, from the wish to start it until it has ended: its devices, or where
/// it has none its CPUs, of which so many count as a device as the settings say. What was used at
/// one time counts half after each half-life.
class Usage {
 public:
  explicit Usage(const Settings& settings);

  /// What happened, before `beliefs` know of it. Times may go back a little.
  void learn(const Event& event, const Register& beliefs) { apply(event, beliefs, true); }
  /// What was written down earlier: runs that have ended are in PastUse.
  void recall(const Event& event, const Register& beliefs) { apply(event, beliefs, false); }
  void recall(const PastUse& past);
  void recall(const PastHour& past) { hours_.recall(past, number_for(past.owner)); }

  /// The number by which a snapshot names this user; the same in the life of a service.
  std::uint32_t number_of(const std::string& owner) const;
  /// The same, also of one who has not been heard of.
  std::uint32_t number_for(const std::string& owner);
  /// All users, by number.
  const std::vector<std::string>& names() const { return names_; }

  /// Device-hours are counted only from this call on.
  void count_hours() { counts_hours_ = true; }
  const Hours& hours() const { return hours_; }

  /// What everybody had up to the last whole minute before `now`: so who goes before whom changes
  /// once a minute at most, and depends on what happened, not on when it is asked for. The same
  /// pointer while it is the same.
  std::shared_ptr<const std::vector<UserUse>> as_of(Time now);

  /// Of runs that have ended, for those to whom some were added since `is_stored`.
  std::vector<PastUse> unstored() const;
  std::vector<PastHour> unstored_hours() const { return hours_.unstored(names_); }
  void is_stored();

 private:
  struct Had {
    Time at;             ///< what `ended` and `running` count for then
    double ended = 0;    ///< device-seconds of runs that have ended …
    double running = 0;  ///< … and of those that have not
    double held = 0;     ///< devices
    std::uint32_t runs = 0;
    bool unstored = false;
    Time minute;               ///< the last whole one before `at` …
    double by_the_minute = 0;  ///< … and all that was used by then, as it counted then
  };
  using Whose = std::pair<std::uint32_t, std::uint32_t>;  // queue, user

  void apply(const Event& event, const Register& beliefs, bool is_new);
  void begin(const Job& job, const Allocation& allocation, Time at);
  void end(const Job& job, const TurnRun& run, Time at, bool is_new);
  Had& had_of(const Job& job, Time at);
  double devices_in(const Allocation& allocation) const;
  /// Device-seconds that one device held for `span` counts for at its end.
  double sum_over(Span span) const;
  double left_after(Span span) const;
  void pass_to(Had& had, Time at) const;
  double used_at(const Had& had, Time at) const;

  const std::vector<Queue> queues_;
  const double half_life_;  ///< seconds
  const double cpus_as_device_;
  std::unordered_map<std::string, std::uint32_t> users_;
  std::vector<std::string> names_;
  std::map<Whose, Had> all_;
  Hours hours_;
  bool counts_hours_ = false;
  std::shared_ptr<const std::vector<UserUse>> told_;
  std::optional<Time> told_of_;
};

}  // namespace gangline
