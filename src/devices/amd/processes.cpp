#include "devices/amd/processes.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "devices/pack_node.h"
#include "devices/sysfs/read.h"
#include "devices/sysfs/see.h"

namespace gangline::amd {
namespace {

constexpr std::size_t most_queues = 1024;
constexpr std::size_t most_bytes = 4096;

/// GPUs on which the process has a queue.
std::set<std::uint64_t> gpus_with_queue(const std::string& process) {
  std::set<std::uint64_t> gpus;
  auto queues = numbered_in(process + "/queues", "");
  queues.resize(std::min(queues.size(), most_queues));
  for (const std::uint32_t queue : queues)
    if (const auto gpu = number_at(process + "/queues/" + std::to_string(queue) + "/gpuid"))
      gpus.insert(*gpu);
  return gpus;
}

struct Held {
  bool known = true;  ///< false: something is there that cannot be read
  std::optional<Bytes> memory;
};

Held memory_held(const std::string& process, std::uint64_t gpu_id) {
  const auto text = see_file(process + "/vram_" + std::to_string(gpu_id), most_bytes);
  if (!text) return {text.error().kind == ErrorKind::not_found, {}};
  const auto bytes = parse_number(trim(*text));
  if (!bytes || *bytes > std::uint64_t{1} << 62) return {false, {}};
  return {true, Bytes{static_cast<std::int64_t>(*bytes)}};
}

}  // namespace

std::optional<ProcessesOf> read_processes(const std::string& root,
                                          const std::vector<std::uint64_t>& gpu_ids) {
  const std::string all = root + "/sys/class/kfd/kfd/proc";
  if (!names_in(all)) return std::nullopt;
  ProcessesOf found;
  auto pids = numbered_in(all, "");
  pids.resize(std::min<std::size_t>(pids.size(), most_processes_on_device));
  for (const std::uint32_t pid : pids) {
    const std::string process = all + "/" + std::to_string(pid);
    const auto queues = gpus_with_queue(process);
    for (const std::uint64_t gpu_id : gpu_ids) {
      const Held held = memory_held(process, gpu_id);
      const bool uses =
          !held.known || queues.contains(gpu_id) || (held.memory && held.memory->n > 0);
      if (uses) found[gpu_id].push_back({pid, held.memory, "", ""});
    }
  }
  return found;
}

}  // namespace gangline::amd
