// What Slurm counts of a job: "billing=12,cpu=12,gres/gpu=2,gres/gpu:a100=2,mem=33600M,node=1".
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/units.h"
#include "replay/input/request.h"

namespace gangline {

/// GPUs are told twice, with their model and without; the two are one count.
struct Tres {
  std::optional<std::int64_t> cpus, nodes, gpus;
  std::optional<Bytes> memory;
  std::map<std::string, std::int64_t> gpus_of_model;

  std::int64_t all_gpus() const;
  /// The one model that all of them are; empty: several, or not told.
  std::string gpu_model() const;
};

/// Nothing if a part of it is no "name=number". Names that are not known are passed over.
std::optional<Tres> parse_tres(std::string_view text);
/// One "name=count" of it, for Slurm's JSON, where memory is told in MiB. False: it makes no sense.
bool add_tres(std::string_view name, std::int64_t count, Tres& tres);
/// "gpu:a100:4(S:0-1),gpu:2", "gres:gpu:1", "(null)": what one node has or is asked for.
std::optional<Tres> parse_gres(std::string_view text);
/// "33600M", "2G", "16384" (MiB). Nothing for what is none.
std::optional<Bytes> parse_slurm_memory(std::string_view text);

/// What `first` does not say is taken from `second`.
Tres completed(Tres first, const Tres& second);
Asked asked_of(const Tres& tres);

}  // namespace gangline
