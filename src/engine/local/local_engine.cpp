#include "engine/local/local_engine.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "launch/job_files.h"
#include "launch/journal.h"
#include "launch/launcher.h"
#include "os/clock.h"

namespace gangline {
namespace {

bool same_devices(const Node& a, const Node& b) {
  return std::equal(a.devices.begin(), a.devices.end(), b.devices.begin(), b.devices.end(),
                    [](const Device& one, const Device& other) { return one.uid == other.uid; });
}

/// A launcher may run as another user than its service.
std::uint32_t uid_of_process(std::int64_t pid) {
  struct stat there {};
  const std::string path = "/proc/" + std::to_string(pid);
  return ::stat(path.c_str(), &there) == 0 ? there.st_uid : ::geteuid();
}

}  // namespace

LocalEngine::LocalEngine(Loop& loop, LocalEngineSettings settings)
    : loop_(loop),
      settings_(std::move(settings)),
      boot_(boot_id()),
      leases_(loop,
              [this] {
                // Who used it until now may be gone as well, and the last reading is old.
                if (probe_) probe_->ask_sample();
                if (look_at_leases()) wake();
              }),
      link_(loop,
            {settings_.state_dir, launcher_socket(settings_.state_dir, settings_.launcher.empty()),
             settings_.launcher, settings_.store},
            {[this] { return cursor_; },
             [this](const WelcomeMessage& welcome) { hear_welcome(welcome); },
             [this](NewsMessage news) { hear_news(std::move(news)); },
             [this](const std::string& text) { launcher_trouble_ = text; }}) {}

LocalEngine::~LocalEngine() = default;

std::string LocalEngine::trouble() const {
  return launcher_trouble_.empty() ? probe_trouble_ : launcher_trouble_;
}

void LocalEngine::wake() {
  if (wake_) wake_();
}

// Devices.

Result<std::vector<Node>> LocalEngine::describe_nodes() {
  if (!node_) {
    auto [node, whole] = probe_node(settings_.probe, settings_.first_look);
    node_ = std::move(node);
    asks_devices_ = !whole;  // by the probe, which has more patience
  }
  return std::vector{*node_};
}

void LocalEngine::adopt_node(NodeId id, const Node& node) {
  const bool moved = !node_ || !same_devices(*node_, node);
  id_ = id;
  node_ = node;
  leases_.set_devices(node.devices);
  if (link_.up()) link_.send(NodeMessage{node});
  // The probe is told the places when it starts. This may be called from a call of the probe, which
  // then must not end in it.
  if (moved || !probe_) restart_ = loop_.after(Span{0}, [this] { begin_sampling(); });
}

std::uint32_t LocalEngine::our_part(const Allocation& allocation) const {
  for (std::uint32_t i = 0; i < allocation.parts.size(); ++i)
    if (allocation.parts[i].node == id_) return i;
  return 0;
}

void LocalEngine::begin_sampling() {
  ProbeSettings settings;
  settings.command = settings_.probe;
  settings.known = *node_;
  probe_ = std::make_unique<Probe>(
      loop_, settings,
      ProbeCalls{[this](const Node& node) { hear_facts(node); },
                 [this](const NodeSample& sample) { hear_sample(sample); },
                 [this](const std::string& text) { probe_trouble_ = text; }});
  probe_->ask_sample();  // nothing starts on a device before its first reading
  sampling_ = loop_.every(settings_.sample_every, [this] { probe_->ask_sample(); });
}

void LocalEngine::hear_facts(const Node& node) {
  const bool awaited = std::exchange(asks_devices_, false);
  if (node_ == node && awaited) wake();
  if (node_ == node) return;
  node_ = node;
  leases_.set_devices(node.devices);
  if (link_.up()) link_.send(NodeMessage{node});
  events_.push_back({now(), NodeSeen{id_, node}});
  wake();
}

void LocalEngine::ask_sample() {
  if (probe_) probe_->ask_sample();
}

void LocalEngine::hear_sample(const NodeSample& sample) {
  sample_ = sample;
  if (tell_sample_) tell_sample_(id_, sample);
  const auto changes = foreign_.look(sample, id_);
  events_.insert(events_.end(), changes.begin(), changes.end());
  if (look_at_leases() || !changes.empty()) wake();
}

/// Whether something has changed.
bool LocalEngine::look_at_leases(bool doubtful) {
  // Until the launcher has said who it is, leases of our own gangs may be among them.
  if (!our_launcher_ && has_launcher_journal()) return false;
  leases_.look(doubtful);
  const auto changes = foreign_.look(leases_.holders(), id_, now());
  events_.insert(events_.end(), changes.begin(), changes.end());
  return !changes.empty();
}

bool LocalEngine::has_launcher_journal() const {
  // That of a launcher for all is closed to us.
  return settings_.launcher.empty() ||
         newest_number(settings_.state_dir + "/launcher", "journal") != 0;
}

// Gangs.

void LocalEngine::resume(const std::string& cursor, const std::vector<StartOrder>& asked) {
  if (!probe_ && !restart_ && node_) begin_sampling();
  cursor_ = cursor;
  for (const StartOrder& order : asked) start(order);
  // There may be news, and gangs that nobody asked about again.
  if (has_launcher_journal()) link_.open();
}

void LocalEngine::start(const StartOrder& order) {
  OpenJob& open = open_[order.job.id];
  open.job = order.job;
  OpenOrder fresh{order.attempt, {}, order.allocation, order.boot.empty() ? boot_ : order.boot};
  RangeSet known;
  for (const OpenOrder& other : open.orders)
    if (other.attempt == order.attempt)
      for (const Range& turns : other.turns.ranges()) known.add(turns);
  for (const Range& turns : known.missing({order.first, order.first + order.count}))
    fresh.turns.add(turns);
  if (fresh.turns.empty()) return;
  if (link_.up())
    for (const Range& turns : fresh.turns.ranges()) tell_start(open, fresh, turns);
  open.orders.push_back(std::move(fresh));
  retiring_ = false;
  link_.open();
}

void LocalEngine::tell_start(OpenJob& open, const OpenOrder& order, Range turns) {
  if (!open.told) link_.send(JobMessage{open.job});
  open.told = true;
  link_.send(StartMessage{open.job.id, turns.begin, turns.end - turns.begin, order.attempt,
                          our_part(*order.allocation), order.allocation, order.boot, cursor_});
}

void LocalEngine::stop(const StopOrder& order) {
  const auto open = open_.find(order.gang.job);
  const bool known =
      open != open_.end() &&
      std::any_of(open->second.orders.begin(), open->second.orders.end(),
                  [&](const OpenOrder& each) { return each.turns.has(order.gang.index); });
  if (!known) return;
  stops_[order.gang] = order;
  if (link_.up()) link_.send(StopMessage{order.gang, order.cause, order.reason, order.at_once});
}

void LocalEngine::return_turns(JobId job, std::uint32_t first, std::uint32_t count) {
  const ReturnMessage message{job, first, count};
  if (link_.up()) link_.send(message);
  else unsent_returns_.push_back(message);
}

void LocalEngine::hear_welcome(const WelcomeMessage& welcome) {
  foreign_.set_ours({{welcome.launcher, welcome.guardian}, "@" + welcome.epoch});
  our_launcher_ = true;
  leases_.set_ours({welcome.launcher, uid_of_process(welcome.launcher), welcome.epoch});
  (void)look_at_leases();
  if (node_) link_.send(NodeMessage{*node_});
  // The launcher ignores what it knows, so all is asked again.
  for (auto& [id, open] : open_) {
    open.told = false;
    for (const OpenOrder& order : open.orders)
      for (const Range& turns : order.turns.ranges()) tell_start(open, order, turns);
  }
  for (const auto& [gang, order] : stops_)
    link_.send(StopMessage{gang, order.cause, order.reason, order.at_once});
  for (const ReturnMessage& message : std::exchange(unsent_returns_, {})) link_.send(message);
  if (retiring_) retire();
}

void LocalEngine::hear_news(NewsMessage news) {
  // Turns come back where another service was quicker: who it is must be known before they are
  // planned again.
  if (std::any_of(news.events.begin(), news.events.end(), [](const Event& event) {
        return std::holds_alternative<TurnsReturned>(event.body);
      }))
    (void)look_at_leases(true);
  for (Event& event : news.events) {
    if (const auto* ended = std::get_if<GangEnded>(&event.body)) {
      const std::uint32_t index = ended->gang.index;
      close_turns(ended->gang.job, ended->attempt, {index, index + 1});
      stops_.erase(ended->gang);
    } else if (const auto* returned = std::get_if<TurnsReturned>(&event.body)) {
      close_turns(returned->job, 0, {returned->first, returned->first + returned->count});
    }
    events_.push_back(std::move(event));
  }
  cursor_ = std::move(news.cursor);
  wake();
}

/// `attempt` 0: of any.
void LocalEngine::close_turns(JobId job, std::uint32_t attempt, Range turns) {
  const auto open = open_.find(job);
  if (open == open_.end()) return;
  auto& orders = open->second.orders;
  for (OpenOrder& order : orders)
    if (attempt == 0 || order.attempt == attempt) order.turns.remove(turns);
  std::erase_if(orders, [](const OpenOrder& order) { return order.turns.empty(); });
  if (orders.empty()) open_.erase(open);
}

News LocalEngine::poll(Time) { return {std::exchange(events_, {}), cursor_}; }

void LocalEngine::acknowledge(const std::string& cursor) {
  if (link_.up()) link_.send(AcknowledgeMessage{cursor});
}

void LocalEngine::retire() {
  retiring_ = true;
  if (!link_.up()) return;
  link_.send(RetireMessage{});
  link_.close();
}

Result<std::string> LocalEngine::read_output(const JobSpec& spec, GangId gang,
                                             std::size_t most) const {
  return read_beginning(JobFiles(settings_.state_dir).output(spec, gang), most);
}

std::string LocalEngine::output_of(const JobSpec& spec, GangId gang) const {
  return JobFiles(settings_.state_dir).output(spec, gang);
}

Result<LogChunk> LocalEngine::read_log(const LogQuery& query) {
  return read_task_log(JobFiles(settings_.state_dir), query);
}

}  // namespace gangline
