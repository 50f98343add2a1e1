// What slurmrestd writes, read with care: it may be of another version, or not slurmrestd's at all.
// For the sources of rest/ alone: it is heavy to compile.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text.h"
#include "engine/slurm/rest/rest_answers.h"

namespace gangline {

using Json = nlohmann::json;

constexpr int deepest_rest_value = 16;
constexpr std::size_t longest_rest_text = 1 << 20;
constexpr std::size_t most_values_around = 2'000;   ///< errors, and what it says of itself
constexpr std::size_t most_values_of_one = 10'000;  ///< of a job or a node

/// What stands in an answer beside the list that is read of it, and is of use to anybody.
inline bool is_read_beside(std::string_view key) {
  return key == "errors" || key == "meta" || key == "job_id" || key == "exp" || key == "sun" ||
         key == "username";
}

/// Of a job or a node, what is large and said of each core or step.
inline bool is_passed_over(std::string_view key) {
  return key == "job_resources" || key == "gres_detail" || key == "steps" || key == "tres" ||
         key == "script" || key == "environment";
}

/// Decides of each value of an answer whether it is kept, so that what is held of it is small.
template <class Read>
class RestSieve {
 public:
  RestSieve(std::string_view key, Read read) : key_(key), read_(std::move(read)) {}

  bool operator()(int depth, Json::parse_event_t event, Json& value) {
    using Parsed = Json::parse_event_t;
    const bool begins = event == Parsed::object_start || event == Parsed::array_start;
    if (begins && depth >= deepest_rest_value) return false;
    if (event == Parsed::key && depth == 1) {
      key_now_ = value.get<std::string>();
      return key_now_ == key_ || is_read_beside(key_now_);
    }
    if (key_.empty() || key_now_ != key_) return ++around_ <= most_values_around;
    if (event == Parsed::object_start && depth == 2) of_one_ = 0;
    if (event == Parsed::object_end && depth == 2) {
      read_(std::as_const(value));
      return false;
    }
    if (depth == 2 && (event == Parsed::value || event == Parsed::array_start)) return false;
    if (event == Parsed::key && depth == 3 && is_passed_over(value.get_ref<const std::string&>()))
      return false;
    return event == Parsed::array_end || event == Parsed::object_end ||
           ++of_one_ <= most_values_of_one;
  }

 private:
  std::string key_, key_now_;
  Read read_;
  std::size_t around_ = 0, of_one_ = 0;
};

/// Null where it is no JSON. `key` of the outermost object is a list: each object in it is given to
/// `read` and not kept.
template <class Read>
Json parse_each(std::string_view text, std::string_view key, Read read) {
  RestSieve<Read> sieve(key, std::move(read));
  Json all = Json::parse(
      text,
      [&](int depth, Json::parse_event_t event, Json& value) { return sieve(depth, event, value); },
      false);
  return all.is_discarded() ? Json() : all;
}

inline Json parse_rest(std::string_view text) {
  return parse_each(text, "", [](const Json&) {});
}

/// Null where there is none.
inline const Json& value_in(const Json& object, const char* key) {
  static const Json none;
  if (!object.is_object()) return none;
  const auto found = object.find(key);
  return found == object.end() ? none : *found;
}

/// "" where it is no text.
inline std::string text_in(const Json& object, const char* key) {
  const Json& value = value_in(object, key);
  if (!value.is_string()) return {};
  const auto& text = value.get_ref<const std::string&>();
  return text.size() <= longest_rest_text ? text : std::string();
}

/// 7, "7", or {"set": true, "infinite": false, "number": 7} as from v0.0.39 on. Not below 0.
inline std::optional<std::uint64_t> number_in(const Json& object, const char* key) {
  const Json& value = value_in(object, key);
  if (value.is_number_unsigned()) return value.get<std::uint64_t>();
  if (value.is_string()) return parse_number(value.get_ref<const std::string&>());
  if (!value.is_object()) return std::nullopt;
  const Json &set = value_in(value, "set"), &infinite = value_in(value, "infinite");
  if (!set.is_boolean() || !set.get<bool>()) return std::nullopt;
  if (infinite.is_boolean() && infinite.get<bool>()) return std::nullopt;
  const Json& number = value_in(value, "number");
  if (number.is_number_unsigned()) return number.get<std::uint64_t>();
  return std::nullopt;
}

/// One text, or a list of them.
inline std::vector<std::string> words_in(const Json& object, const char* key) {
  constexpr std::size_t most_words = 4'096;
  const Json& value = value_in(object, key);
  std::vector<std::string> words;
  if (value.is_string()) words.push_back(text_in(object, key));
  if (value.is_array())
    for (const Json& one : value)
      if (one.is_string() && words.size() < most_words) words.push_back(one);
  return words;
}

std::optional<RestComplaint> complaint_in(const Json& answer);

}  // namespace gangline
