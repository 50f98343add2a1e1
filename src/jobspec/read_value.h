// One value of a job file or a flag, understood as what its key wants. Each function answers with
// nothing where it added a mistake.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/units.h"
#include "jobspec/mistakes.h"
#include "jobspec/written.h"

namespace gangline {

struct Key {
  std::string_view name;
  const Written& value;
};

std::optional<std::string> read_text(Key key, Mistakes& mistakes);
/// A text, or a number or truth value as it was written.
std::optional<std::string> read_scalar(Key key, Mistakes& mistakes);
std::optional<std::int64_t> read_whole(Key key, std::int64_t least, std::int64_t most,
                                       Mistakes& mistakes);
std::optional<bool> read_truth(Key key, Mistakes& mistakes);
/// "2h", or a number of seconds.
std::optional<Span> read_span(Key key, Mistakes& mistakes);
/// "16G". A bare number so small that its unit was forgotten is a mistake.
std::optional<Bytes> read_bytes(Key key, Mistakes& mistakes);
/// One scalar, or a list of scalars; a typed word is cut at its commas.
std::optional<std::vector<std::string>> read_texts(Key key, Mistakes& mistakes);
/// The position of a text in `names`.
std::optional<std::size_t> read_choice(Key key, std::span<const std::string_view> names,
                                       Mistakes& mistakes);

/// Adds a mistake for each key of `table` that is not known, with the nearest that is.
void refuse_unknown_keys(const Written& table, std::span<const std::string_view> known,
                         Mistakes& mistakes);
/// The same of a table that is called so, as "[queue.fast]", in a file whose own keys are `above`.
void refuse_unknown_keys_in(const std::string& name, const Written& table,
                            std::span<const std::string_view> known,
                            std::span<const std::string_view> above, Mistakes& mistakes);
/// Whether an unknown key of `table` was told to be perhaps `key`: that it is missing is then said
/// already.
bool is_misspelt(const Written& table, std::string_view key,
                 std::span<const std::string_view> known);

/// "tasks must be a whole number, not a text".
void add_wrong_kind(Key key, const char* wanted, Mistakes& mistakes, std::string hint = "");

/// Names with commas between: "a, b, c".
std::string joined(std::span<const std::string_view> names);

}  // namespace gangline
