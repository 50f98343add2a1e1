// What of a job file Slurm does as it is said there, nearly, or not at all.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/slurm/site/site.h"
#include "model/job.h"

namespace gangline {

/// Too much: no node has so much of it, so that the job is refused whatever may be left out.
enum class Fidelity : std::uint8_t { exact, near, impossible, too_much };
const char* name_of(Fidelity how);  ///< "exact", "near", "impossible", "too much"

struct FidelityRow {
  std::string field;  ///< key of the job file: "gpu_memory"
  Fidelity how = Fidelity::exact;
  std::string says;  ///< what becomes of it: "--gpus-per-task=h100:2"
  bool operator==(const FidelityRow&) const = default;
};

/// The alternative that is sent: of those that are possible here, the one liked best; where none
/// is, the one liked best of all.
std::uint32_t alternative_for(const JobSpec& spec, const SlurmSite& site);

/// A row for each key that the job uses, in the order of the table in docs/guide/jobs.md.
std::vector<FidelityRow> fidelity_of(const JobSpec& spec, const SlurmSite& site);

/// An Error that names all that is impossible, unless `lossy`.
Result<void> refuses(const std::vector<FidelityRow>& rows, bool lossy);

/// The GRES type that serves a request: "gpu:h100", "gpu" for any. Empty: there is none here.
std::string gres_for(const DeviceRequest& devices, const SlurmSite& site);

}  // namespace gangline
