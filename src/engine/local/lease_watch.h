// Which devices other services hold leases of: seen the moment a lease ends, and with each look.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "launch/lease/lease_socket.h"
#include "model/cluster.h"
#include "os/loop.h"

namespace gangline {

/// The launcher whose leases are not others'.
struct OurLauncher {
  std::int64_t pid = 0;
  std::uint32_t uid = 0;
  std::string epoch;
};

class LeaseWatch {
 public:
  /// `changed` is called from the loop when a lease of others has ended, or passed on.
  LeaseWatch(Loop& loop, std::function<void()> changed, std::string scope = lease_scope());

  void set_devices(const std::vector<Device>& devices);
  void set_ours(OurLauncher ours);
  /// Looks at all devices that are not known to be held. Without `ours`, all are others'.
  /// `doubtful`: one of them could not be had although nobody was seen to hold it.
  void look(bool doubtful = false);
  /// Who of others holds it; empty: nobody. One for each device.
  std::vector<std::string> holders() const;

 private:
  struct Seen {
    std::string uid;
    std::string holder;   // empty: ours, or nobody's
    bool silent = false;  // its name was taken by somebody who does not listen
    Fd line;              // open: held, and not let go of since
    Loop::WatchPtr hang_up;
  };

  void look_at_device(std::size_t device, const std::set<std::string>& taken);
  void lost_line(std::size_t device);

  Loop& loop_;
  std::function<void()> changed_;
  std::string scope_;
  OurLauncher ours_;
  std::vector<Seen> seen_;
  Loop::WatchPtr look_again_;
};

}  // namespace gangline
