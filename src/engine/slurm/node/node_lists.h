// The short forms in which Slurm writes counts and numbers, and where it says which GPUs it gave.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gangline {

/// "2(x3),1" to 2, 2, 2, 1.
std::optional<std::vector<std::uint32_t>> expand_counts(std::string_view text);
/// "0-1,4" to 0, 1, 4.
std::optional<std::vector<std::uint32_t>> expand_numbers(std::string_view text);

/// What `scontrol show job -d -o` says of the numbers of GPUs on each node. Nodes without any are
/// left out, and so is all that makes no sense.
std::map<std::string, std::vector<std::uint32_t>> gpus_by_node(std::string_view job);

}  // namespace gangline
