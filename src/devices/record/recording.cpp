#include "devices/record/recording.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <map>

#include "base/text.h"
#include "devices/record/words.h"
#include "os/file.h"

namespace gangline {
namespace {

constexpr std::size_t most_calls_shown = 5;

// FNV-1a of 64 bits: http://www.isthe.com/chongo/tech/comp/fnv
std::uint64_t sum_of(std::string_view bytes) {
  std::uint64_t sum = 0xcbf29ce484222325;
  for (const char byte : bytes) {
    sum ^= static_cast<unsigned char>(byte);
    sum *= 0x100000001b3;
  }
  return sum;
}

constexpr std::array<const char*, 4> kind_names{"file", "directory", "link", "access"};

std::optional<SightKind> kind_of(std::string_view word) {
  for (std::size_t i = 0; i < kind_names.size(); ++i)
    if (word == kind_names[i]) return static_cast<SightKind>(i);
  return std::nullopt;
}

bool is_error_name(std::string_view word) {
  return word.size() >= 2 && word.size() <= 20 && word.front() == 'E' &&
         std::ranges::all_of(
             word, [](char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); });
}

/// "12us"
std::optional<Span> took_of(std::string_view word) {
  if (!word.ends_with("us")) return std::nullopt;
  const auto n = parse_number(word.substr(0, word.size() - 2));
  if (!n || *n > std::uint64_t{1} << 50) return std::nullopt;
  return Span{static_cast<std::int64_t>(*n)};
}

/// A path below the root: whole, without steps up, with names that a file system takes.
const char* wrong_with_path(std::string_view path) {
  if (path.size() > longest_recorded_path) return "a path is too long";
  if (!path.starts_with('/')) return "a path does not begin at the root";
  for (const std::string_view part : split(path.substr(1), '/')) {
    if (part.empty() || part == ".") return "a path has an empty step";
    if (part == "..") return "a path leads upwards";
    if (part.size() > longest_recorded_name) return "a name in a path is too long";
    if (part.find('\0') != std::string_view::npos) return "a path has a zero in it";
  }
  return nullptr;
}

class Reader {
 public:
  Reader(std::string_view text, const std::string& where) : left_(text), where_(where) {}

  Result<Recording> read() {
    if (all_.size() > most_recording_bytes)
      return wrong("it is larger than " + format(Bytes{most_recording_bytes}));
    if (next() != recording_title) return wrong("this is no recording of `gang record`");
    if (const std::size_t end = all_.rfind("\nend ");
        end == std::string_view::npos || all_.find('\n', end + 1) + 1 != all_.size())
      return wrong("it is cut short: its last line is missing");
    while (const auto line = next()) {
      if (line->starts_with("end ")) return ended(*line);
      if (auto read = read_line(*line); !read) return read.error();
    }
    return wrong("its last line is missing");
  }

 private:
  std::optional<std::string_view> next() {
    if (left_.empty()) return std::nullopt;
    ++number_;
    const std::size_t end = left_.find('\n');
    const std::string_view line = left_.substr(0, end);
    left_.remove_prefix(end == std::string_view::npos ? left_.size() : end + 1);
    done_ += end == std::string_view::npos ? line.size() : end + 1;
    return line;
  }

  Error wrong(const std::string& what) const {
    return {ErrorKind::broken, what, where_ + (number_ == 0 ? "" : ":" + std::to_string(number_)),
            ""};
  }

  Result<Recording> ended(std::string_view line) {
    close_content();
    const std::size_t body = done_ - line.size() - 1;
    if (!left_.empty()) return wrong("there is more after the last line");
    if (std::string(line) + "\n" != last_line(all_.substr(0, body)))
      return wrong("it was changed or damaged since it was written: the sum does not fit");
    return std::move(recording_);
  }

  Result<void> read_line(std::string_view line) {
    if (line.size() > most_recorded_line) return wrong("a line is too long");
    if (line.starts_with("| ") || line == "|")
      return more_content(line.substr(std::min<std::size_t>(2, line.size())));
    close_content();
    if (line.empty() || line.starts_with('#')) return {};
    if (line.starts_with("nvml-")) {
      recording_.remarks.emplace_back(line);
      return {};
    }
    if (line.starts_with("part ")) {
      recording_.parts.emplace_back(line.substr(5));
      return {};
    }
    if (recording_.parts.empty()) {
      recording_.head.emplace_back(line);
      return {};
    }
    if (line.starts_with("call ")) return read_call(line.substr(5));
    return read_look(line);
  }

  Result<void> read_call(std::string_view line) {
    const std::size_t equals = line.find(" = ");
    if (equals == std::string_view::npos) return wrong("a call has no answer");
    RecordedCall call;
    const std::string_view asked = line.substr(0, equals), answer = line.substr(equals + 3);
    const std::size_t space = asked.find(' ');
    call.function = asked.substr(0, space);
    call.arguments = space == std::string_view::npos ? "" : asked.substr(space + 1);
    call.hangs = answer == "hangs";
    if (!call.hangs) {
      const std::size_t first = answer.find(' '), last = answer.rfind(' ');
      if (first == std::string_view::npos) return wrong("an answer to a call is cut short");
      const bool negative = answer.starts_with('-');
      const auto code = parse_number(answer.substr(negative ? 1 : 0, first - (negative ? 1 : 0)));
      const auto took = took_of(answer.substr(last + 1));
      if (!code || *code > 0x7fffffff || !took) return wrong("an answer to a call makes no sense");
      call.code = negative ? -static_cast<int>(*code) : static_cast<int>(*code);
      call.took = *took;
      if (last > first) call.results = answer.substr(first + 1, last - first - 1);
      if (!words_in(call.results)) return wrong("quotes in an answer do not end");
    }
    recording_.calls.push_back(std::move(call));
    return {};
  }

