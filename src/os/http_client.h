#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "os/fd.h"
#include "os/http.h"
#include "os/wire.h"

namespace gangline {

/// One connection, blocking; requests go one after the other.
class HttpClient {
 public:
  /// Not connected.
  HttpClient() = default;
  /// `fields` of each request, each with its end of line.
  HttpClient(std::unique_ptr<Wire> wire, std::string fields)
      : wire_(std::move(wire)), fields_(std::move(fields)) {}
  /// To a service of this machine, which asks for no names.
  HttpClient(Fd socket, const std::string& version);

  /// ErrorKind::unavailable if the other end went away: then connect again.
  Result<HttpAnswer> ask(const std::string& method, const std::string& target, std::string body);
  bool connected() const { return wire_ != nullptr; }

 private:
  std::unique_ptr<Wire> wire_;
  std::string fields_;
  std::string rest_;  // bytes read beyond the last answer
};

}  // namespace gangline
