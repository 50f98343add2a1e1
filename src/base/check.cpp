#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace gangline {

void check_failed(const char* promise, const char* file, int line) {
  std::fprintf(stderr, "gangline: a bug: %s:%d: this should hold: %s\n", file, line, promise);
  std::abort();
}

}  // namespace gangline
