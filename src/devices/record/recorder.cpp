#include "devices/record/recorder.h"

#include <dirent.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>
#include <cstring>
#include <filesystem>

#include "base/text.h"
#include "devices/record/recording.h"
#include "devices/record/words.h"
#include "os/file.h"

namespace gangline {
namespace {

constexpr std::array<const char*, 4> kind_names{"file", "directory", "link", "access"};

std::string host_name(const std::string& root) {
  if (const auto told = read_file(root + "/proc/sys/kernel/hostname", 4096))
    return std::string(trim(*told));
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

/// Not through see_directory: who runs here is nobody's business but ours.
std::vector<std::uint64_t> pids_below(const std::string& root) {
  std::vector<std::uint64_t> pids;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(root + "/proc", error);
       !error && entry != std::filesystem::directory_iterator(); entry.increment(error))
    if (const auto pid = parse_number(entry->path().filename().string())) pids.push_back(*pid);
  return pids;
}

/// What a recording may say a link leads to: a place in the same tree, or, of an open file, a
/// device.
bool may_tell(std::string_view path, std::string_view target) {
  if (path.starts_with("/proc/")) return is_open_device(path, target);
  return !target.empty() && !target.starts_with('/');
}

bool is_text(std::string_view bytes) {
  return is_utf8(bytes) && std::ranges::all_of(bytes, [](char c) {
           return static_cast<unsigned char>(c) >= ' ' || c == '\n' || c == '\t';
         });
}

/// The lines of a content, each behind "| ".
std::string lines_of(std::string_view content) {
  std::string out;
  if (content.ends_with('\n')) content.remove_suffix(1);
  for (const std::string_view line : split(content, '\n'))
    out.append(line.empty() ? "|" : "| ").append(line).append("\n");
  return out;
}

std::string micros(Span took) { return std::to_string(std::max<std::int64_t>(took.us, 0)) + "us"; }

}  // namespace

Recorder::Recorder(std::string root, int out)
    : root_(root == "/" ? "" : std::move(root)),
      out_(out),
      invented_(host_name(root_), pids_below(root_)) {}

void Recorder::send(std::string_view text) {
  if (open_) open_ = write_all(out_, text, "the recording").ok();
}

void Recorder::part(const std::string& name) { send("part " + name + "\n"); }

std::string Recorder::below(std::string_view path) const {
  if (path.starts_with(root_)) path.remove_prefix(root_.size());
  std::string whole = std::filesystem::path(path).lexically_normal().string();
  if (whole.size() > 1 && whole.ends_with('/')) whole.pop_back();
  return whole.starts_with('/') ? whole : "/" + whole;
}

// Links on the way are told before what lies behind them, so that a reader who goes line by line
// knows where a path leads.
void Recorder::note_links(const std::string& below, bool last_too) {
  for (std::size_t end = below.find('/', 1); end != std::string::npos || last_too;
       end = below.find('/', end + 1)) {
    const bool last = end == std::string::npos;
    const std::string parent = below.substr(0, end);
    if (!parent.starts_with("/proc/") && parents_.insert(parent).second) {
      std::array<char, PATH_MAX> target{};
      const ssize_t n = ::readlink((root_ + parent).c_str(), target.data(), target.size());
      const std::string_view to(target.data(), n > 0 ? static_cast<std::size_t>(n) : 0);
      if (n > 0 && may_tell(parent, to))
        send("link " + as_word(invented_.path(parent)) + " = 0us\n" + lines_of(invented_.path(to)));
    }
    if (last) break;
  }
}

void Recorder::looks(SightKind kind, std::string_view path) {
  const std::string where = below(path);
  if (kind != SightKind::link) note_links(where, kind == SightKind::directory);
  send(std::string(kind_names[static_cast<std::size_t>(kind)]) + " " +
       as_word(invented_.path(where)) + " = ");
}

void Recorder::saw(const Sight& sight) {
  const std::string where = below(sight.path);
  if (sight.error != 0) {
    contents_.erase(kind_names[static_cast<std::size_t>(sight.kind)] + invented_.path(where));
    const char* name = ::strerrorname_np(sight.error);
    return send(std::string(name == nullptr ? "EIO" : name) + " " + micros(sight.took) + "\n");
  }
  std::optional<std::string> content;
  if (sight.kind == SightKind::access) return send(micros(sight.took) + "\n");
  if (sight.kind == SightKind::link) {
    // A machine in a directory has the files of its devices below that.
    const bool inside = !root_.empty() && sight.content.starts_with(root_ + "/");
    const std::string_view to = sight.content.substr(inside ? root_.size() : 0);
    if (may_tell(where, to)) content = invented_.path(to) + "\n";
  } else if (sight.kind == SightKind::directory) {
    content = names_kept(where, sight.content, invented_);
  } else if (!sight.too_large) {
    content = content_kept(where, sight.content, invented_, seen_);
  }
  if (!content || content->size() > most_recorded_file)
    return send("withheld " + micros(sight.took) + "\n");
  tell(invented_.path(where), sight.kind, *content, sight.took);
  tell_passwd();
}

void Recorder::tell(const std::string& path, SightKind kind, const std::string& content,
                    Span took) {
  const auto before = contents_.try_emplace(kind_names[static_cast<std::size_t>(kind)] + path,
                                            std::string(1, '\0'));
  if (before.first->second == content) return send("same " + micros(took) + "\n");
  before.first->second = content;
  if (content.empty()) return send(micros(took) + "\n");
  if (!is_text(content)) return send("hex " + micros(took) + "\n" + lines_of(hex_of(content)));
  send((content.ends_with('\n') ? "" : "unended ") + micros(took) + "\n" + lines_of(content));
}

// Users that a process was just said to be of need a name, which no system's list gives.
void Recorder::tell_passwd() {
  std::string passwd = invented_.passwd();
  if (passwd == passwd_) return;
  passwd_ = std::move(passwd);
  send("file /etc/passwd = ");
  tell("/etc/passwd", SightKind::file, passwd_, Span{0});
}

void Recorder::calls(std::string_view function, std::string_view arguments) {
  send("call " + std::string(function) + (arguments.empty() ? "" : " ") + std::string(arguments) +
       " = ");
}

void Recorder::answered(int code, std::string_view results, Span took) {
  // Processes that come in a list keep their order.
  constexpr std::string_view key = "pid=";
  std::vector<std::uint64_t> pids;
  std::string words;
  for (const std::string_view word : split(results, ' '))
    if (word.starts_with(key)) pids.push_back(parse_number(word.substr(key.size())).value_or(0));
  invented_.meet_pids(std::move(pids));
  for (const std::string_view word : split(results, ' ')) {
    if (!results.empty()) words += ' ';
    if (word.starts_with(key))
      words.append(key).append(
          std::to_string(invented_.pid(parse_number(word.substr(key.size())).value_or(0))));
    else words += invented_.text(word);
  }
  send(std::to_string(code) + words + " " + micros(took) + "\n");
}

void Recorder::remarks(std::string_view line) { send(std::string(line) + "\n"); }

}  // namespace gangline
