#include "devices/amd/processes.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "devices/pack_node.h"
#include "devices/sysfs/read.h"
#include "os/file.h"

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
  const auto text = read_file(process + "/vram_" + std::to_string(gpu_id), most_bytes);
  if (!text) return {text.error().kind == ErrorKind::not_found, {}};
  const auto bytes = parse_number(trim(*text));
  if (!bytes || *bytes > std::uint64_t{1} << 62) return {false, {}};
  return {true, Bytes{static_cast<std::int64_t>(*bytes)}};
}

}  // namespace

KfdProcesses::KfdProcesses(const std::string& root)
    : directory_(root + "/sys/class/kfd/kfd/proc") {}

std::vector<KfdProcesses::Use> KfdProcesses::look_at(std::uint32_t pid) const {
  std::vector<Use> uses;
  const std::string process = directory_ + "/" + std::to_string(pid);
  const auto queues = gpus_with_queue(process);
  for (const std::uint64_t gpu_id : gpu_ids_) {
    const Held held = memory_held(process, gpu_id);
    if (!held.known || queues.contains(gpu_id) || (held.memory && held.memory->n > 0))
      uses.push_back({gpu_id, held.memory});
  }
  return uses;
}

std::optional<ProcessesOf> KfdProcesses::read(const std::vector<std::uint64_t>& gpu_ids) {
  if (!names_in(directory_)) return std::nullopt;
  if (gpu_ids != gpu_ids_) {
    gpu_ids_ = gpu_ids;
    seen_.clear();
  }
  // 1. Who is there, beginning with those whose turn it is.
  auto pids = numbered_in(directory_, "");
  pids.resize(std::min<std::size_t>(pids.size(), most_processes_on_device));
  std::rotate(pids.begin(), std::lower_bound(pids.begin(), pids.end(), turn_), pids.end());
  std::size_t turns = std::max<std::size_t>(1, files_a_reading / (gpu_ids.size() + 1));
  turn_ = 0;
  // 2. Look at the new ones and at as many of the others.
  std::map<std::uint32_t, Seen> now;
  for (const std::uint32_t pid : pids) {
    const auto before = seen_.find(pid);
    Seen& seen = now[pid];
    if (before != seen_.end()) seen = std::move(before->second);
    if (seen.looks >= looks_while_new) {
      if (turns == 0) {
        if (turn_ == 0) turn_ = pid;
        continue;
      }
      --turns;
    }
    seen.uses = look_at(pid);
    ++seen.looks;
  }
  seen_ = std::move(now);
  // 3. By GPU.
  ProcessesOf found;
  for (const auto& [pid, seen] : seen_)
    for (const Use& use : seen.uses) found[use.gpu_id].push_back({pid, use.memory, "", ""});
  return found;
}

}  // namespace gangline::amd
