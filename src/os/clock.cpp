#include "os/clock.h"

#include <ctime>

#include "base/text.h"
#include "os/file.h"

namespace gangline {
namespace {

std::int64_t read_clock(clockid_t clock) {
  timespec t{};
  clock_gettime(clock, &t);
  return static_cast<std::int64_t>(t.tv_sec) * 1'000'000 + t.tv_nsec / 1000;
}

}  // namespace

Time now() { return {read_clock(CLOCK_REALTIME)}; }

Span since_boot() { return {read_clock(CLOCK_BOOTTIME)}; }

std::string boot_id() {
  const auto text = read_file("/proc/sys/kernel/random/boot_id", 64);
  return text ? std::string(trim(*text)) : "unknown";
}

}  // namespace gangline
