// The user's config.toml:
//
//   policy = "easy"                 # or { name = "easy", promises = 4 }
//   idle_exit = "10m"
//   sample_every = "2s"
//   half_life = "7d"
//   cpus_as_device = 8
//   [queue.night]
//   priority = -10
//   allow_foreign = true
//   parent = "normal"
//   share = 2
//   guaranteed = 4
//   limit = 8
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/settings.h"

namespace gangline {

constexpr std::size_t largest_config_file = 1 << 20;  ///< bytes
constexpr std::size_t most_queues = 100;

/// One setting of a policy as a flag says it: "promises" and "4". The Error has no place.
Result<void> set_of_policy(const std::string& key, const std::string& value,
                           PolicySettings& settings);

/// Whether there is a policy of this name, and whether it has these settings. The Error's place is
/// the reader's to say.
using PolicyCheck =
    std::function<Result<void>(const std::string& name, const PolicySettings& settings)>;

/// What the file does not say is as in `before`. The queue "normal" is always there and comes
/// first; the others follow in the order of the file. Errors as of `read_job_file`. Which policies
/// there are the caller knows; without `check_policy` any will do.
Result<Settings> read_config(std::string_view text, const std::string& file_name,
                             std::vector<Error>* mistakes = nullptr,
                             const PolicyCheck& check_policy = {}, Settings before = {});

}  // namespace gangline
