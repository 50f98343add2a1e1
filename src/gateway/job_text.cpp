#include "gateway/job_text.h"

#include "base/text.h"
#include "gateway/limits.h"
#include "jobspec/job_file.h"
#include "jobspec/mistakes.h"
#include "json/json.h"

namespace gangline {
namespace {

constexpr const char* shown_name = "job.toml";

/// Of "job.toml:3:1"; 0 where it is about no line.
std::uint64_t line_of(const std::string& where) {
  const auto parts = split(where, ':');
  return parts.size() < 2 ? 0 : parse_number(parts[1]).value_or(0);
}

}  // namespace

Result<JobSpec> read_job_text(std::string_view text, const std::string& directory,
                              std::vector<Error>& mistakes) {
  if (!is_utf8(text)) {
    mistakes.push_back({ErrorKind::usage, "the job file is not UTF-8", shown_name, ""});
    return mistakes.back();
  }
  auto spec = read_job_file({text, shown_name, directory},
                            files_of_this_machine(most_names_of_pattern), &mistakes);
  if (!spec && mistakes.empty()) mistakes.push_back(spec.error());
  return spec;
}

std::string json_of_mistakes(const std::vector<Error>& mistakes) {
  const std::string whole = to_json(together(mistakes));
  std::string text = whole.substr(0, whole.size() - 1) + ",\"mistakes\":[";
  for (const Error& mistake : mistakes) {
    if (!text.ends_with('[')) text += ',';
    text += "{\"what\":" + json_text(mistake.what) + ",\"where\":" + json_text(mistake.where);
    if (const auto line = line_of(mistake.where); line > 0)
      text += ",\"line\":" + std::to_string(line);
    text += ",\"hint\":" + json_text(mistake.hint) + "}";
  }
  return text + "]}";
}

}  // namespace gangline
