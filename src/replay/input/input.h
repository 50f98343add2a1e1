// The bytes of a file, unpacked where it is packed, a piece at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace gangline {

/// Bytes from somewhere. 0 is their end.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  virtual Result<std::size_t> read(char* into, std::size_t most) = 0;
};

/// A window that moves over the bytes. What begins as gzip does is unpacked.
class Input {
 public:
  static constexpr std::size_t head_size = 64 << 10;
  /// After unpacking, so that a small file cannot keep us busy for ever.
  static constexpr std::uint64_t most_bytes = std::uint64_t{16} << 30;

  /// Reads the head. Errors: no such file, a packed file that is broken, an empty one.
  static Result<Input> open(const std::string& path);
  /// The same over bytes in memory, which must outlive it. `name` stands in errors.
  static Result<Input> of(std::string_view bytes, const std::string& name);

  const std::string& name() const { return name_; }
  /// What was read and not dropped. Before anything is dropped it holds at least `head_size` bytes,
  /// or the whole file.
  std::string_view window() const { return std::string_view(buffer_).substr(begin_); }
  /// Moves the front of the window.
  void drop(std::size_t n) { begin_ = n > buffer_.size() - begin_ ? buffer_.size() : begin_ + n; }
  /// Makes the window longer; what `window()` gave before is no longer valid. False at the end and
  /// on an error.
  bool read_more();
  /// Why there was no more, if it was not the end.
  const std::optional<Error>& error() const { return error_; }

 private:
  static Result<Input> begin(std::unique_ptr<ByteSource> source, const std::string& name);

  std::string name_;
  std::unique_ptr<ByteSource> source_;
  std::string buffer_;
  std::size_t begin_ = 0;
  std::uint64_t total_ = 0;
  bool at_end_ = false;
  std::optional<Error> error_;
};

}  // namespace gangline
