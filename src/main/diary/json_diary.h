// The diary of a service as a file of JSON, a line for each entry. Off unless GANGLINE_LOG names
// the file.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "control/watching/diary.h"
#include "os/fd.h"
#include "os/loop.h"

namespace gangline {

/// Lines are gathered in memory and written a few times a second. At its largest size the file is
/// renamed to NAME.1, in the place of an older one, and begun anew. What cannot be written, or
/// comes faster than it is written, is dropped, and a line says how much.
class JsonDiary final : public Diary {
 public:
  static constexpr std::size_t largest_file = 32 << 20;  ///< bytes; there are two of them
  static constexpr std::size_t most_gathered = 4 << 20;  ///< bytes in memory
  static constexpr Span written_every = milliseconds(200);

  /// `loop` must outlive it.
  JsonDiary(Loop& loop, std::string path) : loop_(loop), path_(std::move(path)) {}
  ~JsonDiary() override { write_out(); }

  void cycle(const CycleTrace& trace) override;
  void event(const FeedEntry& entry) override;
  /// `uid`: of who asked.
  void request(Time at, const std::string& method, const std::string& target, unsigned status,
               Span took, std::optional<std::uint32_t> uid);

 private:
  void add(std::string line);
  void write_out();

  Loop& loop_;
  const std::string path_;
  Fd file_;
  std::size_t size_ = 0;  ///< of the file
  std::string gathered_;
  std::uint64_t dropped_ = 0;
  Loop::WatchPtr due_;
};

}  // namespace gangline
