// How fast jobs get on where they were placed: for histories whose run times follow from the place.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "model/allocation.h"
#include "model/cluster.h"
#include "replay/history.h"

namespace gangline {

/// How long each stage of a job's work takes at one place, in seconds, one after the other. A job
/// that goes on at another place goes on in the same stage, with as large a part of it done.
using Stages = std::vector<double>;

/// So many stages are done, and of the next one this part, 0 to 1.
struct Position {
  std::size_t stages = 0;
  double part = 0;
};

/// How long it takes from there to the end. Stages but the last end at whole multiples of `step`
/// after the start, the nearest ones; 0: when they are done.
double seconds_left(const Stages& stages, Position from, double step);
/// Where it is after so many seconds.
Position after(const Stages& stages, Position from, double ran, double step);

/// "4-2": how many devices on each node, most first; without devices, tasks.
std::string shape_of(const Allocation& where);

class Speeds {
 public:
  static constexpr std::size_t most_stages = 10'000;

  /// What a job of this name does on nodes of this model in this shape; an empty text: any. Either
  /// how fast it is compared with what its history says, or its stages.
  struct Key {
    std::string name, shape, model;
    auto operator<=>(const Key&) const = default;
  };
  void add(const Key& key, double speed) { rows_[key].speed = speed; }
  void add(const Key& key, Stages stages) { rows_[key].stages = std::move(stages); }
  void set_step(double seconds) { step_ = seconds; }

  bool empty() const { return rows_.empty(); }
  double step() const { return step_; }
  /// By the row that names most of it: the name before the shape before the model. A name that has
  /// stages, but none for this place, has its slowest here. Empty: no row is about it, and it runs
  /// as its history says.
  std::optional<Stages> stages(const PastJob& job, const Allocation& where,
                               const Cluster& cluster) const;
  /// What a job of this name takes at least, wherever it is; empty: no row with stages names it.
  std::optional<Span> shortest(const std::string& name) const;

 private:
  /// The fastest and the slowest of a name; null: it has none.
  std::pair<const Stages*, const Stages*> with_stages(const std::string& name) const;

  struct Row {
    double speed = 1;
    Stages stages;  ///< empty: by the speed
  };
  std::map<Key, Row> rows_;
  double step_ = 0;
};

/// A CSV file with the columns `name`, `shape` and `model`, each of which may be missing or `*` in
/// a row, and `speed` (2 is twice as fast as in the history) or `stages` (seconds with blanks
/// between them). Errors name the line.
Result<Speeds> read_speeds(const std::string& path);

/// Jobs without a run time get the shortest that is known for their name. Returns how many did.
std::size_t fill_in_runs(const Speeds& speeds, History& history);

}  // namespace gangline
