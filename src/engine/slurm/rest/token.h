// What slurmrestd knows a person by: a JWT, made with `scontrol token`. It is a secret: it stands
// in no error and no log, and goes only into a header.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/units.h"

namespace gangline {

struct SlurmToken {
  std::string text;
  std::string user;                  ///< whose it is, as it says itself; empty: it does not
  std::optional<Time> expires = {};  ///< the same
};

/// A token, or the line "SLURM_JWT=…" that scontrol prints. It is not checked: only Slurm can.
Result<SlurmToken> read_slurm_token(std::string_view text);

/// Where a token comes from, each time that one is needed.
struct TokenSource {
  std::string file = {};  ///< read anew each time; empty: `text`
  std::string text = {};  ///< SLURM_JWT as it was when this program began
};
/// An Error says what to do for a new one: also where it has expired, `now` being past its end.
Result<SlurmToken> token_now(const TokenSource& source, Time now);

}  // namespace gangline
