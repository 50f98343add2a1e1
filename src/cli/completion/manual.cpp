#include "cli/completion/manual.h"

#include <algorithm>

namespace gangline {
namespace {

constexpr const char* job_word =
    "A job is named by its number (7) or by its name, which means the newest job of that name; a "
    "gang by its job and its own number (7.3, resnet.3).";

/// A line of text as roff has it: no character of it is a request, and "-" stays what is typed.
std::string roff(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '\\') escaped += "\\e";
    else if (c == '-') escaped += "\\-";
    else if (c == '~') escaped += "\\(ti";
    else if (c == '^') escaped += "\\(ha";
    else if (c == '`' || c == '\'') escaped += c == '`' ? "\\(ga" : "\\(aq";
    else escaped += c;
  }
  if (escaped.starts_with(".")) return "\\&" + escaped;
  return escaped;
}

std::string bold(const std::string& text) { return "\\fB" + roff(text) + "\\fR"; }
std::string italic(const std::string& text) { return "\\fI" + roff(text) + "\\fR"; }

std::string title(const std::string& page, const std::string& version) {
  std::string upper = page;
  std::transform(upper.begin(), upper.end(), upper.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return ".TH " + roff(upper) + " 1 \"\" \"gang " + roff(version) + "\" \"Gangline\"\n";
}

std::string section(const std::string& name) { return ".SH " + name + "\n"; }

std::string paragraph(const std::string& text) { return ".PP\n" + roff(text) + "\n"; }

// What is typed for a value stands as it is; what it stands for, slanted.
std::string value_text(const ValueWord& value) {
  return value.starts_with("{") ? bold(value) : italic(value);
}

std::string flag_entry(const FlagRow& flag) {
  std::string text = ".TP\n";
  for (const std::string& name : flag.names)
    text += (&name == &flag.names.front() ? "" : ", ") + bold(name);
  if (flag.may_lack_value) text += "[" + bold("=") + value_text(flag.value) + "]";
  else if (!flag.value.empty()) text += " " + value_text(flag.value);
  text += "\n" + roff(flag.help);
  if (flag.repeats) text += "; may be given several times";
  return text + "\n";
}

std::string place_entry(const PlaceRow& place) {
  std::string text = ".TP\n" + italic(place.name);
  if (place.value.starts_with("{")) text += " " + bold(place.value);
  return text + "\n" + roff(place.help) + "\n";
}

std::string synopsis(const CommandRow& command) {
  std::string text = bold("gang " + command.name) + " [" + italic("options") + "]";
  if (command.takes_command)
    return text + " " + italic("file.toml") + "...\n.br\n" + text + " [" + bold("--") + "] " +
           italic("command") + " [" + italic("argument") + "...]\n";
  for (const PlaceRow& place : command.places) {
    const std::string word = italic(place.name) + (place.repeats ? "..." : "");
    text += " " + (place.required ? word : "[" + word + "]");
  }
  return text + "\n";
}

std::string examples(const CommandRow& command) {
  std::string text;
  if (!command.examples.empty()) {
    text += section("EXAMPLES") + ".EX\n";
    for (const std::string& example : command.examples) text += roff(example) + "\n";
    text += ".EE\n";
  }
  return text;
}

std::string exit_status(const CommandRow& command) {
  std::string text = section("EXIT STATUS");
  if (command.takes_command && command.name == "run")
    text += "That of the job; of several jobs that of the first that did not end well.\n";
  else if (command.name == "wait") text += "That of the first job that did not end well.\n";
  return text +
         ".TP\n0\nall went well\n.TP\n1\nthe answer is no, or something failed\n.TP\n2\nthe "
         "command line was wrong\n";
}

bool names_jobs(const CommandRow& command) {
  return std::any_of(command.places.begin(), command.places.end(),
                     [](const PlaceRow& place) { return place.value == "JOB"; });
}

}  // namespace

std::string manual_of(const CommandRow& command, const std::string& version) {
  const std::string page = "gang-" + command.name;
  std::string text = title(page, version);
  text += section("NAME") + roff(page) + " \\- " + roff(command.help) + "\n";
  text += section("SYNOPSIS") + synopsis(command);
  if (!command.notes.empty() || names_jobs(command)) text += section("DESCRIPTION");
  for (const std::string& note : command.notes) text += paragraph(note);
  if (names_jobs(command)) text += paragraph(job_word);
  text += section("OPTIONS");
  for (const PlaceRow& place : command.places) text += place_entry(place);
  for (const FlagRow& flag : command.flags) text += flag_entry(flag);
  return text + exit_status(command) + examples(command) + section("SEE ALSO") + ".BR gang (1)\n";
}

std::string manual_of_gang(const CommandTable& table) {
  std::string text = title("gang", table.version);
  text += section("NAME") + "gang \\- turn machines with GPUs into a cluster\n";
  text += section("SYNOPSIS") + bold("gang") + " " + italic("command") + " [" + italic("options") +
          "]\n.br\n" + bold("gang --help") + "\n.br\n" + bold("gang --version") + "\n";
  text += section("DESCRIPTION") + roff(table.gang.help) + "\n";
  text += paragraph(
      "It needs no set-up: the first command starts the service that it needs, and that ends when "
      "it is idle.");
  text += paragraph(job_word);
  text += section("COMMANDS");
  for (const CommandRow& command : table.commands)
    text += ".TP\n.BR gang\\-" + roff(command.name) + " (1)\n" + roff(command.help) + "\n";
  text += section("OPTIONS");
  for (const FlagRow& flag : table.gang.flags) text += flag_entry(flag);
  text += exit_status(table.gang);
  text += section("FILES");
  text += ".TP\n" + italic("~/.config/gangline/config.toml") +
          "\nsettings, if there are any; GANGLINE_CONFIG names another file\n";
  text += ".TP\n" + italic("~/.local/state/gangline") +
          "\nall that is kept: jobs, their logs and outputs; GANGLINE_STATE names another place\n";
  text += section("SEE ALSO");
  for (const CommandRow& command : table.commands)
    text += ".BR gang\\-" + roff(command.name) + " (1)" +
            (&command == &table.commands.back() ? "\n" : ",\n");
  return text;
}

int write_manual(const CommandTable& table, const std::string& folder, Output& out) {
  const auto write = [&](const std::string& page, const std::string& text) {
    return out.around().write_file(folder + "/" + page + ".1", text);
  };
  if (const auto done = write("gang", manual_of_gang(table)); !done) return out.fail(done.error());
  for (const CommandRow& command : table.commands)
    if (const auto done = write("gang-" + command.name, manual_of(command, table.version)); !done)
      return out.fail(done.error());
  return 0;
}

}  // namespace gangline
