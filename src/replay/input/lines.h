// A file as lines.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "replay/input/input.h"

namespace gangline {

struct Line {
  std::uint64_t number = 0;  ///< from 1
  std::string_view text;     ///< without its end; valid until the next one is asked for
  std::string broken;        ///< why it cannot be used whatever it means: "is longer than 1M"
};

class Lines {
 public:
  static constexpr std::size_t longest_line = 1 << 20;

  explicit Lines(Input& input) : input_(input) {}

  /// False at the end; `Input::error` says whether it was the true one. A line of blanks is none.
  bool next(Line& line);
  std::uint64_t count() const { return number_; }  ///< so far, lines of blanks too

 private:
  bool next_of_any_kind(Line& line);

  Input& input_;
  std::uint64_t number_ = 0;
  std::size_t drop_ = 0;  ///< the line that was given last, with its end
};

}  // namespace gangline
