#include "launch/journal.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <vector>

#include "base/check.h"
#include "base/text.h"
#include "os/file.h"

namespace gangline {
namespace {

constexpr std::uint32_t frame_mark = 0x316a4c47;  // "GLj1"

constexpr std::array<std::uint32_t, 256> make_crc_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t n = 0; n < 256; ++n) {
    std::uint32_t c = n;
    for (int bit = 0; bit < 8; ++bit) c = (c & 1) != 0 ? 0xedb88320u ^ (c >> 1) : c >> 1;
    table[n] = c;
  }
  return table;
}
constexpr auto crc_table = make_crc_table();

void store_u32(char* at, std::uint32_t v) {
  for (int i = 0; i < 4; ++i) at[i] = static_cast<char>((v >> (8 * i)) & 0xff);
}

std::uint32_t load_u32(const char* at) {
  std::uint32_t v = 0;
  for (int i = 0; i < 4; ++i)
    v |= static_cast<std::uint32_t>(static_cast<unsigned char>(at[i])) << (8 * i);
  return v;
}

/// The payload of the frame at the start of `bytes`, if there is a whole one.
bool frame_at(std::string_view bytes, std::string_view& payload) {
  if (bytes.size() < frame_header || load_u32(bytes.data()) != frame_mark) return false;
  const std::size_t size = load_u32(bytes.data() + 4);
  if (size > bytes.size() - frame_header) return false;
  payload = bytes.substr(frame_header, size);
  return crc32(payload) == load_u32(bytes.data() + 8);
}

/// Of a full disk in words that are true of all that the launcher has to write down.
Error cannot_write(const Error& error, const std::string& directory) {
  if (error.kind != ErrorKind::disk || error.hint.empty()) return error;
  return {ErrorKind::disk,
          "the launcher cannot write its journal: no room on the disk of " + directory, "",
          "make room there"};
}

}  // namespace

std::uint32_t crc32(std::string_view bytes) {
  std::uint32_t c = 0xffffffffu;
  for (const char byte : bytes)
    c = crc_table[(c ^ static_cast<unsigned char>(byte)) & 0xff] ^ (c >> 8);
  return c ^ 0xffffffffu;
}

std::string framed(std::string_view payload) {
  CHECK(payload.size() < Journal::largest_journal);
  std::string frame(frame_header, '\0');
  frame.append(payload);
  seal_frame(frame.data(), frame.size());
  return frame;
}

void seal_frame(char* frame, std::size_t size) {
  const std::size_t payload = size - frame_header;
  store_u32(frame, frame_mark);
  store_u32(frame + 4, static_cast<std::uint32_t>(payload));
  store_u32(frame + 8, crc32({frame + frame_header, payload}));
}

std::size_t read_frames(std::string_view bytes, const std::function<void(std::string_view)>& call) {
  std::size_t skipped = 0;
  while (!bytes.empty()) {
    std::string_view payload;
    if (frame_at(bytes, payload)) {
      call(payload);
      bytes.remove_prefix(frame_header + payload.size());
    } else {
      // A broken length cannot be trusted, so the next mark is looked for.
      const auto next = bytes.find("GLj1", 1);
      const std::size_t step = next == std::string_view::npos ? bytes.size() : next;
      skipped += step;
      bytes.remove_prefix(step);
    }
  }
  return skipped;
}

std::vector<std::uint64_t> file_numbers(const std::string& directory, std::string_view name) {
  std::vector<std::uint64_t> numbers;
  const std::unique_ptr<DIR, int (*)(DIR*)> dir(::opendir(directory.c_str()), ::closedir);
  if (!dir) return numbers;
  while (const dirent* entry = ::readdir(dir.get())) {
    const std::string_view file = entry->d_name;
    if (!file.starts_with(name) || file.size() <= name.size() || file[name.size()] != '.') continue;
    if (const auto n = parse_number(file.substr(name.size() + 1))) numbers.push_back(*n);
  }
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

std::uint64_t newest_number(const std::string& directory, std::string_view name) {
  const auto numbers = file_numbers(directory, name);
  return numbers.empty() ? 0 : numbers.back();
}

Result<Fd> open_with_room(const std::string& path, std::size_t bytes) {
  auto fd = open_file(path, O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW, 0600);
  if (!fd) return fd;
  // File systems that cannot set space aside are taken as they are.
  if (::fallocate(fd->number(), FALLOC_FL_KEEP_SIZE, 0, static_cast<off_t>(bytes)) != 0 &&
      errno != EOPNOTSUPP && errno != EINTR)
    return system_error("set space aside", path, errno);
  return fd;
}

std::string Journal::path_of(std::uint64_t number) const {
  return directory_ + "/journal." + std::to_string(number);
}

Result<Journal> Journal::open(const std::string& directory,
                              const std::function<void(std::string_view)>& replay) {
  Journal journal;
  journal.directory_ = directory;
  const auto numbers = file_numbers(directory, "journal");
  if (numbers.empty()) {
    auto made = journal.make_segment(1, "", 0);
    if (!made && made.error().kind != ErrorKind::disk) return made.error();
    return journal;
  }
  journal.number_ = numbers.back();
  // An older segment is left only where a launcher was killed between making and deleting.
  for (const std::uint64_t n : numbers)
    if (n != journal.number_) ::unlink(journal.path_of(n).c_str());
  const std::string path = journal.path_of(journal.number_);
  auto bytes = read_file(path, largest_journal);
  if (!bytes) return bytes.error();
  journal.size_ = bytes->size();
  read_frames(*bytes, replay);
  auto fd = open_file(path, O_RDWR | O_APPEND | O_NOFOLLOW);
  if (!fd) return fd.error();
  journal.fd_ = std::move(*fd);
  struct stat there {};
  if (::fstat(journal.fd(), &there) == 0)
    journal.set_aside_ = static_cast<std::size_t>(there.st_blocks) * 512;
  return journal;
}

Result<void> Journal::append(std::string_view frames) {
  CHECK(begun());
  const ssize_t n = ::write(fd_.number(), frames.data(), frames.size());
  if (n == static_cast<ssize_t>(frames.size())) {
    size_ += frames.size();
    return {};
  }
  const int number = n < 0 ? errno : ENOSPC;
  // Half a record would be stepped over by a reader, but it also takes space.
  if (n > 0) size_ += static_cast<std::size_t>(n);
  return cannot_write(system_error("write", path_of(number_), number), directory_);
}

Result<void> Journal::make_segment(std::uint64_t number, std::string_view frames,
                                   std::size_t room) {
  const std::string path = path_of(number);
  const std::string beside = directory_ + "/new-segment";
  const std::size_t wanted = std::max(segment_size, frames.size() * 2 + room);
  ::unlink(beside.c_str());
  auto fd = open_with_room(beside, wanted);
  auto written = fd ? write_all(fd->number(), frames, beside) : Result<void>(fd.error());
  if (written && ::rename(beside.c_str(), path.c_str()) != 0)
    written = system_error("rename", beside, errno);
  if (!written) {
    ::unlink(beside.c_str());
    return cannot_write(written.error(), directory_);
  }
  fd_ = std::move(*fd);
  number_ = number;
  size_ = frames.size();
  set_aside_ = wanted;
  return {};
}

Result<void> Journal::rotate(std::string_view frames, std::size_t room) {
  const std::string old = path_of(number_);
  auto made = make_segment(number_ + 1, frames, room);
  if (made) ::unlink(old.c_str());
  return made;
}

}  // namespace gangline
