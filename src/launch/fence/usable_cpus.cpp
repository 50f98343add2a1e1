#include "launch/fence/usable_cpus.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace gangline {
namespace {

constexpr std::size_t bits_per_word = 8 * sizeof(unsigned long);
using CpuMask = std::array<unsigned long, CpuSet::most_cpus / bits_per_word>;

CpuMask own_binding() {
  CpuMask mask{};
  // An empty mask is the answer where the kernel gives none: nothing is then known to be usable.
  (void)::syscall(SYS_sched_getaffinity, 0, sizeof mask, mask.data());
  return mask;
}

CpuSet wanted_in(const CpuSet& wanted, const CpuMask& mask) {
  CpuSet found;
  for (const std::uint32_t cpu : wanted.list())
    if ((mask[cpu / bits_per_word] >> (cpu % bits_per_word) & 1) != 0) found.add(cpu);
  return found;
}

}  // namespace

CpuSet usable_cpus(const CpuSet& wanted) {
  const CpuMask own = own_binding();
  const CpuSet at_hand = wanted_in(wanted, own);
  if (at_hand == wanted) return wanted;
  // This process may be bound to fewer CPUs than its children may use; only the kernel knows these.
  CpuMask asked{};
  for (const std::uint32_t cpu : wanted.list())
    asked[cpu / bits_per_word] |= 1ul << (cpu % bits_per_word);
  if (::syscall(SYS_sched_setaffinity, 0, sizeof asked, asked.data()) != 0) return at_hand;
  const CpuSet usable = wanted_in(wanted, own_binding());
  (void)::syscall(SYS_sched_setaffinity, 0, sizeof own, own.data());
  return usable;
}

std::string why_none_is_bound() {
  // To no CPU at all, which the kernel refuses as senseless where it is asked.
  const CpuMask none{};
  if (::syscall(SYS_sched_setaffinity, 0, sizeof none, none.data()) == 0 || errno == EINVAL)
    return "";
  return std::string("this system forbids it: ") + std::strerror(errno);
}

}  // namespace gangline
