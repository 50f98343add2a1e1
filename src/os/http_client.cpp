#include "os/http_client.h"

#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include "base/text.h"
#include "os/file.h"

namespace gangline {

namespace http = boost::beast::http;
using boost::system::error_code;

namespace {

// Written by hand: a request of ours is a few lines, and any byte in `target` that could end a line
// is a bug of the caller.
std::string request_text(const std::string& method, const std::string& target,
                         const std::string& body, const std::string& fields) {
  CHECK(target.find_first_of(" \r\n") == std::string::npos);
  return method + " " + target + " HTTP/1.1\r\n" + fields +
         "Content-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

Error gone() {
  return {ErrorKind::unavailable, "the service closed the connection", "", "try again"};
}

}  // namespace

HttpClient::HttpClient(Fd socket, const std::string& version)
    : HttpClient(wire_over(std::move(socket)),
                 "Host: gangline\r\nGangline-Version: " + version + "\r\n") {}

Result<HttpAnswer> HttpClient::ask(const std::string& method, const std::string& target,
                                   std::string body) {
  if (!wire_->send(request_text(method, target, body, fields_))) {
    wire_.reset();
    return gone();
  }
  http::response_parser<http::string_body> parser;
  parser.header_limit(largest_http_header);
  parser.body_limit(largest_http_body);
  parser.eager(true);
  char block[65536];
  while (!parser.is_done()) {
    bool cut = false;  // a head in two pieces: read on and put it together
    if (!rest_.empty()) {
      error_code error;
      const std::size_t used = parser.put(boost::asio::buffer(rest_), error);
      if (error && error != http::error::need_more) {
        wire_.reset();
        return Error{ErrorKind::broken, "the service's answer is no HTTP: " + error.message(), "",
                     ""};
      }
      rest_.erase(0, used);
      cut = used == 0;
    }
    if (parser.is_done() || (!cut && !rest_.empty())) continue;
    const std::size_t n = wire_->read(block, sizeof block);
    if (n == 0) {
      wire_.reset();
      return gone();
    }
    rest_.append(block, n);
  }
  auto message = parser.release();
  if (!message.keep_alive()) wire_.reset();
  return HttpAnswer{message.result_int(), std::move(message.body()),
                    std::string(message["Gangline-Version"]),
                    std::string(message[http::field::content_type])};
}

}  // namespace gangline
