// HTTP/1.1 over TCP, with or without TLS, for clients that may be slow, many or hostile.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/units.h"
#include "os/loop.h"
#include "os/web/tcp_listener.h"
#include "os/web/tls_keys.h"
#include "os/web/web.h"

namespace gangline {

struct WebCore;  // of os/web alone

struct WebLimits {
  std::size_t connections = 4'096;        ///< in all; one more waits or is closed
  std::size_t unproven = 1'024;           ///< of these, whose clients have not shown who they are
  std::size_t unproven_of_address = 256;  ///< the same, of one address (IPv6: of one /64)
  std::size_t of_holder = 1'280;          ///< of one who has shown it
  std::size_t all_unsent = 512 << 20;     ///< bytes of answers that their clients have not read
  std::size_t unsent = 8 << 20;           ///< bytes of a stream that its client has not read
  Span to_head = seconds(10);             ///< from the connection to the end of the first head
  Span to_body = seconds(30);             ///< from there to the end of the body
  Span at_rest = seconds(75);             ///< between two requests
  Span without_progress = seconds(20);    ///< while a client reads nothing of its answer
};

struct WebServerSettings {
  WebLimits limits = {};
  std::string fields = {};                  ///< of every answer, each "Name: value\r\n"
  std::shared_ptr<TlsKeys> keys = nullptr;  ///< null: without TLS
};

/// Serves on the loop until destroyed. Where there are too many connections of clients that have
/// not shown who they are, the oldest of them is closed: so those that only hold one open are in
/// nobody's way.
class WebServer {
 public:
  WebServer(Loop& loop, TcpListener listener, WebServerSettings settings, WebAnswerer& handler);
  ~WebServer();

  /// For connections that come from now on.
  void use_keys(std::shared_ptr<TlsKeys> keys);
  std::size_t connections() const;

 private:
  std::shared_ptr<WebCore> core_;
};

}  // namespace gangline
