#include "main/start_news.h"

#include <unistd.h>

#include <cerrno>

#include "base/text.h"

namespace gangline {
namespace {

constexpr std::string_view ready_text = "ready\n";
constexpr char end_of_trouble = '\0';  // other processes may hold the pipe open for longer
constexpr std::size_t longest_trouble = 64 << 10;

}  // namespace

void tell_ready(const Fd& to) { (void)write_all(to.number(), std::string(ready_text), "start"); }

void tell_trouble(const Fd& to, const std::string& trouble) {
  (void)write_all(to.number(), trouble + end_of_trouble, "start");
}

StartNews hear_start(const Fd& from) {
  std::string said;
  char block[4096];
  while (said != ready_text && said.size() < longest_trouble &&
         said.find(end_of_trouble) == std::string::npos) {
    const ssize_t n = ::read(from.number(), block, sizeof block);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    said.append(block, static_cast<std::size_t>(n));
  }
  if (said == ready_text) return {true, {}};
  return {false, std::string(trim(said.substr(0, said.find(end_of_trouble))))};
}

}  // namespace gangline
