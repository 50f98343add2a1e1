#include "os/keyed_stream.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <list>
#include <utility>
#include <vector>

#include "base/check.h"
#include "os/file.h"
#include "os/unix_socket.h"

namespace gangline {
namespace {

constexpr std::size_t block_size = 64 << 10;
constexpr int reads_in_a_turn = 16;
constexpr int waiting_connections = 64;
// TLS 1.3's suite with SHA-256, for which a key of 32 bytes is made. RFC 8446, B.4.
constexpr const char* suite = "TLS_AES_128_GCM_SHA256";
constexpr unsigned char suite_number[] = {0x13, 0x01};
constexpr int keep_alive_after_s = 30, keep_alive_every_s = 10, keep_alive_tries = 3;

struct FreeSsl {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  void operator()(SSL_SESSION* session) const { SSL_SESSION_free(session); }
};
using SslPtr = std::unique_ptr<SSL, FreeSsl>;
using ContextPtr = std::unique_ptr<SSL_CTX, FreeSsl>;
using SessionPtr = std::unique_ptr<SSL_SESSION, FreeSsl>;

std::string last_tls_error(const char* otherwise) {
  const unsigned long number = ERR_get_error();
  ERR_clear_error();
  const char* reason = number != 0 ? ERR_reason_error_string(number) : nullptr;
  return reason != nullptr ? reason : otherwise;
}

/// A session that both ends could have agreed upon, made of the key (RFC 8446, 4.2.11).
SSL_SESSION* session_of(SSL* ssl, const std::string& secret) {
  const SSL_CIPHER* cipher = SSL_CIPHER_find(ssl, suite_number);
  SessionPtr session(SSL_SESSION_new());
  if (cipher == nullptr || !session) return nullptr;
  const auto* bytes = reinterpret_cast<const unsigned char*>(secret.data());  // NOLINT
  if (SSL_SESSION_set1_master_key(session.get(), bytes, secret.size()) != 1 ||
      SSL_SESSION_set_cipher(session.get(), cipher) != 1 ||
      SSL_SESSION_set_protocol_version(session.get(), TLS1_3_VERSION) != 1)
    return nullptr;
  return session.release();
}

/// No file of the system's settings is read: they are for others.
void begin_tls() {
  static const int begun = OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr);
  CHECK(begun == 1);
}

ContextPtr plain_context(const SSL_METHOD* method) {
  begin_tls();
  ContextPtr context(SSL_CTX_new(method));
  CHECK(context != nullptr);
  SSL_CTX_set_min_proto_version(context.get(), TLS1_3_VERSION);
  CHECK(SSL_CTX_set_ciphersuites(context.get(), suite) == 1);
  SSL_CTX_set_num_tickets(context.get(), 0);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE |
                                      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                      SSL_MODE_RELEASE_BUFFERS);
  return context;
}

struct Address {
  sockaddr_storage raw{};
  socklen_t size = 0;
  const sockaddr* plain() const { return reinterpret_cast<const sockaddr*>(&raw); }  // NOLINT
};

Result<Address> address_of(const std::string& text, std::uint16_t port) {
  Address address;
  auto* four = reinterpret_cast<sockaddr_in*>(&address.raw);  // NOLINT: the socket API's own cast
  auto* six = reinterpret_cast<sockaddr_in6*>(&address.raw);  // NOLINT
  if (::inet_pton(AF_INET, text.c_str(), &four->sin_addr) == 1) {
    four->sin_family = AF_INET;
    four->sin_port = htons(port);
    address.size = sizeof(sockaddr_in);
    return address;
  }
  if (::inet_pton(AF_INET6, text.c_str(), &six->sin6_addr) == 1) {
    six->sin6_family = AF_INET6;
    six->sin6_port = htons(port);
    address.size = sizeof(sockaddr_in6);
    return address;
  }
  return Error{ErrorKind::broken, "this is no address", text, ""};
}

/// Small messages do not wait for each other, and an end that lost power is noticed.
void set_up(int fd) {
  const int yes = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  ::setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof yes);
  ::setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &keep_alive_after_s, sizeof keep_alive_after_s);
  ::setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &keep_alive_every_s, sizeof keep_alive_every_s);
  ::setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &keep_alive_tries, sizeof keep_alive_tries);
  const int patience_ms = (keep_alive_after_s + keep_alive_every_s * keep_alive_tries) * 1000;
  ::setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &patience_ms, sizeof patience_ms);
}

}  // namespace

