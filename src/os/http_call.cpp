#include "os/http_call.h"

#include <sys/un.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <optional>

#include "base/text.h"
#include "os/trust.h"

namespace gangline {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;

namespace {

constexpr std::size_t longest_place = 1'000;

using Generic = asio::generic::stream_protocol;
using Stream = beast::basic_stream<Generic>;

Error bad_place(std::string_view text, const std::string& what) {
  return {ErrorKind::usage, what, printable(text.substr(0, longest_place)),
          "write it as http://HOST:PORT or unix:/PATH"};
}

/// A blank or the end of a line would end the word in which it stands.
bool is_one_word(std::string_view text) {
  for (const char c : text)
    if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7f) return false;
  return true;
}

const boost::system::error_category& http_errors() {
  return http::make_error_code(http::error::bad_method).category();
}

}  // namespace

Result<HttpPlace> read_http_place(std::string_view text) {
  constexpr std::string_view unix_front = "unix:", http_front = "http://";
  if (text.size() > longest_place || !is_one_word(text))
    return bad_place(text, "this is no address of an HTTP server");
  HttpPlace place;
  if (text.starts_with(unix_front)) {
    std::string_view path = text.substr(unix_front.size());
    if (path.starts_with("//")) path.remove_prefix(2);  // unix:///path
    if (!path.starts_with('/') || path.size() >= sizeof(sockaddr_un::sun_path))
      return bad_place(text, "this is no path of a unix socket, or one that is too long");
    place.socket = path;
    return place;
  }
  if (!text.starts_with(http_front))
    return bad_place(text, text.starts_with("https:") ? "https is not spoken here"
                                                      : "an address begins with http:// or unix:");
  std::string_view rest = text.substr(http_front.size());
  const std::size_t slash = rest.find('/');
  if (slash != std::string_view::npos) {
    place.path = rest.substr(slash);
    while (place.path.ends_with('/')) place.path.pop_back();
    rest = rest.substr(0, slash);
  }
  const std::size_t bracket = rest.find(']');
  const std::size_t colon = rest.find(':', bracket == std::string_view::npos ? 0 : bracket);
  std::string_view host = rest.substr(0, colon);
  if (colon != std::string_view::npos) {
    const auto port = parse_number(rest.substr(colon + 1));
    if (!port || *port == 0 || *port > 0xffff) return bad_place(text, "its port is no number");
    place.port = static_cast<std::uint16_t>(*port);
  }
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (host.empty() || host.find('@') != std::string_view::npos)
    return bad_place(text, "it names no host");
  place.host = host;
  return place;
}

Result<HttpPlace> read_web_place(std::string_view text) {
  constexpr std::string_view front = "https://";
  constexpr std::uint16_t usual_port = 443;
  const bool tls = text.starts_with(front);
  const std::string_view rest = tls ? text.substr(front.size()) : text;
  auto place = read_http_place(tls ? "http://" + std::string(rest) : std::string(text));
  if (!place) return place.error();
  if (!place->socket.empty()) return bad_place(text, "this is no web address");
  // What stands behind the host counts to its last letter.
  const std::size_t begin = tls ? 0 : std::string_view("http://").size();
  const std::size_t slash = rest.find_first_of("/?", begin);
  const std::string_view named = rest.substr(begin, slash == rest.npos ? rest.npos : slash - begin);
  place->path = slash == rest.npos ? "/" : std::string(rest.substr(slash));
  if (place->path.front() == '?') return bad_place(text, "it has no / behind its host");
  place->tls = tls;
  if (tls && named.find(':', named.find(']') == named.npos ? 0 : named.find(']')) == named.npos)
    place->port = usual_port;
  return place;
}

struct HttpCallRun::Core : std::enable_shared_from_this<HttpCallRun::Core> {
  Core(asio::io_context& context, HttpPlace to, HttpCall asked, Heard whom)
      : io(context),
        resolver(context),
        stream(context),
        place(std::move(to)),
        call(std::move(asked)),
        heard(std::move(whom)) {}

  void begin() {
    stream.expires_after(std::chrono::microseconds(call.deadline.us));
    if (!place.socket.empty())
      return connect({Generic::endpoint(asio::local::stream_protocol::endpoint(place.socket))});
    resolving.emplace(io);
    resolving->expires_after(std::chrono::microseconds(call.deadline.us));
    resolving->async_wait([self = shared_from_this()](error_code error) {
      if (!error) self->fail("its name was not found in time", HttpFailure::not_sent);
    });
    resolver.async_resolve(place.host, std::to_string(place.port),
                           [self = shared_from_this()](error_code error, const auto& results) {
                             self->resolving.reset();
                             if (error)
                               return self->fail("its name is not known", HttpFailure::not_sent);
                             std::vector<Generic::endpoint> all;
                             for (const auto& result : results) all.emplace_back(result.endpoint());
                             self->connect(std::move(all));
                           });
  }

