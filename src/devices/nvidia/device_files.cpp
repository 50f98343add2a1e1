#include "devices/nvidia/device_files.h"

#include "base/text.h"
#include "devices/sysfs/see.h"

namespace gangline::nvml {

std::vector<std::string> slice_files(const std::string& root, std::optional<std::uint32_t> minor,
                                     const SliceNumbers& numbers) {
  std::vector<std::string> files;
  if (!minor || !numbers.gpu_instance || !numbers.compute_instance) return files;
  const auto list = see_file(root + "/proc/driver/nvidia-caps/mig-minors");
  if (!list) return files;
  // Lines as "gpu0/gi1/access 30" and "gpu0/gi1/ci0/access 31"; a GPU is named by its minor number.
  const std::string instance =
      "gpu" + std::to_string(*minor) + "/gi" + std::to_string(*numbers.gpu_instance) + "/";
  const std::string gpu_access = instance + "access";
  const std::string compute_access =
      instance + "ci" + std::to_string(*numbers.compute_instance) + "/access";
  for (const std::string_view line : split(*list, '\n')) {
    const auto words = split(trim(line), ' ');
    if (words.size() != 2 || (words[0] != gpu_access && words[0] != compute_access)) continue;
    if (const auto cap = parse_number(words[1]))
      files.push_back("/dev/nvidia-caps/nvidia-cap" + std::to_string(*cap));
  }
  return files;
}

}  // namespace gangline::nvml
