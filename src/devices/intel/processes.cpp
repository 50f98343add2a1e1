#include "devices/intel/processes.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string_view>

#include "base/text.h"
#include "devices/pack_node.h"
#include "devices/sysfs/see.h"

namespace gangline::intel {
namespace {

constexpr std::size_t most_bytes = 16 << 10;
constexpr std::uint64_t most_memory = std::uint64_t{1} << 50;

// Lines "drm-total-vram0:\t1024 KiB", as Documentation/gpu/drm-usage-stats.rst says.
std::optional<std::uint64_t> bytes_in(std::string_view value) {
  const std::size_t space = value.find(' ');
  const auto number = parse_number(value.substr(0, space));
  if (!number || *number > most_memory) return std::nullopt;
  const std::string_view unit =
      space == std::string_view::npos ? std::string_view() : trim(value.substr(space));
  const int shift = unit.empty() ? 0 : unit == "KiB" ? 10 : unit == "MiB" ? 20 : -1;
  if (shift < 0 || *number > most_memory >> shift) return std::nullopt;
  return *number << shift;
}

struct Client {
  std::string id, address;
  std::optional<std::uint64_t> memory;  ///< on the card; empty: not said
};

Client read_client(const std::string& path) {
  Client client;
  const auto text = see_file(path, most_bytes);
  if (!text) return client;
  for (const std::string_view line : split(*text, '\n')) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    const std::string_view key = line.substr(0, colon), value = trim(line.substr(colon + 1));
    if (key == "drm-client-id") client.id = value;
    if (key == "drm-pdev") client.address = value;
    // xe calls the memory of a tile vram0, i915 that of the card local0.
    if (!key.starts_with("drm-total-vram") && !key.starts_with("drm-total-local")) continue;
    if (const auto bytes = bytes_in(value)) client.memory = client.memory.value_or(0) + *bytes;
  }
  return client;
}

}  // namespace

CardUsers::Use CardUsers::use_of(const std::string& address,
                                 const OpenFiles::Holder& holder) const {
  // Several descriptors may be of one client, and each of them tells its whole memory.
  std::map<std::string, std::uint64_t> clients;
  const std::string told = root_ + "/proc/" + std::to_string(holder.pid) + "/fdinfo/";
  for (const std::uint32_t fd : holder.fds) {
    const Client client = read_client(told + std::to_string(fd));
    if (client.address != address || !client.memory) return {true, {}};
    clients[client.id] = *client.memory;
  }
  std::uint64_t memory = 0;
  for (const auto& [id, bytes] : clients) memory = std::min(memory + bytes, most_memory);
  return {memory > 0, Bytes{static_cast<std::int64_t>(memory)}};
}

std::vector<DeviceProcess> CardUsers::among(const std::string& address,
                                            const std::vector<OpenFiles::Holder>& holders) {
  std::map<std::int64_t, Use> now;
  const std::map<std::int64_t, Use>& before = seen_[address];
  std::vector<DeviceProcess> users;
  for (const OpenFiles::Holder& holder : holders) {
    if (users.size() == most_processes_on_device) break;
    const auto known = before.find(holder.pid);
    const Use use =
        holder.looked_at || known == before.end() ? use_of(address, holder) : known->second;
    now.emplace(holder.pid, use);
    if (use.uses) users.push_back({holder.pid, use.memory, "", ""});
  }
  seen_[address] = std::move(now);
  return users;
}

}  // namespace gangline::intel
