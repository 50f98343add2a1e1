#include "launch/start/become.h"

#include <linux/keyctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace gangline {
namespace {

rlim_t limit_of(std::int64_t limit) {
  return limit < 0 ? RLIM_INFINITY : static_cast<rlim_t>(limit);
}

}  // namespace

bool take_limits(const Person& person) {
  for (const ProcessLimit& limit : person.limits) {
    const rlimit wanted{limit_of(limit.soft), limit_of(limit.hard)};
    if (::setrlimit(static_cast<__rlimit_resource_t>(limit.resource), &wanted) != 0) return false;
  }
  return true;
}

bool take_groups(const Person& person) {
  // Not by the C library: it would have all threads of the memory do so, which may be borrowed.
  return ::syscall(SYS_setgroups, person.groups.size(), person.groups.data()) == 0;
}

bool become(const Person& person) {
  if (person.uid == 0) {
    errno = EPERM;
    return false;
  }
  if (!take_groups(person)) return false;
  if (::setresgid(person.gid, person.gid, person.gid) != 0) return false;
  if (::setresuid(person.uid, person.uid, person.uid) != 0) return false;
  // Not the keys of whoever started the launcher. A kernel without keys has none to keep.
  ::syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, nullptr);
  ::umask(person.umask);
  errno = EPERM;
  return ::setuid(0) != 0;
}

}  // namespace gangline
