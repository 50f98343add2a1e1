#include "os/http_client.h"

#include <sys/socket.h>
#include <unistd.h>

#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <cerrno>

#include "base/text.h"
#include "os/file.h"

namespace gangline {

namespace http = boost::beast::http;
using boost::system::error_code;

namespace {

// Written by hand: a request of ours is three lines, and any byte in `target` that could end a line
// is a bug of the caller.
std::string request_text(const std::string& method, const std::string& target,
                         const std::string& body, const std::string& version) {
  CHECK(target.find_first_of(" \r\n") == std::string::npos);
  return method + " " + target + " HTTP/1.1\r\nHost: gangline\r\nGangline-Version: " + version +
         "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

// A connection that was closed must not end us by SIGPIPE, so this is no write.
bool send_all(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

Error gone() {
  return {ErrorKind::unavailable, "the service closed the connection", "", "try again"};
}

}  // namespace

Result<HttpAnswer> HttpClient::ask(const std::string& method, const std::string& target,
                                   std::string body) {
  if (!send_all(socket_.number(), request_text(method, target, body, version_))) {
    socket_.reset();
    return gone();
  }
  http::response_parser<http::string_body> parser;
  parser.header_limit(largest_http_header);
  parser.body_limit(largest_http_body);
  parser.eager(true);
  char block[65536];
  while (!parser.is_done()) {
    if (rest_.empty()) {
      const ssize_t n = ::read(socket_.number(), block, sizeof block);
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) {
        socket_.reset();
        return gone();
      }
      rest_.assign(block, static_cast<std::size_t>(n));
    }
    error_code error;
    const std::size_t used = parser.put(boost::asio::buffer(rest_), error);
    if (error && error != http::error::need_more) {
      socket_.reset();
      return Error{ErrorKind::broken, "the service's answer is no HTTP: " + error.message(), "",
                   ""};
    }
    if (used == 0 && !parser.is_done()) {  // a header cut in two: read on and put it together
      const ssize_t n = ::read(socket_.number(), block, sizeof block);
      if (n <= 0) {
        socket_.reset();
        return gone();
      }
      rest_.append(block, static_cast<std::size_t>(n));
      continue;
    }
    rest_.erase(0, used);
  }
  auto message = parser.release();
  return HttpAnswer{message.result_int(), std::move(message.body()),
                    std::string(message["Gangline-Version"])};
}

}  // namespace gangline
