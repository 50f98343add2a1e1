// Which process is the launcher of a state directory. Names of processes do not tell: a
// child of the launcher has its name and its words until it runs its program, also when the
// launcher itself has just been killed.
#pragma once

#include <poll.h>
#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <variant>

#include "launch/launcher.h"
#include "launch/wire.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/unix_socket.h"

namespace gangline {

/// 0 where none answers in time.
inline std::int64_t ask_launcher(const std::string& state_dir, Span patience = milliseconds(200),
                                 bool for_all = false) {
  const Span until = since_boot() + patience;
  const auto socket = connect_unix(launcher_socket(state_dir, for_all));
  if (!socket) return 0;
  // Of no version, so that it tells who it is and does not take us for the service.
  const std::string hello = frame_of(HelloMessage{0, "", ""});
  if (::send(socket->number(), hello.data(), hello.size(), MSG_NOSIGNAL) < 0) return 0;
  Inbox inbox;
  while (since_boot() < until) {
    pollfd answer{socket->number(), POLLIN, 0};
    const auto left = static_cast<int>((until - since_boot()).us / 1000 + 1);
    if (::poll(&answer, 1, left) <= 0) return 0;
    char bytes[512];
    const ssize_t n = ::recv(socket->number(), bytes, sizeof bytes, 0);
    if (n <= 0) return 0;
    inbox.add({bytes, static_cast<std::size_t>(n)});
    const auto message = inbox.next();
    if (!message) return 0;
    if (!*message) continue;
    const auto* welcome = std::get_if<WelcomeMessage>(&**message);
    return welcome == nullptr ? 0 : welcome->launcher;
  }
  return 0;
}

}  // namespace gangline
