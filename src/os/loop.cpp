#include "os/loop.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <optional>

namespace gangline {

namespace asio = boost::asio;

// Shared by the owner's pointer and by the pending wait. Cancelling leaves `call` empty, so a wait
// that was complete already when it was cancelled calls nobody.
struct Loop::Watch {
  explicit Watch(asio::io_context& io) : timer(io), signals(io) {}

  std::function<void()> call;
  std::optional<asio::posix::stream_descriptor> descriptor;
  asio::posix::stream_descriptor::wait_type direction{};
  asio::steady_timer timer;
  asio::signal_set signals;
  Span period{0};
  std::shared_ptr<Watch> self;  // while the owner holds its pointer

  void cancel() {
    call = nullptr;
    if (descriptor) descriptor->release();  // the file stays open: it is the caller's
    boost::system::error_code ignored;
    timer.cancel(ignored);
    signals.cancel(ignored);
    self.reset();
  }
};

namespace {

using WatchShared = std::shared_ptr<Loop::Watch>;

// Calls a copy, since the callback may cancel its own watch.
void call_once(const WatchShared& watch) {
  if (!watch->call) return;
  const auto call = watch->call;
  call();
}

void wait_for_file(const WatchShared& watch) {
  watch->descriptor->async_wait(watch->direction, [watch](const boost::system::error_code& error) {
    if (error || !watch->call) return;
    call_once(watch);
    if (watch->call) wait_for_file(watch);
  });
}

void wait_for_timer(const WatchShared& watch, Span delay) {
  watch->timer.expires_after(std::chrono::microseconds(delay.us));
  watch->timer.async_wait([watch](const boost::system::error_code& error) {
    if (error || !watch->call) return;
    call_once(watch);
    if (watch->call && watch->period.us > 0) wait_for_timer(watch, watch->period);
  });
}

void wait_for_signal(const WatchShared& watch) {
  watch->signals.async_wait([watch](const boost::system::error_code& error, int) {
    if (error || !watch->call) return;
    call_once(watch);
    if (watch->call) wait_for_signal(watch);
  });
}

}  // namespace

struct Loop::Core {
  asio::io_context io{1};
  asio::executor_work_guard<asio::io_context::executor_type> stays{io.get_executor()};

  WatchShared make(std::function<void()> call) {
    auto watch = std::make_shared<Watch>(io);
    watch->call = std::move(call);
    watch->self = watch;
    return watch;
  }
};

void Loop::CancelWatch::operator()(Watch* watch) const {
  const WatchShared held = watch->self;
  if (held) held->cancel();
}

Loop::Loop() : core_(std::make_unique<Core>()) {}
Loop::~Loop() = default;

Loop::WatchPtr Loop::on_readable(int fd, std::function<void()> call) {
  auto watch = core_->make(std::move(call));
  watch->descriptor.emplace(core_->io, fd);
  watch->direction = asio::posix::stream_descriptor::wait_read;
  wait_for_file(watch);
  return WatchPtr(watch.get());
}

Loop::WatchPtr Loop::on_writable(int fd, std::function<void()> call) {
  auto watch = core_->make(std::move(call));
  watch->descriptor.emplace(core_->io, fd);
  watch->direction = asio::posix::stream_descriptor::wait_write;
  wait_for_file(watch);
  return WatchPtr(watch.get());
}

Loop::WatchPtr Loop::after(Span delay, std::function<void()> call) {
  auto watch = core_->make(std::move(call));
  wait_for_timer(watch, delay);
  return WatchPtr(watch.get());
}

Loop::WatchPtr Loop::every(Span period, std::function<void()> call) {
  auto watch = core_->make(std::move(call));
  watch->period = period;
  wait_for_timer(watch, period);
  return WatchPtr(watch.get());
}

Loop::WatchPtr Loop::on_signal(int signal, std::function<void()> call) {
  auto watch = core_->make(std::move(call));
  boost::system::error_code ignored;
  watch->signals.add(signal, ignored);
  wait_for_signal(watch);
  return WatchPtr(watch.get());
}

void Loop::post(std::function<void()> call) { asio::post(core_->io, std::move(call)); }

void Loop::run() {
  core_->io.restart();
  core_->io.run();
}

void Loop::stop() { core_->io.stop(); }

void* Loop::native() { return &core_->io; }

}  // namespace gangline
