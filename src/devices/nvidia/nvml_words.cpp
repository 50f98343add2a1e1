#include "devices/nvidia/nvml_words.h"

#include "base/text.h"
#include "devices/record/words.h"

namespace gangline::nvml {

void WordWriter::begin(const char* key) {
  if (!text_.empty()) text_ += ' ';
  if (*key != '\0') text_.append(key).append("=");
}

void WordWriter::handle(Handle handle) {
  begin("");
  text_ += 'd' + std::to_string(numbers_.number_of(handle));
}

void WordWriter::chars(const char* key, const char* text, std::size_t room) {
  begin(key);
  text_ += in_quotes({text, ::strnlen(text, room)});
}

WordReader::WordReader(std::string_view text, std::vector<char>& slots) : slots_(slots) {
  auto words = words_in(text);
  good_ = words.has_value();
  if (words) words_ = std::move(*words);
}

std::optional<std::string> WordReader::next(const char* key) {
  const std::string front = *key == '\0' ? "" : std::string(key) + "=";
  if (good_ && at_ < words_.size() && words_[at_].starts_with(front))
    return words_[at_++].substr(front.size());
  good_ = false;
  return std::nullopt;
}

std::optional<std::uint64_t> WordReader::next_unsigned(const char* key) {
  const auto word = next(key);
  const auto number = word ? parse_number(*word) : std::nullopt;
  if (!number) good_ = false;
  return number;
}

std::optional<std::int64_t> WordReader::next_number(const char* key, bool may_be_negative) {
  const auto word = next(key);
  if (!word) return std::nullopt;
  const bool negative = may_be_negative && word->starts_with('-');
  const auto number = parse_number(negative ? word->substr(1) : *word);
  if (!number || *number > std::uint64_t{1} << 62) return std::nullopt;
  const auto size = static_cast<std::int64_t>(*number);
  return negative ? -size : size;
}

void WordReader::handle(Handle& handle) {
  const auto word = next("");
  const auto number = word && word->starts_with('d') ? parse_number(word->substr(1)) : std::nullopt;
  good_ = number && *number >= 1 && *number <= slots_.size();
  if (good_) handle = reinterpret_cast<Handle>(&slots_[*number - 1]);
}

void WordReader::chars(const char* key, char* text, std::size_t room) {
  const auto word = next(key);
  good_ = word && word->size() < room;
  if (!good_) return;
  std::memcpy(text, word->data(), word->size());
  text[word->size()] = '\0';
}

}  // namespace gangline::nvml
