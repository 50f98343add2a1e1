// Who held the devices while whom waited.
#include <algorithm>
#include <map>
#include <string_view>

#include "replay/report/page_parts.h"
#include "replay/report/page_text.h"

namespace gangline {
namespace {

constexpr std::size_t most_users = 8;    // that waited, and as many that held
constexpr std::size_t most_holders = 4;  // named for each
constexpr std::size_t longest_holder = 30;

/// Jobs in groups, each with a name as HTML.
struct Groups {
  std::vector<std::size_t> of_job;
  std::vector<std::string> names;
};

/// While jobs of a group waited, each job for itself: which part of all devices the others held.
struct Meanwhile {
  double waited = 0;  ///< seconds, of all its jobs together
  std::vector<double> held;
};

bool waits(const SimulatedJob& job) { return job.lot != Lot::hopeless && job.lot != Lot::left; }

/// A job of a group begins or ceases to wait, or to hold so much.
struct Change {
  Time at;
  std::size_t group = 0;
  double waits = 0, holds = 0;
};

std::vector<Change> changes_of(const PageScene& scene, const PolicyRun& run, const Groups& groups) {
  std::vector<Change> changes;
  for (std::size_t i = 0; i < scene.jobs_of(run); ++i) {
    const SimulatedJob& job = run.simulated.jobs[i];
    if (!waits(job)) continue;
    const std::size_t group = groups.of_job[i];
    const Time submitted = scene.history.jobs[i].submitted;
    for (const auto& [from, until] : waits_of(job, submitted, run.simulated.end)) {
      changes.push_back({from, group, 1, 0});
      changes.push_back({until, group, -1, 0});
    }
    for (const Stint& one : runs_of(job, run.simulated.end)) {
      const double size = scene.sizes.size_of(*one.where);
      changes.push_back({one.started, group, 0, size});
      changes.push_back({one.ended, group, 0, -size});
    }
  }
  std::stable_sort(changes.begin(), changes.end(),
                   [](const Change& a, const Change& b) { return a.at < b.at; });
  return changes;
}

std::vector<Meanwhile> meanwhile(const PageScene& scene, const PolicyRun& run,
                                 const Groups& groups) {
  const std::size_t n = groups.names.size();
  const double capacity = scene.sizes.size_of(run.cluster.cluster);
  std::vector<Meanwhile> result(n, Meanwhile{0, std::vector<double>(n, 0.0)});
  if (capacity <= 0) return result;
  // What each group holds, and that times how long, up to now: what was held during a wait is the
  // difference of the latter between its end and its begin.
  std::vector<double> holds(n, 0.0), held(n, 0.0);
  Time last = run.simulated.begin;
  for (const Change& change : changes_of(scene, run, groups)) {
    const double elapsed = to_seconds(change.at - last);
    last = change.at;
    for (std::size_t b = 0; b < n; ++b) held[b] += holds[b] * elapsed;
    holds[change.group] += change.holds;
    if (change.waits == 0) continue;
    Meanwhile& of = result[change.group];
    of.waited -= change.waits * to_seconds(change.at - run.simulated.begin);
    for (std::size_t b = 0; b < n; ++b) of.held[b] -= change.waits * held[b];
  }
  for (Meanwhile& of : result)
    for (double& amount : of.held)
      amount = of.waited > 0 ? std::clamp(amount / (of.waited * capacity), 0.0, 1.0) : 0;
  return result;
}

Groups by_size(const PageScene& scene, const PolicyRun& run) {
  Groups groups;
  for (std::size_t i = 0; i < scene.jobs_of(run); ++i)
    groups.of_job.push_back(scene.sizes.class_of(*scene.history.jobs[i].request));
  for (std::size_t size = 0; size < JobSizes::classes; ++size)
    groups.names.push_back(scene.sizes.name_of(size));
  return groups;
}

std::string name_of_user(std::string_view user) {
  return user.empty() ? "no name" : "<bdi>" + shown(user, longest_holder) + "</bdi>";
}

/// The users that waited most and those that held most, each a group; the last group is all others.
Groups by_user(const PageScene& scene, const PolicyRun& run) {
  struct Sums {
    double waited = 0, held = 0;
  };
  std::map<std::string_view, Sums> sums;
  for (std::size_t i = 0; i < scene.jobs_of(run); ++i) {
    const SimulatedJob& job = run.simulated.jobs[i];
    if (!waits(job)) continue;
    Sums& of = sums[scene.history.jobs[i].user];
    const Time submitted = scene.history.jobs[i].submitted;
    for (const auto& [from, until] : waits_of(job, submitted, run.simulated.end))
      of.waited += to_seconds(until - from);
    for (const Stint& one : runs_of(job, run.simulated.end))
      of.held += to_seconds(one.ended - one.started) * scene.sizes.size_of(*one.where);
  }
  std::map<std::string_view, std::size_t> group_of;
  Groups groups;
  for (double Sums::*by : {&Sums::waited, &Sums::held}) {
    std::vector<std::pair<double, std::string_view>> order;
    for (const auto& [user, of] : sums) order.emplace_back(-(of.*by), user);
    std::sort(order.begin(), order.end());
    for (std::size_t i = 0; i < std::min(most_users, order.size()); ++i)
      if (group_of.emplace(order[i].second, groups.names.size()).second)
        groups.names.push_back(name_of_user(order[i].second));
  }
  for (std::size_t i = 0; i < scene.jobs_of(run); ++i) {
    const auto found = group_of.find(scene.history.jobs[i].user);
    groups.of_job.push_back(found == group_of.end() ? groups.names.size() : found->second);
  }
  groups.names.push_back("others");
  return groups;
}

/// "ann 40.0 %, bob 12.5 %, others 1.0 %, idle 46.5 %", the most in front.
std::string holders_text(const std::vector<std::pair<double, std::string>>& parts) {
  auto order = parts;
  std::sort(order.begin(), order.end(), [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first > b.first : a.second < b.second;
  });
  std::string text;
  double rest = 0, all = 0;
  std::size_t named = 0;
  for (const auto& [part, name] : order) {
    all += part;
    if (name == "others" || named == most_holders) rest += part;
    else if (part >= 0.0005) text += "<b>" + name + "</b> " + percent(part) + ", ", ++named;
    else rest += part;
  }
  if (rest >= 0.0005) text += "others " + percent(rest) + ", ";
  return text + "idle " + percent(std::max(0.0, 1 - all));
}

std::string group_row(const Groups& groups, const Meanwhile& of, std::size_t group, bool pictured) {
  std::vector<std::pair<double, std::string>> parts;
  std::vector<std::pair<std::string, double>> bars;
  double idle = 1;
  for (std::size_t b = 0; b < groups.names.size(); ++b) {
    parts.emplace_back(of.held[b], groups.names[b]);
    bars.emplace_back("size" + std::to_string(b), of.held[b]);
    idle -= of.held[b];
  }
  bars.emplace_back("cause0", idle);
  return "<tr><th scope=row>" + groups.names[group] + "</th><td>" + lasting(of.waited) +
         "</td><td class='text holders'>" + (pictured ? stack_of(bars) : "") + holders_text(parts) +
         "</td></tr>\n";
}

std::string table_of(const PageScene& scene, const Groups& groups,
                     const std::vector<Meanwhile>& meanwhile, const std::string& by,
                     bool pictured) {
  std::string rows;
  for (std::size_t group = 0; group < groups.names.size(); ++group)
    if (meanwhile[group].waited > 0) rows += group_row(groups, meanwhile[group], group, pictured);
  if (rows.empty()) return "";
  return "<table class=held><caption>By " + by + "</caption><thead><tr><th scope=col>Waiting</th>" +
         "<th scope=col>waits together</th><th scope=col class=text>" + scene.sizes.unit() +
         "s held meanwhile by</th></tr></thead><tbody>\n" + rows + "</tbody></table>\n";
}

}  // namespace

bool names_users(const History& history) {
  return std::any_of(history.jobs.begin(), history.jobs.end(),
                     [](const PastJob& job) { return !job.user.empty(); });
}

std::string held_part(const PageScene& scene, const PolicyRun& run) {
  const Groups sizes = by_size(scene, run);
  std::string html = table_of(scene, sizes, meanwhile(scene, run, sizes), "size", true);
  if (html.empty()) return "<p class=empty>No job waited.</p>\n";
  if (!names_users(scene.history)) return html;
  const Groups users = by_user(scene, run);
  return html + table_of(scene, users, meanwhile(scene, run, users), "user", false);
}

std::string holders_during(const PageScene& scene, const PolicyRun& run, Time from, Time until) {
  const double all = to_seconds(until - from) * scene.sizes.size_of(run.cluster.cluster);
  if (all <= 0) return unknown_text;
  const bool by_name = names_users(scene.history);
  std::map<std::string_view, double> held;
  for (std::size_t i = 0; i < scene.jobs_of(run); ++i) {
    const SimulatedJob& job = run.simulated.jobs[i];
    const PastJob& past = scene.history.jobs[i];
    const std::string_view size = scene.sizes.name_of(scene.sizes.class_of(*past.request));
    for (const Stint& one : runs_of(job, run.simulated.end)) {
      const double overlap = to_seconds(std::min(until, one.ended) - std::max(from, one.started));
      if (overlap > 0)
        held[by_name ? past.user : size] += overlap * scene.sizes.size_of(*one.where);
    }
  }
  std::vector<std::pair<double, std::string_view>> order;
  for (const auto& [who, amount] : held) order.emplace_back(-amount / all, who);
  std::sort(order.begin(), order.end());
  std::vector<std::pair<double, std::string>> parts;
  for (const auto& [amount, who] : order)
    parts.emplace_back(-amount, parts.size() >= most_holders ? "others" : name_of_user(who));
  return holders_text(parts);
}

}  // namespace gangline
