#include "cli/devices/record.h"

#include "base/text.h"

namespace gangline {
namespace {

constexpr Span default_recording = seconds(3);
constexpr const char* default_file = "gangline-recording.txt";
constexpr const char* default_directory = "gangline-replay";

Error usage(const std::string& what, const std::string& hint) {
  return {ErrorKind::usage, what, "", hint};
}

int show(const std::string& path, Output& out) {
  const auto lines = out.around().recording_summary(path);
  if (!lines) return out.fail(lines.error());
  for (const std::string& line : *lines) out.line(printable(line));
  return 0;
}

int replay(const RecordOptions& options, Output& out) {
  const std::string directory = options.output.empty() ? default_directory : options.output;
  const auto settings = out.around().unpack_recording(options.replay, directory);
  if (!settings) return out.fail(settings.error());
  std::string words;
  for (const std::string& setting : *settings) words += (words.empty() ? "" : " ") + setting;
  if (!out.quiet()) out.line("the recorded machine is in " + directory + "; to look at it:");
  out.line(out.quiet() ? words : "  " + words + " gang nodes");
  return 0;
}

int record(const RecordOptions& options, Output& out) {
  Span span = default_recording;
  if (!options.span.empty()) {
    const auto given = parse_span(options.span);
    if (!given) {
      Error error = given.error();
      error.where = "--for";
      return out.fail(error);
    }
    span = *given;
  }
  const std::string file = options.output.empty() ? default_file : options.output;
  if (const auto can = out.around().can_write(file); !can) return out.fail(can.error());
  const auto text = out.around().record(span);
  if (!text) return out.fail(text.error());
  if (const auto written = out.around().write_file(file, *text); !written)
    return out.fail(written.error());
  if (out.quiet()) return 0;
  out.line("written to " + file + ", " + format(Bytes{static_cast<std::int64_t>(text->size())}) +
           "; it is text: look through it before you send it");
  return 0;
}

}  // namespace

int run_record(const RecordOptions& options, Output& out) {
  if (!options.show.empty() && !options.replay.empty())
    return out.fail(usage("--show and --replay are two things", "give one of them"));
  const bool reads = !options.show.empty() || !options.replay.empty();
  if (reads && !options.span.empty())
    return out.fail(usage("--for is how long to record, and nothing is recorded here", ""));
  if (!options.show.empty() && !options.output.empty())
    return out.fail(usage("--show writes no file", "leave out -o"));
  if (!options.show.empty()) return show(options.show, out);
  if (!options.replay.empty()) return replay(options, out);
  return record(options, out);
}

}  // namespace gangline
