#include "model/queue.h"

#include "base/text.h"

namespace gangline {
namespace {

/// Following parents from there leads back.
bool is_part_of_itself(const std::vector<Queue>& queues, std::uint32_t queue) {
  std::uint32_t at = queue;
  for (std::size_t steps = 0; steps < queues.size(); ++steps) {
    if (!queues[at].parent) return false;
    at = *queues[at].parent;
    if (at == queue) return true;
  }
  return false;  // another one is: it is told there
}

bool is_more(const std::optional<std::uint32_t>& guaranteed,
             const std::optional<std::uint32_t>& limit) {
  return guaranteed && limit && *guaranteed > *limit;
}

/// A guarantee of nothing is none.
bool exceeds(const std::optional<std::uint32_t>& part, const std::optional<std::uint32_t>& whole) {
  return part && whole.value_or(0) > 0 && *part > *whole;
}

}  // namespace

std::optional<std::uint32_t> find_queue(const std::vector<Queue>& queues, const std::string& name) {
  for (std::uint32_t i = 0; i < queues.size(); ++i)
    if (queues[i].name == name) return i;
  return std::nullopt;
}

Result<std::optional<Span>> time_in(const Queue& queue, std::optional<Span> asked) {
  if (!queue.time || !asked) return asked ? asked : queue.time;
  if (*asked > *queue.time)
    return Error{ErrorKind::refused,
                 "a job of queue " + queue.name + " may run for " + format(*queue.time) +
                     " at most, and this one asks for " + format(*asked),
                 "time", "ask for less, or name another queue"};
  return asked;
}

Result<void> check_queue(const std::vector<Queue>& queues, std::uint32_t index) {
  const Queue& queue = queues[index];
  if (is_part_of_itself(queues, index))
    return Error{ErrorKind::usage, "the queue '" + queue.name + "' is a part of itself", "queue",
                 "name as parent a queue that is no part of it"};
  if (is_more(queue.guaranteed.devices, queue.limit.devices) ||
      is_more(queue.guaranteed.cpus, queue.limit.cpus))
    return Error{ErrorKind::usage,
                 "more is guaranteed to the queue '" + queue.name + "' than its limit", "queue",
                 "raise its limit or guarantee less"};
  return {};
}

Result<void> check_parts(const std::vector<Queue>& queues, std::uint32_t index) {
  const Queue& queue = queues[index];
  if (queue.parent) {
    const Queue& whole = queues[*queue.parent];
    if (exceeds(queue.guaranteed.devices, whole.guaranteed.devices) ||
        exceeds(queue.guaranteed.cpus, whole.guaranteed.cpus))
      return Error{ErrorKind::usage,
                   "more is guaranteed to the queue '" + queue.name + "' than to '" + whole.name +
                       "', which it is a part of",
                   "queue", "guarantee more to the whole or less to the part"};
  }
  std::uint64_t devices = 0, cpus = 0;
  for (const Queue& part : queues) {
    if (part.parent != index) continue;
    devices += part.guaranteed.devices.value_or(0);
    cpus += part.guaranteed.cpus.value_or(0);
  }
  if ((queue.limit.devices && devices > *queue.limit.devices) ||
      (queue.limit.cpus && cpus > *queue.limit.cpus))
    return Error{
        ErrorKind::usage,
        "more is guaranteed to the parts of the queue '" + queue.name + "' together than its limit",
        "queue", "raise its limit or guarantee less to its parts"};
  return {};
}

Result<void> check_queues(const std::vector<Queue>& queues) {
  for (std::uint32_t i = 0; i < queues.size(); ++i)
    if (auto good = check_queue(queues, i); !good) return good;
  for (std::uint32_t i = 0; i < queues.size(); ++i)
    if (auto good = check_parts(queues, i); !good) return good;
  return {};
}

}  // namespace gangline
