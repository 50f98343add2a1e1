// HTTP/1.1 over stream sockets: the messages that both ends share.
#pragma once

#include <string>

namespace gangline {

struct HttpRequest {
  std::string method;  ///< "GET"
  std::string target;  ///< "/v1/jobs?limit=50", as it came, not decoded
  std::string body;
  std::string version;  ///< of the Gangline at the other end, from its Gangline-Version header
};

struct HttpAnswer {
  unsigned status = 200;
  std::string body;
  std::string version;
};

// Limits of both ends.
constexpr std::size_t largest_http_header = 16 << 10;
constexpr std::size_t largest_http_body = 256 << 20;

}  // namespace gangline
