// One connection: reads requests one after the other, and writes what it is answered with.
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <charconv>
#include <deque>
#include <limits>
#include <optional>
#include <type_traits>

#include "base/check.h"
#include "os/clock.h"
#include "os/web/web_core.h"

namespace gangline {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr std::size_t block_size = 4 << 10;
constexpr std::size_t pieces_in_a_write = 16;
// What a client goes on sending behind its last request is read and thrown away for a moment: a
// connection closed over unread bytes may lose the answer.
constexpr Span to_leave = seconds(2);
constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";

using TlsStream = asio::ssl::stream<tcp::socket>;

std::string_view reason_of(unsigned status) {
  switch (status) {
    case 200: return "OK";
    case 204: return "No Content";
    case 304: return "Not Modified";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 411: return "Length Required";
    case 413: return "Content Too Large";
    case 415: return "Unsupported Media Type";
    case 421: return "Misdirected Request";
    case 426: return "Upgrade Required";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 503: return "Service Unavailable";
    case 505: return "HTTP Version Not Supported";
    case 507: return "Insufficient Storage";
    default: return status < 500 ? "No" : "Failed";
  }
}

/// An address of IPv4 that came by way of IPv6 is that of IPv4.
asio::ip::address plain(const asio::ip::address& address) {
  if (!address.is_v6() || !address.to_v6().is_v4_mapped()) return address;
  return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
}

bool has_no_body(unsigned status) { return status == 204 || status == 304; }

template <class Stream>
class Connection final : public WebLine,
                         public WebGuest,
                         public std::enable_shared_from_this<Connection<Stream>> {
 public:
  static constexpr bool encrypted = std::is_same_v<Stream, TlsStream>;

  template <class... Args>
  Connection(std::shared_ptr<WebCore> core, Args&&... args)
      : core_(std::move(core)), stream_(std::forward<Args>(args)...) {}
  ~Connection() override { leave(); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void begin() {
    error_code error;
    const auto there = socket().remote_endpoint(error);
    if (error) return;
    const auto here = socket().local_endpoint(error);
    if (error) return;
    const auto ours = plain(here.address());
    peer_ = {plain(there.address()).to_string(), ours.to_string(), ours.is_loopback(), encrypted};
    present_ = true;
    deadline_ = since_boot() + limits().to_head;
    core_->come(*this, there.address());
    if constexpr (encrypted)
      stream_.async_handshake(asio::ssl::stream_base::server,
                              [self = this->shared_from_this()](error_code failed) {
                                if (failed) return self->close();
                                self->read();
                              });
    else read();
  }

  // WebGuest
  void close() override {
    if (state_ == State::closed) return;
    const auto self = this->shared_from_this();
    state_ = State::closed;
    error_code ignored;
    socket().close(ignored);
    leave();
    if (!writing_) out_.clear();  // else they may still be looked at
    tell_left();
  }

  void look_at_clock(Span now) override {
    if (now < deadline_) return;
    const bool is_reading = state_ == State::head || state_ == State::body;
    if (is_reading && !in_.empty())
      return refuse(408, "the request did not come to its end in time");
    if (state_ == State::waiting) return;
    close();
  }

  // WebLine
  std::uint64_t number() const override { return number_; }

  void answer(std::uint64_t number, WebAnswer answer) override {
    if (number != number_ || state_ != State::waiting) return;
    left_ = nullptr;
    if (core_->unsent + answer.body.bytes.size() > limits().all_unsent && core_->handler != nullptr)
      answer = core_->handler->refuse(503, "too many large answers are under way", peer_);
    counted_ = answer.body.bytes.size();
    core_->unsent += counted_;
    if (answer.close) keep_ = false;
    write_head(answer, has_no_body(answer.status) ? std::optional<std::size_t>()
                                                  : answer.body.bytes.size());
    if (!is_head_ && !has_no_body(answer.status) && !answer.body.bytes.empty())
      out_.push_back(std::move(answer.body));
    state_ = State::answering;
    write();
  }

  void stream(std::uint64_t number, WebAnswer head) override {
    if (number != number_ || state_ != State::waiting) return;
    keep_ = false;  // it ends where the connection does
    write_head(head, std::nullopt);
    state_ = State::streaming;
    write();
    if (is_head_) end(number);
  }

  bool send(std::uint64_t number, const WebBody& bytes) override {
    if (number != number_ || state_ != State::streaming) return false;
    unsent_ += bytes.bytes.size();
    if (unsent_ > limits().unsent) {
      close();
      return false;
    }
    out_.push_back(bytes);
    write();
    return true;
  }

  std::size_t unsent(std::uint64_t number) const override {
    return number == number_ && state_ == State::streaming ? unsent_ : 0;
  }

  void end(std::uint64_t number) override {
    if (number != number_ || state_ != State::streaming) return;
    left_ = nullptr;
    state_ = State::answering;
    if (out_.empty() && !writing_) finish();
  }

  void on_left(std::uint64_t number, std::function<void()> left) override {
    if (number != number_ || (state_ != State::waiting && state_ != State::streaming)) return;
    left_ = std::move(left);
  }

  bool prove(std::uint64_t of_holder) override {
    return !present_ || core_->prove(*this, of_holder);
  }

 private:
  enum class State { head, body, waiting, answering, streaming, leaving, closed };

  const WebLimits& limits() const { return core_->settings.limits; }
  tcp::socket& socket() {
    if constexpr (encrypted) return stream_.next_layer();
    else return stream_;
  }

  void leave() {
    core_->unsent -= std::exchange(counted_, 0);
    if (std::exchange(present_, false)) core_->leave(*this);
  }

  void tell_left() {
    if (const auto left = std::exchange(left_, nullptr)) left();
  }

  // Always under way, so that it is seen when the client leaves; but not while it sends us more
  // than one request that waits.
  void read() {
    if (reading_ || state_ == State::closed || core_->handler == nullptr) return;
    const bool may_wait =
        state_ == State::waiting || state_ == State::answering || state_ == State::streaming;
    if (may_wait && in_.size() >= taken_ + most_head_bytes) return;
    reading_ = true;
    stream_.async_read_some(asio::buffer(block_),
                            [self = this->shared_from_this()](error_code error, std::size_t n) {
                              self->reading_ = false;
                              self->on_read(error, n);
                            });
  }

  void on_read(error_code error, std::size_t n) {
    if (state_ == State::closed) return;
    if (error) return close();
    if (state_ == State::leaving) return read();
    if (state_ == State::head && in_.empty())
      deadline_ = std::min(deadline_, since_boot() + limits().to_head);
    in_.append(block_.data(), n);
    if (state_ == State::head) try_head();
    else if (state_ == State::body) try_body();
    read();
  }

  void try_head() {
    if (core_->handler == nullptr) return close();
    const HeadRead read = read_head(in_, seen_, head_);
    seen_ = in_.size();
    if (read.status != 0) return refuse(read.status, read.why);
    if (read.size == 0) return;
    ++number_;
    keep_ = head_.keep_alive;
    is_head_ = head_.method == "HEAD";
    taken_ = read.size;
    if (head_.body_size == 0) return ask({});
    const auto admitted = core_->handler->admit({head_, {}, peer_});
    if (const auto* no = std::get_if<WebAnswer>(&admitted)) {
      keep_ = false;
      state_ = State::waiting;
      return answer(number_, *no);
    }
    body_size_ = head_.body_size;
    if (body_size_ > std::get<std::size_t>(admitted))
      return refuse(413, "the body of the request is too large");
    state_ = State::body;
    deadline_ = since_boot() + limits().to_body;
    if (head_.expects_continue && in_.size() == taken_) {
      out_.push_back({nullptr, go_on});
      write();
    }
    try_body();
  }

  void try_body() {
    if (in_.size() - taken_ < body_size_) return;
    // The text may have moved as it grew, and the head with it.
    WebHead& head = head_;
    const HeadRead again = read_head(std::string_view(in_).substr(0, taken_), 0, head);
    CHECK(again.size == taken_);
    const std::string_view body = std::string_view(in_).substr(taken_, body_size_);
    taken_ += body_size_;
    ask(body);
  }

  void ask(std::string_view body) {
    state_ = State::waiting;
    core_->handler->answer({head_, body, peer_}, WebExchange(this->shared_from_this()));
  }

  // What could not be read to its end leaves nothing that could be read behind it.
  void refuse(unsigned status, std::string_view why) {
    ++number_;
    if (core_->handler == nullptr) return close();
    is_head_ = false;
    keep_ = false;
    state_ = State::waiting;
    answer(number_, core_->handler->refuse(status, why, peer_));
  }

  void write_head(const WebAnswer& answer, std::optional<std::size_t> size) {
    char digits[24];
    const auto number = [&](std::size_t n) {
      const auto end = std::to_chars(digits, digits + sizeof digits, n).ptr;
      return std::string_view(digits, static_cast<std::size_t>(end - digits));
    };
    head_text_.clear();
    head_text_.append("HTTP/1.1 ").append(number(answer.status)).append(" ");
    head_text_.append(reason_of(answer.status)).append("\r\n").append(core_->date_field());
    head_text_.append(core_->settings.fields).append(answer.fields);
    if (!answer.type.empty() && !has_no_body(answer.status))
      head_text_.append("Content-Type: ").append(answer.type).append("\r\n");
    if (size) head_text_.append("Content-Length: ").append(number(*size)).append("\r\n");
    head_text_.append(keep_ ? "\r\n" : "Connection: close\r\n\r\n");
    out_.push_back({nullptr, head_text_});
    unsent_ += head_text_.size();
  }

  void write() {
    if (writing_ || out_.empty() || state_ == State::closed) return;
    writing_ = true;
    deadline_ = since_boot() + limits().without_progress;
    std::array<asio::const_buffer, pieces_in_a_write> pieces;
    std::size_t n = 0;
    for (auto at = out_.begin(); at != out_.end() && n < pieces.size(); ++at)
      pieces[n++] = asio::const_buffer(at->bytes.data(), at->bytes.size());
    stream_.async_write_some(pieces,
                             [self = this->shared_from_this()](error_code error, std::size_t sent) {
                               self->writing_ = false;
                               self->on_written(error, sent);
                             });
  }

  void on_written(error_code error, std::size_t sent) {
    if (state_ == State::closed) return;
    if (error) return close();
    unsent_ -= std::min(unsent_, sent);
    while (sent > 0) {
      auto& front = out_.front();
      const std::size_t part = std::min(sent, front.bytes.size());
      front.bytes.remove_prefix(part);
      sent -= part;
      if (front.bytes.empty()) out_.pop_front();
    }
    if (!out_.empty()) return write();
    if (state_ == State::streaming) deadline_ = Span{std::numeric_limits<std::int64_t>::max()};
    if (state_ == State::answering) finish();
  }

  void finish() {
    unsent_ = 0;
    core_->unsent -= std::exchange(counted_, 0);
    if (core_->handler == nullptr) return close();
    if (!keep_) return say_goodbye();
    in_.erase(0, std::exchange(taken_, 0));
    seen_ = 0;
    ++number_;  // who kept the exchange of before means nothing now
    state_ = State::head;
    deadline_ = since_boot() + (in_.empty() ? limits().at_rest : limits().to_head);
    if (!in_.empty()) try_head();
    read();
  }

  void say_goodbye() {
    state_ = State::leaving;
    deadline_ = since_boot() + to_leave;
    if constexpr (encrypted) {
      stream_.async_shutdown([self = this->shared_from_this()](error_code) { self->close(); });
    } else {
      error_code ignored;
      socket().shutdown(tcp::socket::shutdown_send, ignored);
    }
    in_.clear();
    taken_ = 0;
    read();
  }

  std::shared_ptr<WebCore> core_;
  Stream stream_;
  WebPeer peer_;
  State state_ = State::head;
  bool present_ = false, reading_ = false, writing_ = false;
  bool keep_ = true, is_head_ = false;
  std::uint64_t number_ = 0;
  Span deadline_{0};
  std::array<char, block_size> block_;
  std::string in_;         // what was read: the request, and perhaps more behind it
  std::size_t seen_ = 0;   // of it, when its head was looked for last
  std::size_t taken_ = 0;  // of it, the request that is answered
  std::size_t body_size_ = 0;
  WebHead head_;           // its views are into in_
  std::string head_text_;  // of the answer
  std::deque<WebBody> out_;
  std::size_t unsent_ = 0;
  std::size_t counted_ = 0;  // bytes of its answer, in WebCore::unsent
  std::function<void()> left_;
};

}  // namespace

WebBody web_body(std::string text) {
  auto held = std::make_shared<const std::string>(std::move(text));
  const std::string_view bytes = *held;
  return {std::move(held), bytes};
}

void serve_connection(const std::shared_ptr<WebCore>& core, tcp::socket socket) {
  if (core->settings.keys) {
    auto& context = *static_cast<asio::ssl::context*>(core->settings.keys->native());
    std::make_shared<Connection<TlsStream>>(core, std::move(socket), context)->begin();
  } else {
    std::make_shared<Connection<tcp::socket>>(core, std::move(socket))->begin();
  }
}

}  // namespace gangline
