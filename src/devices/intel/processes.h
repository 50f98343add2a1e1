// The processes that hold memory on an Intel GPU.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "devices/open_files.h"
#include "model/cluster.h"

namespace gangline::intel {

/// Remembers of a GPU's holders what they used, for those that are not looked at each time.
class CardUsers {
 public:
  explicit CardUsers(std::string root) : root_(std::move(root)) {}

  /// Of those that have the file of the GPU at this PCI address open, those that use it: that hold
  /// memory of it, or of which the driver does not say whether they do. A program of Level Zero
  /// opens all GPUs, so having opened one is no use. User and command are left empty.
  std::vector<DeviceProcess> among(const std::string& address,
                                   const std::vector<OpenFiles::Holder>& holders);

 private:
  struct Use {
    bool uses = false;
    std::optional<Bytes> memory;
  };
  Use use_of(const std::string& address, const OpenFiles::Holder& holder) const;

  std::string root_;
  std::map<std::string, std::map<std::int64_t, Use>> seen_;  ///< by PCI address and pid
};

}  // namespace gangline::intel
