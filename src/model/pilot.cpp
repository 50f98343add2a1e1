#include "model/pilot.h"

#include <algorithm>
#include <cctype>

#include "model/job.h"

namespace gangline {
namespace {

bool has_in_it(std::string_view text, std::string_view part) {
  const auto same = [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) ==
           std::tolower(static_cast<unsigned char>(b));
  };
  return part.empty() ||
         std::search(text.begin(), text.end(), part.begin(), part.end(), same) != text.end();
}

/// How many such tasks a node has room for, as far as it is known.
std::uint64_t room_for(const PilotRequest& node, const TaskRequest& task) {
  std::uint64_t room = most_tasks_in_a_gang;
  if (const auto& devices = task.devices) {
    const bool known = devices->kind == DeviceKind::gpu && devices->vendor.empty() &&
                       devices->memory.n == 0 && has_in_it(node.model, devices->model);
    if (!known || devices->count == 0 || devices->share.thousandths <= 0) return 0;
    const auto in_one = static_cast<std::uint64_t>(1'000 / devices->share.thousandths);
    room = devices->share < whole_device ? node.gpus * in_one : node.gpus / devices->count;
  }
  if (node.cpus > 0 && task.cpus.thousandths > 0)
    room = std::min<std::uint64_t>(room, std::uint64_t{node.cpus} * 1'000 / task.cpus.thousandths);
  if (node.memory.n > 0 && task.memory.n > 0)
    room = std::min(room, static_cast<std::uint64_t>(node.memory.n / task.memory.n));
  return room;
}

}  // namespace

std::optional<Span> longest_stay(const JobSpec& spec) {
  Span longest{0};
  for (std::uint32_t n = 0; n < spec.resources.alternatives.size(); ++n) {
    const auto time = time_limit_of(spec, 0, n);
    if (!time) return std::nullopt;
    longest = std::max(longest, *time);
  }
  return longest + spec.grace;
}

bool could_take(const PilotRequest& request, const JobSpec& spec) {
  const auto stay = longest_stay(spec);
  if (stay && *stay + *stay > request.time) return false;
  const auto& choices = spec.resources.alternatives;
  return std::any_of(choices.begin(), choices.end(), [&](const TaskRequest& task) {
    return room_for(request, task) * request.nodes >= spec.resources.tasks;
  });
}

const char* name_of(PilotPhase phase) {
  switch (phase) {
    case PilotPhase::asking: return "asking";
    case PilotPhase::waiting: return "waiting";
    case PilotPhase::running: return "running";
    case PilotPhase::ending: return "ending";
    case PilotPhase::ended: return "ended";
  }
  return "?";
}

}  // namespace gangline
