#include "control/controller.h"

#include <algorithm>

#include "base/text.h"
#include "control/merge_node.h"
#include "control/past_runs.h"
#include "control/snapshot_of.h"

namespace gangline {
namespace {

constexpr Span retry_disk_after = seconds(1);
constexpr Span look_around_every = seconds(1);
// Facts are safe in the engine's journal until they are acknowledged, so they may wait for others
// to be written with them: each commit waits for the disk.
constexpr Span longest_unstored = milliseconds(50);
constexpr std::size_t most_unstored = 2'000;
// A gang that runs for so long was not as short as those before it: others need not wait for it in
// line.
constexpr Span longest_turn = seconds(1);
// With devices that others may use, and somebody who wants some, nothing starts before the first
// reading of them, but no reading holds up the start of everything for longer than this.
constexpr Span longest_wait_for_reading = seconds(5);
constexpr Span look_for_reading_every = milliseconds(20);
// Gangs that come and go quickly are not each worth a reading.
constexpr Span between_asked_readings = milliseconds(200);
constexpr Span feed_gathers = milliseconds(50);

/// Somebody was asked to make room and has not ended.
bool somebody_leaves(const Register& beliefs) {
  const auto leaves = [](const auto& gang) { return gang.second.makes_room_for.has_value(); };
  const auto& live = beliefs.live();
  return std::any_of(live.begin(), live.end(), [&](JobId id) {
    const auto& gangs = beliefs.find(id)->live;
    return std::any_of(gangs.begin(), gangs.end(), leaves);
  });
}

Policy policy_of(const Settings& settings) {
  const Policy row = find_policy(settings.policy).value_or(policies().front());
  const auto policy = with(row, settings.policy_settings);
  return policy ? *policy : row;
}

}  // namespace

Controller::Controller(World& world, Store& store, Engine& engine, ControllerSettings settings,
                       std::function<void()> on_end)
    : world_(world),
      store_(store),
      engine_(engine),
      settings_(std::move(settings)),
      on_end_(std::move(on_end)),
      policy_(policy_of(settings_.settings)),
      rounds_(policy_.rounds),
      cycle_(engine, *this, settings_.settings, policy_),
      register_(cycle_.beliefs()),
      feed_(store),
      counts_(store, register_),
      notices_(world, store, settings_.settings.notify, [this] { ask_for_cycle(); }),
      started_(world.now()),
      last_touched_(started_) {
  if (!settings_.usual.empty()) cycle_.expect(settings_.usual);
  if (!settings_.usual_work.empty()) cycle_.expect_work(settings_.usual_work);
}

Controller::~Controller() { *alive_ = false; }

Result<void> Controller::begin() {
  // 1. What was: how long gangs ran, nodes with the numbers of their devices, then the jobs that
  //    have not ended.
  if (goes_by_run_time(policy_))
    if (const auto recalled = recall_past_runs(store_, cycle_); !recalled) return recalled;
  auto nodes = store_.nodes();
  if (!nodes) return nodes.error();
  for (const NodeSeen& seen : *nodes) cycle_.recall({world_.now(), seen});
  auto past_use = store_.past_use();
  if (!past_use) return past_use.error();
  cycle_.count_use(*past_use);
  auto past_hours = store_.past_hours();
  if (!past_hours) return past_hours.error();
  cycle_.count_hours(*past_hours);
  if (const auto recalled = recall_reservations(); !recalled) return recalled;
  auto jobs = store_.unfinished();
  if (!jobs) return jobs.error();
  for (const auto& [job, _] : *jobs) cycle_.recall({job.submitted, JobSubmitted{job}});
  for (const auto& [job, _] : *jobs) own_pilots_.add(job);
  for (const auto& [job, _] : *jobs) {
    auto events = store_.events_of(job.id);
    if (!events) return events.error();
    for (const Event& event : *events) cycle_.recall(event);
  }
  last_job_ = store_.last_job();
  ended_before_ = store_.ended_gang_count();
  counts_.begin();
  catch_up_counts();

  // 2. What is: this node, and what became of the gangs that were asked to start.
  adopt_found_nodes();
  std::vector<StartOrder> asked;
  for (const auto& [id, job] : register_.jobs())
    for (const auto& [index, gang] : job.live) {
      // Turns of one run are asked for together, or they would not take turns any more.
      std::vector<JobId> after = job.awaited_by(index);
      const bool next = !asked.empty() && asked.back().job.id == id &&
                        asked.back().first + asked.back().count == index &&
                        asked.back().attempt == gang.attempt &&
                        asked.back().allocation == gang.run->allocation &&
                        asked.back().after == after;
      if (next) ++asked.back().count;
      else
        asked.push_back({job.job, index, 1, gang.attempt, gang.run->allocation, gang.run->boot,
                         std::move(after)});
      turns_given_ = turns_given_ || gang.takes_turns();
    }
  for (const auto& [id, job] : register_.jobs())
    for (const auto& [index, gang] : job.live)
      if (const auto* running = std::get_if<Running>(&gang.state))
        meter_.begin({id, index}, gang.attempt, gang.place(), running->started);
  hear_engine();
  engine_.resume(store_.cursor(), asked);
  for (const auto& [id, job] : register_.jobs())
    if (job.stop_asked)
      for (const auto& [index, gang] : job.live)
        stops_.push_back({{id, index}, EndCause::stopped, job.stop_reason, false});
  cycle_.ask_again();
  watch_idleness();
  ask_for_cycle();
  return {};
}

void Controller::hear_engine() {
  engine_.on_sample([this](NodeId node, const NodeSample& sample) {
    meter_.read(node, sample);
    readings_.add(node, sample);
    counts_.read(node, sample);
    note_measured();
  });
  engine_.on_news([this] { ask_for_cycle(); });
  engine_.set_pilot_work([this] {
    return std::any_of(register_.jobs().begin(), register_.jobs().end(), [](const auto& one) {
      const JobState& job = one.second;
      return job.job.spec->pilot && job.after.empty() && !job.stop_asked && job.waiting() > 0;
    });
  });
}

void Controller::tell_by(Messenger& messenger) {
  notices_.send_by(&messenger);
  notices_.begin();
}

void Controller::adopt_found_nodes() {
  auto found = engine_.describe_nodes();
  if (!found) return note_trouble(found.error());
  std::set<std::string> there;
  for (const Node& node : *found) there.insert(node.name);
  for (Node& node : *found) adopt_found(std::move(node));
  give_back_nodes(there);
}

/// A node that was lent and is not described any more has gone back, whatever time it had left.
void Controller::give_back_nodes(const std::set<std::string>& there) {
  const Time now = world_.now();
  const auto cluster = register_.cluster();
  for (std::uint32_t i = 0; i < cluster->nodes.size(); ++i) {
    Node node = cluster->nodes[i];
    if (!node.until || there.contains(node.name) || (!node.up && *node.until <= now)) continue;
    node.up = false;
    node.until = std::min(*node.until, now);
    cycle_.learn({now, NodeSeen{NodeId{i}, std::move(node)}});
  }
}

void Controller::adopt_found(Node found) {
  const auto& nodes = register_.cluster()->nodes;
  const auto known = std::find_if(nodes.begin(), nodes.end(),
                                  [&](const Node& node) { return node.name == found.name; });
  const NodeId id{static_cast<std::uint32_t>(known - nodes.begin())};
  Node node = known == nodes.end() ? std::move(found) : merge_node(*known, found);
  // Drivers that have not answered yet have not taken back what they said before.
  if (known != nodes.end() && engine_.asks_devices()) {
    node.devices = known->devices;
    node.links = known->links;
    node.driver = known->driver;
  }
  engine_.adopt_node(id, node);
  cycle_.learn({world_.now(), NodeSeen{id, std::move(node)}});
}

void Controller::ask_for_cycle() {
  if (std::exchange(cycle_asked_, true)) return;
  world_.call_soon([this, alive = alive_] {
    if (!*alive) return;
    cycle_asked_ = false;
    run_cycle();
  });
}

void Controller::run_cycle() {
  if (ended_) return;
  CycleTrace trace{++cycles_, world_.now()};
  const std::uint64_t events_before = store_.last_event();
  auto lap = [&, last = trace.at]() mutable {
    const Time now = world_.now();
    return now - std::exchange(last, now);
  };
  // 1. Learn what happened. Only events change what we believe.
  learn(engine_.poll(world_.now()));
  if (!engine_.asks_devices()) answer_with_devices();
  trace.learn = lap();

  // 2. New jobs are answered when they are on disk, before we think about them.
  if (!submits_.empty()) accept_submits();
  trace.accept = lap();

  // 3. Decide on one picture of the world. Pure: no clock, no I/O, no log.
  const Plan plan = plan_now();
  trace.plan = lap();

  // 4. Write down, then ask. A start that failed is decided again, because no event came.
  carry_out(plan);
  trace.carry_out = lap();

  // 5. Tell those who wait.
  picture_.reset();
  answer_waiters();
  retire_ended_jobs();
  trace.tell = lap();
  trace.starts = static_cast<std::uint32_t>(plan.starts.size());
  if (diary_ != nullptr) note_cycle(trace, events_before);
}

// A question about devices waits until they are known, and no other does.
void Controller::when_devices_are_known(std::function<void()> call) {
  if (engine_.asks_devices()) need_devices_.push_back(std::move(call));
  else call();
}

void Controller::answer_with_devices() {
  for (const auto& call : std::exchange(need_devices_, {})) call();
}

void Controller::note(const Event& fact) {
  picture_.reset();
  if (unstored_.empty()) unstored_since_ = world_.now();
  unstored_.push_back(fact);
}

void Controller::learn(const News& news) {
  for (const Event& event : news.events) {
    if (std::get_if<NodeSeen>(&event.body) != nullptr) adopt_found_nodes();
    else cycle_.learn(event);
    measure(event);
  }
  if (!news.cursor.empty()) unstored_cursor_ = news.cursor;
  cycle_.settle_consequences(world_.now());
}

// What devices are read for: at both ends of a run a reading is asked for, beside those that are
// due.
void Controller::measure(const Event& event) {
  if (const auto* started = std::get_if<GangStarted>(&event.body)) {
    const JobState* job = register_.find(started->gang.job);
    if (job == nullptr || !wants_devices(job->job.spec->resources)) return;
    const auto live = job->live.find(started->gang.index);
    if (live == job->live.end() || live->second.attempt != started->attempt) return;
    meter_.begin(started->gang, started->attempt, live->second.place(), event.at);
    ask_reading();
  } else if (const auto* ended = std::get_if<GangEnded>(&event.body)) {
    meter_.end(ended->gang, event.at);
    if (meter_.waits_for_reading()) ask_reading();
  }
}

void Controller::ask_reading() {
  if (world_.now() - reading_asked_ < between_asked_readings) return;
  reading_asked_ = world_.now();
  engine_.ask_sample();
}

void Controller::note_measured() {
  const Time now = world_.now();
  const auto measured = meter_.take(now);
  for (const GangMeasured& gang : measured) note({now, gang});
  if (!measured.empty()) ask_for_cycle();
}

void Controller::accept_submits() {
  std::vector<Event> wanted;
  std::vector<std::pair<Reply<Submitted>, Submitted>> answers;
  std::map<std::string, Register::Kept> accepted;
  std::map<std::pair<std::uint32_t, std::string>, JobId> keys;
  std::vector<std::pair<PendingSubmit, JobId>> again;
  for (PendingSubmit& submit : std::exchange(submits_, {})) {
    if (const std::string& key = submit.spec.submit_key; !key.empty()) {
      // Told when what is accepted here is on disk, since it may be among that.
      const auto both = std::pair{submit.submitter.uid, key};
      const auto same = keys.find(both);
      const auto known =
          same != keys.end() ? std::optional(same->second) : store_.find_key(both.first, key);
      if (known) {
        again.push_back({std::move(submit), *known});
        continue;
      }
    }
    Register::Kept& of_person = accepted[submit.submitter.login];
    auto job = check_submit(submit.submitter, std::move(submit.spec), of_person);
    if (!job) {
      submit.reply(job.error());
      continue;
    }
    of_person.jobs += 1;
    of_person.waiting_gangs += total_gangs(*job->spec);
    answers.emplace_back(std::move(submit.reply),
                         Submitted{job->id, total_gangs(*job->spec), note_of(*job->spec)});
    if (!job->spec->submit_key.empty()) keys[{job->uid, job->spec->submit_key}] = job->id;
    own_pilots_.add(*job);
    wanted.push_back({job->submitted, JobSubmitted{std::move(*job)}});
  }
  const auto stored = wanted.empty() ? Result<void>() : cycle_.accept(wanted);
  if (!wanted.empty()) {
    picture_.reset();
    return_turns(Span{0});  // the new jobs may be more urgent than gangs whose turn has not come
  }
  for (const auto& [reply, answer] : answers) {
    if (stored) reply(answer);
    else reply(stored.error());
  }
  for (const auto& [submit, id] : again) submit.reply(submitted_before(submit.spec, id));
  own_pilots_.look(register_, engine_, world_.now());
}

/// The answer to a submit with the key of this job.
Result<Submitted> Controller::submitted_before(const JobSpec& spec, JobId id) {
  const auto stored = store_.find(id);
  if (!stored) return stored.error();
  if (!*stored) return summary(id).error();
  const JobSpec& known = *(*stored)->first.spec;
  if (known.name != spec.name || !(known.command == spec.command))
    return Error{ErrorKind::refused,
                 "this key was used for job " + format(id) + ", which is another one", "",
                 "a new job needs a new key"};
  return Submitted{id, total_gangs(known), "it was submitted before with this key"};
}

Result<void> Controller::commit(const std::vector<Event>& wishes) {
  if (unstored_.empty() && wishes.empty() && unstored_cursor_.empty() && !notices_.changed() &&
      readings_.unstored().empty())
    return {};
  const Time began = world_.now();
  counts_.keep();
  for (const Event& event : unstored_) store_.append(event);
  for (const Event& event : wishes) {
    store_.append(event);
    if (const auto* submitted = std::get_if<JobSubmitted>(&event.body)) {
      JobSummary summary;
      summary.id = submitted->job.id;
      summary.owner = submitted->job.owner;
      summary.submitted = submitted->job.submitted;
      summary.gangs = summary.waiting = total_gangs(*submitted->job.spec);
      store_.add_job(submitted->job, summary);
    }
  }
  for (const JobId id : register_.ended()) {
    store_.put_summary(summary_of(*register_.find(id)));
    notices_.ends(*register_.find(id));
  }
  notices_.keep();
  for (const PastUse& use : cycle_.unstored_use()) store_.put_past_use(use);
  for (const PastHour& hour : cycle_.unstored_hours()) store_.put_past_hour(hour);
  for (const ReadingsKept::Unstored& one : readings_.unstored())
    store_.put_readings(one.node, one.step.step, one.readings, world_.now() - one.step.kept);
  if (!unstored_cursor_.empty()) store_.put_cursor(unstored_cursor_);

  const auto stored = store_.commit();
  if (!stored) {
    note_trouble(stored.error());
    if (std::exchange(disk_is_tried_again_, true)) return stored;
    world_.call_later(retry_disk_after, [this, alive = alive_] {
      if (!*alive) return;
      disk_is_tried_again_ = false;
      ask_for_cycle();
    });
    return stored;
  }
  trouble_.clear();
  notices_.kept();
  counts_.committed(world_.now() - began);
  tell_feed(wishes);
  cycle_.use_is_stored();
  readings_.are_stored();
  readings_stored_ = world_.now();
  unstored_.clear();
  store_now_ = false;
  if (!unstored_cursor_.empty()) engine_.acknowledge(std::exchange(unstored_cursor_, {}));
  return {};
}

/// These and `unstored_` were stored in this order.
void Controller::tell_feed(const std::vector<Event>& wishes) {
  std::vector<const Event*> stored;
  stored.reserve(unstored_.size() + wishes.size());
  for (const auto* events : {&std::as_const(unstored_), &wishes})
    for (const Event& event : *events) stored.push_back(&event);
  feed_.add(stored);
  counts_.add(stored);
  if (diary_ != nullptr) {
    std::uint64_t number = store_.last_event() - stored.size();
    for (const Event* event : stored) diary_->event(entry_of(++number, *event));
  }
  if (!feed_.somebody_waits() || std::exchange(feed_asked_, true)) return;
  // What comes within this goes in one answer.
  world_.call_later(feed_gathers, [this, alive = alive_] {
    if (!*alive) return;
    feed_asked_ = false;
    feed_.answer(world_.now());
  });
}

Plan Controller::plan_now() {
  const Time now = world_.now();
  if (!rounds_.ask(now)) {
    plan_again_at(*rounds_.next());
    return {};
  }
  const Scene& scene = cycle_.look();
  planned_ = false;
  if (!scene.somebody_waits()) {
    rounds_.close();
    return {};
  }
  const auto& nodes = register_.cluster()->nodes;
  const bool may_be_shared = std::any_of(nodes.begin(), nodes.end(),
                                         [](const Node& node) { return !node.devices.empty(); });
  const bool unread = may_be_shared && engine_.shares_devices() && !engine_.sample() &&
                      now - started_ < longest_wait_for_reading;
  const bool blind = (unread || engine_.asks_devices()) && scene.somebody_waits_for_devices();
  if (!blind) {
    planned_ = true;
    Plan plan = cycle_.decide(now);
    counts_.planned(world_.now() - now);
    plan_again_at(plan.again);
    // A round goes on while it has something started, or somebody has not left yet.
    if (plan.starts.empty() && plan.stops.empty() &&
        (policy_.rounds.us == 0 || !somebody_leaves(register_)))
      rounds_.close();
    return plan;
  }
  // A reading that finds nobody outside Gangline is no news, so nothing wakes us when it is there.
  if (!std::exchange(looks_for_reading_, true))
    world_.call_later(look_for_reading_every, [this, alive = alive_] {
      if (!*alive) return;
      looks_for_reading_ = false;
      ask_for_cycle();
    });
  return {};
}

void Controller::plan_again_at(Time at) {
  if (at == never || at >= plans_again_at_) return;
  plans_again_at_ = at;
  world_.call_later(at - world_.now(), [this, at, alive = alive_] {
    if (!*alive || plans_again_at_ != at) return;
    plans_again_at_ = never;
    ask_for_cycle();
  });
}

void Controller::carry_out(const Plan& plan) {
  for (const Start& start : plan.starts)
    turns_given_ = turns_given_ || (start.count > 1 && !start.allocation->parts.empty());
  if (wishes_nothing(plan) && may_wait_for_company()) {
    world_.call_later(longest_unstored, [this, alive = alive_] {
      // An answer may have stored them meanwhile; then ended jobs are left to be told of.
      if (*alive && (!unstored_.empty() || !register_.ended().empty())) ask_for_cycle();
    });
  } else if (const auto done = cycle_.carry_out(plan, world_.now()); !done) {
    note_trouble(done.error());
  } else if (std::any_of(plan.starts.begin(), plan.starts.end(),
                         [](const Start& start) { return start.allocation->parts.empty(); })) {
    ask_for_cycle();  // what comes after those may be handed over now
  }
  // A stop needs no disk: it is carried out at once and written down when it can be.
  for (const StopOrder& stop : std::exchange(stops_, {})) engine_.stop(stop);
}

bool Controller::may_wait_for_company() const {
  if (unstored_.empty() || store_now_ || unstored_.size() >= most_unstored) return false;
  if (world_.now() - unstored_since_ >= longest_unstored) return false;
  return std::none_of(waiters_.begin(), waiters_.end(),
                      [&](const auto& waiter) { return is_over(waiter.second); });
}

void Controller::retire_ended_jobs() {
  // Not before their last lines are on disk.
  if (!unstored_.empty()) return;
  for (const JobId id : register_.ended()) notices_.is_stored(*register_.find(id));
  cycle_.retire_ended();
}

bool Controller::is_over(const Waiter& waiter) const {
  const JobState* job = register_.find(waiter.query.job);
  const auto& index = waiter.query.index;
  if (job == nullptr || !index) return job == nullptr || job->ended();
  return !job->waits(*index) && !job->live.contains(*index);
}

void Controller::answer_waiters() {
  if (waiters_.empty()) return;
  std::vector<Waiter> ready;
  for (auto it = waiters_.begin(); it != waiters_.end();) {
    // Nobody hears of an end that a crash could still take back.
    if ((is_over(it->second) && unstored_.empty()) || world_.now() >= it->second.until) {
      ready.push_back(std::move(it->second));
      it = waiters_.erase(it);
    } else {
      ++it;
    }
  }
  for (const Waiter& waiter : ready) waiter.reply(summary(waiter.query.job));
}

void Controller::watch_idleness() {
  world_.call_later(look_around_every, [this, alive = alive_] {
    if (!*alive || ended_) return;
    answer_waiters();
    note_measured();
    return_turns(longest_turn);
    own_pilots_.look(register_, engine_, world_.now());
    if (readings_are_due()) (void)commit({});
    const bool busy =
        !register_.jobs().empty() || !waiters_.empty() || settings_.stays || !unstored_.empty();
    if (busy) touch();
    if (world_.now() - last_touched_ >= settings_.settings.idle_exit) {
      ended_ = true;
      engine_.retire();
      return on_end_();
    }
    watch_idleness();
  });
}

// Turns that have not begun go back to waiting where the gang before them has run for longer than
// this, so that the next plan sees them and all that is free.
void Controller::return_turns(Span longer_than) {
  if (!turns_given_) return;
  const Time now = world_.now();
  for (const JobId id : register_.live()) {
    for (const auto& [index, gang] : register_.find(id)->live) {
      const auto* running = std::get_if<Running>(&gang.state);
      if (running != nullptr && gang.takes_turns() && now - running->started >= longer_than)
        engine_.return_turns(id, index + 1, gang.run->count - 1);
    }
  }
}

void Controller::note_trouble(const Error& error) { trouble_ = error.sentence(); }

}  // namespace gangline
