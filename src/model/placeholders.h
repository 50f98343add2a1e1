// `{lr}`, `{shard}`, `{output}`, … in commands, directories and environment values.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/job.h"

namespace gangline {

/// Names with a fixed meaning: job gang gangs rank tasks shard output outputs. A sweep may not use
/// them.
std::span<const std::string_view> fixed_placeholders();

/// Each `{name}` in `text`, in order, with its offset. `{{` and `}}` stand for braces; a brace pair
/// that does not hold an identifier ([A-Za-z_][A-Za-z0-9_]*), such as `${HOME}`, `{1..3}` or awk's
/// `{print}` when print is no known name, is plain text: so which names are known must be said.
struct PlaceholderUse {
  std::string name;
  std::size_t offset = 0;
};
std::vector<PlaceholderUse> placeholders_in(std::string_view text);

/// `text` with each name in `values` replaced, other braces left as they are (`{{` becomes `{`).
/// With `for_shell` a value is quoted to stay one word of the shell where it stands: unquoted, in
/// single or in double quotes. `{outputs}` is a list of words already and is put in as it is.
std::string expand(std::string_view text, std::span<const EnvVar> values, bool for_shell);

}  // namespace gangline
