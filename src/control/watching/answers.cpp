// What those are answered who watch.
#include <algorithm>

#include "control/controller.h"
#include "control/watching/numbers.h"

namespace gangline {
namespace {

constexpr char letter_waiting = 'w', letter_starting = 's', letter_running = 'r', letter_done = 'd';

/// What holds the allocation, by device and by node.
void place(TimeBar& bar, const Allocation& allocation) {
  for (const NodePart& part : allocation.parts) {
    bar.nodes.push_back(part.node);
    for (const TaskPlace& task : part.tasks)
      for (const DeviceShare& held : task.devices) {
        const DeviceId device{part.node, held.device};
        // Tasks may share one.
        if (std::find(bar.devices.begin(), bar.devices.end(), device) == bar.devices.end())
          bar.devices.push_back(device);
      }
  }
}

}  // namespace

void Controller::feed(const FeedQuery& query, Reply<FeedPage> reply) {
  touch();
  const Time now = world_.now();
  feed_.ask(query, now, std::move(reply));
  if (!feed_.somebody_waits()) return;
  world_.call_later(query.longest, [this, alive = alive_] {
    if (*alive) feed_.answer(world_.now());
  });
}

void Controller::cells(JobId job, std::uint32_t first, std::uint32_t most, Reply<GangCells> reply) {
  touch();
  (void)commit({});
  const JobState* state = register_.find(job);
  const auto stored = store_.find(job);
  if (!stored) return reply(stored.error());
  if (!*stored) return reply(summary(job).error());
  GangCells cells;
  cells.job = job;
  cells.gangs = total_gangs(*(*stored)->first.spec);
  cells.first = std::min(first, cells.gangs);
  most = std::min({most, most_cells, cells.gangs - cells.first});
  auto letters = store_.end_letters(job, cells.first, most);
  if (!letters) return reply(letters.error());
  cells.cells = *std::move(letters);
  const auto put = [&](std::uint32_t index, char letter) {
    if (index >= cells.first && index - cells.first < most)
      cells.cells[index - cells.first] = letter;
  };
  if (state != nullptr) {
    for (const GangRange& range : state->fresh) {
      const std::uint32_t end = std::min(range.first + range.count, cells.first + most);
      for (std::uint32_t i = std::max(range.first, cells.first); i < end; ++i)
        put(i, letter_waiting);
    }
    for (const auto& [index, _] : state->again) put(index, letter_waiting);
    if (state->gather_waits()) put(gather_index(*state->job.spec), letter_waiting);
    for (const auto& [index, gang] : state->live) {
      const bool runs = std::holds_alternative<Running>(gang.state);
      const bool waits = !runs && (gang.waits_in_engine() || index != gang.run->first);
      put(index, runs ? letter_running : waits ? letter_waiting : letter_starting);
    }
  }
  reply(std::move(cells));
}

void Controller::results(JobId job, std::uint32_t first, std::uint32_t most,
                         Reply<JobResults> reply) {
  touch();
  (void)commit({});
  const auto stored = store_.find(job);
  if (!stored) return reply(stored.error());
  if (!*stored) return reply(summary(job).error());
  const JobSpec& spec = *(*stored)->first.spec;
  JobResults results;
  results.job = job;
  results.gangs = gang_count(spec);
  results.first = std::min(first, results.gangs);
  results.looked_at = std::min({most, most_results, results.gangs - results.first});
  const auto letters = store_.end_letters(job, results.first, results.looked_at);
  if (!letters) return reply(letters.error());
  for (std::uint32_t i = 0; i < results.looked_at; ++i) {
    if ((*letters)[i] != letter_done) continue;
    const std::uint32_t index = results.first + i;
    const auto text = engine_.read_output(spec, {job, index}, longest_result);
    if (!text) continue;  // it wrote nothing
    auto numbers = numbers_in(*text, most_numbers_of_a_gang);
    if (!numbers.empty())
      results.results.push_back({index, sweep_values(spec, index), std::move(numbers)});
  }
  reply(std::move(results));
}

void Controller::readings(const ReadingsQuery& query, Reply<Readings> reply) {
  touch();
  const auto& nodes = register_.cluster()->nodes;
  if (query.node.n >= nodes.size())
    return reply(Error{ErrorKind::not_found,
                       "there is no node with the number " + std::to_string(query.node.n), "",
                       "`gang nodes` lists the nodes"});
  std::vector<PastReadings> before;
  const Time begin = readings_.begin_of(query.node);
  const Time from = query.from.us == 0 ? world_.now() - hours(1) : query.from;
  if (from < begin) {
    auto stored = stored_readings(query.node, from, std::min(query.until, begin - Span{1}));
    if (!stored) return reply(stored.error());
    before = *std::move(stored);
  }
  reply(readings_.between(query, nodes[query.node.n], before));
}

/// The longer steps for what lies before the shorter ones.
Result<std::vector<PastReadings>> Controller::stored_readings(NodeId node, Time from, Time until) {
  std::vector<PastReadings> all;
  for (const LongStep& each : ReadingsKept::long_steps) {
    auto stored = store_.readings_between(node, each.step, from, until);
    if (!stored) return stored.error();
    all.insert(all.begin(), stored->begin(), stored->end());
    if (!all.empty()) until = all.front().at - Span{1};
  }
  return all;
}

void Controller::keep_readings() {
  readings_.complete(world_.now());
  (void)commit({});
}

bool Controller::readings_are_due() const {
  return !readings_.unstored().empty() &&
         world_.now() - readings_stored_ >= ReadingsKept::longest_unstored;
}

void Controller::timeline(const TimeChartQuery& query, Reply<TimeChart> reply) {
  touch();
  (void)commit({});
  TimeChart line;
  line.now = world_.now();
  const std::size_t most = std::clamp(query.most, 1u, most_timeline_bars);
  const auto add = [&](TimeBar bar) {
    if (bar.from > query.until || (bar.until && *bar.until < query.from)) return;
    if (line.bars.size() < most) line.bars.push_back(std::move(bar));
    else line.cut = true;
  };
  const auto bar_of = [](const JobState& job, std::uint32_t index) {
    TimeBar bar;
    bar.gang = {job.job.id, index};
    bar.name = job.job.spec->name;
    bar.owner = job.job.owner;
    return bar;
  };
  // 1. What is promised.
  for (const auto& [gang, promise] : register_.promises()) {
    const JobState* job = register_.find(gang.job);
    if (job == nullptr) continue;
    TimeBar bar = bar_of(*job, gang.index);
    bar.phase = GangPhase::waiting;
    bar.from = promise.start;
    const std::uint32_t alternative = promise.where ? promise.where->alternative : 0;
    if (const auto limit = time_limit_of(*job->job.spec, gang.index, alternative))
      bar.until = promise.start + *limit;
    if (promise.where) place(bar, *promise.where);
    add(std::move(bar));
  }
  // 2. What runs.
  for (const JobId id : register_.live()) {
    const JobState& job = *register_.find(id);
    for (const auto& [index, gang] : job.live) {
      const auto* running = std::get_if<Running>(&gang.state);
      const auto* starting = std::get_if<Starting>(&gang.state);
      if (running == nullptr && (gang.waits_in_engine() || index != gang.run->first)) continue;
      TimeBar bar = bar_of(job, index);
      bar.attempt = gang.attempt;
      bar.phase = running != nullptr ? GangPhase::running : GangPhase::starting;
      bar.from = running != nullptr ? running->started : starting->asked;
      if (const auto limit = time_limit_of(*job.job.spec, index, gang.place()->alternative))
        bar.until = bar.from + *limit;
      place(bar, *gang.place());
      add(std::move(bar));
    }
  }
  // 3. What ran.
  auto past = store_.runs_between(query.from, query.until,
                                  static_cast<std::uint32_t>(most - line.bars.size() + 1));
  if (!past) return reply(past.error());
  for (PastRun& run : *past) {
    TimeBar bar;
    bar.gang = run.end.gang;
    bar.attempt = run.end.attempt;
    bar.from = run.end.started;
    bar.until = run.ended;
    bar.cause = run.end.ending.cause;
    bar.name = std::move(run.name);
    bar.owner = std::move(run.owner);
    if (run.allocation) place(bar, *run.allocation);
    add(std::move(bar));
  }
  reply(std::move(line));
}

}  // namespace gangline
