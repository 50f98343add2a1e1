// What a server of HTTP over TCP and whoever answers its requests say to each other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "os/web/head.h"

namespace gangline {

/// Bytes that several answers may share, with what keeps them: null for those that stay anyway.
struct WebBody {
  std::shared_ptr<const void> held = nullptr;
  std::string_view bytes = {};
};
WebBody web_body(std::string text);

struct WebPeer {
  std::string address;     ///< of the other end: "127.0.0.1", "fe80::1"
  std::string local;       ///< ours, at which it arrived
  bool loopback = false;   ///< ours is one that only this machine reaches
  bool encrypted = false;  ///< TLS
};

/// Valid during the call alone.
struct WebRequest {
  const WebHead& head;
  std::string_view body;
  const WebPeer& peer;
};

struct WebAnswer {
  unsigned status = 200;
  std::string_view type = "application/json";  ///< of the body; a text that stays
  std::string fields = {};                     ///< more of them, each "Name: value\r\n"
  WebBody body = {};
  bool close = false;  ///< the connection ends with it
};

/// One connection, as far as it concerns who answers. `number` is that of the request meant: calls
/// for one that is over do nothing.
class WebLine {
 public:
  virtual ~WebLine() = default;
  virtual std::uint64_t number() const = 0;
  virtual void answer(std::uint64_t number, WebAnswer answer) = 0;
  virtual void stream(std::uint64_t number, WebAnswer head) = 0;
  virtual bool send(std::uint64_t number, const WebBody& bytes) = 0;
  virtual std::size_t unsent(std::uint64_t number) const = 0;
  virtual void end(std::uint64_t number) = 0;
  virtual void on_left(std::uint64_t number, std::function<void()> left) = 0;
  virtual bool prove(std::uint64_t holder) = 0;
};

/// A request that is to be answered, once: whole, or as a stream. May be copied and kept.
class WebExchange {
 public:
  explicit WebExchange(std::shared_ptr<WebLine> line)
      : line_(std::move(line)), number_(line_->number()) {}

  void answer(WebAnswer answer) const { line_->answer(number_, std::move(answer)); }

  /// Sends the head of an answer without an end; `send` and `end` are for such a one. `send` is
  /// false when it is over: the client left, or was too slow to read what was sent.
  void stream(WebAnswer head) const { line_->stream(number_, std::move(head)); }
  bool send(const WebBody& bytes) const { return line_->send(number_, bytes); }
  /// Bytes of it that the client has not taken yet; 0 when it is over.
  std::size_t unsent() const { return line_->unsent(number_); }
  void end() const { line_->end(number_); }
  /// Called once if the client leaves before the end of the answer, also when it was too slow.
  void on_left(std::function<void()> left) const { line_->on_left(number_, std::move(left)); }
  /// Its client has shown who it is: from now on the connection counts among those of this holder
  /// (a number that is not 0). False: these are too many already.
  bool prove(std::uint64_t holder) const { return line_->prove(holder); }

 private:
  std::shared_ptr<WebLine> line_;
  std::uint64_t number_;
};

/// Whoever answers. Must outlive the server.
class WebAnswerer {
 public:
  virtual ~WebAnswerer() = default;
  /// Of a request with a body, before that is read: the most bytes that it may have, or the answer
  /// at once. `request.body` is empty.
  virtual std::variant<std::size_t, WebAnswer> admit(const WebRequest& request) = 0;
  virtual void answer(const WebRequest& request, const WebExchange& exchange) = 0;
  /// The answer to a request that could not be read, or is too large or too slow. To be logged.
  virtual WebAnswer refuse(unsigned status, std::string_view why, const WebPeer& peer) = 0;
};

}  // namespace gangline
