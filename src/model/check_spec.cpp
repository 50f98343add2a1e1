#include "model/check_spec.h"

#include <algorithm>
#include <initializer_list>
#include <optional>
#include <set>
#include <string>

#include "base/text.h"
#include "model/placeholders.h"

namespace gangline {
namespace {

using std::to_string;

std::string quoted(std::string_view text) {
  constexpr std::size_t shown = 80;
  return "'" + printable(text.substr(0, shown)) + (text.size() > shown ? "…'" : "'");
}

std::string at_most(std::uint64_t most, const std::string& noun) {
  return "the most is " + to_string(most) + (noun.empty() ? "" : " " + noun);
}

// Why a text cannot be handed on to a program and to people; null where it can.
const char* trouble_with(std::string_view text) {
  if (text.find('\0') != std::string_view::npos) return "cannot hold a NUL byte";
  return is_utf8(text) ? nullptr : "is not UTF-8";
}

class SpecCheck {
 public:
  explicit SpecCheck(const JobSpec& spec) : spec_(spec) {}

  std::vector<Error> run() {
    names();
    command("command", spec_.command);
    if (spec_.gather) command("gather.command", *spec_.gather);
    resources();
    times();
    environment("env", spec_.env);
    environment("inherited", spec_.inherited);
    sweep();
    split();
    gangs();
    retries();
    all_placeholders();
    return std::move(mistakes_);
  }

 private:
  void no(std::string where, std::string what, std::string hint = "") {
    if (mistakes_.size() < most_mistakes_told)
      mistakes_.push_back({ErrorKind::usage, std::move(what), std::move(where), std::move(hint)});
  }

  void names() {
    if (const auto good = check_name(spec_.name); !good)
      no("name", good.error().what, good.error().hint);
    if (const auto good = check_name(spec_.queue); !good)
      no("queue", "a queue's name is like a job's: " + good.error().what, good.error().hint);
    if (spec_.after.size() > most_after)
      no("after",
         "after names " + to_string(spec_.after.size()) + " jobs; " + at_most(most_after, ""));
    for (const std::string& job : spec_.after)
      if (job.empty() || job.size() > longest_name || printable(job) != job)
        no("after", quoted(job) + " is neither the name nor the number of a job");
    if (spec_.dir.empty() || spec_.dir[0] != '/')
      no("dir", "the directory " + quoted(spec_.dir) + " does not begin with /");
    path("dir", spec_.dir);
    if (spec_.priority > highest_priority || spec_.priority < -highest_priority)
      no("priority", "priority is " + to_string(spec_.priority) + "; it goes from " +
                         to_string(-highest_priority) + " to " + to_string(highest_priority));
  }

  void path(const char* where, std::string_view path) {
    if (path.size() > longest_path)
      no(where,
         "a path of " + to_string(path.size()) + " bytes; " + at_most(longest_path, "bytes"));
    if (const char* trouble = trouble_with(path)) no(where, std::string("the path ") + trouble);
  }

  void command(const char* where, const Command& command) {
    std::size_t bytes = 0;
    for (const std::string& word : command.words) {
      bytes += word.size();
      if (const char* trouble = trouble_with(word))
        return no(where, std::string("the command ") + trouble);
      // A text for the shell may be longer: it goes to the shell in a file.
      if (!command.shell && word.size() > longest_word)
        return no(where,
                  "a word of the command has " + to_string(word.size()) + " bytes; " +
                      at_most(longest_word, "bytes") + ", because Linux takes no more",
                  "write the command as one text for the shell, or hand it over in a file");
    }
    if (command.words.empty() || trim(command.words[0]).empty()) no(where, "the command is empty");
    else if (command.shell && command.words.size() != 1)
      no(where, "a command for the shell is one text, not " + to_string(command.words.size()));
    if (bytes > longest_command)
      no(where, "the command has " + to_string(bytes) + " bytes; " +
                    at_most(longest_command, "bytes") + ": put it into a script");
  }

  void resources() {
    const ResourceRequest& request = spec_.resources;
    if (request.tasks < 1 || request.tasks > most_tasks_in_a_gang)
      no("tasks", "tasks is " + to_string(request.tasks) + "; it goes from 1 to " +
                      to_string(most_tasks_in_a_gang));
    const std::size_t n = request.alternatives.size();
    if (n == 0) no("any_of", "any_of holds no alternative");
    if (n > most_alternatives)
      return no("any_of", "any_of holds " + to_string(n) + " alternatives; " +
                              at_most(most_alternatives, ""));
    for (std::size_t i = 0; i < n; ++i)
      task(n == 1 ? "" : "any_of." + to_string(i) + ".", request.alternatives[i]);
  }

