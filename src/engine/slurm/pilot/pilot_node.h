// The service's end of one node of a pilot: what the node said of itself, and its launcher, which
// is heard over a connection that breaks and is made again.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine/slurm/pilot/node_hello.h"
#include "launch/wire.h"
#include "os/keyed_stream.h"

namespace gangline {

/// Before a pilot's end, for a gang that was stopped with all of its grace to be seen to end.
constexpr Span margin_before_end = seconds(20);

using AttemptKey = std::pair<GangId, std::uint32_t>;

struct PilotNode {
  std::string host;          ///< as Slurm calls it
  std::uint64_t pilot = 0;   ///< its number
  Node node;                 ///< under the name that it has here; up while gangs may start on it
  std::optional<NodeId> id;  ///< empty: whoever plans does not know it yet
  NodeHello hello = {};      ///< without the node; empty before it reported to this service
  bool closed = false;       ///< nothing more is to start here
  std::string drained = {};  ///< what Slurm says of it where it is to get nothing more for a while
  bool in_job = true;        ///< Slurm has not taken it out of the pilot's job
  bool given_up = false;     ///< what it had was lost with it
  Time away_since{0};        ///< its connection broke; 0: it is there
  /// Its sign of life as it was read last, and when it was first read so, since boot.
  std::optional<std::uint64_t> sign = {};
  Span sign_changed{0};
  std::string trouble = {};  ///< why its launcher starts nothing
  std::string earlier = {};  ///< cursor that an earlier service stored
  std::string epoch = {};    ///< of its launcher
  std::uint64_t heard = 0;   ///< number of its newest news
  /// News of parts of gangs that nobody was told yet: the number of the newest news before them.
  std::map<AttemptKey, std::uint64_t> held = {};
  std::set<JobId> told_jobs = {};
  std::set<std::uint16_t> taken_ports = {};
  std::unique_ptr<KeyedStream> stream = {};
  Inbox inbox = {};
  bool welcomed = false;

  void send(const Message& message) {
    if (welcomed) stream->send(frame_of(message));
  }
  /// All news up to it were told on; empty: none were.
  std::string cursor() const {
    if (epoch.empty()) return earlier;
    std::uint64_t number = heard;
    for (const auto& [gang, before] : held) number = std::min(number, before);
    return format_cursor({epoch, number});
  }
};

}  // namespace gangline
