// A pilot on the disk that the nodes share: STATE/pilots/N, closed to others. It is read by the
// next service and by the programs on the pilot's nodes.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/cluster.h"
#include "model/pilot.h"
#include "os/keyed_stream.h"

namespace gangline {

/// What is known of a pilot for good.
struct PilotKept {
  std::uint64_t number = 0;
  std::string tag;    ///< in the comment of its Slurm job
  std::string slurm;  ///< Slurm's number; empty: not known
  PilotRequest request;
  bool ending = false;
  bool renewed = false;                      ///< the next one was asked for
  std::map<std::string, std::string> names;  ///< by host: what its node is called here
};

/// Where the service listens.
struct PilotMeetingPoint {
  std::string address;
  std::uint16_t port = 0;
};

class PilotFiles {
 public:
  PilotFiles(const std::string& state_dir, std::uint64_t number);
  explicit PilotFiles(std::string directory) : directory_(std::move(directory)) {}

  const std::string& directory() const { return directory_; }
  std::string said() const { return directory_ + "/pilot.out"; }
  std::string script() const { return directory_ + "/script"; }

  /// With a key of its own. Nothing is asked of Slurm before this is on disk.
  Result<void> make(const PilotKept& pilot) const;
  Result<void> keep(const PilotKept& pilot) const;
  Result<PilotKept> read() const;
  /// Named after the tag.
  Result<StreamKey> key(const std::string& tag) const;

  Result<void> keep_point(const PilotMeetingPoint& point) const;
  Result<PilotMeetingPoint> point() const;
  /// A node as it reported, so that the next service knows it before it reports again.
  Result<void> keep_node(const std::string& host, const Node& node) const;
  Result<Node> node(const std::string& host) const;
  /// While the program on that node lives, it writes another number here, again and again. Without
  /// this file it has nothing to live for. A host that cannot be a part of a file's name has none.
  std::string sign(const std::string& host) const;
  void remove() const;

 private:
  std::string directory_;
};

/// The numbers of those that are on disk, ascending.
std::vector<std::uint64_t> pilot_numbers(const std::string& state_dir);
/// One that no pilot had.
Result<std::uint64_t> new_pilot_number(const std::string& state_dir);

}  // namespace gangline
