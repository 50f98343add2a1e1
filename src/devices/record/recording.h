// All that this room saw of a machine, as text that a person can read: `gang record` writes it,
// `gang record --replay` makes a machine of it. docs/guide/record.md says what the lines mean.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/units.h"
#include "devices/sysfs/witness.h"

namespace gangline {

constexpr std::size_t most_recording_bytes = 64 << 20;
constexpr std::size_t most_recorded_file = 1 << 20;  ///< bytes of one file; larger are withheld
constexpr std::size_t most_recorded_line = 2 * most_recorded_file + 4096;
constexpr std::size_t longest_recorded_path = 1024;
constexpr std::size_t longest_recorded_name = 255;
constexpr std::string_view recording_title = "gangline recording 1";

/// One look at a path. What has not changed since the last look at it is not said again.
struct RecordedLook {
  SightKind kind = SightKind::file;
  std::string path;       ///< below the root of the machine: "/sys/…"
  std::string error;      ///< "ENOENT"; empty: seen
  bool hangs = false;     ///< did not return while the recording was made
  bool withheld = false;  ///< there, and left out: too large, or of no concern
  bool same = false;      ///< as before; then `content` is empty
  std::string content;    ///< bytes of a file, target of a link, names of a directory, one a line
  std::size_t line = 0;   ///< in the recording
};

struct RecordedCall {
  std::string function;
  std::string arguments;  ///< words
  int code = 0;
  bool hangs = false;
  std::string results;  ///< words
  Span took{0};
};

struct Recording {
  std::vector<std::string> head;     ///< what stands above the first part, without '#'
  std::vector<std::string> remarks;  ///< "nvml-has nvmlInit_v2"
  std::vector<std::string> parts;    ///< "machine", "facts", "sample 1"
  std::vector<RecordedLook> looks;
  std::vector<RecordedCall> calls;
};

/// Whether the link at `path` is an open file of a process, "/proc/7/fd/3", that leads to a device
/// of those that this room looks for: the only kind of link with a target from the root.
bool is_open_device(std::string_view path, std::string_view target);

/// The whole text of a recording, or the Error that says in which line it makes no sense. Never
/// crashes, whatever the bytes.
Result<Recording> read_recording(std::string_view text, const std::string& where);
/// The text of a file that is not too large to be a recording.
Result<std::string> read_recording_file(const std::string& path);
/// Whether the file begins as a recording does.
bool is_recording_file(const std::string& path);

/// The last line: without it, a recording is cut short. `body`: all lines before it.
std::string last_line(std::string_view body);

/// What is in it, for people.
std::vector<std::string> summary_of(const Recording& recording);

}  // namespace gangline
