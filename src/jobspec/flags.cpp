#include "jobspec/flags.h"

#include <set>

#include "base/text.h"
#include "jobspec/job_reader.h"
#include "jobspec/toml_reader.h"

namespace gangline {
namespace {

struct Flag {
  const char* flag;
  const char* key;
  std::optional<std::string> JobFlags::*value;
  bool of_devices = false;
};

constexpr Flag single_flags[] = {
    {"--name", "name", &JobFlags::name},
    {"--tasks", "tasks", &JobFlags::tasks},
    {"--gpus", "gpus", &JobFlags::gpus, true},
    {"--gpu-memory", "gpu_memory", &JobFlags::gpu_memory, true},
    {"--model", "model", &JobFlags::model, true},
    {"--device", "device", &JobFlags::device, true},
    {"--cpus", "cpus", &JobFlags::cpus},
    {"--memory", "memory", &JobFlags::memory},
    {"--time", "time", &JobFlags::time},
    {"--queue", "queue", &JobFlags::queue},
    {"--priority", "priority", &JobFlags::priority},
    {"--retries", "retries", &JobFlags::retries},
    {"--dir", "dir", &JobFlags::dir},
    {"--launcher", "launcher", &JobFlags::launcher},
    {"--notify", "notify", &JobFlags::notify},
    {"--grace", "grace", &JobFlags::grace},
    {"--stop-signal", "stop_signal", &JobFlags::stop_signal},
    {"--checkpoint", "checkpoint", &JobFlags::checkpoint},
    {"--log-limit", "log_limit", &JobFlags::log_limit},
    {"--mps", "mps", &JobFlags::mps},
    {"--lossy", "lossy", &JobFlags::lossy},
    {"--pilot", "pilot", &JobFlags::pilot},
};

Written typed(std::string_view text, const char* flag) {
  Written value;
  value.kind = WrittenKind::typed;
  value.text = text;
  value.place.flag = flag;
  return value;
}

// `--after a --after b,c` is `--after a,b,c`.
void put_words(Written& root, const char* key, const std::vector<std::string>& words,
               const char* flag) {
  if (words.empty()) return;
  std::string all;
  for (const std::string& word : words) all += (all.empty() ? "" : ",") + word;
  put(root, key, typed(all, flag));
}

// `--env KEY=value` into the table env. A key that is no table in the file stays, to be refused.
void put_named(Written& root, const char* key, const std::vector<std::string>& pairs,
               const char* flag, const char* example, Mistakes& mistakes) {
  for (const std::string& pair : pairs) {
    const std::size_t equals = pair.find('=');
    if (equals == 0 || equals == std::string::npos) {
      mistakes.add({0, 0, flag}, "'" + printable(pair) + "' has no name and value",
                   std::string("write it like ") + example);
      continue;
    }
    if (find(root, key) == nullptr) {
      Written table;
      table.place.flag = flag;
      put(root, key, std::move(table));
    }
    Written* table = find(root, key);
    if (table->kind == WrittenKind::table)
      put(*table, pair.substr(0, equals), typed(pair.substr(equals + 1), flag));
  }
}

// Of two `--sweep lr=…` one would be lost, and `--sweep lr=` sweeps over nothing.
void check_sweep(const std::vector<std::string>& pairs, Mistakes& mistakes) {
  std::set<std::string> names;
  for (const std::string& pair : pairs) {
    const std::string name = pair.substr(0, pair.find('='));
    if (!names.insert(name).second)
      mistakes.add({0, 0, "--sweep"}, "'" + printable(name) + "' is swept twice",
                   "write all its values in one: --sweep " + printable(name) + "=1,2");
    if (pair.size() > name.size() && trim(std::string_view(pair).substr(name.size() + 1)).empty())
      mistakes.add(
          {0, 0, "--sweep"}, "'" + printable(pair) + "' has no values",
          "write them like " + printable(name) + "=0.1,0.01 or " + printable(name) + "=1..8");
  }
}

void put_flags(Written& root, const JobFlags& flags, Mistakes& mistakes) {
  for (const Flag& flag : single_flags) {
    const auto& value = flags.*flag.value;
    if (!value) continue;
    if (flag.of_devices) drop(root, "any_of");
    put(root, flag.key, typed(*value, flag.flag));
  }
  put_words(root, "retry_on", flags.retry_on, "--retry-on");
  put_words(root, "after", flags.after, "--after");
  put_named(root, "env", flags.env, "--env", "--env KEY=value", mistakes);
  check_sweep(flags.sweep, mistakes);
  put_named(root, "sweep", flags.sweep, "--sweep", "--sweep lr=0.1,0.01 or --sweep seed=1..8",
            mistakes);
  if (flags.command.empty()) return;
  Written command;
  command.kind = WrittenKind::list;
  command.place.flag = "the command";
  for (const std::string& word : flags.command) command.items.push_back(typed(word, "the command"));
  put(root, "command", std::move(command));
}

// Flags that cannot be put into the tree, else the job of the tree.
Result<JobSpec> with_flags(Written root, const JobFlags& flags, const Surroundings& around,
                           const SplitFiles* files, std::vector<Error>* mistakes) {
  Mistakes found(around.file_name);
  put_flags(root, flags, found);
  if (!found.any()) return spec_from_tree(root, around, files, mistakes);
  const auto errors = found.in_order();
  if (mistakes != nullptr) *mistakes = errors;
  return errors.front();
}

// "jobs/train.toml" is "train". What is read from a pipe is named after its command.
std::string stem_of(std::string_view file_name) {
  std::string_view stem = file_name.substr(file_name.find_last_of('/') + 1);
  if (file_name.starts_with("/dev/")) return "";
  if (const auto dot = stem.find_last_of('.'); dot != std::string_view::npos && dot > 0)
    stem = stem.substr(0, dot);
  return std::string(stem);
}

}  // namespace

Result<JobSpec> spec_from_flags(const JobFlags& flags, const std::string& working_directory,
                                std::vector<Error>* mistakes) {
  const Surroundings around{"", working_directory, working_directory, ""};
  return with_flags(Written{}, flags, around, nullptr, mistakes);
}

Result<JobSpec> spec_from_file_and_flags(const JobFile& file, const JobFlags& flags,
                                         const std::string& working_directory,
                                         const SplitFiles& files, std::vector<Error>* mistakes) {
  const auto refuse = [&](const Error& error) {
    if (mistakes != nullptr) *mistakes = {error};
    return error;
  };
  if (file.text.size() > largest_job_file)
    return refuse({ErrorKind::usage,
                   "a job file of " + std::to_string(file.text.size()) + " bytes; the most is " +
                       std::to_string(largest_job_file),
                   file.name, "keep large input beside it and split that"});
  auto root = read_toml(file.text, file.name);
  if (!root) return refuse(root.error());
  const Surroundings around{file.name, file.directory, working_directory, stem_of(file.name)};
  return with_flags(*std::move(root), flags, around, &files, mistakes);
}

}  // namespace gangline
