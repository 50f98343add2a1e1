// Listening on TCP.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "os/fd.h"

namespace gangline {

struct TcpListener {
  Fd socket;
  std::uint16_t port = 0;  ///< also where 0 was asked for
  bool loopback = false;   ///< nobody of another machine reaches it
};

/// Listens at an address ("127.0.0.1", "::1", "0.0.0.0", "::") or at "localhost". An address of
/// IPv6 is for IPv6 alone, but "::", which is for both.
Result<TcpListener> listen_tcp(const std::string& address, std::uint16_t port);

}  // namespace gangline
