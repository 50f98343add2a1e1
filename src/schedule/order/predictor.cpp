#include "schedule/order/predictor.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <utility>

#include "base/text.h"
#include "schedule/order/order.h"

namespace gangline {
namespace {

constexpr std::uint32_t newest_guesses = 1'000;  ///< older errors fade
constexpr std::uint32_t newest_own_guesses = 32;
constexpr double trust = 4;  ///< so many guesses of its own weigh as much as those of all
constexpr Span least_run = seconds(1);

double log2_of(Span run) { return std::log2(to_seconds(std::max(run, least_run))); }

Span exp2_of(double log2) {
  constexpr double longest = 40;  // thousands of years
  return Span{static_cast<std::int64_t>(std::exp2(std::min(log2, longest)) * 1e6)};
}

/// Numbers in a name count as one: runs of "train-7" are like those of "train-8".
std::string without_numbers(const std::string& name) {
  std::string text;
  for (const char c : name) {
    const bool digit = c >= '0' && c <= '9';
    if (!digit) text += c;
    else if (text.empty() || text.back() != '#') text += '#';
  }
  return text;
}

bool is_known(LikeIn like, const ToRun& gang) {
  switch (like) {
    case LikeIn::owner_and_name: return !gang.owner.empty() && !gang.name.empty();
    case LikeIn::owner_and_size:
    case LikeIn::owner: return !gang.owner.empty();
    case LikeIn::name: return !gang.name.empty();
    case LikeIn::limit: return gang.limit && *gang.limit > least_run;
    case LikeIn::queue_and_size:
    case LikeIn::size:
    case LikeIn::all: return true;
  }
  return false;
}

}  // namespace

ToRun to_run(std::string owner, std::string name, std::string queue, const ResourceRequest& request,
             std::optional<Span> limit) {
  std::int64_t size = devices_wanted(request);
  if (size == 0)
    size = -std::int64_t{request.tasks} * request.alternatives.front().cpus.thousandths;
  return {std::move(owner), without_numbers(name), std::move(queue), size, limit};
}

const char* name_of(LikeIn like) {
  switch (like) {
    case LikeIn::owner_and_name: return "runs of that name by the same user";
    case LikeIn::owner_and_size: return "runs of that size by the same user";
    case LikeIn::owner: return "runs by the same user";
    case LikeIn::name: return "runs of that name";
    case LikeIn::queue_and_size: return "runs of that size in the queue";
    case LikeIn::size: return "runs of that size";
    case LikeIn::limit: return "what part of its time limit such a run took";
    case LikeIn::all: return "all runs";
  }
  return "";
}

std::string describe(const Prediction& prediction) {
  const Span run{static_cast<std::int64_t>(std::round(to_seconds(prediction.run))) * 1'000'000};
  char off_by[32];
  std::snprintf(off_by, sizeof off_by, "%.1f", prediction.off_by);
  return "expected to run about " + format(run) + ", by " + name_of(prediction.like) +
         "; such guesses were " + off_by + " times too long or too short in the mean";
}

float Predictor::Runs::mean() const {
  const std::uint32_t n = std::min<std::uint32_t>(count, newest_runs);
  float sum = 0;
  for (std::uint32_t i = 0; i < n; ++i) sum += newest[i];
  return sum / static_cast<float>(n);
}

std::optional<std::string> Predictor::key_of(LikeIn like, const ToRun& gang) {
  if (!is_known(like, gang)) return std::nullopt;
  std::string key(1, static_cast<char>('a' + static_cast<int>(like)));
  const auto add = [&](const std::string& text) { key.append(text).push_back('\0'); };
  const bool of_owner = like == LikeIn::owner_and_name || like == LikeIn::owner_and_size ||
                        like == LikeIn::owner || like == LikeIn::limit;
  if (of_owner) add(gang.owner);
  if (like == LikeIn::owner_and_name || like == LikeIn::name) add(gang.name);
  if (like == LikeIn::queue_and_size) add(gang.queue);
  if (like == LikeIn::owner_and_size || like == LikeIn::queue_and_size || like == LikeIn::size)
    add(std::to_string(gang.size));
  return key;
}

const Predictor::Runs* Predictor::find(const std::string& key) const {
  for (const auto* all : {&young_, &old_})
    if (const auto found = all->find(key); found != all->end()) return &found->second;
  return nullptr;
}

Predictor::Runs& Predictor::runs_of(const std::string& key) {
  if (const auto known = young_.find(key); known != young_.end()) return known->second;
  if (young_.size() >= most_remembered / 2) old_ = std::exchange(young_, {});
  Runs runs;
  if (const auto old = old_.find(key); old != old_.end()) {
    runs = old->second;
    old_.erase(old);
  }
  return young_.emplace(key, runs).first->second;
}

double Predictor::error_of(LikeIn like, const Runs& runs) const {
  const double of_all = errors_[static_cast<std::size_t>(like)].mean;
  return (trust * of_all + static_cast<double>(runs.guesses) * static_cast<double>(runs.error)) /
         (trust + runs.guesses);
}

Predictor::Guesses Predictor::guess(const ToRun& gang) const {
  Guesses guesses;
  for (std::size_t way = 0; way < ways_to_guess; ++way) {
    const auto like = static_cast<LikeIn>(way);
    const auto key = key_of(like, gang);
    const Runs* runs = key ? find(*key) : nullptr;
    if (runs == nullptr) continue;
    const double limit = like == LikeIn::limit ? log2_of(*gang.limit) : 0;
    guesses[way] = runs->mean() + static_cast<float>(limit);
  }
  return guesses;
}

std::optional<Prediction> Predictor::best_of(const Guesses& guesses, const ToRun& gang) const {
  std::optional<Prediction> best;
  double least = 0;
  for (std::size_t way = 0; way < ways_to_guess; ++way) {
    if (!guesses[way]) continue;
    const auto like = static_cast<LikeIn>(way);
    const Runs* runs = find(*key_of(like, gang));
    const double error = error_of(like, runs == nullptr ? Runs{} : *runs);
    if (best && error >= least) continue;
    least = error;
    Span run = exp2_of(static_cast<double>(*guesses[way]));
    if (gang.limit) run = std::min(run, *gang.limit);
    best = Prediction{run, std::exp2(error), like};
  }
  return best;
}

void Predictor::learn(const ToRun& gang, const Guesses& made, Span run) {
  const auto actual = static_cast<float>(log2_of(run));
  for (std::size_t way = 0; way < ways_to_guess; ++way) {
    const auto like = static_cast<LikeIn>(way);
    const auto key = key_of(like, gang);
    if (!key) continue;
    Runs& runs = runs_of(*key);
    if (made[way]) {
      const float off = std::abs(*made[way] - actual);
      runs.guesses = std::min(runs.guesses + 1, newest_own_guesses);
      runs.error += (off - runs.error) / static_cast<float>(runs.guesses);
      Error& of_all = errors_[way];
      of_all.guesses = std::min(of_all.guesses + 1, newest_guesses);
      of_all.mean += (static_cast<double>(off) - of_all.mean) / (trust + of_all.guesses);
    }
    const float one =
        like == LikeIn::limit ? actual - static_cast<float>(log2_of(*gang.limit)) : actual;
    runs.newest[runs.count++ % newest_runs] = one;
  }
}

}  // namespace gangline