  void task(const std::string& prefix, const TaskRequest& task) {
    if (task.cpus == CpuAmount{0} || task.cpus > whole_cpus(most_cpus_of_a_task))
      no(prefix + "cpus", "cpus is " + to_string(task.cpus.thousandths / 1000) +
                              "; it goes from 1 to " + to_string(most_cpus_of_a_task));
    memory(prefix + "memory", task.memory);
    if (task.rate && (*task.rate < 1 || *task.rate > highest_rate))
      no(prefix + "rate", "a rate of " + to_string(*task.rate) +
                              " thousandths; it goes from 1 to " + to_string(highest_rate));
    if (!task.devices) return;
    const DeviceRequest& devices = *task.devices;
    memory(prefix + "gpu_memory", devices.memory);
    if (devices.count < 1 || devices.count > most_devices_of_a_task)
      no(prefix + "gpus", "gpus is " + to_string(devices.count) + "; a task has at most " +
                              to_string(most_devices_of_a_task));
    const int share = devices.share.thousandths;
    if (share < 1 || share > whole_device.thousandths)
      no(prefix + "gpus",
         "a share of " + to_string(share) + " thousandths of a device; it goes from 1 to 1000");
    else if (devices.share != whole_device && devices.count != 1)
      no(prefix + "gpus", "a share is of one device, not of " + to_string(devices.count));
    if (devices.kind != DeviceKind::gpu && devices.kind != DeviceKind::fpga)
      no(prefix + "device", "no such kind of device");
    for (const std::string* text : {&devices.model, &devices.vendor})
      if (text->size() > longest_name || printable(*text) != *text)
        no(prefix + (text == &devices.model ? "model" : "device"),
           quoted(*text) + " is not a name of at most " + to_string(longest_name) + " bytes");
  }

  void memory(std::string where, Bytes bytes) {
    if (bytes.n < 0 || bytes > most_memory_of_a_task)
      no(std::move(where), (bytes.n < 0 ? to_string(bytes.n) + " bytes" : format(bytes)) +
                               " of memory; a task has at most " + format(most_memory_of_a_task));
  }

  void times() {
    if (spec_.time && (spec_.time->us <= 0 || *spec_.time > longest_time))
      no("time", "time must be more than 0 and at most 100 years");
    if (spec_.grace.us < 0 || spec_.grace > longest_grace)
      no("grace", "grace is longer than the most, which is 24h");
    if (spec_.stop_signal < 1 || spec_.stop_signal > highest_signal)
      no("stop_signal", "signal " + to_string(spec_.stop_signal) + "; they go from 1 to " +
                            to_string(highest_signal));
    if (spec_.submit_key.size() > longest_submit_key)
      no("submit_key", "the key has " + to_string(spec_.submit_key.size()) + " bytes; " +
                           at_most(longest_submit_key, "bytes"));
    if (spec_.log_limit.n < 1) no("log_limit", "log_limit must be more than 0");
    if (spec_.launcher != TeamLauncher::plain && spec_.launcher != TeamLauncher::mpi)
      no("launcher", "no such launcher");
    if (spec_.mps && !all_may_be_nvidia_gpus())
      no("mps", "mps is for jobs whose tasks each have one GPU of NVIDIA, or a share of one");
  }

  bool all_may_be_nvidia_gpus() const {
    return std::all_of(spec_.resources.alternatives.begin(), spec_.resources.alternatives.end(),
                       [](const TaskRequest& task) {
                         return task.devices && task.devices->kind == DeviceKind::gpu &&
                                task.devices->count == 1 &&
                                (task.devices->vendor.empty() || task.devices->vendor == "nvidia");
                       });
  }

