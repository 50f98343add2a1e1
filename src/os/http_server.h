#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/units.h"
#include "os/fd.h"
#include "os/http.h"
#include "os/loop.h"

namespace gangline {

/// Sends the answer; called at most once, later calls and calls after the client left do nothing.
using HttpReply = std::function<void(HttpAnswer)>;
using HttpHandler = std::function<void(HttpRequest, HttpReply)>;

struct HttpServerSettings {
  std::optional<std::uint32_t> only_uid;  ///< connections of other users are closed unanswered
  std::string version;                    ///< sent as Gangline-Version with each answer
  std::size_t most_connections = 512;     ///< one more is closed unanswered
  std::size_t most_of_one_user = 512;     ///< the same, among those of one user
  Span longest_request = seconds(30);     ///< from its first byte to its last
};

/// Serves one listening unix socket on the loop until destroyed. A connection carries requests one
/// after the other; a malformed or too large one is answered with 400 or 413 and closed.
class HttpServer {
 public:
  HttpServer(Loop& loop, Fd listener, HttpServerSettings settings, HttpHandler handler);
  ~HttpServer();

  std::size_t connections() const;

  struct Core;  ///< of http_server.cpp alone

 private:
  std::shared_ptr<Core> core_;
};

}  // namespace gangline
