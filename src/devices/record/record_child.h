// The process that looks at a machine and writes down what it sees; a vendor library may hang in
// it, so the command that wants the recording is another.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "devices/discover.h"

namespace gangline {

constexpr Span longest_recording = hours(1);
constexpr Span pause_between_samples = seconds(1);
/// A look or a call that takes longer than this hangs, as far as a recording is concerned.
constexpr Span longest_look = seconds(10);

/// Writes the parts of a recording to `out`: the machine, its facts, and a sample each second until
/// `span` has passed. What the process exits with (`gang internal-record`).
int run_recorder(int out, const Sources& sources, Span span);

/// Starts `command`, which does run_recorder on its standard output, and gives the whole recording:
/// up to what hangs, if something does, or up to most_recording_bytes. `made_by`: for its head.
/// `interrupted`: asked now and then; true ends the recording there.
Result<std::string> record_by(const std::vector<std::string>& command, const std::string& made_by,
                              const std::function<bool()>& interrupted);

}  // namespace gangline
