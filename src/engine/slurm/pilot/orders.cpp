// Gangs on nodes of pilots. One of a single part is its launcher's business, turns and all; of one
// of several parts the next turn is told when the one before is over on all nodes.
#include <unistd.h>

#include <algorithm>
#include <set>

#include "base/check.h"
#include "base/text.h"
#include "engine/slurm/pilot/pilots.h"
#include "launch/job_files.h"
#include "os/clock.h"
#include "os/file.h"

namespace gangline {
namespace {

constexpr std::size_t largest_meeting = 64 << 20;

bool has_parts(const Allocation& allocation) { return allocation.parts.size() > 1; }

std::string meeting_path(const std::string& state_dir, GangId gang, std::uint32_t attempt) {
  return JobFiles(state_dir).job_directory(gang.job) + "/meeting." + std::to_string(gang.index) +
         "." + std::to_string(attempt);
}

std::optional<Meeting> read_meeting(const std::string& path) {
  const auto bytes = read_file(path, largest_meeting);
  if (!bytes) return std::nullopt;
  Unpacker from(*bytes);
  Meeting meeting = unpack_meeting(from);
  if (!from.ok() || !from.at_end()) return std::nullopt;
  return meeting;
}

/// The next one of those that the node offers.
std::uint16_t take_port(PilotNode& node) {
  for (const std::uint16_t port : node.hello.ports)
    if (node.taken_ports.insert(port).second) return port;
  return 0;
}

/// The part of the allocation that lies on that node.
std::optional<std::uint32_t> part_on(const Allocation& allocation, NodeId id) {
  for (std::uint32_t i = 0; i < allocation.parts.size(); ++i)
    if (allocation.parts[i].node == id) return i;
  return std::nullopt;
}

}  // namespace

PilotNode* Pilots::node_of(NodeId id) const {
  const auto found = by_id_.find(id.n);
  return found == by_id_.end() ? nullptr : found->second;
}

bool Pilots::holds(const OpenOrder& order, NodeId id) const {
  return part_on(*order.allocation, id).has_value();
}

void Pilots::resume(const std::string& cursor, const std::vector<StartOrder>& asked) {
  for (const std::string_view entry : split(cursor, ';')) {
    const std::size_t equals = entry.find('=');
    if (equals == std::string_view::npos) continue;
    earlier_[std::string(entry.substr(0, equals))] = entry.substr(equals + 1);
  }
  for (const StartOrder& order : asked)
    if (!order.allocation->parts.empty()) start(order);
  // Where its pilot is gone, so is the gang.
  std::vector<NodeId> gone;
  for (const auto& [id, open] : open_)
    for (const OpenOrder& order : open.orders)
      for (const NodePart& part : order.allocation->parts)
        if (node_of(part.node) == nullptr) gone.push_back(part.node);
  for (const NodeId id : gone) lose(id, EndCause::preempted, "its pilot has ended; it waits again");
  if (!pilots_.empty()) {
    watch();
    look();
  }
}

void Pilots::start(const StartOrder& order) {
  OpenJob& open = open_[order.job.id];
  open.job = order.job;
  OpenOrder fresh{order.attempt, {}, order.allocation};
  RangeSet known;
  for (const OpenOrder& other : open.orders)
    if (other.attempt == order.attempt)
      for (const Range& turns : other.turns.ranges()) known.add(turns);
  for (const Range& turns : known.missing({order.first, order.first + order.count}))
    fresh.turns.add(turns);
  if (fresh.turns.empty()) return;
  open.orders.push_back(std::move(fresh));
  OpenOrder& added = open.orders.back();
  for (const NodePart& part : added.allocation->parts) note_work_on(part.node);
  if (has_parts(*added.allocation)) begin_team(open, added);
  tell_order(open, added, nullptr);
}

/// What is over within a moment is work as well.
void Pilots::note_work_on(NodeId id) {
  const PilotNode* node = node_of(id);
  Pilot* pilot = node == nullptr ? nullptr : find(node->pilot);
  if (pilot == nullptr) return;
  pilot->worked = true;
  pilot->busy = now();
}

/// The gang of several parts whose turn it is now.
void Pilots::begin_team(OpenJob& open, OpenOrder& order) {
  const GangId gang{open.job.id, order.turns.first()};
  if (teams_.contains(gang)) return;
  Meeting meeting = meeting_for(open.job, gang, order.attempt, *order.allocation);
  teams_.emplace(gang, Team{GangOfParts(gang, order.attempt,
                                        static_cast<std::uint32_t>(order.allocation->parts.size())),
                            order.allocation, std::move(meeting)});
}

/// The same again for a service that comes after this one: some parts may have begun with it.
Meeting Pilots::meeting_for(const Job& job, GangId gang, std::uint32_t attempt,
                            const Allocation& allocation) {
  const std::string path = meeting_path(settings_.state_dir, gang, attempt);
  if (auto before = read_meeting(path)) return *std::move(before);
  Meeting meeting;
  for (const NodePart& part : allocation.parts) {
    PilotNode* node = node_of(part.node);
    const bool is_first = &part == &allocation.parts.front();
    if (node != nullptr && is_first) {
      meeting.address = node->hello.address;
      meeting.master_port = take_port(*node);
      meeting.coordinator_port = take_port(*node);
    }
    for (std::size_t i = 0; i < part.tasks.size(); ++i) {
      meeting.task_ports.push_back(node == nullptr ? std::uint16_t{0} : take_port(*node));
      meeting.task_addresses.push_back(node == nullptr ? "" : node->hello.address);
    }
  }
  Packer packer;
  pack(packer, meeting);
  JobFiles files(settings_.state_dir);
  // Without it a crash of this service might give its parts two of them.
  if (files.make_directories_of(job)) (void)replace_file(path, packer.bytes()).ok();
  return meeting;
}

void Pilots::tell_order(const OpenJob& open, const OpenOrder& order, PilotNode* only) {
  const bool several = has_parts(*order.allocation);
  for (std::uint32_t part = 0; part < order.allocation->parts.size(); ++part) {
    PilotNode* node = node_of(order.allocation->parts[part].node);
    if (node == nullptr || !node->welcomed || (only != nullptr && node != only)) continue;
    if (!several) {
      for (const Range& turns : order.turns.ranges()) tell_start(*node, open, order, turns, part);
      continue;
    }
    const std::uint32_t turn = order.turns.first();
    const auto team = teams_.find({open.job.id, turn});
    // A part of what fails already is not begun any more.
    if (team == teams_.end() || team->second.parts.has_ended(part)) continue;
    tell_start(*node, open, order, {turn, turn + 1}, part);
    if (team->second.parts.is_failing())
      node->send(StopMessage{{open.job.id, turn}, EndCause::stopped, "", false});
  }
}

void Pilots::tell_start(PilotNode& node, const OpenJob& open, const OpenOrder& order, Range turns,
                        std::uint32_t part) {
  // Between two turns of a gang on several nodes a launcher has nothing of the job, and forgets it.
  if (has_parts(*order.allocation) || node.told_jobs.insert(open.job.id).second)
    node.send(JobMessage{open.job});
  StartMessage message{open.job.id,     turns.begin,   turns.end - turns.begin,
                       order.attempt,   part,          order.allocation,
                       node.hello.boot, node.cursor(), {}};
  const auto team = teams_.find({open.job.id, turns.begin});
  if (has_parts(*order.allocation) && team != teams_.end()) message.meeting = team->second.meeting;
  node.send(message);
}

// Stops.

void Pilots::stop(const StopOrder& order) {
  const auto open = open_.find(order.gang.job);
  if (open == open_.end()) return;
  const auto holder =
      std::find_if(open->second.orders.begin(), open->second.orders.end(),
                   [&](const OpenOrder& each) { return each.turns.has(order.gang.index); });
  if (holder == open->second.orders.end()) return;
  const bool several = has_parts(*holder->allocation);
  if (several && holder->turns.first() != order.gang.index) {
    // Its turn has not come, and nobody else knows of it.
    Ending ending;
    ending.cause = order.cause;
    ending.detail = order.reason;
    const std::uint32_t attempt = holder->attempt;
    close_turns(order.gang.job, attempt, {order.gang.index, order.gang.index + 1});
    calls_.tell(now(), GangEnded{order.gang, attempt, Time{0}, ending, false});
    return;
  }
  stops_[order.gang] = order;
  for (const NodePart& part : holder->allocation->parts)
    if (PilotNode* node = node_of(part.node))
      node->send(StopMessage{order.gang, order.cause, order.reason, order.at_once});
}

void Pilots::return_turns(JobId job, std::uint32_t first, std::uint32_t count) {
  const auto open = open_.find(job);
  if (open == open_.end()) return;
  const std::uint32_t end = first + std::min(count, ~std::uint32_t{0} - first);
  std::set<PilotNode*> told;
  std::vector<std::pair<std::uint32_t, Range>> returned;  // attempts and turns, of several parts
  for (const OpenOrder& order : open->second.orders) {
    if (!has_parts(*order.allocation)) {
      PilotNode* node = node_of(order.allocation->parts.front().node);
      // One that is away returns nothing now; whoever wants them back asks again.
      if (node != nullptr && told.insert(node).second)
        node->send(ReturnMessage{job, first, end - first});
      continue;
    }
    const std::uint32_t after = order.turns.first() + 1;
    for (const Range& turns : order.turns.within({std::max(first, after), end}))
      returned.emplace_back(order.attempt, turns);
  }
  for (const auto& [attempt, turns] : returned) {
    close_turns(job, attempt, turns);
    calls_.tell(now(), TurnsReturned{job, turns.begin, turns.end - turns.begin});
  }
}

// News.

std::string Pilots::cursor() const {
  std::string text;
  for (const auto& [number, pilot] : pilots_)
    for (const auto& [host, node] : pilot->nodes) {
      const std::string at = node->cursor();
      const std::string& name = node->node.name;
      if (!at.empty()) text += (text.empty() ? "" : ";") + name + "=" + at;
    }
  return text;
}

void Pilots::acknowledge(const std::string& cursor) {
  for (const std::string_view entry : split(cursor, ';')) {
    const std::size_t equals = entry.find('=');
    if (equals == std::string_view::npos) continue;
    for (const auto& [id, node] : by_id_)
      if (node->node.name == entry.substr(0, equals))
        node->send(AcknowledgeMessage{std::string(entry.substr(equals + 1))});
  }
}

void Pilots::hear_news(PilotNode& node, NewsMessage news) {
  const std::uint64_t before = node.heard;
  node.heard = number_of_cursor(news.cursor, node.epoch);
  for (Event& event : news.events) hear_event(node, std::move(event), before);
}

/// Ended by a signal that none of us sent: it may be Slurm's, to all that the pilot has.
bool Pilots::is_doubtful(const PilotNode& node, const Event& event) const {
  const auto* ended = std::get_if<GangEnded>(&event.body);
  if (ended == nullptr || ended->ending.cause != EndCause::failed || stops_.contains(ended->gang))
    return false;
  const auto team = teams_.find(ended->gang);
  if (team != teams_.end() && team->second.stops) return false;
  const auto signal = ended->ending.signal;
  const bool by_signal = signal && (*signal == 9 || *signal == 15 || *signal == 18);
  // A shell says it by its exit code.
  const auto code = ended->ending.exit_code;
  return node.id && (by_signal || (code && (*code == 128 + 15 || *code == 128 + 9)));
}

void Pilots::hear_event(PilotNode& node, Event event, std::uint64_t before) {
  if (!node.id) return;
  if (is_doubtful(node, event)) {
    const auto& ended = std::get<GangEnded>(event.body);
    node.held.emplace(AttemptKey{ended.gang, ended.attempt}, before);
    doubts_.push_back({node.pilot, node.host, std::move(event), looks_ + 1, now()});
    look();
    return;
  }
  believe_event(&node, *node.id, std::move(event), before);
}

/// `node` null: nobody said it, it follows from the node's end.
void Pilots::believe_event(PilotNode* node, NodeId id, Event event, std::uint64_t before) {
  const auto* started = std::get_if<GangStarted>(&event.body);
  const auto* ended = std::get_if<GangEnded>(&event.body);
  const GangId gang = started != nullptr ? started->gang
                      : ended != nullptr ? ended->gang
                                         : GangId{};
  const auto team = started != nullptr || ended != nullptr ? teams_.find(gang) : teams_.end();
  const std::uint32_t attempt = started != nullptr ? started->attempt
                                : ended != nullptr ? ended->attempt
                                                   : 0;
  if (team != teams_.end() && team->second.parts.attempt() == attempt)
    return hear_part(node, id, team->second, event, before);
  if (ended != nullptr) {
    close_turns(gang.job, ended->attempt, {gang.index, gang.index + 1});
    stops_.erase(gang);
  } else if (const auto* returned = std::get_if<TurnsReturned>(&event.body)) {
    close_turns(returned->job, 0, {returned->first, returned->first + returned->count});
  }
  calls_.tell(event.at, std::move(event.body));
}

void Pilots::hear_part(PilotNode* node, NodeId id, Team& team, const Event& event,
                       std::uint64_t before) {
  const auto part = part_on(*team.allocation, id);
  if (!part) return;
  const auto* started = std::get_if<GangStarted>(&event.body);
  const auto* ended = std::get_if<GangEnded>(&event.body);
  const GangId gang = started != nullptr ? started->gang : ended->gang;
  if (node != nullptr) node->held.emplace(AttemptKey{gang, team.parts.attempt()}, before);
  auto joined = started != nullptr ? team.parts.began(*part, event.at, *started)
                                   : team.parts.ended(*part, event.at, *ended);
  if (joined) return tell_joined(gang, *std::move(joined));
  if (team.parts.is_failing() && !team.stops)
    stop_team(gang, team, {gang, EndCause::stopped, "another part of the gang ended", false});
}

/// The parts that are left have to end, with their signal and their grace.
void Pilots::stop_team(GangId gang, Team& team, const StopOrder& order) {
  team.stops = true;
  for (std::uint32_t part = 0; part < team.allocation->parts.size(); ++part) {
    if (team.parts.has_ended(part)) continue;
    if (PilotNode* node = node_of(team.allocation->parts[part].node))
      node->send(StopMessage{gang, order.cause, order.reason, order.at_once});
  }
}

void Pilots::tell_joined(GangId gang, Event event) {
  const auto team = teams_.find(gang);
  const std::uint32_t attempt = team->second.parts.attempt();
  for (const NodePart& part : team->second.allocation->parts)
    if (PilotNode* node = node_of(part.node)) node->held.erase({gang, attempt});
  const bool is_end = std::holds_alternative<GangEnded>(event.body);
  if (is_end) {
    forget_team(gang);
    stops_.erase(gang);
    close_turns(gang.job, attempt, {gang.index, gang.index + 1});
  }
  calls_.tell(event.at, std::move(event.body));
  if (!is_end) return;
  const auto open = open_.find(gang.job);
  if (open == open_.end()) return;
  for (OpenOrder& order : open->second.orders) {
    if (!has_parts(*order.allocation) || teams_.contains({gang.job, order.turns.first()})) continue;
    begin_team(open->second, order);
    tell_order(open->second, order, nullptr);
  }
}

void Pilots::forget_team(GangId gang) {
  const auto team = teams_.find(gang);
  const Meeting& meeting = team->second.meeting;
  std::size_t rank = 0;
  for (const NodePart& part : team->second.allocation->parts) {
    PilotNode* node = node_of(part.node);
    for (std::size_t i = 0; i < part.tasks.size(); ++i, ++rank)
      if (node != nullptr && rank < meeting.task_ports.size())
        node->taken_ports.erase(meeting.task_ports[rank]);
    if (node == nullptr || &part != &team->second.allocation->parts.front()) continue;
    node->taken_ports.erase(meeting.master_port);
    node->taken_ports.erase(meeting.coordinator_port);
  }
  ::unlink(meeting_path(settings_.state_dir, gang, team->second.parts.attempt()).c_str());
  teams_.erase(team);
}

/// `attempt` 0: of any.
void Pilots::close_turns(JobId job, std::uint32_t attempt, Range turns) {
  const auto open = open_.find(job);
  if (open == open_.end()) return;
  auto& orders = open->second.orders;
  std::set<std::uint32_t> left;  // nodes that had something of it
  for (OpenOrder& order : orders) {
    if (attempt == 0 || order.attempt == attempt) order.turns.remove(turns);
    if (!order.turns.empty()) continue;
    for (const NodePart& part : order.allocation->parts) left.insert(part.node.n);
  }
  if (left.empty()) return;
  std::erase_if(orders, [](const OpenOrder& order) { return order.turns.empty(); });
  // A launcher forgets a job of which it has nothing left, and is told of it anew.
  for (const std::uint32_t id : left) {
    const bool has_more = std::any_of(orders.begin(), orders.end(), [&](const OpenOrder& order) {
      return holds(order, {id}) && !has_parts(*order.allocation);
    });
    if (PilotNode* node = node_of({id}); node != nullptr && !has_more) node->told_jobs.erase(job);
  }
  if (orders.empty()) open_.erase(open);
}

// A node is gone, and all that it knew with it.

void Pilots::lose(NodeId id, EndCause cause, const std::string& why) {
  std::vector<JobId> jobs;
  for (const auto& [job, open] : open_) jobs.push_back(job);
  for (const JobId job : jobs) {
    const auto open = open_.find(job);
    if (open == open_.end()) continue;
    const std::vector<OpenOrder> orders = open->second.orders;
    for (const OpenOrder& order : orders)
      if (holds(order, id)) lose_order(open->second, order, id, cause, why);
  }
}

void Pilots::lose_order(OpenJob& open, OpenOrder order, NodeId id, EndCause cause,
                        const std::string& why) {
  const JobId job = open.job.id;
  const std::uint32_t first = order.turns.first();
  for (const Range& turns : order.turns.within({first + 1, ~std::uint32_t{0}})) {
    close_turns(job, order.attempt, turns);
    calls_.tell(now(), TurnsReturned{job, turns.begin, turns.end - turns.begin});
  }
  GangEnded ended{{job, first}, order.attempt, Time{0}, {}, false};
  ended.ending.cause = cause;
  ended.ending.detail = why;
  if (const auto asked = stops_.find({job, first}); asked != stops_.end()) {
    ended.ending.cause = asked->second.cause;
    ended.ending.detail = asked->second.reason;
  }
  believe_event(nullptr, id, {now(), std::move(ended)}, 0);
}

}  // namespace gangline
