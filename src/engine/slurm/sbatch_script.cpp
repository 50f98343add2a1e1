#include "engine/slurm/sbatch_script.h"

#include <algorithm>

#include "base/text.h"
#include "engine/slurm/fidelity.h"
#include "engine/slurm/squeue.h"

namespace gangline {
namespace {

constexpr std::size_t longest_shown_line = 90;
constexpr std::size_t most_shown_lines = 12;
constexpr std::int64_t most_nice = 2'147'483'645;

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }
bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(), is_control);
}

/// Quotes of both kinds, and a backslash that takes the next character as it is.
std::string sbatch_quote(const std::string& value) {
  const auto plain = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
           std::string_view("-_./=:,%@+").find(c) != std::string_view::npos;
  };
  if (!value.empty() && std::all_of(value.begin(), value.end(), plain)) return value;
  std::string quoted = "\"";
  for (const char c : value) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "\"";
}

/// One word for bash on one line: sbatch takes no script that has a carriage return in it.
std::string bash_quote(const std::string& word) {
  if (!has_control(word)) return shell_quote(word);
  constexpr char digits[] = "0123456789abcdef";
  std::string quoted = "$'";
  for (const char c : word) {
    const auto u = static_cast<unsigned char>(c);
    if (c == '\'' || c == '\\') quoted += '\\';
    if (is_control(c)) quoted += std::string("\\x") + digits[u >> 4] + digits[u & 15];
    else quoted += c;
  }
  return quoted + "'";
}

/// The pattern for a job that is no array, where Slurm would put 4294967294 for "%a".
std::string without_array(const std::string& pattern) {
  std::string text;
  for (std::size_t at = 0; at < pattern.size(); ++at) {
    const bool escape = pattern[at] == '%' && at + 1 < pattern.size();
    if (escape && pattern[at + 1] == 'a') text += '0';
    else if (escape) text += pattern.substr(at, 2);
    else text += pattern[at];
    at += escape;
  }
  return text;
}

/// A path with a line's end in it cannot be told to sbatch, and one with a backslash is read as if
/// it had no pattern in it.
bool is_sayable(const std::string& pattern) {
  return !pattern.empty() && !has_control(pattern) && pattern.find('\\') == std::string::npos;
}

std::vector<std::string> request_options(const JobSpec& spec, std::uint32_t gang,
                                         const SlurmSite& site, std::uint32_t alternative) {
  const bool gather = spec.gather && gang == gather_index(spec);
  const std::uint32_t tasks = gather ? 1 : spec.resources.tasks;
  const TaskRequest task = task_of(spec, gang, alternative);
  std::vector<std::string> options;
  // One task is on one node, and Slurm need not think about more.
  if (tasks == 1) options.emplace_back("--nodes=1");
  options.push_back("--ntasks=" + std::to_string(tasks));
  options.push_back("--cpus-per-task=" + std::to_string(std::max(task.cpus.whole(), 1u)));
  if (task.devices && task.devices->kind == DeviceKind::gpu)
    options.push_back(gpu_option(spec, *task.devices, site));
  if (task.memory.n > 0) options.push_back(memory_option(spec, task));
  if (const auto time = slurm_minutes(spec, gang, alternative, site))
    options.push_back("--time=" + std::to_string(*time));
  for (std::string& option : usual_options(site.usual, site.partition_word(spec.queue)))
    options.push_back(std::move(option));
  if (spec.priority < 0)
    options.push_back("--nice=" +
                      std::to_string(std::min(-std::int64_t{spec.priority}, most_nice)));
  return options;
}

std::string shown(std::string_view line) {
  std::string text = printable(line);
  if (text.size() > longest_shown_line) {
    std::size_t end = longest_shown_line;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
    text = text.substr(0, end) + " …";
  }
  return text;
}

std::string command_text(const Command& command) {
  if (command.shell) return command.words.empty() ? "" : command.words[0];
  std::string text;
  for (const std::string& word : command.words)
    text += (text.empty() ? "" : " ") + shell_quote(word);
  return text;
}

