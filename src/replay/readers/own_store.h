// What Gangline itself ran on this machine, as a history.
#pragma once

#include <string>

#include "base/result.h"
#include "replay/history.h"

namespace gangline {

constexpr std::uint32_t most_own_jobs = 100'000;  ///< the newest ones
constexpr std::uint32_t most_own_gangs_of_a_job = 100'000;

/// Each gang that ran is a job of its own, from the time at which it could start: when it was
/// submitted, or when the last of those that it came after had ended. Errors: no such store, one of
/// a newer version, nothing in it that ended.
Result<History> read_own_history(const std::string& store_path);
/// The machines that the store knows; of Slurm's those that it has, without what it lent.
Result<FoundCluster> read_own_cluster(const std::string& store_path);

}  // namespace gangline
