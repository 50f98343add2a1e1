// The variables by which a program finds its team and its devices, for all usual frameworks at
// once, and the ports that they need.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/units.h"
#include "launch/start/meeting.h"
#include "model/allocation.h"
#include "model/cluster.h"
#include "model/job.h"

namespace gangline {

/// Ports that nobody listens on and that no gang of ours was given. They lie below the range from
/// which the system takes ports of outgoing connections.
class Ports {
 public:
  static constexpr std::uint16_t lowest = 20'000;
  static constexpr std::uint16_t highest = 32'000;

  /// Fewer than `count` only where so many are not free.
  std::vector<std::uint16_t> take(std::size_t count);
  void give_back(const std::vector<std::uint16_t>& ports);

 private:
  std::set<std::uint16_t> taken_;
  std::uint16_t next_ = 0;  // 0: begin anywhere
};
bool port_is_free(std::uint16_t port);

struct EnvironmentOf {
  const Job* job = nullptr;
  const Node* node = nullptr;
  const Allocation* allocation = nullptr;
  std::uint32_t part = 0;
  const TaskPlace* place = nullptr;
  GangId gang;
  std::uint32_t attempt = 1;
  std::string id;  ///< GANG_ID
  std::string output;
  std::string shard;
  const Meeting* meeting = nullptr;
};
/// On what the task computes: "nvidia", "amd", "intel", "fpga", "cpu", or "gpu" for one of another
/// vendor. Of devices of several kinds the first counts.
std::string device_word(const Node& node, const TaskPlace& place);

/// What Gangline sets for one task. The job's own `env` goes before these, except before
/// `fence_variables`.
std::vector<EnvVar> team_variables(const EnvironmentOf& of);
/// The variables that choose devices. Set for the vendors whose devices the node has, and say that
/// there are none where the task has none of them. `others_hidden`: a fence keeps the task from
/// devices that are not its own, so that a vendor's runtime does not count them.
std::vector<EnvVar> fence_variables(const Node& node, const TaskPlace& place,
                                    bool others_hidden = false);
/// Gives variables that are in `environment` ("NAME=value") another value.
void set_fence_variables(const std::vector<EnvVar>& variables,
                         std::vector<std::string>& environment);

}  // namespace gangline
