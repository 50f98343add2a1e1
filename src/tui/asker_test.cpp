#include "tui/asker.h"

#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <thread>

namespace gangline {
namespace {

/// A service that can go away and come back, and remembers what it was asked. Shared by the threads
/// that ask, which outlive a test.
struct World {
  std::mutex mutex;
  std::map<std::string, int> asked;
  std::vector<StopRequest> stopped;
  bool there = true;
  int started = 0;
  std::atomic<std::uint64_t> feed = 1;

  void note(const std::string& what) {
    const std::lock_guard lock(mutex);
    ++asked[what];
  }
  int times(const std::string& what) {
    const std::lock_guard lock(mutex);
    return asked[what];
  }
};

class PretendService final : public Service {
 public:
  explicit PretendService(std::shared_ptr<World> world) : world_(std::move(world)) {}

  void submit(JobSpec, Reply<Submitted> reply) override { no(reply); }
  void translate(JobSpec, Reply<Translation> reply) override { no(reply); }
  void list(const ListQuery& query, Reply<std::vector<JobSummary>> reply) override {
    JobSummary job;
    job.id = JobId{7};
    job.name = query.phase ? name_of(*query.phase) : "any";
    answer(query.phase ? name_of(*query.phase) : "known", std::vector{job}, reply);
  }
  void show(JobId, std::uint32_t, std::uint32_t, Reply<JobDetail> reply) override { no(reply); }
  void show_gang(GangId, Reply<GangView> reply) override { no(reply); }
  void why(JobId, Reply<WhyAnswer> reply) override { no(reply); }
  void wait(const WaitQuery&, Reply<JobSummary> reply) override { no(reply); }
  void stop(const StopRequest& request, Reply<JobSummary> reply) override {
    {
      const std::lock_guard lock(world_->mutex);
      world_->stopped.push_back(request);
    }
    answer("stop", JobSummary{}, reply);
  }
  void read_log(const LogQuery&, Reply<LogChunk> reply) override { no(reply); }
  void nodes(Reply<std::vector<NodeView>> reply) override {
    answer("nodes", std::vector<NodeView>(3), reply);
  }
  void feed(const FeedQuery& query, Reply<FeedPage> reply) override {
    FeedPage page;
    page.of = "here";
    page.newest = world_->feed;
    if (query.after && *query.after < page.newest) page.entries.emplace_back();
    answer("feed", page, reply);
  }
  void cells(JobId, std::uint32_t, std::uint32_t, Reply<GangCells> reply) override { no(reply); }
  void results(JobId, std::uint32_t, std::uint32_t, Reply<JobResults> reply) override { no(reply); }
  void figures(Reply<Figures> reply) override { no(reply); }
  void readings(const ReadingsQuery&, Reply<Readings> reply) override { no(reply); }
  void timeline(const TimeChartQuery&, Reply<TimeChart> reply) override { no(reply); }
  void find(const std::string&, Reply<JobId> reply) override { no(reply); }
  void status(Reply<ServiceStatus> reply) override { answer("status", ServiceStatus{}, reply); }
  void reserve(const ReserveRequest&, Reply<Reservation> reply) override { no(reply); }
  void reservations(Reply<std::vector<Reservation>> reply) override { no(reply); }
  void cancel_reservation(std::uint64_t, Reply<Reservation> reply) override { no(reply); }
  void ask_pilot(const PilotRequest&, Reply<PilotView> reply) override { no(reply); }
  void pilots(Reply<std::vector<PilotView>> reply) override { no(reply); }
  void stop_pilot(std::uint64_t, Reply<PilotView> reply) override { no(reply); }
  void shut_down(Reply<Unit> reply) override { no(reply); }
  void stay(bool, Reply<Unit> reply) override { no(reply); }

 private:
  template <class T>
  void answer(const std::string& what, T value, const Reply<T>& reply) {
    world_->note(what);
    bool there = false;
    {
      const std::lock_guard lock(world_->mutex);
      there = world_->there;
    }
    if (there) reply(std::move(value));
    else reply(Error{ErrorKind::unavailable, "gone", "", ""});
  }
  template <class T>
  void no(const Reply<T>& reply) {
    reply(Error{ErrorKind::not_found, "there is no such thing", "", ""});
  }

  std::shared_ptr<World> world_;
};

struct Asking {
  std::shared_ptr<World> world = std::make_shared<World>();
  std::shared_ptr<Asker> asker;
  Seen seen;

