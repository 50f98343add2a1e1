// What the names say that sites give their GPUs: "h100", "nvidia_a100-sxm4-80gb", "1g.10gb".
#pragma once

#include <string>
#include <string_view>

#include "base/units.h"

namespace gangline {

struct GpuTypeFacts {
  std::string vendor;  ///< "nvidia", "amd", "intel"; empty: not known
  Bytes memory{0};     ///< the least that GPUs of this name have; 0: not known
};
GpuTypeFacts gpu_type_facts(std::string_view type);

}  // namespace gangline