  Result<void> read_look(std::string_view line) {
    const auto words = words_in(line);
    if (!words || words->size() < 4 || (*words)[2] != "=") return wrong("a line makes no sense");
    const auto kind = kind_of((*words)[0]);
    if (!kind) return wrong("a line is of no known kind");
    RecordedLook look;
    look.kind = *kind;
    look.path = (*words)[1];
    look.line = number_;
    if (const char* what = wrong_with_path(look.path)) return wrong(what);
    const std::string& word = (*words)[3];
    if (is_error_name(word)) look.error = word;
    else if (word == "hangs") look.hangs = true;
    else if (word == "withheld") look.withheld = true;
    else if (word == "same") look.same = true;
    else if (word == "hex") hex_ = true;
    else if (word == "unended") unended_ = true;
    else if (!took_of(word)) return wrong("what was seen makes no sense");
    recording_.looks.push_back(std::move(look));
    open_ = recording_.looks.back().error.empty() && *kind != SightKind::access;
    return {};
  }

  Result<void> more_content(std::string_view line) {
    if (!open_) return wrong("content that belongs to nothing");
    RecordedLook& look = recording_.looks.back();
    if (look.content.size() + line.size() > most_recorded_file)
      return wrong("a file is larger than " + format(Bytes{most_recorded_file}));
    if (hex_) {
      const auto bytes = bytes_of_hex(line);
      if (!bytes) return wrong("hexadecimal digits that are none");
      look.content += *bytes;
    } else {
      look.content.append(line).append("\n");
    }
    return {};
  }

  void close_content() {
    if (open_ && !recording_.looks.empty()) {
      RecordedLook& look = recording_.looks.back();
      const bool one_line = unended_ || look.kind == SightKind::link;
      if (one_line && look.content.ends_with('\n')) look.content.pop_back();
    }
    open_ = hex_ = unended_ = false;
  }

  std::string_view left_;
  const std::string_view all_ = left_;
  std::size_t done_ = 0, number_ = 0;
  const std::string& where_;
  Recording recording_;
  bool open_ = false, hex_ = false, unended_ = false;  ///< of the look read last
};

}  // namespace

bool is_open_device(std::string_view path, std::string_view target) {
  const auto parts = split(path, '/');
  const bool open_file = parts.size() == 5 && parts[1] == "proc" && parse_number(parts[2]) &&
                         parts[3] == "fd" && parse_number(parts[4]);
  return open_file && target.find("..") == std::string_view::npos &&
         (target.starts_with("/dev/dri/") || target.starts_with("/dev/nvidia") ||
          target.starts_with("/dev/kfd"));
}

Result<Recording> read_recording(std::string_view text, const std::string& where) {
  return Reader(text, where).read();
}

Result<std::string> read_recording_file(const std::string& path) {
  return read_file(path, most_recording_bytes);
}

bool is_recording_file(const std::string& path) {
  if (path.find('/') == std::string::npos) return false;
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  std::array<char, recording_title.size()> begin{};
  return fd.open() && ::read(fd.number(), begin.data(), begin.size()) == ssize_t{begin.size()} &&
         std::string_view(begin.data(), begin.size()) == recording_title;
}

std::string last_line(std::string_view body) {
  char line[64];
  std::snprintf(line, sizeof line, "end %zu sum %016llx\n",
                static_cast<std::size_t>(std::ranges::count(body, '\n')),
                static_cast<unsigned long long>(sum_of(body)));
  return line;
}

std::vector<std::string> summary_of(const Recording& recording) {
  std::vector<std::string> lines = recording.head;
  std::map<std::string, std::size_t> errors;
  std::array<std::size_t, kind_names.size()> counts{};
  for (const RecordedLook& look : recording.looks) {
    ++counts[static_cast<std::size_t>(look.kind)];
    if (!look.error.empty()) ++errors[look.error];
    if (look.hangs) lines.push_back("did not return: " + look.path);
  }
  lines.push_back("looks at files: " + std::to_string(counts[0]) + ", directories: " +
                  std::to_string(counts[1]) + ", links: " + std::to_string(counts[2]));
  for (const auto& [error, count] : errors)
    lines.push_back("  of them " + error + ": " + std::to_string(count));
  std::map<std::string, Span> longest;
  std::map<std::string, std::size_t> codes;
  for (const RecordedCall& call : recording.calls) {
    if (call.hangs) lines.push_back("did not return: " + call.function + " " + call.arguments);
    longest[call.function] = std::max(longest[call.function], call.took);
    if (call.code != 0) ++codes[call.function + " answered " + std::to_string(call.code)];
  }
  lines.push_back("calls of NVML: " + std::to_string(recording.calls.size()));
  for (const auto& [call, count] : codes)
    lines.push_back("  " + call + ": " + std::to_string(count));
  std::vector<std::pair<Span, std::string>> slow;
  for (const auto& [function, took] : longest) slow.emplace_back(took, function);
  std::ranges::sort(slow, std::greater<>());
  slow.resize(std::min(slow.size(), most_calls_shown));
  for (const auto& [took, function] : slow)
    lines.push_back("  longest " + function + ": " + std::to_string(took.us) + " us");
  return lines;
}

}  // namespace gangline
