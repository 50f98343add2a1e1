// The device fence of control groups version 2: a small program in the kernel that is asked at each
// open of a device file.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace gangline {

struct DeviceNumber {
  bool block = false;
  std::uint32_t major = 0;
  std::uint32_t minor = 0;
};

/// The numbers of a device file; an Error if it is none.
Result<DeviceNumber> number_of_device(const std::string& path);

/// From now on nothing in the group at `directory` opens these devices. It ends with the group.
Result<void> deny_devices(const std::string& directory, const std::vector<DeviceNumber>& denied);

}  // namespace gangline
