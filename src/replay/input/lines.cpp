#include "replay/input/lines.h"

#include <cstring>

#include "base/text.h"

namespace gangline {

bool Lines::next(Line& line) {
  while (next_of_any_kind(line))
    if (!line.broken.empty() || !trim(line.text).empty()) return true;
  return false;
}

bool Lines::next_of_any_kind(Line& line) {
  input_.drop(drop_);
  drop_ = 0;
  line.broken.clear();
  std::size_t seen = 0;
  bool too_long = false;
  for (;;) {
    const std::string_view window = input_.window();
    const auto end = window.find('\n', seen);
    if (end != std::string_view::npos) {
      line.text = window.substr(0, end);
      drop_ = end + 1;
      break;
    }
    seen = window.size();
    if (seen > longest_line) {  // its bytes are passed over as they come
      too_long = true;
      input_.drop(seen);
      seen = 0;
    }
    if (input_.read_more()) continue;
    if (input_.window().empty() && !too_long) return false;
    line.text = input_.window();
    drop_ = line.text.size();
    break;
  }
  line.number = ++number_;
  if (line.text.ends_with('\r')) line.text.remove_suffix(1);
  if (too_long || line.text.size() > longest_line)
    line.broken = "the line is longer than " + format(Bytes{longest_line});
  else if (std::memchr(line.text.data(), '\0', line.text.size()) != nullptr)
    line.broken = "the line holds a NUL byte";
  return true;
}

}  // namespace gangline
