// Sensors: <device>/hwmon/hwmonN with files as power1_average, temp2_input. Named and measured as
// Documentation/hwmon/sysfs-interface.rst of the kernel says: microwatts, millidegrees.
#pragma once

#include <optional>
#include <string>

#include "base/units.h"

namespace gangline {

/// The directory of the sensors that call themselves `name`; empty: there are none.
std::string hwmon_of(const std::string& device_directory, const std::string& name);

/// Power of a file in microwatts. Unknown for 0 as well: nothing that runs takes none, but drivers
/// say so for what another device measures for it.
std::optional<Watts> watts_at(const std::string& path);
/// Temperature of a file in thousandths of a degree.
std::optional<double> celsius_at(const std::string& path);
/// The temp*_input whose temp*_label is this; empty: none.
std::string thermometer(const std::string& hwmon, const std::string& label);

}  // namespace gangline
