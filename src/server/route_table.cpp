#include "server/route_table.h"

namespace gangline {

namespace {

using enum RouteWay;

const std::vector<RouteRow>& rows() {
  static const std::vector<RouteRow> all = {
      {"POST", "v1/jobs", Role::submit, straight, "submits a job", "JobSpec", "Submitted"},
      {"POST", "v1/translate", Role::submit, straight, "", "JobSpec", "Translation"},
      {"GET", "v1/jobs", Role::read, remembered, "", "", "[JobSummary]"},
      {"GET", "v1/jobs/{job}", Role::read, remembered, "", "", "JobDetail"},
      {"GET", "v1/jobs/{job}/why", Role::read, remembered, "", "", "WhyAnswer"},
      {"GET", "v1/jobs/{job}/wait", Role::read, waits, "", "", "JobSummary"},
      {"POST", "v1/jobs/{job}/stop", Role::submit, straight, "", "", "JobSummary"},
      {"GET", "v1/jobs/{job}/gangs/{gang}", Role::read, remembered, "", "", "GangView"},
      {"GET", "v1/jobs/{job}/gangs/{gang}/log", Role::read, straight, "", "", "LogChunk"},
      {"GET", "v1/names/{name}", Role::read, remembered, "", "", "JobId"},
      {"GET", "v1/nodes", Role::read, remembered, "", "", "[NodeView]"},
      {"GET", "v1/status", Role::read, remembered, "", "", "ServiceStatus"},
      {"POST", "v1/reservations", Role::submit, straight, "", "ReserveRequest", "Reservation"},
      {"GET", "v1/reservations", Role::read, remembered, "", "", "[Reservation]"},
      {"POST", "v1/reservations/{number}/cancel", Role::submit, straight, "", "", "Reservation"},
      {"POST", "v1/pilots", Role::submit, straight, "", "PilotRequest", "PilotView"},
      {"GET", "v1/pilots", Role::read, remembered, "", "", "[PilotView]"},
      {"POST", "v1/pilots/{number}/stop", Role::submit, straight, "", "", "PilotView"},
      {"POST", "v1/shut_down", Role::operate, straight, "", "", "Unit"},
      {"POST", "v1/stay", Role::operate, straight, "", "", "Unit"},
  };
  return all;
}

std::string_view next_part(std::string_view& rest) {
  const auto slash = rest.find('/');
  const std::string_view part = rest.substr(0, slash);
  rest = slash == std::string_view::npos ? std::string_view() : rest.substr(slash + 1);
  return part;
}

}  // namespace

std::span<const RouteRow> route_rows() { return rows(); }

std::optional<std::vector<std::string_view>> match_route(std::string_view pattern,
                                                         std::string_view path) {
  std::vector<std::string_view> words;
  if (path.ends_with('/')) return std::nullopt;
  while (!pattern.empty() && !path.empty()) {
    const std::string_view wanted = next_part(pattern), part = next_part(path);
    if (wanted.starts_with('{') && !part.empty()) words.push_back(part);
    else if (wanted != part) return std::nullopt;
  }
  if (!pattern.empty() || !path.empty()) return std::nullopt;
  return words;
}

}  // namespace gangline
