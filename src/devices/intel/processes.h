// The processes that hold memory on an Intel GPU.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "devices/open_files.h"
#include "model/cluster.h"

namespace gangline::intel {

/// Of those that have a GPU's file open, those that use it: that hold memory of it, or of which the
/// driver does not say whether they do. A program of Level Zero opens all GPUs, so having opened
/// one is no use. User and command are left empty.
std::vector<DeviceProcess> users_among(const std::string& root, const std::string& address,
                                       const std::vector<OpenFiles::Holder>& holders);

}  // namespace gangline::intel
