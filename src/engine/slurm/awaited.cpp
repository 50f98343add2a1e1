#include "engine/slurm/awaited.h"

#include <unistd.h>

#include "base/text.h"
#include "os/file.h"

namespace gangline {
namespace {

// Each is a call to the disk's server, from each of those that wait. Of more it is only seen that
// they have ended; how, Slurm has looked at.
constexpr std::uint32_t most_ends_read = 1'000;

std::string note_path(const SendingFiles& files) { return files.directory() + "/awaited"; }

bool is_there(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

/// The first gang of it that has not ended well; empty: none.
std::optional<std::uint32_t> first_not_well(const SendingFiles& files) {
  const auto order = read_order(files);
  if (!order) return is_there(files.directory()) ? std::optional(0u) : std::nullopt;
  for (std::uint32_t i = order->first; i < order->first + order->count; ++i) {
    const bool ended = is_there(files.end(i));
    bool well = ended;
    if (ended && i - order->first < most_ends_read) {
      const auto end = read_end(files.end(i));
      well = end && *end && (*end)->ending.cause == EndCause::done;
    }
    if (!well && is_there(files.directory())) return i;
  }
  return std::nullopt;
}

}  // namespace

Result<void> note_awaited(const SendingFiles& files, const std::vector<Awaited>& awaited) {
  std::string text;
  for (const Awaited& each : awaited) text += format(each.job) + " " + each.tag + "\n";
  if (text.empty() && !is_there(note_path(files))) return {};
  return write_file(note_path(files), text);
}

std::string not_ended_well(const SendingFiles& files, const std::string& state_dir) {
  const auto text = read_file(note_path(files));
  if (!text) return {};
  for (const std::string_view line : split(*text, '\n')) {
    const std::size_t space = line.find(' ');
    const auto job = parse_number(line.substr(0, space));
    if (space == std::string_view::npos || !job) continue;
    const JobId id{*job};
    const auto gang =
        first_not_well(SendingFiles::of(state_dir, id, std::string(line.substr(space + 1))));
    if (gang) return "gang " + format(GangId{id, *gang}) + " has not ended well";
  }
  return {};
}

std::string dependency_on(const std::vector<Awaited>& awaited) {
  std::string text = "afterok";
  for (const Awaited& each : awaited) text += ":" + each.number;
  return text;
}

}  // namespace gangline
