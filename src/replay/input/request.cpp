#include "replay/input/request.h"

#include <algorithm>

#include "model/check_spec.h"
#include "model/job.h"
#include "replay/input/draft.h"

namespace gangline {
namespace {

constexpr std::int64_t most_thousandths_of_a_task = std::int64_t{most_cpus_of_a_task} * 1000;

std::int64_t divided_up(std::int64_t n, std::int64_t parts) { return (n + parts - 1) / parts; }

void refuse_more(Why& why, const char* of_what, std::int64_t n, std::int64_t most) {
  const std::string limit = "asks for more than " + std::to_string(most) + " " + of_what;
  why.say(limit, limit + ": " + std::to_string(n));
}

// Machines of old had more processors than a gang of ours may have tasks: then a task gets several.
std::int64_t processors_of_a_task(std::int64_t n) {
  std::int64_t each = divided_up(n, most_tasks_in_a_gang);
  const std::int64_t most = each * 64;
  for (std::int64_t d = each; each > 1 && d <= most; ++d)
    if (n % d == 0) return d;
  return each;
}

}  // namespace

void set_cpus(TaskRequest& task, std::int64_t thousandths) {
  task.cpus.thousandths = static_cast<std::uint32_t>(
      std::clamp<std::int64_t>(thousandths, 1, most_thousandths_of_a_task));
}

ResourceRequest request_of(const Asked& asked, Why& why) {
  ResourceRequest request;
  TaskRequest& task = request.alternatives.front();
  std::int64_t parts = std::max<std::int64_t>(asked.parts, asked.gpus == 0 ? 1 : 0);
  if (asked.gpus > 0 && (parts == 0 || asked.gpus % parts != 0)) parts = asked.gpus;
  if (parts > most_tasks_in_a_gang) {
    refuse_more(why, "tasks", parts, most_tasks_in_a_gang);
    return request;
  }
  request.tasks = static_cast<std::uint32_t>(parts);
  if (asked.gpus > 0) {
    const std::int64_t count = asked.gpus / parts;
    if (count > most_devices_of_a_task)
      refuse_more(why, "GPUs for a task", count, most_devices_of_a_task);
    task.devices.emplace();
    task.devices->count = static_cast<std::uint32_t>(std::min<std::int64_t>(count, 1 << 20));
    task.devices->model = asked.model;
  }
  const std::int64_t cpus = divided_up(asked.cpu_thousandths, parts);
  if (cpus > most_thousandths_of_a_task)
    refuse_more(why, "CPUs for a task", cpus / 1000, most_cpus_of_a_task);
  set_cpus(task, cpus);
  task.memory = {divided_up(asked.memory.n, parts)};
  if (task.memory > most_memory_of_a_task)
    refuse_more(why, "bytes of memory for a task", task.memory.n, most_memory_of_a_task.n);
  return request;
}

ResourceRequest share_request(const Asked& asked, std::int64_t gpu_thousandths, Why& why) {
  if (gpu_thousandths < 1 || gpu_thousandths > whole_device.thousandths)
    why.say("a share of a GPU is not between 1 and 1000 thousandths",
            "the share of a GPU is " + std::to_string(gpu_thousandths) + " thousandths");
  ResourceRequest request = request_of(asked, why);
  TaskRequest& task = request.alternatives.front();
  if (task.devices && !why.said())
    task.devices->share = {static_cast<std::int32_t>(gpu_thousandths)};
  return request;
}

ResourceRequest processors_request(std::int64_t n, Processors kind, Bytes memory_of_each,
                                   Why& why) {
  Asked asked;
  if (kind == Processors::gpus) {
    asked.gpus = n;
    asked.memory = memory_of_each * n;
    return request_of(asked, why);
  }
  const std::int64_t each = processors_of_a_task(n);
  asked.parts = divided_up(n, each);
  asked.cpu_thousandths = asked.parts * each * 1000;
  asked.memory = memory_of_each * (asked.parts * each);
  return request_of(asked, why);
}

}  // namespace gangline
