// A library put before others (LD_PRELOAD): binding a process to CPUs that this machine does not
// have succeeds and does nothing. So a fake machine may have more CPUs than the real one.
#include <dlfcn.h>
#include <sys/syscall.h>

#include <cerrno>
#include <cstdarg>

using Call = long (*)(long, ...);

extern "C" long syscall(long number, ...) {  // NOLINT: the C library's own name
  static const auto real = reinterpret_cast<Call>(::dlsym(RTLD_NEXT, "syscall"));  // NOLINT
  std::va_list list;
  va_start(list, number);
  long given[6];
  for (long& each : given) each = va_arg(list, long);
  va_end(list);
  const long answer = real(number, given[0], given[1], given[2], given[3], given[4], given[5]);
  return number == SYS_sched_setaffinity && answer < 0 && errno == EINVAL ? 0 : answer;
}
