#include "control/people/kept_limits.h"

#include "base/text.h"

namespace gangline {
namespace {

std::string are(std::uint64_t n) { return std::to_string(n) + (n == 1 ? " is" : " are"); }

}  // namespace

std::optional<Error> exceeds_kept(const PersonLimits& limits, const std::string& person,
                                  const Register::Kept& kept, std::uint64_t gangs) {
  const std::string name = printable(person);
  if (limits.jobs && kept.jobs >= *limits.jobs)
    return Error{ErrorKind::refused,
                 name + " may have " + std::to_string(*limits.jobs) +
                     (*limits.jobs == 1 ? " job" : " jobs") + " that " +
                     (*limits.jobs == 1 ? "has" : "have") + " not ended, and has " +
                     std::to_string(kept.jobs),
                 "",
                 "wait for some to end, or put many gangs into one job with a sweep or a split"};
  if (!limits.waiting_gangs || kept.waiting_gangs + gangs <= *limits.waiting_gangs)
    return std::nullopt;
  return Error{ErrorKind::refused,
               name + " may have " + std::to_string(*limits.waiting_gangs) +
                   (*limits.waiting_gangs == 1 ? " gang" : " gangs") + " waiting; " +
                   are(kept.waiting_gangs) + " waiting, and this job has " + std::to_string(gangs),
               "",
               gangs > *limits.waiting_gangs
                   ? "make it several jobs, each when the one before has ended"
                   : "wait for some to start, or stop some"};
}

}  // namespace gangline
