// Any bytes on the service's socket: read as HTTP, each request put through every route. The
// service behind them is a stand-in that checks what reaches it.
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "os/http.h"
#include "server/routes.h"
#include "stand_in.h"

namespace gangline {
namespace {

void ask(const HttpRequest& request) {
  StandIn service;
  int answers = 0;
  answer(service, request, [&](HttpAnswer given) {
    ++answers;
    CHECK(given.status >= 200 && given.status < 600);
  });
  CHECK(answers == 1);
}

}  // namespace
}  // namespace gangline

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace http = boost::beast::http;
  // 1. As the server reads a connection.
  http::request_parser<http::string_body> parser;
  parser.header_limit(gangline::largest_http_header);
  parser.body_limit(1 << 20);
  parser.eager(true);
  boost::system::error_code error;
  parser.put(boost::asio::buffer(data, size), error);
  if (!error && parser.is_done()) {
    auto message = parser.release();
    gangline::ask(
        {std::string(message.method_string()), std::string(message.target()), message.body(), {}});
  }
  // 2. The routes alone: a line with the target, the rest is the body.
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto line = text.find('\n');
  const std::string target = "/v1/" + text.substr(0, line);
  const std::string body = line == std::string::npos ? "" : text.substr(line + 1);
  for (const char* method : {"GET", "POST"}) gangline::ask({method, target, body, {}});
  return 0;
}
