// The certificate and key with which a server proves its name (TLS 1.2 and newer).
#pragma once

#include <memory>
#include <string>

#include "base/result.h"

namespace gangline {

class TlsKeys {
 public:
  /// Files in PEM; the certificate may have its chain behind it. An Error says which of the two is
  /// wrong, and that they belong together if they do not.
  static Result<std::shared_ptr<TlsKeys>> read(const std::string& certificate,
                                               const std::string& key);
  virtual ~TlsKeys() = default;
  /// The boost::asio::ssl::context, for the other sources of os/.
  virtual void* native() = 0;
};

}  // namespace gangline
