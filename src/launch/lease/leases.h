// Leases of devices as their launcher holds them: for gangs, all of a gang's or none.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/ids.h"
#include "launch/lease/lease_socket.h"
#include "model/allocation.h"
#include "model/cluster.h"

namespace gangline {

/// Of the devices that have leases: how much of each a gang has, in thousandths.
using SharesByUid = std::map<std::string, std::uint64_t>;
SharesByUid leased_shares(const Node& node, const NodePart& part);

class Leases {
 public:
  /// `epoch`: of the journal, the same for all launchers of one state directory.
  explicit Leases(std::string epoch, std::string scope = lease_scope());

  enum class Answer {
    taken,
    held_by_others,  ///< by another service, or whoever has its name
    held_by_ours,    ///< by a gang of this launcher that left no such share of it, by tasks of an
                     ///< earlier launcher here, or by what such left behind
    failed,          ///< the system said no
  };
  struct Taken {
    Answer answer = Answer::taken;
    std::vector<int> files;  ///< for the tasks, which must keep them open; stay ours
    std::string why;         ///< a sentence, where they were not taken
  };
  /// The leases of all devices of `part`, in the order of their names: whoever takes the first of
  /// those that two want gets on, so no two launchers wait for each other. Gangs of this launcher
  /// share one lease, as far as their shares of the device go. Asking again changes nothing.
  Taken take(GangId gang, const Node& node, const NodePart& part);
  /// For a gang that an earlier launcher began: its tasks hold them, and this launcher as soon as
  /// they do not, for as long as the gang lives.
  void adopt(GangId gang, const Node& node, const NodePart& part);
  /// Takes what adopted gangs have let go of.
  void take_adopted();
  void let_go(GangId gang);
  /// Whether this process has a lease that this gang alone has: it inherited it from a task,
  /// whatever else it changed about itself.
  bool has_only_lease(std::int64_t pid, GangId gang) const;

 private:
  struct Held {
    Fd file;
    std::map<GangId, std::uint64_t> gangs;  // thousandths
  };

  static bool has_room(const Held& held, GangId gang, std::uint64_t share);
  /// The gang has none then.
  Taken refuse(GangId gang, const std::string& uid);

  std::string epoch_, scope_;
  Fd own_name_;
  std::map<std::string, Held> held_;       // by uid
  std::map<GangId, SharesByUid> adopted_;  // those that their tasks are to hold
};

/// "the Gang service of anna (launcher 4242)".
std::string name_lease_holder(const std::optional<Peer>& holder);

}  // namespace gangline
