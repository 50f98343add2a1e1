// One good request for each route of the gateway, as text that a fuzzer can change:
//   o POST v1/jobs?key=a        the role of the token (read, submit, operate), method, target
//   Content-Type: …             fields, each a line
//                               an empty line, then the body
#pragma once

#include <span>
#include <string>
#include <vector>

#include "gateway/openapi.h"
#include "json/json.h"
#include "json/simulation_json.h"
#include "model/check_spec.h"

namespace gangline {

struct GoodRequest {
  const RouteRow* row;
  std::string text;
  bool is_toml = false;
};

inline JobSpec good_spec() {
  JobSpec spec;
  spec.name = "train";
  spec.dir = "/";
  spec.command = {true, {"echo {lr}"}};
  spec.time = minutes(1);
  spec.sweep = {{"lr", {"0.1", "0.2"}}};
  return spec;
}

inline std::string good_body(const RouteRow& row) {
  if (row.takes == "JobSpec") return to_json(good_spec());
  if (row.takes == "toml")
    return "name = \"train\"\ncommand = \"echo {lr}\"\ntime = \"1m\"\n[sweep]\nlr = [0.1, 0.2]\n";
  if (row.takes == "ReserveRequest")
    return to_json(ReserveRequest{{}, Time{1}, minutes(1), "", false});
  if (row.takes == "PilotRequest") return to_json(PilotRequest{});
  if (row.takes == "SimulationRequest") return R"({"options":["--policy","easy"]})";
  return "";
}

/// `without`: a word of the query that is left out.
inline std::string good_target(const RouteRow& row, std::string_view without = "") {
  std::string target;
  for (std::string_view rest = row.pattern; !rest.empty();) {
    const std::string_view part = rest.substr(0, rest.find('/'));
    rest.remove_prefix(std::min(rest.size(), part.size() + 1));
    if (!target.empty()) target += '/';
    target += part == "{name}" ? "train" : part.starts_with('{') ? "1" : part;
  }
  char mark = '?';
  for (const RouteWord& word : row.query) {
    if (word.name == without) continue;
    const std::string_view kind = word.type;
    const std::string value = word.name == "devices"                                     ? "0,1"
                              : row.pattern == "v1/events"                               ? "store-1"
                              : row.pattern.ends_with("/follow") && word.name == "after" ? "1-0"
                              : kind == "integer"                                        ? "1"
                              : kind == "boolean"                                        ? "true"
                              : kind == "string"                                         ? "a"
                                                 : std::string(kind.substr(0, kind.find('|')));
    target += std::exchange(mark, '&') + std::string(word.name) + "=" + value;
  }
  return target;
}

inline std::vector<GoodRequest> good_requests() {
  std::vector<GoodRequest> all;
  const auto add = [&](const RouteRow& row, const char* fields, const std::string& body,
                       std::string_view without = "") {
    all.push_back({&row, "o " + std::string(row.method) + " " + good_target(row, without) + "\n" +
                             fields + "\n" + body});
  };
  for (const std::span<const RouteRow> rows : {route_rows(), own_rows()})
    for (const RouteRow& row : rows) {
      add(row, row.takes == "toml" ? "Content-Type: application/toml\n" : "Accept-Encoding: gzip\n",
          good_body(row));
      if (row.gives == "events") add(row, "", "");
      if (row.pattern == "v1/jobs" && row.method == "POST")
        add(row, "Content-Type: application/toml\nIdempotency-Key: a b\n",
            "command = \"true\"\nname = \"a\"\n", "key");
      if (row.takes == "ReserveRequest")
        for (const ReserveRequest& other : {ReserveRequest{{}, Time{1}, minutes(1), "you", false},
                                            ReserveRequest{{}, Time{1}, minutes(1), "", true}})
          add(row, "", to_json(other));
    }
  return all;
}

}  // namespace gangline
