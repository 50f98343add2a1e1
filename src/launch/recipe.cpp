#include "launch/recipe.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <set>
#include <string_view>

#include "base/text.h"
#include "model/check_spec.h"
#include "model/placeholders.h"
#include "os/clock.h"
#include "os/file.h"

namespace gangline {
namespace {

/// The words that the shell makes of it are for a program, and the kernel takes only so many.
constexpr std::size_t longest_outputs_in_script = 64 << 10;
constexpr std::size_t most_outputs_as_words = 10'000;
constexpr Span look_up_lasts = seconds(1);
constexpr const char* usual_path = "/usr/local/bin:/usr/bin:/bin";

Error cannot_start(std::string what, std::string hint) {
  return {ErrorKind::refused, std::move(what), "", std::move(hint)};
}

std::vector<std::string> outputs_of(const JobSpec& spec, JobId job, const JobFiles& files) {
  std::vector<std::string> paths;
  for (std::uint32_t i = 0; i < gang_count(spec); ++i)
    paths.push_back(files.output(spec, {job, i}));
  return paths;
}

std::string outputs_for_shell(const JobSpec& spec, JobId job, const JobFiles& files) {
  std::string list;
  for (const std::string& path : outputs_of(spec, job, files)) {
    if (!list.empty()) list += ' ';
    list += shell_quote(path);
    if (list.size() > longest_outputs_in_script)
      return shell_quote(files.outputs_directory(job)) + "/[0-9]*";
  }
  return list;
}

/// What the placeholders stand for in all tasks of the gang; `{rank}` and `{device}` are the first
/// and are set later.
std::vector<EnvVar> placeholder_values(const JobSpec& spec, GangId gang, std::uint32_t tasks,
                                       const std::string& output, const std::string& shard,
                                       const JobFiles& files) {
  std::vector<EnvVar> values{{"rank", ""},
                             {"device", ""},
                             {"job", std::to_string(gang.job.n)},
                             {"gang", std::to_string(gang.index)},
                             {"gangs", std::to_string(gang_count(spec))},
                             {"tasks", std::to_string(tasks)},
                             {"output", output}};
  if (gang.index >= gang_count(spec)) {
    values.emplace_back("outputs", outputs_for_shell(spec, gang.job, files));
    return values;
  }
  if (spec.split) values.emplace_back("shard", shard);
  for (EnvVar& value : sweep_values(spec, gang.index)) values.push_back(std::move(value));
  return values;
}

struct Words {
  std::string program;
  std::vector<std::string> words;
  std::vector<std::string> candidates;
};

/// Where a program of that name may lie.
std::vector<std::string> candidates_for(const std::string& word, const std::string& path,
                                        const std::string& dir) {
  if (word.find('/') != std::string::npos) return {word.front() == '/' ? word : dir + "/" + word};
  std::vector<std::string> all;
  for (const std::string_view part : split(path, ':'))
    all.push_back((part.empty() ? dir : std::string(part)) + "/" + word);
  return all;
}

Result<void> check_directory(const std::string& dir) {
  struct stat there {};
  if (::stat(dir.c_str(), &there) != 0)
    return cannot_start("its directory " + dir + " cannot be used: " + std::strerror(errno),
                        "make it, or set dir");
  if (!S_ISDIR(there.st_mode))
    return cannot_start("its directory " + dir + " is not a directory", "set dir");
  return {};
}

/// find_program and check_directory, of which the answer is kept for a short while. Should it be
/// out of date, exec says so.
Result<std::string> look_up(JobCard& card, const std::string& word, const std::string& path,
                            const std::string& dir) {
  JobCard::LookedUp& last = card.looked_up;
  const Span boot = since_boot();
  if (boot - last.at < look_up_lasts && last.word == word && last.path == path && last.dir == dir)
    return last.program;
  auto usable = check_directory(dir);
  if (!usable) return usable.error();
  auto program = find_program(word, path, dir);
  if (program) last = {word, path, dir, *program, boot};
  return program;
}

Result<Words> make_words(JobCard& card, const Command& command, const std::vector<EnvVar>& values,
                         const std::vector<std::string>& outputs, const std::string& path,
                         const std::string& dir, const JobFiles& files) {
  Words made;
  const bool own = card.job.person == nullptr;
  if (command.shell) {
    if (own)
      if (auto shell = look_up(card, "/bin/sh", path, dir); !shell) return shell.error();
    std::string script = expand(command.words.front(), values, true);
    if (script.size() <= longest_word)
      return Words{"/bin/sh", {"/bin/sh", "-c", std::move(script)}, {}};
    auto file = files.script(card.job, script);
    if (!file) return file.error();
    return Words{"/bin/sh", {"/bin/sh", *std::move(file)}, {}};
  }
  for (std::size_t i = 0; i < command.words.size(); ++i) {
    const std::string& word = command.words[i];
    if (word == "{outputs}" && !outputs.empty()) {
      if (outputs.size() > most_outputs_as_words)
        return cannot_start("{outputs} are " + std::to_string(outputs.size()) +
                                " words, and the most is " + std::to_string(most_outputs_as_words),
                            "write the command as one string for the shell");
      made.words.insert(made.words.end(), outputs.begin(), outputs.end());
    } else {
      made.words.push_back(expand(word, values, is_script(command.words, i)));
    }
  }
  if (!own) {
    made.program = made.words.front();
    made.candidates = candidates_for(made.program, path, dir);
    return made;
  }
  auto program = look_up(card, made.words.front(), path, dir);
  if (!program) return program.error();
  made.program = *std::move(program);
  return made;
}

const std::string* find_variable(const std::vector<EnvVar>& vars, std::string_view name) {
  for (const EnvVar& var : vars)
    if (var.first == name) return &var.second;
  return nullptr;
}

/// The variables of one task, in the order: inherited, ours, the job's own, fences.
struct TaskVariables {
  std::vector<EnvVar> team;
  std::vector<EnvVar> own;
  std::vector<EnvVar> fences;

