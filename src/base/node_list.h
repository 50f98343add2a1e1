// Host lists as Slurm writes them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gangline {

constexpr std::size_t most_nodes_in_a_list = 200'000;

/// "n[001-003,007],login1" to n001 n002 n003 n007 login1. Nothing if it is none, or names more than
/// `most_nodes_in_a_list`. Text without brackets is split at its commas only.
std::optional<std::vector<std::string>> expand_node_list(std::string_view text);

/// The other way: numbers at the ends of names, of the same width and in their order, as ranges.
std::string write_node_list(const std::vector<std::string>& names);

}  // namespace gangline
