#include "engine/slurm/pilot/node_hello.h"

#include "base/pack.h"
#include "devices/pack_node.h"

namespace gangline {
namespace {

Error broken(const char* what) {
  return {ErrorKind::broken, what, "a node of a pilot", "is its `gang` of another version?"};
}

}  // namespace

std::string frame_of(const NodeHello& hello) {
  Packer body;
  body.u32(hello.version);
  body.text(hello.host);
  body.text(hello.boot);
  body.text(hello.address);
  body.u32(static_cast<std::uint32_t>(hello.ports.size()));
  for (const std::uint16_t port : hello.ports) body.u32(port);
  body.i64(hello.ends ? hello.ends->us : 0);
  pack(body, hello.node);
  body.u32(hello.node.counted.thousandths);  // which is nothing that a machine says of itself
  Packer length;
  length.u32(static_cast<std::uint32_t>(body.bytes().size()));
  return length.take() + body.bytes();
}

Result<std::optional<NodeHello>> take_node_hello(std::string& bytes) {
  if (bytes.size() < 4) return std::optional<NodeHello>{};
  const std::size_t size = Unpacker(bytes).u32();
  if (size > largest_node_hello) return broken("its first message is longer than may be");
  if (bytes.size() < 4 + size) return std::optional<NodeHello>{};
  Unpacker from(std::string_view(bytes).substr(4, size));
  NodeHello hello;
  hello.version = from.u32();
  if (hello.version != node_hello_version) return broken("it is of another version");
  hello.host = from.text();
  hello.boot = from.text();
  hello.address = from.text();
  const std::uint32_t ports = from.count(4);
  if (ports > most_offered_ports) from.fail();
  for (std::uint32_t i = 0; i < ports && from.ok(); ++i) {
    const std::uint32_t port = from.u32();
    if (port == 0 || port > 0xffff) from.fail();
    hello.ports.push_back(static_cast<std::uint16_t>(port));
  }
  if (const Time ends{from.i64()}; ends.us > 0) hello.ends = ends;
  hello.node = unpack_node(from);
  hello.node.counted.thousandths = from.u32();
  if (!from.ok() || !from.at_end()) return broken("its first message makes no sense");
  bytes.erase(0, 4 + size);
  return std::optional<NodeHello>{std::move(hello)};
}

}  // namespace gangline
