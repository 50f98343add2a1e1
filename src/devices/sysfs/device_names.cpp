#include "devices/sysfs/device_names.h"

#include <string_view>

#include "base/text.h"
#include "devices/sysfs/read.h"
#include "devices/sysfs/see.h"

namespace gangline {
namespace {

constexpr std::size_t most_bytes = 16 << 20;  // pci.ids has 1.5 MB in 2025
constexpr std::size_t longest_name = 128;
constexpr const char* pci_lists[] = {"/usr/share/hwdata/pci.ids", "/usr/share/misc/pci.ids"};
constexpr const char* amdgpu_lists[] = {"/usr/share/libdrm/amdgpu.ids",
                                        "/opt/amdgpu/share/libdrm/amdgpu.ids"};

std::optional<std::string> usable(std::string_view name) {
  name = trim(name);
  if (name.empty() || name.size() > longest_name || printable(name) != name) return std::nullopt;
  return std::string(name);
}

/// Lines "10de  Vendor", below it "\t2330  Device", below that "\t\tsubsystems".
std::optional<std::string> find_in_pci_ids(std::string_view list, std::uint64_t vendor,
                                           std::uint64_t device) {
  bool ours = false;
  while (!list.empty()) {
    const std::size_t end = list.find('\n');
    const std::string_view line = list.substr(0, end);
    list.remove_prefix(end == std::string_view::npos ? list.size() : end + 1);
    if (line.empty() || line.starts_with('#') || line.starts_with("\t\t")) continue;
    const bool inside = line.starts_with('\t');
    if (!inside && ours) return std::nullopt;
    const std::string_view entry = inside ? line.substr(1) : line;
    if (entry.size() < 6 || (inside && !ours)) continue;
    const auto number = hex_in(entry.substr(0, 4));
    if (!inside) ours = number == vendor;
    else if (number == device) return usable(entry.substr(4));
  }
  return std::nullopt;
}

/// Lines "744C,\tC8,\tAMD Radeon RX 7900 XTX".
std::optional<std::string> find_in_amdgpu_ids(std::string_view list, std::uint64_t device,
                                              std::uint64_t revision) {
  for (const std::string_view line : split(list, '\n')) {
    const std::size_t first = line.find(',');
    const std::size_t second = line.find(',', first + 1);
    if (first == std::string_view::npos || second == std::string_view::npos) continue;
    if (hex_in(trim(line.substr(0, first))) != device ||
        hex_in(trim(line.substr(first + 1, second - first - 1))) != revision)
      continue;
    return usable(line.substr(second + 1));
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> name_in_pci_ids(const std::string& root, std::uint64_t vendor,
                                           std::uint64_t device) {
  for (const char* path : pci_lists) {
    const auto list = see_file(root + path, most_bytes);
    if (!list) continue;
    if (auto name = find_in_pci_ids(*list, vendor, device)) return name;
  }
  return std::nullopt;
}

std::optional<std::string> name_in_amdgpu_ids(const std::string& root, std::uint64_t device,
                                              std::uint64_t revision) {
  for (const char* path : amdgpu_lists) {
    const auto list = see_file(root + path, most_bytes);
    if (!list) continue;
    if (auto name = find_in_amdgpu_ids(*list, device, revision)) return name;
  }
  return std::nullopt;
}

}  // namespace gangline
