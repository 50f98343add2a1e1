#include "jobspec/job_file.h"

#include <algorithm>
#include <array>
#include <csignal>
#include <set>

#include "base/text.h"
#include "jobspec/flags.h"
#include "jobspec/job_reader.h"
#include "jobspec/notify/read_notify.h"
#include "jobspec/read_value.h"
#include "model/check_spec.h"
#include "model/placeholders.h"

namespace gangline {
namespace {

constexpr std::string_view job_keys[] = {
    "name",       "command",   "tasks",    "gpus",     "gpu_memory", "model",
    "device",     "cpus",      "memory",   "any_of",   "time",       "queue",
    "priority",   "retries",   "retry_on", "after",    "dir",        "env",
    "sweep",      "split",     "gather",   "launcher", "grace",      "stop_signal",
    "checkpoint", "log_limit", "mps",      "lossy",    "pilot",      "notify"};

constexpr std::array<std::string_view, 4> retry_names{"lost", "failure", "memory", "time"};
constexpr std::array<std::string_view, 2> launcher_names{"plain", "mpi"};

struct SignalName {
  std::string_view name;
  int number;
};
constexpr SignalName signals[] = {
    {"HUP", SIGHUP},   {"INT", SIGINT},   {"QUIT", SIGQUIT},  {"ABRT", SIGABRT}, {"USR1", SIGUSR1},
    {"USR2", SIGUSR2}, {"ALRM", SIGALRM}, {"TERM", SIGTERM},  {"CONT", SIGCONT}, {"XCPU", SIGXCPU},
    {"PWR", SIGPWR},   {"URG", SIGURG},   {"WINCH", SIGWINCH}};

// The items of a list; of a flag the words between its commas; else the value itself.
std::vector<Written> items_of(const Written& value) {
  if (value.kind == WrittenKind::list) return value.items;
  if (value.kind != WrittenKind::typed) return {value};
  std::vector<Written> items;
  for (const std::string_view part : gangline::split(value.text, ',')) {
    items.push_back(value);
    items.back().text = part;
  }
  return items;
}

// With each ".." at its front taken as the folder above.
std::string path_from_working_directory(std::string_view path, std::string_view from) {
  if (path.starts_with('/')) return absolute_path(path, from);
  for (std::string_view part; !path.empty();) {
    const std::size_t end = std::min(path.find('/'), path.size());
    part = path.substr(0, end);
    if (!part.empty() && part != "." && part != "..") break;
    if (part == "..") from = from.substr(0, from.find_last_of('/'));
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return absolute_path(path, from);
}

class JobReader {
 public:
  JobReader(const Written& root, const Surroundings& around, const SplitFiles* files,
            Mistakes& mistakes)
      : root_(root), around_(around), files_(files), mistakes_(mistakes) {}

  JobSpec run() {
    refuse_unknown_keys(root_, job_keys, mistakes_);
    command();
    name();
    spec_.resources = read_resources(root_, mistakes_);
    times();
    order();
    retries();
    dir();
    env();
    if (const Written* value = find(root_, "sweep")) spec_.sweep = read_sweep(*value, mistakes_);
    if (const Written* value = find(root_, "split")) split(*value);
    if (const Written* value = find(root_, "gather")) gather(*value);
    return std::move(spec_);
  }

 private:
  // A text for the shell or a list of words.
  std::optional<Command> read_command(const Written& value) {
    if (value.kind == WrittenKind::text) return Command{true, {value.text}};
    Command command;
    if (value.kind != WrittenKind::list) {
      add_wrong_kind({"command", value}, "a text or a list of words", mistakes_);
      return std::nullopt;
    }
    auto words = read_texts({"command", value}, mistakes_);
    if (!words) return std::nullopt;
    command.words = *std::move(words);
    return command;
  }

  void command() {
    const Written* value = find(root_, "command");
    if (value == nullptr) {
      if (!is_misspelt(root_, "command", job_keys))
        mistakes_.add({}, "there is no command",
                      around_.file_name.empty() ? "write it behind --, as in: gang run -- true"
                                                : "write command = \"python3 train.py\"");
    } else if (auto command = read_command(*value)) {
      spec_.command = *std::move(command);
    }
  }

  void name() {
    if (const Written* value = find(root_, "name")) {
      spec_.name = read_text({"name", *value}, mistakes_).value_or("");
      return;
    }
    for (const std::string& name : {around_.default_name, name_of_program()}) {
      spec_.name = name;
      if (check_name(name)) return;
    }
    spec_.name = "job";
  }

  std::string name_of_program() const {
    if (spec_.command.words.empty()) return "";
    std::string_view word = spec_.command.words[0];
    if (spec_.command.shell) {
      word = trim(word);
      word = word.substr(0, word.find_first_of(" \t\n;&|<>()"));
    }
    return std::string(word.substr(word.find_last_of('/') + 1));
  }

  void times() {
    if (const Written* value = find(root_, "time"))
      spec_.time = read_span({"time", *value}, mistakes_);
    if (const Written* value = find(root_, "grace"))
      spec_.grace = read_span({"grace", *value}, mistakes_).value_or(spec_.grace);
    if (const Written* value = find(root_, "log_limit"))
      spec_.log_limit = read_bytes({"log_limit", *value}, mistakes_).value_or(spec_.log_limit);
    if (const Written* value = find(root_, "stop_signal")) stop_signal(*value);
    if (const Written* value = find(root_, "checkpoint"))
      spec_.checkpoint = read_truth({"checkpoint", *value}, mistakes_).value_or(false);
    if (const Written* value = find(root_, "mps"))
      spec_.mps = read_truth({"mps", *value}, mistakes_).value_or(false);
    if (const Written* value = find(root_, "lossy"))
      spec_.lossy = read_truth({"lossy", *value}, mistakes_).value_or(false);
    if (const Written* value = find(root_, "pilot")) {
      spec_.pilot = read_truth({"pilot", *value}, mistakes_).value_or(false);
      spec_.pilot_said_by = PilotSaidBy::person;
    }
    if (const Written* value = find(root_, "notify"))
      if (const auto choice = read_choice({"notify", *value}, notify_words, mistakes_))
        spec_.notify = static_cast<NotifyOn>(*choice);
    if (const Written* value = find(root_, "launcher"))
      if (const auto choice = read_choice({"launcher", *value}, launcher_names, mistakes_))
        spec_.launcher = static_cast<TeamLauncher>(*choice);
  }

  // A number, or a name with or without SIG.
  void stop_signal(const Written& value) {
    const auto text = read_scalar({"stop_signal", value}, mistakes_);
    if (!text) return;
    std::optional<int> number;
    if (const auto n = parse_number(*text); n && *n >= 1 && *n <= highest_signal)
      number = static_cast<int>(*n);
    std::vector<std::string_view> names;
    for (const SignalName& signal : signals) {
      names.push_back(signal.name);
      if (*text == signal.name || *text == "SIG" + std::string(signal.name)) number = signal.number;
    }
    if (*text == "KILL" || *text == "SIGKILL" || number == SIGKILL)
      mistakes_.add(value.place, "KILL leaves no time to end well, and comes after grace anyway",
                    "to stop at once set grace = \"0s\"");
    else if (*text == "STOP" || *text == "SIGSTOP" || number == SIGSTOP)
      mistakes_.add(value.place, "STOP would make it pause, not end");
    else if (number) spec_.stop_signal = *number;
    else
      mistakes_.add(value.place, "no signal is called '" + printable(*text) + "'",
                    "it is a number from 1 to " + std::to_string(highest_signal) + " or one of " +
                        joined(names));
  }

  void order() {
    if (const Written* value = find(root_, "queue"))
      spec_.queue = read_text({"queue", *value}, mistakes_).value_or(spec_.queue);
    if (const Written* value = find(root_, "priority"))
      spec_.priority = static_cast<std::int32_t>(
          read_whole({"priority", *value}, -highest_priority, highest_priority, mistakes_)
              .value_or(0));
    if (const Written* value = find(root_, "after"))
      spec_.after = read_texts({"after", *value}, mistakes_).value_or(std::vector<std::string>{});
  }

  void retries() {
    const Written* retries = find(root_, "retries");
    if (retries != nullptr)
      spec_.retries = static_cast<std::uint32_t>(
          read_whole({"retries", *retries}, 0, most_retries, mistakes_).value_or(0));
    const Written* on = find(root_, "retry_on");
    if (on == nullptr) return;
    std::set<RetryOn> causes{RetryOn::lost};
    for (const Written& name : items_of(*on))
      if (const auto choice = read_choice({"retry_on", name}, retry_names, mistakes_))
        causes.insert(static_cast<RetryOn>(*choice));
    spec_.retry_on.assign(causes.begin(), causes.end());
    if (retries == nullptr && !is_misspelt(root_, "retries", job_keys))
      mistakes_.add(on->place, "retry_on without retries does nothing", "set retries = 1 or more");
  }

  void dir() {
    const Written* value = find(root_, "dir");
    const bool of_flag = value != nullptr && value->place.flag != nullptr;
    const std::string& from = of_flag ? around_.working_directory : around_.directory;
    const auto text =
        value == nullptr ? std::string(".") : read_text({"dir", *value}, mistakes_).value_or(".");
    if (text.starts_with("~"))
      mistakes_.add(value->place, "dir begins with ~, which only a shell understands",
                    "write the whole path");
    // The path of the working directory holds no links, so there ".." is the part before it.
    const bool links = from != around_.working_directory;
    spec_.dir = links ? absolute_path(text, from) : path_from_working_directory(text, from);
  }

  void env() {
    const Written* env = find(root_, "env");
    if (env == nullptr) return;
    if (env->kind != WrittenKind::table)
      return add_wrong_kind({"env", *env}, "a table", mistakes_, "write env = { KEY = \"value\" }");
    for (const WrittenEntry& entry : env->entries)
      if (auto value = read_scalar({entry.name, entry.value}, mistakes_))
        spec_.env.emplace_back(entry.name, *std::move(value));
  }

  void split(const Written& value) {
    if (files_ == nullptr) mistakes_.add(value.place, "there is nothing to split here");
    else spec_.split = read_split(value, spec_.dir, *files_, mistakes_);
  }

  void gather(const Written& gather) {
    if (gather.kind != WrittenKind::table)
      return add_wrong_kind({"gather", gather}, "a table", mistakes_,
                            "write [gather] and command = \"cat {outputs} > all\"");
    constexpr std::array<std::string_view, 1> gather_keys{"command"};
    refuse_unknown_keys(gather, gather_keys, mistakes_);
    const Written* command = find(gather, "command");
    if (command != nullptr) spec_.gather = read_command(*command);
    else if (!is_misspelt(gather, "command", gather_keys))
      mistakes_.add(gather.place, "[gather] has no command");
  }

  const Written& root_;
  const Surroundings& around_;
  const SplitFiles* files_;
  Mistakes& mistakes_;
  JobSpec spec_;
};

// The checks that hold for every spec, told at the place where the key was written.
void add_checks(const JobSpec& spec, const Written& root, Mistakes& mistakes) {
  for (const Error& mistake : mistakes_in(spec)) {
    SourcePlace place = place_of(root, mistake.where);
    const bool nowhere = place.line == 0 && place.flag == nullptr;
    if (nowhere) place = place_of(root, "any_of.0." + mistake.where);  // the only alternative
    mistakes.add(place, mistake.what, mistake.hint);
  }
}

}  // namespace

Result<JobSpec> read_job_file(const JobFile& file, const SplitFiles& files,
                              std::vector<Error>* mistakes) {
  return spec_from_file_and_flags(file, JobFlags{}, file.directory, files, mistakes);
}

Result<JobSpec> spec_from_tree(const Written& root, const Surroundings& around,
                               const SplitFiles* files, std::vector<Error>* mistakes) {
  Mistakes found(around.file_name);
  JobSpec spec = JobReader(root, around, files, found).run();
  // What could not be read stands in the spec as nothing, so its checks would tell nonsense.
  if (!found.any()) add_checks(spec, root, found);
  if (!found.any()) return spec;
  const auto errors = found.in_order();
  if (mistakes != nullptr) *mistakes = errors;
  return errors.front();
}

std::string absolute_path(std::string_view path, std::string_view from) {
  const std::string whole =
      path.starts_with('/') ? std::string(path) : std::string(from) + "/" + std::string(path);
  std::string absolute;
  for (const std::string_view part : gangline::split(whole, '/'))
    if (!part.empty() && part != ".") absolute += "/" + std::string(part);
  return absolute.empty() ? "/" : absolute;
}

}  // namespace gangline
