// Where the tasks of a gang meet: on its first node, where rank 0 runs.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/slurm/sending.h"
#include "launch/environment.h"
#include "launch/job_files.h"

namespace gangline {

/// How the first node hands a meeting to the tasks of a step.
constexpr const char* meeting_variable = "GANG_SLURM_MEETING";

/// A gang of one node meets on it alone; one of several at the address by which the others know
/// this node. `addresses`: of the nodes, where they share a network that is better; else empty.
/// `host_file`: where to write one; empty: none is wanted.
Meeting make_meeting(const std::vector<NodeGiven>& nodes, std::vector<std::string> addresses,
                     const std::string& host_file);
/// The address by which other nodes know this one, whose name is `name`.
std::string address_here(const std::string& name);

/// How other nodes reach this one, whose name is `name`.
std::string address_here(const std::string& name);
/// This host's address on the way to that one; where nothing leads there, as others know this host.
std::string address_toward(const std::string& host);

/// Ports and addresses are said once for each place on a node and each node, not for each task.
std::string meeting_text(const Meeting& meeting, const std::vector<NodeGiven>& nodes);
/// Empty: makes no sense. `tasks_on_node`: of each node of the step.
std::optional<Meeting> meeting_from(std::string_view text,
                                    const std::vector<std::uint32_t>& tasks_on_node);

}  // namespace gangline
