// How long a gang will run, guessed from how long those ran that are like it, and how wrong such
// guesses were so far.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/units.h"
#include "model/resources.h"

namespace gangline {

/// What is known of a gang before it runs. Empty text: unknown.
struct ToRun {
  std::string owner, name, queue;
  std::int64_t size = 0;  ///< devices in all, in thousandths; of CPUs alone theirs, below zero
  std::optional<Span> limit;
};
ToRun to_run(std::string owner, std::string name, std::string queue, const ResourceRequest& request,
             std::optional<Span> limit);

/// Whose runs a guess is made from. Those that say more stand in front.
enum class LikeIn : std::uint8_t {
  owner_and_name,
  owner_and_size,
  owner,
  name,
  queue_and_size,
  size,
  limit,  ///< of the same owner: the same part of the limit
  all,
};
constexpr std::size_t ways_to_guess = 8;
/// "runs of that name by the same user".
const char* name_of(LikeIn like);

struct Prediction {
  Span run;
  double off_by = 1;  ///< such guesses were so many times too long or too short, in the mean
  LikeIn like = LikeIn::all;
};

/// "expected to run about 4h00m, by runs of that name by the same user; such guesses were 1.5 times
/// too long or too short in the mean".
std::string describe(const Prediction& prediction);

/// Learns from gangs in the order in which they end. Depends on nothing but what it was told.
class Predictor {
 public:
  /// One guess each way, in powers of two of a second; empty: nobody like that has ended.
  using Guesses = std::array<std::optional<float>, ways_to_guess>;

  Guesses guess(const ToRun& gang) const;
  /// The guess that has erred least so far. Empty: nothing has ended yet.
  std::optional<Prediction> best_of(const Guesses& guesses, const ToRun& gang) const;
  /// It ran for so long; `made`: what was guessed when it came.
  void learn(const ToRun& gang, const Guesses& made, Span run);

  /// Likenesses it remembers; those that were not met for longest are forgotten beyond the most.
  std::size_t remembered() const { return young_.size() + old_.size(); }
  static constexpr std::size_t most_remembered = 100'000;

 private:
  static constexpr std::size_t newest_runs = 8;
  /// The runs of those who are alike, in powers of two.
  struct Runs {
    std::array<float, newest_runs> newest{};
    std::uint32_t count = 0;    ///< ever
    float error = 0;            ///< mean distance of the guesses from the runs …
    std::uint32_t guesses = 0;  ///< … of so many, the newest ones
    float mean() const;
  };
  struct Error {
    double mean = 2;  // a guess that was never tried is taken to be off by four
    std::uint32_t guesses = 0;
  };
  static std::optional<std::string> key_of(LikeIn like, const ToRun& gang);
  const Runs* find(const std::string& key) const;
  Runs& runs_of(const std::string& key);
  double error_of(LikeIn like, const Runs& runs) const;

  // Those that were met again are moved from the old to the young ones; when these are half of the
  // most, the old ones are forgotten.
  std::unordered_map<std::string, Runs> young_, old_;
  std::array<Error, ways_to_guess> errors_{};
};

}  // namespace gangline
