// `{lr}`, `{shard}`, `{output}`, … in commands, directories and environment values.
//
// Commands hold braces of many other languages (shell, awk, JSON), so all that follows a rule not
// named here stays as it is, byte for byte:
//   {name}      the value of a known name; the text itself where the name is not known
//   {{name}}    the text {name}, whether known or not
//   {{{name}}}  the value of a known name in braces
//   ${name}     a variable of the shell, never a placeholder
// A name is [A-Za-z_][A-Za-z0-9_]*.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/job.h"

namespace gangline {

/// Names with a fixed meaning: job gang gangs rank tasks device shard output outputs. A sweep may
/// not use them.
std::span<const std::string_view> fixed_placeholders();

/// [A-Za-z_][A-Za-z0-9_]*
bool is_placeholder_name(std::string_view text);

/// Each `{name}` or `{{{name}}}` in `text`, known or not, in order, with the offset of its first
/// brace.
struct PlaceholderUse {
  std::string name;
  std::size_t offset = 0;
};
std::vector<PlaceholderUse> placeholders_in(std::string_view text);

/// `text` with the rules above applied for the names in `values`.
///
/// With `for_shell`, `text` is a script for a POSIX shell, and a value stays one word or part of
/// one, unquoted, in quotes or in a here-document, and is never read as code: plain values are put
/// in as text, all others through variables that are set in front of the script. In a here-document
/// whose delimiter is quoted nothing can be escaped, so there a newline of a value becomes a space.
/// `{outputs}` is a list of quoted words already and is put in as it is. This holds for the shell
/// that reads the script, not for one that the script starts.
std::string expand(std::string_view text, std::span<const EnvVar> values, bool for_shell);

/// Whether this word of a list is a script for a shell that the list names itself, as in
/// {"sh", "-c", "echo {lr}"}: then values in it are put in as in any other script.
bool is_script(std::span<const std::string> words, std::size_t word);

}  // namespace gangline
