#include "cli/ask.h"

#include <algorithm>
#include <cstring>

namespace gangline {

Result<GangName> find_job(Service& service, const std::string& word) {
  if (const auto numbers = parse_gang_name(word)) return *numbers;
  const auto newest = [&](const std::string& name) {
    return ask<JobId>([&](Reply<JobId> reply) { service.find(name, std::move(reply)); });
  };
  const auto exact = newest(word);
  if (exact) return GangName{*exact, std::nullopt};
  if (exact.error().kind != ErrorKind::not_found) return exact.error();
  const std::size_t dot = word.rfind('.');
  if (dot == std::string::npos || dot == 0) return exact.error();
  const auto index = parse_number(std::string_view(word).substr(dot + 1));
  if (!index || *index > most_gangs_in_a_job) return exact.error();
  const auto of_job = newest(word.substr(0, dot));
  if (!of_job) return exact.error();
  return GangName{*of_job, static_cast<std::uint32_t>(*index)};
}

std::string named(const JobSummary& job) {
  return format(job.id) + " (" + printable(job.name) + ")";
}

std::string subject(const JobSummary& job, const std::optional<std::uint32_t>& index) {
  if (!index) return "job " + named(job);
  return "gang " + format(GangId{job.id, *index}) + " (" + printable(job.name) + ")";
}

std::string values_of(const GangView& gang) {
  if (gang.gather) return "gather";
  std::string text;
  for (const auto& [name, value] : gang.values)
    text += (text.empty() ? "" : " ") + name + "=" + value;
  return text;
}

namespace {

// The search path is long, and of little use but to see whose it is. JSON has all of it.
std::string with_short_path(std::string text) {
  constexpr std::string_view before = "PATH is ";
  constexpr std::size_t most = 48;
  const std::size_t at = text.find(before);
  if (at == std::string::npos || text.size() - at <= before.size() + most) return text;
  const std::size_t end = text.rfind(':', at + before.size() + most);
  text.resize(end == std::string::npos || end < at + before.size() ? at + before.size() : end + 1);
  return text + "…";
}

std::optional<RetryOn> retry_case(EndCause cause) {
  switch (cause) {
    case EndCause::failed: return RetryOn::failure;
    case EndCause::out_of_memory: return RetryOn::memory;
    case EndCause::time_limit: return RetryOn::time;
    case EndCause::done:
    case EndCause::stopped:
    case EndCause::not_started:
    case EndCause::lost:
    case EndCause::dependency:
    case EndCause::preempted: return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

std::string retry_hint(const JobSpec& spec, const Ending& ending) {
  const auto wanted = retry_case(ending.cause);
  const auto& on = spec.retry_on;
  if (spec.retries == 0 || !wanted || std::find(on.begin(), on.end(), *wanted) != on.end())
    return {};
  std::string now;
  for (const RetryOn one : on) now += (now.empty() ? "" : ", ") + std::string(name_of(one));
  return "not tried again: retry_on is " + now + "; --retry-on " + name_of(*wanted) +
         " retries after such an end";
}

std::string describe(const Ending& ending) {
  if (ending.cause == EndCause::done) return "ended well";
  if (ending.cause == EndCause::stopped && !ending.detail.empty()) return ending.detail;
  std::string text = name_of(ending.cause);
  if (!ending.detail.empty()) return text + ": " + with_short_path(ending.detail);
  const std::string who = ending.rank ? "rank " + std::to_string(*ending.rank) : "a task";
  if (ending.exit_code)
    text += ": " + who + " ended with code " + std::to_string(*ending.exit_code);
  else if (ending.signal) {
    const char* signal = ::strsignal(*ending.signal);
    text += ": " + who + " was ended by signal " + std::to_string(*ending.signal) +
            (signal != nullptr ? std::string(" (") + signal + ")" : "");
  }
  return text;
}

std::string count_by_state(const JobSummary& job) {
  std::string text;
  const auto add = [&](std::uint32_t n, const char* word) {
    if (n > 0) text += (text.empty() ? "" : ", ") + std::to_string(n) + " " + word;
  };
  add(job.ended_well, "well");
  add(job.ended_badly, "badly");
  add(job.never_ran, "never ran");
  add(job.running + job.starting, "run");
  add(job.waiting, "wait");
  return text;
}

}  // namespace gangline