// One end.

struct KeyedStream::Core {
  Core(Loop& its_loop, Fd fd, ContextPtr its_context, SSL_CTX* other_context, bool is_server)
      : loop(its_loop), socket(std::move(fd)), own_context(std::move(its_context)) {
    socket_to_write = Fd(::fcntl(socket.number(), F_DUPFD_CLOEXEC, 3));
    ssl.reset(SSL_new(own_context ? own_context.get() : other_context));
    CHECK(ssl != nullptr);
    SSL_set_fd(ssl.get(), socket.number());
    SSL_set_app_data(ssl.get(), this);
    if (is_server) SSL_set_accept_state(ssl.get());
    else SSL_set_connect_state(ssl.get());
  }
  ~Core() {
    *alive = false;
    if (ready) SSL_shutdown(ssl.get());  // says goodbye, and does not wait
    ERR_clear_error();
  }

  void begin(Span longest) {
    readable = loop.on_readable(socket.number(), [this] { turn(); });
    timer = loop.after(longest, [this] { lose("the other end took too long to prove itself"); });
    want_write();
  }

  void begin_connected(Span longest) {
    writable.reset();
    int number = 0;
    socklen_t size = sizeof number;
    ::getsockopt(socket.number(), SOL_SOCKET, SO_ERROR, &number, &size);
    if (number != 0) return lose(system_error("connect", "the other end", number).what);
    begin(longest);
  }

  void want_write() {
    if (!writable) writable = loop.on_writable(socket_to_write.number(), [this] { write_turn(); });
  }
  void write_turn() {
    if (!ready) {
      writable.reset();
      turn();
    } else {
      write();
    }
  }

  void turn() {
    if (!ready && !shake_hands()) return;
    read();
  }

  /// True: done.
  bool shake_hands() {
    ERR_clear_error();
    const int done = SSL_do_handshake(ssl.get());
    if (done != 1) {
      switch (SSL_get_error(ssl.get(), done)) {
        case SSL_ERROR_WANT_READ: return false;
        case SSL_ERROR_WANT_WRITE: want_write(); return false;
        default: lose(last_tls_error("the other end does not prove that it knows the key"));
      }
      return false;
    }
    // With the key and nothing else.
    if (SSL_session_reused(ssl.get()) != 1) {
      lose("the other end does not prove that it knows the key");
      return false;
    }
    ready = true;
    timer.reset();
    const auto there = alive;
    if (const auto tell = calls.ready) tell();
    return *there && !lost;
  }

  void read() {
    std::string block(block_size, '\0');
    const auto there = alive;
    for (int i = 0; i < reads_in_a_turn && !paused && !lost; ++i) {
      ERR_clear_error();
      const int n = SSL_read(ssl.get(), block.data(), static_cast<int>(block.size()));
      if (n <= 0) {
        const int why = SSL_get_error(ssl.get(), n);
        if (why == SSL_ERROR_WANT_READ) return;
        if (why == SSL_ERROR_WANT_WRITE) return want_write();
        return lose(why == SSL_ERROR_ZERO_RETURN ? "the other end has closed it"
                                                 : last_tls_error("the other end is gone"));
      }
      if (const auto tell = calls.hear) tell({block.data(), static_cast<std::size_t>(n)});
      if (!*there) return;
    }
    // What TLS holds already makes the socket readable no more.
    if (!paused && !lost)
      loop.post([this, there] {
        if (*there && !lost && !paused) read();
      });
  }

  void write() {
    std::size_t sent = 0;
    while (sent < outbox.size()) {
      ERR_clear_error();
      const int n =
          SSL_write(ssl.get(), outbox.data() + sent,
                    static_cast<int>(std::min<std::size_t>(outbox.size() - sent, 1 << 20)));
      if (n > 0) {
        sent += static_cast<std::size_t>(n);
        continue;
      }
      const int why = SSL_get_error(ssl.get(), n);
      outbox.erase(0, sent);
      if (why == SSL_ERROR_WANT_WRITE || why == SSL_ERROR_WANT_READ) return;
      return lose(last_tls_error("the other end is gone"));
    }
    outbox.clear();
    writable.reset();
  }

