#include "main/recordings.h"

#include <unistd.h>

#include <filesystem>

#include "base/text.h"
#include "devices/discover.h"
#include "devices/record/record_child.h"
#include "devices/record/recording.h"
#include "devices/record/tree.h"
#include "main/places.h"
#include "os/file.h"

namespace gangline {

int run_internal_record(const std::string& microseconds) {
  const auto span = parse_number(microseconds);
  if (!span || *span > static_cast<std::uint64_t>(longest_recording.us)) return 2;
  return run_recorder(STDOUT_FILENO, sources_from_environment(),
                      Span{static_cast<std::int64_t>(*span)});
}

Result<std::string> record_machine(Span span, const std::function<bool()>& interrupted) {
  if (span > longest_recording)
    return Error{ErrorKind::usage, "a recording may take at most " + format(longest_recording),
                 "--for", ""};
  return record_by({own_program(), "internal-record", "--for", std::to_string(span.us)},
                   std::string("gang ") + GANGLINE_VERSION, interrupted);
}

Result<std::vector<std::string>> summary_of_recording(const std::string& path) {
  const auto text = read_recording_file(path);
  if (!text) return text.error();
  const auto recording = read_recording(*text, path);
  if (!recording) return recording.error();
  return summary_of(*recording);
}

Result<std::vector<std::string>> unpack_recording(const std::string& path,
                                                  const std::string& directory) {
  const auto text = read_recording_file(path);
  if (!text) return text.error();
  const auto recording = read_recording(*text, path);
  if (!recording) return recording.error();
  const auto tree = RecordedTree::of(*recording, path);
  if (!tree) return tree.error();
  std::error_code error;
  const std::string place = std::filesystem::absolute(directory, error).lexically_normal().string();
  if (error) return system_error("find", directory, error.value());
  const std::string root = place + "/root", calls = place + "/recording.txt";
  if (auto made = make_directories(place); !made) return made.error();
  if (auto written = tree->write(root); !written) return written.error();
  if (auto written = write_file(calls, *text, 0644); !written) return written.error();
  return std::vector<std::string>{"GANGLINE_ROOT=" + shell_quote(root),
                                  "GANGLINE_NVML=" + shell_quote(calls),
                                  "GANGLINE_STATE=" + shell_quote(place + "/state")};
}

}  // namespace gangline
