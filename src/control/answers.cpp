// What people and programs ask between two cycles.
#include <algorithm>

#include "base/text.h"
#include "control/controller.h"
#include "control/other_users.h"
#include "control/people/kept_limits.h"
#include "control/snapshot_of.h"
#include "model/check_spec.h"
#include "schedule/quota/quotas.h"
#include "service/no_log.h"

namespace gangline {
namespace {

Error no_such_job(JobId job) {
  return {ErrorKind::not_found, "there is no job " + format(job), "",
          "`gang list --all` shows all"};
}

Error no_such_gang(GangId gang) {
  return {ErrorKind::not_found, "there is no gang " + format(gang), "",
          "`gang show " + format(gang.job) + "` lists the gangs of the job"};
}

std::vector<EnvVar> values_of(const JobSpec& spec, std::uint32_t index) {
  if (spec.gather && index == gather_index(spec)) return {};
  std::vector<EnvVar> values = sweep_values(spec, index);
  if (spec.split) {
    const std::uint32_t n = shard_of(spec, index);
    const Shard& shard = spec.split->shards[n];
    const std::string piece =
        "piece " + std::to_string(n + 1) + " of " + std::to_string(spec.split->shards.size());
    values.emplace_back("shard", shard.end > shard.begin
                                     ? piece + " of the lines of " + spec.split->source
                                     : shard.text);
  }
  return values;
}

// Says how a gang ended that waited; false where none of these ends is its own.
bool end_waiting(GangView& view, const std::vector<Event>& ends) {
  for (const Event& event : ends) {
    const auto* ended = std::get_if<WaitingEnded>(&event.body);
    if (ended == nullptr || (ended->index && *ended->index != view.id.index)) continue;
    view.phase = GangPhase::ended;
    view.ended = event.at;
    view.ending = ended->ending;
    return true;
  }
  return false;
}

GangView blank_view(const JobSpec& spec, GangId gang) {
  GangView view;
  view.id = gang;
  view.gather = spec.gather && gang.index == gather_index(spec);
  view.values = values_of(spec, gang.index);
  return view;
}

}  // namespace

void Controller::submit(JobSpec spec, Reply<Submitted> reply) {
  submit_as({settings_.owner, settings_.uid}, std::move(spec), std::move(reply));
}

void Controller::submit_as(Submitter submitter, JobSpec spec, Reply<Submitted> reply) {
  touch();
  const bool with_devices = wants_devices(spec.resources);
  const auto take =
      [this, submit = PendingSubmit{std::move(submitter), std::move(spec), std::move(reply)}] {
        submits_.push_back(submit);
        ask_for_cycle();
      };
  if (with_devices) when_devices_are_known(take);
  else take();
}

void Controller::translate(JobSpec spec, Reply<Translation> reply) {
  touch();
  if (const auto good = check(spec); !good) return reply(good.error());
  reply(engine_.translate(spec));
}

// Everything the client may have got wrong, once more: it may be another program than ours.
Result<Job> Controller::check_submit(const Submitter& submitter, JobSpec spec,
                                     const Register::Kept& before) {
  if (const auto good = check(spec); !good) return good.error();
  if (auto in_vain =
          why_nobody_is_told(settings_.settings.notify, spec, submitter.person != nullptr))
    return *in_vain;
  choose_pilot(spec, engine_);
  const auto& queues = settings_.settings.queues;
  const bool elsewhere = engine_.places(spec);
  // A queue that only the engine has counts as the first, as plans have it (snapshot_of.cpp).
  auto queue_of_it = find_queue(queues, spec.queue);
  if (!queue_of_it && (elsewhere || engine_.has_queue(spec.queue))) queue_of_it = 0;
  if (!queue_of_it) {
    std::string names;
    for (const Queue& queue : queues) names += (names.empty() ? "" : ", ") + queue.name;
    return Error{ErrorKind::refused, "there is no queue '" + printable(spec.queue) + "'", "queue",
                 "the queues are: " + names};
  }
  if (register_.jobs().size() >= most_unfinished_jobs)
    return Error{ErrorKind::refused,
                 std::to_string(most_unfinished_jobs) + " jobs have not ended; that is the most",
                 "",
                 "wait for some to end, or put many gangs into one job with a sweep or a split"};
  if (register_.waiting_gangs() + total_gangs(spec) > most_waiting_gangs)
    return Error{ErrorKind::refused,
                 "more than " + std::to_string(most_waiting_gangs) + " gangs would wait", "",
                 "wait for some to end"};
  Register::Kept kept = register_.kept_of(submitter.login);
  kept.jobs += before.jobs;
  kept.waiting_gangs += before.waiting_gangs;
  if (auto too_many = exceeds_kept(settings_.settings.house.limits_of(submitter.login),
                                   submitter.login, kept, total_gangs(spec)))
    return *too_many;
  if (auto no = engine_.refuses(spec)) return *no;
  if (!elsewhere)
    if (auto hopeless = never_fits(*register_.cluster(), spec.resources)) return *hopeless;
  if (auto hopeless = exceeds_limit(queues, *queue_of_it, spec.resources)) return *hopeless;
  if (auto too_much = cycle_.house().why_never(*queue_of_it, submitter.login, spec.resources))
    return *too_much;
  const auto time = time_in(queues[*queue_of_it], spec.time);
  if (!time) return time.error();
  spec.time = *time;

  // `after` is kept by number: names may be given again, numbers are not.
  for (std::string& name : spec.after) {
    const auto number = parse_gang_name(name);
    const std::optional<JobId> id =
        number && !number->index ? number->job : store_.find_newest(name, submitter.uid);
    auto line = id ? summary(*id) : Result<JobSummary>(no_such_job({}));
    if (!line)
      return Error{ErrorKind::refused, "there is no job '" + printable(name) + "' to come after",
                   "after", "submit that one first"};
    if (line->phase == GangPhase::ended && line->ended_badly + line->never_ran > 0)
      return Error{ErrorKind::refused,
                   "job " + format(*id) + " (" + line->name +
                       ") did not end well, so nothing can come after it",
                   "after", "`gang show " + format(*id) + "` says why; submit it again first"};
    name = format(*id);
  }
  spec.inherited = environments_.share(spec.inherited);
  return Job{JobId{++last_job_},
             submitter.login,
             submitter.uid,
             world_.now(),
             std::make_shared<const JobSpec>(std::move(spec)),
             submitter.person};
}

const Snapshot& Controller::picture() {
  if (!picture_) picture_ = snapshot_of(register_, cycle_.viewpoint(), world_.now());
  return *picture_;
}

Result<JobSummary> Controller::summary(JobId job) {
  if (const JobState* state = register_.find(job)) return line_of(*state);
  auto stored = store_.find(job);
  if (!stored) return stored.error();
  if (!*stored) return no_such_job(job);
  return (*stored)->second;
}

GangView Controller::live_view(const JobState& job, std::uint32_t index,
                               const HeldGang& gang) const {
  GangView view = blank_view(*job.job.spec, {job.job.id, index});
  view.attempt = gang.attempt;
  view.allocation = *gang.place();
  if (const auto* running = std::get_if<Running>(&gang.state)) {
    view.phase = GangPhase::running;
    view.started = running->started;
    view.fences = running->fences;
    view.notes = notes_of_other_users(*view.allocation, register_.foreign(), *register_.cluster());
    view.output = engine_.output_of(*job.job.spec, view.id);
  } else if (gang.waits_in_engine()) {
    view.phase = GangPhase::waiting;
    view.allocation.reset();
    if (std::string why = engine_.wait_of(view.id).reason; !why.empty())
      view.notes.push_back(std::move(why));
  } else if (index == gang.run->first) {
    view.phase = GangPhase::starting;
    if (const std::string why = engine_.trouble(); !why.empty())
      view.notes.push_back("not begun yet: " + why);
  } else {
    view.phase = GangPhase::waiting;
    view.allocation.reset();
    view.notes.push_back("its turn comes after gang " + format(GangId{job.job.id, index - 1}));
  }
  for (std::string& note : engine_.notes_of(view.id)) view.notes.push_back(std::move(note));
  return view;
}

// A page of a job's gangs. The first page of a job with more gangs than fit begins with those that
// a person looks for: ended badly, then running.
Result<JobDetail> Controller::detail(JobId id, std::uint32_t first_gang, std::uint32_t most) {
  (void)commit({});  // ended gangs are read from the store; its trouble is told by `status`
  auto stored = store_.find(id);
  if (!stored) return stored.error();
  const JobState* state = register_.find(id);
  if (!*stored && state == nullptr) return no_such_job(id);
  JobDetail detail;
  auto line = summary(id);
  if (!line) return line.error();
  detail.summary = std::move(*line);
  detail.spec = state != nullptr ? *state->job.spec : *(*stored)->first.spec;
  detail.spec.inherited.clear();
  if (wants_devices(detail.spec.resources)) {
    auto energy = store_.energy_of(id);
    if (!energy) return energy.error();
    detail.energy = *energy;
  }
  detail.first_gang = first_gang;

  std::map<std::uint32_t, GangView> page;
  const std::uint32_t total = total_gangs(detail.spec);
  most = std::min(most, most_shown_gangs);
  bool all_taken = false;
  const auto take = [&](bool badly, std::uint32_t room) -> Result<void> {
    auto gangs = store_.ended_gangs(id, badly ? 0 : first_gang, room, badly);
    if (!gangs) return gangs.error();
    all_taken = !badly && gangs->size() < room;
    for (GangView& gang : *gangs) {
      gang.values = values_of(detail.spec, gang.id.index);
      gang.gather = detail.spec.gather && gang.id.index == gather_index(detail.spec);
      page.emplace(gang.id.index, std::move(gang));
    }
    return {};
  };
  if (first_gang == 0 && total > most)
    if (auto bad = take(true, most / 2); !bad) return bad.error();
  if (state != nullptr)
    for (const auto& [index, gang] : state->live)
      if (index >= first_gang && page.size() < most)
        page.emplace(index, live_view(*state, index, gang));
  if (page.size() < most)
    if (auto all = take(false, most - static_cast<std::uint32_t>(page.size())); !all)
      return all.error();
  for (std::uint32_t index = first_gang; state != nullptr && index < total && page.size() < most;
       ++index) {
    if (page.contains(index) || !state->waits(index)) continue;
    GangView view = blank_view(detail.spec, {id, index});
    const auto again = state->again.find(index);
    if (again != state->again.end()) view.attempt = again->second.attempt;
    page.emplace(index, std::move(view));
  }
  if (all_taken && page.size() < most) {
    auto ends = store_.ended_waiting(id);
    if (!ends) return ends.error();
    for (std::uint32_t index = first_gang; !ends->empty() && index < total && page.size() < most;
         ++index) {
      if (page.contains(index)) continue;
      GangView view = blank_view(detail.spec, {id, index});
      if (end_waiting(view, *ends)) page.emplace(index, std::move(view));
    }
  }
  for (auto& [_, view] : page) detail.gangs.push_back(std::move(view));
  return detail;
}

void Controller::show(JobId job, std::uint32_t first_gang, std::uint32_t most,
                      Reply<JobDetail> reply) {
  touch();
  reply(detail(job, first_gang, most));
}

Result<GangView> Controller::gang_view(GangId gang) {
  (void)commit({});
  const JobState* state = register_.find(gang.job);
  auto stored = store_.find(gang.job);
  if (!stored) return stored.error();
  if (!*stored) return no_such_job(gang.job);
  const JobSpec& spec = *(*stored)->first.spec;
  if (gang.index >= total_gangs(spec)) return no_such_gang(gang);
  GangView view = blank_view(spec, gang);
  auto events = store_.events_of(gang);
  if (!events) return events.error();
  for (const Event& event : *events) {
    if (const auto* asked = std::get_if<StartAsked>(&event.body)) {
      view.allocation = *asked->allocation;
      view.attempt = asked->attempt;
      view.energy.reset();
      view.busy_percent.reset();
      view.measured.reset();
      view.ending.reset();
      view.ended.reset();
    } else if (const auto* started = std::get_if<GangStarted>(&event.body)) {
      view.started = event.at;
      view.fences = started->fences;
      view.attempt = started->attempt;
      if (started->where) view.allocation = *started->where;
    } else if (const auto* ended = std::get_if<GangEnded>(&event.body)) {
      if (ended->again)
        view.notes.push_back(
            "attempt " + std::to_string(ended->attempt) + " ended: " +
            (ended->ending.detail.empty() ? name_of(ended->ending.cause) : ended->ending.detail));
      view.phase = ended->again ? GangPhase::waiting : GangPhase::ended;
      view.ended = event.at;
      view.ending = ended->ending;
      if (ended->started.us > 0) view.started = ended->started;
    } else if (const auto* measured = std::get_if<GangMeasured>(&event.body)) {
      if (measured->attempt != view.attempt) continue;
      view.energy = measured->energy;
      view.busy_percent = measured->busy_percent;
      view.measured = measured->read;
    } else if (const auto* trimmed = std::get_if<LogTrimmed>(&event.body)) {
      view.notes.push_back(std::string(trimmed->error_stream ? "stderr" : "stdout") + " of rank " +
                           std::to_string(trimmed->rank) + " passed its limit of " +
                           format(trimmed->limit) + ": its middle was dropped");
    }
  }
  if (state != nullptr) {
    const auto live = state->live.find(gang.index);
    if (live != state->live.end()) {
      GangView now = live_view(*state, gang.index, live->second);
      now.notes.insert(now.notes.begin(), view.notes.begin(), view.notes.end());
      return now;
    }
    if (state->waits(gang.index)) return view;
  }
  if (view.phase != GangPhase::ended) {
    auto ends = store_.ended_waiting(gang.job);
    if (!ends) return ends.error();
    end_waiting(view, *ends);
  }
  return view;
}

void Controller::show_gang(GangId gang, Reply<GangView> reply) {
  touch();
  reply(gang_view(gang));
}

void Controller::wait(const WaitQuery& query, Reply<JobSummary> reply) {
  touch();
  const auto line = summary(query.job);
  if (!line) return reply(line.error());
  if (query.index && *query.index >= line->gangs)
    return reply(no_such_gang({query.job, *query.index}));
  constexpr Span longest_wait = minutes(10);
  const Span longest = std::clamp(query.longest, Span{0}, longest_wait);
  const Time until = world_.now() + longest;
  waiters_.emplace(query.job, Waiter{query, std::move(reply), until});
  answer_waiters();
  world_.call_later(longest, [this, alive = alive_] {
    if (*alive) answer_waiters();
  });
}

void Controller::stop(const StopRequest& request, Reply<JobSummary> reply) {
  touch();
  const JobState* state = register_.find(request.job);
  auto line = summary(request.job);
  if (line && request.index && *request.index >= line->gangs)
    return reply(no_such_gang({request.job, *request.index}));
  if (state == nullptr) return reply(std::move(line));  // ended already, or unknown
  store_now_ = true;
  const std::string reason = "stopped by " + (request.by.empty() ? settings_.owner : request.by);
  const Time now = world_.now();
  cycle_.learn({now, StopAsked{request.job, request.index, reason}});
  Ending ending;
  ending.cause = EndCause::stopped;
  ending.detail = reason;
  for (const auto& [index, gang] : state->live)
    if (!request.index || *request.index == index)
      stops_.push_back({{request.job, index}, EndCause::stopped, reason, request.at_once});
  if (!request.index || state->waits(*request.index))
    cycle_.learn({now, WaitingEnded{request.job, request.index, ending}});
  reply(summary(request.job));
  ask_for_cycle();
}

void Controller::read_log(const LogQuery& query, Reply<LogChunk> reply) {
  touch();
  LogQuery exact = query;
  if (exact.attempt == 0) {
    const JobState* state = register_.find(query.gang.job);
    const auto live =
        state != nullptr ? state->live.find(query.gang.index) : decltype(state->live.find(0)){};
    if (state != nullptr && live != state->live.end()) {
      exact.attempt = live->second.attempt;
    } else {
      auto view = gang_view(query.gang);
      if (!view) return reply(view.error());
      exact.attempt = view->attempt;
    }
  }
  auto chunk = engine_.read_log(exact);
  if (chunk ? chunk->size > 0 : chunk.error().kind != ErrorKind::not_found)
    return reply(std::move(chunk));
  const bool is_there = query.attempt == 0 && query.rank == 0;  // the gang was found above
  if (const auto no = is_there ? std::nullopt : why_no_log(exact)) return reply(*no);
  reply(LogChunk{});  // it has not written anything, or never ran
}

/// That there is no such gang, attempt or rank.
std::optional<Error> Controller::why_no_log(const LogQuery& query) {
  const auto view = gang_view(query.gang);
  if (!view) return view.error();
  if (query.attempt > view->attempt)
    return no_such_attempt(query.gang, query.attempt, view->attempt);
  const JobState* state = register_.find(query.gang.job);
  std::shared_ptr<const JobSpec> spec = state != nullptr ? state->job.spec : nullptr;
  if (!spec) {
    const auto stored = store_.find(query.gang.job);
    if (!stored) return stored.error();
    if (!*stored) return std::nullopt;
    spec = (*stored)->first.spec;
  }
  const std::uint32_t tasks = spec->resources.tasks;
  if (query.rank < tasks) return std::nullopt;
  return no_such_rank(query.gang, query.rank, tasks);
}

void Controller::find(const std::string& name, Reply<JobId> reply) {
  touch();
  const auto id = store_.find_newest(name);
  if (!id)
    return reply(Error{ErrorKind::not_found, "there is no job named '" + printable(name) + "'", "",
                       "`gang list --all` shows all"});
  reply(*id);
}

void Controller::find_of(const std::string& name, std::uint32_t uid, Reply<JobId> reply) {
  touch();
  const auto id = store_.find_newest(name, uid);
  if (!id)
    return reply(Error{ErrorKind::not_found,
                       "there is no job of yours named '" + printable(name) + "'", "",
                       "`gang list --all` shows all, and others' are named by their number"});
  reply(*id);
}

void Controller::find_of_one(const std::string& name, Reply<JobId> reply) {
  constexpr std::uint32_t most_told = 10;
  const auto all = store_.newest_of_each(name, most_told);
  if (all.size() <= 1) return find(name, std::move(reply));
  std::string whose;
  for (const JobId job : all) {
    const auto owner = owner_of(job);
    whose +=
        (whose.empty() ? "" : ", ") + format(job) + (owner ? " of " + printable(owner->first) : "");
  }
  reply(Error{ErrorKind::refused, "several people have a job named '" + printable(name) + "'", "",
              "say which by its number: " + whose});
}

Result<std::pair<std::string, std::uint32_t>> Controller::owner_of(JobId job) {
  if (const JobState* state = register_.find(job); state != nullptr)
    return std::pair{state->job.owner, state->job.uid};
  const auto stored = store_.find(job);
  if (!stored) return stored.error();
  if (!*stored) return no_such_job(job);
  return std::pair{(*stored)->first.owner, (*stored)->first.uid};
}

void Controller::status(Reply<ServiceStatus> reply) {
  ServiceStatus status;
  status.version = settings_.version;
  status.pid = settings_.pid;
  status.started = started_;
  status.state_dir = settings_.state_dir;
  status.waiting = register_.waiting_gangs();
  for (const JobId id : register_.live()) status.running += register_.find(id)->live.size();
  status.ended = ended_before_ + cycle_.ended_gangs();
  status.jobs = store_.job_count();
  status.stays = settings_.stays;
  status.trouble = trouble_.empty() ? engine_.trouble() : trouble_;
  status.way = engine_.way();
  status.notes = config_notes_.of(settings_.settings.house, world_);
  for (std::string& note : notices_.notes()) status.notes.push_back(std::move(note));
  reply(std::move(status));
}

void Controller::shut_down(Reply<Unit> reply) {
  ended_ = true;
  if (register_.jobs().empty()) engine_.retire();
  reply(Unit{});
  world_.call_soon([this, alive = alive_] {
    if (*alive) on_end_();
  });
}

void Controller::stay(bool stays, Reply<Unit> reply) {
  touch();
  settings_.stays = stays;
  reply(Unit{});
}

}  // namespace gangline
