// JSON of tokens; see json.h.
#pragma once

#include "json/json.h"
#include "model/access.h"

namespace gangline {

std::string to_json(const WhoAmI& one);
std::string to_json(const NewToken& one);
std::string to_json(const ListensAt& one);
/// Without the hashes.
std::string to_json(const std::vector<AccessToken>& all);
template <>
Result<WhoAmI> from_json<WhoAmI>(std::string_view text);

}  // namespace gangline
