// Man pages, made from the same table as the help. Pure.
#pragma once

#include <string>

#include "cli/completion/command_table.h"
#include "cli/output.h"

namespace gangline {

/// gang(1): what there is, and what holds for all commands.
std::string manual_of_gang(const CommandTable& table);
/// "gang-run(1)"
std::string manual_of(const CommandRow& command, const std::string& version);

/// Writes gang.1 and a page for each command to `folder`, which exists.
int write_manual(const CommandTable& table, const std::string& folder, Output& out);

}  // namespace gangline
