#include "cli/pilot/pilot.h"

#include "base/text.h"
#include "cli/ask.h"
#include "cli/reserve/local_times.h"
#include "json/json.h"

namespace gangline {
namespace {

std::string counted(std::uint32_t n, const char* noun) {
  return std::to_string(n) + " " + noun + (n == 1 ? "" : "s");
}

// "pilot 3: waiting, 2 nodes with 8 gpus each for 1h, Slurm job 17: higher priority jobs go first"
std::string line_of(const PilotView& pilot) {
  const PilotRequest& request = pilot.request;
  std::string text = "pilot " + std::to_string(pilot.number) + ": " + name_of(pilot.phase) + ", " +
                     counted(request.nodes, "node");
  if (request.gpus > 0) text += " with " + counted(request.gpus, "gpu") + " each";
  text += " for " + format(request.time);
  if (!pilot.allocation.empty()) text += ", " + pilot.allocation;
  if (pilot.phase == PilotPhase::running) {
    std::string there;
    for (const std::string& node : pilot.nodes) there += (there.empty() ? "" : ", ") + node;
    text += "; " + (there.empty() ? "no node has reported yet" : "there are " + there);
    text += ", " + counted(pilot.gangs, "place") + " taken";
  }
  if (pilot.ends && pilot.phase != PilotPhase::ended) text += ", until " + format_utc(*pilot.ends);
  if (!pilot.reason.empty()) text += ": " + pilot.reason;
  return printable(in_local_time(text));
}

void print_one(const PilotView& pilot, Output& out) {
  if (out.json()) out.line(to_json(pilot));
  else if (out.quiet()) out.line(std::to_string(pilot.number));
  else out.line(line_of(pilot));
}

Error wrong(const char* flag, const Error& error) {
  Error named = error;
  named.where = flag;
  return named;
}

Result<PilotRequest> read_request(const PilotOptions& options) {
  PilotRequest request;
  request.nodes = options.nodes;
  request.gpus = options.gpus;
  request.cpus = options.cpus;
  request.model = options.model;
  request.queue = options.queue;
  request.renew = options.renew;
  if (options.time.empty())
    return Error{ErrorKind::usage, "for how long is not said", "--time",
                 "say it: `gang pilot --on slurm --nodes 2 --gpus 8 --time 1h`"};
  const auto time = parse_span(options.time);
  if (!time) return wrong("--time", time.error());
  request.time = *time;
  if (!options.idle.empty()) {
    const auto idle = parse_span(options.idle);
    if (!idle) return wrong("--idle", idle.error());
    request.idle = *idle;
  }
  if (!options.memory.empty()) {
    const auto memory = parse_bytes(options.memory);
    if (!memory) return wrong("--memory", memory.error());
    request.memory = *memory;
  }
  return request;
}

int list(Service& service, Output& out) {
  const auto all = ask<std::vector<PilotView>>([&](auto reply) { service.pilots(reply); });
  if (!all) return out.fail(all.error());
  if (out.json()) {
    out.line(to_json(*all));
    return 0;
  }
  for (const PilotView& pilot : *all) print_one(pilot, out);
  if (all->empty() && !out.quiet()) out.line("there are no pilots");
  return 0;
}

}  // namespace

int run_pilot(const PilotOptions& options, Output& out) {
  std::optional<PilotRequest> request;
  if (!options.list && !options.stop) {
    auto read = read_request(options);
    if (!read) return out.fail(read.error());
    request = *std::move(read);
  }
  auto service = out.around().service();
  if (!service) return out.fail(service.error());
  if (options.list) return list(**service, out);
  const auto done = ask<PilotView>([&](auto reply) {
    if (options.stop) (*service)->stop_pilot(*options.stop, reply);
    else (*service)->ask_pilot(*request, reply);
  });
  if (!done) return out.fail(done.error());
  print_one(*done, out);
  return 0;
}

}  // namespace gangline
