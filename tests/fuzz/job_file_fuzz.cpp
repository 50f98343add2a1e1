// Any bytes as a job file, as a config file, as the files of a split and as flags: each is refused
// with a place or gives a spec that holds every limit.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/text.h"
#include "jobspec/config_file.h"
#include "jobspec/flags.h"
#include "jobspec/job_file.h"
#include "model/check_spec.h"
#include "model/placeholders.h"

namespace gangline {
namespace {

// Every file holds `text`; every pattern matches its lines.
SplitFiles files_holding(std::string_view text) {
  return {[text](const std::string&, const std::string&, std::size_t most) {
            std::vector<std::string> names;
            for (const std::string_view line : split(text, '\n'))
              if (names.size() < most) names.emplace_back(line);
            return Result<std::vector<std::string>>(names);
          },
          [text](const std::string&) {
            return Result<FileFacts>({Bytes{static_cast<std::int64_t>(text.size())}, Time{1}});
          },
          [text](const std::string&, std::uint64_t from, std::size_t most) {
            return Result<std::string>(std::string(text.substr(from, most)));
          }};
}

JobFlags flags_of(std::string_view text) {
  JobFlags flags;
  const auto lines = split(text, '\n');
  const auto line = [&](std::size_t i) { return std::string(lines[i % lines.size()]); };
  flags.gpus = line(0);
  flags.time = line(1);
  flags.memory = line(2);
  flags.sweep = {line(3)};
  flags.env = {line(4)};
  flags.stop_signal = line(5);
  flags.command = {line(6)};
  return flags;
}

void expect_sound(const Result<JobSpec>& spec) {
  if (!spec) {
    CHECK(!spec.error().what.empty());
    return;
  }
  CHECK(check(*spec).ok());
  const auto values = sweep_values(*spec, gang_count(*spec) - 1);
  (void)expand(spec->command.words[0], values, spec->command.shell);
}

}  // namespace
}  // namespace gangline

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace std::string_view_literals;
  const std::string_view input(reinterpret_cast<const char*>(bytes), size);
  // Behind the first NUL stands what the files of a split hold, which is what flags are made of.
  const std::size_t cut = input.find('\0');
  const std::string_view text = input.substr(0, cut);
  const std::string_view rest = cut == input.npos ? ""sv : input.substr(cut + 1);
  const gangline::SplitFiles files = gangline::files_holding(rest);
  const gangline::JobFile file{text, "fuzz.toml", "/x"};
  gangline::expect_sound(gangline::read_job_file(file, files));
  gangline::expect_sound(
      gangline::spec_from_file_and_flags(file, gangline::flags_of(rest), "/y", files));
  (void)gangline::read_config(text, "config.toml");
  return 0;
}
