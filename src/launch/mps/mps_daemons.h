// NVIDIA's Multi-Process Service, one control daemon for each GPU on which gangs asked for it, from
// the first of these gangs to the last. Programs that share a GPU run side by side under it instead
// of in turns.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/units.h"
#include "model/allocation.h"
#include "model/cluster.h"
#include "model/environment.h"
#include "model/event.h"

namespace gangline {

class MpsDaemons {
 public:
  /// Their files lie in `directory`. `mark` is the GANG_ID of their processes, none of a gang's.
  MpsDaemons(std::string directory, std::string mark);
  /// Asks those to end that no gang needs.
  ~MpsDaemons();
  MpsDaemons(const MpsDaemons&) = delete;
  MpsDaemons& operator=(const MpsDaemons&) = delete;

  /// Starts those that are missing for the GPUs of `part`. Blocks until they are there, 5 s at
  /// most. An Error: none is there for this gang; ErrorKind::unavailable: gangs of another user
  /// have one of them now, and a daemon serves one user at a time.
  Result<void> begin(GangId gang, std::uint32_t uid, const Node& node, const NodePart& part);
  /// An earlier launcher began them for this gang.
  void adopt(GangId gang, std::uint32_t uid, const Node& node, const NodePart& part);
  /// The gang needs them no more. They stay a little, as the next gang of a sweep may come.
  void end(GangId gang);
  /// Asks those to end that were not needed for a while, also those of earlier launchers.
  void tick(Span boot);
  /// Whether some are to be ended later.
  bool has_unneeded() const;

  /// What a task is told, so that it becomes a client: nothing where it has no GPU of NVIDIA.
  std::vector<EnvVar> variables(const Node& node, const TaskPlace& place) const;

 private:
  std::string place_of(const std::string& uid) const;
  void look_for_earlier();
  Result<void> start(const std::string& uid) const;
  void quit(const std::string& place) const;

  std::string directory_, mark_;
  struct Running {
    std::uint32_t uid = 0;
    std::set<GangId> gangs;
    Span unneeded_since{0};
  };
  std::map<std::string, Running> running_;  // by the path of its directory
  bool looked_for_earlier_ = false;
};

/// What MPS keeps apart and what it does not, for people.
Fence mps_fence();

}  // namespace gangline
