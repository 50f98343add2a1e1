// A lease of a device: a name that one socket of the machine can have, and that vanishes with the
// last process that holds this socket (docs/decisions/019-leases.md).
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>

#include "base/result.h"
#include "os/fd.h"
#include "os/unix_socket.h"

namespace gangline {

/// What the names of all leases of this machine begin with. A machine that is made up below
/// GANGLINE_ROOT has leases of its own.
std::string lease_scope();
/// The name of the lease of the device with this uid.
std::string lease_name(const std::string& scope, const std::string& uid);
/// A name that all which a launcher began still holds. `pid`: of the launcher.
std::string launcher_name(const std::string& scope, std::int64_t pid, const std::string& epoch);

/// Takes the name for this process and for those that will inherit the socket (close-on-exec,
/// number out of the way of shells). No open Fd: somebody has it.
Result<Fd> take_name(const std::string& name);

/// What is to be seen of a name from outside.
struct Glance {
  bool held = false;
  std::optional<Peer> holder;  ///< who took it, as the kernel says; empty: does not let us ask
  Fd line;                     ///< hangs up when the name is let go of; may be closed
};
Glance look_at(const std::string& name);
/// All such names that are taken now, also by somebody who does not listen, as no launcher would
/// do. Reads the list of all sockets of the machine.
std::set<std::string> taken_names(const std::string& scope);

/// Whether that holder is a launcher with this epoch and uid, be it long gone.
bool is_of_launcher(const std::string& scope, const Peer& holder, std::uint32_t uid,
                    const std::string& epoch);

}  // namespace gangline
