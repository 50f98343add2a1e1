#include "model/placeholders.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <random>

#include "base/text.h"

namespace gangline {
namespace {

using Values = std::vector<EnvVar>;

const Values learning{{"lr", "0.1"}, {"shard", "a b.mp4"}};

TEST(Placeholders, KnownNamesAreReplacedAndAllElseStaysByteForByte) {
  EXPECT_EQ(expand("train --lr {lr} {shard}", learning, false), "train --lr 0.1 a b.mp4");
  for (const char* text : {"${lr}", "{seed}", "awk '{print $1}'", "{\"a\":{\"b\":1}}", "{1..3}",
                           "{ lr }", "{{.Id}}", "{", "}", "{}", "{lr", "lr}", "{{lr}", "{0lr}",
                           "{{{{lr}}}}", "{lr,shard}", "", "{{{nope}}}"})
    EXPECT_EQ(expand(text, learning, false), text);
}

TEST(Placeholders, DoubledBracesMakeANameTextAndThreeAreAValueInBraces) {
  EXPECT_EQ(expand("{{lr}} {{nope}}", learning, false), "{lr} {nope}");
  EXPECT_EQ(expand("{{{lr}}}", learning, false), "{0.1}");
  EXPECT_EQ(expand("{\"a\":{lr}}", learning, false), "{\"a\":0.1}");
}

TEST(Placeholders, UsesAreListedWithTheirPlaces) {
  const auto uses = placeholders_in("x {lr} ${HOME} {{no}} {{{seed}}} {1a} {b");
  ASSERT_EQ(uses.size(), 2u);
  EXPECT_EQ(uses[0].name, "lr");
  EXPECT_EQ(uses[0].offset, 2u);
  EXPECT_EQ(uses[1].name, "seed");
  EXPECT_EQ(uses[1].offset, 22u);
}

TEST(Placeholders, AValueIsNotReadForPlaceholdersAgain) {
  const Values values{{"a", "{b}"}, {"b", "{a}"}};
  EXPECT_EQ(expand("{a}{b}", values, false), "{b}{a}");
}

TEST(Placeholders, PlainValuesStandInTheScriptAsText) {
  EXPECT_EQ(expand("python3 t.py --lr {lr} '{lr}' \"{lr}\"", learning, true),
            "python3 t.py --lr 0.1 '0.1' \"0.1\"");
}

TEST(Placeholders, OtherValuesComeFromVariablesSetInFrontOfTheScript) {
  EXPECT_EQ(expand("cat {shard} \"x{shard}\"", learning, true),
            "GANG_VALUE_1='a b.mp4'; cat \"${GANG_VALUE_1}\" \"x${GANG_VALUE_1}\"");
}

TEST(Placeholders, OutputsAreWordsAlready) {
  const Values values{{"outputs", "'a b' c"}};
  EXPECT_EQ(expand("cat {outputs} > x", values, true), "cat 'a b' c > x");
}

// What the shell prints for `script`.
std::string run(const std::string& shell, const std::string& script) {
  std::FILE* pipe = popen((shell + " -c " + shell_quote(script) + " 2>&1").c_str(), "r");
  if (pipe == nullptr) return "no shell";
  std::string output;
  char piece[4096];
  for (std::size_t n = 0; (n = std::fread(piece, 1, sizeof piece, pipe)) > 0;)
    output.append(piece, n);
  pclose(pipe);
  return output;
}

// Scripts that print the value of {x} and nothing else but brackets round it.
constexpr const char* scripts_that_print[] = {
    "printf '[%s]' {x}",
    "printf '[%s]' \"{x}\"",
    "printf '[%s]' '{x}'",
    "printf \"[%s]\" \"$(printf %s \"{x}\")\"",
    "printf '[%s]' \"$(printf %s {x})\"",
    "printf '[%s]' \"`printf %s \"{x}\"`\"",
    "(printf '[%s]' {x}) # don't",
    "# don't \"worry\n printf '[%s]' {x}",
    "echo \"don't\" >/dev/null; printf '[%s]' '{x}'",
    "echo it\\'s >/dev/null; printf '[%s]' {x}",
    "printf '[%s]' ''{x}''",
    "v={x}; printf '[%s]' \"$v\"",
    "true <<E\ndon't\nE\nprintf '[%s]' {x}",
    "true <<'E'\n{x}\nE\nprintf '[%s]' {x}",
    "cat <<E\n[{x}]\nE",
    "echo $((1 << 2)) >/dev/null\nprintf '[%s]' {x}",
    "if [ {x} = a ]; then printf '[%s]' {x}; else printf '[%s]' \"{x}\"; fi",
};

TEST(Placeholders, AShellPrintsAnyValueBackAsOneWord) {
  const char* values[] = {
      "a",       "a b", "it's", "\"; echo ouch; \"", "$(echo no)", "`echo no`", "a\\b", "$HOME",
      "a\nE\nb", "*",   "--",   "'; echo ouch; '",   "{x}",        "a;b&c|d",   "# x",  "é ü",
      "\\",      "!",   "a=b",  "\n$(echo ouch)"};
  for (const char* shell : {"sh", "bash"}) {
    for (const char* script : scripts_that_print) {
      std::string all, wanted;
      for (const char* value : values) {
        all += expand(script, Values{{"x", value}}, true) + "\nprintf '<>\\n'\n";
        wanted += "[" + std::string(value) + "]<>\n";
      }
      std::string printed = run(shell, all);  // `cat` of a here-document ends its line
      for (std::size_t at = 0; (at = printed.find("]\n<>", at)) != std::string::npos;)
        printed.erase(at + 1, 1);
      EXPECT_EQ(printed, wanted) << shell << ": " << script;
    }
  }
}

TEST(Placeholders, NoValueEndsAHereDocument) {
  for (const char* script : {"cat <<E\n{x}\nE\n", "cat <<'E'\n{x}\nE\n", "cat <<-E\n\t{x}\n\tE\n"})
    for (const char* value : {"E", "\nE\necho ouch", "E\n"}) {
      const std::string printed =
          run("sh", expand(std::string(script) + "echo end", Values{{"x", value}}, true));
      EXPECT_TRUE(printed.ends_with("end\n")) << script << value;
      EXPECT_EQ(printed.find("not found"), std::string::npos) << printed;
      EXPECT_NE(printed.find('E'), std::string::npos) << printed;
    }
}

TEST(Placeholders, NoScriptOfRandomQuotesRunsAValueAsCode) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const char* pieces[] = {"'",   "\"", "`", "$(", ")", "(", "\\", "#",    " ",   "\n", "{x}",
                          "{x}", "a",  "E", ";",  "|", "&", "$'", "case", "$((", "))"};
  const Values values{
      {"x", "'\";$(touch ouch_by_value)`touch ouch_by_value`\n touch ouch_by_value"}};
  for (int i = 0; i < 300; ++i) {
    std::string script = ": ";
    for (int n = 0; n < 12; ++n) script += pieces[random() % std::size(pieces)];
    const std::string expanded = expand(script, values, true);
    // The value stands in single quotes in front, and nowhere else.
    const std::size_t first = expanded.find("touch ouch_by_value");
    const std::size_t front = expanded.find("; : ");
    if (first == std::string::npos) continue;
    EXPECT_EQ(expanded.find("touch ouch_by_value", front + 1), std::string::npos) << script;
  }
}

TEST(Placeholders, AreQuotedInAScriptThatAListHandsToAShell) {
  const auto script = [](std::vector<std::string> words, std::size_t word) {
    return is_script(words, word);
  };
  EXPECT_TRUE(script({"sh", "-c", "echo {x}"}, 2));
  EXPECT_TRUE(script({"/usr/bin/bash", "-e", "-lc", "echo {x}", "name"}, 3));
  EXPECT_FALSE(script({"/usr/bin/bash", "-e", "-lc", "echo {x}", "{x}"}, 4));
  EXPECT_FALSE(script({"sh", "run.sh", "-c", "{x}"}, 3));
  EXPECT_FALSE(script({"python3", "-c", "print({x})"}, 2));
  EXPECT_FALSE(script({"sh", "-c"}, 2));
}

}  // namespace
}  // namespace gangline
