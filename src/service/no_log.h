// That there is no such log, in the words of the command line and of the service alike.
#pragma once

#include <cstdint>
#include <string>

#include "base/error.h"
#include "base/ids.h"
#include "base/text.h"

namespace gangline {

/// `tasks`: of the gang.
inline Error no_such_rank(GangId gang, std::uint32_t rank, std::uint32_t tasks) {
  return {ErrorKind::not_found, "gang " + format(gang) + " has no rank " + std::to_string(rank), "",
          "its ranks are 0 to " + std::to_string(tasks - 1)};
}

/// Attempts are counted from 1.
inline Error no_such_attempt(GangId gang, std::uint32_t attempt, std::uint32_t newest) {
  return {ErrorKind::not_found,
          "gang " + format(gang) + " has no attempt " + std::to_string(attempt), "",
          newest == 1 ? "it was tried once" : "its attempts are 1 to " + std::to_string(newest)};
}

}  // namespace gangline
