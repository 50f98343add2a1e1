#include "cli/completion/command_table.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iterator>
#include <sstream>
#include <string_view>

namespace gangline {
namespace {

struct NamedValue {
  std::string_view option;  // the same in all commands
  const char* value;
};
constexpr bool operator<(const NamedValue& a, const NamedValue& b) { return a.option < b.option; }
constexpr NamedValue named_values[] = {
    {"--add", "NODES"},
    {"--address", "ADDRESS"},
    {"--after", "JOB,..."},
    {"--allow-origin", "URL"},
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
    {"--expires", "SPAN"},
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
    {"--nodes", "N"},
    {"--notify", "{never,failure,end}"},
    {"--on", "PLACE"},
    {"--only-queue", "NAME"},
    {"--operators", "USER,..."},
    {"--output", "FILE"},
    {"--people", "GROUP"},
    {"--policy", "POLICY,..."},
    {"--port", "N"},
    {"--power-limit", "WATTS"},
    {"--priority", "N"},
    {"--queue", "NAME"},
    {"--rank", "N"},
    {"--remove", "NODES"},
    {"--replay", "FILE"},
    {"--restart-cost", "SPAN"},
    {"--retries", "N"},
    {"--retry-on", "{lost,failure,memory,time},..."},
    {"--role", "{read,submit,operate}"},
    {"--rounds", "SPAN"},
    {"--seed", "NAME"},
    {"--server", "URL"},
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
    {"--tls-cert", "FILE"},
    {"--tls-key", "FILE"},
    {"--write-cluster", "FILE"},
    {"history", "FILE"},
    {"job", "JOB"},
    {"jobs", "JOB"},
};

static_assert(std::is_sorted(std::begin(named_values), std::end(named_values)));

/// Null: it has no word of its own here.
const char* value_named(const CLI::Option& option) {
  const auto look_up = [](const std::string& name) -> const char* {
    const NamedValue* found = std::lower_bound(std::begin(named_values), std::end(named_values),
                                               NamedValue{name, nullptr});
    return found != std::end(named_values) && found->option == name ? found->value : nullptr;
  };
  if (option.get_positional()) return look_up(option.get_name(true));
  for (const std::string& name : option.get_lnames())
    if (const char* value = look_up("--" + name); value != nullptr) return value;
  return nullptr;
}

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
  // Each command line does this, so it looks at each option once.
  for (CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; }))
    for (CLI::Option* option : command->get_options())
      if (const char* value = value_named(*option); value != nullptr) option->type_name(value);
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
