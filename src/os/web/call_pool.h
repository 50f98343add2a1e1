// Asks one HTTP server on a unix socket many things at once over few connections, which stay open.
// For a loop that must never wait.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "os/fd.h"
#include "os/http_call.h"

namespace gangline {

struct CallPoolSettings {
  std::function<Result<Fd>()> connect;  ///< quick: nothing but a connect to a unix socket
  std::string version;                  ///< of ours, told as Gangline-Version
  std::size_t at_once = 16;             ///< connections that are shared
  std::size_t apart = 96;               ///< calls that have a connection of their own
  std::size_t waiting = 1'024;          ///< calls that wait for a shared one
};

class CallPool {
 public:
  using Heard = std::function<void(Result<HttpAnswer>)>;
  /// Letting go of it ends the call: nobody is told then. What was sent may be done all the same.
  using Ticket = std::shared_ptr<void>;

  CallPool(Loop& loop, CallPoolSettings settings);
  ~CallPool();

  /// `heard` is told once, never from within this: an answer of any status, or an Error of kind
  /// unavailable. A GET whose connection broke is asked once more.
  [[nodiscard]] Ticket ask(HttpCall call, Heard heard);
  /// One that may take long: on a connection of its own.
  [[nodiscard]] Ticket ask_apart(HttpCall call, Heard heard);

  struct Core;  ///< of call_pool.cpp alone

 private:
  std::shared_ptr<Core> core_;
};

}  // namespace gangline
