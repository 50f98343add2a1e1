// Asks somebody else's HTTP/1.1 server one thing, without waiting for the answer: over TCP or a
// unix socket, a connection for each call.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/units.h"
#include "os/http.h"
#include "os/loop.h"

namespace gangline {

/// Where a server listens.
struct HttpPlace {
  std::string socket = {};  ///< path of a unix socket; empty: host and port
  std::string host = {};    ///< a name or an address
  std::uint16_t port = 80;
  std::string path = {};  ///< before each target, without a slash at its end: "", "/slurm-api"
  bool tls = false;       ///< over TLS, to a server whose certificate is good for `host`
};
/// "http://host:6820/path", "http://[::1]:6820" or "unix:/path". An Error says which part of it is
/// wrong; nothing else is understood, https among it.
Result<HttpPlace> read_http_place(std::string_view text);

/// The same of an address that is called as it is, with whatever stands behind the host, also by
/// https.
Result<HttpPlace> read_web_place(std::string_view text);

struct HttpCall {
  std::string method;  ///< "GET"
  std::string target;  ///< "/slurm/v0.0.38/jobs", already escaped
  std::vector<std::pair<std::string, std::string>> headers = {};  ///< never shown to anybody
  std::string body = {};                                          ///< JSON; empty: none
  Span deadline = seconds(30);                                    ///< for all of it
  std::size_t most_answer = 128 << 20;                            ///< bytes of its body
  bool status_alone = false;  ///< an answer that does not say how long it is will do
};

/// How far a call came that has no whole answer. What was not sent has done nothing.
enum class HttpFailure : std::uint8_t { none, not_sent, no_answer };

/// A call under way. Destroying it ends it; `heard` is not called then.
class HttpCallRun {
 public:
  /// `heard` is called once, on the thread of the loop and never from within this: a whole answer
  /// of any status, or an Error (ErrorKind::unavailable, or broken where it is no HTTP) and how far
  /// it came. What was heard of an answer that ends before its length is not given to anybody.
  using Heard = std::function<void(Result<HttpAnswer>, HttpFailure)>;
  HttpCallRun(Loop& loop, const HttpPlace& place, HttpCall call, Heard heard);
  ~HttpCallRun();
  HttpCallRun(const HttpCallRun&) = delete;
  HttpCallRun& operator=(const HttpCallRun&) = delete;

 private:
  struct Core;
  std::shared_ptr<Core> core_;
};

/// The same, waited for. Not on the thread of a loop that others wait for.
Result<HttpAnswer> ask_http(const HttpPlace& place, const HttpCall& call);

}  // namespace gangline
