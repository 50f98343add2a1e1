// Who has what of a cluster, as far as Slurm shows it to us.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/units.h"
#include "engine/slurm/site/site.h"
#include "model/cluster.h"

namespace gangline {

/// What one job holds, or that it waits.
struct SlurmHolder {
  std::string user;
  std::string job;  ///< Slurm's number; of an array, that of all
  bool waits = false;
  std::uint32_t cpus = 0;
  std::uint32_t gpus = 0;   ///< 0 also where the site does not account for them
  std::optional<Time> end;  ///< by its time limit
};

/// Slurm takes a job without a limit to run for 365 days.
constexpr Span counts_as_never = hours(24 * 300);

/// Of everybody's jobs that run or wait, a line for each.
std::vector<std::string> holders_words();
/// Lines that make no sense are passed over.
std::vector<SlurmHolder> read_holders(std::string_view text);

/// The number behind "KEY=" of a list like "cpu=4,mem=8G,gres/gpu=2"; 0: there is none.
std::uint32_t amount_in_tres(std::string_view list, std::string_view key);

/// "of 32 gpus 30 are in use (bert 24, carl 6) and 2 are on nodes that take no jobs; the first that
/// end do so by 10:30 UTC": what is asked for in GPUs where `of_gpus`, else in CPUs. Empty: not
/// known.
std::string who_holds(const std::vector<SlurmHolder>& holders, const std::vector<Node>& nodes,
                      bool of_gpus, Time now);

/// What of that the constraint of the config file leaves: "; 8 of the 32 are on nodes with a100,
/// the constraint of [on.slurm]". Empty: all.
std::string left_by_constraint(const SlurmSite& site, const std::vector<Node>& nodes, bool of_gpus);

}  // namespace gangline
