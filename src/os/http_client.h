#pragma once

#include <string>

#include "base/result.h"
#include "os/fd.h"
#include "os/http.h"

namespace gangline {

/// One connection, blocking; requests go one after the other.
class HttpClient {
 public:
  HttpClient(Fd socket, std::string version)
      : socket_(std::move(socket)), version_(std::move(version)) {}

  /// ErrorKind::unavailable if the other end went away: then connect again.
  Result<HttpAnswer> ask(const std::string& method, const std::string& target, std::string body);
  bool connected() const { return socket_.open(); }

 private:
  Fd socket_;
  std::string version_;
  std::string rest_;  // bytes read beyond the last answer
};

}  // namespace gangline
