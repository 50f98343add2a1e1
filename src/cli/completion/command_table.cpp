#include "cli/completion/command_table.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <sstream>

namespace gangline {
namespace {

struct NamedValue {
  const char* option;  // the same in all commands
  const char* value;
};
constexpr NamedValue named_values[] = {
    {"--add", "NODES"},
    {"--after", "JOB,..."},
    {"--arrivals", "FILE"},
    {"--attach", "JOB"},
    {"--attempt", "N"},
    {"--backtest", "[=POLICY]"},
    {"--cancel", "N"},
    {"--cluster", "FILE"},
    {"--cpus", "N"},
    {"--csv", "FILE"},
    {"--device", "{nvidia,amd,intel,fpga,cpu}"},
    {"--dir", "DIR"},
    {"--drain", "SPAN"},
    {"--env", "KEY=VALUE"},
    {"--first", "N"},
    {"--for", "NAME"},
    {"--format", "FORMAT"},
    {"--from", "FROM"},
    {"--gpu-memory", "SIZE"},
    {"--gpu-model-swap", "MODEL=MODEL"},
    {"--gpus", "N"},
    {"--grace", "SPAN"},
    {"--html", "FILE"},
    {"--idle", "SPAN"},
    {"--launcher", "{plain,mpi}"},
    {"--limit", "N"},
    {"--log-limit", "SIZE"},
    {"--maintenance", "FROM,TO"},
    {"--memory", "SIZE"},
    {"--model", "NAME"},
    {"--most", "N"},
    {"--name", "NAME"},
    {"--people", "GROUP"},
    {"--operators", "USER,..."},
    {"--on", "PLACE"},
    {"--nodes", "N"},
    {"--only-queue", "NAME"},
    {"--output", "FILE"},
    {"--policy", "POLICY,..."},
    {"--power-limit", "WATTS"},
    {"--priority", "N"},
    {"--queue", "NAME"},
    {"--rank", "N"},
    {"--remove", "NODES"},
    {"--replay", "FILE"},
    {"--restart-cost", "SPAN"},
    {"--retries", "N"},
    {"--retry-on", "{lost,failure,memory,time},..."},
    {"--rounds", "SPAN"},
    {"--seed", "NAME"},
    {"--set", "KEY=VALUE"},
    {"--show", "FILE"},
    {"--since", "SPAN"},
    {"--speeds", "FILE"},
    {"--start-cost", "SPAN"},
    {"--stop", "N"},
    {"--stop-signal", "SIGNAL"},
    {"--sweep", "NAME=VALUES"},
    {"--tasks", "N"},
    {"--time", "SPAN"},
    {"--write-cluster", "FILE"},
    {"history", "FILE"},
    {"job", "JOB"},
    {"jobs", "JOB"},
};

// CLI11 writes "TEXT:{a,b}" where a value is checked.
ValueWord value_of(const CLI::Option& option) {
  const std::string name = option.get_type_name();
  const std::size_t choices = name.find(":{");
  return choices == std::string::npos ? name : name.substr(choices + 1);
}

FlagRow flag_of(const CLI::Option& option) {
  FlagRow row;
  for (const std::string& name : option.get_snames()) row.names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) row.names.push_back("--" + name);
  row.value = value_of(option);
  if (row.value.starts_with("[=")) {
    row.value = row.value.substr(2, row.value.size() - 3);
    row.may_lack_value = true;
  }
  row.repeats = option.get_expected_max() > 1;
  row.help = option.get_description();
  return row;
}

PlaceRow place_of(const CLI::Option& option) {
  return {option.get_name(true), value_of(option), option.get_required(),
          option.get_expected_max() > 1, option.get_description()};
}

// The examples are the indented lines of a command's footer.
void read_footer(const std::string& footer, CommandRow& row) {
  std::istringstream lines(footer);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("  ")) row.examples.push_back(line.substr(2));
    else if (!line.empty() && line != "examples:") row.notes.push_back(line);
  }
}

CommandRow row_of(const CLI::App& app) {
  CommandRow row;
  row.name = app.get_name();
  row.help = app.get_description();
  row.takes_command = app.get_prefix_command();
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_positional()) row.places.push_back(place_of(*option));
    else row.flags.push_back(flag_of(*option));
  }
  read_footer(app.get_footer(), row);
  return row;
}

}  // namespace

void name_values(CLI::App& app) {
  for (CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; }))
    for (const auto& [option, value] : named_values)
      if (CLI::Option* found = command->get_option_no_throw(option); found != nullptr)
        found->type_name(value);
  app.get_subcommand("record")->get_option("--for")->type_name("SPAN");
}

CommandTable table_of(const CLI::App& app, const std::string& version) {
  CommandTable table{version, row_of(app), {}};
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; }))
    table.commands.push_back(row_of(*command));
  std::sort(table.commands.begin(), table.commands.end(),
            [](const CommandRow& a, const CommandRow& b) { return a.name < b.name; });
  return table;
}

}  // namespace gangline
