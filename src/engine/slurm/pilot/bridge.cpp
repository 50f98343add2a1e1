#include "engine/slurm/pilot/bridge.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "os/unix_socket.h"

namespace gangline {
namespace {

constexpr Span first_pause = milliseconds(50);
constexpr Span longest_pause = seconds(3);
constexpr std::size_t most_on_the_way = 4 << 20;  ///< then whoever sends has to wait

Span pause_after(int failures) {
  Span pause = first_pause;
  for (int i = 1; i < failures && pause < longest_pause; ++i) pause = pause + pause;
  return std::min(pause, longest_pause);
}

}  // namespace

Bridge::Bridge(Loop& loop, BridgeSettings settings) : loop_(loop), settings_(std::move(settings)) {
  connect();
}

Bridge::~Bridge() = default;

void Bridge::close() {
  closed_ = true;
  drop();
  timer_.reset();
}

void Bridge::drop() {
  readable_.reset();
  writable_.reset();
  launcher_.reset();
  launcher_to_write_.reset();
  service_.reset();
  for_launcher_.clear();
}

void Bridge::retry() {
  drop();
  if (closed_) return;
  ++failures_;
  timer_ = loop_.after(pause_after(failures_), [this] { connect(); });
}

void Bridge::connect() {
  if (closed_) return;
  const auto point = settings_.point();
  if (!point) return retry();
  auto stream = KeyedStream::connect(
      loop_, point->address, point->port, settings_.key,
      {[this] { join(); }, [this](std::string_view bytes) { hear_service(bytes); },
       [this](const std::string&) { retry(); }});
  if (!stream) return retry();
  service_ = *std::move(stream);
}

/// The service is there. A launcher that is only starting is waited for by trying again.
void Bridge::join() {
  auto socket = connect_unix(settings_.launcher_socket);
  if (!socket) return retry();
  failures_ = 0;
  launcher_ = *std::move(socket);
  set_nonblocking(launcher_.number());
  launcher_to_write_ = Fd(::fcntl(launcher_.number(), F_DUPFD_CLOEXEC, 3));
  readable_ = loop_.on_readable(launcher_.number(), [this] { read_launcher(); });
  service_->send(settings_.hello);
}

void Bridge::hear_service(std::string_view bytes) {
  for_launcher_ += bytes;
  if (for_launcher_.size() > most_on_the_way) service_->pause(true);
  if (launcher_.open()) write_launcher();
}

void Bridge::write_launcher() {
  std::size_t sent = 0;
  while (sent < for_launcher_.size()) {
    const ssize_t n = ::send(launcher_.number(), for_launcher_.data() + sent,
                             for_launcher_.size() - sent, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) {
      for_launcher_.erase(0, sent);
      if (!writable_)
        writable_ = loop_.on_writable(launcher_to_write_.number(), [this] { write_launcher(); });
      return;
    }
    if (n < 0) break;  // reading will tell
    sent += static_cast<std::size_t>(n);
  }
  for_launcher_.clear();
  writable_.reset();
  service_->pause(false);
}

void Bridge::read_launcher() {
  char block[64 << 10];
  if (service_->unsent() > most_on_the_way) return;
  const ssize_t n = ::recv(launcher_.number(), block, sizeof block, 0);
  if (n < 0 && (errno == EINTR || errno == EAGAIN)) return;
  if (n <= 0) return retry();
  service_->send({block, static_cast<std::size_t>(n)});
}

}  // namespace gangline
