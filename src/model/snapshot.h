// Everything that a decision may depend on, at one instant; and what was decided.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/ids.h"
#include "base/units.h"
#include "model/allocation.h"
#include "model/cluster.h"
#include "model/event.h"
#include "model/house_rule.h"
#include "model/queue.h"
#include "model/resources.h"
#include "model/set_aside.h"
#include "model/usual.h"

namespace gangline {

/// What a gang has behind it and what lies before it, as far as anybody knows.
struct Progress {
  Span served{0};   ///< it ran for so long before it was stopped for others
  Span kept{0};     ///< so much of that need not be done again, at rate 1
  Time stopped{0};  ///< when that was, the last time
  /// Each time that it was stopped for others, with what it was served by then; the newest last.
  /// Of very many the oldest are forgotten.
  struct Stop {
    Time at;
    Span served{0};
    bool operator==(const Stop&) const = default;
  };
  static constexpr std::size_t most_stops = 64;
  std::vector<Stop> stops = {};

  /// `served` is told.
  void stop(Time at) {
    stopped = at;
    stops.push_back({at, served});
    if (stops.size() > most_stops) stops.erase(stops.begin());
  }
  /// How long it runs from its beginning to its end: foretold from what went before, or in a
  /// simulation known. At rate 1.
  std::optional<Span> whole_run;
  bool operator==(const Progress&) const = default;
};

/// Gangs of one job that wait and are alike: one entry, however many.
struct WaitingGroup {
  JobId job;
  std::uint32_t first = 0;
  std::uint32_t count = 1;
  std::uint32_t attempt = 1;
  std::shared_ptr<const ResourceRequest>
      request;              ///< never null; the same pointer for the same job
  std::uint32_t queue = 0;  ///< index in Snapshot::queues
  std::uint32_t user = 0;   ///< its owner: the same number for the same one
  std::int32_t priority = 0;
  Time submitted;
  std::optional<Span> time;  ///< at rate 1: see end_of and latest_end_of
  std::vector<JobId> after;  ///< jobs that must still end well
  std::vector<DeviceId>
      avoid;  ///< devices of earlier attempts: others are taken where there are others
  std::uint32_t turns = 1;  ///< the most gangs that may take turns on one allocation
  Progress progress;
  bool keeps_work = false;  ///< stopped for others, it goes on later from where it was
  bool mps = false;         ///< its GPUs run MPS for it, which serves one user of a GPU at a time
  bool operator==(const WaitingGroup&) const = default;
};

/// Gangs that hold one allocation: one that runs or starts, and those whose turn on it comes next.
struct Holder {
  JobId job;
  std::uint32_t first = 0;
  std::uint32_t count = 1;
  std::shared_ptr<const Allocation> allocation;  ///< never null
  Time since;
  Time expected_end = never;  ///< by the time limit, turns counted in; `never` without one
  bool stopping = false;      ///< it was asked to make room for others, and has not ended yet
  /// How it waited before it started; null: it may not be stopped for others.
  std::shared_ptr<const WaitingGroup> waited = nullptr;
  std::uint32_t queue = 0;  ///< index in Snapshot::queues
  std::uint32_t user = 0;   ///< see WaitingGroup::user
  bool mps = false;         ///< see WaitingGroup::mps
  bool operator==(const Holder& other) const;
};

struct PromiseMade {
  GangId gang;
  Time start;
  /// May become another as long as `start` holds. Null: not known.
  std::shared_ptr<const Allocation> where = nullptr;
};

struct Snapshot {
  Time now;
  std::shared_ptr<const Cluster> cluster;  ///< never null
  std::vector<Queue> queues;               ///< never empty
  std::vector<ForeignUse> foreign;         ///< devices in use by others now, each once
  std::vector<Holder> holders;
  std::vector<WaitingGroup> waiting;  ///< in any order; make_plan orders them
  std::vector<PromiseMade> promises;  ///< those in force
  /// What is usually asked for, for policies that keep room for it; null: not known.
  std::shared_ptr<const std::vector<UsualTask>> usual;
  /// How much work a gang usually is, in device-time, one entry for each that was seen; null: not
  /// known.
  std::shared_ptr<const std::vector<Span>> usual_work;
  /// What users had, each queue and user once, for policies that share by it; null: nobody had any.
  std::shared_ptr<const std::vector<UserUse>> used;
  /// Limits beside those of queues, those that come later as well; null: none.
  std::shared_ptr<const HouseRules> rules = nullptr;
  std::shared_ptr<const SetAsides> set_aside = nullptr;  ///< that are not over; null: none
  /// By user, what people call them, for reasons; null: not known.
  std::shared_ptr<const std::vector<std::string>> people = nullptr;
};

/// Why a gang does not start now. Each says what a sentence to a person needs.
struct NoSuchDevice {
  std::string wanted;
};                   ///< can never fit on this cluster; a clause that says what there is instead
struct AllTaken {    ///< enough exists, but others hold it
  std::string what;  ///< "gpu", "cpu" (thousandths), "memory" (bytes), "gpu share" (thousandths)
  std::uint64_t wanted = 0, free = 0;
  std::vector<JobId> holders;  ///< at most 8, those expected to end first in front
  Time until = never;          ///< when enough is expected to be free
};
struct Scattered {   ///< enough is free in total, but not where one task or gang needs it
  std::string what;  ///< as above; "task": of all things together; "node": over too many of these
  std::uint64_t wanted = 0, free = 0;
  std::uint64_t each = 0;  ///< that one task wants
  std::uint64_t most = 0;  ///< free on one node; of a share, of one device
  std::uint64_t fit = 0;   ///< tasks that there is room for
};
struct PromisedToOther {
  JobId other;
  Time start;  ///< `never`: it goes first, and when it can start is not known
};             ///< would delay a promised start
struct BehindOther {
  JobId other;
};  ///< the policy lets nobody overtake
struct WaitsForJobs {
  std::vector<JobId> jobs;
};  ///< `after`
struct InForeignUse {
  ForeignUse use;
};  ///< somebody outside Gangline, or another service
struct DeviceAway {
  DeviceId device;
};  ///< it was here and is not found now
struct NodeAway {
  NodeId node;
};  ///< it is down
struct MakingRoom {
  std::vector<JobId>
      stopped;              ///< at most 8; none: there is room now, and was none when it was tried
  bool for_others = false;  ///< not so that it can start, but they leave enough for it as well
};                          ///< others were asked to end so that it can start
struct OverQuota {
  std::uint32_t queue = 0;  ///< whose limit it is: index in Snapshot::queues
  Account account = Account::devices;
  std::uint64_t wanted = 0, held = 0, limit = 0;  ///< as the account counts
  std::vector<JobId> holders;                     ///< at most 8
  std::vector<JobId> kept_for;                    ///< at most 8, for whom some of it is kept
  std::uint32_t unnamed = 0;   ///< more jobs that hold some, or for which some is kept
  std::optional<JobId> first;  ///< who of the queue goes first and wants more than is left
  std::string rule = {};       ///< what a house rule says, where that is the limit
};                             ///< its queue, or one that this is a part of, may hold no more
struct SetAsideForOther {
  std::string says;       ///< as SetAside has it
  bool timeless = false;  ///< it lies ahead, and the gang has no time limit
};                        ///< there is room, but it would reach into that
struct MpsOfOther {
  DeviceId device;             ///< of those with room the one that is expected to be free first
  std::uint32_t user = 0;      ///< whom MPS serves there
  std::vector<JobId> holders;  ///< at most 8, for which it does
  Time until = never;          ///< when these are expected to have ended
  std::uint32_t others = 0;    ///< more devices on which it serves others
};                             ///< there is room, but only on GPUs with MPS of others
using Blocker = std::variant<NoSuchDevice, AllTaken, Scattered, PromisedToOther, BehindOther,
                             WaitsForJobs, InForeignUse, DeviceAway, NodeAway, MakingRoom,
                             OverQuota, SetAsideForOther, MpsOfOther>;

struct Start {
  JobId job;
  std::uint32_t first = 0;
  std::uint32_t count = 1;
  std::uint32_t attempt = 1;
  std::shared_ptr<const Allocation> allocation;
};

/// Why the gangs first .. first + count - 1 of a job wait, and when the first of them is expected
/// to start.
struct Wait {
  JobId job;
  std::uint32_t first = 0;
  std::uint32_t count = 1;
  Blocker blocker;
  Time expected = never;
};

/// A gang that runs is to make room for another one and waits again.
struct MakeRoom {
  GangId gang;
  JobId by;  ///< who needs the room
};

/// A wish: nothing has happened yet.
struct Plan {
  std::vector<Start> starts;
  std::vector<MakeRoom> stops;        ///< of those that were not asked before
  std::vector<PromiseMade> promises;  ///< new ones and those that improved
  std::vector<PromiseGivenUp> given_up;
  std::vector<Wait> waits;  ///< one for each group, or part of one, that does not start
  Time again = never;       ///< plan again by then, though nothing happens until then
};

}  // namespace gangline
