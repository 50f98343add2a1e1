#include "os/web/gzip.h"

#include <zlib.h>

#include "base/check.h"

namespace gangline {
namespace {

constexpr int quick = 1;
constexpr int with_gzip_frame = 15 + 16;  // zlib's way to ask for it
constexpr int usual_memory = 8;
constexpr std::size_t block_size = 64 << 10;

Bytef* bytes_of(std::string_view text) {
  return reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));  // NOLINT: zlib only reads it
}

}  // namespace

std::string gzip(std::string_view bytes) {
  z_stream stream{};
  CHECK(deflateInit2(&stream, quick, Z_DEFLATED, with_gzip_frame, usual_memory,
                     Z_DEFAULT_STRATEGY) == Z_OK);
  std::string out(deflateBound(&stream, bytes.size()), '\0');
  stream.next_in = bytes_of(bytes);
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = bytes_of(out);
  stream.avail_out = static_cast<uInt>(out.size());
  const int done = deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  CHECK(done == Z_STREAM_END);
  return out;
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
