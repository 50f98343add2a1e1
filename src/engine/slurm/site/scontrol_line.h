// A line of `scontrol show … -o`: "NodeName=n1 CPUTot=16 Gres=gpu:h100:8(S:0-1)".
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"

namespace gangline {

/// What stands behind "key=" at the start of a line of scontrol or behind a blank, up to the next
/// blank. What people wrote stands at the end of such a line, so the first one counts.
std::string_view word_of(std::string_view line, std::string_view key);

std::uint32_t number_or(std::string_view text, std::uint32_t otherwise);

/// "gpu:h100:8(S:0-1),gpu:4,shard:64" in parts, without what stands in brackets; with `brackets`
/// as they are.
std::vector<std::string> gres_parts(std::string_view text, bool brackets = false);

/// A part without brackets.
struct GpuCount {
  std::string type;  ///< empty: none is said
  std::uint64_t count = 0;
};
/// "gpu:h100:8", "gres:gpu:4", "gpu". Other devices: none of them. False: it makes no sense.
bool read_gpu_count(std::string_view part, GpuCount& counted);

/// Lines that begin with `key`; others carry on what people wrote into the line before.
template <class Read>
void each_line(std::string_view text, std::string_view key, std::size_t most, Read read) {
  std::size_t count = 0;
  for (const std::string_view line : split(text, '\n'))
    if (line.starts_with(key) && line.size() > key.size() && ++count <= most) read(line);
}

}  // namespace gangline
