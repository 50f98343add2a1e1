#include "os/web/tls_keys.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <boost/asio/ssl/context.hpp>

#include "os/file.h"

namespace gangline {
namespace {

namespace ssl = boost::asio::ssl;

// RFC 7301: a client that offers http/1.1 is told that it is that.
int choose_protocol(SSL*, const unsigned char** out, unsigned char* out_size,
                    const unsigned char* in, unsigned in_size, void*) {
  static constexpr unsigned char ours[] = "\x08http/1.1";
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, out_size, ours, sizeof ours - 1, in, in_size) !=
      OPENSSL_NPN_NEGOTIATED)
    return SSL_TLSEXT_ERR_NOACK;
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

class LoadedKeys final : public TlsKeys {
 public:
  LoadedKeys() : context_(ssl::context::tls_server) {}
  void* native() override { return &context_; }
  ssl::context& context() { return context_; }

 private:
  ssl::context context_;
};

Error wrong(const std::string& what, const std::string& path,
            const boost::system::error_code& error) {
  return {ErrorKind::usage, what + ": " + error.message(), path, "it is to be a file in PEM"};
}

}  // namespace

Result<std::shared_ptr<TlsKeys>> TlsKeys::read(const std::string& certificate,
                                               const std::string& key) {
  // Read by us: what OpenSSL says of a file that is not there helps nobody.
  const auto chain = read_file(certificate);
  if (!chain) return chain.error();
  const auto secret = read_file(key);
  if (!secret) return secret.error();
  auto keys = std::make_shared<LoadedKeys>();
  ssl::context& context = keys->context();
  SSL_CTX* native = context.native_handle();
  SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
  SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_session_cache_mode(native, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_options(
      native, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_cipher_list(native, "ECDHE+AESGCM:ECDHE+CHACHA20");
  SSL_CTX_set_alpn_select_cb(native, choose_protocol, nullptr);
  boost::system::error_code error;
  context.use_certificate_chain(boost::asio::buffer(*chain), error);
  if (error) return wrong("this is no certificate", certificate, error);
  // A key that asks for a pass phrase would ask the terminal.
  context.set_password_callback(
      [](std::size_t, ssl::context::password_purpose) { return std::string(); }, error);
  context.use_private_key(boost::asio::buffer(*secret), ssl::context::pem, error);
  if (error) return wrong("this is no key, or not that of the certificate", key, error);
  if (SSL_CTX_check_private_key(native) != 1)
    return Error{ErrorKind::usage, "the key is not that of the certificate", key, ""};
  return std::shared_ptr<TlsKeys>(std::move(keys));
}

}  // namespace gangline
