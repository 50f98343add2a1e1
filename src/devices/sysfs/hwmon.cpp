#include "devices/sysfs/hwmon.h"

#include <cstdlib>

#include "base/text.h"
#include "devices/sysfs/read.h"

namespace gangline {
namespace {

constexpr std::uint64_t most_microwatts = 100'000'000'000;  // 100 kW: no device takes that
constexpr std::uint64_t most_millidegrees = 250'000;
constexpr int most_thermometers = 16;

}  // namespace

std::string hwmon_of(const std::string& device_directory, const std::string& name) {
  const std::string all = device_directory + "/hwmon";
  for (const std::uint32_t n : numbered_in(all, "hwmon")) {
    const std::string one = all + "/hwmon" + std::to_string(n);
    if (text_at(one + "/name") == name) return one;
  }
  return {};
}

std::optional<Watts> watts_at(const std::string& path) {
  const auto microwatts = number_at(path);
  if (!microwatts || *microwatts == 0 || *microwatts > most_microwatts) return std::nullopt;
  return Watts{static_cast<double>(*microwatts) / 1e6};
}

std::optional<double> celsius_at(const std::string& path) {
  const auto text = text_at(path);
  if (!text) return std::nullopt;
  const bool below = text->starts_with('-');
  const auto millidegrees = parse_number(below ? text->substr(1) : *text);
  if (!millidegrees || *millidegrees > most_millidegrees) return std::nullopt;
  const double celsius = static_cast<double>(*millidegrees) / 1000;
  return below ? -celsius : celsius;
}

std::string thermometer(const std::string& hwmon, const std::string& label) {
  if (hwmon.empty()) return {};
  for (int n = 1; n <= most_thermometers; ++n) {
    const std::string one = hwmon + "/temp" + std::to_string(n);
    if (text_at(one + "_label") == label) return one + "_input";
  }
  return {};
}

}  // namespace gangline
