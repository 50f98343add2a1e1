// Which commands there are and what each takes, as values: what completions and man pages are made
// of. Read from the very parser of the command line, so that they cannot differ from it.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace gangline {

/// What stands behind a flag or in a place, in the words of the help: "FILE", "DIR", "JOB",
/// "POLICY",
/// "{plain,mpi}" for one of these words; with ",..." behind it several with commas between. Others
/// ("SPAN") are left to the person.
using ValueWord = std::string;

struct FlagRow {
  std::vector<std::string> names;  ///< "-q", "--quiet"
  ValueWord value;                 ///< empty: it takes none
  bool may_lack_value = false;     ///< its value may only follow a "="
  bool repeats = false;            ///< may be given several times
  std::string help;
};

/// A word that is no flag.
struct PlaceRow {
  std::string name;
  ValueWord value;
  bool required = false;
  bool repeats = false;
  std::string help;
};

struct CommandRow {
  std::string name;  ///< "run"; of `gang` itself "gang"
  std::string help;
  std::vector<FlagRow> flags;
  std::vector<PlaceRow> places;
  std::vector<std::string> examples;
  std::vector<std::string> notes;  ///< sentences that stand below the examples
  bool takes_command = false;      ///< job files, or words of a command, stand behind its flags
};

struct CommandTable {
  std::string version;
  CommandRow gang;
  std::vector<CommandRow> commands;  ///< in alphabetical order
};

/// Gives the options of all commands the words for their values, by their names.
void name_values(CLI::App& app);

CommandTable table_of(const CLI::App& app, const std::string& version);

/// The table of this program's own command line (parse.cpp).
CommandTable command_table(const std::string& version);

}  // namespace gangline
