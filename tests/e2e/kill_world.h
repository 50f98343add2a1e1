// For tests that send kill -9 to the parts of a Gangline while a sweep runs, and count afterwards.
#pragma once

#include <random>
#include <string>
#include <utility>
#include <vector>

#include "machine.h"

namespace gangline {

/// Parts of Gangline that can be killed; several at once are killed at the same moment.
struct Victims {
  bool service = false;
  bool launcher = false;
  bool guardian = false;
};

/// What became of the gangs of one sweep.
struct Count {
  int well = 0;          ///< ended well and wrote exactly once
  int lost = 0;          ///< ended as lost, with a reason
  int kills = 0;         ///< signals that reached a process
  int while_it_ran = 0;  ///< of these, before the last gang wrote
  double seconds_taken = 0;
};

/// A sweep whose gangs append their number to a file, each once, while `kills` times at random
/// moments the victims are killed. Fails the test for each gang that has not exactly one outcome,
/// ended well without one line, wrote twice, or was lost without a reason.
class KillWorld {
 public:
  explicit KillWorld(unsigned seed) : random_(seed) {}

  Count run(const Victims& victims, int kills);
  const Machine& machine() const { return machine_; }

 private:
  void kill_at_random_moments(const Victims& victims, int kills, const std::string& job,
                              Count& count);
  void judge(const std::string& job, Count& count) const;

  Machine machine_;
  std::mt19937 random_;
  std::vector<std::pair<std::size_t, int>> kills_at_;  ///< lines written then, processes reached
};

/// KILL_SEED if it is set, else one from the clock; printed, so that a run can be had again.
unsigned kill_seed();

}  // namespace gangline
