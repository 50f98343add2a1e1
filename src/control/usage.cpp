#include "control/usage.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "schedule/quota/quotas.h"

namespace gangline {
namespace {

constexpr Span told_every = minutes(1);

Time whole_minute(Time at) {
  const std::int64_t since = at.us % told_every.us;
  return Time{at.us - (since < 0 ? since + told_every.us : since)};
}

}  // namespace

Usage::Usage(const Settings& settings)
    : queues_(settings.queues),
      half_life_(to_seconds(settings.half_life)),
      cpus_as_device_(settings.cpus_as_device) {}

std::uint32_t Usage::number_of(const std::string& owner) const {
  const auto known = users_.find(owner);
  return known == users_.end() ? 0 : known->second;
}

std::uint32_t Usage::number_for(const std::string& owner) {
  const auto number = static_cast<std::uint32_t>(names_.size());
  const auto [user, is_new] = users_.try_emplace(owner, number);
  if (is_new) names_.push_back(owner);
  return user->second;
}

double Usage::left_after(Span span) const { return std::exp2(-to_seconds(span) / half_life_); }

// The integral over t from 0 to the span of 2^(-t / half-life).
double Usage::sum_over(Span span) const {
  return -std::expm1(-to_seconds(span) / half_life_ * std::log(2.0)) * half_life_ / std::log(2.0);
}

double Usage::used_at(const Had& had, Time at) const {
  const Span since = at - had.at;
  return (had.ended + had.running) * left_after(since) + had.held * sum_over(since);
}

void Usage::pass_to(Had& had, Time at) const {
  if (at <= had.at) return;
  if (const Time minute = whole_minute(at); minute > had.minute) {
    had.by_the_minute = used_at(had, std::max(minute, had.at));
    had.minute = minute;
  }
  const Span since = at - had.at;
  had.ended *= left_after(since);
  had.running = had.running * left_after(since) + had.held * sum_over(since);
  had.at = at;
}

double Usage::devices_in(const Allocation& allocation) const {
  const Charge charge = charge_of(allocation);
  return static_cast<double>(charge.devices) / whole_device.thousandths +
         static_cast<double>(charge.cpus) / cpus_as_device_;
}

Usage::Had& Usage::had_of(const Job& job, Time at) {
  const std::uint32_t queue = find_queue(queues_, job.spec->queue).value_or(0);
  const auto [known, is_new] = all_.try_emplace({queue, number_of(job.owner)});
  if (is_new) {
    known->second.at = at;
    known->second.minute = whole_minute(at);
  }
  return known->second;
}

void Usage::begin(const Job& job, const Allocation& allocation, Time at) {
  Had& had = had_of(job, at);
  pass_to(had, at);
  const double devices = devices_in(allocation);
  had.running += devices * sum_over(had.at - at);
  had.by_the_minute += devices * sum_over(std::max(Span{0}, had.minute - at));
  had.held += devices;
  ++had.runs;
  if (counts_hours_) hours_.begin(number_of(job.owner), devices, at);
}

void Usage::end(const Job& job, const TurnRun& run, Time at, bool is_new) {
  Had& had = had_of(job, at);
  pass_to(had, at);
  const double devices = devices_in(*run.allocation);
  if (counts_hours_) hours_.end(number_of(job.owner), devices, run.since, at, is_new);
  const double since_begin = devices * sum_over(std::max(Span{0}, had.at - run.since));
  had.running -= since_begin;
  had.held -= devices;
  if (--had.runs == 0) had.running = had.held = 0;  // no rest of rounding
  // By the minute before, what it had before its end stays; or nothing, where that is known
  // already.
  const Time counts_from = is_new ? at : run.since;
  had.by_the_minute -= devices * sum_over(std::max(Span{0}, had.minute - counts_from));
  if (!is_new) return;
  had.ended += std::max(0.0, since_begin - devices * sum_over(had.at - at));
  had.unstored = true;
}

void Usage::apply(const Event& event, const Register& beliefs, bool is_new) {
  if (const auto* submitted = std::get_if<JobSubmitted>(&event.body)) {
    number_for(submitted->job.owner);
  } else if (const auto* asked = std::get_if<StartAsked>(&event.body)) {
    if (const JobState* job = beliefs.find(asked->job))
      begin(job->job, *asked->allocation, event.at);
  } else if (const auto* ended = std::get_if<GangEnded>(&event.body)) {
    const JobState* job = beliefs.find(ended->gang.job);
    if (job == nullptr) return;
    const auto live = job->live.find(ended->gang.index);
    if (live == job->live.end() || live->second.attempt != ended->attempt) return;
    if (live->second.run->count == 1) end(job->job, *live->second.run, event.at, is_new);
  } else if (const auto* returned = std::get_if<TurnsReturned>(&event.body)) {
    const JobState* job = beliefs.find(returned->job);
    if (job == nullptr) return;
    std::map<std::shared_ptr<TurnRun>, std::uint32_t> back;
    for (std::uint32_t i = returned->first; i < returned->first + returned->count; ++i)
      if (const auto live = job->live.find(i);
          live != job->live.end() && std::holds_alternative<Starting>(live->second.state))
        ++back[live->second.run];
    for (const auto& [run, count] : back)
      if (count == run->count) end(job->job, *run, event.at, is_new);
  }
}

void Usage::recall(const PastUse& past) {
  const auto queue = find_queue(queues_, past.queue);
  if (!queue) return;  // it may come back
  Had& had = all_[{*queue, number_for(past.owner)}];
  had.at = past.at;
  had.minute = whole_minute(past.at);
  had.ended = had.by_the_minute = static_cast<double>(past.device_ms) / 1e3;
}

std::shared_ptr<const std::vector<UserUse>> Usage::as_of(Time now) {
  const Time minute = whole_minute(now);
  if (told_of_ == minute) return told_;
  told_of_ = minute;
  std::vector<UserUse> used;
  for (const auto& [whose, had] : all_) {
    const double sum = had.minute >= minute ? had.by_the_minute : used_at(had, minute);
    const auto device_seconds = static_cast<std::int64_t>(std::llround(sum));
    if (device_seconds > 0) used.push_back({whose.first, whose.second, device_seconds});
  }
  if (told_ == nullptr || *told_ != used)
    told_ = std::make_shared<const std::vector<UserUse>>(std::move(used));
  return told_;
}

std::vector<PastUse> Usage::unstored() const {
  std::vector<PastUse> rows;
  for (const auto& [whose, had] : all_)
    if (had.unstored)
      rows.push_back({queues_[whose.first].name, names_[whose.second], had.at,
                      static_cast<std::int64_t>(std::llround(had.ended * 1e3))});
  return rows;
}

void Usage::is_stored() {
  for (auto& [whose, had] : all_) had.unstored = false;
  hours_.is_stored();
}

}  // namespace gangline
