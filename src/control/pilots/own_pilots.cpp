#include "control/pilots/own_pilots.h"

#include <algorithm>

#include "base/text.h"

namespace gangline {
namespace {

constexpr Span first_pause = seconds(10);
constexpr std::uint32_t most_doublings = 9;  // 10s, 20s, … about an hour and a half
/// What a pilot keeps of its end, in which nothing starts.
constexpr Span longest_closed = minutes(1);

bool lives(const PilotView& pilot) {
  return pilot.phase == PilotPhase::asking || pilot.phase == PilotPhase::waiting ||
         pilot.phase == PilotPhase::running;
}

/// A gang that starts on it now would end in time.
bool can_take(const PilotView& pilot, const JobSpec& spec, Time now) {
  if (!lives(pilot) || !could_take(pilot.request, spec)) return false;
  const auto stay = longest_stay(spec);
  if (!pilot.ends || !stay) return true;
  const Span closed = std::min(longest_closed, Span{pilot.request.time.us / 10});
  return *pilot.ends - now > *stay + closed;
}

/// Some gang of it could start now if there were room.
bool wants_room(const JobState& job) {
  const std::uint32_t held_back = job.gather_waits() ? 1 : 0;
  return job.waiting() > held_back && job.after.empty() && !job.stop_asked;
}

}  // namespace

void choose_pilot(JobSpec& spec, const Engine& engine) {
  // It is for us to say, not for whoever submits.
  if (spec.pilot_said_by == PilotSaidBy::service) spec.pilot_said_by = PilotSaidBy::person;
  if (spec.pilot || spec.pilot_said_by == PilotSaidBy::person || !engine.pilot_for(spec)) return;
  spec.pilot = true;
  spec.pilot_said_by = PilotSaidBy::service;
}

std::optional<std::string> note_of(const JobSpec& spec) {
  if (spec.pilot_said_by != PilotSaidBy::service) return std::nullopt;
  return "its gangs are many and short, so they run on nodes of a pilot; --no-pilot hands them to "
         "Slurm";
}

void OwnPilots::add(const Job& job) {
  if (job.spec->pilot_said_by == PilotSaidBy::service) jobs_.insert(job.id);
}

void OwnPilots::look(const Register& beliefs, Engine& engine, Time now) {
  std::erase_if(jobs_, [&](JobId id) { return beliefs.find(id) == nullptr; });
  for (const JobId id : jobs_)
    if (!beliefs.find(id)->live.empty()) {
      in_vain_ = 0;
      trouble_.clear();
    }
  if (jobs_.empty()) in_vain_ = 0;
  if (asking_ || (in_vain_ > 0 && now < not_before_)) return;
  const std::vector<PilotView> pilots =
      jobs_.empty() ? std::vector<PilotView>() : engine.pilots(now);
  for (const JobId id : jobs_) {
    const JobState& job = *beliefs.find(id);
    const JobSpec& spec = *job.job.spec;
    if (!wants_room(job)) continue;
    if (std::any_of(pilots.begin(), pilots.end(),
                    [&](const PilotView& pilot) { return can_take(pilot, spec, now); }))
      continue;
    const auto request = engine.pilot_for(spec);
    if (!request) continue;  // the config file says it no more
    asking_ = true;
    const Span pause{first_pause.us << std::min(in_vain_++, most_doublings)};
    not_before_ = now + pause;
    engine.ask_pilot(*request, [this, pause, alive = alive_](const Result<PilotView>& answer) {
      if (!*alive) return;
      asking_ = false;
      trouble_ = answer ? ""
                        : "; one was asked for, and " + answer.error().sentence() +
                              "; it is asked for again after " + format(pause);
    });
    return;
  }
}

std::string OwnPilots::trouble_of(JobId job) const { return jobs_.contains(job) ? trouble_ : ""; }

}  // namespace gangline
