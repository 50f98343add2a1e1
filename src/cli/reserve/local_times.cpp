#include "cli/reserve/local_times.h"

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <optional>
#include <regex>

namespace gangline {
namespace {

/// "2026-12-01", "18:00"; empty: there is no such time.
std::optional<std::time_t> utc_of(const std::string& day, const std::string& clock) {
  std::tm at{};
  const std::string text = day + " " + clock;
  const char* end = ::strptime(text.c_str(), "%Y-%m-%d %H:%M", &at);
  if (end == nullptr || *end != '\0') return std::nullopt;
  return ::timegm(&at);
}

struct LocalTime {
  std::string day, clock, zone;
};

LocalTime local(std::time_t second) {
  std::tm at{};
  ::localtime_r(&second, &at);
  char day[24], clock[16], zone[24] = "";
  std::strftime(day, sizeof day, "%Y-%m-%d", &at);
  std::strftime(clock, sizeof clock, "%H:%M", &at);
  const long away = std::labs(at.tm_gmtoff) / 60;  // in minutes
  if (away != 0)
    std::snprintf(zone, sizeof zone, "%c%02ld:%02ld", at.tm_gmtoff < 0 ? '-' : '+', away / 60,
                  away % 60);
  return {day, clock, std::string(" UTC") + zone};
}

}  // namespace

std::string in_local_time(const std::string& text) {
  if (text.find(" UTC") == std::string::npos) return text;
  static const std::regex times(
      "([0-9]{4}-[0-9]{2}-[0-9]{2}) ([0-9]{2}:[0-9]{2}) to (?:([0-9]{4}-[0-9]{2}-[0-9]{2}) )?"
      "([0-9]{2}:[0-9]{2}) UTC");
  std::string told;
  std::size_t done = 0;
  for (std::sregex_iterator one(text.begin(), text.end(), times), end; one != end; ++one) {
    const std::smatch& found = *one;
    const auto from = utc_of(found[1], found[2]);
    const auto until = utc_of(found[3].matched ? found[3] : found[1], found[4]);
    if (!from || !until) continue;
    const LocalTime begin = local(*from), over = local(*until);
    const auto at = static_cast<std::size_t>(found.position());
    told += text.substr(done, at - done) + begin.day + " " + begin.clock;
    if (begin.zone != over.zone) told += begin.zone;  // clocks are changed in between
    told += " to " + (begin.day == over.day ? "" : over.day + " ") + over.clock + over.zone;
    done = at + static_cast<std::size_t>(found.length());
  }
  return told + text.substr(done);
}

}  // namespace gangline
