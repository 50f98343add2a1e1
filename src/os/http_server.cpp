#include "os/http_server.h"

#include <boost/asio/local/stream_protocol.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <map>
#include <optional>

#include "os/unix_socket.h"

namespace gangline {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;

struct HttpServer::Core {
  asio::io_context* io = nullptr;
  Fd listener;
  HttpServerSettings settings;
  HttpHandler handler;
  Loop::WatchPtr watch;
  std::size_t connections = 0;
  std::map<std::uint32_t, std::size_t> connections_of;  // by uid
};

namespace {

using Stream = beast::basic_stream<asio::local::stream_protocol>;

// One connection. Lives as long as a read, a write or an unanswered request holds it.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(Stream stream, std::shared_ptr<const HttpPeer> peer,
          std::shared_ptr<HttpServer::Core> core)
      : stream_(std::move(stream)), peer_(std::move(peer)), core_(std::move(core)) {
    ++core_->connections;
    ++core_->connections_of[peer_->uid];
  }
  ~Session() {
    --core_->connections;
    if (--core_->connections_of[peer_->uid] == 0) core_->connections_of.erase(peer_->uid);
  }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  void read_request() {
    parser_.emplace();
    parser_->header_limit(largest_http_header);
    parser_->body_limit(largest_http_body);
    // A connection may rest between requests, but a request that has begun must come to its end.
    stream_.expires_never();
    stream_.async_read_some(
        asio::buffer(first_), [self = shared_from_this()](error_code error, std::size_t n) {
          if (error) return;
          self->buffer_.commit(
              asio::buffer_copy(self->buffer_.prepare(n), asio::buffer(self->first_, n)));
          self->read_rest();
        });
  }

 private:
  void read_rest() {
    stream_.expires_after(std::chrono::microseconds(core_->settings.longest_request.us));
    http::async_read(
        stream_, buffer_, *parser_,
        [self = shared_from_this()](error_code error, std::size_t) { self->on_request(error); });
  }

  void on_request(error_code error) {
    if (error == http::error::end_of_stream) return;
    if (error == http::error::body_limit || error == http::error::header_limit)
      return answer({413, "{\"error\":\"the request is too large\"}", {}}, false);
    if (error && error.category() == http::make_error_code(http::error::bad_method).category())
      return answer({400, "{\"error\":\"this is no HTTP request\"}", {}}, false);
    if (error) return;
    stream_.expires_never();
    auto message = parser_->release();
    const bool keep = message.keep_alive();
    HttpRequest request{std::string(message.method_string()), std::string(message.target()),
                        std::move(message.body()), std::string(message["Gangline-Version"]), peer_};
    core_->handler(std::move(request),
                   [self = shared_from_this(), keep, answered = false](HttpAnswer reply) mutable {
                     if (std::exchange(answered, true)) return;
                     self->answer(std::move(reply), keep);
                   });
  }

  void answer(HttpAnswer reply, bool keep) {
    response_.emplace(static_cast<http::status>(reply.status), 11);
    response_->set(http::field::content_type, reply.type.empty() ? "application/json" : reply.type);
    response_->set("Gangline-Version", core_->settings.version);
    response_->keep_alive(keep);
    response_->body() = std::move(reply.body);
    response_->prepare_payload();
    http::async_write(stream_, *response_,
                      [self = shared_from_this(), keep](error_code error, std::size_t) {
                        self->response_.reset();
                        if (error || !keep) return;
                        if (self->buffer_.size() > 0) {  // the next request came with the last one
                          self->parser_.emplace();
                          self->parser_->header_limit(largest_http_header);
                          self->parser_->body_limit(largest_http_body);
                          return self->read_rest();
                        }
                        self->read_request();
                      });
  }

  Stream stream_;
  std::shared_ptr<const HttpPeer> peer_;
  std::shared_ptr<HttpServer::Core> core_;
  char first_[4096];
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  std::optional<http::response<http::string_body>> response_;
};

void accept_all(const std::shared_ptr<HttpServer::Core>& core) {
  for (;;) {
    auto accepted = accept_unix(core->listener.number());
    if (!accepted || !accepted->open()) return;
    const auto peer = peer_of(accepted->number());
    const auto& settings = core->settings;
    if (!peer || (settings.only_uid && peer->uid != *settings.only_uid)) continue;
    if (core->connections >= settings.most_connections) continue;
    const auto same = core->connections_of.find(peer->uid);
    if (same != core->connections_of.end() && same->second >= settings.most_of_one_user) continue;
    auto groups = groups_of_peer(accepted->number());
    auto who = std::make_shared<HttpPeer>(HttpPeer{
        peer->uid, peer->gid, peer->pid, groups ? *std::move(groups) : std::vector<unsigned>{}});
    asio::local::stream_protocol::socket socket(*core->io);
    error_code error;
    socket.assign(asio::local::stream_protocol(), accepted->number(), error);
    if (error) continue;
    accepted->release();
    std::make_shared<Session>(Stream(std::move(socket)), std::move(who), core)->read_request();
  }
}

}  // namespace

HttpServer::HttpServer(Loop& loop, Fd listener, HttpServerSettings settings, HttpHandler handler)
    : core_(std::make_shared<Core>()) {
  core_->io = static_cast<asio::io_context*>(loop.native());
  core_->listener = std::move(listener);
  core_->settings = std::move(settings);
  core_->handler = std::move(handler);
  core_->watch =
      loop.on_readable(core_->listener.number(), [core = core_.get(), weak = std::weak_ptr(core_)] {
        if (const auto held = weak.lock()) accept_all(held);
      });
}

HttpServer::~HttpServer() {
  core_->watch.reset();
  core_->handler = [](HttpRequest, const HttpReply&) {};  // sessions may outlive us for a moment
}

std::size_t HttpServer::connections() const { return core_->connections; }

}  // namespace gangline
