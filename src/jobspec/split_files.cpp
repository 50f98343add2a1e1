#include "jobspec/split_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <system_error>

#include "base/text.h"
#include "jobspec/wildcard.h"

namespace gangline {
namespace {

Error system_error(const std::string& path, int code) {
  return {code == ENOENT ? ErrorKind::not_found : ErrorKind::refused,
          "'" + printable(path) + "': " + std::generic_category().message(code), "", ""};
}

struct CloseFolder {
  void operator()(DIR* folder) const { closedir(folder); }
};

class OpenFile {
 public:
  // Does not wait for the other end of a pipe.
  explicit OpenFile(const std::string& path)
      : fd_(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)) {}
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  ~OpenFile() {
    if (fd_ >= 0) close(fd_);
  }
  int fd() const { return fd_; }

 private:
  int fd_;
};

Result<FileFacts> facts_of(const std::string& path) {
  struct stat facts {};
  if (stat(path.c_str(), &facts) != 0) return system_error(path, errno);
  if (!S_ISREG(facts.st_mode))
    return Error{ErrorKind::refused, "'" + printable(path) + "' is not a regular file", "", ""};
  return FileFacts{Bytes{facts.st_size},
                   Time{facts.st_mtim.tv_sec * 1'000'000 + facts.st_mtim.tv_nsec / 1'000}};
}

Result<std::string> read_part(const std::string& path, std::uint64_t from, std::size_t most) {
  const OpenFile file(path);
  if (file.fd() < 0) return system_error(path, errno);
  std::string bytes(most, '\0');
  std::size_t filled = 0;
  while (filled < most) {
    const ssize_t n =
        pread(file.fd(), bytes.data() + filled, most - filled, static_cast<off_t>(from + filled));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return system_error(path, errno);
    if (n == 0) break;
    filled += static_cast<std::size_t>(n);
  }
  bytes.resize(filled);
  return bytes;
}

// Matches a pattern part by part: all paths that fit the parts so far, then one part more.
class PatternWalk {
 public:
  PatternWalk(const std::string& directory, std::size_t most, std::size_t most_names)
      : directory_(directory), most_(most), most_names_(most_names) {}

  Result<std::vector<std::string>> run(const std::string& pattern) {
    const auto parts = split(pattern, '/');
    if (parts.size() > deepest_pattern)
      return Error{ErrorKind::refused,
                   "the pattern has " + std::to_string(parts.size()) + " parts; the most is " +
                       std::to_string(deepest_pattern),
                   "", ""};
    std::vector<std::string> paths{pattern.starts_with('/') ? "/" : ""};
    for (std::size_t i = 0; i < parts.size(); ++i) {
      if (parts[i].empty()) continue;
      if (parts[i] == "**")
        return Error{ErrorKind::refused, "'**' is not known in a pattern", "",
                     "name each level of folders with '*'"};
      auto further = one_part(paths, parts[i], i + 1 == parts.size());
      if (!further) return further.error();
      paths = *std::move(further);
    }
    std::sort(paths.begin(), paths.end());
    return paths;
  }

 private:
  Result<std::vector<std::string>> one_part(const std::vector<std::string>& paths,
                                            std::string_view part, bool last) {
    std::vector<std::string> found;
    for (const std::string& path : paths) {
      if (!has_wildcard(part)) {
        if (++looked_at_ > most_names_) return looked_at_too_many();
        std::string next = path + std::string(part);
        if (exists(next)) found.push_back(std::move(next) + (last ? "" : "/"));
      } else if (const auto good = add_matches(path, part, last, found); !good) {
        return good.error();
      }
      if (last && found.size() > most_)
        return Error{
            ErrorKind::refused,
            "the pattern matches more than " + std::to_string(most_) + " files, which is the most",
            "", ""};
    }
    return found;
  }

  Result<void> add_matches(const std::string& path, std::string_view part, bool last,
                           std::vector<std::string>& found) {
    const std::string place = path.starts_with('/') ? path : directory_ + "/" + path;
    const std::unique_ptr<DIR, CloseFolder> folder(opendir(place.c_str()));
    if (!folder) {
      // A file where the pattern wants a folder simply does not match; what cannot be looked into
      // is told, because its files would be left out.
      if (errno == ENOTDIR || errno == ENOENT) return {};
      return system_error(place, errno);
    }
    for (;;) {
      errno = 0;
      const dirent* entry = readdir(folder.get());
      if (entry == nullptr) break;
      if (++looked_at_ > most_names_) return looked_at_too_many();
      const std::string_view name = entry->d_name;
      if (name != "." && name != ".." && matches_wildcard(part, name))
        found.push_back(path + entry->d_name + (last ? "" : "/"));
    }
    if (errno != 0) return system_error(place, errno);
    return {};
  }

  Error looked_at_too_many() const {
    return {ErrorKind::refused,
            "the pattern looks at more than " + std::to_string(most_names_) +
                " names, which is the most",
            "", ""};
  }

  bool exists(const std::string& path) const {
    struct stat facts {};
    const std::string place = path.starts_with('/') ? path : directory_ + "/" + path;
    return stat(place.c_str(), &facts) == 0;
  }

  const std::string& directory_;
  std::size_t most_, most_names_;
  std::size_t looked_at_ = 0;
};

}  // namespace

SplitFiles files_of_this_machine(std::size_t most_names) {
  return {[most_names](const std::string& pattern, const std::string& directory, std::size_t most) {
            return PatternWalk(directory, most, most_names).run(pattern);
          },
          facts_of, read_part};
}

}  // namespace gangline
