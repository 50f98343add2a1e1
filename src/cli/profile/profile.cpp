#include "cli/profile/profile.h"

#include "base/text.h"
#include "jobspec/slurm/read_slurm.h"
#include "jobspec/slurm/write_profile.h"
#include "json/json.h"

namespace gangline {
namespace {

std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text.empty() ? "none" : text;
}

/// "physics; there are also bio, chem"
std::string with_others(const std::string& own, const std::vector<std::string>& all) {
  std::vector<std::string> others = all;
  std::erase(others, own);
  const std::string chosen = own.empty() ? "Slurm's choice" : own;
  return others.empty() ? chosen : chosen + "; there are also " + listed(others);
}

void print_partitions(const SlurmSurvey& survey, Output& out) {
  Table table({"PARTITION", "NODES", "GPUS", "MOST TIME"});
  for (const SurveyedPartition& one : survey.partitions) {
    std::string gpus;
    for (const SurveyedGpus& kind : one.gpus)
      gpus += (gpus.empty() ? "" : ", ") + std::to_string(kind.count) + " " +
              (kind.model.empty() ? "of no type" : kind.model);
    table.row({one.name + (one.is_default ? " (default)" : "") + (one.up ? "" : " (closed)"),
               std::to_string(one.nodes), gpus.empty() ? "-" : gpus,
               one.max_time ? format(*one.max_time) : "no limit"},
              one.up ? Colour::none : Colour::faint);
  }
  if (!table.empty()) out.table(table);
}

std::string disk_text(const SlurmSurvey& survey) {
  const std::string kind = survey.disk.empty() ? "a disk of unknown kind" : survey.disk;
  if (!survey.tried_on.empty())
    return kind + "; node " + survey.tried_on +
           (survey.shared == SharedDisk::yes ? " sees it" : " does not see it");
  switch (survey.shared) {
    case SharedDisk::yes: return kind + ", which is shared";
    case SharedDisk::no: return kind + ", which looks to be this host's own";
    case SharedDisk::unknown: return kind + "; whether nodes see it is not known, --try finds out";
  }
  return kind;
}

void print_survey(const SlurmSurvey& survey, Output& out) {
  out.line(
      out.paint("Slurm " + printable(survey.version) + ", cluster " + printable(survey.cluster),
                Colour::strong));
  print_partitions(survey, out);
  out.line("account: " + with_others(survey.account, survey.accounts));
  out.line("qos: " + with_others(survey.qos, survey.qoses));
  out.line("MPI: " + listed(survey.mpi) +
           (survey.mpi_default.empty() ? "" : "; " + survey.mpi_default + " unless asked"));
  out.line("state: " + printable(survey.state) + ", on " + disk_text(survey));
}

void print_lacks(const SlurmSurvey& survey, Output& out) {
  for (const SiteLack& lack : survey.lacks) {
    out.line(out.paint("lacking: " + lack.what, Colour::bad));
    if (!lack.ask.empty()) out.line("  " + lack.ask);
  }
}

Error is_there(const WrittenProfile& there, const std::string& file) {
  std::string says;
  for (const std::string& one : there.says) says += (says.empty() ? "" : ", ") + one;
  return {ErrorKind::refused,
          "the config file has [on.slurm] already" +
              (says.empty() ? std::string(", with nothing in it") : ": " + says),
          file + (there.line > 0 ? ":" + std::to_string(there.line) : ""),
          "nothing was written; --dry-run shows what would be"};
}

/// Writes `added.section` unless there is one. The Error says why not.
Result<void> write_section(ProfileAdded& added, const std::string& text, Output& out) {
  if (const auto there = find_slurm_profile(text, added.file); !there) return there.error();
  else if (*there) return is_there(**there, added.file);
  const auto whole = with_profile(text, added.section, added.file);
  if (!whole) return whole.error();
  if (auto written = out.around().write_config(added.file, *whole); !written) return written;
  added.written = true;
  return {};
}

int add(const ProfileOptions& options, Output& out) {
  CommandWorld& around = out.around();
  const auto file = around.config_path();
  if (!file) return out.fail(file.error());
  // What is no config file now is told before the cluster is asked.
  auto text = around.read_file(*file);
  if (!text && text.error().kind != ErrorKind::not_found) return out.fail(text.error());
  if (!text) text = std::string();
  if (const auto there = find_slurm_profile(*text, *file); !there) return out.fail(there.error());
  auto survey = around.survey_slurm(options.tries);
  if (!survey) return out.fail(survey.error());
  ProfileAdded added{*std::move(survey), *file, "", false};
  added.section = profile_text(added.survey);
  const auto written = options.dry_run ? Result<void>() : write_section(added, *text, out);
  if (out.json()) out.line(to_json(added));
  else if (!out.quiet()) print_survey(added.survey, out);
  if (!out.json()) print_lacks(added.survey, out);
  if (!written) return out.fail(written.error());
  if (out.json() || out.quiet()) return 0;
  if (options.dry_run) out.line("it would be written to " + *file + ":\n");
  if (options.dry_run) around.out(added.section);
  else
    out.line("written to " + *file +
             "; a service that runs reads it after `gang daemon restart --on slurm`");
  return 0;
}

int show(Output& out) {
  const auto settings = out.around().settings();
  if (!settings) return out.fail(settings.error());
  const SlurmProfile& profile = settings->on_slurm;
  if (out.json()) {
    out.line(to_json(profile));
    return 0;
  }
  const auto line = [&](const char* key, const std::string& value, const char* unset) {
    if (!value.empty()) out.line(std::string(key) + " = " + printable(value));
    else if (!out.quiet()) out.line(std::string(key) + ": " + unset);
  };
  line("partition", profile.usual.partition, "Slurm's default one");
  line("account", profile.usual.account, "Slurm's choice");
  line("qos", profile.usual.qos, "Slurm's choice");
  line("constraint", profile.usual.constraint, "none");
  line("state", profile.state, "the usual directory");
  if (!out.quiet() || profile.look_every != SlurmProfile{}.look_every)
    line("look_every", format(profile.look_every), "");
  if (!profile.pilot) {
    line("pilot_gangs", "", "no pilot is asked for by itself");
    return 0;
  }
  const PilotRequest& request = profile.pilot->request;
  line("pilot_gangs", std::to_string(profile.pilot->gangs), "");
  line("pilot_shorter_than", format(profile.pilot->shorter_than), "");
  line("pilot_nodes", std::to_string(request.nodes), "");
  line("pilot_gpus", std::to_string(request.gpus), "");
  line("pilot_time", format(request.time), "");
  line("pilot_idle", format(request.idle), "");
  line("pilot_cpus", request.cpus > 0 ? std::to_string(request.cpus) : "", "whole nodes");
  line("pilot_memory", request.memory.n > 0 ? format(request.memory) : "", "what comes with them");
  line("pilot_model", request.model, "any");
  return 0;
}

}  // namespace

int run_profile(const ProfileOptions& options, Output& out) {
  out.around().choose_place("slurm");
  return options.action == "add" ? add(options, out) : show(out);
}

}  // namespace gangline
