#include "engine/slurm/pilot/pilots.h"

#include <algorithm>

#include "base/text.h"
#include "engine/slurm/open_sending.h"
#include "engine/slurm/pilot/pilot_script.h"
#include "engine/slurm/sbatch_script.h"
#include "os/clock.h"
#include "os/file.h"

namespace gangline {
namespace {

constexpr std::size_t most_shown_ended = 5;

Error no_such_pilot(std::uint64_t number) {
  return {ErrorKind::not_found, "there is no pilot " + std::to_string(number), "",
          "`gang pilot --on slurm --list` shows all"};
}

/// Who is told no can ask again, so it need not be certain that Slurm would say no again.
bool said_no(const SlurmSent& sent) {
  if (sent.how != SlurmSent::How::unknown) return sent.how != SlurmSent::How::taken;
  return sent.why.kind == ErrorKind::refused || sent.why.kind == ErrorKind::denied ||
         sent.why.kind == ErrorKind::not_found;
}

}  // namespace

Pilots::Pilots(Loop& loop, Slurm& slurm, PilotsSettings settings, PilotsCalls calls)
    : loop_(loop), slurm_(slurm), settings_(std::move(settings)), calls_(std::move(calls)) {
  load();
}

Pilots::~Pilots() = default;

void Pilots::load() {
  for (const std::uint64_t number : pilot_numbers(settings_.state_dir)) {
    PilotFiles files(settings_.state_dir, number);
    auto kept = files.read();
    if (!kept) continue;
    auto key = files.key(kept->tag);
    if (!key) continue;
    auto pilot = std::make_unique<Pilot>(
        Pilot{*std::move(kept), files, *std::move(key), PilotPhase::waiting});
    pilot->asked = pilot->busy = now();
    if (pilot->kept.ending) pilot->phase = PilotPhase::ending;
    for (const auto& [host, name] : pilot->kept.names) {
      auto node = std::make_unique<PilotNode>();
      node->host = host;
      node->pilot = number;
      if (auto seen = files.node(host)) node->node = *std::move(seen);
      node->node.name = name;
      node->node.up = false;  // before it reports
      node->away_since = now();
      node->sign_changed = since_boot();
      pilot->nodes[host] = std::move(node);
    }
    pilots_[number] = std::move(pilot);
  }
}

std::vector<Node> Pilots::nodes() const {
  std::vector<Node> all;
  for (const auto& [number, pilot] : pilots_)
    for (const auto& [host, node] : pilot->nodes) all.push_back(node->node);
  return all;
}

void Pilots::adopt(NodeId id, const Node& adopted) {
  for (const auto& [number, pilot] : pilots_)
    for (const auto& [host, node] : pilot->nodes) {
      if (node->node.name != adopted.name) continue;
      node->node = adopted;
      node->id = id;
      by_id_[id.n] = node.get();
      node->send(NodeMessage{adopted});
    }
}

std::string Pilots::lacks() const {
  std::string waits;
  for (const auto& [number, pilot] : pilots_) {
    for (const auto& [host, node] : pilot->nodes)
      if (node->node.up) return {};
    const std::string name = "pilot " + std::to_string(number);
    const bool some_are_there = std::any_of(pilot->nodes.begin(), pilot->nodes.end(),
                                            [](const auto& one) { return one.second->welcomed; });
    if (pilot->phase == PilotPhase::asking) waits = name + " is being asked for";
    if (pilot->phase == PilotPhase::waiting)
      waits = name + " waits in Slurm" + (pilot->reason.empty() ? "" : ": " + pilot->reason);
    if (pilot->phase == PilotPhase::running)
      waits =
          "the nodes of " + name + (some_are_there ? " get nothing more" : " have not reported");
    for (const auto& [host, node] : pilot->nodes)
      if (node->welcomed && !node->closed && !node->drained.empty())
        waits = "node " + host + " of " + name + " is " + node->drained;
  }
  return waits.empty() ? "no pilot runs; `gang pilot --on slurm --nodes 1 --time 1h` starts one"
                       : waits;
}

Pilots::Pilot* Pilots::find(std::uint64_t number) {
  const auto found = pilots_.find(number);
  return found == pilots_.end() ? nullptr : found->second.get();
}

/// One that no living pilot has: names are given again, so that they do not become more and more.
std::string Pilots::name_for(const std::string& host) const {
  for (std::uint32_t n = 1;; ++n) {
    const std::string name = host + "/pilot" + (n == 1 ? "" : std::to_string(n));
    const bool taken = std::any_of(pilots_.begin(), pilots_.end(), [&](const auto& one) {
      return std::any_of(one.second->kept.names.begin(), one.second->kept.names.end(),
                         [&](const auto& entry) { return entry.second == name; });
    });
    if (!taken) return name;
  }
}

/// A disk that is too full for it is told where it matters: a pilot is not asked for then.
void Pilots::keep(const Pilot& pilot) { (void)pilot.files.keep(pilot.kept).ok(); }

// Asked for.

void Pilots::ask(const PilotRequest& request, const Engine::PilotReply& reply) {
  if (pilots_.size() >= most_pilots)
    return reply(Error{ErrorKind::refused,
                       std::to_string(most_pilots) + " pilots have not ended; that is the most", "",
                       "`gang pilot --on slurm --stop N` ends one"});
  const auto fresh = new_pilot_number(settings_.state_dir);
  if (!fresh) return reply(fresh.error());
  const std::uint64_t number = *fresh;
  PilotFiles files(settings_.state_dir, number);
  PilotKept kept;
  kept.number = number;
  kept.tag = "gang-pilot-" + random_word();
  kept.request = request;
  auto made = files.make(kept);
  if (made)
    made = write_file(files.script(),
                      pilot_script(request, std::to_string(number), settings_.profile.usual,
                                   settings_.gang_program, files.directory(), files.said()),
                      0700);
  auto key = made ? files.key(kept.tag) : Result<StreamKey>(made.error());
  if (!key) return reply(key.error());
  const std::string tag = kept.tag;
  auto pilot = std::make_unique<Pilot>(Pilot{std::move(kept), files, *std::move(key)});
  pilot->asked = pilot->busy = now();
  pilots_[number] = std::move(pilot);
  watch();
  // Others may have been listened to already.
  if (!listener_ || !files.keep_point(point_)) {
    files.remove();
    pilots_.erase(number);
    return reply(Error{ErrorKind::unavailable, "no port can be listened on for the pilot's nodes",
                       point_.address, "has this host an address that the nodes can reach?"});
  }
  slurm_.submit(files.script(), tag,
                [this, number, reply](const SlurmSent& sent) { hear_sent(number, reply, sent); });
}

void Pilots::hear_sent(std::uint64_t number, const Engine::PilotReply& reply,
                       const SlurmSent& sent) {
  Pilot* pilot = find(number);
  if (pilot == nullptr) return reply(no_such_pilot(number));
  using How = SlurmSent::How;
  if (said_no(sent)) {
    pilot->files.remove();
    pilots_.erase(number);
    return reply(sent.why);
  }
  // Without an answer it may have been taken: the next looks find it by its tag, or not.
  pilot->phase = PilotPhase::waiting;
  pilot->asked = now();
  if (sent.how == How::taken) pilot->kept.slurm = sent.number;
  else pilot->reason = sent.why.sentence();
  keep(*pilot);
  reply(view_of(*pilot));
  look();
}

PilotView Pilots::view_of(const Pilot& pilot) const {
  PilotView view;
  view.number = pilot.kept.number;
  view.request = pilot.kept.request;
  view.phase = pilot.phase;
  if (!pilot.kept.slurm.empty()) view.allocation = "Slurm job " + pilot.kept.slurm;
  view.reason = pilot.reason;
  view.ends = pilot.ends;
  for (const auto& [host, node] : pilot.nodes)
    if (node->welcomed) view.nodes.push_back(host);
  view.gangs = gangs_on(pilot);
  return view;
}

std::vector<PilotView> Pilots::views() const {
  std::vector<PilotView> all(over_.begin(), over_.end());
  for (const auto& [number, pilot] : pilots_) all.push_back(view_of(*pilot));
  return all;
}

std::uint32_t Pilots::gangs_on(const Pilot& pilot) const {
  std::uint32_t count = 0;
  for (const auto& [id, open] : open_)
    for (const OpenOrder& order : open.orders)
      count += std::any_of(pilot.nodes.begin(), pilot.nodes.end(), [&](const auto& node) {
        return node.second->id && holds(order, *node.second->id);
      });
  return count;
}

// Ended.

void Pilots::stop_pilot(std::uint64_t number, const Engine::PilotReply& reply) {
  Pilot* pilot = find(number);
  const auto is_it = [&](const PilotView& ended) { return ended.number == number; };
  if (const auto ended = std::find_if(over_.begin(), over_.end(), is_it);
      pilot == nullptr && ended != over_.end())
    return reply(*ended);
  if (pilot == nullptr) return reply(no_such_pilot(number));
  begin_ending(*pilot, "somebody asked for it");
  const auto still = find(number);
  if (still != nullptr) return reply(view_of(*still));
  reply(over_.back());
}

/// A node on which nothing more is to start.
void Pilots::close(PilotNode& node, const std::string& note) {
  if (std::exchange(node.closed, true)) return;
  node.node.notes.push_back(note);
  show(node);
}

/// Whoever plans hears what may start there: nothing before it is known until when.
void Pilots::show(PilotNode& node) {
  const Pilot* pilot = find(node.pilot);
  const bool has_end = pilot != nullptr && pilot->ends.has_value();
  const bool up = node.welcomed && has_end && !node.closed && node.drained.empty();
  node.node.up = up;
  calls_.tell(now(), NodeSeen{node.id.value_or(NodeId{}), node.node});
}

void Pilots::begin_ending(Pilot& pilot, const std::string& why) {
  if (pilot.phase == PilotPhase::ending && pilot.kept.ending) return;
  pilot.phase = PilotPhase::ending;
  pilot.reason = why;
  pilot.kept.ending = true;
  keep(pilot);
  for (const auto& [host, node] : pilot.nodes) close(*node, "its pilot is ending");
  end_gangs_of(pilot, why);
  if (pilot.nodes.empty()) cancel(pilot);
  watch();
}

void Pilots::end_gangs_of(Pilot& pilot, const std::string& why) {
  std::vector<StopOrder> stops;
  for (const auto& [id, open] : open_)
    for (const OpenOrder& order : open.orders) {
      const bool here = std::any_of(pilot.nodes.begin(), pilot.nodes.end(), [&](const auto& node) {
        return node.second->id && holds(order, *node.second->id);
      });
      if (here)
        stops.push_back(
            {{id, order.turns.first()},
             EndCause::preempted,
             "pilot " + std::to_string(pilot.kept.number) + " ends (" + why + "); it waits again",
             false});
    }
  for (const StopOrder& order : stops) {
    return_turns(order.gang.job, order.gang.index + 1, most_gangs_in_a_job);
    if (!stops_.contains(order.gang)) stop(order);
  }
}

/// By the number that Slurm says to be its, in the next look: a killed slurmctld may have given the
/// one that we know to another job.
void Pilots::cancel(Pilot& pilot) {
  if (!std::exchange(pilot.to_cancel, true)) look();
}

/// Slurm has done so; what lives on a node that it cannot reach is waited for.
void Pilots::take_back(Pilot& pilot, PilotOver over) {
  pilot.over = std::move(over);
  pilot.phase = PilotPhase::ending;
  pilot.reason = pilot.over->why;
  for (const auto& [host, node] : pilot.nodes) close(*node, "Slurm has taken its pilot back");
  tick(pilot, now());
}

/// Slurm has taken its nodes back, and nothing lives there.
void Pilots::is_over(Pilot& pilot) {
  const std::uint64_t number = pilot.kept.number;
  const PilotOver over = *pilot.over;
  const bool failed = over.cause == EndCause::lost;
  pilot.phase = PilotPhase::ended;
  pilot.reason = over.why;
  for (const auto& [host, node] : pilot.nodes) {
    node->stream.reset();
    node->welcomed = false;
    node->closed = true;
    show(*node);
    if (!node->id) continue;
    lose(*node->id, over.cause,
         failed
             ? "node " + host + " failed"
             : "pilot " + std::to_string(number) + " has ended: " + over.why + "; it waits again");
    by_id_.erase(node->id->n);
  }
  if (failed && has_more_to_do(pilot)) renew(pilot);
  over_.push_back(view_of(pilot));
  if (over_.size() > most_shown_ended) over_.pop_front();
  pilot.files.remove();
  pilots_.erase(number);
}

}  // namespace gangline
