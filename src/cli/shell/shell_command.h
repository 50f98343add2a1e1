// The command of a job that is a `gang shell`: words before the program that a person sees.
#pragma once

#include <string>
#include <vector>

#include "base/units.h"
#include "model/job.h"

namespace gangline {

/// Words that make a program a held shell (main.cpp); `program` is this one.
std::vector<std::string> words_of_shell(const std::string& program, Span longest_idle);

/// Of others' jobs the command is not told, so none of these is one.
bool is_shell(const Command& command);
/// "an interactive shell (/bin/bash)", for one that is.
std::string describe_shell(const Command& command);

}  // namespace gangline
