#include "tui/asker.h"

#include <ctime>
#include <thread>

#include "base/text.h"
#include "cli/ask.h"

namespace gangline {
namespace {

using Millis = std::chrono::milliseconds;

// Asking by itself takes at most one part in so many of a core: answers may be long.
constexpr int rests = 50;
constexpr Millis between_tries{1'000};
constexpr Span feed_wait = seconds(20);
constexpr std::uint64_t log_tail = 256 << 10;  ///< bytes of a log that are shown at first
constexpr std::uint64_t log_behind = 1 << 20;  ///< more than that is skipped, to its end
constexpr Span history_length = minutes(10);

struct Pace {
  Millis where_changed, anyway;
};
// How long after an answer the same is asked again: where something has changed, and where not.
constexpr std::array<Pace, topic_count> paces{{
    {Millis{1000}, Millis{5000}},   // status
    {Millis{1000}, Millis{1000}},   // nodes: readings change without an event
    {Millis{1000}, Millis{15000}},  // jobs
    {Millis{5000}, Millis{5000}},   // history: a point each 5 s
    {Millis{1000}, Millis{5000}},   // job
    {Millis{1000}, Millis{5000}},   // gang
    {Millis{500}, Millis{500}},     // log
    {Millis{2000}, Millis{10000}},  // why
    {Millis{2000}, Millis{10000}},  // chart
}};

std::chrono::nanoseconds cpu_time() {
  timespec used{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec);
}

std::size_t number(Topic topic) { return static_cast<std::size_t>(topic); }

Result<JobsSeen> list(Service& service, const Questions& questions, GangPhase phase) {
  ListQuery query;
  query.phase = phase;
  query.all = phase == GangPhase::ended;
  query.text = questions.filter;
  query.by_start = phase == GangPhase::waiting;
  query.limit = questions.most_jobs;
  auto jobs = ask<std::vector<JobSummary>>([&](auto reply) { service.list(query, reply); });
  if (!jobs) return jobs.error();
  const bool more = jobs->size() >= query.limit;
  return JobsSeen{*std::move(jobs), more};
}

}  // namespace

Result<void> know_service(Service& service) {
  ListQuery query;
  query.limit = 1;
  const auto jobs = ask<std::vector<JobSummary>>([&](auto reply) { service.list(query, reply); });
  if (!jobs) return jobs.error();
  return {};
}

Result<NodesTold> told_nodes(Service& service, Time now) {
  auto nodes = ask<std::vector<NodeView>>([&](auto reply) { service.nodes(reply); });
  if (!nodes) return nodes.error();
  // Nodes that were lent and have gone back.
  std::erase_if(*nodes, [&](const NodeView& view) {
    return !view.node.up && view.node.until && *view.node.until <= now;
  });
  return NodesTold{*std::move(nodes), now};
}

Result<JobsTold> told_jobs(Service& service, const Questions& questions, Time now) {
  JobsTold told;
  told.at = now;
  auto running = list(service, questions, GangPhase::running);
  if (!running) return running.error();
  told.running = *std::move(running);
  // None of these has a gang that runs yet.
  auto starting = list(service, questions, GangPhase::starting);
  if (!starting) return starting.error();
  told.running.more = told.running.more || starting->more;
  auto& jobs = told.running.jobs;
  jobs.insert(jobs.begin(), starting->jobs.begin(), starting->jobs.end());
  if (questions.only_running) return told;
  auto waiting = list(service, questions, GangPhase::waiting);
  if (!waiting) return waiting.error();
  told.waiting = *std::move(waiting);
  auto ended = list(service, questions, GangPhase::ended);
  if (!ended) return ended.error();
  told.ended = *std::move(ended);
  return told;
}

void Asker::begin() {
  std::thread([self = shared_from_this()] { self->ask_on(); }).detach();
  std::thread([self = shared_from_this()] { self->follow_on(); }).detach();
}

void Asker::want(const Questions& questions) {
  const std::lock_guard lock(mutex_);
  if (questions == questions_) return;
  const auto hurry = [&](Topic topic) { topics_[number(topic)].urgent = true; };
  const Questions& old = questions_;
  if (questions.nodes && !old.nodes) hurry(Topic::nodes);
  if (questions.jobs && (!old.jobs || questions.only_running != old.only_running ||
                         questions.most_jobs != old.most_jobs || questions.filter != old.filter))
    hurry(Topic::jobs);
  if (questions.history_of != old.history_of) hurry(Topic::history);
  if (questions.job != old.job) hurry(Topic::job);
  if (questions.log != old.log) {
    hurry(Topic::gang);
    hurry(Topic::log);
  }
  if (questions.why && (!old.why || questions.job != old.job)) hurry(Topic::why);
  if (questions.chart && (!old.chart || questions.chart->until - questions.chart->from !=
                                            old.chart->until - old.chart->from))
    hurry(Topic::chart);
  questions_ = questions;
  due_.notify_one();
}

void Asker::order(const Wish& order) {
  const std::lock_guard lock(mutex_);
  orders_.push_back(order);
  due_.notify_one();
}

std::vector<News> Asker::take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(news_, {});
}

Span Asker::silence() {
  const std::lock_guard lock(mutex_);
  if (!waits_since_) return Span{0};
  const auto waited = Clock::now() - *waits_since_;
  return Span{std::chrono::duration_cast<std::chrono::microseconds>(waited).count()};
}

void Asker::tell(News news) {
  {
    const std::lock_guard lock(mutex_);
    news_.push_back(std::move(news));
  }
  wake_();
}

bool Asker::wanted(Topic topic) const {
  switch (topic) {
    case Topic::status: return true;
    case Topic::nodes: return questions_.nodes;
    case Topic::jobs: return questions_.jobs;
    case Topic::history: return !questions_.history_of.empty();
    case Topic::job: return questions_.job.has_value();
    case Topic::gang:
    case Topic::log: return questions_.log.has_value();
    case Topic::why: return questions_.why;
    case Topic::chart: return questions_.chart.has_value();
  }
  return false;
}

// What a person waits for first; then what is due for the longest.
std::optional<Topic> Asker::next(Clock::time_point now) const {
  std::optional<Topic> best;
  Clock::time_point best_due = now;
  for (std::size_t i = 0; i < topic_count; ++i) {
    const auto topic = static_cast<Topic>(i);
    const TopicState& state = topics_[i];
    if (!wanted(topic)) continue;
    if (state.urgent || !state.asked) return topic;
    const Pace& pace = paces[i];
    const auto due = *state.asked + (state.changes == changes_ ? pace.anyway : pace.where_changed);
    if (due > now || now < rests_until_ || (best && due >= best_due)) continue;
    best = topic;
    best_due = due;
  }
  return best;
}

void Asker::ask_on() {
  constexpr Millis look_again{100};
  for (;;) {
    std::optional<Wish> given;
    std::optional<Topic> topic;
    Questions questions;
    {
      std::unique_lock lock(mutex_);
      while (orders_.empty() && !(topic = next(Clock::now()))) due_.wait_for(lock, look_again);
      if (!orders_.empty()) {
        given = std::move(orders_.front());
        orders_.pop_front();
      } else {
        TopicState& state = topics_[number(*topic)];
        state = {false, changes_, Clock::now()};
        questions = questions_;
      }
      waits_since_ = Clock::now();
    }
    if (given) {
      obey(*given);
      const std::lock_guard lock(mutex_);
      waits_since_.reset();
      continue;
    }
    if (!connected()) {
      std::unique_lock lock(mutex_);
      waits_since_.reset();
      due_.wait_for(lock, between_tries, [&] { return !orders_.empty(); });
      continue;
    }
    const auto before = cpu_time();
    answer(*topic, questions);
    const auto cost = cpu_time() - before;
    const std::lock_guard lock(mutex_);
    waits_since_.reset();
    rests_until_ = std::max(rests_until_, Clock::now()) + cost * rests;
  }
}

bool Asker::connected() {
  if (service_ && !lost_) return true;
  if (!service_) {
    auto opened = open_(false);
    if (!opened) {
      lost_ = true;
      tell(ServiceLost{now_(), opened.error().sentence()});
      return false;
    }
    service_ = std::move(*opened);
  }
  if (const auto known = know_service(*service_); !known) {
    lost_ = true;
    service_.reset();
    tell(ServiceLost{now_(), known.error().sentence()});
    return false;
  }
  if (!std::exchange(lost_, false)) return true;
  {
    const std::lock_guard lock(mutex_);
    for (TopicState& state : topics_) state.urgent = true;
  }
  tell(ServiceBack{});
  return true;
}

void Asker::answer(Topic topic, const Questions& questions) {
  std::optional<Error> error;
  switch (topic) {
    case Topic::status: error = answer_status(); break;
    case Topic::nodes: error = answer_nodes(); break;
    case Topic::jobs: error = answer_jobs(questions); break;
    case Topic::history: error = answer_history(questions); break;
    case Topic::job: error = answer_job(questions); break;
    case Topic::gang: error = answer_gang(questions); break;
    case Topic::log: error = answer_log(questions); break;
    case Topic::why: error = answer_why(questions); break;
    case Topic::chart: error = answer_chart(questions); break;
  }
  if (!error) return;
  const ErrorKind kind = error->kind;
  // Others' logs are not for everybody; who may not even see the list is not let in any more.
  const bool let_out = kind == ErrorKind::denied &&
                       (topic == Topic::status || topic == Topic::nodes || topic == Topic::jobs);
  if (let_out || kind == ErrorKind::unavailable || kind == ErrorKind::version ||
      kind == ErrorKind::broken) {
    lost_ = true;
    service_.reset();
    tell(ServiceLost{now_(), error->sentence()});
  } else {
    tell(Refused{error->sentence()});
  }
}

std::optional<Error> Asker::answer_status() {
  auto status = ask<ServiceStatus>([&](auto reply) { service_->status(reply); });
  if (!status) return status.error();
  tell(StatusTold{*std::move(status)});
  return std::nullopt;
}

std::optional<Error> Asker::answer_nodes() {
  auto told = told_nodes(*service_, now_());
  if (!told) return told.error();
  tell(*std::move(told));
  return std::nullopt;
}

std::optional<Error> Asker::answer_jobs(const Questions& questions) {
  auto told = told_jobs(*service_, questions, now_());
  if (!told) return told.error();
  tell(*std::move(told));
  return std::nullopt;
}

std::optional<Error> Asker::answer_history(const Questions& questions) {
  HistoryTold told;
  const auto& devices = questions.history_of;
  for (std::size_t first = 0; first < devices.size();) {
    ReadingsQuery query;
    query.node = devices[first].node;
    for (; first < devices.size() && devices[first].node == query.node; ++first)
      query.devices.push_back(devices[first].index);
    query.from = now_() - history_length;
    query.most = questions.history_points;
    auto readings = ask<Readings>([&](auto reply) { service_->readings(query, reply); });
    if (!readings) return readings.error();
    for (DeviceReadings& one : readings->devices) told.devices.push_back(std::move(one));
  }
  tell(std::move(told));
  return std::nullopt;
}

std::optional<Error> Asker::answer_job(const Questions& questions) {
  constexpr std::uint32_t gangs_looked_at = 1;
  const JobId id = *questions.job;
  auto detail = ask<JobDetail>([&](auto reply) { service_->show(id, 0, gangs_looked_at, reply); });
  if (!detail) return detail.error();
  JobTold told{*std::move(detail), std::nullopt};
  if (told.job.summary.gangs > 1) {
    auto cells = ask<GangCells>([&](auto reply) { service_->cells(id, 0, most_cells, reply); });
    if (!cells) return cells.error();
    told.cells = *std::move(cells);
  }
  tell(std::move(told));
  return std::nullopt;
}

std::optional<Error> Asker::answer_gang(const Questions& questions) {
  auto gang = ask<GangView>([&](auto reply) { service_->show_gang(questions.log->gang, reply); });
  if (!gang) return gang.error();
  if (log_attempt_ != gang->attempt) log_.reset();  // its log begins anew
  log_attempt_ = gang->attempt;
  tell(GangTold{*std::move(gang)});
  return std::nullopt;
}

std::optional<Error> Asker::answer_log(const Questions& questions) {
  const LogPlace& place = *questions.log;
  LogQuery query;
  query.gang = place.gang;
  query.rank = place.rank;
  query.error_stream = place.error_stream;
  const auto read = [&](std::uint64_t from, std::uint32_t most) {
    query.from = from;
    query.most = most;
    return ask<LogChunk>([&](auto reply) { service_->read_log(query, reply); });
  };
  bool anew = log_ != place;
  if (anew) {
    const auto size = read(0, 1);
    if (!size) {
      // What never ran wrote nothing.
      if (size.error().kind != ErrorKind::not_found) return size.error();
      tell(LogTold{place, {}, true});
      return std::nullopt;
    }
    log_from_ = size->size > log_tail ? size->size - log_tail : 0;
  }
  auto chunk = read(log_from_, log_tail);
  if (!chunk) return chunk.error();
  if (!anew && chunk->size > log_from_ + log_behind) {
    log_.reset();
    return std::nullopt;
  }
  log_ = place;
  log_from_ = chunk->from + chunk->bytes.size();
  if (anew || !chunk->bytes.empty() || chunk->dropped > 0)
    tell(LogTold{place, *std::move(chunk), anew});
  return std::nullopt;
}

std::optional<Error> Asker::answer_why(const Questions& questions) {
  auto why = ask<WhyAnswer>([&](auto reply) { service_->why(*questions.job, reply); });
  if (!why) return why.error();
  tell(WhyTold{*std::move(why)});
  return std::nullopt;
}

std::optional<Error> Asker::answer_chart(const Questions& questions) {
  auto chart = ask<TimeChart>([&](auto reply) { service_->timeline(*questions.chart, reply); });
  if (!chart) return chart.error();
  tell(ChartTold{*std::move(chart)});
  return std::nullopt;
}

void Asker::obey(const Wish& order) {
  if (std::holds_alternative<StartWish>(order)) {
    auto started = open_(true);
    if (!started) return tell(Said{started.error().sentence()});
    service_ = std::move(*started);
    return;
  }
  const StopRequest& request = std::get<StopWish>(order).request;
  if (!connected()) return tell(Said{"it was not stopped: the service does not answer"});
  auto stopped = ask<JobSummary>([&](auto reply) { service_->stop(request, reply); });
  tell(Said{stopped ? "asked to stop: " + subject(*stopped, request.index)
                    : stopped.error().sentence()});
  changed();
}

void Asker::changed() {
  const std::lock_guard lock(mutex_);
  ++changes_;
  due_.notify_one();
}

void Asker::follow_on() {
  std::unique_ptr<Service> service;
  FeedQuery query;
  query.most = 1;
  for (;;) {
    if (!service) {
      auto opened = open_(false);
      if (opened) service = std::move(*opened);
      query.of.clear();
      query.after.reset();
    }
    if (service) {
      const auto page = ask<FeedPage>([&](auto reply) { service->feed(query, reply); });
      if (!page) {
        service.reset();
      } else {
        if (page->broken || !page->entries.empty() || !query.after) changed();
        query.of = page->of;
        query.after = page->newest;
        query.longest = feed_wait;
      }
    }
    std::this_thread::sleep_for(between_tries);
  }
}

}  // namespace gangline
