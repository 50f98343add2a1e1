// Any bytes as what a service sends to a launcher, as a launcher's journal and as its job cards:
// each is refused or makes something that is written again as it was read.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "launch/book.h"
#include "launch/journal.h"
#include "launch/wire.h"

namespace gangline {
namespace {

void read_as_socket(std::string_view bytes) {
  Inbox inbox;
  const std::size_t half = bytes.size() / 2;
  for (const std::string_view piece : {bytes.substr(0, half), bytes.substr(half)}) {
    inbox.add(piece);
    for (;;) {
      auto message = inbox.next();
      if (!message) return;
      if (!*message) break;
      const std::string frame = frame_of(**message);
      const auto again = unpack_message(std::string_view(frame).substr(4));
      CHECK(again.ok() && frame_of(*again) == frame);
    }
  }
}

/// What a book makes of any records must lead another book to the same.
void read_as_journal(std::string_view bytes) {
  Book book;
  const auto believe = [&](std::string_view payload) {
    const auto record = unpack_record(payload);
    if (record) book.apply(*record);
  };
  read_frames(bytes, believe);
  believe(bytes);
  std::string snapshot;
  for (const Record& record : book.snapshot()) snapshot += framed_record(record);
  Book again;
  const std::size_t skipped = read_frames(snapshot, [&](std::string_view payload) {
    const auto record = unpack_record(payload);
    CHECK(record.has_value());
    again.apply(*record);
  });
  CHECK(skipped == 0 && again.news().size() == book.news().size());
  book.acknowledge(book.next_news());
}

}  // namespace
}  // namespace gangline

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);  // NOLINT
  gangline::read_as_socket(text);
  const auto whole = gangline::unpack_message(text);
  if (whole) (void)gangline::frame_of(*whole);
  gangline::read_as_journal(text);
  return 0;
}
