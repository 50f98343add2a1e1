// A command line that is wrong, in words of ours.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "base/error.h"

namespace gangline {

/// A word that begins like a flag and is none.
Error unknown_flag(const CLI::App& command, const std::string& word);
/// What CLI11 found wrong; `help` says where to read how it is written.
Error misuse(const CLI::App& app, const CLI::ParseError& error, const std::string& help);

}  // namespace gangline
