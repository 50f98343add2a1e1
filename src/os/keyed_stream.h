// TCP between two ends that know the same key: TLS 1.3 with that key alone, no certificates. Who
// does not know it is refused before anything else is heard, and has cost little.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/units.h"
#include "os/fd.h"
#include "os/loop.h"

namespace gangline {

constexpr std::size_t stream_key_bytes = 32;
constexpr std::size_t longest_key_name = 64;

/// A name, which everybody may know, and its secret.
struct StreamKey {
  std::string name;
  std::string secret;  ///< stream_key_bytes
};

class KeyedStream {
 public:
  struct Calls {
    std::function<void()> ready;  ///< the other end has proved that it knows the key
    std::function<void(std::string_view)> hear;
    /// Broken or closed by the other end, and why. The last call; it may destroy the stream.
    std::function<void(const std::string&)> closed;
  };

  /// Never waits. `address` is numeric: "10.0.0.1" or "fd00::1". Both ends must be ready within
  /// `longest`.
  static Result<std::unique_ptr<KeyedStream>> connect(Loop& loop, const std::string& address,
                                                      std::uint16_t port, const StreamKey& key,
                                                      Calls calls, Span longest = seconds(10));
  ~KeyedStream();
  KeyedStream(const KeyedStream&) = delete;
  KeyedStream& operator=(const KeyedStream&) = delete;

  void set_calls(Calls calls);
  /// Only when it is ready. All that is said in one turn of the loop goes together.
  void send(std::string_view bytes);
  std::size_t unsent() const;
  /// Hears no more until told otherwise, so that the other end has to wait.
  void pause(bool paused);

  struct Core;
  explicit KeyedStream(std::unique_ptr<Core> core);

 private:
  friend class KeyedListener;
  std::unique_ptr<Core> core_;
};

/// What a listener lets strangers have. Those beyond it are closed, the oldest first.
struct StrangerLimits {
  std::size_t at_once = 32;
  Span longest = seconds(5);
};

class KeyedListener {
 public:
  /// The key of that name; empty: there is none.
  using FindKey = std::function<std::optional<StreamKey>(std::string_view name)>;
  /// A stream that is ready, and the name of its key.
  using Accept = std::function<void(std::unique_ptr<KeyedStream>, const std::string& name)>;

  /// `port` 0: any. The address is numeric.
  static Result<std::unique_ptr<KeyedListener>> listen(Loop& loop, const std::string& address,
                                                       std::uint16_t port, FindKey find,
                                                       Accept accept, StrangerLimits limits = {});
  ~KeyedListener();
  KeyedListener(const KeyedListener&) = delete;
  KeyedListener& operator=(const KeyedListener&) = delete;

  std::uint16_t port() const;
  /// Connections that have not proved anything yet.
  std::size_t strangers() const;

 private:
  struct Core;
  explicit KeyedListener(std::unique_ptr<Core> core);
  std::unique_ptr<Core> core_;
};

/// So many random bytes for a key.
Result<std::string> random_bytes(std::size_t count);

}  // namespace gangline
