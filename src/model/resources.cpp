#include "model/resources.h"

#include <cstdio>

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
  return text;
}

std::string describe(const ResourceRequest& request) {
  std::string text;
  for (const TaskRequest& alternative : request.alternatives)
    text += (text.empty() ? "" : ", or ") + describe(alternative);
  return request.tasks == 1 ? text : counted(request.tasks, "task") + ", each " + text;
}

}  // namespace gangline
