// HTTP/1.1 over stream sockets: the messages that both ends share.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace gangline {

/// The process at the other end when it connected, as the kernel says.
struct HttpPeer {
  std::uint32_t uid = 0, gid = 0;
  std::int64_t pid = 0;
  std::vector<std::uint32_t> groups;  ///< supplementary ones
};

struct HttpRequest {
  std::string method;  ///< "GET"
  std::string target;  ///< "/v1/jobs?limit=50", as it came, not decoded
  std::string body;
  std::string version;  ///< of the Gangline at the other end, from its Gangline-Version header
  std::shared_ptr<const HttpPeer> peer = nullptr;  ///< null at the asking end
};

struct HttpAnswer {
  unsigned status = 200;
  std::string body;
  std::string version;
  std::string type = {};  ///< of the body; empty: JSON
};

// Limits of both ends.
constexpr std::size_t largest_http_header = 16 << 10;
constexpr std::size_t largest_http_body = 256 << 20;

}  // namespace gangline
