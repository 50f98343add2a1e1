// What the launcher must not forget, in an append-only file of checked records. Each record is one
// write, so a process that is killed loses none; a machine that is switched off may lose the newest
// ones, but then the processes they tell of are gone as well.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "os/fd.h"

namespace gangline {

/// CRC-32 (IEEE 802.3). Allocates nothing: it is called between clone and exec.
std::uint32_t crc32(std::string_view bytes);

/// A record as it stands in the file: a mark, its length, its checksum, the payload.
constexpr std::size_t frame_header = 12;
std::string framed(std::string_view payload);
/// Writes the checksum of the payload that lies behind `frame`'s header. Allocates nothing.
void seal_frame(char* frame, std::size_t size);
/// Calls for each whole record, oldest first. Bytes that are no record (a torn end, a flipped bit)
/// are stepped over; returns how many there were.
std::size_t read_frames(std::string_view bytes, const std::function<void(std::string_view)>& call);

/// Segments `journal.N` in one directory, of which only the newest counts: each begins with all
/// that is still needed of the one before. Space is set aside when a segment is made, so that
/// records fit when the disk is full.
class Journal {
 public:
  static constexpr std::size_t segment_size = 4 << 20;
  static constexpr std::size_t largest_journal = std::size_t{1} << 30;

  /// Reads the newest segment; none there: the first is made. Where the disk does not take it, the
  /// journal has not begun: nothing can be appended until `rotate` succeeds.
  static Result<Journal> open(const std::string& directory,
                              const std::function<void(std::string_view)>& replay);

  bool begun() const { return fd_.open(); }
  /// One write. An error (a full disk beyond what was set aside) leaves the journal usable.
  Result<void> append(std::string_view frames);
  /// To tell of records that a child wrote through `fd()`.
  void grew(std::size_t bytes) { size_ += bytes; }
  /// Opened for appending. Changes with `rotate`.
  int fd() const { return fd_.number(); }
  /// Bytes that can still be written for certain.
  std::size_t room() const { return size_ < set_aside_ ? set_aside_ - size_ : 0; }
  /// Goes on in a new segment that begins with `frames` and has at least `room` bytes left; the old
  /// one is deleted. On an error all stays as it was.
  Result<void> rotate(std::string_view frames, std::size_t room);

 private:
  Result<void> make_segment(std::uint64_t number, std::string_view frames, std::size_t room);
  std::string path_of(std::uint64_t number) const;

  std::string directory_;
  std::uint64_t number_ = 0;
  Fd fd_;
  std::size_t size_ = 0;
  std::size_t set_aside_ = 0;
};

/// Opens for appending and sets `bytes` of disk aside for it, without changing its length.
Result<Fd> open_with_room(const std::string& path, std::size_t bytes);
/// The highest N of the files `<name>.N` in a directory; 0: none.
std::uint64_t newest_number(const std::string& directory, std::string_view name);
/// All such files, in ascending order.
std::vector<std::uint64_t> file_numbers(const std::string& directory, std::string_view name);

}  // namespace gangline
