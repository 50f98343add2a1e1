#include "launch/start/borrow_memory.h"

#include <sched.h>
#include <signal.h>
#include <sys/mman.h>

#include <cstddef>

#include "base/check.h"

namespace gangline {
namespace {

constexpr std::size_t child_stack = 64 << 10;

class ChildStack {
 public:
  ChildStack()
      : bottom_(::mmap(nullptr, child_stack, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0)) {
    CHECK(bottom_ != MAP_FAILED);
  }
  ~ChildStack() { ::munmap(bottom_, child_stack); }
  ChildStack(const ChildStack&) = delete;
  ChildStack& operator=(const ChildStack&) = delete;
  void* top() const { return static_cast<char*>(bottom_) + child_stack; }

 private:
  void* bottom_;
};

}  // namespace

int run_in_borrowed_memory(int (*act)(void* what), void* what) {
  static const ChildStack stack;
  return ::clone(act, stack.top(), CLONE_VM | CLONE_VFORK | SIGCHLD, what);
}

}  // namespace gangline
