#include "main/slurm_profile.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>

#include "engine/slurm/site/disk_kind.h"
#include "engine/slurm/site/site.h"
#include "engine/slurm/site/survey.h"
#include "jobspec/slurm/read_slurm.h"
#include "main/places.h"
#include "os/file.h"
#include "os/program.h"

extern char** environ;  // NOLINT: POSIX's own name

namespace gangline {
namespace {

constexpr Span longest_answer = seconds(15);
constexpr unsigned new_file_mode = 0644;

std::vector<std::string> variables_for_slurm() {
  std::vector<EnvVar> ours;
  for (char** entry = environ; *entry != nullptr; ++entry)
    if (const char* equals = std::strchr(*entry, '='); equals != nullptr && equals != *entry)
      ours.emplace_back(std::string(*entry, static_cast<std::size_t>(equals - *entry)), equals + 1);
  std::vector<std::string> variables;
  for (const EnvVar& one : environment_for_slurm(ours))
    variables.push_back(one.first + "=" + one.second);
  return variables;
}

}  // namespace

Result<std::string> configured_slurm_state(const std::string& config, const std::string& home) {
  const auto text = read_file(config);
  if (!text && text.error().kind == ErrorKind::not_found) return std::string();
  if (!text) return text.error();
  auto state = read_slurm_state(*text, config);
  if (!state || state->empty()) return state;
  if (state->starts_with("~/")) state = home + state->substr(1);
  std::string path = std::filesystem::path(*state).lexically_normal();
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path;
}

Result<SlurmSurvey> survey_of_slurm(bool tries) {
  const auto places = find_places();
  if (!places) return places.error();
  SurveyAsked asked{login_name(::geteuid()), places->state, "", tries};
  std::error_code unknown;
  const auto real = std::filesystem::canonical(places->state, unknown);
  const auto mounts = read_file("/proc/self/mountinfo");
  if (mounts && !unknown) asked.disk = disk_kind_of(*mounts, real.native());
  const auto variables = variables_for_slurm();
  return survey_slurm(asked, [&](const std::vector<std::string>& words) {
    ProgramCall call{words};
    call.environment = variables;
    call.deadline = longest_answer;
    return run_program(call);
  });
}

Result<void> write_config(const std::string& path, const std::string& text) {
  struct stat there {};
  if (::stat(path.c_str(), &there) == 0) {
    std::error_code unknown;
    const auto target = std::filesystem::canonical(path, unknown);
    return write_file(unknown ? path : target.string(), text, there.st_mode & 0777);
  }
  const auto made = make_directories(std::filesystem::path(path).parent_path(), 0700);
  return made ? write_file(path, text, new_file_mode) : made;
}

}  // namespace gangline
