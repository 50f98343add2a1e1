#include "launch/start/meeting.h"

namespace gangline {
namespace {

std::uint16_t take_port(Unpacker& from) {
  const std::uint32_t port = from.u32();
  if (port > 0xffff) from.fail();
  return static_cast<std::uint16_t>(port);
}

}  // namespace

void pack(Packer& to, const Meeting& meeting) {
  to.text(meeting.address);
  to.u32(meeting.master_port);
  to.u32(meeting.coordinator_port);
  to.u32(static_cast<std::uint32_t>(meeting.task_ports.size()));
  for (const std::uint16_t port : meeting.task_ports) to.u32(port);
  to.text(meeting.host_file);
  to.u32(static_cast<std::uint32_t>(meeting.task_addresses.size()));
  for (const std::string& address : meeting.task_addresses) to.text(address);
}

Meeting unpack_meeting(Unpacker& from) {
  Meeting meeting;
  meeting.address = from.text();
  meeting.master_port = take_port(from);
  meeting.coordinator_port = take_port(from);
  for (std::uint32_t n = from.count(4); n > 0 && from.ok(); --n)
    meeting.task_ports.push_back(take_port(from));
  meeting.host_file = from.text();
  for (std::uint32_t n = from.count(4); n > 0 && from.ok(); --n)
    meeting.task_addresses.push_back(from.text());
  return meeting;
}

}  // namespace gangline