  Asking() {
    const OpenService open = [all = world](bool may_start) -> Result<std::unique_ptr<Service>> {
      const std::lock_guard lock(all->mutex);
      if (may_start) {
        all->there = true;
        ++all->started;
      }
      if (!all->there) return Error{ErrorKind::unavailable, "none runs", "", ""};
      return std::unique_ptr<Service>(std::make_unique<PretendService>(all));
    };
    asker = std::make_shared<Asker>(
        open, [] {}, [] { return Time{1'790'000'000'000'000}; });
  }
  ~Asking() { asker->want(Questions{}); }

  void set_there(bool there) const {
    const std::lock_guard lock(world->mutex);
    world->there = there;
  }
  /// Takes news until it is true; false: it does not become so.
  bool becomes(const std::function<bool()>& question) {
    const auto end = Asker::Clock::now() + std::chrono::seconds(30);
    while (Asker::Clock::now() < end) {
      for (News& news : asker->take()) update(seen, std::move(news));
      if (question()) return true;
      std::this_thread::yield();
    }
    return false;
  }
};

Questions about_jobs() {
  Questions wanted;
  wanted.jobs = true;
  return wanted;
}

TEST(Asker, TellsWhatIsWantedAndAsksNothingElse) {
  Asking asking;
  asking.asker->want(about_jobs());
  asking.asker->begin();
  ASSERT_TRUE(asking.becomes([&] { return asking.seen.jobs_at && asking.seen.status; }));
  EXPECT_EQ(asking.seen.waiting.jobs.at(0).name, "waiting");
  EXPECT_EQ(asking.seen.running.jobs.size(), 2u);  // one of them starts
  EXPECT_EQ(asking.world->times("nodes"), 0);
}

TEST(Asker, AsksAgainWhenSomethingHappened) {
  Asking asking;
  asking.asker->want(about_jobs());
  asking.asker->begin();
  ASSERT_TRUE(asking.becomes([&] { return asking.world->times("waiting") >= 1; }));
  const int before = asking.world->times("waiting");
  asking.world->feed = 5;
  EXPECT_TRUE(asking.becomes([&] { return asking.world->times("waiting") > before; }));
}

TEST(Asker, SaysThatTheServiceIsGoneAndThatItIsBack) {
  Asking asking;
  asking.asker->want(about_jobs());
  asking.asker->begin();
  ASSERT_TRUE(asking.becomes([&] { return asking.seen.jobs_at.has_value(); }));
  asking.set_there(false);
  asking.world->feed = 5;
  ASSERT_TRUE(asking.becomes([&] { return asking.seen.lost.has_value(); }));
  EXPECT_EQ(asking.seen.waiting.jobs.size(), 1u);
  asking.set_there(true);
  EXPECT_TRUE(asking.becomes([&] { return !asking.seen.lost; }));
  EXPECT_EQ(asking.world->started, 0);
}

TEST(Asker, StartsAServiceOnlyWhenAPersonSaysSo) {
  Asking asking;
  asking.set_there(false);
  asking.asker->want(about_jobs());
  asking.asker->begin();
  ASSERT_TRUE(asking.becomes([&] { return asking.seen.lost.has_value(); }));
  asking.asker->order(StartWish{});
  EXPECT_TRUE(asking.becomes([&] { return !asking.seen.lost && asking.seen.jobs_at; }));
  EXPECT_EQ(asking.world->started, 1);
}

TEST(Asker, PassesAStopOnAndTellsWhatBecameOfIt) {
  Asking asking;
  asking.asker->begin();
  asking.asker->order(StopWish{{JobId{7}, std::nullopt, false, {}}});
  ASSERT_TRUE(asking.becomes([&] { return !asking.seen.says.empty(); }));
  EXPECT_TRUE(asking.seen.says.starts_with("asked to stop: job"));
  const std::lock_guard lock(asking.world->mutex);
  ASSERT_EQ(asking.world->stopped.size(), 1u);
  EXPECT_EQ(asking.world->stopped[0].job, JobId{7});
}

TEST(Asker, WhatThereIsNotIsTold) {
  Asking asking;
  Questions wanted;
  wanted.job = JobId{99};
  asking.asker->want(wanted);
  asking.asker->begin();
  EXPECT_TRUE(asking.becomes([&] { return asking.seen.says == "there is no such thing"; }));
  EXPECT_FALSE(asking.seen.lost.has_value());
}

}  // namespace
}  // namespace gangline
