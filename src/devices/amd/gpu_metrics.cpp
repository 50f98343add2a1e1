#include "devices/amd/gpu_metrics.h"

#include <cstring>

namespace gangline::amd {
namespace {

// Offsets from the structs gpu_metrics_v1_* of the kernel's kgd_pp_interface.h. Format 1 is that of
// cards, 2 and 3 are those of integrated GPUs, which count no energy. 1.0 is not aligned and says
// little; 1.9 is a list of attributes.
struct Layout {
  std::uint8_t revision;
  std::size_t hotspot, power, busy, energy;
};
constexpr Layout layouts[] = {
    {1, 6, 22, 16, 24}, {2, 6, 22, 16, 24}, {3, 6, 22, 16, 24}, {4, 4, 10, 12, 24},
    {5, 4, 10, 12, 88}, {6, 4, 10, 12, 16}, {7, 4, 10, 12, 24}, {8, 4, 10, 12, 24},
};
constexpr std::uint8_t first_for_all_chips = 4;
constexpr std::size_t header_size = 4;

template <class T>
std::optional<T> value_at(std::string_view bytes, std::size_t offset) {
  T value{};
  if (bytes.size() < offset + sizeof value) return std::nullopt;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  // All ones says that there is no such reading. None of these is ever 0 on a GPU that is awake but
  // its use.
  if (value == static_cast<T>(~T{0})) return std::nullopt;
  return value;
}

}  // namespace

GpuMetrics decode_metrics(std::string_view bytes, std::uint64_t chip) {
  GpuMetrics metrics;
  if (bytes.size() < header_size) return metrics;
  std::uint16_t size = 0;
  std::memcpy(&size, bytes.data(), sizeof size);
  const auto format = static_cast<std::uint8_t>(bytes[2]);
  const auto revision = static_cast<std::uint8_t>(bytes[3]);
  if (format != 1 || size > bytes.size()) return metrics;
  bytes = bytes.substr(0, size);
  for (const Layout& layout : layouts) {
    if (layout.revision != revision) continue;
    const auto busy = value_at<std::uint16_t>(bytes, layout.busy);
    if (busy && *busy <= 100) metrics.busy_percent = *busy;
    const auto watts = value_at<std::uint16_t>(bytes, layout.power);
    if (watts && *watts > 0) metrics.power = Watts{static_cast<double>(*watts)};
    const auto celsius = value_at<std::uint16_t>(bytes, layout.hotspot);
    if (celsius && *celsius > 0 && *celsius < 250) metrics.hotspot_celsius = *celsius;
    const auto energy = value_at<std::uint64_t>(bytes, layout.energy);
    const bool counted = revision >= first_for_all_chips || chip == 90008 || chip == 90010;
    if (energy && *energy > 0 && counted) metrics.energy_units = *energy;
  }
  return metrics;
}

}  // namespace gangline::amd
