#include "cli/ask.h"

#include <cstring>

namespace gangline {

Result<GangName> find_job(Service& service, const std::string& word) {
  if (const auto name = parse_gang_name(word)) return *name;
  auto found = ask<JobId>([&](Reply<JobId> reply) { service.find(word, std::move(reply)); });
  if (!found) return found.error();
  return GangName{*found, std::nullopt};
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
