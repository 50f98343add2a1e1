// Cuts a file of lines into pieces, while it is read part by part.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/job.h"

namespace gangline {

/// Lines that hold nothing but white space do not count. With one line a piece, the piece is the
/// line's text; with several, the bytes from the first to the end of the last.
class LinePieces {
 public:
  explicit LinePieces(std::uint64_t lines_per_piece) : per_(lines_per_piece) {}

  /// The next bytes of the file. Refuses more than `most_gangs_in_a_job` pieces and more than
  /// `largest_split` bytes of text, without a `where`.
  Result<void> add(std::string_view bytes);
  /// After the last bytes.
  Result<std::vector<Shard>> finish();

 private:
  Result<void> end_line();
  Result<void> end_piece();

  std::uint64_t per_;
  std::uint64_t at_ = 0;          ///< bytes seen
  std::uint64_t line_begin_ = 0;  ///< offset of the line we are in
  bool counts_ = false;           ///< that line holds more than white space
  std::string line_;              ///< its text, where a piece is one line
  std::uint64_t lines_ = 0;       ///< in the piece so far
  Shard piece_;
  std::size_t text_bytes_ = 0;
  std::vector<Shard> pieces_;
};

}  // namespace gangline
