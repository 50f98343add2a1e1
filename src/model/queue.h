// Queues: who shares the machines with whom, how much each may hold, and what was used so far.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/units.h"
#include "model/house.h"

namespace gangline {

/// Whole devices, and CPUs of gangs that have no devices. Empty: not said.
struct QueueAmounts {
  std::optional<std::uint32_t> devices, cpus;
  bool operator==(const QueueAmounts&) const = default;
};

/// What limits count, each apart: devices in thousandths, CPUs of gangs without devices, gangs.
enum class Account : std::uint8_t { devices, cpus, gangs };

struct Queue {
  std::string name = "normal";
  std::int32_t priority = 0;   ///< added to that of its jobs
  bool allow_foreign = false;  ///< may use a device that somebody outside Gangline uses
  std::optional<std::uint32_t> parent = std::nullopt;  ///< which of all queues it is a part of
  std::uint32_t share = 1;                             ///< its weight among the parts of one queue
  QueueAmounts guaranteed = {};  ///< its gangs go first while it and its parts hold no more (fair)
  QueueAmounts limit = {};       ///< it and its parts never hold more
  /// The most that one of its jobs may run; those that say no time get it.
  std::optional<Span> time = std::nullopt;
  /// Of what it and its parts hold, no person holds more; hours are not counted by queue.
  PersonLimits each = {};
  bool operator==(const Queue&) const = default;
};

constexpr std::uint32_t largest_share = 1'000'000;
constexpr std::uint32_t largest_amount = 100'000'000;  ///< of devices or CPUs of a queue

/// What a user had in a queue, in device-time; older use counts for less.
struct UserUse {
  std::uint32_t queue = 0;  ///< index in Snapshot::queues
  std::uint32_t user = 0;   ///< see WaitingGroup::user
  std::int64_t device_seconds = 0;
  bool operator==(const UserUse&) const = default;
};

/// The same of runs that have ended, as it is kept on disk.
struct PastUse {
  std::string queue, owner;
  Time at;
  std::int64_t device_ms = 0;  ///< as it counts at that time
};

/// Device-time that a person used in one hour, in runs that have ended.
struct PastHour {
  std::string owner;
  std::int64_t hour = 0;  ///< since 1970
  std::int64_t device_ms = 0;
};

/// The place of the queue with this name.
std::optional<std::uint32_t> find_queue(const std::vector<Queue>& queues, const std::string& name);

/// The time limit of a job of this queue that asked for one, or for none. Error: for more than the
/// queue gives.
Result<std::optional<Span>> time_in(const Queue& queue, std::optional<Span> asked);

/// Errors: the queue is a part of itself; more is guaranteed to it than its limit.
Result<void> check_queue(const std::vector<Queue>& queues, std::uint32_t queue);
/// Errors: more is guaranteed to the queue than to the one that it is a part of, where something is
/// guaranteed to that; more to its own parts together than its limit.
Result<void> check_parts(const std::vector<Queue>& queues, std::uint32_t queue);
/// Both of each.
Result<void> check_queues(const std::vector<Queue>& queues);

}  // namespace gangline
