// Bytes for our own processes to talk and to keep journals: fixed-width little-endian numbers and
// strings with their length in front. Reading checks every bound and never trusts a length.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gangline {

class Packer {
 public:
  void u8(std::uint8_t v) { bytes_.push_back(static_cast<char>(v)); }
  void u32(std::uint32_t v) { number(v, 4); }
  void u64(std::uint64_t v) { number(v, 8); }
  void i32(std::int32_t v) { u32(static_cast<std::uint32_t>(v)); }
  void i64(std::int64_t v) { u64(static_cast<std::uint64_t>(v)); }
  void f64(double v);
  void flag(bool v) { u8(v ? 1 : 0); }
  void text(std::string_view v);  ///< at most 4 GiB - 1

  const std::string& bytes() const { return bytes_; }
  std::string take() { return std::move(bytes_); }

 private:
  void number(std::uint64_t v, int width);
  std::string bytes_;
};

/// After any read past the end or of a broken value, `ok()` is false for good and all further reads
/// give zeros or empty strings; so a decoder reads all fields and asks once at the end.
class Unpacker {
 public:
  explicit Unpacker(std::string_view bytes) : rest_(bytes) {}

  std::uint8_t u8();
  std::uint32_t u32() { return static_cast<std::uint32_t>(number(4)); }
  std::uint64_t u64() { return number(8); }
  std::int32_t i32() { return static_cast<std::int32_t>(u32()); }
  std::int64_t i64() { return static_cast<std::int64_t>(u64()); }
  double f64();
  bool flag();
  std::string text();
  /// A count of things that follow, each at least `least_bytes` long; more than can be there is
  /// broken.
  std::uint32_t count(std::size_t least_bytes = 1);
  /// Says that a value read makes no sense.
  void fail() {
    ok_ = false;
    rest_ = {};
  }

  bool ok() const { return ok_; }
  bool at_end() const { return rest_.empty(); }

 private:
  std::uint64_t number(int width);
  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace gangline
