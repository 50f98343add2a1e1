// The node's end: carries what the service and the launcher here say to each other, each behind a
// connection of its own, and connects them again when one breaks.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "engine/slurm/pilot/pilot_files.h"
#include "os/fd.h"
#include "os/keyed_stream.h"
#include "os/loop.h"

namespace gangline {

struct BridgeSettings {
  StreamKey key;
  std::string launcher_socket;
  std::string hello;  ///< the frame that is said first
  /// Where the service is, asked before each try: it may have moved.
  std::function<Result<PilotMeetingPoint>()> point;
};

class Bridge {
 public:
  /// `loop` must outlive it.
  Bridge(Loop& loop, BridgeSettings settings);
  ~Bridge();
  Bridge(const Bridge&) = delete;
  Bridge& operator=(const Bridge&) = delete;

  /// Nothing that comes from now on is carried.
  void close();

 private:
  void connect();
  void join();
  void drop();
  void retry();
  void hear_service(std::string_view bytes);
  void read_launcher();
  void write_launcher();

  Loop& loop_;
  BridgeSettings settings_;
  std::unique_ptr<KeyedStream> service_;
  Fd launcher_, launcher_to_write_;
  std::string for_launcher_;
  bool closed_ = false;
  int failures_ = 0;
  Loop::WatchPtr readable_, writable_, timer_;
};

}  // namespace gangline
