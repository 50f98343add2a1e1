#include <array>
#include <cmath>
#include <cstdlib>

#include "base/text.h"
#include "jobspec/job_reader.h"
#include "jobspec/read_value.h"
#include "model/check_spec.h"

namespace gangline {
namespace {

constexpr std::array<std::string_view, 4> device_keys{"gpus", "gpu_memory", "model", "device"};
constexpr std::array<std::string_view, 7> alternative_keys{"gpus", "gpu_memory", "model", "device",
                                                           "cpus", "memory",     "rate"};
constexpr std::array<std::string_view, 6> device_names{"gpu",   "nvidia", "amd",
                                                       "intel", "fpga",   "cpu"};

// The number of a value, where it is one: 2, 0.5, or a typed "0.5".
std::optional<double> number_of(const Written& value) {
  if (value.kind == WrittenKind::whole || value.kind == WrittenKind::real) return value.number;
  if (value.kind != WrittenKind::typed || value.text.empty()) return std::nullopt;
  if (value.text.find_first_not_of("0123456789.", value.text[0] == '-' ? 1 : 0) !=
      std::string::npos)
    return std::nullopt;
  char* end = nullptr;
  const double number = std::strtod(value.text.c_str(), &end);
  return *end == '\0' ? std::optional(number) : std::nullopt;
}

// Sets count or share. False: none are asked for, or there was a mistake.
bool read_gpus(const Written& value, DeviceRequest& devices, Mistakes& mistakes) {
  const auto number = number_of(value);
  if (!number) {
    add_wrong_kind({"gpus", value}, "a number", mistakes,
                   value.kind == WrittenKind::text ? "write it without quotes: gpus = 1" : "");
    return false;
  }
  const std::string shown = printable(value.text);
  if (!(*number >= 0 && *number <= most_devices_of_a_task)) {
    mistakes.add(value.place, "gpus is " + shown + "; it goes from 0 to " +
                                  std::to_string(most_devices_of_a_task));
    return false;
  }
  if (*number == std::floor(*number)) {
    devices.count = static_cast<std::uint32_t>(*number);
    return devices.count > 0;
  }
  if (*number > 1) {
    mistakes.add(value.place, "gpus is " + shown + ", neither a whole number nor a share below 1",
                 "ask for " + std::to_string(static_cast<int>(std::ceil(*number))) +
                     " whole ones, or for a share of one, such as 0.5");
    return false;
  }
  constexpr double rounding = 1e-9;  // 0.29 * 1000 is a little less than 290
  devices.share.thousandths = static_cast<std::int32_t>(*number * 1000 + rounding);
  if (devices.share.thousandths > 0) return true;
  mistakes.add(value.place, "gpus is " + shown + "; the smallest share is 0.001");
  return false;
}

void read_device(const Written& value, DeviceRequest& devices, Mistakes& mistakes) {
  const auto choice = read_choice({"device", value}, device_names, mistakes);
  if (!choice) return;
  const std::string_view name = device_names[*choice];
  if (name == "fpga") devices.kind = DeviceKind::fpga;
  else if (name != "gpu") devices.vendor = name;
}

/// device = "cpu" asks for no device and says so, as {device} does.
bool asks_for_none(const Written& table, Mistakes& mistakes) {
  const Written* device = find(table, "device");
  if (device == nullptr || device->text != "cpu") return false;
  for (const std::string_view key : {"gpus", "gpu_memory", "model"}) {
    const Written* value = find(table, key);
    if (value != nullptr && !(key == "gpus" && number_of(*value) == 0.0))
      mistakes.add(value->place, std::string(key) + " describes a device, and device is cpu",
                   "leave one of the two out");
  }
  return true;
}

// The devices that a table asks for. A model, a memory or a kind alone asks for one.
std::optional<DeviceRequest> read_devices(const Written& table, Mistakes& mistakes) {
  DeviceRequest devices;
  if (asks_for_none(table, mistakes)) return std::nullopt;
  const Written* gpus = find(table, "gpus");
  const bool wanted = gpus == nullptr || read_gpus(*gpus, devices, mistakes);
  const bool none = gpus != nullptr && devices.count == 0;
  bool described = false;
  for (const std::string_view key : device_keys) {
    const Written* value = find(table, key);
    if (value == nullptr || key == "gpus") continue;
    described = true;
    if (none)
      mistakes.add(value->place, std::string(key) + " describes a device, and gpus is 0",
                   "leave one of the two out");
    else if (key == "device") read_device(*value, devices, mistakes);
    else if (key == "model") devices.model = read_text({key, *value}, mistakes).value_or("");
    else devices.memory = read_bytes({key, *value}, mistakes).value_or(Bytes{0});
  }
  if (!wanted || (gpus == nullptr && !described)) return std::nullopt;
  return devices;
}

void read_cpus_and_memory(const Written& table, TaskRequest& task, Mistakes& mistakes) {
  if (const Written* cpus = find(table, "cpus")) {
    const auto number = read_whole({"cpus", *cpus}, 1, most_cpus_of_a_task, mistakes);
    if (number) task.cpus = whole_cpus(static_cast<std::uint32_t>(*number));
  }
  if (const Written* memory = find(table, "memory"))
    task.memory = read_bytes({"memory", *memory}, mistakes).value_or(Bytes{0});
}

/// "rate = 1.5"
void read_rate(const Written& table, TaskRequest& task, Mistakes& mistakes) {
  const Written* rate = find(table, "rate");
  if (rate == nullptr) return;
  const auto number = number_of(*rate);
  constexpr double most = highest_rate / 1000.0;
  if (!number) return add_wrong_kind({"rate", *rate}, "a number", mistakes, "write rate = 1.5");
  if (!(*number >= 0.001 && *number <= most))
    return mistakes.add(rate->place,
                        "rate is " + printable(rate->text) + "; it goes from 0.001 to 1000");
  task.rate = static_cast<std::uint32_t>(std::llround(*number * 1000));
}

// `usual`: the cpus and memory of an alternative that does not name its own.
std::vector<TaskRequest> read_any_of(const Written& any_of, const TaskRequest& usual,
                                     Mistakes& mistakes) {
  if (any_of.kind != WrittenKind::list || any_of.items.empty()) {
    const std::string hint = "write any_of = [{ gpus = 1 }, { cpus = 16 }]";
    if (any_of.kind == WrittenKind::list)
      mistakes.add(any_of.place, "any_of holds no alternative", hint);
    else add_wrong_kind({"any_of", any_of}, "a list of tables", mistakes, hint);
    return {usual};
  }
  std::vector<TaskRequest> alternatives;
  for (const Written& item : any_of.items) {
    if (alternatives.size() > most_alternatives) break;  // the check says how many are too many
    TaskRequest task = usual;
    if (item.kind != WrittenKind::table) {
      add_wrong_kind({"an alternative of any_of", item}, "a table", mistakes,
                     "write { gpus = 1 } or { cpus = 16 }");
    } else {
      refuse_unknown_keys(item, alternative_keys, mistakes);
      task.devices = read_devices(item, mistakes);
      read_cpus_and_memory(item, task, mistakes);
      read_rate(item, task, mistakes);
    }
    alternatives.push_back(std::move(task));
  }
  return alternatives;
}

}  // namespace

ResourceRequest read_resources(const Written& root, Mistakes& mistakes) {
  ResourceRequest request;
  if (const Written* tasks = find(root, "tasks")) {
    const auto number = read_whole({"tasks", *tasks}, 1, most_tasks_in_a_gang, mistakes);
    if (number) request.tasks = static_cast<std::uint32_t>(*number);
  }
  TaskRequest usual;
  read_cpus_and_memory(root, usual, mistakes);
  const Written* any_of = find(root, "any_of");
  if (any_of == nullptr) {
    usual.devices = read_devices(root, mistakes);
    request.alternatives = {usual};
    return request;
  }
  for (const std::string_view key : device_keys)
    if (const Written* value = find(root, key))
      mistakes.add(value->place, std::string(key) + " and any_of cannot stand together",
                   "put it into each alternative of any_of");
  request.alternatives = read_any_of(*any_of, usual, mistakes);
  return request;
}

}  // namespace gangline
