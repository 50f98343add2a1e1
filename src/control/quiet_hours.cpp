#include "control/quiet_hours.h"

#include <algorithm>
#include <ctime>
#include <string>

#include "base/text.h"

namespace gangline {
namespace {

constexpr int days_ahead = 7;

/// So long after midnight of that day; where clocks are changed in between, as they show it.
Time local_time(const std::tm& today, int days_later, Span after_midnight) {
  std::tm at{};
  at.tm_year = today.tm_year;
  at.tm_mon = today.tm_mon;
  at.tm_mday = today.tm_mday + days_later;
  at.tm_min = static_cast<int>(after_midnight.us / minutes(1).us);
  at.tm_isdst = -1;
  return Time{} + seconds(std::mktime(&at));
}

/// 0: Monday.
int weekday(const std::tm& today, int days_later) {
  return (today.tm_wday + 6 + days_later + 7) % 7;
}

std::string clock_at(Time at) {
  const std::time_t second = at.us / seconds(1).us;
  std::tm local{};
  ::localtime_r(&second, &local);
  char text[16];
  std::strftime(text, sizeof text, "%H:%M", &local);
  return text;
}

/// Whether gangs of this queue may start: it is named, or a part of one that is.
bool is_let_through(const QuietHours& quiet, const std::vector<Queue>& queues,
                    std::uint32_t queue) {
  std::optional<std::uint32_t> at = queue;
  for (std::size_t steps = 0; at && steps < queues.size(); ++steps) {
    if (std::find(quiet.queues.begin(), quiet.queues.end(), queues[*at].name) != quiet.queues.end())
      return true;
    at = queues[*at].parent;
  }
  return false;
}

void add_window(const QuietHours& quiet, const std::vector<Queue>& queues, Time from, Time until,
                HouseRules& rules) {
  const std::string hours =
      "quiet hours (" + quiet.name + ") until " + clock_at(until) + " local time of the machine";
  HouseRule rule;
  rule.from = from;
  rule.until = until;
  const auto amount = [&](const std::optional<std::uint32_t>& most, const char* noun) {
    return hours + " allow " + std::to_string(most.value_or(0)) + " " + noun +
           (most == 1 ? "" : "s") + " at once";
  };
  if (quiet.devices) {
    HouseRule own = rule;
    own.most.devices = quiet.devices;
    own.says = amount(quiet.devices, "device");
    rules.push_back(std::move(own));
  }
  if (quiet.cpus) {
    HouseRule own = rule;
    own.most.cpus = quiet.cpus;
    own.says = amount(quiet.cpus, "cpu");
    rules.push_back(std::move(own));
  }
  rule.gangs = 0;
  if (quiet.queues.empty() && !quiet.devices && !quiet.cpus) {
    rule.says = hours + ": nothing starts";
    rules.push_back(rule);
  }
  if (quiet.queues.empty()) return;
  std::vector<std::string_view> names(quiet.queues.begin(), quiet.queues.end());
  std::string text;
  for (const std::string_view name : names) text += (text.empty() ? "" : ", ") + std::string(name);
  rule.says = hours + ": only " + (names.size() == 1 ? "queue " : "queues ") + text +
              (names.size() == 1 ? " starts" : " start");
  rule.with_parts = false;
  for (std::uint32_t queue = 0; queue < queues.size(); ++queue) {
    if (is_let_through(quiet, queues, queue)) continue;
    rule.queue = queue;
    rules.push_back(rule);
  }
}

}  // namespace

void add_quiet_hours(const Settings& settings, Time now, HouseRules& rules) {
  const std::time_t second = now.us / seconds(1).us;
  std::tm today{};
  ::localtime_r(&second, &today);
  for (const QuietHours& quiet : settings.house.quiet)
    for (int day = -1; day <= days_ahead; ++day) {
      if ((quiet.days >> weekday(today, day) & 1u) == 0) continue;
      const Time from = local_time(today, day, quiet.from);
      const Time until = local_time(today, quiet.to > quiet.from ? day : day + 1, quiet.to);
      if (until > now && from < until && from < now + hours(24 * days_ahead))
        add_window(quiet, settings.queues, from, until, rules);
    }
}

}  // namespace gangline