  void connect(std::vector<Generic::endpoint> all) {
    endpoints = std::move(all);
    stream.async_connect(endpoints, [self = shared_from_this()](error_code error, const auto&) {
      if (error) return self->fail("nobody answers there", HttpFailure::not_sent);
      self->send();
    });
  }

  void send() {
    request.method_string(call.method);
    request.target(place.path + call.target);
    request.version(11);
    request.set(http::field::host, place.host.empty() ? "localhost" : place.host);
    request.set(http::field::connection, "close");
    request.set(http::field::accept, "application/json");
    for (const auto& [name, value] : call.headers) request.set(name, value);
    if (!call.body.empty()) request.set(http::field::content_type, "application/json");
    request.body() = std::move(call.body);
    request.prepare_payload();
    if (!place.tls) return write(stream);
    error_code wrong;
    secured.emplace(stream, trust.emplace(trusting("", wrong)));
    secured->set_verify_callback(asio::ssl::host_name_verification(place.host), wrong);
    if (wrong || SSL_set_tlsext_host_name(secured->native_handle(), place.host.c_str()) != 1)
      return fail("TLS cannot be used", HttpFailure::not_sent);
    secured->async_handshake(
        asio::ssl::stream_base::client, [self = shared_from_this()](error_code error) {
          if (!error) return self->write(*self->secured);
          self->fail("it shows no certificate that is good for its name", HttpFailure::not_sent);
        });
  }

  template <class Over>
  void write(Over& over) {
    http::async_write(over, request,
                      [self = shared_from_this(), &over](error_code error, std::size_t) {
                        // It may have read all that it needs before it closed.
                        if (error)
                          return self->fail("it closed the connection", HttpFailure::no_answer);
                        self->read(over);
                      });
  }

  template <class Over>
  void read(Over& over) {
    parser.header_limit(largest_http_header);
    parser.body_limit(call.most_answer);
    http::async_read(
        over, buffer, parser,
        [self = shared_from_this()](error_code error, std::size_t) { self->hear(error); });
  }

  void hear(error_code error) {
    if (error == http::error::body_limit || error == http::error::header_limit)
      return fail("its answer is longer than anybody's should be", HttpFailure::no_answer);
    if (error == beast::error::timeout)
      return fail("it did not answer in time", HttpFailure::no_answer);
    if (error && error.category() == http_errors() && error != http::error::end_of_stream &&
        error != http::error::partial_message)
      return fail("its answer is no HTTP", HttpFailure::no_answer, ErrorKind::broken);
    if (error)
      return fail(parser.got_some() ? "its answer broke off in the middle"
                                    : "it closed the connection without an answer",
                  HttpFailure::no_answer);
    // One that ends where the connection does cannot be told from half of it.
    if (parser.need_eof() && !call.status_alone)
      return fail("its answer does not say how long it is", HttpFailure::no_answer,
                  ErrorKind::broken);
    const unsigned status = parser.get().result_int();
    tell(HttpAnswer{status, std::move(parser.get().body()), {}}, HttpFailure::none);
  }

  void fail(const std::string& what, HttpFailure how, ErrorKind kind = ErrorKind::unavailable) {
    tell(Error{kind, what, shown_place(), ""}, how);
  }

  std::string shown_place() const {
    return printable(place.socket.empty() ? place.host + ":" + std::to_string(place.port)
                                          : place.socket);
  }

  void tell(Result<HttpAnswer> answer, HttpFailure how) {
    if (!heard) return;
    const Heard whom = std::exchange(heard, nullptr);
    close();
    whom(std::move(answer), how);
  }

  void close() {
    resolving.reset();
    resolver.cancel();
    stream.close();
  }

  asio::io_context& io;
  asio::ip::tcp::resolver resolver;
  Stream stream;
  HttpPlace place;
  HttpCall call;
  Heard heard;
  std::optional<asio::steady_timer> resolving;
  std::vector<Generic::endpoint> endpoints;
  std::optional<asio::ssl::context> trust;
  std::optional<asio::ssl::stream<Stream&>> secured;
  http::request<http::string_body> request;
  beast::flat_buffer buffer;
  http::response_parser<http::string_body> parser;
};

HttpCallRun::HttpCallRun(Loop& loop, const HttpPlace& place, HttpCall call, Heard heard)
    : core_(std::make_shared<Core>(*static_cast<asio::io_context*>(loop.native()), place,
                                   std::move(call), std::move(heard))) {
  // Not from within this, though nobody may be there to connect to.
  asio::post(core_->io, [core = core_] {
    if (core->heard) core->begin();
  });
}

HttpCallRun::~HttpCallRun() {
  core_->heard = nullptr;
  core_->close();
}

Result<HttpAnswer> ask_http(const HttpPlace& place, const HttpCall& call) {
  Loop loop;
  std::optional<Result<HttpAnswer>> answer;
  const HttpCallRun run(loop, place, call, [&](Result<HttpAnswer> heard, HttpFailure) {
    answer = std::move(heard);
    loop.stop();
  });
  loop.run();
  return *std::move(answer);
}

}  // namespace gangline
