#include "os/web/call_pool.h"

#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <deque>
#include <optional>
#include <vector>

#include "base/check.h"
#include "os/clock.h"

namespace gangline {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;

namespace {

using Stream = beast::basic_stream<asio::local::stream_protocol>;

std::string text_of(const HttpCall& call, const std::string& version) {
  CHECK(call.target.find_first_of(" \r\n") == std::string::npos);
  std::string text = call.method + " " + call.target +
                     " HTTP/1.1\r\nHost: gangline\r\nGangline-Version: " + version + "\r\n";
  for (const auto& [name, value] : call.headers) {
    CHECK(value.find_first_of("\r\n") == std::string::npos);
    text.append(name).append(": ").append(value).append("\r\n");
  }
  return text +
         "Content-Type: application/json\r\nContent-Length: " + std::to_string(call.body.size()) +
         "\r\n\r\n" + call.body;
}

Error unavailable(const char* what) { return {ErrorKind::unavailable, what, "", "try again"}; }

struct Asked {
  HttpCall call;
  CallPool::Heard heard;
  bool apart = false, again = false;
  Span until{0};  // since boot: for a call that waits
  std::weak_ptr<class ServiceLine> line = {};

  void tell(Result<HttpAnswer> answer) {
    if (const auto whom = std::exchange(heard, nullptr)) whom(std::move(answer));
  }
};
using AskedPtr = std::shared_ptr<Asked>;

}  // namespace

struct CallPool::Core : std::enable_shared_from_this<CallPool::Core> {
  asio::io_context* io = nullptr;
  CallPoolSettings settings;
  std::deque<AskedPtr> waiting;
  std::vector<std::shared_ptr<ServiceLine>> resting;
  std::size_t shared_lines = 0, lines_apart = 0;
  bool over = false;

  void take(const AskedPtr& asked);
  void begin(const AskedPtr& asked);
  void next();
};

namespace {

// A connection to the server: one call after the other.
class ServiceLine : public std::enable_shared_from_this<ServiceLine> {
 public:
  ServiceLine(std::shared_ptr<CallPool::Core> core, bool apart)
      : core_(std::move(core)), stream_(*core_->io), apart_(apart) {
    ++(apart_ ? core_->lines_apart : core_->shared_lines);
  }
  ~ServiceLine() { --(apart_ ? core_->lines_apart : core_->shared_lines); }
  ServiceLine(const ServiceLine&) = delete;
  ServiceLine& operator=(const ServiceLine&) = delete;

  bool use(Fd socket) {
    error_code error;
    stream_.socket().assign(asio::local::stream_protocol(), socket.number(), error);
    if (!error) socket.release();
    return !error;
  }

  void close() { stream_.close(); }

  void ask(const AskedPtr& asked) {
    asked_ = asked;
    asked->line = weak_from_this();
    stream_.expires_after(std::chrono::microseconds(asked->call.deadline.us));
    text_ = text_of(asked->call, core_->settings.version);
    parser_.emplace();
    parser_->header_limit(largest_http_header);
    parser_->body_limit(asked->call.most_answer);
    asio::async_write(stream_, asio::buffer(text_),
                      [self = shared_from_this()](error_code error, std::size_t) {
                        if (error) return self->fail(error);
                        http::async_read(self->stream_, self->buffer_, *self->parser_,
                                         [self](error_code failed, std::size_t) {
                                           if (failed) return self->fail(failed);
                                           self->hear();
                                         });
                      });
  }

 private:
  void hear() {
    const AskedPtr asked = std::exchange(asked_, nullptr);
    ++answered_;
    auto message = parser_->release();
    const bool keep = message.keep_alive() && !apart_ && !core_->over;
    stream_.expires_never();
    if (keep) rest();
    else close();
    HttpAnswer answer{message.result_int(), std::move(message.body()),
                      std::string(message["Gangline-Version"])};
    if (message[http::field::content_type] != "application/json")
      answer.type = std::string(message[http::field::content_type]);
    const auto core = core_;
    asked->tell(std::move(answer));
    core->next();
  }

