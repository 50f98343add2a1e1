// A random world from a seed: machines, what happens to them, and jobs with their true ends.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "model/snapshot.h"

namespace gangline::worlds {

/// The same numbers from the same seed on every machine.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed * 0x9E3779B97F4A7C15ull + 1) {}
  std::uint64_t next();
  /// low..high, both included.
  std::uint32_t from(std::uint32_t low, std::uint32_t high) {
    return low + static_cast<std::uint32_t>(next() % (high - low + 1));
  }
  bool one_in(std::uint32_t n) { return next() % n == 0; }

 private:
  std::uint64_t state_;
};

/// A device used by others, a device away or a node down, between two times.
struct Mishap {
  enum class Kind : std::uint8_t { foreign, away, down } kind = Kind::foreign;
  DeviceId device;
  Time from;
  Time until;
};

struct World {
  Cluster cluster;
  std::vector<Queue> queues;
  std::vector<WaitingGroup> jobs;  ///< as submitted
  std::vector<Mishap> mishaps;     ///< all are over by `quiet`
  HouseRules rules;
  SetAsides set_aside;
  bool overstays = false;  ///< some gangs run longer than their limit
};

constexpr Time quiet{400'000'000};

World random_world(std::uint64_t seed);
/// The same with some nodes more, under up to three levels of switches, some of them under none,
/// and with larger gangs.
World under_switches(World world, std::uint64_t seed);
/// The same with queues that are parts of each other, with shares, limits and what is guaranteed.
World random_world_of_queues(std::uint64_t seed);
/// The same with rules of people, queues and times.
World random_world_of_rules(std::uint64_t seed);
/// The same with MPS of several people, and more shares of devices.
World random_world_of_mps(std::uint64_t seed);
/// What users had by now.
std::shared_ptr<const std::vector<UserUse>> random_use(const World& world, Dice& dice);

}  // namespace gangline::worlds
