#include "base/pack.h"

#include <cstring>

#include "base/check.h"

namespace gangline {

void Packer::number(std::uint64_t v, int width) {
  for (int i = 0; i < width; ++i) bytes_.push_back(static_cast<char>((v >> (8 * i)) & 0xff));
}

void Packer::f64(double v) {
  std::uint64_t bits = 0;
  std::memcpy(&bits, &v, sizeof bits);
  u64(bits);
}

void Packer::text(std::string_view v) {
  CHECK(v.size() <= 0xffffffffu);
  u32(static_cast<std::uint32_t>(v.size()));
  bytes_.append(v);
}

std::uint64_t Unpacker::number(int width) {
  if (rest_.size() < static_cast<std::size_t>(width)) {
    fail();
    return 0;
  }
  std::uint64_t v = 0;
  for (int i = 0; i < width; ++i)
    v |= static_cast<std::uint64_t>(static_cast<unsigned char>(rest_[static_cast<std::size_t>(i)]))
         << (8 * i);
  rest_.remove_prefix(static_cast<std::size_t>(width));
  return v;
}

std::uint8_t Unpacker::u8() { return static_cast<std::uint8_t>(number(1)); }

double Unpacker::f64() {
  const std::uint64_t bits = u64();
  double v = 0;
  std::memcpy(&v, &bits, sizeof v);
  return v;
}

bool Unpacker::flag() {
  const std::uint8_t v = u8();
  if (v > 1) fail();
  return v == 1;
}

std::string Unpacker::text() {
  const std::uint32_t size = u32();
  if (size > rest_.size()) {
    fail();
    return {};
  }
  std::string v(rest_.substr(0, size));
  rest_.remove_prefix(size);
  return v;
}

std::uint32_t Unpacker::count(std::size_t least_bytes) {
  const std::uint32_t n = u32();
  if (n > rest_.size() / (least_bytes == 0 ? 1 : least_bytes)) {
    fail();
    return 0;
  }
  return n;
}

}  // namespace gangline
