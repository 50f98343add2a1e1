#include "gateway/simulations.h"

#include <algorithm>
#include <array>
#include <filesystem>

#include "base/text.h"
#include "json/simulation_json.h"
#include "os/clock.h"
#include "os/file.h"

namespace gangline {
namespace {

constexpr std::size_t most_kept = 50;
constexpr std::size_t most_words = 100;
constexpr std::size_t longest_word = 200;
constexpr std::size_t largest_page = 32 << 20;
constexpr std::size_t largest_log = 4 << 20;
constexpr std::size_t longest_said = 2 << 10;
constexpr std::string_view progress_mark = "progress ";

// Those of `gang simulate` that neither read nor write files. With a value or without one.
constexpr std::array<std::string_view, 13> with_value = {
    "--policy",         "--only-queue",    "--add",          "--remove",     "--gpu-model-swap",
    "--scale-arrivals", "--assume-limits", "--restart-cost", "--start-cost", "--set",
    "--maintenance",    "--drain",         "--power-limit"};
constexpr std::array<std::string_view, 4> without_value = {"--backtest", "--end-at-limit",
                                                           "--lose-work", "--leave-unless-started"};

template <std::size_t N>
bool is_among(const std::array<std::string_view, N>& all, std::string_view word) {
  return std::find(all.begin(), all.end(), word) != all.end();
}

/// How far it said that it is; empty: it has not said.
std::optional<double> progress_in(const std::string& log) {
  const auto last = log.rfind(progress_mark);
  if (last == std::string::npos) return std::nullopt;
  const auto begin = last + progress_mark.size();
  const auto percent = parse_number(log.substr(begin, log.find('\n', begin) - begin));
  if (!percent || *percent > 100) return std::nullopt;
  return static_cast<double>(*percent) / 100;
}

/// Its last words, without how far it was.
std::string last_words(const std::string& log) {
  std::string words;
  for (const std::string_view line : split(log, '\n'))
    if (!line.empty() && !line.starts_with(progress_mark)) words = line;
  if (words.size() > longest_said) words.resize(longest_said);
  return printable(words);
}

/// Of the files of one.
std::uintmax_t bytes_below(const std::string& directory) {
  std::uintmax_t sum = 0;
  std::error_code unknown;
  for (const auto& entry : std::filesystem::directory_iterator(directory, unknown)) {
    const auto size = entry.file_size(unknown);
    if (!unknown) sum += size;
  }
  return sum;
}

}  // namespace

Result<void> check_what_if(const std::vector<std::string>& options) {
  const auto no = [](const std::string& what) {
    return Error{ErrorKind::usage, what, "options",
                 "`gang simulate --help` lists what there is; files are for the command line"};
  };
  if (options.size() > most_words)
    return no("there are more than " + std::to_string(most_words) + " words");
  for (std::size_t i = 0; i < options.size(); ++i) {
    const std::string& word = options[i];
    if (word.size() > longest_word || printable(word) != word) return no("a word makes no sense");
    if (is_among(without_value, word)) continue;
    if (!is_among(with_value, word))
      return no("'" + word + "' is no option of a simulation over the network");
    if (++i == options.size() || options[i].empty() || options[i].front() == '-')
      return no(word + " needs a value");
    if (options[i].size() > longest_word || printable(options[i]) != options[i])
      return no("the value of " + word + " makes no sense");
  }
  return {};
}

Simulations::Simulations(Loop& loop, SimulationsSettings settings)
    : loop_(loop), settings_(std::move(settings)) {
  recall();
}

std::string Simulations::directory_of(std::uint64_t id) const {
  return settings_.directory + "/" + std::to_string(id);
}

void Simulations::recall() {
  std::error_code unknown;
  for (const auto& entry : std::filesystem::directory_iterator(settings_.directory, unknown)) {
    const auto id = parse_number(entry.path().filename().string());
    const auto text = id ? read_file(directory_of(*id) + "/run.json") : Result<std::string>("");
    auto run = text ? from_json<SimulationRun>(*text) : text.error();
    if (!id || !run) continue;
    run->id = *id;
    if (run->state == SimulationState::running) {
      run->state = SimulationState::failed;
      run->ended = run->started;
      run->says = "the gateway ended while it ran";
      keep(*run);
    }
    runs_[*id] = *std::move(run);
  }
  forget_oldest();
}

// What cannot be kept is there as long as the gateway.
void Simulations::keep(const SimulationRun& run) const {
  (void)write_file(directory_of(run.id) + "/run.json", to_json(run)).ok();
}

void Simulations::forget_oldest() {
  // Directories as they are by now: what is longer than it should be was written by a child.
  std::uintmax_t bytes = 0;
  for (const auto& [id, run] : runs_) bytes += bytes_below(directory_of(id));
  std::error_code unknown;
  while (runs_.size() > 1 && (runs_.size() > most_kept || bytes > settings_.most_bytes)) {
    const std::string oldest = directory_of(runs_.begin()->first);
    bytes -= std::min(bytes, bytes_below(oldest));
    std::filesystem::remove_all(oldest, unknown);
    runs_.erase(runs_.begin());
  }
}

Result<SimulationRun> Simulations::begin(const std::vector<std::string>& options) {
  if (const auto good = check_what_if(options); !good) return good.error();
  if (running_) return Error{ErrorKind::refused, "a simulation runs", "", "wait until it is over"};
  SimulationRun run;
  run.id = runs_.empty() ? 1 : runs_.rbegin()->first + 1;
  run.options = options;
  run.started = now();
  const std::string directory = directory_of(run.id);
  if (const auto made = make_private_directory(settings_.directory); !made) return made.error();
  if (const auto made = make_private_directory(directory); !made) return made.error();
  ProgramCall call;
  // What is live goes first.
  call.words = {"nice", "-n", "10"};
  call.words.insert(call.words.end(), settings_.program.begin(), settings_.program.end());
  call.words.insert(call.words.end(),
                    {"simulate", "--quiet", "--progress", "--html", directory + "/page.html"});
  call.words.insert(call.words.end(), options.begin(), options.end());
  call.output_file = directory + "/log";
  call.deadline = settings_.longest;
  running_ = std::make_unique<ProgramRun>(
      loop_, std::move(call), [this, id = run.id](auto answer) { end(id, std::move(answer)); });
  runs_[run.id] = run;
  keep(run);
  forget_oldest();
  return run;
}

void Simulations::end(std::uint64_t id, Result<ProgramAnswer> answer) {
  // Its end is told from within itself.
  loop_.post([over = std::shared_ptr<ProgramRun>(std::move(running_))] {});
  SimulationRun& run = runs_[id];
  run.ended = now();
  const bool good = answer && answer->code == 0;
  run.state = good ? SimulationState::done : SimulationState::failed;
  if (good) {
    run.page = "/v1/simulations/" + std::to_string(id) + "/page";
  } else if (!answer) {
    run.says = answer.error().sentence();
  } else {
    const auto log = read_file(directory_of(id) + "/log", largest_log);
    if (log) run.says = last_words(*log);
    if (run.says.empty())
      run.says = "it ended with " + std::to_string(answer->code) +
                 " without a word; is there room in " + printable(directory_of(id)) + "?";
  }
  keep(run);
  forget_oldest();
}

std::vector<SimulationRun> Simulations::all() const {
  std::vector<SimulationRun> all;
  for (auto it = runs_.rbegin(); it != runs_.rend(); ++it) {
    all.push_back(it->second);
    if (it->second.state != SimulationState::running) continue;
    const auto log = read_file(directory_of(it->first) + "/log", largest_log);
    if (log) all.back().progress = progress_in(*log);
  }
  return all;
}

Result<std::string> Simulations::page(std::uint64_t id) const {
  const auto run = runs_.find(id);
  if (run == runs_.end() || run->second.state != SimulationState::done)
    return Error{ErrorKind::not_found, "there is no page of simulation " + std::to_string(id), "",
                 "GET /v1/simulations lists those that are done"};
  return read_file(directory_of(id) + "/page.html", largest_page);
}

}  // namespace gangline
