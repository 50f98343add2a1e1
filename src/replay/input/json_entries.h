// The entries of one list of a large JSON document, one at a time, so that neither the document nor
// a broken entry has to be dealt with as a whole.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "replay/input/input.h"

namespace gangline {

class JsonEntries {
 public:
  static constexpr std::size_t longest_entry = 64 << 20;  ///< bytes
  static constexpr std::size_t deepest_nesting = 64;

  /// Of the list under `key` of the outermost object.
  JsonEntries(Input& input, std::string_view key) : input_(input), key_(key) {}

  /// The text of the next entry, valid until the next call; false behind the last. What stands
  /// between brackets is not looked at, so it may be no JSON.
  bool next(std::string_view& entry);
  std::uint64_t count() const { return count_; }
  /// Whether the document stopped inside an entry, was nested too deep or held too large an entry:
  /// then what follows is lost.
  bool cut_off() const { return cut_off_; }

 private:
  bool find_list();
  char peek();
  std::string take_text();
  bool skip_value();
  bool skip_blanks();

  Input& input_;
  std::string key_;
  std::size_t at_ = 0;  ///< in the window, where something of it must stay
  bool in_list_ = false;
  bool cut_off_ = false;
  std::uint64_t count_ = 0;
};

}  // namespace gangline