  void environment(const std::string& where, const std::vector<EnvVar>& vars) {
    if (vars.size() > most_env_vars)
      return no(where, where + " holds " + to_string(vars.size()) + " variables; " +
                           at_most(most_env_vars, ""));
    std::size_t bytes = 0;
    for (const auto& [name, value] : vars) {
      bytes += name.size() + value.size();
      if (name.size() + 1 + value.size() > longest_word) {
        no(std::string(where).append(".").append(name),
           quoted(name) + " has " + to_string(name.size() + 1 + value.size()) + " bytes; " +
               at_most(longest_word, "bytes") + ", because Linux takes no more",
           "hand it over in a file");
        continue;
      }
      const char* trouble = trouble_with(value);
      const bool bad_name =
          name.empty() || name.find('=') != std::string::npos || trouble_with(name) != nullptr;
      if (!bad_name && trouble == nullptr) continue;
      no(std::string(where).append(".").append(name),
         quoted(name) + (bad_name ? " cannot be the name of an environment variable"
                                  : std::string(" ") + trouble));
    }
    if (bytes > largest_environment)
      no(where,
         where + " has " + to_string(bytes) + " bytes; " + at_most(largest_environment, "bytes"));
  }

  void sweep() {
    if (spec_.sweep.size() > most_sweep_axes)
      return no("sweep", "the sweep has " + to_string(spec_.sweep.size()) + " names; " +
                             at_most(most_sweep_axes, ""));
    std::set<std::string_view> seen;
    std::size_t bytes = 0;
    for (const SweepAxis& axis : spec_.sweep) {
      const std::string here = "sweep." + axis.name;
      const auto fixed = fixed_placeholders();
      if (!is_placeholder_name(axis.name) || axis.name.size() > longest_name)
        no(here, quoted(axis.name) + " cannot be a sweep's name",
           "use letters, digits and _, not beginning with a digit, at most " +
               to_string(longest_name));
      else if (std::find(fixed.begin(), fixed.end(), axis.name) != fixed.end())
        no(here, quoted(axis.name) + " has a meaning of its own, so a sweep cannot be called so");
      else if (!seen.insert(axis.name).second)
        no(here, "the sweep has " + quoted(axis.name) + " twice");
      if (axis.values.empty()) no(here, "the sweep over " + quoted(axis.name) + " has no values");
      for (const std::string& value : axis.values) {
        bytes += value.size();
        if (const char* trouble = trouble_with(value))
          return no(here, std::string("a value of a sweep ") + trouble);
      }
    }
    if (bytes > largest_sweep)
      no("sweep", "the values of the sweep have " + to_string(bytes) + " bytes; " +
                      at_most(largest_sweep, "bytes"));
  }

  void split() {
    if (!spec_.split) return;
    const Split& split = *spec_.split;
    if (split.kind != SplitKind::files && split.kind != SplitKind::lines &&
        split.kind != SplitKind::items)
      no("split", "no such split");
    path("split", split.source);
    if (split.shards.empty()) no("split", "the split has no pieces");
    if (split.source_size.n < 0) no("split", "a file cannot have less than 0 bytes");
    std::size_t bytes = 0;
    for (const Shard& shard : split.shards) {
      bytes += shard.text.size();
      if (const char* trouble = trouble_with(shard.text))
        return no("split", std::string("a piece of the split ") + trouble);
      if (shard.begin > shard.end || (split.kind == SplitKind::lines &&
                                      shard.end > static_cast<std::uint64_t>(split.source_size.n)))
        return no("split", "a piece lies outside its file");
    }
    if (bytes > largest_split)
      no("split", "the pieces have " + to_string(bytes) + " bytes of text; " +
                      at_most(largest_split, "bytes"));
  }

  // Stops multiplying at the limit, so that no product overflows.
  void gangs() {
    std::uint64_t n = spec_.split ? spec_.split->shards.size() : 1;
    for (const SweepAxis& axis : spec_.sweep) {
      if (n > most_gangs_in_a_job) break;
      n *= std::min<std::uint64_t>(axis.values.size(), most_gangs_in_a_job + 1);
    }
    if (n > most_gangs_in_a_job)
      no(spec_.sweep.empty() ? "split" : "sweep", "this job would have more than " +
                                                      to_string(most_gangs_in_a_job) +
                                                      " gangs, which is the most");
  }

  void retries() {
    if (spec_.retries > most_retries)
      no("retries", "retries is " + to_string(spec_.retries) + "; " + at_most(most_retries, ""));
    for (const RetryOn on : spec_.retry_on)
      if (on > RetryOn::time) return no("retry_on", "no such cause");
    if (spec_.retry_on.size() > 4) no("retry_on", "retry_on names more causes than there are");
  }