  void lose(const std::string& why) {
    if (std::exchange(lost, true)) return;
    readable.reset();
    writable.reset();
    timer.reset();
    if (const auto tell = calls.closed) tell(why);
  }

  Loop& loop;
  Fd socket, socket_to_write;
  ContextPtr own_context;
  SslPtr ssl;
  Calls calls;
  StreamKey key;  ///< of a client; of a server, when it is known
  std::string outbox;
  bool ready = false, lost = false, paused = false;
  Loop::WatchPtr readable, writable, timer;
  std::shared_ptr<bool> alive = std::make_shared<bool>(true);
};

namespace {

extern "C" int give_client_key(SSL* ssl, const EVP_MD*, const unsigned char** name,
                               std::size_t* size, SSL_SESSION** session) {
  const auto* core = static_cast<const KeyedStream::Core*>(SSL_get_app_data(ssl));
  *session = session_of(ssl, core->key.secret);
  *name = reinterpret_cast<const unsigned char*>(core->key.name.data());  // NOLINT
  *size = core->key.name.size();
  return *session != nullptr ? 1 : 0;
}

}  // namespace

KeyedStream::KeyedStream(std::unique_ptr<Core> core) : core_(std::move(core)) {}
KeyedStream::~KeyedStream() = default;

Result<std::unique_ptr<KeyedStream>> KeyedStream::connect(Loop& loop, const std::string& address,
                                                          std::uint16_t port, const StreamKey& key,
                                                          Calls calls, Span longest) {
  if (key.secret.size() != stream_key_bytes || key.name.empty() ||
      key.name.size() > longest_key_name)
    return Error{ErrorKind::broken, "this is no key for a connection", "", ""};
  auto to = address_of(address, port);
  if (!to) return to.error();
  Fd fd(::socket(to->raw.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.open()) return system_error("make a socket", address, errno);
  set_up(fd.number());
  if (::connect(fd.number(), to->plain(), to->size) != 0 && errno != EINPROGRESS)
    return system_error("connect", address + ":" + std::to_string(port), errno);
  ContextPtr context = plain_context(TLS_client_method());
  // No certificate is ever believed, and the listener has none: without the key nothing is left.
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_psk_use_session_callback(context.get(), give_client_key);
  auto core = std::make_unique<Core>(loop, std::move(fd), std::move(context), nullptr, false);
  core->key = key;
  core->calls = std::move(calls);
  // Nothing is said before it is connected, which is when it can be written to.
  Core* raw = core.get();
  core->timer = loop.after(longest, [raw] { raw->lose("the other end does not answer"); });
  core->writable = loop.on_writable(core->socket_to_write.number(),
                                    [raw, longest] { raw->begin_connected(longest); });
  return std::make_unique<KeyedStream>(std::move(core));
}

void KeyedStream::set_calls(Calls calls) { core_->calls = std::move(calls); }

void KeyedStream::send(std::string_view bytes) {
  if (!core_->ready || core_->lost) return;
  core_->outbox += bytes;
  core_->want_write();
}

std::size_t KeyedStream::unsent() const { return core_->outbox.size(); }

void KeyedStream::pause(bool paused) {
  if (std::exchange(core_->paused, paused) == paused) return;
  if (paused) {
    core_->readable.reset();
    return;
  }
  if (core_->lost) return;
  core_->readable =
      core_->loop.on_readable(core_->socket.number(), [core = core_.get()] { core->turn(); });
  core_->loop.post([core = core_.get(), there = core_->alive] {
    if (*there && !core->lost && !core->paused) core->read();
  });
}

// The one who listens.

struct KeyedListener::Core {
  Core(Loop& its_loop, Fd fd, FindKey its_find, Accept its_accept, StrangerLimits its_limits)
      : loop(its_loop),
        socket(std::move(fd)),
        find(std::move(its_find)),
        accept(std::move(its_accept)),
        limits(its_limits),
        context(plain_context(TLS_server_method())) {}

  void take() {
    for (std::size_t i = 0; i < limits.at_once; ++i) {
      Fd fd(::accept4(socket.number(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
      if (!fd.open()) return;
      set_up(fd.number());
      if (pending.size() >= limits.at_once) pending.pop_front();
      auto core =
          std::make_unique<KeyedStream::Core>(loop, std::move(fd), nullptr, context.get(), true);
      KeyedStream::Core* raw = core.get();
      const auto place =
          pending.insert(pending.end(), std::make_unique<KeyedStream>(std::move(core)));
      // Neither of the two destroys the stream inside its own call.
      raw->calls.closed = [this, raw](const std::string&) { drop_soon(raw); };
      raw->calls.ready = [this, place, raw] {
        auto stream = std::move(*place);
        pending.erase(place);
        raw->calls = {};
        accept(std::move(stream), raw->key.name);
      };
      raw->begin(limits.longest);
    }
  }

  void drop_soon(const KeyedStream::Core* gone) {
    loop.post([this, gone, there = alive] {
      if (*there) pending.remove_if([&](const auto& one) { return one->core_.get() == gone; });
    });
  }

  static int find_session(SSL* ssl, const unsigned char* name, std::size_t size,
                          SSL_SESSION** session);

  Loop& loop;
  Fd socket;
  FindKey find;
  Accept accept;
  StrangerLimits limits;
  ContextPtr context;
  std::list<std::unique_ptr<KeyedStream>> pending;
  Loop::WatchPtr readable;
  std::uint16_t port = 0;
  std::shared_ptr<bool> alive = std::make_shared<bool>(true);
};

int KeyedListener::Core::find_session(SSL* ssl, const unsigned char* name, std::size_t size,
                                      SSL_SESSION** session) {
  *session = nullptr;
  const auto* self = static_cast<const Core*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
  if (size > longest_key_name) return 1;
  const auto key = self->find({reinterpret_cast<const char*>(name), size});  // NOLINT
  if (!key || key->secret.size() != stream_key_bytes) return 1;
  *session = session_of(ssl, key->secret);
  static_cast<KeyedStream::Core*>(SSL_get_app_data(ssl))->key.name = key->name;
  return 1;
}

KeyedListener::KeyedListener(std::unique_ptr<Core> core) : core_(std::move(core)) {}
KeyedListener::~KeyedListener() { *core_->alive = false; }
std::uint16_t KeyedListener::port() const { return core_->port; }
std::size_t KeyedListener::strangers() const { return core_->pending.size(); }

Result<std::unique_ptr<KeyedListener>> KeyedListener::listen(Loop& loop, const std::string& address,
                                                             std::uint16_t port, FindKey find,
                                                             Accept accept, StrangerLimits limits) {
  auto at = address_of(address, port);
  if (!at) return at.error();
  Fd fd(::socket(at->raw.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.open()) return system_error("make a socket", address, errno);
  const int yes = 1;
  ::setsockopt(fd.number(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  const std::string where = address + ":" + std::to_string(port);
  if (::bind(fd.number(), at->plain(), at->size) != 0) return system_error("listen", where, errno);
  if (::listen(fd.number(), waiting_connections) != 0) return system_error("listen", where, errno);
  socklen_t size = sizeof at->raw;
  ::getsockname(fd.number(), reinterpret_cast<sockaddr*>(&at->raw), &size);  // NOLINT
  const in_port_t number =
      at->raw.ss_family == AF_INET
          ? reinterpret_cast<const sockaddr_in*>(&at->raw)->sin_port     // NOLINT
          : reinterpret_cast<const sockaddr_in6*>(&at->raw)->sin6_port;  // NOLINT
  auto core =
      std::make_unique<Core>(loop, std::move(fd), std::move(find), std::move(accept), limits);
  core->port = ntohs(number);
  SSL_CTX_set_app_data(core->context.get(), core.get());
  SSL_CTX_set_psk_find_session_callback(core->context.get(), Core::find_session);
  core->readable = loop.on_readable(core->socket.number(), [raw = core.get()] { raw->take(); });
  return std::unique_ptr<KeyedListener>(new KeyedListener(std::move(core)));  // NOLINT
}

Result<std::string> random_bytes(std::size_t count) {
  std::string bytes(count, '\0');
  for (std::size_t done = 0; done < count;) {
    const ssize_t n = ::getrandom(bytes.data() + done, count - done, 0);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return system_error("make random bytes", "", errno);
    done += static_cast<std::size_t>(n);
  }
  return bytes;
}

}  // namespace gangline
