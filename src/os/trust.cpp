#include "os/trust.h"

#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

namespace gangline {
namespace {

namespace ssl = boost::asio::ssl;

/// Where systems keep the certificates that they trust, beside OpenSSL's own place for them.
constexpr const char* trusted[] = {"/etc/ssl/certs/ca-certificates.crt",
                                   "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem"};

}  // namespace

ssl::context trusting(const std::string& authorities, boost::system::error_code& error) {
  boost::system::error_code ignored;
  ssl::context context(ssl::context::tls_client);
  context.set_options(ssl::context::no_tlsv1 | ssl::context::no_tlsv1_1, ignored);
  context.set_verify_mode(ssl::verify_peer, ignored);
  error = {};
  if (!authorities.empty()) {
    context.load_verify_file(authorities, error);
    // A server's own certificate may be named as well as the authority that signed it.
    X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(context.native_handle()),
                                X509_V_FLAG_PARTIAL_CHAIN);
    return context;
  }
  context.set_default_verify_paths(ignored);
  for (const char* file : trusted) context.load_verify_file(file, ignored);
  return context;
}

}  // namespace gangline
