// What time and Slurm do to pilots.
#include <algorithm>

#include "base/text.h"
#include "engine/slurm/open_sending.h"
#include "engine/slurm/pilot/pilots.h"
#include "os/clock.h"

namespace gangline {
namespace {

constexpr Span tick_every = seconds(1);
constexpr Span between_looks = seconds(2);
constexpr Span between_looks_for_a_node = seconds(1);
constexpr Span between_looks_when_all_is_well = seconds(15);
constexpr int misses_until_over = 3;
constexpr Span between_cancels = seconds(5);
constexpr Span longest_closed = seconds(60);
constexpr std::int64_t part_to_renew_in = 5;  // the last fifth
/// Between the launchers' being told to end and scancel.
constexpr Span longest_goodbye = seconds(10);
constexpr Span longest_doubt = seconds(30);
constexpr Span longest_arrival = seconds(10);
// So long nothing must be heard of nodes until what they had is believed to be over. Of the nodes
// of a job that it ended, Slurm waits itself until all is dead there, as far as they answer.
constexpr Span silence_of_what_slurm_ended = seconds(3);
constexpr Span silence_where_slurm_does_not_know = seconds(7);

}  // namespace

/// While there are pilots their nodes are listened to, and never else.
void Pilots::watch() {
  if (pilots_.empty()) {
    ticking_.reset();
    arrivals_.clear();
    listener_.reset();
    return;
  }
  if (!listener_) listen();
  if (!ticking_) ticking_ = loop_.every(patient(tick_every), [this] { tick(); });
}

bool Pilots::is_all_there() const {
  return std::all_of(pilots_.begin(), pilots_.end(), [](const auto& one) {
    const Pilot& pilot = *one.second;
    return pilot.phase == PilotPhase::running && pilot.nodes.size() == pilot.kept.request.nodes &&
           std::all_of(pilot.nodes.begin(), pilot.nodes.end(), [](const auto& node) {
             return node.second->welcomed || node.second->given_up;
           });
  });
}

Span Pilots::pause_between_looks() const {
  for (const auto& [number, pilot] : pilots_)
    for (const auto& [host, node] : pilot->nodes)
      if (is_silent(*node)) return between_looks_for_a_node;
  return is_all_there() ? between_looks_when_all_is_well : between_looks;
}

void Pilots::tick() {
  const Time at = now();
  read_signs();
  arrivals_.remove_if([&](const Arrival& one) { return at - one.since > longest_arrival; });
  std::vector<std::uint64_t> numbers;
  for (const auto& [number, pilot] : pilots_) numbers.push_back(number);
  for (const std::uint64_t number : numbers)
    if (Pilot* pilot = find(number)) tick(*pilot, at);
  if (at - looked_ >= patient(std::max(pause_between_looks(), settings_.profile.look_every)))
    look();
  watch();
}

void Pilots::tick(Pilot& pilot, Time at) {
  if (pilot.over) {
    const bool some_live =
        std::any_of(pilot.nodes.begin(), pilot.nodes.end(), [&](const auto& node) {
          return !nothing_lives_on(pilot, *node.second, pilot.over->silence);
        });
    if (!some_live) is_over(pilot);
    return;
  }
  if (gangs_on(pilot) > 0 || pilot.phase != PilotPhase::running) pilot.busy = at;
  if (pilot.phase == PilotPhase::running && at - pilot.busy >= pilot.kept.request.idle) {
    if (has_more_to_do(pilot)) renew(pilot);
    begin_ending(pilot, "it had nothing to do for " + format(pilot.kept.request.idle));
  }
  watch_nodes(pilot, at);
  if (pilot.phase == PilotPhase::ending) return tick_ending(pilot, at);
  if (pilot.ends) tick_end(pilot, at);
}

/// Not where it had its chance at what waits and could not do any of it.
bool Pilots::has_more_to_do(const Pilot& pilot) const {
  const bool may_renew = pilot.kept.request.renew && !pilot.kept.renewed;
  return may_renew && pilot.worked && calls_.work_waits();
}

/// The same is asked for again.
void Pilots::renew(Pilot& pilot) {
  if (!pilot.kept.request.renew || std::exchange(pilot.kept.renewed, true)) return;
  keep(pilot);
  ask(pilot.kept.request, [](const auto&) {});
}

/// Its time is nearly up.
void Pilots::tick_end(Pilot& pilot, Time at) {
  const PilotRequest& request = pilot.kept.request;
  const Span left = *pilot.ends - at;
  const bool is_last_part = left.us < request.time.us / part_to_renew_in;
  if (is_last_part && (gangs_on(pilot) > 0 || has_more_to_do(pilot))) renew(pilot);
  const Span closed{std::min(longest_closed.us, request.time.us / 10)};
  if (left < closed)
    for (const auto& [host, node] : pilot.nodes) close(*node, "the time of its pilot is up");
  const std::string why = "its time is up at " + format_utc(*pilot.ends);
  const bool gets_nothing_more =
      !pilot.nodes.empty() && std::all_of(pilot.nodes.begin(), pilot.nodes.end(),
                                          [](const auto& node) { return node.second->closed; });
  if (gets_nothing_more && gangs_on(pilot) == 0) {
    if (has_more_to_do(pilot)) renew(pilot);
    return begin_ending(pilot, why);
  }
  std::vector<StopOrder> stops;
  for (const auto& [id, open] : open_)
    for (const OpenOrder& order : open.orders) {
      const auto on = std::find_if(pilot.nodes.begin(), pilot.nodes.end(), [&](const auto& node) {
        return node.second->id && holds(order, *node.second->id);
      });
      if (on == pilot.nodes.end() || left >= open.job.spec->grace + margin_before_end) continue;
      // What it leaves is not for another one that would have to leave again.
      close(*on->second, "the time of its pilot is up");
      const GangId gang{id, order.turns.first()};
      if (!stops_.contains(gang))
        stops.push_back(
            {gang, EndCause::preempted,
             "pilot " + std::to_string(pilot.kept.number) + " ends: " + why + "; it waits again",
             false});
    }
  if (!stops.empty()) renew(pilot);  // what leaves goes on there
  for (const StopOrder& order : stops) {
    return_turns(order.gang.job, order.gang.index + 1, most_gangs_in_a_job);
    stop(order);
  }
}

/// Launchers end when nothing of theirs runs, and with the last one the job of Slurm.
void Pilots::tick_ending(Pilot& pilot, Time at) {
  if (gangs_on(pilot) > 0) return end_gangs_of(pilot, pilot.reason);
  if (pilot.let_go.us == 0) {
    pilot.let_go = at;
    for (const auto& [host, node] : pilot.nodes) node->send(RetireMessage{});
    return;
  }
  if (at - pilot.let_go >= patient(longest_goodbye)) cancel(pilot);
}

// What Slurm says.

void Pilots::look() {
  if (looking_ || pilots_.empty()) return;
  looking_ = true;
  looked_ = now();
  const std::uint64_t number = ++looks_;
  slurm_.ask_queue([this, number](auto queue) {
    looking_ = false;
    hear_queue(std::move(queue), number);
  });
}

void Pilots::hear_queue(Result<std::vector<SlurmJobSeen>> queue, std::uint64_t look) {
  if (!queue) return;  // the next look may hear more
  std::map<std::string, SlurmJobSeen> by_tag;
  for (SlurmJobSeen& line : *queue)
    if (!line.tag.empty()) by_tag[line.tag] = std::move(line);
  std::vector<std::uint64_t> numbers;
  for (const auto& [number, pilot] : pilots_) numbers.push_back(number);
  for (const std::uint64_t number : numbers) {
    Pilot* pilot = find(number);
    if (pilot == nullptr) continue;
    const auto line = by_tag.find(pilot->kept.tag);
    believe(*pilot, line == by_tag.end() ? nullptr : &line->second);
  }
  settle_doubts(look);
  watch();
}

void Pilots::believe(Pilot& pilot, const SlurmJobSeen* line) {
  const bool some_are_there = std::any_of(pilot.nodes.begin(), pilot.nodes.end(),
                                          [](const auto& node) { return node.second->welcomed; });
  const bool is_ending = pilot.phase == PilotPhase::ending && !pilot.reason.empty();
  pilot.runs = line != nullptr && line->state == SlurmState::running;
  if (pilot.over) return;
  if (line == nullptr) {
    // A controller that was killed may have forgotten a job that goes on.
    if (pilot.phase == PilotPhase::asking || some_are_there) return;
    if (++pilot.misses >= misses_until_over)
      take_back(pilot, {is_ending ? pilot.reason : "Slurm has no such job any more",
                        EndCause::preempted, silence_where_slurm_does_not_know});
    return;
  }
  pilot.misses = 0;
  pilot.leaving = line->state == SlurmState::completing;
  if (pilot.kept.slurm != line->id) {
    pilot.kept.slurm = line->id;
    keep(pilot);
  }
  if (gangline::is_over(line->state)) {
    const bool failed =
        line->state == SlurmState::node_fail || line->state == SlurmState::boot_fail;
    const std::string how = std::string("Slurm says ") + name_of(line->state);
    return take_back(pilot,
                     {is_ending ? pilot.reason : how, failed ? EndCause::lost : EndCause::preempted,
                      failed ? silence_where_slurm_does_not_know : silence_of_what_slurm_ended});
  }
  if (pilot.kept.ending && pilot.nodes.empty()) pilot.to_cancel = true;
  if (pilot.to_cancel && now() - pilot.cancelled >= between_cancels) {
    pilot.cancelled = now();
    slurm_.stop({{std::to_string(line->job)}}, SlurmStop::cancel, [this] { look(); });
  }
  hear_nodes_of(pilot, *line);
  if (line->end && !is_waiting(line->state) && pilot.ends != line->end) {
    pilot.ends = line->end;
    for (const auto& [host, node] : pilot.nodes) {
      node->node.until = *pilot.ends - margin_before_end;
      show(*node);
    }
  }
  if (pilot.phase == PilotPhase::ending) return;
  pilot.phase = is_waiting(line->state) ? PilotPhase::waiting : PilotPhase::running;
  pilot.reason = pilot.phase == PilotPhase::waiting && !line->reason.empty()
                     ? reason_in_words(line->reason)
                     : "";
}

void Pilots::settle_doubts(std::uint64_t look) {
  std::list<Doubt> settled;
  for (auto doubt = doubts_.begin(); doubt != doubts_.end();) {
    const auto next = std::next(doubt);
    const Pilot* pilot = find(doubt->pilot);
    // What a pilot had ends with it, and waits again.
    const bool is_over = pilot != nullptr && (pilot->leaving || pilot->over);
    // One that Slurm does not know any more is being taken back as well.
    const bool goes_on = pilot == nullptr || (pilot->runs && doubt->look <= look);
    if (!is_over && (goes_on || now() - doubt->since > longest_doubt))
      settled.splice(settled.end(), doubts_, doubt);
    doubt = next;
  }
  for (Doubt& doubt : settled) {
    Pilot* pilot = find(doubt.pilot);
    if (pilot == nullptr) continue;  // its gangs have ended with it
    const auto node = pilot->nodes.find(doubt.host);
    if (node == pilot->nodes.end() || !node->second->id) continue;
    const auto& ended = std::get<GangEnded>(doubt.event.body);
    node->second->held.erase({ended.gang, ended.attempt});
    believe_event(node->second.get(), *node->second->id, std::move(doubt.event),
                  node->second->heard);
  }
}

}  // namespace gangline