  void rest() {
    core_->resting.push_back(shared_from_this());
    if (watched_) return;
    watched_ = true;
    stream_.socket().async_wait(asio::socket_base::wait_read,
                                [self = shared_from_this()](error_code) {
                                  self->watched_ = false;
                                  if (self->asked_) return;  // this is its answer
                                  std::erase(self->core_->resting, self);
                                  self->close();
                                });
  }

  void fail(error_code error) {
    const AskedPtr asked = std::exchange(asked_, nullptr);
    close();
    const auto core = core_;
    // It went away between two calls, and what only asks may ask twice.
    const bool once_more = answered_ > 0 && !parser_->got_some() &&
                           error != beast::error::timeout && asked->call.method == "GET" &&
                           !std::exchange(asked->again, true);
    if (once_more && asked->heard && !core->over) core->begin(asked);
    else if (error == beast::error::timeout)
      asked->tell(unavailable("the service does not answer in time"));
    else if (error == http::error::body_limit)
      asked->tell(unavailable("the service's answer is longer than anybody's should be"));
    else asked->tell(unavailable("the service went away before it answered"));
    core->next();
  }

  std::shared_ptr<CallPool::Core> core_;
  Stream stream_;
  bool apart_, watched_ = false;
  std::uint64_t answered_ = 0;
  AskedPtr asked_;
  std::string text_;
  beast::flat_buffer buffer_;
  std::optional<http::response_parser<http::string_body>> parser_;
};

}  // namespace

void CallPool::Core::take(const AskedPtr& asked) {
  if (over || !asked->heard) return;
  if (asked->apart) {
    if (lines_apart < settings.apart) return begin(asked);
    return asked->tell(unavailable("too many wait for the service already"));
  }
  if (!resting.empty()) {
    const auto line = std::move(resting.back());
    resting.pop_back();
    return line->ask(asked);
  }
  if (shared_lines < settings.at_once) return begin(asked);
  if (waiting.size() < settings.waiting) return waiting.push_back(asked);
  asked->tell(unavailable("too many ask the service at once"));
}

void CallPool::Core::begin(const AskedPtr& asked) {
  auto socket = settings.connect();
  if (!socket) return asked->tell(socket.error());
  const auto line = std::make_shared<ServiceLine>(shared_from_this(), asked->apart);
  if (!line->use(*std::move(socket)))
    return asked->tell(unavailable("the connection to the service cannot be used"));
  line->ask(asked);
}

void CallPool::Core::next() {
  // From outside: who calls this still holds the line that it is about to let go of.
  asio::post(*io, [core = shared_from_this()] {
    const Span now = since_boot();
    auto& all = core->waiting;
    while (!all.empty()) {
      const AskedPtr asked = all.front();
      const bool late = asked->until < now;
      if (!late && core->resting.empty() && core->shared_lines >= core->settings.at_once) return;
      all.pop_front();
      if (late) asked->tell(unavailable("the service does not answer in time"));
      else core->take(asked);
    }
  });
}

CallPool::CallPool(Loop& loop, CallPoolSettings settings) : core_(std::make_shared<Core>()) {
  core_->io = static_cast<asio::io_context*>(loop.native());
  core_->settings = std::move(settings);
}

CallPool::~CallPool() {
  core_->over = true;
  core_->waiting.clear();
  for (const auto& line : core_->resting) line->close();
  core_->resting.clear();
}

namespace {

CallPool::Ticket begin_call(const std::shared_ptr<CallPool::Core>& core, HttpCall call,
                            CallPool::Heard heard, bool apart) {
  const auto asked = std::make_shared<Asked>(Asked{std::move(call), std::move(heard), apart});
  asked->until = since_boot() + asked->call.deadline;
  // Nobody is told from within the call, though there may be nobody to connect to.
  asio::post(*core->io, [core, asked] { core->take(asked); });
  return CallPool::Ticket(static_cast<void*>(asked.get()), [asked](void*) {
    asked->heard = nullptr;
    const auto line = asked->line.lock();
    if (line && asked->apart) line->close();
  });
}

}  // namespace

CallPool::Ticket CallPool::ask(HttpCall call, Heard heard) {
  return begin_call(core_, std::move(call), std::move(heard), false);
}

CallPool::Ticket CallPool::ask_apart(HttpCall call, Heard heard) {
  return begin_call(core_, std::move(call), std::move(heard), true);
}

}  // namespace gangline
