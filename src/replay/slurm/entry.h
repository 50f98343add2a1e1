// What Slurm's text and its JSON say in common of a job.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "replay/input/draft.h"
#include "replay/slurm/tres.h"

namespace gangline {

struct SlurmTimes {
  std::optional<Time> submitted, eligible, started, ended;
  std::optional<Span> elapsed;
};

/// Says why a job in this state has no true run time: it had not started, or still ran.
void refuse_unended(std::string_view state, Why& why);

/// Fills the times of the job. A job counts from when it could have started, which is later than
/// its submission where it waited for another job or for a date.
void take_times(const SlurmTimes& times, PastJob& job, HistoryDraft& draft, Why& why);

/// `asked` and `given` as `as_given` has it, each filled up from the other.
void take_request(const Tres& asked, const Tres& given, bool as_given, PastJob& job,
                  HistoryDraft& draft, Why& why);

/// The nodes of "n[1-2]"; none for "None assigned" and for what is no list.
std::vector<std::string> nodes_of(std::string_view list);

}  // namespace gangline
