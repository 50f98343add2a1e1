#include "control/watching/counts.h"

#include <algorithm>

namespace gangline {
namespace {

constexpr std::uint64_t kept_every = 5'000;  // events
constexpr std::uint32_t page = 1'000;        // events read in one turn, some milliseconds
constexpr std::size_t most_filed = 10'000;
// What was not read for so long is not told any more.
constexpr Span longest_told = minutes(5);

void add_ended(QueueCounted& queue, EndCause cause, std::uint64_t gangs) {
  auto& all = queue.ended;
  const auto at =
      std::find_if(all.begin(), all.end(), [&](const auto& one) { return one.cause == cause; });
  if (at == all.end()) all.push_back({cause, gangs});
  else at->gangs += gangs;
}

}  // namespace

void Counts::begin() {
  const auto kept = store_.counts();
  // What is of later than this store, is counted anew.
  if (!kept || kept->up_to > store_.last_event()) return;
  counted_ = kept_ = kept->up_to;
  for (const QueueCounted& queue : kept->queues) queues_[queue.queue] = queue;
}

void Counts::keep() {
  if (counted_ - kept_ < kept_every) return;
  EventsCounted sums{counted_};
  for (const auto& [_, queue] : queues_) sums.queues.push_back(queue);
  store_.put_counts(sums);
  kept_ = counted_;
}

void Counts::add(const std::vector<const Event*>& stored) {
  if (counted_ + stored.size() != store_.last_event()) return;  // `catch_up` reads them
  for (const Event* event : stored) count(*event);
  counted_ += stored.size();
}

bool Counts::catch_up() {
  if (counted_ >= store_.last_event()) return false;
  const auto events = store_.events_after(counted_, page);
  if (!events || events->empty()) return true;
  for (const auto& [number, event] : *events) {
    count(event);
    counted_ = number;
  }
  return counted_ < store_.last_event();
}

QueueCounted& Counts::of(const std::string& queue) {
  auto found = queues_.find(queue);
  if (found == queues_.end()) {
    const std::string name = queues_.size() < most_queues_told ? queue : other_queues;
    found = queues_.emplace(name, QueueCounted{}).first;
    found->second.queue = name;
  }
  return found->second;
}

const Counts::Filed* Counts::filed(JobId job) {
  if (const JobState* state = beliefs_.find(job)) {
    newest_filed_ = {state->job.spec->queue, state->job.submitted};
    return &newest_filed_;
  }
  if (const auto known = filed_.find(job); known != filed_.end()) return &known->second;
  auto summary = store_.summary(job);
  if (!summary || !*summary) return nullptr;
  if (filed_.size() >= most_filed) filed_.clear();
  return &(filed_[job] = {std::move((*summary)->queue), (*summary)->submitted});
}

void Counts::count(const Event& event) {
  if (const auto* submitted = std::get_if<JobSubmitted>(&event.body)) {
    if (const JobSpec* spec = submitted->job.spec.get()) ++of(spec->queue).submitted;
    else if (const Filed* job = filed(submitted->job.id)) ++of(job->queue).submitted;
  } else if (const auto* started = std::get_if<GangStarted>(&event.body)) {
    const Filed* job = filed(started->gang.job);
    if (job == nullptr) return;
    QueueCounted& queue = of(job->queue);
    ++queue.started;
    if (started->attempt == 1)
      queue.waits.add(std::max(0.0, to_seconds(event.at - job->submitted)), gang_bounds);
  } else if (const auto* ended = std::get_if<GangEnded>(&event.body)) {
    const Filed* job = filed(ended->gang.job);
    if (job == nullptr) return;
    QueueCounted& queue = of(job->queue);
    if (ended->again) ++queue.again;
    else add_ended(queue, ended->ending.cause, 1);
    if (ended->started.us > 0)
      queue.runs.add(std::max(0.0, to_seconds(event.at - ended->started)), gang_bounds);
  } else if (const auto* over = std::get_if<WaitingEnded>(&event.body)) {
    // An older Gangline did not write down how many: one at least.
    if (const Filed* job = filed(over->job))
      add_ended(of(job->queue), over->ending.cause, over->gangs.value_or(1));
  } else if (const auto* measured = std::get_if<GangMeasured>(&event.body)) {
    if (!measured->energy) return;
    if (const Filed* job = filed(measured->gang.job))
      of(job->queue).energy_joules += std::max(0.0, measured->energy->j);
  }
}

void Counts::read(NodeId node, const NodeSample& sample) {
  NodeSample& kept = read_[node.n];
  kept.at = sample.at;
  kept.devices.resize(sample.devices.size());
  for (std::size_t i = 0; i < sample.devices.size(); ++i) {
    const DeviceSample& from = sample.devices[i];
    DeviceSample& to = kept.devices[i];
    to.busy_percent = from.busy_percent;
    to.memory_used = from.memory_used;
    to.power = from.power;
    to.energy = from.energy;
    to.temperature_celsius = from.temperature_celsius;
  }
}

void Counts::show(Figures& figures) const {
  figures.events = store_.last_event();
  figures.counted = counted_;
  for (const auto& [_, queue] : queues_) figures.queues.push_back(queue);
  figures.plans = plans_;
  figures.commits = commits_;
  for (DeviceFigures& device : figures.devices) {
    const auto found = read_.find(device.device.node.n);
    if (found == read_.end() || figures.now - found->second.at > longest_told) continue;
    if (device.device.index >= found->second.devices.size()) continue;
    const DeviceSample& sample = found->second.devices[device.device.index];
    device.busy_percent = sample.busy_percent;
    device.memory_used = sample.memory_used;
    device.power = sample.power;
    device.energy = sample.energy;
    device.temperature_celsius = sample.temperature_celsius;
  }
}

}  // namespace gangline
