// What one plan is worked out on: what is free, who holds the rest, what is kept for whom.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/error.h"
#include "model/snapshot.h"
#include "schedule/free_state.h"
#include "schedule/layout.h"
#include "schedule/wanted.h"

namespace gangline {

/// A holder whose time is up and that still runs is expected to end so much after now.
constexpr Span overdue_grace = seconds(1);

/// The end of `turns` gangs of that time, one after another.
inline Time end_after(Time start, Span time, std::uint32_t turns) {
  return time.us > never.us / turns ? never : start + Span{time.us * turns};
}

/// All waiting groups that ask for the same under the same rules: what is found out about one of
/// them holds for all, for as long as a plan only takes away from what is free.
struct Shape {
  const ResourceRequest* request = nullptr;
  bool allow_foreign = false;
  const std::vector<DeviceId>* avoid = nullptr;
  std::vector<Wanted> wanted;      ///< in the order in which they are tried
  std::optional<Error> hopeless;   ///< this cluster can never meet it
  bool no_room = false;            ///< it was tried in this plan and did not fit
  std::optional<Time> denied_end;  ///< it would delay a promise if it ended then or later
  std::optional<Blocker> denied_by;
  std::optional<Blocker> blocker;  ///< why there is no room
};

/// A gang's allocation with its end; those that start in this plan too.
struct Held {
  JobId job;
  std::shared_ptr<const Allocation> allocation;
  Time since;
  Time end = never;
  bool overdue = false;  ///< it should have ended by now
};

/// When and where a gang could start if nobody else came.
struct Opening {
  Time at = never;  ///< never: nobody knows, for it needs what a gang without a time limit holds
  std::size_t released = 0;    ///< where `at` is never: once so many of the first of `held` ended
  bool after_overdue = false;  ///< as soon as those have ended who should have by now
  Allocation allocation;
};

/// Room that is kept for a gang that was promised a start, or that stands first and cannot be told
/// one.
struct Reserved {
  std::size_t group = 0;  ///< index in Snapshot::waiting
  const Shape* shape = nullptr;
  std::optional<Span> time;
  Time promised = never;
  Opening opening;

  Time end() const { return time ? opening.at + *time : never; }
  /// Whether a gang that starts now and ends at `other_end` is in its way.
  bool conflicts(Time other_end) const { return opening.at == never || other_end > opening.at; }
};

struct ShapeKey {
  const ResourceRequest* request = nullptr;
  bool allow_foreign = false;
  const std::vector<DeviceId>* avoid = nullptr;
  bool operator==(const ShapeKey& other) const;
};
struct ShapeHash {
  std::size_t operator()(const ShapeKey& key) const;
};

class Desk {
 public:
  explicit Desk(const Snapshot& snapshot);

  Shape& shape_of(const WaitingGroup& group);
  /// The gang holds it from now on.
  void start(JobId job, std::shared_ptr<const Allocation> allocation, Time end);

  const Snapshot& snapshot;
  Layouts layouts;
  FreeState free;
  std::vector<Held> held;  ///< those that have held longest in front
  std::vector<Reserved> reserved;

 private:
  std::deque<Shape> shapes_;
  std::unordered_map<ShapeKey, Shape*, ShapeHash> by_content_;
};

}  // namespace gangline
