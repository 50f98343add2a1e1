#include "cli/completion/manual.h"

#include <gtest/gtest.h>

namespace gangline {
namespace {

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(Manual, NoTextOfAHelpIsTakenForARequestOfRoff) {
  CommandRow command;
  command.name = "try";
  command.help = "a\\b";
  command.flags = {{{"--odd"}, "", false, false, "'quoted'"}};
  command.examples = {". <(gang completion bash)"};
  const std::string page = manual_of(command, "1.0");
  EXPECT_TRUE(has(page, "a\\eb\n"));
  EXPECT_TRUE(has(page, "\n\\(aqquoted\\(aq\n"));
  EXPECT_TRUE(has(page, "\n\\&. <(gang completion bash)\n"));
}

TEST(Manual, ADashIsTheOneThatIsTyped) {
  CommandRow command;
  command.name = "try";
  command.flags = {{{"-q", "--quiet"}, "", false, false, "say little"}};
  EXPECT_TRUE(
      has(manual_of(command, "1.0"), ".TP\n\\fB\\-q\\fR, \\fB\\-\\-quiet\\fR\nsay little\n"));
}

TEST(Manual, AValueIsShownAsItIsWrittenOnTheLine) {
  CommandRow command;
  command.name = "try";
  command.flags = {{{"--mode"}, "{a,b}", false, false, "one of them"},
                   {{"--back"}, "POLICY", true, false, "or none"}};
  const std::string page = manual_of(command, "1.0");
  EXPECT_TRUE(has(page, "\\fB\\-\\-mode\\fR \\fB{a,b}\\fR\n"));
  EXPECT_TRUE(has(page, "\\fB\\-\\-back\\fR[\\fB=\\fR\\fIPOLICY\\fR]\n"));
}

TEST(Manual, TheFirstPageNamesEachCommand) {
  const CommandTable table = command_table("1.0");
  const std::string page = manual_of_gang(table);
  for (const CommandRow& command : table.commands)
    EXPECT_TRUE(has(page, ".BR gang\\-" + command.name + " (1)\n")) << command.name;
}

}  // namespace
}  // namespace gangline
