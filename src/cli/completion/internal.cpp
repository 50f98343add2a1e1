#include "cli/completion/internal.h"

#include "cli/ask.h"
#include "cli/completion/complete.h"
#include "cli/completion/manual.h"

namespace gangline {
namespace {

std::vector<JobSummary> jobs_of_running_service(CommandWorld& around) {
  auto service = around.running_service();
  if (!service) return {};
  auto jobs = ask<std::vector<JobSummary>>([&](auto reply) { (*service)->list({}, reply); });
  return jobs ? *std::move(jobs) : std::vector<JobSummary>{};
}

}  // namespace

bool is_for_shells(const std::vector<std::string>& words) {
  return !words.empty() && words[0] == "internal-complete";
}

bool is_manual(const std::vector<std::string>& words) {
  return words.size() == 2 && words[0] == "internal-manual";
}

std::optional<int> run_internal_words(const std::vector<std::string>& words, CommandWorld& around) {
  if (is_for_shells(words)) {
    const auto jobs = [&] { return jobs_of_running_service(around); };
    around.out(
        lines_of(complete(command_table(around.version), {words.begin() + 1, words.end()}, jobs)));
    return 0;
  }
  if (!is_manual(words)) return std::nullopt;
  Output out(around, Form::people);
  return write_manual(command_table(around.version), words[1], out);
}

}  // namespace gangline
