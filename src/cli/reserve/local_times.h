// Times from when until when, as the clock of who asks shows them.
#pragma once

#include <string>

namespace gangline {

/// The service says such times in UTC (`describe_times`), for it does not know who will read them.
/// Each "2026-12-01 18:00 to 20:00 UTC" in `text` becomes the local time of this process with its
/// distance from UTC: "2026-12-01 19:00 to 21:00 UTC+01:00".
std::string in_local_time(const std::string& text);

}  // namespace gangline
