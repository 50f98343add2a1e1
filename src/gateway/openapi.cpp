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

/// What is not of the one mapping: job files that are wrong have all their mistakes at once.
constexpr std::string_view own_schemas =
    R"("Mistake":{"type":"object","properties":{"what":{"type":"string"},)"
    R"("where":{"type":"string"},"line":{"type":"integer","format":"int64","minimum":1},)"
    R"("hint":{"type":"string"}},"required":["what","where","hint"]},)"
    R"("JobRefused":{"type":"object","properties":{)"
    R"("kind":{"$ref":"#/components/schemas/ErrorKind"},"what":{"type":"string"},)"
    R"("where":{"type":"string"},"hint":{"type":"string"},"mistakes":{"type":"array",)"
    R"("items":{"$ref":"#/components/schemas/Mistake"}}},)"
    R"("required":["kind","what","where","hint"]},)"
    R"("CheckedJob":{"type":"object","properties":{)"
    R"("spec":{"$ref":"#/components/schemas/JobSpec"}},"required":["spec"]})";

struct Refused {
  std::string_view status, name, says;
  bool says_when;  ///< with Retry-After
};
constexpr Refused ways_to_refuse[] = {
    {"400", "NotUnderstood", "the request is wrong", false},
    {"401", "NoToken", "no token, or one that does not hold", false},
    {"403", "MayNot", "not with this role, or not for this person", false},
    {"404", "NotThere", "there is no such thing", false},
    {"409", "NotDone", "it cannot be done as things are", false},
    {"413", "TooLarge", "the body is too large", false},
    {"429", "TooMany", "over a limit of requests", true},
    {"503", "NotNow", "the service or the gateway cannot answer now", true},
};

std::string type_of(std::string_view type) {
  if (type == "integer") return R"({"type":"integer","format":"int64","minimum":0})";
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

bool is_job(const RouteRow& row) { return row.pattern == "v1/jobs" && row.method == "POST"; }

std::string parameters(const RouteRow& row) {
  std::string text;
  const auto add = [&](const std::string& one) { text += (text.empty() ? "" : ",") + one; };
  for (const std::string_view part : split(row.pattern, '/'))
    if (part.starts_with('{')) {
      const std::string_view name = part.substr(1, part.size() - 2);
      add(parameter(name, "path", name == "name" ? "string" : "integer", ""));
    }
  for (const RouteWord& word : row.query) add(parameter(word.name, "query", word.type, word.says));
  if (is_job(row))
    add(parameter("Idempotency-Key", "header", "string", "the same key is the same job, once"));
  if (row.gives == "events")
    add(parameter("Last-Event-ID", "header", "string", "goes on behind this event"));
  return text.empty() ? "" : R"(,"parameters":[)" + text + "]";
}

std::string body_of(const RouteRow& row) {
  if (row.takes.empty()) return "";
  // As a file: what writes clients makes bytes of it, and a job file is sent as it lies there.
  const std::string toml = R"("application/toml":{"schema":{"type":"string","format":"binary"}})";
  std::string kinds = toml;
  if (row.takes != "toml") {
    kinds = R"("application/json":{"schema":)" + schema_of(row.takes) + "}";
    if (is_job(row)) kinds += "," + toml;
  }
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

/// Of "content": what a good answer is.
std::string content_of(std::string_view gives) {
  const auto one = [](std::string_view type, const std::string& schema) {
    return quoted(type) + R"(:{"schema":)" + schema + "}";
  };
  const std::string text = R"({"type":"string"})";
  if (gives == "text")
    return one("application/openmetrics-text", text) + "," + one("text/plain", text);
  if (gives == "events") return one("text/event-stream", text);
  if (gives == "file")
    return one("application/octet-stream", R"({"type":"string","format":"binary"})");
  return one("application/json", gives == "object" ? R"({"type":"object"})" : schema_of(gives));
}

bool may_be(const RouteRow& row, const Refused& refused) {
  if (refused.status == "404") return row.pattern.find('{') != std::string_view::npos;
  if (refused.status == "409") return row.method != "GET";
  if (refused.status == "413") return !row.takes.empty();
  return true;
}

std::string error_content(std::string_view type) {
  return R"("content":{"application/json":{"schema":)" + reference(type) + "}}";
}

std::string answers_of(const RouteRow& row) {
  std::string text =
      R"("responses":{"200":{"description":"well","content":{)" + content_of(row.gives) + "}}";
  for (const Refused& refused : ways_to_refuse) {
    if (!may_be(row, refused)) continue;
    text += "," + quoted(refused.status) + ":";
    if (refused.status == "400" && (is_job(row) || row.takes == "toml"))
      text += R"({"description":"the job is wrong: all mistakes of a job file, with lines",)" +
              error_content("JobRefused") + "}";
    else text += R"({"$ref":"#/components/responses/)" + std::string(refused.name) + R"("})";
  }
  return text + R"(,"default":{"description":"what stood in the way",)" + error_content("Error") +
         "}}";
}

std::string refusals() {
  std::string text;
  for (const Refused& refused : ways_to_refuse)
    text += (text.empty() ? "" : ",") + quoted(refused.name) + R"(:{"description":)" +
            quoted(refused.says) +
            (refused.says_when ? R"(,"headers":{"Retry-After":{"description":"seconds",)"
                                 R"("schema":{"type":"integer"}}})"
                               : "") +
            "," + error_content("Error") + "}";
  return "{" + text + "}";
}

/// The word after "v1/": what programs that write clients sort calls by.
std::string_view tag_of(const RouteRow& row) {
  std::string_view rest = row.pattern;
  if (rest.starts_with("v1/")) rest.remove_prefix(3);
  return rest.substr(0, rest.find_first_of("/."));
}

std::string operation(const RouteRow& row) {
  return quoted(row.method == "GET" ? "get" : "post") + R"(:{"operationId":)" +
         quoted(name_of_call(row)) + R"(,"tags":[)" + quoted(tag_of(row)) + R"(],"description":)" +
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
      {"GET",
       "v1/jobs/{job}/gangs/{gang}/log/follow",
       Role::read,
       waits,
       "What one task writes, as server-sent events until its gang has ended: `log` has a "
       "LogChunk, "
       "`attempt` (the next one begins) and `end` a GangView; gone and back are of the service.",
       "",
       "events",
       {{"rank", "integer", "of this task; 0 if left out"},
        {"stderr", "boolean", "its standard error"},
        {"after", "string", "goes on behind this event, as Last-Event-ID does"}}},
      {"POST", "v1/check", Role::submit, straight,
       "The JobSpec that a job file stands for, or all its mistakes with their lines.", "toml",
       "CheckedJob"},
      {"GET", "v1/openapi.json", Role::read, straight, "This.", "", "object"},
      {"GET", "v1/simulations", Role::read, straight, "Simulations that were asked for here.", "",
       "[SimulationRun]"},
      {"GET", "v1/simulations/{id}/page", Role::read, straight, "The page that one wrote.", "",
       "file"},
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
         R"("responses":)" + refusals() + R"(,"schemas":{)" + std::string(own_schemas) + "," +
         json_schemas().substr(1) + "}}";
}

}  // namespace gangline