  bool has(std::string_view name) const {
    return find_variable(team, name) != nullptr || find_variable(own, name) != nullptr ||
           find_variable(fences, name) != nullptr;
  }
  std::vector<std::string> strings() const {
    std::vector<std::string> list;
    for (const EnvVar& var : team)
      if (find_variable(own, var.first) == nullptr) list.push_back(var.first + "=" + var.second);
    for (const EnvVar& var : own)
      if (find_variable(fences, var.first) == nullptr) list.push_back(var.first + "=" + var.second);
    for (const EnvVar& var : fences) list.push_back(var.first + "=" + var.second);
    return list;
  }
};

/// Which names we set is the same for all gangs of a job, so this is made once.
void share_inherited(JobCard& card, const TaskVariables& variables) {
  if (card.inherited) return;
  auto list = std::make_shared<std::vector<std::string>>();
  for (const EnvVar& var : card.job.spec->inherited)
    if (!variables.has(var.first)) list->push_back(var.first + "=" + var.second);
  card.inherited = std::move(list);
}

std::optional<std::uint32_t> nearest_numa(const Node& node, const CpuSet& cpus) {
  if (node.numa.size() < 2 || cpus.empty()) return std::nullopt;
  for (const NumaNode& numa : node.numa)
    if (cpus.minus(numa.cpus).empty()) return numa.n;
  return std::nullopt;
}

}  // namespace

std::string gang_id_text(GangId gang, std::uint32_t attempt, const std::string& epoch) {
  return format(gang) + "." + std::to_string(attempt) + "@" + epoch;
}

Result<std::string> find_program(const std::string& word, const std::string& path,
                                 const std::string& dir) {
  const auto usable = [](const std::string& file) {
    struct stat there {};
    return ::stat(file.c_str(), &there) == 0 && S_ISREG(there.st_mode) &&
           ::access(file.c_str(), X_OK) == 0;
  };
  if (word.empty()) return cannot_start("its command is empty", "name a program");
  const std::vector<std::string> candidates = candidates_for(word, path, dir);
  if (word.find('/') != std::string::npos) {
    const std::string& file = candidates.front();
    if (usable(file)) return file;
    if (::access(file.c_str(), F_OK) != 0)
      return cannot_start("there is no program " + file, "is the path right?");
    return cannot_start(file + " is not a program that may be run", "chmod +x " + file);
  }
  for (const std::string& file : candidates)
    if (usable(file)) return file;
  return cannot_start("there is no program '" + word + "' in PATH",
                      "is it installed here? PATH is " + path);
}

Result<GangRecipe> make_recipe(JobCard& card, const Node& node, const OrderRecord& order,
                               std::uint32_t index, const std::string& epoch,
                               const Meeting& meeting, JobFiles& files) {
  const JobSpec& spec = *card.job.spec;
  const GangId gang{card.job.id, index};
  const bool gather = index >= gang_count(spec);
  if (index >= total_gangs(spec))
    return cannot_start("the job has no gang " + std::to_string(index), "");
  auto made = files.make_directories_of(card.job);
  if (!made) return made.error();

  // 1. What its placeholders stand for.
  GangRecipe recipe{gang, order.attempt, {}, card.job.person};
  std::string shard;
  if (spec.split && !gather) shard = files.shard(card.job, index, recipe.piece);
  if (recipe.piece && !recipe.person)
    if (auto cut = cut_piece(*recipe.piece); !cut) return cut.error();
  const std::string output = files.output(spec, gang);
  const std::vector<TaskPlace>& places = order.allocation->parts[order.part].tasks;
  std::uint32_t tasks = 0;
  for (const NodePart& part : order.allocation->parts)
    tasks += static_cast<std::uint32_t>(part.tasks.size());
  std::vector<EnvVar> values = placeholder_values(spec, gang, tasks, output, shard, files);
  std::vector<std::string> outputs;
  if (gather) outputs = outputs_of(spec, gang.job, files);

  // 2. One recipe for each task.
  recipe.tasks.reserve(places.size());
  for (const TaskPlace& place : places) {
    values[0].second = std::to_string(place.rank);
    values[1].second = device_word(node, place);
    TaskRecipe task;
    task.rank = place.rank;
    task.dir = expand(spec.dir.empty() ? "/" : spec.dir, values, false);
    TaskVariables variables;
    variables.team = team_variables({&card.job, &node, order.allocation.get(), order.part, &place,
                                     gang, order.attempt, gang_id_text(gang, order.attempt, epoch),
                                     output, shard, &meeting});
    for (const EnvVar& var : spec.env)
      variables.own.emplace_back(var.first, expand(var.second, values, false));
    variables.fences = fence_variables(node, place);
    share_inherited(card, variables);
    task.inherited = card.inherited;
    task.environment = variables.strings();

    const std::string* path = find_variable(variables.own, "PATH");
    if (path == nullptr) path = find_variable(spec.inherited, "PATH");
    auto words = make_words(card, gather ? *spec.gather : spec.command, values, outputs,
                            path != nullptr ? *path : usual_path, task.dir, files);
    if (!words) return words.error();
    task.program = std::move(words->program);
    task.candidates = std::move(words->candidates);
    task.words = std::move(words->words);
    task.output_log = files.log(gang, order.attempt, place.rank, false);
    task.error_log = files.log(gang, order.attempt, place.rank, true);
    task.numa_node = nearest_numa(node, place.cpus);
    recipe.tasks.push_back(std::move(task));
  }
  return recipe;
}

}  // namespace gangline
