// Any bytes as what the other end of an interactive shell sends: however they are cut, the same
// frames come of them, each within its limit and written again as it was read; and whatever end of
// its time a shell is told, nothing is to be done at once for ever.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "shell/frame.h"
#include "shell/idle_watch.h"
#include "shell/typed_ahead.h"

namespace gangline {
namespace {

constexpr Time today = Time{} + hours(500'000);

/// All frames that come of the pieces, written again.
std::string frames_of(std::string_view bytes, std::size_t piece, bool& nonsense) {
  FrameReader reader;
  std::string again;
  while (!bytes.empty() && !nonsense) {
    reader.feed(bytes.substr(0, piece));
    bytes.remove_prefix(std::min(piece, bytes.size()));
    for (;;) {
      const auto frame = reader.next();
      nonsense = !frame.ok();
      if (nonsense || !*frame) break;
      CHECK((*frame)->body.size() <= largest_frame);
      again += frame_of((*frame)->kind, (*frame)->body);
    }
  }
  if (!nonsense) return again;
  reader.feed(frame_of(FrameKind::typed, "x"));
  CHECK(!reader.next());
  return again;
}

void take_as_shell(std::string_view bytes) {
  FrameReader reader;
  IdleWatch watch(hours(1), today);
  TypedAhead typed;
  reader.feed(bytes);
  for (;;) {
    const auto frame = reader.next();
    if (!frame || !*frame) return;
    if ((*frame)->kind == FrameKind::typed) typed.add((*frame)->body);
    if ((*frame)->kind == FrameKind::no_more) typed.add_end();
    CHECK(typed.bytes().size() <= TypedAhead::most);
    const auto end = number_in(**frame, 2);
    if ((*frame)->kind != FrameKind::hello || !end) continue;
    watch.ends_at(*end > 0 ? Time{*end} : never, today);
    static_cast<void>(watch.tell(today));
    CHECK(watch.next() > today);
  }
}

}  // namespace
}  // namespace gangline

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);  // NOLINT
  bool whole_is_nonsense = false, pieces_are_nonsense = false;
  const std::string whole = gangline::frames_of(text, size, whole_is_nonsense);
  CHECK(whole == text.substr(0, whole.size()));
  CHECK(whole == gangline::frames_of(text, 7, pieces_are_nonsense));
  CHECK(whole_is_nonsense == pieces_are_nonsense);
  gangline::take_as_shell(text);
  return 0;
}
