// One thread waits for files, timers and posted calls, and calls back. Not for use from other
// threads, but for `post`, which any thread may call.
#pragma once

#include <functional>
#include <memory>

#include "base/units.h"

namespace gangline {

class Loop {
 public:
  /// Destroying it cancels: its callback is not called any more.
  struct Watch;
  struct CancelWatch {
    void operator()(Watch* watch) const;
  };
  using WatchPtr = std::unique_ptr<Watch, CancelWatch>;

  Loop();
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  /// Called each time `fd` can be read (or hangs up), until cancelled. `fd` stays the caller's and
  /// must outlive the watch. Regular files cannot be watched.
  [[nodiscard]] WatchPtr on_readable(int fd, std::function<void()> call);
  [[nodiscard]] WatchPtr on_writable(int fd, std::function<void()> call);
  /// Once, after `delay`.
  [[nodiscard]] WatchPtr after(Span delay, std::function<void()> call);
  /// Again and again, `period` after the call before.
  [[nodiscard]] WatchPtr every(Span period, std::function<void()> call);
  /// Called on a SIGNAL of this process (not from the signal's own context), until cancelled.
  [[nodiscard]] WatchPtr on_signal(int signal, std::function<void()> call);
  /// Soon, after what is ready already.
  void post(std::function<void()> call);

  /// Until `stop`.
  void run();
  void stop();

  /// The boost::asio::io_context behind it, for the other sources of os/.
  void* native();

 private:
  struct Core;
  std::unique_ptr<Core> core_;
};

}  // namespace gangline
