#include "main/service_lock.h"

#include <unistd.h>

#include <array>

#include "base/text.h"
#include "main/service_process.h"
#include "os/file.h"
#include "os/unix_socket.h"

namespace gangline {
namespace {

constexpr std::size_t longest_lock_file = 8192;

std::string this_machine() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

}  // namespace

std::string lock_path(const Places& places) { return places.own + "/service.lock"; }

void write_holder(const Fd& lock, const std::string& socket) {
  const std::string text =
      std::to_string(::getpid()) + "\n" + this_machine() + "\n" + socket + "\n";
  if (::ftruncate(lock.number(), 0) != 0 || ::lseek(lock.number(), 0, SEEK_SET) != 0) return;
  (void)write_all(lock.number(), text, "lock").ok();
}

LockHolder read_holder(const Places& places) {
  const auto text = read_file(lock_path(places), longest_lock_file);
  if (!text) return {};
  // What is half written ends without its last newline.
  const auto lines = split(*text, '\n');
  if (lines.size() != 4) return {};
  LockHolder holder;
  const auto pid = parse_number(lines[0]);
  holder.pid = pid && *pid <= INT32_MAX ? static_cast<std::int64_t>(*pid) : 0;
  holder.machine = lines[1];
  if (lines[2].starts_with('/')) holder.socket = lines[2];
  return holder;
}

bool may_run(const LockHolder& holder) {
  return holder.pid > 0 && holder.machine == this_machine() && !has_ended(holder.pid, Span{0});
}

bool is_elsewhere(const LockHolder& holder) {
  return !holder.machine.empty() && holder.machine != this_machine();
}

Result<Fd> connect_own(const Places& places) {
  auto usual = connect_unix(places.socket);
  if (usual || usual.error().kind != ErrorKind::unavailable) return usual;
  const LockHolder holder = read_holder(places);
  if (holder.socket.empty() || holder.socket == places.socket) return usual;
  auto found = connect_unix(holder.socket);
  if (!found) return usual;
  const auto peer = peer_of(found->number());
  if (!peer || peer->uid != ::geteuid()) return usual;
  return found;
}

Error runs_out_of_reach(const Places& places) {
  const LockHolder holder = read_holder(places);
  const bool here = !is_elsewhere(holder);
  std::string what = "a service of yours runs already";
  if (holder.pid > 0) what += " (process " + std::to_string(holder.pid);
  if (holder.pid > 0 && !here) what += " on " + printable(holder.machine);
  if (holder.pid > 0) what += ")";
  what += holder.socket.empty() ? " and does not answer at " + places.socket
                                : " and cannot be reached at " + printable(holder.socket);
  return Error{ErrorKind::unavailable, what, places.state,
               "set XDG_RUNTIME_DIR as it was when it started" +
                   (holder.pid > 0 && here ? ", or `kill " + std::to_string(holder.pid) +
                                                 "`: what runs goes on, and the next command "
                                                 "starts a service"
                                           : std::string(", or end it there")) +
                   "; GANGLINE_STATE=/another/place is for one beside it"};
}

}  // namespace gangline
