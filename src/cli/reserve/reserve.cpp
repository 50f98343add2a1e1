// `gang reserve`: holds devices for a person, lists what is held, gives it back.
#include "base/text.h"
#include "cli/ask.h"
#include "cli/commands.h"
#include "cli/reserve/local_times.h"
#include "jobspec/house/read_house.h"
#include "json/json.h"

namespace gangline {
namespace {

/// "device 2, 0.5 of device 3 and 2 cpus": what was found for it.
std::string what_of(const Reservation& one) {
  std::string devices;
  std::uint32_t cpus = 0;
  for (const NodePart& part : one.what.parts)
    for (const TaskPlace& task : part.tasks) {
      cpus += cpus_of(task).whole();
      for (const DeviceShare& share : task.devices)
        devices += (devices.empty() ? "" : ", ") +
                   (share.share == whole_device ? std::string() : format(share.share) + " of ") +
                   "device " + std::to_string(share.device);
    }
  const std::string host = std::to_string(cpus) + (cpus == 1 ? " cpu" : " cpus");
  return devices.empty() ? host : devices + " and " + host;
}

void print_one(const Reservation& one, Output& out) {
  if (out.json()) out.line(to_json(one));
  else if (out.quiet() && one.number == 0) return;  // of the config file
  else if (out.quiet()) out.line(std::to_string(one.number));
  else
    out.line(printable(in_local_time(describe(one))) +
             (one.person.empty() ? "" : ": " + what_of(one)));
}

/// What maintenance has no use for, and would drop in silence: the flag; empty: nothing.
std::string flag_beside_maintenance(const ReserveOptions& options) {
  const JobFlags& flags = options.flags;
  const std::pair<const char*, bool> given[] = {
      {"--tasks", flags.tasks.has_value()},           {"--gpus", flags.gpus.has_value()},
      {"--gpu-memory", flags.gpu_memory.has_value()}, {"--model", flags.model.has_value()},
      {"--device", flags.device.has_value()},         {"--cpus", flags.cpus.has_value()},
      {"--memory", flags.memory.has_value()},         {"--for", !options.person.empty()}};
  for (const auto& [flag, is_given] : given)
    if (is_given) return flag;
  return {};
}

Result<ReserveRequest> read_request(ReserveOptions& options, const CommandWorld& around, Time now) {
  if (!options.flags.time)
    return Error{ErrorKind::usage, "for how long is not said", "--time",
                 "say it: `gang reserve --gpus 1 --time 3h`"};
  if (const std::string flag = flag_beside_maintenance(options);
      options.maintenance && !flag.empty())
    return Error{ErrorKind::usage, "maintenance is of all there is, for nobody", flag,
                 "leave it out, or leave out --maintenance"};
  options.flags.command = {"true"};
  std::vector<Error> mistakes;
  const auto spec = spec_from_flags(options.flags, around.directory, &mistakes);
  if (!spec) return spec.error();
  ReserveRequest request;
  request.resources = spec->resources;
  request.time = spec->time.value_or(Span{0});
  request.from = now;
  request.person = options.person;
  request.maintenance = options.maintenance;
  if (options.from.empty()) return request;
  const auto from = parse_begin(options.from, now);
  if (!from) {
    Error error = from.error();
    error.where = "--from";
    return error;
  }
  if (*from < now)
    return Error{ErrorKind::usage, "that time is over", "--from", "leave it out to begin at once"};
  request.from = *from;
  return request;
}

int cancel(Service& service, const std::vector<std::uint64_t>& numbers, Output& out) {
  int code = 0;
  for (const std::uint64_t number : numbers) {
    const auto one =
        ask<Reservation>([&](auto reply) { service.cancel_reservation(number, reply); });
    if (!one) code = out.fail(one.error());
    else if (out.json()) out.line(to_json(*one));
    else if (!out.quiet())
      out.line(printable(in_local_time(describe(*one))) +
               (one->person.empty() ? " is called off" : " is given back"));
  }
  return code;
}

}  // namespace

void print_reservations(const std::vector<Reservation>& all, Output& out) {
  for (const Reservation& one : all) print_one(one, out);
}

int run_reserve(ReserveOptions options, Output& out) {
  const bool asks = !options.list && options.cancel.empty();
  std::optional<ReserveRequest> request;
  if (asks) {
    auto read = read_request(options, out.around(), out.around().now());
    if (!read) return out.fail(read.error());
    request = *std::move(read);
  }
  auto service = out.around().service();
  if (!service) return out.fail(service.error());
  if (!options.cancel.empty()) return cancel(**service, options.cancel, out);
  if (options.list) {
    const auto all =
        ask<std::vector<Reservation>>([&](auto reply) { (*service)->reservations(reply); });
    if (!all) return out.fail(all.error());
    if (out.json()) {
      out.line(to_json(*all));
      return 0;
    }
    print_reservations(*all, out);
    if (all->empty() && !out.quiet()) out.line("nothing is reserved");
    return 0;
  }
  const auto made = ask<Reservation>([&](auto reply) { (*service)->reserve(*request, reply); });
  if (!made) return out.fail(made.error());
  print_one(*made, out);
  return 0;
}

}  // namespace gangline
