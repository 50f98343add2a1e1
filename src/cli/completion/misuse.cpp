#include "cli/completion/misuse.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "cli/simulate/options.h"

namespace gangline {
namespace {

Error no_number(const CLI::App& app, const std::string& flag, const std::string& value,
                const std::string& help) {
  const CLI::Option* option = app.get_subcommands().empty()
                                  ? nullptr
                                  : app.get_subcommands().front()->get_option_no_throw(flag);
  const bool any_number = option != nullptr && option->get_type_name() == "FLOAT";
  return {ErrorKind::usage,
          "'" + printable(value) + (any_number ? "' is no number" : "' is no whole number"), flag,
          help};
}

Error no_value(const std::string& flag, const std::string& help) {
  return {
      ErrorKind::usage, "nothing stands behind it", flag,
      flag == "--policy" ? "name some with commas between; there are: " + all_policies() : help};
}

}  // namespace

Error unknown_flag(const CLI::App& command, const std::string& word) {
  const std::string flag = word.substr(0, word.find('='));
  std::vector<std::string> names;
  for (const CLI::Option* option : command.get_options())
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  const std::vector<std::string_view> views(names.begin(), names.end());
  if (std::find(names.begin(), names.end(), flag) != names.end())
    return {ErrorKind::usage, "'" + printable(flag) + "' stands before the command", "",
            "write it behind: `gang " + command.get_name() + " " + printable(flag) + "`"};
  const auto near = nearest(flag, views);
  return {
      ErrorKind::usage, "there is no flag '" + printable(flag) + "'", "",
      near ? "did you mean " + *near + "?" : "`gang " + command.get_name() + " --help` lists all"};
}

// What CLI11 found wrong, in words of ours where its own would puzzle.
Error misuse(const CLI::App& app, const CLI::ParseError& error, const std::string& help) {
  const std::string said = error.what();
  const bool required = dynamic_cast<const CLI::RequiredError*>(&error) != nullptr;
  const auto commands = app.get_subcommands();
  if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr && !commands.empty()) {
    const std::vector<std::string> words = app.remaining(true);
    for (const std::string& word : words)
      if (word.starts_with("-")) return unknown_flag(*commands.front(), word);
    if (!words.empty())
      return {ErrorKind::usage, "there is no place for '" + printable(words.front()) + "' here", "",
              help};
  }
  constexpr std::string_view unreadable = "Could not convert: ";
  if (const auto equals = said.find(" = ");
      said.starts_with(unreadable) && equals != std::string::npos)
    return no_number(app, said.substr(unreadable.size(), equals - unreadable.size()),
                     said.substr(equals + 3), help);
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr) {
    const std::string flag = said.substr(0, said.find(':'));
    if (said.find("but received") != std::string::npos)
      return {ErrorKind::usage, "it is said more than once", flag, "say it once"};
    return no_value(flag, help);
  }
  if (required && commands.empty())
    return {ErrorKind::usage, "say what to do: `gang run -- COMMAND` runs one", "",
            "`gang --help` lists all commands"};
  if (required && said.starts_with("job"))
    return {ErrorKind::usage, "say which job: its number or its name", "",
            "`gang list` shows them; " + help};
  return {ErrorKind::usage, said, "", help};
}

}  // namespace gangline