/// What the first gang runs, as comments.
std::string command_comment(const JobSpec& spec, std::uint32_t first, std::uint32_t count) {
  const bool gather = spec.gather && first == gather_index(spec);
  std::string text = "# " + std::string(gather ? "The gather" : "Gang " + std::to_string(first));
  if (count > 1)
    text += " of " + std::to_string(first) + " to " + std::to_string(first + count - 1);
  text += " runs in " + shown(spec.dir);
  if (!gather) {
    std::string values;
    for (const auto& [name, value] : sweep_values(spec, first)) values += " " + name + "=" + value;
    if (!values.empty()) text += ", with" + shown(values);
    if (spec.split) text += ", on piece " + std::to_string(shard_of(spec, first)) + " of the input";
  }
  text += ":\n";
  std::size_t lines = 0;
  const std::string command = command_text(gather ? *spec.gather : spec.command);
  for (const std::string_view line : split(command, '\n')) {
    if (trim(line).empty()) continue;
    if (++lines > most_shown_lines) return text + "#   …\n";
    text += "#   " + shown(line) + "\n";
  }
  return text;
}

}  // namespace

std::vector<ArrayCut> cut_for_arrays(std::uint32_t first, std::uint32_t count,
                                     std::uint32_t max_array_size) {
  const std::uint32_t most = std::max(max_array_size, 1u);
  std::vector<ArrayCut> cuts;
  for (std::uint32_t done = 0; done < count;) {
    const std::uint32_t next = std::min(most, count - done);
    cuts.push_back({first + done, next});
    done += next;
  }
  return cuts;
}

std::uint32_t most_elements(const SlurmSite& site) {
  return std::min(site.max_array_size, site.max_array_tasks);
}

std::string slurm_name_of(std::string_view name) { return printable(name); }

std::vector<std::string> usual_options(const SlurmUsual& usual, const std::string& partition) {
  std::vector<std::string> options;
  const auto add = [&](const char* option, const std::string& word) {
    if (!word.empty()) options.push_back(option + word);
  };
  add("--partition=", partition);
  add("--account=", usual.account);
  add("--qos=", usual.qos);
  add("--constraint=", usual.constraint);
  return options;
}

std::string sbatch_line(const std::string& option) {
  const std::size_t equals = option.find('=');
  const std::string value =
      equals == std::string::npos ? "" : "=" + sbatch_quote(option.substr(equals + 1));
  return "#SBATCH " + option.substr(0, equals) + value + "\n";
}

std::string slurm_pattern_of(std::string_view path) {
  std::string pattern;
  for (const char c : path) pattern += c == '%' ? "%%" : std::string(1, c);
  return pattern;
}

std::optional<std::int64_t> slurm_minutes(const JobSpec& spec, std::uint32_t index,
                                          std::uint32_t alternative, const SlurmSite& site) {
  const auto time = time_limit_of(spec, index, alternative);
  if (!time) return std::nullopt;
  const std::int64_t minute = minutes(1).us;
  const std::int64_t whole = (time->us + spec.grace.us + minute + minute - 1) / minute;
  const SlurmPartition* partition = site.partition_for(spec.queue);
  if (!partition || !partition->max_time) return whole;
  return std::max<std::int64_t>(std::min(whole, partition->max_time->us / minute), 1);
}

