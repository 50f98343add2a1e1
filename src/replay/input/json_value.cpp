#include "replay/input/json_value.h"

#include <cmath>

namespace gangline {
namespace {

const JsonTree null_value;

}  // namespace

const JsonTree& value_at(const JsonTree& tree, std::initializer_list<const char*> path) {
  const JsonTree* value = &tree;
  for (const char* key : path) {
    if (!value->is_object()) return null_value;
    const auto found = value->find(key);
    if (found == value->end()) return null_value;
    value = &*found;
  }
  return *value;
}

std::string text_at(const JsonTree& tree, std::initializer_list<const char*> path) {
  const JsonTree& value = value_at(tree, path);
  const auto* text = value.get_ptr<const std::string*>();
  return text == nullptr ? std::string() : *text;
}

std::optional<double> number_of(const JsonTree& value) {
  if (value.is_number()) {
    const double number = value.get<double>();
    return std::isfinite(number) ? std::optional(number) : std::nullopt;
  }
  if (!value.is_object()) return std::nullopt;
  const auto is_true = [&](const char* key) {
    const JsonTree& flag = value_at(value, {key});
    return flag.is_boolean() && flag.get<bool>();
  };
  const JsonTree& number = value_at(value, {"number"});
  if (is_true("infinite") || !is_true("set") || !number.is_number()) return std::nullopt;
  return number_of(number);
}

std::optional<double> number_at(const JsonTree& tree, std::initializer_list<const char*> path) {
  return number_of(value_at(tree, path));
}

std::optional<std::int64_t> count_at(const JsonTree& tree, std::initializer_list<const char*> path,
                                     std::int64_t most) {
  const auto number = number_at(tree, path);
  if (!number || *number < 0 || *number > static_cast<double>(most)) return std::nullopt;
  return static_cast<std::int64_t>(*number);
}

}  // namespace gangline
