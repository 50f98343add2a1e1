// What was typed and its program has not read yet.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace gangline {

class TypedAhead {
 public:
  static constexpr std::size_t most = 1 << 20;  ///< bytes; more is dropped, as terminals do

  void add(std::string_view bytes) { bytes_ += bytes.substr(0, most - bytes_.size()); }
  /// What a terminal sends for its end.
  void add_end() { add("\x04"); }

  const std::string& bytes() const { return bytes_; }
  bool empty() const { return bytes_.empty(); }
  void was_read(std::size_t size) { bytes_.erase(0, size); }
  void clear() { bytes_.clear(); }

 private:
  std::string bytes_;
};

}  // namespace gangline
