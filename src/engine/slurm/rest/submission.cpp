#include "engine/slurm/rest/submission.h"

#include "base/text.h"
#include "engine/slurm/rest/rest_json.h"

namespace gangline {
namespace {

enum class FieldKind : std::uint8_t {
  value,     // as it is: slurmrestd up to v0.0.38 reads all values as sbatch does
  yes,       // an option without a value
  word,      // an option without a value, which is this word there
  as_given,  // stands in the answer to whom it is sent in another way
  cannot,    // is left out
};

struct Field {
  std::string_view option;
  const char* field;
  FieldKind kind = FieldKind::value;
};
// Slurm 22.05, openapi/v0.0.36 to v0.0.38. What else sbatch has is not written by us.
constexpr Field fields_of_options[] = {
    {"job-name", "name"},
    {"array", "array"},
    {"nodes", "nodes"},
    {"ntasks", "tasks"},
    {"ntasks-per-node", "tasks_per_node"},
    {"cpus-per-task", "cpus_per_task"},
    {"gpus-per-task", "gpus_per_task"},
    {"gres", "gres"},
    {"mem", "memory_per_node"},
    {"mem-per-cpu", "memory_per_cpu"},
    {"time", "time_limit"},
    {"partition", "partition"},
    {"account", "account"},
    {"qos", "qos"},
    {"reservation", "reservation"},
    {"constraint", "constraints"},
    {"nice", "nice"},
    {"dependency", "dependency"},
    {"hold", "hold", FieldKind::yes},
    {"output", "standard_output"},
    {"open-mode", "open_mode"},
    {"exclusive", "exclusive", FieldKind::word},
    {"no-kill", "set", FieldKind::word},
    {"no-requeue", "no_requeue", FieldKind::yes},
    {"hold", "hold", FieldKind::yes},
    {"comment", "comment", FieldKind::as_given},
    {"chdir", "current_working_directory", FieldKind::as_given},
    {"export", "environment", FieldKind::as_given},
    // "B:TERM@65": it knows no signal to the script alone, and one to the steps reaches no gang.
    {"signal", "signal", FieldKind::cannot},
};

const Field* field_of(std::string_view option) {
  for (const Field& field : fields_of_options)
    if (field.option == option) return &field;
  return nullptr;
}

/// As sbatch_quote writes it.
std::string unquoted(std::string_view value) {
  if (value.size() < 2 || !value.starts_with('"') || !value.ends_with('"'))
    return std::string(value);
  value = value.substr(1, value.size() - 2);
  std::string text;
  for (std::size_t at = 0; at < value.size(); ++at) {
    if (value[at] == '\\' && at + 1 < value.size()) ++at;
    text += value[at];
  }
  return text;
}

}  // namespace

Result<RestSubmission> rest_submission(std::string_view script, const std::string& tag,
                                       const std::string& directory,
                                       const std::vector<EnvVar>& environment) {
  constexpr std::string_view front = "#SBATCH --";
  RestSubmission submission;
  Json job = Json::object();
  for (const std::string_view line : split(script, '\n')) {
    if (!line.starts_with(front)) continue;
    const std::string_view said = line.substr(front.size());
    const std::size_t equals = said.find('=');
    const std::string_view option = said.substr(0, equals);
    const std::string value =
        equals == std::string_view::npos ? std::string() : unquoted(said.substr(equals + 1));
    const Field* field = field_of(option);
    if (field == nullptr)
      return Error{ErrorKind::refused, "slurmrestd is not told of --" + printable(option), "",
                   "where Slurm's programs are, it can be sent"};
    switch (field->kind) {
      case FieldKind::value: job[field->field] = value; break;
      case FieldKind::yes: job[field->field] = true; break;
      case FieldKind::word: {
        std::string key(option);
        for (char& c : key)
          if (c == '-') c = '_';
        job[key] = field->field;
        break;
      }
      case FieldKind::as_given: break;
      case FieldKind::cannot: submission.left_out.emplace_back(option); break;
    }
  }
  job["comment"] = tag;
  job["current_working_directory"] = directory;
  Json& variables = job["environment"] = Json::object();
  for (const EnvVar& variable : environment)
    if (is_utf8(variable.first) && is_utf8(variable.second))
      variables[variable.first] = variable.second;
  const Json all = {{"script", std::string(script)}, {"job", std::move(job)}};
  submission.body = all.dump(-1, ' ', false, Json::error_handler_t::replace);
  return submission;
}

}  // namespace gangline
