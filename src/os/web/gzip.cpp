#include "os/web/gzip.h"

#include <zlib.h>

#include "base/check.h"

namespace gangline {
namespace {

constexpr int quick = 1;
constexpr int with_gzip_frame = 15 + 16;  // zlib's way to ask for it
constexpr int no_frame = -15;
constexpr int usual_memory = 8;
constexpr std::size_t block_size = 64 << 10;

Bytef* bytes_of(std::string_view text) {
  return reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));  // NOLINT: zlib only reads it
}

}  // namespace

namespace {

std::string packed(std::string_view bytes, int frame, int flush, std::size_t room_for_flush) {
  z_stream stream{};
  CHECK(deflateInit2(&stream, quick, Z_DEFLATED, frame, usual_memory, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string out(deflateBound(&stream, bytes.size()) + room_for_flush, '\0');
  stream.next_in = bytes_of(bytes);
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = bytes_of(out);
  stream.avail_out = static_cast<uInt>(out.size());
  const int done = deflate(&stream, flush);
  CHECK(done == (flush == Z_FINISH ? Z_STREAM_END : Z_OK) && stream.avail_in == 0 &&
        stream.avail_out > 0);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

}  // namespace

std::string gzip(std::string_view bytes) { return packed(bytes, with_gzip_frame, Z_FINISH, 0); }

// RFC 1952, 2.3: deflate, no flags, no time, Unix.
std::string_view gzip_begin() {
  static constexpr char head[] = "\x1f\x8b\x08\0\0\0\0\0\0\x03";
  return {head, sizeof head - 1};
}

// A full flush ends at a whole byte, and what follows refers to nothing before it.
std::string gzip_part(std::string_view bytes) {
  constexpr std::size_t empty_block = 16;
  return packed(bytes, no_frame, Z_FULL_FLUSH, empty_block);
}

std::optional<std::string> gunzip(std::string_view bytes, std::size_t most) {
  z_stream stream{};
  CHECK(inflateInit2(&stream, with_gzip_frame) == Z_OK);
  stream.next_in = bytes_of(bytes);
  stream.avail_in = static_cast<uInt>(bytes.size());
  std::string out;
  std::string block(block_size, '\0');
  int done = Z_OK;
  while (done == Z_OK && out.size() <= most) {
    stream.next_out = bytes_of(block);
    stream.avail_out = static_cast<uInt>(block.size());
    done = inflate(&stream, Z_NO_FLUSH);
    out.append(block, 0, block.size() - stream.avail_out);
  }
  inflateEnd(&stream);
  if (done != Z_STREAM_END || out.size() > most) return std::nullopt;
  return out;
}

}  // namespace gangline
