#include "cli/ask.h"

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

std::string describe(const Ending& ending) {
  if (ending.cause == EndCause::done) return "ended well";
  if (ending.cause == EndCause::stopped && !ending.detail.empty()) return ending.detail;
  std::string text = name_of(ending.cause);
  if (!ending.detail.empty()) return text + ": " + ending.detail;
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

}  // namespace gangline
