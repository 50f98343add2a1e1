// Nodes of pilots come, say which they are, go, and come back.
#include <algorithm>

#include "engine/slurm/node/gang_meeting.h"
#include "engine/slurm/pilot/pilots.h"
#include "os/clock.h"

namespace gangline {
namespace {

constexpr std::size_t most_arrivals = 2 * most_pilot_nodes;

/// What Slurm calls the GPUs of a node, where nothing else says what they are.
void name_devices(Node& node, const Node* in_slurm) {
  if (in_slurm == nullptr || in_slurm->devices.empty()) return;
  const Device& first = in_slurm->devices.front();
  const bool all_alike = std::all_of(in_slurm->devices.begin(), in_slurm->devices.end(),
                                     [&](const Device& one) { return one.model == first.model; });
  if (!all_alike) return;
  for (Device& device : node.devices) {
    if (device.model.empty()) device.model = first.model;
    if (device.vendor.empty()) device.vendor = first.vendor;
  }
}

}  // namespace

void Pilots::listen() {
  // The port that the nodes know already is tried first.
  for (const auto& [number, pilot] : pilots_)
    if (const auto before = pilot->files.point(); before && before->port != 0) point_ = *before;
  point_.address = address_toward(calls_.some_host());
  const auto find = [this](std::string_view name) -> std::optional<StreamKey> {
    for (const auto& [number, pilot] : pilots_)
      if (pilot->key.name == name) return pilot->key;
    return std::nullopt;
  };
  const auto accept = [this](std::unique_ptr<KeyedStream> stream, const std::string& name) {
    this->accept(std::move(stream), name);
  };
  for (const std::uint16_t port : {point_.port, std::uint16_t{0}}) {
    auto made = KeyedListener::listen(loop_, point_.address, port, find, accept);
    if (!made) continue;
    listener_ = *std::move(made);
    point_.port = listener_->port();
    break;
  }
  if (!listener_) return;
  for (const auto& [number, pilot] : pilots_) (void)pilot->files.keep_point(point_).ok();
}

void Pilots::accept(std::unique_ptr<KeyedStream> stream, const std::string& tag) {
  if (arrivals_.size() >= most_arrivals) return;
  Arrival& arrival = arrivals_.emplace_back();
  arrival.tag = tag;
  arrival.since = now();
  arrival.stream = std::move(stream);
  arrival.stream->set_calls(
      {{},
       [this, at = &arrival](std::string_view bytes) { hear_arrival(*at, bytes); },
       [this, at = &arrival](const std::string&) { drop_arrival(at); }});
}

void Pilots::drop_arrival(const Arrival* arrival) {
  arrivals_.remove_if([&](const Arrival& one) { return &one == arrival; });
}

void Pilots::hear_arrival(Arrival& arrival, std::string_view bytes) {
  arrival.bytes += bytes;
  auto hello = take_node_hello(arrival.bytes);
  if (hello && !*hello) return;
  const auto pilot = std::find_if(pilots_.begin(), pilots_.end(), [&](const auto& one) {
    return one.second->kept.tag == arrival.tag;
  });
  if (hello && pilot != pilots_.end()) attach(*pilot->second, **std::move(hello), arrival);
  drop_arrival(&arrival);
}

void Pilots::attach(Pilot& pilot, NodeHello hello, Arrival& arrival) {
  const std::string host = hello.host;
  if (!pilot.nodes.contains(host) && pilot.nodes.size() >= pilot.kept.request.nodes) return;
  // What it had may run elsewhere by now. It finds its sign gone, and ends.
  if (pilot.nodes.contains(host) && pilot.nodes[host]->given_up) return;
  auto& node = pilot.nodes[host];
  const bool is_new = node == nullptr;
  if (is_new) {
    node = std::make_unique<PilotNode>();
    node->host = host;
    node->pilot = pilot.kept.number;
    node->sign_changed = since_boot();
    pilot.kept.names[host] = name_for(host);
    keep(pilot);
  }
  const std::string name = pilot.kept.names[host];
  Node described = std::move(hello.node);
  described.name = name;
  described.up = false;  // until its launcher answers
  if (!pilot.ends && hello.ends) pilot.ends = hello.ends;
  if (pilot.ends) described.until = *pilot.ends - margin_before_end;
  name_devices(described, calls_.slurm_node(host));
  (void)pilot.files.keep_node(host, described).ok();
  hello.node = {};
  node->hello = std::move(hello);
  node->node = std::move(described);
  node->closed = pilot.phase == PilotPhase::ending || !node->in_job;
  node->drained.clear();
  if (pilot.phase != PilotPhase::ending) pilot.phase = PilotPhase::running;
  if (const auto before = earlier_.find(name); before != earlier_.end() && is_new)
    earlier_.erase(before);  // of another pilot, which had that name
  else if (before != earlier_.end()) node->earlier = before->second;
  node->welcomed = false;
  node->inbox = {};
  node->told_jobs.clear();
  // The newest connection is the one that works.
  node->stream = std::move(arrival.stream);
  PilotNode* at = node.get();
  node->stream->set_calls({{},
                           [this, at](std::string_view bytes) { hear(*at, bytes); },
                           [this, at](const std::string&) { lost(*at); }});
  node->stream->send(frame_of(HelloMessage{wire_version, node->cursor(), settings_.store}));
  const std::string rest = std::exchange(arrival.bytes, {});
  if (!rest.empty()) hear(*at, rest);
}

void Pilots::lost(PilotNode& node) {
  node.stream.reset();
  node.welcomed = false;
  node.away_since = now();
  // Gangs go on there meanwhile, and nothing is known of what they leave.
  show(node);
  look();
}

void Pilots::hear(PilotNode& node, std::string_view bytes) {
  node.inbox.add(bytes);
  while (node.stream) {
    auto message = node.inbox.next();
    if (!message) return lost(node);
    if (!*message) return;
    obey(node, **std::move(message));
  }
}

void Pilots::obey(PilotNode& node, Message message) {
  if (auto* news = std::get_if<NewsMessage>(&message)) {
    hear_news(node, std::move(*news));
  } else if (const auto* trouble = std::get_if<TroubleMessage>(&message)) {
    node.trouble = trouble->text;
  } else if (const auto* welcome = std::get_if<WelcomeMessage>(&message)) {
    if (welcome->version != wire_version) return lost(node);
    if (node.epoch != welcome->epoch)
      node.heard = number_of_cursor(node.epoch.empty() ? node.earlier : "", welcome->epoch);
    node.epoch = welcome->epoch;
    node.welcomed = true;
    node.away_since = Time{0};
    if (Pilot* pilot = find(node.pilot)) pilot->busy = now();
    if (node.id) tell_all(node);
    show(node);
    look();
  }
}

/// The launcher ignores what it knows, so all is asked again.
void Pilots::tell_all(PilotNode& node) {
  node.send(NodeMessage{node.node});
  for (const auto& [id, open] : open_)
    for (const OpenOrder& order : open.orders) tell_order(open, order, &node);
  for (const auto& [gang, order] : stops_)
    node.send(StopMessage{gang, order.cause, order.reason, order.at_once});
}

}  // namespace gangline
