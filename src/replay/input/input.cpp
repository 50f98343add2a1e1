#include "replay/input/input.h"

#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/text.h"
#include "os/file.h"

namespace gangline {
namespace {

constexpr std::size_t block_size = 256 << 10;

class FileBytes : public ByteSource {
 public:
  FileBytes(Fd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

  Result<std::size_t> read(char* into, std::size_t most) override {
    for (;;) {
      const ssize_t n = ::read(fd_.number(), into, most);
      if (n >= 0) return static_cast<std::size_t>(n);
      if (errno != EINTR) return system_error("read", path_, errno);
    }
  }

 private:
  Fd fd_;
  std::string path_;
};

class TextBytes : public ByteSource {
 public:
  explicit TextBytes(std::string_view rest) : rest_(rest) {}

  Result<std::size_t> read(char* into, std::size_t most) override {
    const std::size_t n = std::min(most, rest_.size());
    if (n > 0) std::memcpy(into, rest_.data(), n);
    rest_.remove_prefix(n);
    return n;
  }

 private:
  std::string_view rest_;
};

/// Bytes that were read already, and then the rest of their source.
class PutBack : public ByteSource {
 public:
  PutBack(std::string first, std::unique_ptr<ByteSource> rest)
      : first_(std::move(first)), rest_(std::move(rest)) {}

  Result<std::size_t> read(char* into, std::size_t most) override {
    if (at_ == first_.size()) return rest_->read(into, most);
    const std::size_t n = std::min(most, first_.size() - at_);
    std::memcpy(into, first_.data() + at_, n);
    at_ += n;
    return n;
  }

 private:
  std::string first_;
  std::size_t at_ = 0;
  std::unique_ptr<ByteSource> rest_;
};

/// One or more gzip members, one after the other.
class Unzip : public ByteSource {
 public:
  Unzip(std::unique_ptr<ByteSource> packed, std::string name)
      : packed_(std::move(packed)), name_(std::move(name)) {
    constexpr int gzip_only = 16 + MAX_WBITS;
    ready_ = inflateInit2(&stream_, gzip_only) == Z_OK;
  }
  Unzip(const Unzip&) = delete;
  Unzip& operator=(const Unzip&) = delete;
  ~Unzip() override {
    if (ready_) inflateEnd(&stream_);
  }

  Result<std::size_t> read(char* into, std::size_t most) override {
    if (!ready_) return broken("cannot be unpacked", "unpack it with gunzip");
    stream_.next_out = reinterpret_cast<Bytef*>(into);
    stream_.avail_out = static_cast<uInt>(std::min<std::size_t>(most, 1u << 30));
    const uInt wanted = stream_.avail_out;
    while (stream_.avail_out == wanted) {
      if (stream_.avail_in == 0) {
        const auto n = packed_->read(in_.data(), in_.size());
        if (!n) return n.error();
        if (*n == 0 && between_members_) return std::size_t{0};
        if (*n == 0) return broken("is packed and ends too early", "fetch it again");
        stream_.next_in = reinterpret_cast<Bytef*>(in_.data());
        stream_.avail_in = static_cast<uInt>(*n);
      }
      if (between_members_) inflateReset(&stream_);
      between_members_ = false;
      const int answer = inflate(&stream_, Z_NO_FLUSH);
      if (answer == Z_STREAM_END) between_members_ = true;
      else if (answer != Z_OK && answer != Z_BUF_ERROR)
        return broken("is packed and broken inside", "fetch it again");
    }
    return std::size_t{wanted - stream_.avail_out};
  }

 private:
  Error broken(const char* what, const char* hint) const {
    return {ErrorKind::broken, std::string("the file ") + what, name_, hint};
  }

  std::unique_ptr<ByteSource> packed_;
  std::string name_;
  z_stream stream_{};
  bool ready_ = false;
  bool between_members_ = false;
  std::array<char, 64 << 10> in_{};
};

bool is_gzip(std::string_view bytes) { return bytes.starts_with("\x1f\x8b"); }

}  // namespace

Result<Input> Input::open(const std::string& path) {
  auto fd = open_file(path, O_RDONLY);
  if (!fd) return fd.error();
  return begin(std::make_unique<FileBytes>(*std::move(fd), path), path);
}

Result<Input> Input::of(std::string_view bytes, const std::string& name) {
  return begin(std::make_unique<TextBytes>(bytes), name);
}

Result<Input> Input::begin(std::unique_ptr<ByteSource> source, const std::string& name) {
  std::string first(2, '\0');
  std::size_t size = 0;
  while (size < first.size()) {
    const auto n = source->read(first.data() + size, first.size() - size);
    if (!n) return n.error();
    if (*n == 0) break;
    size += *n;
  }
  first.resize(size);
  const bool packed = is_gzip(first);
  source = std::make_unique<PutBack>(std::move(first), std::move(source));
  if (packed) source = std::make_unique<Unzip>(std::move(source), name);

  Input input;
  input.name_ = name;
  input.source_ = std::move(source);
  while (input.window().size() < head_size && input.read_more()) continue;
  if (input.error_) return *input.error_;
  if (input.window().empty())
    return Error{ErrorKind::refused, "the file is empty", name, "check how it was written"};
  if (input.window().starts_with("\xef\xbb\xbf")) input.drop(3);
  return input;
}

bool Input::read_more() {
  if (at_end_ || error_) return false;
  if (begin_ > 0) {
    buffer_.erase(0, begin_);
    begin_ = 0;
  }
  const std::size_t size = buffer_.size();
  buffer_.resize(size + block_size);
  const auto n = source_->read(buffer_.data() + size, block_size);
  buffer_.resize(size + (n ? *n : 0));
  if (!n) error_ = n.error();
  else if (*n == 0) at_end_ = true;
  else if ((total_ += *n) > most_bytes)
    error_ = Error{ErrorKind::refused, "the file holds more than " + format(Bytes{most_bytes}),
                   name_, "cut it into pieces by time"};
  return n && *n > 0 && !error_;
}

}  // namespace gangline
