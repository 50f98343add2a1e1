#include "cli/shell/shell_command.h"

#include <string_view>

#include "base/text.h"

namespace gangline {
namespace {

constexpr Span longest_alone = seconds(60);
constexpr std::string_view part_for_shells = "internal-shell";
constexpr std::size_t words_before_program = 5;
constexpr std::size_t place_of_idle = 3;

}  // namespace

std::vector<std::string> words_of_shell(const std::string& program, Span longest_idle) {
  return {program, std::string(part_for_shells), "{output}", std::to_string(longest_idle.us),
          std::to_string(longest_alone.us)};
}

bool is_shell(const Command& command) {
  return !command.shell && command.words.size() > words_before_program &&
         command.words[1] == part_for_shells;
}

std::string describe_shell(const Command& command) {
  std::string program;
  for (std::size_t i = words_before_program; i < command.words.size(); ++i)
    program += (program.empty() ? "" : " ") + shell_quote(command.words[i]);
  const auto idle = parse_number(command.words[place_of_idle]);
  std::string text = "an interactive shell (" + program + ")";
  if (idle && *idle > 0)
    text += ", which ends when idle for " + format(Span{static_cast<std::int64_t>(*idle)});
  return text;
}

}  // namespace gangline
