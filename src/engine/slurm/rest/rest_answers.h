// What slurmrestd answers, as the same values that are read of Slurm's programs. Anything may stand
// in an answer: it is read, passed over, or an Error, and costs no more than its length.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/slurm/slurm.h"

namespace gangline {

/// Whose jobs are ours, where everybody's are told.
struct RestPerson {
  std::string user;
  std::uint32_t uid = 0;
};

// Each is an Error where the answer complains or is not what was asked for.

/// The jobs of `/slurm/…/jobs` that are ours.
Result<std::vector<SlurmJobSeen>> read_rest_queue(std::string_view text, const RestPerson& we);
/// Of `/slurmdb/…/jobs`. The tag is also found in the directory of a job, for few sites keep
/// comments. That a job is not known is an answer: none.
Result<std::vector<SlurmJobSeen>> read_rest_accounts(std::string_view text);
Result<std::vector<SlurmHolder>> read_rest_holders(std::string_view text);
Result<std::vector<SlurmNodeSeen>> read_rest_nodes(std::string_view text);
Result<std::vector<SlurmPartition>> read_rest_partitions(std::string_view text);
/// Of what was handed over: its number.
Result<std::string> read_rest_number(std::string_view text);

/// "22.05.8"; empty: not told.
std::string read_rest_release(std::string_view text);
/// "cons_tres", of `/slurmdb/…/clusters`; an Error where there are no accounts.
Result<std::string> read_rest_select(std::string_view text);

/// What an answer complains of: the first of its errors, whatever the status was.
struct RestComplaint {
  std::int64_t number = 0;  ///< Slurm's; 0: none was given
  std::string says;         ///< printable
};
std::optional<RestComplaint> read_rest_complaint(std::string_view text);
/// For people, with what to try.
Error error_of(const RestComplaint& complaint);

}  // namespace gangline
