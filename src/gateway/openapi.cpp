#include "gateway/openapi.h"

#include <map>
#include <set>

#include "base/text.h"
#include "json/json.h"
#include "json/schema.h"

namespace gangline {
namespace {

using enum RouteWay;

std::string quoted(std::string_view text) { return json_text(std::string(text)); }

std::string reference(std::string_view name) {
  return R"({"$ref":"#/components/schemas/)" + std::string(name) + R"("})";
}

/// Of "JobSummary" or "[JobSummary]".
std::string schema_of(std::string_view type) {
  if (!type.starts_with('[')) return reference(type);
  return R"({"type":"array","items":)" + reference(type.substr(1, type.size() - 2)) + "}";
}

std::string type_of(std::string_view type) {
  if (type.find('|') == std::string_view::npos) return R"({"type":)" + quoted(type) + "}";
  std::string words;
  for (const std::string_view word : split(type, '|'))
    words += (words.empty() ? "" : ",") + quoted(word);
  return R"({"type":"string","enum":[)" + words + "]}";
}

std::string parameter(std::string_view name, const char* in, std::string_view type,
                      std::string_view says) {
  return R"({"name":)" + quoted(name) + R"(,"in":")" + in + R"(","required":)" +
         (std::string_view(in) == "path" ? "true" : "false") +
         (says.empty() ? "" : R"(,"description":)" + quoted(says)) +
         // There or not there, as the command line has it.
         (type == "boolean" ? R"(,"allowEmptyValue":true)" : "") + R"(,"schema":)" + type_of(type) +
         "}";
}

std::string parameters(const RouteRow& row) {
  std::string text;
  const auto add = [&](const std::string& one) { text += (text.empty() ? "" : ",") + one; };
  for (const std::string_view part : split(row.pattern, '/'))
    if (part.starts_with('{')) {
      const std::string_view name = part.substr(1, part.size() - 2);
      add(parameter(name, "path", name == "name" ? "string" : "integer", ""));
    }
  for (const RouteWord& word : row.query) add(parameter(word.name, "query", word.type, word.says));
  if (row.pattern == "v1/jobs" && row.method == "POST")
    add(parameter("Idempotency-Key", "header", "string", "the same key is the same job, once"));
  if (row.pattern == "v1/events")
    add(parameter("Last-Event-ID", "header", "string", "goes on behind this event"));
  return text.empty() ? "" : R"(,"parameters":[)" + text + "]";
}

std::string body_of(const RouteRow& row) {
  if (row.takes.empty()) return "";
  constexpr std::string_view toml = R"("application/toml":{"schema":{"type":"string"}})";
  std::string kinds;
  if (row.takes != "toml") kinds = R"("application/json":{"schema":)" + schema_of(row.takes) + "}";
  else kinds = R"("text/plain":{"schema":{"type":"string"}})";
  if (row.takes == "toml" || row.pattern == "v1/jobs")
    kinds += (kinds.empty() ? "" : ",") + std::string(toml);
  return R"(,"requestBody":{"required":true,"content":{)" + kinds + "}}";
}

/// "get_v1_jobs_job_why": what programs that write clients make names of functions of.
std::string name_of_call(const RouteRow& row) {
  std::string name = row.method == "GET" ? "get_" : "post_";
  for (const char c : row.pattern)
    if (c == '/') name += '_';
    else if (c != '{' && c != '}' && c != '.') name += c;
  return name;
}

std::string answers_of(const RouteRow& row) {
  const std::string type = row.gives == "text"     ? "text/plain"
                           : row.gives == "events" ? "text/event-stream"
                                                   : "application/json";
  const std::string schema = type != "application/json" ? R"({"type":"string"})"
                             : row.gives == "object"    ? R"({"type":"object"})"
                                                        : schema_of(row.gives);
  return R"("responses":{"200":{"description":"well","content":{")" + type + R"(":{"schema":)" +
         schema + R"(}}},"default":{"description":"what stood in the way","content":{)" +
         R"("application/json":{"schema":)" + reference("Error") + "}}}}";
}

std::string operation(const RouteRow& row) {
  return quoted(row.method == "GET" ? "get" : "post") + R"(:{"operationId":)" +
         quoted(name_of_call(row)) + R"(,"description":)" +
         quoted(std::string(row.says) + " Role: " + name_of(row.role) + ".") + parameters(row) +
         body_of(row) + "," + answers_of(row) + "}";
}

}  // namespace

std::span<const RouteRow> own_rows() {
  static const std::vector<RouteRow> all = {
      {"GET", "v1/whoami", Role::read, straight, "What the token is.", "", "WhoAmI"},
      {"GET",
       "v1/events",
       Role::read,
       waits,
       "What happens, as server-sent events: `id` is where to go on, `event` the kind of the entry "
       "in `data`, or reset (begin anew), gone and back (the service).",
       "",
       "events",
       {{"after", "string", "goes on behind this event, as Last-Event-ID does"}}},
      {"POST", "v1/check", Role::submit, straight,
       "The JobSpec that a job file stands for, or all its mistakes with their lines.", "toml",
       "object"},
      {"GET", "v1/openapi.json", Role::read, straight, "This.", "", "object"},
      {"GET", "v1/simulations", Role::read, straight, "Simulations that were asked for here.", "",
       "[SimulationRun]"},
      {"GET", "v1/simulations/{id}/page", Role::read, straight, "The page that one wrote.", "",
       "text"},
      {"POST", "v1/simulations", Role::submit, straight,
       "Runs `gang simulate` on the history of this machine; one at a time.", "SimulationRequest",
       "SimulationRun"},
  };
  return all;
}

std::string openapi_text(const std::string& version) {
  std::map<std::string, std::string> paths;
  const auto add = [&](std::span<const RouteRow> rows) {
    for (const RouteRow& row : rows) {
      std::string& path = paths["/" + std::string(row.pattern)];
      path += (path.empty() ? "" : ",") + operation(row);
    }
  };
  add(route_rows());
  add(own_rows());
  std::string text =
      R"({"openapi":"3.1.0","info":{"title":"Gangline","version":)" + quoted(version) +
      R"(,"description":"Times are microseconds since 1970 UTC, spans microseconds, sizes bytes. )"
      R"(What is empty or unknown is left out or null.","license":{"name":"Apache-2.0",)"
      R"("identifier":"Apache-2.0"}},"security":[{"token":[]}],"paths":{)";
  bool first = true;
  for (const auto& [path, operations] : paths)
    text += (std::exchange(first, false) ? "" : ",") + quoted(path) + ":{" + operations + "}";
  return text +
         R"(},"components":{"securitySchemes":{"token":{"type":"http","scheme":"bearer"}},)" +
         R"("schemas":)" + json_schemas() + "}}";
}

}  // namespace gangline
