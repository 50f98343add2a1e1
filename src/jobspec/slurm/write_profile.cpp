#include "jobspec/slurm/write_profile.h"

#include <algorithm>
#include <vector>

#include "base/text.h"
#include "jobspec/config_file.h"

namespace gangline {
namespace {

constexpr std::size_t most_named = 8;

std::string named(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size() && i < most_named; ++i)
    text += (text.empty() ? "" : ", ") + names[i];
  return text + (names.size() > most_named ? ", …" : "");
}

std::vector<std::string> without(std::vector<std::string> names, const std::string& one) {
  std::erase(names, one);
  return names;
}

/// A word as TOML has it in quotes.
std::string quoted(const std::string& word) {
  std::string text = "\"";
  for (const char c : printable(word)) {
    if (c == '"' || c == '\\') text += '\\';
    text += c;
  }
  return text + "\"";
}

/// `key = "value"`, as a comment where nothing is known or it is so anyway.
std::string line_of(const char* key, const std::string& value, bool says_it,
                    const std::string& comment) {
  return std::string(says_it ? "" : "# ") + key + " = " + quoted(value) +
         (comment.empty() ? "" : "  # " + comment) + "\n";
}

}  // namespace

std::string profile_text(const SlurmSurvey& survey) {
  std::vector<std::string> partitions;
  std::uint64_t most_gpus = 0;
  for (const SurveyedPartition& one : survey.partitions) {
    partitions.push_back(one.name);
    for (const SurveyedGpus& gpus : one.gpus)
      most_gpus = std::max(most_gpus, gpus.count / std::max<std::uint64_t>(one.nodes, 1));
  }
  const auto others = [](const std::vector<std::string>& names) {
    return names.empty() ? std::string() : "; there are also " + named(names);
  };
  std::string text = "# Slurm " + survey.version + " (" + survey.cluster +
                     "), as `gang profile add slurm` found it.\n[on.slurm]\n";
  text += line_of("partition", survey.partition.empty() ? "gpu" : survey.partition,
                  !survey.partition.empty(),
                  "of jobs without a queue" + others(without(partitions, survey.partition)));
  text += line_of("account", survey.account.empty() ? "my-account" : survey.account,
                  !survey.account.empty(),
                  (survey.account.empty() ? "Slurm's choice if left out" : "your default one") +
                      others(without(survey.accounts, survey.account)));
  text += line_of("qos", survey.qos.empty() ? "normal" : survey.qos, !survey.qos.empty(),
                  (survey.qos.empty() ? "Slurm's choice if left out" : "your default one") +
                      others(without(survey.qoses, survey.qos)));
  text += line_of("constraint", "feature", false, "nodes that have these features alone");
  text += line_of("state", survey.state, false, "jobs and logs; on a disk that all nodes see");
  text += line_of("look_every", "1.1s", false, "between two calls of squeue; 1s or more");
  text +=
      "# Jobs of many short gangs run on nodes of a pilot, by themselves, with these:\n"
      "# pilot_gangs = 200\n# pilot_shorter_than = \"1m\"\n# pilot_nodes = 1\n# pilot_gpus = " +
      std::to_string(most_gpus) + "\n# pilot_time = \"1h\"\n";
  return text;
}

Result<std::string> with_profile(std::string_view text, const std::string& section,
                                 const std::string& file_name) {
  std::string whole(text);
  if (!whole.empty() && !whole.ends_with('\n')) whole += '\n';
  if (!whole.empty()) whole += '\n';
  whole += section;
  std::vector<Error> mistakes;
  if (const auto read = read_config(whole, file_name, &mistakes); !read)
    return mistakes.empty() ? read.error() : mistakes.front();
  return whole;
}

}  // namespace gangline
