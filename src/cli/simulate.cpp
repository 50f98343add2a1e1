#include "cli/simulate.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/text.h"
#include "cli/simulate/options.h"
#include "jobspec/config_file.h"
#include "replay/clusters/gone_nodes.h"
#include "replay/clusters/read_cluster.h"
#include "replay/readers/own_store.h"
#include "replay/readers/read_history.h"
#include "replay/report/page.h"
#include "replay/report/rows.h"
#include "replay/simulate/each_queue.h"
#include "replay/simulate/simulation.h"
#include "replay/simulate/speeds.h"

namespace gangline {
namespace {

constexpr std::size_t most_policies = 16;
constexpr std::size_t reasons_told = 5;
constexpr int bar_columns = 30;

/// A file that the command line names and that is missing or of no use makes the command line
/// wrong, as a job file does.
template <class T>
Result<T> of_named_file(Result<T> read) {
  if (read) return read;
  Error error = read.error();
  error.kind = ErrorKind::usage;
  return error;
}

/// What is read is the accounts of Slurm.
Result<Span> since_of(const SimulateOptions& options) {
  if (options.from != "slurm")
    return Error{ErrorKind::usage, "there is no history of '" + printable(options.from) + "'",
                 "--from", "say --from slurm, or name a file"};
  if (!options.history.empty())
    return Error{ErrorKind::usage, "a file and --from are two histories", "--from",
                 "leave one out"};
  if (options.since.empty()) return hours(24 * 30);
  auto span = parse_span(options.since);
  if (span && span->us >= seconds(1).us) return span;
  return Error{ErrorKind::usage, "'" + printable(options.since) + "' is no length of time",
               "--since", "write it like --since 30d"};
}

Result<History> history_for(const SimulateOptions& options, Output& out) {
  if (!options.from.empty()) {
    const auto since = since_of(options);
    if (!since) return since.error();
    const auto text = out.around().slurm_jobs(*since);
    if (!text) return text.error();
    HowToRead how;
    how.queue = options.queue;
    how.as_given = options.as_given;
    return read_history_text(*text, "what sacct says", how);
  }
  if (options.history.empty()) {
    auto store = out.around().store();
    if (!store) return store.error();
    return read_own_history(*store);
  }
  HowToRead how;
  how.format = options.format;
  how.queue = options.queue;
  how.processors = options.processors_are_gpus ? Processors::gpus : Processors::cpus;
  how.as_given = options.as_given;
  how.arrivals = options.arrivals;
  if (!options.seed.empty()) how.seed = options.seed;
  return of_named_file(read_history(options.history, how));
}

Result<FoundCluster> cluster_for(const SimulateOptions& options, Output& out) {
  if (!options.cluster.empty()) return of_named_file(read_cluster(options.cluster));
  if (!options.from.empty()) {
    if (const auto since = since_of(options); !since) return since.error();
    const auto text = out.around().slurm_nodes();
    if (!text) return text.error();
    return read_cluster_text(*text, "what scontrol says");
  }
  if (!options.history.empty())
    return Error{ErrorKind::usage, "say on which machines: --cluster FILE", "",
                 "a cluster file, or what sinfo, scontrol or kubectl print; "
                 "docs/guide/histories.md shows each"};
  auto store = out.around().store();
  if (!store) return store.error();
  return read_own_cluster(*store);
}

Result<Policy> policy_called(const std::string& name, const char* flag) {
  if (const auto policy = find_policy(name)) return *policy;
  std::vector<std::string_view> known;
  for (const Policy& row : policies()) known.push_back(row.name);
  const auto near = nearest(name, known);
  return Error{ErrorKind::usage, "there is no policy '" + printable(name) + "'", flag,
               (near ? "did you mean " + *near + "? " : "") + "there are: " + all_policies()};
}

/// What `--set policy.KEY=VALUE` says; the other texts are left to `others`.
Result<PolicySettings> settings_of_policies(const std::vector<std::string>& texts,
                                            std::vector<std::string>& others) {
  PolicySettings settings;
  constexpr std::string_view front = "policy.";
  for (const std::string& text : texts) {
    if (!text.starts_with(front)) {
      others.push_back(text);
      continue;
    }
    const auto equals = text.find('=');
    if (equals == std::string::npos)
      return Error{ErrorKind::usage, "'" + printable(text) + "' says not what to set to what",
                   "--set", "write it like --set policy.promises=4"};
    const auto done = set_of_policy(text.substr(front.size(), equals - front.size()),
                                    text.substr(equals + 1), settings);
    if (!done) return Error{ErrorKind::usage, done.error().what, "--set", done.error().hint};
  }
  return settings;
}

/// Each policy with those of the settings that it has. An Error: none of them has one.
Result<void> set_policies(const PolicySettings& settings, std::vector<Policy>& policies) {
  PolicySettings used;
  for (const Policy& policy : policies) {
    const PolicySettings own = only_those_of(policy, settings);
    if (own.promises) used.promises = own.promises;
    if (own.ages) used.ages = own.ages;
    if (own.patience) used.patience = own.patience;
    if (own.levels) used.levels = own.levels;
    if (own.seed) used.seed = own.seed;
  }
  if (used != settings) {
    const Error error = with(policies.front(), settings).error();
    return Error{ErrorKind::usage, error.what, "--set", error.hint};
  }
  for (Policy& policy : policies) policy = *with(policy, only_those_of(policy, settings));
  return {};
}

Result<std::vector<Policy>> policies_for(const SimulateOptions& options, const Settings& own) {
  auto named = names_of_policies(options.policies);
  if (!named) return named.error();
  std::vector<std::string> names = std::move(*named);
  if (names.empty()) names.push_back(own.policy);
  if (names.size() > most_policies)
    return Error{ErrorKind::usage,
                 "more than " + std::to_string(most_policies) + " policies at once", "--policy",
                 "name fewer"};
  std::vector<Policy> chosen;
  for (const std::string& name : names) {
    auto policy = policy_called(name, "--policy");
    if (!policy) return policy.error();
    if (options.policies.empty()) policy = with(*policy, own.policy_settings);
    if (!policy) return policy.error();
    chosen.push_back(*policy);
  }
  if (const auto done = set_policies(options.policy_settings, chosen); !done) return done.error();
  return chosen;
}

/// What the history is run as recorded under.
Result<Policy> policy_in_force(const SimulateOptions& options, const Settings& own) {
  const bool named = !options.backtest.empty() && options.backtest != "true";
  if (named) return policy_called(options.backtest, "--backtest");
  const auto policy = policy_called(own.policy, "--backtest");
  return policy ? with(*policy, own.policy_settings) : policy;
}

std::string counted(std::uint64_t n, const std::string& noun) {
  return std::to_string(n) + " " + noun + (n == 1 ? "" : "s");
}

std::string size_of(const History& history, const FoundCluster& found) {
  std::uint64_t devices = 0;
  for (const Node& node : found.cluster.nodes) devices += node.devices.size();
  return counted(history.jobs.size(), "job") + " on " +
         counted(found.cluster.nodes.size(), "node") + " with " + counted(devices, "GPU");
}

void tell_left_out(const LeftOut& left, const std::string& noun, Output& out) {
  if (left.count == 0) return;
  const auto say = [&](const std::string& text) { out.around().err(text + "\n"); };
  say(counted(left.count, noun) + " left out:");
  std::vector<std::pair<std::string, std::uint64_t>> reasons(left.by_reason.begin(),
                                                             left.by_reason.end());
  std::stable_sort(reasons.begin(), reasons.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  for (std::size_t i = 0; i < reasons.size() && i < reasons_told; ++i)
    say("  " + std::to_string(reasons[i].second) + " times: " + printable(reasons[i].first));
  if (reasons.size() > reasons_told)
    say("  and " + counted(reasons.size() - reasons_told, "reason") + " more; --json has them all");
  if (!left.examples.empty())
    say("  the first: line " + std::to_string(left.examples[0].line) + ": " +
        printable(left.examples[0].why));
}

void note_queues_without_nodes(const FoundCluster& found, History& history) {
  auto queues = queues_without_nodes(history, found);
  const bool some_name_none = std::erase(queues, "") > 0;
  std::string names;
  for (std::size_t i = 0; i < queues.size() && i < reasons_told; ++i)
    names += (i > 0 ? ", '" : "'") + queues[i] + "'";
  if (queues.size() > reasons_told) names += " and more";
  if (!queues.empty())
    history.notes.push_back(counted(queues.size(), "queue") + " without nodes: " + names);
  if (some_name_none)
    history.notes.push_back("some jobs name no queue, and no nodes are for these");
}

/// A bar on a terminal while it takes long. False once the user has pressed Ctrl-C.
class Progress {
 public:
  Progress(Output& out, std::string name, bool in_lines)
      : out_(out), name_(std::move(name)), in_lines_(in_lines) {}
  ~Progress() {
    if (shown_) out_.around().err("\r\033[K");
  }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  bool operator()(double part) {
    if (out_.around().interrupted().times > 0) return false;
    if (in_lines_) return tell_line(part);
    const Time now = out_.around().now();
    if (!out_.around().err_is_terminal || now - last_ < milliseconds(100)) return true;
    last_ = now;
    shown_ = true;
    const int full = static_cast<int>(part * bar_columns);
    std::string bar(static_cast<std::size_t>(full), '#');
    bar.resize(bar_columns, '.');
    out_.around().err("\r" + name_ + " [" + bar + "] " +
                      std::to_string(static_cast<int>(part * 100)) + " %");
    return true;
  }

 private:
  /// For programs, which read it.
  bool tell_line(double part) {
    const int percent = static_cast<int>(part * 100);
    if (percent != std::exchange(told_, percent))
      out_.around().err("progress " + std::to_string(percent) + "\n");
    return true;
  }

  Output& out_;
  std::string name_;
  bool in_lines_ = false;
  int told_ = -1;
  Time last_;
  bool shown_ = false;
};

/// What is simulated, and how, before a policy is chosen.
struct Question {
  History history;
  FoundCluster found;
  SimulationSettings how;
  bool each_queue = false;
  Span rounds{0};  ///< 0: as the policy says
  bool tells_progress = false;
};

// What of the files is used and what is not, on standard error: the result goes to standard output.
void tell_what_is_run(const Question& recorded, const Question& changed, Output& out) {
  if (out.quiet() || out.json()) return;
  const auto say = [&](const std::string& text) { out.around().err(text + "\n"); };
  const std::string was = size_of(recorded.history, recorded.found);
  const std::string is = size_of(changed.history, changed.found);
  say(is + (is == was ? "" : " (as recorded: " + was + ")"));
  tell_left_out(changed.history.left_out, "line", out);
  tell_left_out(changed.found.left_out, "node", out);
  for (const auto* notes : {&changed.history.notes, &changed.found.notes})
    for (const std::string& note : *notes) say("note: " + printable(note));
}

/// Those that know how long each job will run are told apart.
std::string name_of(const Policy& policy) {
  return title_of(policy) + (policy.oracle ? " (oracle)" : "");
}

Result<PolicyRun> run_one(const Policy& policy, const std::string& shown, const Question& question,
                          Output& out) {
  Progress progress(out, shown, question.tells_progress);
  SimulationSettings how = question.how;
  how.policy = policy;
  if (question.rounds.us > 0) how.policy.rounds = question.rounds;
  how.progress = [&](double part) { return progress(part); };
  const auto begun = std::chrono::steady_clock::now();
  auto simulated = question.each_queue ? simulate_each_queue(question.history, question.found, how)
                                       : simulate(question.history, question.found.cluster, how);
  if (!simulated) return simulated.error();
  if (simulated->stopped)
    return Error{ErrorKind::unavailable, "stopped before it was done", shown, ""};
  PolicyRun run;
  run.name = name_of(policy);
  run.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  run.measures = measure(question.history, question.found, *simulated);
  run.simulated = std::move(*simulated);
  run.cluster = question.found;
  return run;
}

bool changes_something(const SimulateOptions& options) {
  return options.what_if.changes_something() || options.ends_at_limit || options.loses_work ||
         !options.restart_cost.empty() || !options.start_cost.empty() || !options.speeds.empty() ||
         !options.rounds.empty() || options.leaves_unless_started;
}

Error no_backtest() {
  return {ErrorKind::refused, "this history does not tell when its jobs really started",
          "--backtest", "a history with started or scheduled times is needed"};
}

bool tells_starts(const History& history) {
  return std::any_of(history.jobs.begin(), history.jobs.end(),
                     [](const PastJob& job) { return job.started.has_value(); });
}

/// How far the history, simulated as recorded under `policy`, is from the truth (DESIGN 9.7: no
/// simulation is shown without that). `runs` may hold it already. Empty: nobody knows.
Result<std::optional<HistoryError>> history_error(const Policy& policy, const Question& as_recorded,
                                                  const std::vector<PolicyRun>& runs, Output& out) {
  std::optional<HistoryError> error;
  if (!tells_starts(as_recorded.history)) return error;
  for (const PolicyRun& run : runs)
    if (run.name == name_of(policy) && run.measures.backtest)
      return std::optional(HistoryError{run.name, *run.measures.backtest});
  const auto run = run_one(policy, "back-test, " + std::string(policy.name), as_recorded, out);
  if (!run) return run.error();
  if (run->measures.backtest) error = HistoryError{run->name, *run->measures.backtest};
  return error;
}

void print_table(const std::vector<PolicyRun>& runs, Output& out) {
  std::vector<std::string> titles{""};
  for (const PolicyRun& run : runs) titles.push_back(run.name);
  Table table(titles);
  for (const MeasureRow& row : measure_rows()) {
    std::vector<std::string> cells{row.title};
    bool any = false;
    for (const PolicyRun& run : runs) {
      const auto value = row.of(run.measures);
      any = any || value.has_value();
      cells.push_back(text_of(row, value));
    }
    if (any) table.row(std::move(cells));
  }
  out.table(table);
}

Result<void> write_files(const SimulateOptions& options, const std::string& title,
                         const Question& question, const std::vector<PolicyRun>& runs,
                         const std::optional<HistoryError>& error, Output& out) {
  if (!options.page.empty())
    if (auto done =
            out.around().write_file(options.page, write_page(title, question.history, runs, error));
        !done)
      return done;
  if (!options.csv.empty())
    if (auto done = out.around().write_file(options.csv, write_csv(runs, error)); !done)
      return done;
  if (!options.write_cluster.empty())
    return out.around().write_file(options.write_cluster, write_cluster(question.found));
  return {};
}

// A history of this machine ran in this machine's queues; those of others are all alike.
SimulationSettings settings_for(const SimulateOptions& options, const Settings& own) {
  SimulationSettings how;
  if (options.history.empty()) how.settings = own;
  how.assumed_limit = options.assumed_limit.value_or(0);
  return how;
}

int failed(const Error& error, Output& out) {
  const Interrupted by = out.around().interrupted();
  return by.times > 0 ? by.exit_code() : out.fail(error);
}

Result<void> take_span(const std::string& text, const char* flag, Span& into) {
  if (text.empty()) return {};
  const auto span = parse_span(text);
  if (!span) return Error{ErrorKind::usage, span.error().what, flag, span.error().hint};
  into = *span;
  return {};
}

/// What is asked, as far as it can be known before the history is read.
struct Prepared {
  std::vector<Policy> policies;
  Policy in_force;
  FoundCluster found;
  std::shared_ptr<const Speeds> speeds;  ///< null: none
  Span start_cost{0}, restart_cost{0};
  Span rounds{0};  ///< 0: as the policies say
};

Result<void> take_spans(const SimulateOptions& options, Prepared& prepared) {
  if (auto done = take_span(options.start_cost, "--start-cost", prepared.start_cost); !done)
    return done;
  if (auto done = take_span(options.restart_cost, "--restart-cost", prepared.restart_cost); !done)
    return done;
  if (auto done = take_span(options.rounds, "--rounds", prepared.rounds); !done) return done;
  if (!options.rounds.empty() && prepared.rounds.us <= 0)
    return Error{ErrorKind::usage, "rounds take some time", "--rounds",
                 "write it like --rounds 60s, or leave it out to plan at once"};
  return {};
}

/// A history may be long, so whatever can be refused without it is refused here.
Result<Prepared> prepare(const SimulateOptions& options, const Settings& own, Output& out) {
  Prepared prepared;
  if (auto good = check_options(options, out, out.around()); !good) return good.error();
  if (auto done = take_spans(options, prepared); !done) return done.error();
  auto chosen = policies_for(options, own);
  if (!chosen) return chosen.error();
  prepared.policies = std::move(*chosen);
  const auto in_force = policy_in_force(options, own);
  if (!in_force) return in_force.error();
  prepared.in_force = *in_force;
  auto found = cluster_for(options, out);
  if (!found) return found.error();
  prepared.found = std::move(*found);
  if (auto good = check(options.what_if, prepared.found); !good) return good.error();
  if (options.speeds.empty()) return prepared;
  auto speeds = of_named_file(read_speeds(options.speeds));
  if (!speeds) return speeds.error();
  prepared.speeds = std::make_shared<const Speeds>(std::move(*speeds));
  return prepared;
}

/// What the jobs do in another way than recorded.
void change_jobs(const SimulateOptions& options, const Prepared& prepared, Question& question) {
  SimulationSettings& how = question.how;
  how.leaves_unless_started = options.leaves_unless_started;
  how.ends_at_limit = options.ends_at_limit;
  how.keeps_work = !options.loses_work;
  if (prepared.speeds) fill_in_runs(*prepared.speeds, question.history);
  how.speeds = prepared.speeds;
  how.start_cost = prepared.start_cost;
  how.restart_cost = prepared.restart_cost;
  question.rounds = prepared.rounds;
}

}  // namespace

int run_simulate(const SimulateOptions& given, Output& out) {
  // 1. What is asked, what ran, on which machines, under which policies.
  SimulateOptions options = given;
  options.what_if.set.clear();
  const auto set = settings_of_policies(given.what_if.set, options.what_if.set);
  if (!set) return out.fail(set.error());
  options.policy_settings = *set;
  const auto own = out.around().settings();
  if (!own) return out.fail(own.error());
  auto prepared = prepare(options, *own, out);
  if (!prepared) return out.fail(prepared.error());
  auto history = history_for(options, out);
  if (!history) return out.fail(history.error());
  if (!options.from.empty())
    if (auto note = note_on_gone_nodes(*history, prepared->found.cluster); !note.empty())
      history->notes.push_back(std::move(note));
  const Question question{std::move(*history),
                          std::move(prepared->found),
                          settings_for(options, *own),
                          options.each_queue,
                          Span{0},
                          options.tells_progress};
  // 2. As recorded, then with what is changed.
  Question changed = question;
  change_jobs(options, *prepared, changed);
  if (const auto done = apply(options.what_if, changed.history, changed.found, changed.how); !done)
    return out.fail(done.error());
  if (changed.each_queue) note_queues_without_nodes(changed.found, changed.history);
  tell_what_is_run(question, changed, out);
  if (!options.backtest.empty() && !tells_starts(question.history)) return out.fail(no_backtest());
  std::vector<PolicyRun> runs;
  for (const Policy& policy : prepared->policies) {
    auto run = run_one(policy, name_of(policy), changed, out);
    if (!run) return failed(run.error(), out);
    // Starts that something was changed about have no truth to be compared with.
    if (changes_something(options)) run->measures.backtest.reset();
    runs.push_back(std::move(*run));
  }
  const auto error = history_error(prepared->in_force, question, runs, out);
  if (!error) return failed(error.error(), out);
  // 3. Files first, so that what is told is there.
  const std::string title = !options.from.empty()     ? options.from
                            : options.history.empty() ? "this machine"
                                                      : options.history;
  if (const auto done = write_files(options, title, changed, runs, *error, out); !done)
    return out.fail(done.error());
  if (out.json()) {
    out.line(write_json(title, changed.history, changed.found, runs, *error));
  } else if (!out.quiet()) {
    print_table(runs, out);
    out.line(*error ? sentence_of(**error)
                    : "No back-test: this history does not tell when its jobs really started.");
    if (!options.page.empty()) out.line("the page: " + options.page);
  }
  return 0;
}

}  // namespace gangline