std::optional<Span> slurm_warning(const JobSpec& spec, std::uint32_t index,
                                  std::uint32_t alternative, const SlurmSite& site) {
  constexpr Span longest = seconds(65'535);
  const SlurmPartition* partition = site.partition_for(spec.queue);
  const auto limit = partition ? partition->time_if_not_asked() : std::nullopt;
  if (time_limit_of(spec, index, alternative) || !limit || !site.warns) return std::nullopt;
  return std::min(seconds(spec.grace.us / 1'000'000 + 5), longest);
}

std::string gpu_option(const JobSpec& spec, const DeviceRequest& asked, const SlurmSite& site) {
  std::string gres = gres_for(asked, site);
  if (gres.empty()) gres = "gpu";
  const std::string count = std::to_string(asked.count);
  if (!site.gpus_per_task && spec.resources.tasks == 1) return "--gres=" + gres + ":" + count;
  const std::size_t colon = gres.find(':');
  return "--gpus-per-task=" +
         (colon == std::string::npos ? count : gres.substr(colon + 1) + ":" + count);
}

std::string memory_option(const JobSpec& spec, const TaskRequest& task) {
  const auto mebi = [](std::int64_t bytes, std::int64_t parts) {
    const std::int64_t unit = mebibytes(1).n * parts;
    return std::to_string(bytes / unit + (bytes % unit > 0)) + "M";
  };
  if (spec.resources.tasks == 1) return "--mem=" + mebi(task.memory.n, 1);
  return "--mem-per-cpu=" + mebi(task.memory.n, std::max(task.cpus.whole(), 1u));
}

std::string sbatch_script(const JobSpec& spec, std::uint32_t first, std::uint32_t count,
                          const SlurmSite& site, const ScriptParts& parts) {
  std::vector<std::string> options{"--job-name=" + slurm_name_of(spec.name),
                                   "--comment=" + parts.tag};
  if (count > 1) options.push_back("--array=0-" + std::to_string(count - 1));
  if (!parts.dependency.empty()) options.push_back("--dependency=" + parts.dependency);
  for (std::string& option : request_options(spec, first, site, parts.alternative))
    options.push_back(std::move(option));
  if (const auto warning = slurm_warning(spec, first, parts.alternative, site))
    options.push_back("--signal=B:TERM@" + std::to_string(warning->us / 1'000'000));
  if (parts.held) options.emplace_back("--hold");
  options.emplace_back("--no-requeue");  // Gangline itself sends it again
  options.emplace_back("--chdir=/");
  const std::string& said = parts.said_file_pattern;
  options.push_back("--output=" + (!is_sayable(said) ? "/dev/null"
                                   : count > 1       ? said
                                                     : without_array(said)));
  options.emplace_back("--open-mode=append");
  options.emplace_back("--export=ALL");
  std::string script = "#!/bin/bash\n";
  for (const std::string& option : options) script += sbatch_line(option);
  script += "\n" + command_comment(spec, first, count);
  return script + "exec " + bash_quote(parts.gang_program) + " internal-slurm-gang " +
         bash_quote(parts.directory) + "\n";
}

std::vector<std::string> sbatch_words(const std::string& script_path, const std::string& tag,
                                      bool test_only) {
  // The tag is said here too: accounting keeps these words where it keeps no comments.
  std::vector<std::string> words{"sbatch", "--parsable", "--comment=" + tag};
  if (test_only) words.emplace_back("--test-only");
  words.push_back(script_path);
  return words;
}

Result<std::string> read_sbatch_answer(std::string_view text) {
  constexpr std::size_t shown_of_it = 200;
  const std::string_view answer = trim(text);
  const std::string_view number = answer.substr(0, answer.find(';'));
  const auto job = parse_number(number);
  if (!job || *job == 0 || *job > 0xffff'ffff || answer.find('\n') != std::string_view::npos)
    return Error{ErrorKind::broken,
                 "sbatch did not answer with a number: " + printable(answer.substr(0, shown_of_it)),
                 "sbatch", "what does `sbatch --parsable` print when you run it?"};
  return std::string(number);
}

std::optional<TestedStart> read_test_only(std::string_view said) {
  constexpr std::string_view before_time = " to start at ", before_nodes = " on nodes ";
  const std::size_t time = said.find(before_time);
  if (time == std::string_view::npos) return std::nullopt;
  const std::string_view rest = said.substr(time + before_time.size());
  const auto start = read_slurm_time(rest.substr(0, rest.find(' ')));
  const std::size_t nodes = rest.find(before_nodes);
  if (!start || nodes == std::string_view::npos) return std::nullopt;
  const std::string_view behind = rest.substr(nodes + before_nodes.size());
  return TestedStart{*start, printable(behind.substr(0, behind.find_first_of(" \n")))};
}

std::vector<std::string> srun_words(const JobSpec& spec, std::uint32_t gang, const SlurmSite& site,
                                    const ScriptParts& parts) {
  std::vector<std::string> words{"srun", "--immediate", "--job-name=" + slurm_name_of(spec.name),
                                 "--comment=" + parts.tag};
  for (std::string& option : request_options(spec, gang, site, parts.alternative))
    words.push_back(std::move(option));
  for (const char* option : {"--chdir=/", "--input=none", "--mpi=none", "--cpu-bind=none",
                             "--kill-on-bad-exit=0", "--quiet"})
    words.emplace_back(option);
  const std::string& said = parts.said_file_pattern;
  words.push_back("--output=" + (is_sayable(said) ? without_array(said) : "/dev/null"));
  words.emplace_back("--open-mode=append");
  words.push_back(parts.gang_program);
  words.emplace_back("internal-slurm-gang");
  words.push_back(parts.directory);
  return words;
}

}  // namespace gangline
