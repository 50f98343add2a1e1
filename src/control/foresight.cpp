#include "control/foresight.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

namespace gangline {
namespace {

/// Gangs that come with more time between them are of different batches.
constexpr Span longest_gap = minutes(10);
/// Of those that run, as many of the oldest are looked at.
constexpr std::size_t most_looked_at = 64;
constexpr double steps = 4;  ///< of the mean, in each doubling
/// How far the runs of a batch are apart: a guess that is off by as much counts as one of them.
constexpr double usual_distance = 2;  ///< a logarithm
constexpr double most_certain = 0.1;

double log2_of(Span run) { return std::log2(std::max(1.0, to_seconds(run))); }

double weight_of(const Prediction& guess) {
  const double ratio = usual_distance / std::max(most_certain, std::log2(guess.off_by));
  return ratio * ratio;
}

}  // namespace

bool tells_run_time(const GangEnded& ended) {
  switch (ended.ending.cause) {
    case EndCause::lost:
    case EndCause::preempted:
    case EndCause::not_started:
    case EndCause::dependency: return false;
    default: return ended.started.us > 0;
  }
}

Foresight::Batch* Foresight::batch_of(JobId job) {
  const auto known = known_.find(job);
  return known == known_.end() ? nullptr : &batches_.at(known->second.batch);
}

/// The batch that one like this joins now.
Foresight::Batch& Foresight::batch_for(std::string likeness, Time at, std::uint64_t& id) {
  const auto [place, is_new] = newest_.try_emplace(likeness, 0);
  if (!is_new && batches_.at(place->second).newest + longest_gap >= at) {
    id = place->second;
    return batches_.at(id);
  }
  const std::uint64_t before = std::exchange(place->second, ++batches_made_);
  id = batches_made_;
  Batch& batch = batches_[id];
  batch.likeness = std::move(likeness);
  if (!is_new) forget_batch_if_idle(before, at);
  return batch;
}

/// One that nobody is of any more is kept only while others may join it.
void Foresight::forget_batch_if_idle(std::uint64_t id, Time now) {
  const Batch& batch = batches_.at(id);
  if (!batch.jobs.empty()) return;
  const auto newest = newest_.find(batch.likeness);
  if (newest != newest_.end() && newest->second == id) {
    if (batch.newest + longest_gap >= now) return;
    newest_.erase(newest);
  }
  waiting_.erase(id);
  batches_.erase(id);
}

void Foresight::forget_old_likenesses(Time now) {
  if (newest_.size() < tidy_at_) return;
  std::vector<std::uint64_t> all;
  for (const auto& [likeness, id] : newest_) all.push_back(id);
  for (const std::uint64_t id : all) forget_batch_if_idle(id, now);
  tidy_at_ = 2 * newest_.size() + 1'000;
}

void Foresight::submitted(const Job& job, Time at) {
  const JobSpec& spec = *job.spec;
  forget_old_likenesses(at);
  Known known;
  known.gang = to_run(job.owner, spec.name, spec.queue, spec.resources, spec.time);
  known.guesses = predictor_.guess(known.gang);
  const ToRun& gang = known.gang;
  Batch& batch = batch_for(
      gang.owner + '\0' + gang.name + '\0' + gang.queue + '\0' + std::to_string(gang.size), at,
      known.batch);
  batch.newest = std::max(batch.newest, at);
  known.guess = batch.newest_guess = predictor_.best_of(known.guesses, gang);
  batch.changed = true;
  batch.jobs.insert(job.id);
  batch.waiting.insert(job.id);
  waiting_.insert(known.batch);
  newest_submission_ = std::max(newest_submission_, at);
  known_.emplace(job.id, std::move(known));
}

void Foresight::started(GangId gang, Time at) {
  const auto known = known_.find(gang.job);
  if (known == known_.end()) return;
  known->second.started[gang.index] = at;
  batches_.at(known->second.batch).running.emplace(at, gang);
}

void Foresight::stopped_running(Known& known, GangId gang) {
  const auto start = known.started.find(gang.index);
  if (start == known.started.end()) return;
  batches_.at(known.batch).running.erase({start->second, gang});
  known.started.erase(start);
}

void Foresight::interrupted(GangId gang) {
  const auto known = known_.find(gang.job);
  if (known == known_.end()) return;
  stopped_running(known->second, gang);
  batches_.at(known->second.batch).changed = true;
}

void Foresight::waits_again(JobId job) {
  Batch* batch = batch_of(job);
  if (batch == nullptr) return;
  batch->waiting.insert(job);
  batch->changed = true;
  waiting_.insert(known_.at(job).batch);
}

void Foresight::ended(GangId gang, Span run) {
  const auto known = known_.find(gang.job);
  if (known == known_.end()) return;
  stopped_running(known->second, gang);
  Batch& batch = batches_.at(known->second.batch);
  ++batch.ended;
  batch.sum += log2_of(run);
  batch.changed = true;
  predictor_.learn(known->second.gang, known->second.guesses, run);
}

void Foresight::none_waits(JobId job) {
  if (Batch* batch = batch_of(job)) batch->waiting.erase(job);
}

void Foresight::forget(JobId job) {
  const auto known = known_.find(job);
  if (known == known_.end()) return;
  const std::uint64_t id = known->second.batch;
  Batch& batch = batches_.at(id);
  for (const auto& [index, start] : known->second.started)
    batch.running.erase({start, {job, index}});
  batch.jobs.erase(job);
  batch.waiting.erase(job);
  known_.erase(known);
  forget_batch_if_idle(id, newest_submission_);
}

Foresight::Evidence Foresight::look_at(const Batch& batch, Time now) {
  double sum = batch.sum, n = batch.ended;
  std::optional<double> usual;
  if (batch.newest_guess) {
    const double weight = weight_of(*batch.newest_guess);
    usual = (sum + weight * log2_of(batch.newest_guess->run)) / (n + weight);
  } else if (n > 0) {
    usual = sum / n;
  }
  std::size_t looked_at = 0;
  for (const auto& [start, gang] : batch.running) {
    if (now <= start || looked_at++ == most_looked_at) break;
    const double so_far = log2_of(Span{2 * (now - start).us});
    if (usual && so_far <= *usual) break;
    sum += so_far;
    n += 1;
  }
  if (n == 0) return {};
  return {std::exp2(std::floor(std::log2(n))), std::round(sum / n * steps) / steps};
}

std::set<JobId> Foresight::renewed(Time now) {
  std::set<JobId> jobs;
  const Time looked{now.us / looks_every.us * looks_every.us};
  const bool all = std::exchange(looked_, looked) != looked;
  for (auto it = waiting_.begin(); it != waiting_.end();) {
    Batch& batch = batches_.at(*it);
    if (batch.waiting.empty()) {
      it = waiting_.erase(it);
      continue;
    }
    ++it;
    if (!all && !std::exchange(batch.changed, false)) continue;
    const Evidence seen = look_at(batch, looked);
    if (seen == batch.seen) continue;
    batch.seen = seen;
    jobs.insert(batch.waiting.begin(), batch.waiting.end());
  }
  return jobs;
}

std::optional<Prediction> Foresight::prediction_of(JobId job) const {
  const auto known = known_.find(job);
  if (known == known_.end()) return std::nullopt;
  const Evidence& seen = batches_.at(known->second.batch).seen;
  const auto& guess = known->second.guess;
  if (!guess && seen.runs == 0) return std::nullopt;
  Prediction prediction = guess.value_or(Prediction{});
  const double weight = guess ? weight_of(*guess) : 0;
  const double sum = (guess ? weight * log2_of(guess->run) : 0) + seen.runs * seen.mean;
  prediction.run = Span{static_cast<std::int64_t>(std::exp2(sum / (weight + seen.runs)) * 1e6)};
  if (const auto& limit = known->second.gang.limit)
    prediction.run = std::min(prediction.run, *limit);
  return prediction;
}

std::optional<Span> Foresight::run_of(JobId job) const {
  const auto prediction = prediction_of(job);
  return prediction ? std::optional(prediction->run) : std::nullopt;
}

}  // namespace gangline
