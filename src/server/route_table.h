// All that can be asked of a service over HTTP, in one table: what answers it, who may ask, and how
// it is described.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "model/access.h"
#include "server/query.h"

namespace gangline {

/// A word of the query: "limit=50".
struct RouteWord {
  std::string_view name;
  std::string_view type;  ///< "integer", "string", "boolean" (there or not), or "a|b|c"
  std::string_view says;
};

enum class RouteWay {
  remembered,  ///< the same answer may be given again while nothing has happened
  straight,    ///< asked each time
  waits,       ///< answered when something happens
};

struct RouteRow {
  std::string_view method;
  std::string_view pattern;  ///< "v1/jobs/{job}"; what is in braces stands for any one part
  Role role;
  RouteWay way;
  std::string_view says;          ///< a sentence
  std::string_view takes, gives;  ///< types of the bodies: "JobSpec", "[JobSummary]"; empty: none
  std::vector<RouteWord> query = {};
};

std::span<const RouteRow> route_rows();

/// What stood in the braces of the pattern; empty where the path is another one.
std::optional<std::vector<std::string_view>> match_route(std::string_view pattern,
                                                         std::string_view path);

/// That the route takes no such word of the query. It is not passed over: a list with a misspelt
/// filter would be a list of everything.
std::optional<Error> unknown_word(const RouteRow& row, const Target& target);

}  // namespace gangline