  void all_placeholders() {
    if (mistakes_.size() >= most_mistakes_told || spec_.sweep.size() > most_sweep_axes) return;
    for (const std::string& word : spec_.command.words) placeholders("command", word);
    placeholders("dir", spec_.dir);
    if (spec_.env.size() <= most_env_vars)
      for (const auto& [name, value] : spec_.env) placeholders("env." + name, value);
    if (spec_.gather)
      for (const std::string& word : spec_.gather->words) placeholders("gather.command", word);
  }

  void placeholders(const std::string& where, std::string_view text) {
    for (const PlaceholderUse& use : placeholders_in(text)) {
      if (looked_at_++ > most_placeholders_looked_at) return;
      if (mistakes_.size() >= most_mistakes_told) return;
      const auto mistake = placeholder_mistake(where, use.name);
      if (!mistake) continue;
      if (!told_placeholders_.insert(where + "{" + use.name).second) continue;
      const std::string as_text = "for the plain text write {{" + printable(use.name) + "}}";
      const std::string better = mistake->second.empty() ? "" : mistake->second + " If not, ";
      no(where, mistake->first, better + as_text);
    }
  }

  // What is wrong with the use of a name, and what may have been meant.
  std::optional<std::pair<std::string, std::string>> placeholder_mistake(
      const std::string& where, const std::string& name) const {
    const bool in_gather = where == "gather.command";
    const bool swept = std::any_of(spec_.sweep.begin(), spec_.sweep.end(),
                                   [&](const SweepAxis& axis) { return axis.name == name; });
    const std::string shown = "{" + printable(name) + "}";
    if (name == "shard" && !spec_.split) return {{shown + " has no meaning without [split]", ""}};
    if (name == "outputs" && !in_gather) return {{shown + " has a meaning only in [gather]", ""}};
    if ((swept || name == "shard") && in_gather)
      return {{shown + " differs from gang to gang, so it has no meaning in [gather]", ""}};
    if ((swept || name == "shard") && where == "dir" && spec_.gather)
      return {{shown + " differs from gang to gang, so [gather] would have no directory", ""}};
    std::vector<std::string_view> known(fixed_placeholders().begin(), fixed_placeholders().end());
    if (swept || std::find(known.begin(), known.end(), name) != known.end()) return std::nullopt;
    constexpr std::size_t longest_slip = 64;
    const bool may_be_slip = name.size() > 1 && name.size() <= longest_slip;
    for (const SweepAxis& axis : spec_.sweep) known.push_back(axis.name);
    const auto near = may_be_slip ? nearest(name, known) : std::nullopt;
    if (near) return {{"unknown placeholder " + shown, "did you mean {" + *near + "}?"}};
    // What is not near a known name is of another language: awk's {print}. A directory is in none.
    if (where == "dir") return {{"unknown placeholder " + shown, ""}};
    return std::nullopt;
  }

  static constexpr std::size_t most_placeholders_looked_at = 10'000;

  const JobSpec& spec_;
  std::vector<Error> mistakes_;
  std::size_t looked_at_ = 0;
  std::set<std::string> told_placeholders_;  ///< once for each place
};

}  // namespace

std::vector<Error> mistakes_in(const JobSpec& spec) { return SpecCheck(spec).run(); }

Result<void> check(const JobSpec& spec) {
  const auto mistakes = mistakes_in(spec);
  if (!mistakes.empty()) return mistakes.front();
  return {};
}

Result<void> check_name(std::string_view name) {
  const auto no = [](std::string what, std::string hint) {
    return Error{ErrorKind::usage, std::move(what), "", std::move(hint)};
  };
  if (name.empty()) return no("the name is empty", "");
  if (name.size() > longest_name)
    return no(
        "the name has " + to_string(name.size()) + " bytes; " + at_most(longest_name, "bytes"), "");
  if (printable(name) != name) return no(quoted(name) + " holds bytes that cannot be shown", "");
  if (name[0] == '-') return no("the name " + quoted(name) + " would be taken for a flag", "");
  if (parse_gang_name(name) || parse_number(name))
    return no("the name " + quoted(name) + " would be taken for the number of a job",
              "put a letter into it");
  return {};
}

}  // namespace gangline
