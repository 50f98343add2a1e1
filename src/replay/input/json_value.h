// Values of a JSON document that may hold anything. Nothing is thrown.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace gangline {

using JsonTree = nlohmann::json;

/// The value at a path of keys; null where there is none.
const JsonTree& value_at(const JsonTree& tree, std::initializer_list<const char*> path);

/// A text; empty if it is none.
std::string text_at(const JsonTree& tree, std::initializer_list<const char*> path);

/// A finite number, or one as newer Slurms write it: {"set": true, "infinite": false, "number": 4}.
/// Nothing where it is unset, infinite or no number.
std::optional<double> number_of(const JsonTree& value);
std::optional<double> number_at(const JsonTree& tree, std::initializer_list<const char*> path);

/// A number between 0 and `most` as a whole one; nothing otherwise.
std::optional<std::int64_t> count_at(const JsonTree& tree, std::initializer_list<const char*> path,
                                     std::int64_t most);

}  // namespace gangline
