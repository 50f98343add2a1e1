// From what a log says of a job's size to a request. All readers ask here, so that one size means
// one thing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "model/resources.h"

namespace gangline {

class Why;

/// The only place that writes `TaskRequest::cpus`. 0: the log does not say.
void set_cpus(TaskRequest& task, std::int64_t thousandths);

/// What a job got or asked for, all of it together.
struct Asked {
  std::int64_t gpus = 0;
  std::int64_t cpu_thousandths = 0;  ///< 0: unknown
  Bytes memory{0};                   ///< 0: unknown
  std::string model;                 ///< of its GPUs; "A|B" for either; empty: any
  /// Into how many equal parts it is cut, none larger than a node; 0: unknown, then each GPU is a
  /// part, which the schedule puts as close together as can be.
  std::int64_t parts = 0;
};

/// One task for each part. Parts that cannot be equal become one for each GPU. CPUs and memory of a
/// part are rounded up.
ResourceRequest request_of(const Asked& asked, Why& why);

/// A task with part of one GPU: openb, GPU sharing of Kubernetes.
ResourceRequest share_request(const Asked& asked, std::int64_t gpu_thousandths, Why& why);

/// `n` parts of one processor each, where processors are CPUs or, if the caller says so, GPUs.
enum class Processors : std::uint8_t { cpus, gpus };
ResourceRequest processors_request(std::int64_t n, Processors kind, Bytes memory_of_each, Why& why);

}  // namespace gangline
