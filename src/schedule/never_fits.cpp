#include "schedule/never_fits.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <memory>

#include "base/text.h"
#include "schedule/place/wanted.h"

namespace gangline {
namespace {

std::string counted(std::uint64_t n, const std::string& noun) {
  return std::to_string(n) + " " + noun + (n == 1 ? "" : "s");
}

std::string here(const Cluster& cluster) {
  return cluster.nodes.size() == 1 ? "this machine" : "this cluster";
}

std::string upper(std::string text) {
  for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

/// The devices of a kind that are or may come back, those for which `counts` says so.
template <class Predicate>
std::uint64_t count_devices(const Cluster& cluster, DeviceKind kind, const Predicate& counts) {
  std::uint64_t n = 0;
  for (const Node& node : cluster.nodes)
    for (const Device& device : node.devices)
      n += device.kind == kind && device.allottable && (device.present || !device.parent) &&
           counts(device);
  return n;
}

/// "NVIDIA H100 (4), NVIDIA A100 (8)": what there is of a kind.
std::string models(const Cluster& cluster, DeviceKind kind) {
  std::map<std::string, std::uint64_t> counts;
  count_devices(cluster, kind, [&](const Device& device) {
    ++counts[device.model.empty() ? "unnamed" : device.model];
    return true;
  });
  std::string text;
  for (const auto& [model, n] : counts)
    text += (text.empty() ? "" : ", ") + model + " (" + std::to_string(n) + ")";
  return text;
}

/// "AMD GPU", "FPGA": what is asked for, where a vendor may be.
std::string asked_for(const DeviceRequest& asked) {
  const std::string vendor = asked.vendor == "intel" ? "Intel" : upper(asked.vendor);
  return (vendor.empty() ? "" : vendor + " ") + upper(name_of(asked.kind));
}

/// "NVIDIA H100 (4), FPGA U280 (1) and 16 CPUs": all there is, devices of the asked kind first.
std::string all_there_is(const Cluster& cluster, DeviceKind kind, std::uint64_t cpus) {
  std::string text = models(cluster, kind);
  for (const DeviceKind other : {DeviceKind::gpu, DeviceKind::fpga}) {
    const std::string more = other == kind ? "" : models(cluster, other);
    if (!more.empty()) text += (text.empty() ? "" : ", ") + upper(name_of(other)) + " " + more;
  }
  return text + (text.empty() ? "" : " and ") + counted(cpus, "CPU");
}

struct Most {
  std::uint64_t on_one_node = 0;
  std::uint64_t in_all = 0;
  void add(std::uint64_t n) {
    on_one_node = std::max(on_one_node, n);
    in_all += n;
  }
};

/// An Error if no device passes the asked kind, vendor, model or memory.
std::optional<Error> no_such_device(const Cluster& cluster, const TaskRequest& task,
                                    std::uint32_t tasks) {
  const DeviceRequest& asked = *task.devices;
  const std::string noun = upper(name_of(asked.kind));
  const auto none = [&](const DeviceRequest& part) {
    return count_devices(cluster, asked.kind,
                         [&](const Device& device) { return matches(device, part); }) == 0;
  };
  DeviceRequest part;
  part.kind = asked.kind;
  const bool none_of_kind = none(part);
  part.vendor = asked.vendor;
  Error error{ErrorKind::refused, "", "", ""};
  if (none(part)) {
    Most cpus;
    for (const Node& node : cluster.nodes) cpus.add(cpus_of(node).whole());
    const auto offer =
        std::max<std::uint64_t>(task.cpus.whole(), std::min(cpus.on_one_node, cpus.in_all / tasks));
    const std::string n = std::to_string(std::max<std::uint64_t>(1, offer));
    error.what = here(cluster) + " has no " + asked_for(asked) + " that Gangline can use, only " +
                 all_there_is(cluster, asked.kind, cpus.in_all);
    error.hint =
        none_of_kind
            ? "ask for CPUs instead: gpus = 0 and cpus = " + n + " (or --gpus 0 --cpus " + n + ")"
            : "leave the vendor out for any " + noun + ": device = \"" + name_of(asked.kind) +
                  "\" (or --device " + name_of(asked.kind) + ")";
    return error;
  }
  const std::string has = here(cluster) + " has " + models(cluster, asked.kind);
  part.model = asked.model;
  if (none(part)) {
    error.what = "no " + asked_for(asked) + " here is a '" + asked.model + "'; " + has;
    error.hint = "ask for one of these models, or for any by leaving the model out";
    return error;
  }
  part.memory = asked.memory;
  if (none(part)) {
    Bytes largest{0};
    count_devices(cluster, asked.kind, [&](const Device& device) {
      largest = std::max(largest, device.memory);
      return true;
    });
    error.what = "no such " + noun + " here has " + format(asked.memory) + " of memory; " + has +
                 ", with at most " + format(largest);
    error.hint = "ask for at most that much memory of the device";
    return error;
  }
  return std::nullopt;
}

/// An Error if there is too little of one thing: on the largest node for one task, or in all for
/// the gang. Amounts are told as "4 <noun>s<of>", or in bytes without a noun.
std::optional<Error> too_little(const Cluster& cluster, const std::string& noun,
                                const std::string& of, std::uint64_t each, std::uint64_t tasks,
                                const Most& most) {
  const auto amount = [&](std::uint64_t n) {
    return (noun.empty() ? format(Bytes{static_cast<std::int64_t>(n)}) : counted(n, noun)) + of;
  };
  Error error{ErrorKind::refused, "", "", ""};
  if (each > most.on_one_node) {
    error.what = "a task wants " + amount(each) + ", and " +
                 (cluster.nodes.size() == 1 ? "this machine has " : "the largest node has ") +
                 amount(most.on_one_node);
    error.hint = "ask for at most " + amount(most.on_one_node) + " in each task";
    return error;
  }
  if (each * tasks > most.in_all) {
    error.what = counted(tasks, "task") + " with " + amount(each) + " each want " +
                 amount(each * tasks) + " at once, and " + here(cluster) + " has " +
                 amount(most.in_all);
    error.hint = "ask for at most " +
                 counted(std::max<std::uint64_t>(1, most.in_all / each), "task") +
                 " that start together";
    return error;
  }
  return std::nullopt;
}

std::optional<Error> reason(const Kinds& kinds, const ResourceRequest& request,
                            const TaskRequest& task, const Wanted& wanted) {
  const Cluster& cluster = kinds.cluster();
  if (task.devices)
    if (auto error = no_such_device(cluster, task, wanted.tasks)) return error;
  Most devices, cpus, memory;
  std::uint64_t fit = 0;
  bool one_vendor = false;
  for (std::uint32_t n = 0; n < kinds.nodes(); ++n) {
    const Usable& usable = wanted.on(n, kinds);
    const Node& node = kinds.node(n);
    const auto shares =
        static_cast<std::uint64_t>(whole_device.thousandths / wanted.share.thousandths);
    devices.add(usable.devices.size() * shares);
    one_vendor = one_vendor || !usable.of_other_vendors.empty();
    cpus.add(cpus_of(node).whole());
    memory.add(static_cast<std::uint64_t>(std::max<std::int64_t>(0, node.memory.n)));
    fit += tasks_that_fit(wanted, usable, all_of(node));
  }
  if (task.devices) {
    const std::string kind = upper(name_of(task.devices->kind));
    const bool whole = wanted.share == whole_device;
    const std::string noun = whole ? kind : "such share";
    const std::string of = !whole ? " of a " + kind : one_vendor ? " of one vendor" : "";
    if (auto error = too_little(cluster, noun, of, wanted.each, wanted.tasks, devices))
      return error;
  }
  if (auto error = too_little(cluster, "CPU", "", wanted.cpus.whole(), wanted.tasks, cpus))
    return error;
  const auto bytes = static_cast<std::uint64_t>(std::max<std::int64_t>(0, wanted.memory.n));
  if (auto error = too_little(cluster, "", " of memory", bytes, wanted.tasks, memory)) return error;
  return Error{ErrorKind::refused,
               describe(request) + ": " + here(cluster) + " has room for only " +
                   counted(fit, "such task") + " at once",
               "", "ask for fewer tasks that start together, or for less in each"};
}

}  // namespace

std::optional<Error> never_fits(const Kinds& kinds, const ResourceRequest& request) {
  std::optional<Error> first;
  for (std::uint32_t a = 0; a < request.alternatives.size(); ++a) {
    const Wanted wanted = want(kinds, request, a, {true, true, {}});
    if (fits_when_empty(wanted, kinds)) return std::nullopt;
    if (!first) first = reason(kinds, request, request.alternatives[a], wanted);
  }
  if (first && request.alternatives.size() > 1)
    first->what += "; nor can any of the other alternatives be met";
  return first;
}

std::optional<Error> never_fits(const Cluster& cluster, const ResourceRequest& request) {
  return never_fits(Kinds(std::make_shared<const Cluster>(cluster), {}), request);
}

}  // namespace gangline
