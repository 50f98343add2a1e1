#include "jobspec/line_pieces.h"

#include <utility>

#include "base/text.h"

namespace gangline {

Result<void> LinePieces::add(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    const std::string_view part = bytes.substr(0, end);
    if (!trim(part).empty()) counts_ = true;
    if (per_ == 1) {
      line_ += part;
      if (text_bytes_ + line_.size() > largest_split)
        return Error{ErrorKind::refused,
                     "the lines have more than " + std::to_string(largest_split) +
                         " bytes, which is the most",
                     "", "take several lines for a gang with per = 100"};
    }
    at_ += part.size();
    if (end == std::string_view::npos) return {};
    ++at_;
    bytes.remove_prefix(end + 1);
    if (const auto good = end_line(); !good) return good.error();
  }
  return {};
}

Result<void> LinePieces::end_line() {
  Result<void> good;
  if (counts_) {
    if (lines_++ == 0) piece_.begin = line_begin_;
    piece_.end = at_;
    if (lines_ == per_) good = end_piece();
  }
  line_begin_ = at_;
  line_.clear();
  counts_ = false;
  return good;
}

Result<void> LinePieces::end_piece() {
  if (pieces_.size() == most_gangs_in_a_job)
    return Error{ErrorKind::refused,
                 "more than " + std::to_string(most_gangs_in_a_job) +
                     " pieces, which is the most gangs of a job",
                 "", "take more lines for a gang with a larger per"};
  if (per_ == 1) {
    if (line_.ends_with('\r')) line_.pop_back();
    text_bytes_ += line_.size();
    piece_ = {std::move(line_), 0, 0};
  }
  pieces_.push_back(std::exchange(piece_, {}));
  lines_ = 0;
  return {};
}

Result<std::vector<Shard>> LinePieces::finish() {
  if (const auto good = end_line(); !good) return good.error();
  if (lines_ > 0)
    if (const auto good = end_piece(); !good) return good.error();
  return std::move(pieces_);
}

}  // namespace gangline
