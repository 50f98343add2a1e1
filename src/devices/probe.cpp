#include "devices/probe.h"

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/text.h"
#include "devices/cpu/read_cpus.h"
#include "os/clock.h"

namespace gangline {
namespace {

std::string no_answer(Span waited) {
  return "the device drivers (NVML) did not answer for " + format(waited);
}

/// The node without devices, and why.
Node without_devices(const std::optional<Node>& cpu_facts, const std::string& why) {
  Node node;
  if (cpu_facts) node = *cpu_facts;
  else read_cpus_plainly(node);
  node.notes.push_back("devices are unknown: " + why);
  return node;
}

}  // namespace

Probe::Probe(Loop& loop, ProbeSettings settings, ProbeCalls calls)
    : loop_(loop),
      settings_(std::move(settings)),
      calls_(std::move(calls)),
      pause_(settings_.least_pause) {
  kept_.node = settings_.known;
  restart_ = loop_.after(Span{0}, [this] { start_child(); });
}

Probe::~Probe() = default;

void Probe::ask_facts() {
  wants_facts_ = true;
  ask_next();
}

void Probe::ask_sample() {
  wants_sample_ = true;
  ask_next();
}

void Probe::start_child() {
  if (!child_.gone()) return lose_child("the device probe hangs in a driver and cannot be ended");
  auto started = ProbeChild::start(settings_.command);
  if (!started) return lose_child(started.error().sentence());
  child_ = std::move(*started);
  cutter_ = MessageCutter();
  child_has_facts_ = false;
  wants_facts_ = true;
  readable_ = loop_.on_readable(child_.socket(), [this] { on_readable(); });
  ask_next();
}

void Probe::ask_next() {
  if (!child_.running() || asked_) return;
  if (wants_facts_ || (wants_sample_ && !child_has_facts_)) {
    asked_ = ProbeRequest::facts;
    wants_facts_ = false;
  } else if (wants_sample_) {
    asked_ = ProbeRequest::sample;
    wants_sample_ = false;
  } else {
    return;
  }
  // A child that does not take it has ended, which on_readable sees, or hangs, which the deadline
  // sees.
  static_cast<void>(child_.send(message_of(*asked_)));
  wait_for_answer();
}

void Probe::wait_for_answer() {
  const Span deadline =
      *asked_ == ProbeRequest::facts ? settings_.facts_deadline : settings_.sample_deadline;
  deadline_ = loop_.after(deadline, [this] { on_deadline(); });
}

// The question stays asked: an answer that comes late is as good as one in time.
void Probe::on_deadline() {
  ++misses_;
  const Span deadline =
      *asked_ == ProbeRequest::facts ? settings_.facts_deadline : settings_.sample_deadline;
  const std::string why = no_answer(Span{deadline.us * misses_});
  if (misses_ >= settings_.most_misses) return lose_child(why);
  wait_for_answer();
  give_first_facts(why);
  tell(why);
}

void Probe::on_readable() {
  std::string bytes;
  const bool open = child_.receive(bytes);
  cutter_.add(bytes);
  for (;;) {
    auto message = cutter_.next();
    if (!message) return lose_child(message.error().sentence());
    if (!*message) break;
    auto reply = read_reply(**message);
    if (!reply) return lose_child(reply.error().sentence());
    on_reply(std::move(*reply));
  }
  if (!open) lose_child("the device probe ended by itself, perhaps by a crash in a vendor library");
}

void Probe::on_reply(ProbeReply reply) {
  if (reply.kind == ProbeReplyKind::cpu_facts) {
    cpu_facts_ = std::move(reply.node);
    return;
  }
  asked_.reset();
  deadline_.reset();
  misses_ = 0;
  pause_ = settings_.least_pause;
  if (reply.kind == ProbeReplyKind::facts) {
    child_has_facts_ = true;
    give_facts(std::move(reply.node));
  } else if (child_has_facts_) {
    wants_facts_ = wants_facts_ || reply.reading.facts_changed;
    calls_.sample(keep_places(kept_, std::move(reply.reading.sample)));
  }
  tell("");
  ask_next();
}

void Probe::give_facts(Node found) {
  facts_given_ = true;
  kept_ = keep_places(kept_.node, std::move(found));
  calls_.facts(kept_.node);
}

// People and the scheduler get the CPUs at once. What devices were known is not taken back later
// only because they do not answer for a while.
void Probe::give_first_facts(const std::string& note) {
  if (!facts_given_) give_facts(without_devices(cpu_facts_, note));
}

void Probe::lose_child(const std::string& why) {
  readable_.reset();
  deadline_.reset();
  child_.stop();
  asked_.reset();
  wants_sample_ = false;
  misses_ = 0;
  restart_ = loop_.after(pause_, [this] { start_child(); });
  pause_ = std::min(pause_ + pause_, settings_.longest_pause);
  give_first_facts(why);
  tell(why);
}

void Probe::tell(const std::string& trouble) {
  if (trouble == trouble_) return;
  trouble_ = trouble;
  calls_.trouble(trouble);
}

FirstFacts probe_node(const std::vector<std::string>& command, Span deadline) {
  auto child = ProbeChild::start(command);
  if (!child) return {without_devices({}, child.error().sentence()), false};
  static_cast<void>(child->send(message_of(ProbeRequest::facts)));
  std::optional<Node> cpu_facts;
  MessageCutter cutter;
  const Span until = since_boot() + deadline;
  for (bool open = true; open;) {
    const Span left = until - since_boot();
    if (left.us <= 0) return {without_devices(cpu_facts, no_answer(deadline)), false};
    pollfd readable{child->socket(), POLLIN, 0};
    const int ready = ::poll(&readable, 1, static_cast<int>(left.us / 1000) + 1);
    if (ready <= 0) continue;
    std::string bytes;
    open = child->receive(bytes);
    cutter.add(bytes);
    for (;;) {
      auto message = cutter.next();
      if (!message) return {without_devices(cpu_facts, message.error().sentence()), false};
      if (!*message) break;
      auto reply = read_reply(**message);
      if (!reply) return {without_devices(cpu_facts, reply.error().sentence()), false};
      if (reply->kind == ProbeReplyKind::facts) return {std::move(reply->node), true};
      cpu_facts = std::move(reply->node);
    }
  }
  return {without_devices(cpu_facts, "the device probe ended by itself"), false};
}

}  // namespace gangline
