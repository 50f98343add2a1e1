// Simulations that are asked for over the network: each is a `gang simulate` of its own, and its
// page is kept.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/simulation_run.h"
#include "os/loop.h"
#include "os/program.h"

namespace gangline {

struct SimulationsSettings {
  std::string directory;             ///< where they are kept, one directory each
  std::vector<std::string> program;  ///< {"/usr/bin/gang"}
  Span longest = hours(1);
  std::uintmax_t most_bytes = 200'000'000;  ///< of all that are kept
};

class Simulations {
 public:
  /// Those that were kept are there again; what ran when a gateway ended has failed.
  Simulations(Loop& loop, SimulationsSettings settings);

  /// Refused: options that name files or are none of a what-if, and a second one beside one that
  /// runs. The oldest go when there are more than 50 or they are too large together.
  Result<SimulationRun> begin(const std::vector<std::string>& options);
  /// The newest first.
  std::vector<SimulationRun> all() const;
  Result<std::string> page(std::uint64_t id) const;

 private:
  std::string directory_of(std::uint64_t id) const;
  void recall();
  void keep(const SimulationRun& run) const;
  void forget_oldest();
  void end(std::uint64_t id, Result<ProgramAnswer> answer);

  Loop& loop_;
  SimulationsSettings settings_;
  std::map<std::uint64_t, SimulationRun> runs_;
  std::unique_ptr<ProgramRun> running_;
};

/// An Error that names the first option that may not be said over the network.
Result<void> check_what_if(const std::vector<std::string>& options);

}  // namespace gangline
