#include "model/resources.h"

#include <algorithm>
#include <cstdio>
#include <numeric>

#include "base/text.h"

namespace gangline {
namespace {

std::string counted(std::uint64_t n, const std::string& noun) {
  return std::to_string(n) + " " + noun + (n == 1 ? "" : "s");
}

std::string describe(const DeviceRequest& devices) {
  std::string text;
  if (devices.share != whole_device) {
    char part[24];
    std::snprintf(part, sizeof part, "%g", devices.share.thousandths / 1000.0);
    text = std::string(part) + " of a " + name_of(devices.kind);
  } else {
    text = counted(devices.count, name_of(devices.kind));
  }
  std::string kind = devices.vendor;
  if (!devices.model.empty()) kind += (kind.empty() ? "" : " ") + devices.model;
  if (devices.memory.n > 0)
    kind += (kind.empty() ? "" : ", ") + ("at least " + format(devices.memory));
  return kind.empty() ? text : text + " (" + kind + ")";
}

}  // namespace

const char* name_of(DeviceKind kind) {
  switch (kind) {
    case DeviceKind::gpu: return "gpu";
    case DeviceKind::fpga: return "fpga";
  }
  return "gpu";
}

std::string describe(CpuAmount cpus) {
  char text[24];
  std::snprintf(text, sizeof text, "%.12g", cpus.thousandths / 1000.0);
  return std::string(text) + (cpus.thousandths == 1000 ? " cpu" : " cpus");
}

std::string describe(const TaskRequest& request) {
  std::string text = request.devices ? describe(*request.devices) + " and " : "";
  text += describe(request.cpus);
  if (request.memory.n > 0) text += " and " + format(request.memory) + " of memory";
  if (request.rate) {
    char rate[24];
    std::snprintf(rate, sizeof rate, "%g", *request.rate / 1000.0);
    text += " at rate " + std::string(rate);
  }
  return text;
}

Span time_with(const TaskRequest& task, Span time) {
  if (!task.rate || *task.rate == 0) return time;
  const auto rate = static_cast<__int128>(*task.rate);
  const __int128 scaled = (static_cast<__int128>(time.us) * 1'000 + rate - 1) / rate;
  return Span{static_cast<std::int64_t>(std::min<__int128>(scaled, (never - Time{}).us))};
}

Span work_with(const TaskRequest& task, Span ran) {
  if (!task.rate) return ran;
  const __int128 scaled = static_cast<__int128>(ran.us) * rate_of(task) / 1'000;
  return Span{static_cast<std::int64_t>(std::min<__int128>(scaled, (never - Time{}).us))};
}

std::vector<std::uint32_t> liked_in_order(const ResourceRequest& request) {
  std::vector<std::uint32_t> order(request.alternatives.size());
  std::iota(order.begin(), order.end(), 0u);
  std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    return rate_of(request.alternatives[a]) > rate_of(request.alternatives[b]);
  });
  return order;
}

Span slowest_time(const ResourceRequest& request, Span time) {
  Span longest{0};
  for (const TaskRequest& task : request.alternatives)
    longest = std::max(longest, time_with(task, time));
  return longest;
}

bool has_rates(const ResourceRequest& request) {
  return std::any_of(request.alternatives.begin(), request.alternatives.end(),
                     [](const TaskRequest& task) { return task.rate.has_value(); });
}

std::string describe(const ResourceRequest& request) {
  std::string text;
  for (const TaskRequest& alternative : request.alternatives)
    text += (text.empty() ? "" : ", or ") + describe(alternative);
  return request.tasks == 1 ? text : counted(request.tasks, "task") + ", each " + text;
}

}  // namespace gangline
