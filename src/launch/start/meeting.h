// How the tasks of a gang reach each other.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/pack.h"

namespace gangline {

struct Meeting {
  std::string address = "127.0.0.1";
  std::uint16_t master_port = 0;
  std::uint16_t coordinator_port = 0;       ///< JAX
  std::vector<std::uint16_t> task_ports;    ///< TensorFlow; empty for a gang of one task
  std::string host_file;                    ///< empty: none
  std::vector<std::string> task_addresses;  ///< where its port is, by rank; empty: all at `address`
  bool operator==(const Meeting&) const = default;
};

void pack(Packer& to, const Meeting& meeting);
/// Broken bytes leave `from.ok()` false.
Meeting unpack_meeting(Unpacker& from);

}  // namespace gangline
