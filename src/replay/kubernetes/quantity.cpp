#include "replay/kubernetes/quantity.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <utility>

#include "replay/input/amounts.h"
#include "replay/input/draft.h"
#include "replay/input/row.h"

namespace gangline {
namespace {

struct Unit {
  std::string_view name;
  double factor;
};

constexpr std::array<Unit, 15> units{{{"Ki", 0x1p10},
                                      {"Mi", 0x1p20},
                                      {"Gi", 0x1p30},
                                      {"Ti", 0x1p40},
                                      {"Pi", 0x1p50},
                                      {"Ei", 0x1p60},
                                      {"n", 1e-9},
                                      {"u", 1e-6},
                                      {"m", 1e-3},
                                      {"k", 1e3},
                                      {"M", 1e6},
                                      {"G", 1e9},
                                      {"T", 1e12},
                                      {"P", 1e15},
                                      {"E", 1e18}}};

struct DeviceName {
  std::string_view resource;
  std::string_view vendor;
};
constexpr std::array<DeviceName, 5> device_names{{{"nvidia.com/gpu", "nvidia"},
                                                  {"amd.com/gpu", "amd"},
                                                  {"gpu.intel.com/i915", "intel"},
                                                  {"gpu.intel.com/xe", "intel"},
                                                  {"alibabacloud.com/gpu-count", ""}}};
constexpr std::string_view slice_prefix = "nvidia.com/mig-";

}  // namespace

std::optional<std::int64_t> parse_quantity_thousandths(std::string_view text) {
  double factor = 1;
  for (const Unit& unit : units) {
    if (!text.ends_with(unit.name)) continue;
    factor = unit.factor;
    text.remove_suffix(unit.name.size());
    break;
  }
  const auto number = parse_decimal(text);
  if (!number || *number < 0) return std::nullopt;
  const double thousandths = *number * factor * 1000;
  constexpr double most = 4e18;
  constexpr double rounding = 1e-6;
  if (!(thousandths < most)) return std::nullopt;
  return static_cast<std::int64_t>(std::ceil(thousandths - rounding));
}

std::optional<std::int64_t> quantity_thousandths(const JsonTree& value) {
  if (const auto* text = value.get_ptr<const std::string*>())
    return parse_quantity_thousandths(*text);
  const auto number = number_of(value);
  if (!number || *number < 0 || *number > 4e15) return std::nullopt;
  return static_cast<std::int64_t>(std::ceil(*number * 1000));
}

std::optional<KubernetesAmounts> read_amounts(const JsonTree& table) {
  KubernetesAmounts amounts;
  if (!table.is_object()) return amounts;
  for (const auto& entry : table.items()) {
    const std::string& name = entry.key();
    const auto* device = std::find_if(device_names.begin(), device_names.end(),
                                      [&](const DeviceName& d) { return d.resource == name; });
    const bool is_device = device != device_names.end();
    const bool is_slice = name.starts_with(slice_prefix);
    if (name != "cpu" && name != "memory" && !is_device && !is_slice) continue;
    const auto amount = quantity_thousandths(entry.value());
    if (!amount) return std::nullopt;
    if (name == "cpu") amounts.cpu_thousandths = *amount;
    else if (name == "memory") amounts.memory = {*amount / 1000};
    if (!is_device && !is_slice) continue;
    if (*amount / 1000 > most_of_a_kind) return std::nullopt;
    if (*amount == 0) continue;
    if (is_slice) {
      amounts.gpu_slices += *amount / 1000;
      amounts.slice = kept_text(std::string_view(name).substr(slice_prefix.size()));
      amounts.vendor = "nvidia";
    } else {
      amounts.gpus += *amount / 1000;
      amounts.vendor = device->vendor;
    }
  }
  return amounts;
}

}  // namespace gangline
