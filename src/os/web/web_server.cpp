#include "os/web/web_server.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <ctime>

#include "os/clock.h"
#include "os/web/web_core.h"

namespace gangline {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr Span between_sweeps = milliseconds(500);
constexpr Span pause_without_files = milliseconds(100);
constexpr int accepted_in_a_turn = 64;
constexpr std::size_t bytes_of_network = 8;  // of an address of IPv6: one site's /64

void forget(std::unordered_map<std::string, std::list<WebGuest*>>& all, WebGuest& guest) {
  const auto found = all.find(guest.counted_as);
  found->second.erase(guest.in_address);
  if (found->second.empty()) all.erase(found);
}

std::string counted_as(asio::ip::address address) {
  if (address.is_v6() && address.to_v6().is_v4_mapped())
    address = asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
  if (address.is_v4()) return address.to_string();
  const auto bytes = address.to_v6().to_bytes();
  return "6" + std::string(bytes.begin(), bytes.begin() + bytes_of_network);
}

void accept_some(const std::shared_ptr<WebCore>& core, Loop& loop);

void begin_accepting(const std::shared_ptr<WebCore>& core, Loop& loop) {
  core->accepting =
      loop.on_readable(core->listener.socket.number(), [weak = std::weak_ptr(core), &loop] {
        if (const auto held = weak.lock()) accept_some(held, loop);
      });
}

void accept_some(const std::shared_ptr<WebCore>& core, Loop& loop) {
  for (int i = 0; i < accepted_in_a_turn; ++i) {
    const int fd =
        ::accept4(core->listener.socket.number(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)) {
      // It would be told again at once that somebody waits.
      core->accepting.reset();
      core->resting = loop.after(pause_without_files, [weak = std::weak_ptr(core), &loop] {
        if (const auto held = weak.lock()) begin_accepting(held, loop);
      });
      return;
    }
    if (fd < 0) return;
    const int yes = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    sockaddr_storage local{};
    socklen_t size = sizeof local;
    tcp::socket socket(*core->io);
    error_code error;
    const bool six =
        ::getsockname(fd, reinterpret_cast<sockaddr*>(&local), &size) == 0 &&  // NOLINT
        local.ss_family == AF_INET6;
    socket.assign(six ? tcp::v6() : tcp::v4(), fd, error);
    if (error) ::close(fd);
    else serve_connection(core, std::move(socket));
  }
}

}  // namespace

void WebCore::come(WebGuest& guest, const asio::ip::address& address) {
  const WebLimits& limits = settings.limits;
  guest.counted_as = gangline::counted_as(address);
  guest.in_all = all.insert(all.end(), &guest);
  guest.in_unproven = unproven.insert(unproven.end(), &guest);
  auto& same = unproven_of[guest.counted_as];
  guest.in_address = same.insert(same.end(), &guest);
  if (same.size() > limits.unproven_of_address) same.front()->close();
  else if (unproven.size() > limits.unproven || all.size() > limits.connections)
    unproven.front()->close();  // itself, where all others have shown who they are
}

void WebCore::leave(WebGuest& guest) {
  all.erase(guest.in_all);
  if (guest.holder != 0) {
    if (--of_holder[guest.holder] == 0) of_holder.erase(guest.holder);
    return;
  }
  unproven.erase(guest.in_unproven);
  forget(unproven_of, guest);
}

bool WebCore::prove(WebGuest& guest, std::uint64_t holder) {
  if (guest.holder == holder) return true;
  const auto found = of_holder.find(holder);
  if (found != of_holder.end() && found->second >= settings.limits.of_holder) return false;
  if (guest.holder != 0) {
    if (--of_holder[guest.holder] == 0) of_holder.erase(guest.holder);
  } else {
    unproven.erase(guest.in_unproven);
    forget(unproven_of, guest);
  }
  guest.holder = holder;
  ++of_holder[holder];
  return true;
}

const std::string& WebCore::date_field() {
  const std::time_t now = std::time(nullptr);
  if (now == date_at) return date;
  date_at = now;
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  static constexpr const char* days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr const char* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                           "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  char rest[32];
  const std::size_t n = std::strftime(rest, sizeof rest, " %Y %H:%M:%S GMT", &parts);
  date = std::string("Date: ") + days[parts.tm_wday] + (parts.tm_mday < 10 ? ", 0" : ", ") +
         std::to_string(parts.tm_mday) + " " + months[parts.tm_mon] + std::string(rest, n) + "\r\n";
  return date;
}

WebServer::WebServer(Loop& loop, TcpListener listener, WebServerSettings settings,
                     WebAnswerer& handler)
    : core_(std::make_shared<WebCore>()) {
  core_->io = static_cast<asio::io_context*>(loop.native());
  core_->listener = std::move(listener);
  core_->settings = std::move(settings);
  core_->handler = &handler;
  begin_accepting(core_, loop);
  core_->sweeping = loop.every(between_sweeps, [core = core_.get()] {
    const Span now = since_boot();
    for (auto at = core->all.begin(); at != core->all.end();) (*at++)->look_at_clock(now);
  });
}

WebServer::~WebServer() {
  core_->accepting.reset();
  core_->resting.reset();
  core_->sweeping.reset();
  core_->handler = nullptr;
  while (!core_->all.empty()) core_->all.front()->close();
}

void WebServer::use_keys(std::shared_ptr<TlsKeys> keys) { core_->settings.keys = std::move(keys); }

std::size_t WebServer::connections() const { return core_->all.size(); }

}  // namespace gangline
