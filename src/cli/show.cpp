#include <cmath>

#include "base/text.h"
#include "cli/ask.h"
#include "cli/commands.h"
#include "cli/reserve/local_times.h"
#include "cli/shell/shell_command.h"
#include "json/json.h"

namespace gangline {
namespace {

// On one line, whatever stands in it.
std::string command_text(const Command& command) {
  std::string text;
  for (const std::string& word : command.words)
    text += (text.empty() ? "" : " ") + (command.shell ? word : shell_quote(word));
  std::string line;
  for (const char c : text) line += c == '\n' ? "\\n" : c == '\t' ? "\\t" : std::string(1, c);
  return line;
}

std::string state_cell(const GangView& gang) {
  std::string text = gang.ending ? describe(*gang.ending) : name_of(gang.phase);
  if (gang.attempt > 1) text += " (attempt " + std::to_string(gang.attempt) + ")";
  return text;
}

std::string run_cell(const GangView& gang, Time now) {
  if (!gang.started) return "-";
  return format((gang.ended ? *gang.ended : now) - *gang.started);
}

// "device 0 (NVIDIA H100, GPU-8a5c), 0.5 of device 1 (…); cpus 0-3" for one task.
std::string place_text(const TaskPlace& task, const NodePart& part,
                       const std::vector<NodeView>& nodes) {
  std::string text;
  for (const DeviceShare& held : task.devices) {
    text += text.empty() ? "" : ", ";
    if (held.share != whole_device) text += format(held.share) + " of ";
    text += "device " + std::to_string(held.device);
    if (part.node.n < nodes.size() && held.device < nodes[part.node.n].node.devices.size()) {
      const Device& device = nodes[part.node.n].node.devices[held.device];
      text += " (" + device.model + ", " + device.uid + ")";
    }
  }
  if (!text.empty()) text += "; ";
  text += task.cpus.empty() && task.counted.thousandths > 0 ? describe(task.counted)
                                                            : "cpus " + task.cpus.text();
  if (task.memory.n > 0) text += "; " + format(task.memory) + " of memory";
  return text;
}

void print_allocation(const Allocation& allocation, const std::vector<NodeView>& nodes,
                      Output& out) {
  for (const NodePart& part : allocation.parts) {
    const std::string node =
        part.node.n < nodes.size() ? nodes[part.node.n].node.name : std::to_string(part.node.n);
    for (const TaskPlace& task : part.tasks)
      out.line("  rank " + std::to_string(task.rank) + " on " + printable(node) + ": " +
               printable(place_text(task, part, nodes)));
  }
}

// "devices: 12.3 Wh (44.3 kJ), busy 87 %, read for 10m"
std::string measured_text(const GangView& gang) {
  if (!gang.measured) return {};
  std::string text = "devices:";
  if (gang.energy) text += " " + format(*gang.energy) + ",";
  if (gang.busy_percent) text += " busy " + std::to_string(std::lround(*gang.busy_percent)) + " %,";
  return text + " read for " + format(*gang.measured);
}

void print_gang(const GangView& gang, const std::vector<NodeView>& nodes, Output& out) {
  out.line(
      out.paint("gang " + format(gang.id) + " " + printable(state_cell(gang)), Colour::strong));
  if (gang.started)
    out.line("  started " + format_utc(*gang.started) + ", ran " +
             run_cell(gang, out.around().now()));
  if (gang.ending && gang.ending->cpu_time.us > 0)
    out.line("  cpu time " + format(gang.ending->cpu_time) + ", largest process " +
             format(gang.ending->peak_memory));
  if (const std::string text = measured_text(gang); !text.empty()) out.line("  " + text);
  if (!gang.values.empty()) out.line("  values: " + printable(values_of(gang)));
  if (gang.allocation) print_allocation(*gang.allocation, nodes, out);
  for (const Fence& fence : gang.fences)
    out.line("  fence of " + printable(fence.name) + ": " +
             (fence.holds ? "holds" : "does not hold") + " (" + printable(fence.how) + ")");
  for (const std::string& note : gang.notes) out.line("  note: " + printable(in_local_time(note)));
  if (gang.ending && !gang.ending->last_lines.empty() && gang.ending->cause != EndCause::done) {
    out.line("  last lines:");
    for (const auto part : split(trim(gang.ending->last_lines), '\n'))
      out.line("    " + printable(part));
  }
}

// Only a place names nodes, and to ask for them may mean to ask another system.
std::vector<NodeView> nodes_for(const GangView& gang, Service& service) {
  if (!gang.allocation || gang.allocation->parts.empty()) return {};
  auto nodes = ask<std::vector<NodeView>>([&](auto reply) { service.nodes(reply); });
  return nodes ? *std::move(nodes) : std::vector<NodeView>{};
}

void print_job(const JobDetail& detail, Output& out) {
  const JobSummary& job = detail.summary;
  const Time now = out.around().now();
  out.line(
      out.paint("job " + named(job) + " of " + printable(job.owner) + ": " + name_of(job.phase),
                Colour::strong));
  const bool is_private = detail.spec.dir.empty();  // another's, and we no operator
  const Command& command = detail.spec.command;
  const std::string shown = is_shell(command) ? describe_shell(command) : command_text(command);
  out.line("  command: " + (is_private ? "private" : printable(shown)));
  const bool chosen = !job.taken.empty() && job.taken != job.request;
  out.line("  asks for " + printable(job.request) +
           (chosen ? "; got " + printable(job.taken) : "") +
           (detail.spec.time ? ", at most " + format(*detail.spec.time) : "") +
           (detail.spec.time && has_rates(detail.spec.resources) ? " at rate 1" : ""));
  out.line("  in " + (is_private ? "" : printable(detail.spec.dir) + ", ") + "queue " +
           printable(job.queue) +
           (detail.spec.priority != 0 ? ", priority " + std::to_string(detail.spec.priority) : ""));
  if (detail.spec.pilot_said_by == PilotSaidBy::service)
    out.line("  on nodes of a pilot by itself: it has many short gangs ([on.slurm], pilot_gangs)");
  std::string times = "  submitted " + format_utc(job.submitted);
  if (job.started) times += ", waited " + format(*job.started - job.submitted);
  if (job.started && job.ended) times += ", took " + format(*job.ended - *job.started);
  else if (job.started) times += ", runs for " + format(now - *job.started);
  out.line(times);
  if (detail.energy) out.line("  energy of its devices: " + format(*detail.energy));
  if (job.gangs > 1)
    out.line("  gangs: " + std::to_string(job.gangs) + ", " + std::to_string(job.ended_well) +
             " ended well, " + std::to_string(job.ended_badly) + " badly, " +
             std::to_string(job.running + job.starting) + " run, " + std::to_string(job.waiting) +
             " wait" +
             (job.never_ran > 0 ? ", " + std::to_string(job.never_ran) + " never ran" : ""));
  if (!job.reason.empty())
    out.line((job.waiting > 0 || job.running == 0 ? "  waits: " : "  stands still: ") +
             printable(in_local_time(job.reason)));
  if (!job.ending) return;
  out.line("  " + printable(describe(*job.ending)));
  if (const auto hint = retry_hint(detail.spec, *job.ending); !hint.empty()) out.line("  " + hint);
}

}  // namespace

int run_show(const ShowOptions& options, Output& out) {
  auto service = out.around().service();
  if (!service) return out.fail(service.error());
  auto name = find_job(**service, options.job);
  if (!name) return out.fail(name.error());
  if (name->index) {
    auto gang = ask<GangView>([&](auto reply) {
      (*service)->show_gang({name->job, *name->index}, reply);
    });
    if (!gang) return out.fail(gang.error());
    if (out.json()) out.line(to_json(*gang));
    else if (out.quiet()) out.line(name_of(gang->phase));
    else print_gang(*gang, nodes_for(*gang, **service), out);
    return 0;
  }
  auto detail = ask<JobDetail>(
      [&](auto reply) { (*service)->show(name->job, options.first, options.most, reply); });
  if (!detail) return out.fail(detail.error());
  if (const std::uint32_t gangs = detail->summary.gangs; options.first >= gangs)
    return out.fail({ErrorKind::not_found,
                     "job " + named(detail->summary) + " has no gang " +
                         format(GangId{name->job, options.first}),
                     "--first", "its gangs are 0 to " + std::to_string(gangs - 1)});
  if (out.json()) {
    out.line(to_json(*detail));
    return 0;
  }
  if (out.quiet()) {
    out.line(name_of(detail->summary.phase));
    return 0;
  }
  print_job(*detail, out);
  if (detail->summary.gangs == 1) {
    auto gang = ask<GangView>([&](auto reply) { (*service)->show_gang({name->job, 0}, reply); });
    if (gang) print_gang(*gang, nodes_for(*gang, **service), out);
    out.line("logs: " + out.next("logs " + format(name->job)) +
             ", with --stderr for the other stream");
    return 0;
  }
  Table table({"GANG", "TIME", "VALUES", "STATE"});
  for (const GangView& gang : detail->gangs)
    table.row({format(gang.id), run_cell(gang, out.around().now()),
               values_of(gang).empty() ? "-" : values_of(gang), state_cell(gang)},
              gang.ending && gang.ending->cause != EndCause::done ? Colour::bad : Colour::none);
  if (!table.empty()) out.table(table);
  if (detail->gangs.size() < detail->summary.gangs)
    out.line("… of " + std::to_string(detail->summary.gangs) +
             " gangs; more with --first N --most N");
  out.line("one gang: " + out.next("show " + format(name->job) + ".0") +
           "; its logs: " + out.next("logs " + format(name->job) + ".0"));
  return 0;
}

}  // namespace gangline
