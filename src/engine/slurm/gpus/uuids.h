// Which GPUs of NVIDIA's are meant by the numbers that Slurm tells a program. Slurm counts those
// that a process may open, from 0, where its control group closes the others, and else those of the
// node.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/units.h"
#include "model/cluster.h"

namespace gangline {

/// /dev/nvidia<minor>, as it is for this process.
struct GpuFile {
  enum class State : std::uint8_t { open, closed_by_group, closed };
  std::uint32_t minor = 0;
  State state = State::open;
};
/// By minor. `root` is "/" except in tests.
std::vector<GpuFile> gpu_files_here(const std::string& root);

/// The UUIDs of the GPUs that were told, one for each. Empty: it is not certain which are meant.
/// `found`: the node as NVML has it, which may have those that are closed as well.
std::vector<std::string> uuids_of(const std::vector<std::string>& told,
                                  const std::vector<GpuFile>& files, const Node& found);

constexpr Span longest_wait_for_uuids = seconds(3);
/// `told` by UUID where it is certain which are meant, else as it is. Asks NVML, through `probe`
/// (program and words), only where there are numbers and files of GPUs.
std::vector<std::string> by_uuid(const std::vector<std::string>& told, const std::string& root,
                                 const std::vector<std::string>& probe,
                                 Span deadline = longest_wait_for_uuids);

/// What is asked on a node: this very program.
std::vector<std::string> probe_of_this_program();

}  // namespace gangline
