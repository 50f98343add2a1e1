// `gang pilot`: nodes that Slurm lends, on which Gangline chooses the places.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "cli/output.h"

namespace gangline {

struct PilotOptions {
  std::uint32_t nodes = 1, gpus = 0, cpus = 0;
  std::string model, memory, time, queue, idle;
  bool renew = false, list = false;
  std::optional<std::uint64_t> stop;  ///< its number
};
int run_pilot(const PilotOptions& options, Output& out);

}  // namespace gangline
