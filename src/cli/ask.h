// Asking the service from a command: the answer is there when the call returns.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "base/result.h"
#include "base/text.h"
#include "cli/command_world.h"
#include "service/service.h"

namespace gangline {

/// `ask([&](Reply<JobDetail> reply) { service.show(…, reply); })`
template <class T, class Call>
Result<T> ask(Call call) {
  std::optional<Result<T>> answer;
  call([&](Result<T> given) { answer = std::move(given); });
  if (!answer) return Error{ErrorKind::unavailable, "the service gave no answer", "", "try again"};
  return std::move(*answer);
}

/// The job (and gang) that a person's word names: "7", "7.3", "resnet" (the newest job of that
/// name) or "resnet.3". A job that is called so wins: "v1.3" is gang 3 of "v1" only where no job
/// is named "v1.3".
Result<GangName> find_job(Service& service, const std::string& word);

/// "7 (resnet)"
std::string named(const JobSummary& job);
/// "job 7 (resnet)", or "gang 7.3 (resnet)" where one was named.
std::string subject(const JobSummary& job, const std::optional<std::uint32_t>& index);
/// "lr=0.1 seed=2", "gather"; empty where the gang has no values of its own.
std::string values_of(const GangView& gang);
/// "ended well", "failed: rank 1 ended with code 7", …; what happened, as one sentence part.
std::string describe(const Ending& ending);
/// What would have had the job's retries used after this end; empty where nothing would.
std::string retry_hint(const JobSpec& spec, const Ending& ending);

/// Its gangs: "12 well, 1 badly, 2 run, 25 wait".
std::string count_by_state(const JobSummary& job);

}  // namespace gangline
