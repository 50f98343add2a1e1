#include "cli/shell/shell_command.h"

#include <gtest/gtest.h>

namespace gangline {
namespace {

Command command_of(Span idle, const std::vector<std::string>& program) {
  Command command{false, words_of_shell("/usr/bin/gang", idle)};
  command.words.insert(command.words.end(), program.begin(), program.end());
  return command;
}

TEST(CommandOfAShell, IsShownAsThatAndNotAsHowItIsMade) {
  EXPECT_EQ(describe_shell(command_of({}, {"/bin/bash"})), "an interactive shell (/bin/bash)");
  EXPECT_EQ(describe_shell(command_of(minutes(30), {"python3", "-c", "a b"})),
            "an interactive shell (python3 -c 'a b'), which ends when idle for 30m00s");
}

TEST(CommandOfAShell, IsToldFromOthers) {
  EXPECT_TRUE(is_shell(command_of({}, {"sh"})));
  EXPECT_FALSE(is_shell({false, {"(private)"}}));
  EXPECT_FALSE(is_shell({false, {"gang", "internal-shell"}}));
  EXPECT_FALSE(is_shell({true, {"gang internal-shell a b c d"}}));
}

}  // namespace
}  // namespace gangline
