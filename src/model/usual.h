// What people usually ask for: policies that keep room for those to come go by it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "model/resources.h"

namespace gangline {

/// One kind of task, and what part of all tasks are of it (0 to 1).
struct UsualTask {
  CpuAmount cpus;
  std::uint32_t devices = 0;  ///< 0: CPUs alone
  Share share = whole_device;
  std::string model;  ///< of the devices; empty: any
  double part = 0;
  bool operator==(const UsualTask&) const = default;
};

/// The commonest tasks, those asked for most in front, until they are `least_part` of all that was
/// asked for; their parts add up to 1. `asked`: requests with how often each was asked for; the
/// first alternative counts, memory does not. (The typical pods of FGD: Weng et al., USENIX ATC'23,
/// section 4.)
std::vector<UsualTask> usual_tasks(
    std::span<const std::pair<const ResourceRequest*, std::uint64_t>> asked,
    double least_part = 0.95);

}  // namespace gangline
