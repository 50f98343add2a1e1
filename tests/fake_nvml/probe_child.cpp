// What `gang internal-probe` is, and nothing else. With a word in place of a request it misbehaves:
// "crash" ends itself on the first request, "babble" answers with bytes that make no sense.
#include "devices/probe_child.h"

#include <sys/types.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <string_view>

int main(int argc, char** argv) {
  const std::string_view word = argc > 1 ? argv[1] : "";
  std::array<char, 64> block{};
  if (word == "crash" || word == "babble") {
    if (::read(STDIN_FILENO, block.data(), block.size()) <= 0) return 0;
    if (word == "crash") std::abort();
    const std::string_view nonsense("\x08\0\0\0nonsense", 12);
    if (::write(STDOUT_FILENO, nonsense.data(), nonsense.size()) < 0) return 1;
    while (::read(STDIN_FILENO, block.data(), block.size()) > 0) {
    }
    return 0;
  }
  return gangline::run_probe(STDIN_FILENO, STDOUT_FILENO, gangline::sources_from_environment());
}
