#include "os/file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace gangline {

Error system_error(const std::string& doing, const std::string& path, int number) {
  Error error{ErrorKind::unavailable, "cannot " + doing + ": " + std::strerror(number), path, ""};
  if (number == ENOSPC || number == EDQUOT) {
    error.kind = ErrorKind::disk;
    error.hint = "make room on that disk";
  } else if (number == EIO || number == EROFS) {
    error.kind = ErrorKind::disk;
  } else if (number == EACCES || number == EPERM) {
    error.kind = ErrorKind::denied;
  } else if (number == ENOENT || number == ENOTDIR) {
    error.kind = ErrorKind::not_found;
  }
  return error;
}

Result<Fd> open_file(const std::string& path, int flags, unsigned mode) {
  for (;;) {
    Fd fd(::open(path.c_str(), flags | O_CLOEXEC, mode));
    if (fd.open()) return fd;
    if (errno != EINTR) return system_error("open", path, errno);
  }
}

Result<std::string> read_file(const std::string& path, std::size_t most) {
  auto fd = open_file(path, O_RDONLY);
  if (!fd) return fd.error();
  std::string bytes;
  char block[16384];
  for (;;) {
    const ssize_t n = ::read(fd->number(), block, sizeof block);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return system_error("read", path, errno);
    if (n == 0) return bytes;
    if (bytes.size() + static_cast<std::size_t>(n) > most)
      return Error{ErrorKind::refused, "larger than " + std::to_string(most) + " bytes", path, ""};
    bytes.append(block, static_cast<std::size_t>(n));
  }
}

Result<void> write_all(int fd, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return system_error("write", path, errno);
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

Result<void> write_file(const std::string& path, std::string_view bytes, unsigned mode) {
  const std::string beside = path + ".new";
  auto fd = open_file(beside, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, mode);
  if (!fd) return fd.error();
  auto written = write_all(fd->number(), bytes, beside);
  if (written && ::fsync(fd->number()) != 0) written = system_error("sync", beside, errno);
  if (written && ::rename(beside.c_str(), path.c_str()) != 0)
    written = system_error("rename", beside, errno);
  if (!written) ::unlink(beside.c_str());
  return written;
}

Result<void> make_directories(const std::string& path, unsigned mode) {
  for (std::size_t at = 1; at != std::string::npos;) {
    at = path.find('/', at);
    const std::string part = path.substr(0, at);
    if (!part.empty() && ::mkdir(part.c_str(), mode) != 0 && errno != EEXIST) {
      const int number = errno;
      struct stat there {};
      if (::stat(part.c_str(), &there) != 0 || !S_ISDIR(there.st_mode))
        return system_error("make directory", part, number);
    }
    if (at != std::string::npos) ++at;
  }
  struct stat there {};
  if (::stat(path.c_str(), &there) != 0) return system_error("look at", path, errno);
  if (!S_ISDIR(there.st_mode)) return system_error("use as a directory", path, ENOTDIR);
  return {};
}

Result<void> make_private_directory(const std::string& path) {
  struct stat there {};
  if (::lstat(path.c_str(), &there) != 0) {
    const auto parent = path.find_last_of('/');
    if (parent != std::string::npos && parent > 0) {
      auto made = make_directories(path.substr(0, parent));
      if (!made) return made;
    }
    if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST)
      return system_error("make directory", path, errno);
    if (::lstat(path.c_str(), &there) != 0) return system_error("look at", path, errno);
  }
  if (!S_ISDIR(there.st_mode))
    return Error{ErrorKind::denied, "there is something here that is no directory", path,
                 "take it away, or choose another place with GANGLINE_STATE"};
  if (there.st_uid != ::geteuid())
    return Error{ErrorKind::denied, "this directory belongs to somebody else", path,
                 "choose another place with GANGLINE_STATE"};
  if ((there.st_mode & 077) != 0 && ::chmod(path.c_str(), 0700) != 0)
    return system_error("close to others", path, errno);
  return {};
}

Result<Fd> try_lock(const std::string& path) {
  auto fd = open_file(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0600);
  if (!fd) return fd.error();
  if (::flock(fd->number(), LOCK_EX | LOCK_NB) == 0) return fd;
  if (errno == EWOULDBLOCK) return Fd{};
  return system_error("lock", path, errno);
}

bool is_at(const Fd& file, const std::string& path) {
  struct stat ours {
  }, there{};
  return ::fstat(file.number(), &ours) == 0 && ::stat(path.c_str(), &there) == 0 &&
         ours.st_dev == there.st_dev && ours.st_ino == there.st_ino;
}

}  // namespace gangline
