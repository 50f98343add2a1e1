#include "base/text.h"
#include "cli/ask.h"
#include "cli/commands.h"
#include "cli/follow.h"
#include "cli/specs.h"
#include "json/json.h"

namespace gangline {
namespace {

// The inherited environment may hold secrets, and nobody asked to see it: it is counted.
void print_dry(std::vector<JobSpec> specs, Output& out) {
  std::size_t inherited = 0;
  for (JobSpec& spec : specs) {
    inherited = spec.inherited.size();
    spec.inherited.clear();
    out.line(to_json(spec));
  }
  if (inherited > 0 && !out.json() && !out.quiet())
    out.around().err("gang: and " + std::to_string(inherited) +
                     " variables of your environment, which each task gets too\n");
}

/// What would become of each job there, and the script that would be sent.
int print_translated(const std::vector<JobSpec>& specs, Output& out) {
  auto service = out.around().service();
  if (!service) return out.fail(service.error());
  int code = 0;
  for (const JobSpec& spec : specs) {
    auto translated = ask<Translation>([&](auto reply) { (*service)->translate(spec, reply); });
    if (!translated) return out.fail(translated.error());
    if (out.json()) {
      out.line(to_json(*translated));
      continue;
    }
    Table table({"KEY", "THERE", "AS"});
    bool refused = false;
    bool never_fits = false;
    for (const FieldTranslated& field : translated->fields) {
      const bool impossible = field.how == "impossible";
      never_fits = never_fits || field.how == "too much";
      refused = refused || never_fits || (impossible && !spec.lossy);
      table.row({field.field, field.how, field.says},
                impossible || field.how == "too much" ? Colour::bad : Colour::none);
    }
    if (refused) code = 1;
    if (!out.quiet()) {
      out.table(table);
      out.line("");
    }
    out.around().out(translated->script);
    if (never_fits)
      out.around().err(
          "gang: it would be refused: no node has so much; `gang nodes --on slurm` shows what "
          "there is\n");
    else if (refused)
      out.around().err("gang: it would be refused; --lossy sends it without that\n");
  }
  return code;
}

Result<Submitted> submit_one(Service& service, const JobSpec& spec) {
  return ask<Submitted>([&](auto reply) { service.submit(spec, reply); });
}

}  // namespace

int run_submit(const SubmitOptions& options, Output& out) {
  auto specs = read_specs(options, out);
  if (!specs) return out.fail(specs.error());
  if (options.dry_run && out.around().place != "here") return print_translated(*specs, out);
  if (options.dry_run) {
    print_dry(*std::move(specs), out);
    return 0;
  }
  auto service = out.around().service();
  if (!service) return out.fail(service.error());
  for (const JobSpec& spec : *specs) {
    auto submitted = submit_one(**service, spec);
    if (!submitted) return out.fail(submitted.error());
    if (out.json()) out.line(to_json(*submitted));
    else if (out.quiet()) out.line(format(submitted->id));
    else
      out.line("job " + format(submitted->id) + " (" + printable(spec.name) + ")" +
               (submitted->gangs > 1 ? ", " + std::to_string(submitted->gangs) + " gangs" : "") +
               (submitted->note ? ": " + printable(*submitted->note) : ""));
  }
  return 0;
}

int run_run(const SubmitOptions& options, Output& out) {
  auto specs = read_specs(options, out);
  if (!specs) return out.fail(specs.error());
  if (options.dry_run) return run_submit(options, out);
  auto service = out.around().service();
  if (!service) return out.fail(service.error());
  std::vector<Submitted> jobs;
  for (const JobSpec& spec : *specs) {
    auto submitted = submit_one(**service, spec);
    if (!submitted) return out.fail(submitted.error());
    if (submitted->note && !out.quiet() && !out.json())
      out.around().err("gang: " + printable(*submitted->note) + "\n");
    jobs.push_back(*submitted);
  }
  int code = 0;  // of the first that did not end well
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    if (jobs.size() > 1 && !out.quiet() && !out.json())
      out.around().err("gang: job " + format(jobs[i].id) + " (" + printable((*specs)[i].name) +
                       ")\n");
    const int its_code = follow_job(**service, jobs[i].id, out);
    if (code == 0) code = its_code;
    const Interrupted interrupted = out.around().interrupted();
    for (std::size_t next = i + 1; interrupted.times > 0 && next < jobs.size(); ++next)
      stop_job(**service, jobs[next].id, interrupted, out);
    if (interrupted.times > 0) break;
  }
  return code;
}

}  // namespace gangline
