#include "os/web/far_wire.h"

#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <optional>

#include "base/text.h"
#include "os/file.h"
#include "os/trust.h"

namespace gangline {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using Tcp = asio::ip::tcp;

// A minute in all: so long may a machine be away, and no longer is a connection believed.
constexpr int quiet_s = 20, between_probes_s = 10, probes = 4;
constexpr unsigned unheard_ms = 60'000;

void notice_who_is_gone(int socket) {
  const int on = 1;
  ::setsockopt(socket, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  ::setsockopt(socket, IPPROTO_TCP, TCP_KEEPIDLE, &quiet_s, sizeof quiet_s);
  ::setsockopt(socket, IPPROTO_TCP, TCP_KEEPINTVL, &between_probes_s, sizeof between_probes_s);
  ::setsockopt(socket, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
  ::setsockopt(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, &unheard_ms, sizeof unheard_ms);
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

class FarWire final : public Wire {
 public:
  FarWire(asio::ssl::context trust, Span silence) : trust_(std::move(trust)), silence_(silence) {}

  Result<void> connect(const HttpPlace& place, Span longest);

  std::size_t read(char* to, std::size_t most) override {
    return in_time([&](auto heard) {
      const auto bytes = asio::buffer(to, most);
      if (secured_) secured_->async_read_some(bytes, heard);
      else socket_.async_read_some(bytes, heard);
    });
  }

  bool send(std::string_view bytes) override {
    const std::size_t sent = in_time([&](auto heard) {
      if (secured_) asio::async_write(*secured_, asio::buffer(bytes), heard);
      else asio::async_write(socket_, asio::buffer(bytes), heard);
    });
    return sent == bytes.size();
  }

 private:
  /// The bytes that were moved before an error, none where that or the time came first.
  template <class Begin>
  std::size_t in_time(Begin begin) {
    bool done = false;
    std::size_t moved = 0;
    begin([&](error_code error, std::size_t n) {
      done = true;
      moved = error ? 0 : n;
    });
    const auto until = std::chrono::steady_clock::now() + std::chrono::microseconds(silence_.us);
    if (run(done, until)) return moved;
    error_code ignored;
    socket_.close(ignored);
    run(done, std::chrono::steady_clock::time_point::max());
    return 0;
  }

  /// Until `done` or the time is over: then false.
  bool run(const bool& done, std::chrono::steady_clock::time_point until) {
    io_.restart();
    while (!done && std::chrono::steady_clock::now() < until) io_.run_one_until(until);
    return done;
  }
  Result<void> shake_hands(const HttpPlace& place, std::chrono::steady_clock::time_point until);

  asio::io_context io_;
  asio::ssl::context trust_;
  const Span silence_;
  Tcp::socket socket_{io_};
  std::optional<asio::ssl::stream<Tcp::socket&>> secured_;
};

Result<void> FarWire::connect(const HttpPlace& place, Span longest) {
  const std::string shown = printable(place.host) + ":" + std::to_string(place.port);
  const auto until = std::chrono::steady_clock::now() + std::chrono::microseconds(longest.us);
  error_code wrong;
  Tcp::resolver resolver(io_);
  const auto all = resolver.resolve(place.host, std::to_string(place.port), wrong);
  if (wrong)
    return Error{ErrorKind::unavailable, "its name is not known: " + wrong.message(), shown,
                 "look at the spelling, or give its address"};
  bool done = false;
  asio::async_connect(socket_, all, [&](error_code error, const auto&) {
    wrong = error;
    done = true;
  });
  const bool in_time = run(done, until);
  if (in_time && !wrong) {
    notice_who_is_gone(socket_.native_handle());
    return place.tls ? shake_hands(place, until) : Result<void>();
  }
  error_code ignored;
  socket_.close(ignored);
  run(done, std::chrono::steady_clock::time_point::max());
  return Error{ErrorKind::unavailable,
               "nobody answers there: " + (in_time ? wrong.message() : "not in time"), shown,
               "is `gang serve` running there, at this port?"};
}

Result<void> FarWire::shake_hands(const HttpPlace& place,
                                  std::chrono::steady_clock::time_point until) {
  const std::string shown = printable(place.host) + ":" + std::to_string(place.port);
  secured_.emplace(socket_, trust_);
  error_code wrong;
  secured_->set_verify_callback(asio::ssl::host_name_verification(place.host), wrong);
  error_code no_address;
  asio::ip::make_address(place.host, no_address);
  if (no_address) SSL_set_tlsext_host_name(secured_->native_handle(), place.host.c_str());
  bool done = false;
  secured_->async_handshake(asio::ssl::stream_base::client, [&](error_code error) {
    wrong = error;
    done = true;
  });
  const bool in_time = run(done, until);
  if (in_time && !wrong) return {};
  error_code ignored;
  socket_.close(ignored);
  run(done, std::chrono::steady_clock::time_point::max());
  const long verdict = SSL_get_verify_result(secured_->native_handle());
  // The chain holds, and who looked at the name said no.
  if (in_time && verdict == X509_V_ERR_UNSPECIFIED)
    return Error{ErrorKind::denied,
                 "its certificate does not hold: it is not for the name " + printable(place.host),
                 shown, "nothing was sent; ask by a name that stands in the certificate"};
  if (in_time && verdict != X509_V_OK)
    return Error{
        ErrorKind::denied,
        std::string("its certificate does not hold: ") + X509_verify_cert_error_string(verdict),
        shown,
        "nothing was sent; where it is one of your own, `certificates` of a "
        "[server.NAME] in the config file names it"};
  return Error{ErrorKind::unavailable,
               "it does not speak TLS: " + (in_time ? wrong.message() : "not in time"), shown,
               "https:// asks a `gang serve` that has --tls-cert"};
}

}  // namespace

Result<std::unique_ptr<Wire>> connect_far(const HttpPlace& place, const std::string& authorities,
                                          Span longest, Span silence) {
  // Read by us: what OpenSSL says of a file that is not there helps nobody.
  if (const auto there = authorities.empty() ? Result<std::string>("") : read_file(authorities);
      !there) {
    Error missing = there.error();
    missing.kind = ErrorKind::usage;
    return missing;
  }
  error_code wrong;
  auto wire = std::make_unique<FarWire>(trusting(authorities, wrong), silence);
  if (wrong)
    return Error{ErrorKind::usage, "this is no certificate: " + wrong.message(),
                 printable(authorities), "it is to be a file in PEM"};
  if (const auto connected = wire->connect(place, longest); !connected) return connected.error();
  return std::unique_ptr<Wire>(std::move(wire));
}

}  // namespace gangline
