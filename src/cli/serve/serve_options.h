#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace gangline {

struct ServeOptions {
  std::string address = "127.0.0.1";
  std::int64_t port = 7979;          ///< 0: any that is free
  std::string certificate, key;      ///< paths; both or none
  std::vector<std::string> names;    ///< of the host
  std::vector<std::string> origins;  ///< of other sites whose pages may ask
};

/// What a gateway tells of itself.
struct ServeNews {
  /// It listens there: "https://host:7979/". `token`: one that holds as long as it runs; empty
  /// where those of the file alone do.
  std::function<void(const std::string& address, const std::string& token)> listens;
  std::function<void(const std::string& line)> says;
};

}  // namespace gangline
