#include "devices/sysfs/see.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <memory>

#include "devices/sysfs/witness.h"
#include "os/clock.h"
#include "os/fd.h"
#include "os/file.h"

namespace gangline {
namespace {

// The readers of files are plain functions of a path, called by each backend; a witness is there
// only while `gang record` runs.
thread_local Witness* witness = nullptr;

constexpr std::size_t most_in_one_piece = 4096;
constexpr int no_directory = -1;  // one that could not be opened has nothing in it

/// What a look came to, before anybody makes an Error of it.
struct Seen {
  const char* doing = "open";
  int error = 0;
  bool too_large = false;
  std::string content;
};

Seen bytes_of_file(const std::string& path, std::size_t most) {
  Seen seen;
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.open()) {
    seen.error = errno;
    return seen;
  }
  seen.doing = "read";
  std::array<char, 16384> block;
  for (;;) {
    const ssize_t n = ::read(fd.number(), block.data(), block.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) seen.error = errno;
    if (n <= 0) return seen;
    seen.too_large = seen.content.size() + static_cast<std::size_t>(n) > most;
    if (seen.too_large) return seen;
    seen.content.append(block.data(), static_cast<std::size_t>(n));
  }
}

/// The kernel gives a file of sysfs whole with the first read.
Seen bytes_in_one_piece(int directory, const std::string& name, std::size_t most) {
  Seen seen;
  if (directory == no_directory) {
    seen.error = ENOENT;
    return seen;
  }
  const Fd fd(::openat(directory, name.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.open()) {
    seen.error = errno;
    return seen;
  }
  seen.doing = "read";
  std::array<char, most_in_one_piece + 1> block;
  ssize_t n = -1;
  do n = ::read(fd.number(), block.data(), std::min(most + 1, block.size()));
  while (n < 0 && errno == EINTR);
  if (n < 0) seen.error = errno;
  else if (static_cast<std::size_t>(n) > most) seen.too_large = true;
  else seen.content.assign(block.data(), static_cast<std::size_t>(n));
  return seen;
}

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

/// The names, and in `content` the same, one a line, if somebody wants to know.
Seen names_of_directory(const std::string& path, std::size_t most,
                        std::vector<std::string>& names) {
  Seen seen;
  const std::unique_ptr<DIR, CloseDirectory> directory(::opendir(path.c_str()));
  if (!directory) {
    seen.error = errno;
    return seen;
  }
  errno = 0;
  while (names.size() < most) {
    const dirent* entry = ::readdir(directory.get());
    if (entry == nullptr) break;
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  std::ranges::sort(names);
  if (witness != nullptr)
    for (const std::string& name : names) seen.content += name + "\n";
  return seen;
}

Seen target_of_link(int directory, const std::string& path) {
  Seen seen;
  seen.doing = "read link";
  if (directory == no_directory) {
    seen.error = ENOENT;
    return seen;
  }
  std::array<char, PATH_MAX> target;
  const ssize_t n = ::readlinkat(directory, path.c_str(), target.data(), target.size());
  if (n < 0) seen.error = errno;
  else seen.content.assign(target.data(), static_cast<std::size_t>(n));
  return seen;
}

/// Looks, and tells the witness if there is one.
template <class Look>
Seen look(SightKind kind, const std::string& path, Look look_at_it) {
  if (witness == nullptr) return look_at_it();
  witness->looks(kind, path);
  const Span before = since_boot();
  const Seen seen = look_at_it();
  const Span took = since_boot() - before;
  witness->saw({kind, path, seen.error, seen.too_large, seen.content, took});
  return seen;
}

Result<std::string> content_of(Seen seen, const std::string& path, std::size_t most) {
  if (seen.error != 0) return system_error(seen.doing, path, seen.error);
  if (seen.too_large)
    return Error{ErrorKind::refused, "larger than " + std::to_string(most) + " bytes", path, ""};
  return std::move(seen.content);
}

}  // namespace

Witness* present_witness() { return witness; }

WitnessPresence::WitnessPresence(Witness& present) { witness = &present; }

WitnessPresence::~WitnessPresence() { witness = nullptr; }

Result<std::string> see_file(const std::string& path, std::size_t most) {
  return content_of(look(SightKind::file, path, [&] { return bytes_of_file(path, most); }), path,
                    most);
}

SeenDirectory::SeenDirectory(const std::string& path)
    : path_(path), directory_(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)) {}

Result<std::string> SeenDirectory::file(const std::string& name, std::size_t most) const {
  most = std::min(most, most_in_one_piece);
  const auto read = [&] { return bytes_in_one_piece(directory_.number(), name, most); };
  if (witness == nullptr) {
    Seen seen = read();
    if (seen.error == 0 && !seen.too_large) return std::move(seen.content);
    return content_of(std::move(seen), path_ + "/" + name, most);
  }
  const std::string path = path_ + "/" + name;
  return content_of(look(SightKind::file, path, read), path, most);
}

Result<std::string> SeenDirectory::link(const std::string& name) const {
  const auto read = [&] { return target_of_link(directory_.number(), name); };
  if (witness == nullptr) {
    Seen seen = read();
    if (seen.error == 0) return std::move(seen.content);
    return system_error(seen.doing, path_ + "/" + name, seen.error);
  }
  const std::string path = path_ + "/" + name;
  return content_of(look(SightKind::link, path, read), path, 0);
}

Result<std::vector<std::string>> see_directory(const std::string& path, std::size_t most) {
  std::vector<std::string> names;
  const Seen seen =
      look(SightKind::directory, path, [&] { return names_of_directory(path, most, names); });
  if (seen.error != 0) return system_error(seen.doing, path, seen.error);
  return names;
}

Result<std::string> see_link(const std::string& path) {
  Seen seen = look(SightKind::link, path, [&] { return target_of_link(AT_FDCWD, path); });
  if (seen.error != 0) return system_error(seen.doing, path, seen.error);
  return std::move(seen.content);
}

Result<void> see_access(const std::string& path, int mode) {
  const Seen seen = look(SightKind::access, path, [&] {
    Seen access;
    if (::access(path.c_str(), mode) != 0) access.error = errno;
    return access;
  });
  if (seen.error != 0) return system_error("open", path, seen.error);
  return {};
}

}  // namespace gangline
