// Nodes of pilots that Slurm takes away, or of which nothing is heard: what they had is lost only
// when there is no sign that it lives on.
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "base/node_list.h"
#include "engine/slurm/pilot/pilots.h"
#include "engine/slurm/sending.h"
#include "os/clock.h"

namespace gangline {
namespace {

constexpr std::uint64_t most_signs_in_a_tick = 100;  // each is a call to the disk's server
constexpr Span some_signs = seconds(7);              // three of them, and a look
constexpr Span is_silent_after = seconds(5);
/// Of one that Slurm says is well: its program may have died, and all that it had with it.
constexpr Span longest_away = seconds(30);

/// What Slurm says of a node that is to get nothing more; empty: nothing.
std::string drained_in(const Node* seen) {
  if (seen == nullptr || seen->up || seen->notes.empty()) return {};
  const std::string& note = seen->notes.front();
  return note.find("drained") != std::string::npos ? note : std::string();
}

}  // namespace

void Pilots::read_signs() {
  std::vector<std::pair<const Pilot*, PilotNode*>> all;
  for (const auto& [number, pilot] : pilots_)
    for (const auto& [host, node] : pilot->nodes)
      if (!node->given_up) all.emplace_back(pilot.get(), node.get());
  const std::uint64_t count = std::min<std::uint64_t>(all.size(), most_signs_in_a_tick);
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto& [pilot, node] = all[signs_read_++ % all.size()];
    const auto sign = read_sign(pilot->files.sign(node->host));
    if (!sign || sign == node->sign) continue;
    node->sign = sign;
    node->sign_changed = since_boot();
  }
}

bool Pilots::is_silent(const PilotNode& node) const {
  return !node.given_up && node.sign && since_boot() - node.sign_changed > patient(is_silent_after);
}

/// A program that ends well takes its sign with it.
bool Pilots::nothing_lives_on(const Pilot& pilot, const PilotNode& node, Span silence) const {
  if (node.given_up || since_boot() - node.sign_changed >= patient(silence)) return true;
  std::error_code unknown;
  const bool there = std::filesystem::exists(pilot.files.sign(node.host), unknown);
  return !there && !unknown && node.sign;
}

/// Which of its nodes the job still has.
void Pilots::hear_nodes_of(Pilot& pilot, const SlurmJobSeen& line) {
  if (is_waiting(line.state) || line.nodes.empty()) return;
  const auto hosts = expand_node_list(line.nodes);
  if (!hosts) return;
  for (const auto& [host, node] : pilot.nodes) {
    node->in_job = std::find(hosts->begin(), hosts->end(), host) != hosts->end();
    if (!node->in_job) close(*node, "Slurm has taken it from its pilot");
  }
  watch_nodes(pilot, now());
}

void Pilots::watch_nodes(Pilot& pilot, Time at) {
  for (const auto& [host, node] : pilot.nodes) {
    if (!node->id || node->given_up) continue;
    const bool is_away = !node->welcomed && node->away_since.us != 0 &&
                         at - node->away_since > patient(longest_away);
    if (!node->in_job && nothing_lives_on(pilot, *node, some_signs))
      give_up(pilot, *node, "node " + host + " failed");
    else if (is_away && nothing_lives_on(pilot, *node, longest_away))
      give_up(pilot, *node, "nothing is heard of node " + host + " any more");
    if (std::string drained = drained_in(calls_.slurm_node(host)); drained != node->drained) {
      std::erase(node->node.notes, node->drained);
      if (!drained.empty()) node->node.notes.push_back(drained);
      node->drained = std::move(drained);
      show(*node);
    }
  }
  const bool none_left = !pilot.nodes.empty() && pilot.phase == PilotPhase::running &&
                         pilot.nodes.size() == pilot.kept.request.nodes &&
                         std::all_of(pilot.nodes.begin(), pilot.nodes.end(),
                                     [](const auto& one) { return one.second->given_up; });
  if (none_left) begin_ending(pilot, "it has no node left");
}

/// Whatever lives there after all finds its sign gone, and ends.
void Pilots::give_up(Pilot& pilot, PilotNode& node, const std::string& why) {
  node.given_up = true;
  ::unlink(pilot.files.sign(node.host).c_str());
  node.stream.reset();
  node.welcomed = false;
  node.closed = true;
  node.node.notes.push_back(why);
  show(node);
  lose(*node.id, EndCause::lost, why);
}

}  // namespace gangline
