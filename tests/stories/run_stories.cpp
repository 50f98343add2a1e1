// Runs each story through make_plan in pretend time and checks what it expects.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "base/text.h"
#include "schedule/forecast.h"
#include "schedule/make_plan.h"
#include "schedule/quota/quotas.h"
#include "story.h"

namespace gangline::stories {
namespace {

struct Started {
  Time at;
  std::uint32_t turns = 1;
  std::string place;  ///< "a:0,1 b:2"
  Time stopped = never, ends = never;
};

std::string place_of(const Allocation& allocation, const Cluster& cluster) {
  std::string text;
  for (const NodePart& part : allocation.parts) {
    std::set<std::uint32_t> devices;
    for (const TaskPlace& task : part.tasks)
      for (const DeviceShare& share : task.devices) devices.insert(share.device);
    text += (text.empty() ? "" : " ") + cluster.nodes[part.node.n].name;
    for (const std::uint32_t d : devices)
      text += (d == *devices.begin() ? ":" : ",") + std::to_string(d);
  }
  return text;
}

std::shared_ptr<const std::vector<UsualTask>> usual_in(const Story& story) {
  std::vector<std::pair<const ResourceRequest*, std::uint64_t>> asked;
  for (const StoryJob& job : story.jobs)
    asked.emplace_back(job.group.request.get(), job.group.count);
  return std::make_shared<const std::vector<UsualTask>>(usual_tasks(asked));
}

class Pretend {
 public:
  explicit Pretend(const Story& story)
      : story_(story), policy_(*with(*find_policy(story.policy), story.policy_settings)) {
    world_.queues = story.queues;
    world_.used = std::make_shared<const std::vector<UserUse>>(story.used);
    if (!story.usual_work.empty())
      world_.usual_work = std::make_shared<const std::vector<Span>>(story.usual_work);
  }

  /// Goes from one time at which something happens to the next.
  void run() {
    std::set<Time> times;
    for (const StoryJob& job : story_.jobs) times.insert(job.group.submitted);
    for (const Change& change : story_.changes) times.insert({change.from, change.until});
    for (const Expectation& expected : story_.expectations) times.insert(expected.at);
    constexpr int most_steps = 100'000;
    for (int steps = 0; steps < most_steps; ++steps) {
      for (const auto& [end, job] : ends_) times.insert(end);
      times.merge(again_);
      again_.clear();
      if (times.empty() || *times.begin() == never) return;
      world_.now = next_round(*times.begin(), policy_.rounds);
      times.erase(times.begin(), times.upper_bound(world_.now));
      happen();
      for (Plan plan = plan_once(); !plan.stops.empty(); plan = plan_once()) leave(plan);
    }
  }

  void check_starts(const std::string& path) const {
    for (const Expectation& expected : story_.expectations) {
      const auto found = started_.find(expected.gang);
      const bool has_started = found != started_.end();
      const Time at = has_started ? found->second.at : never;
      std::string is;
      if (expected.kind == Expectation::Kind::starts && at != expected.time)
        is = at == never ? "never starts" : "starts at " + format(at - Time{});
      if (expected.kind == Expectation::Kind::on &&
          (!has_started || found->second.place != expected.text))
        is = has_started ? "is on " + found->second.place : "never starts";
      if (expected.kind == Expectation::Kind::turns &&
          (!has_started || found->second.turns != expected.n))
        is = has_started ? "takes turns of " + std::to_string(found->second.turns) : "never starts";
      const bool of_end = expected.kind == Expectation::Kind::ends;
      if (of_end || expected.kind == Expectation::Kind::stopped) {
        const Time then = !has_started ? never
                          : of_end     ? found->second.ends
                                       : found->second.stopped;
        if (then != expected.time)
          is = std::string(of_end ? "ends " : "is stopped ") +
               (then == never ? "never" : format(then - Time{}));
      }
      if (!is.empty())
        ADD_FAILURE_AT(path.c_str(), expected.line)
            << story_.jobs[expected.gang.job.n - 1].name << " " << is;
    }
    for (const auto& [line, text] : wrong_) ADD_FAILURE_AT(path.c_str(), line) << text;
  }

 private:
  Plan plan_once() {
    Plan plan = make_plan(world_, policy_);
    check(plan);
    note_starts(plan);
    carry_out(plan, world_);
    if (plan.again != never) again_.insert(plan.again);
    return plan;
  }

  /// Those who were asked to make room are gone at once.
  void leave(const Plan& plan) {
    for (const MakeRoom& stop : plan.stops) {
      const auto holder =
          std::find_if(world_.holders.begin(), world_.holders.end(), [&](const Holder& one) {
            return stop.gang == GangId{one.job, one.first};
          });
      started_[stop.gang].stopped = world_.now;
      std::erase_if(ends_, [&](const auto& end) {
        return end.second == std::pair(stop.gang.job, stop.gang.index);
      });
      wait_again(static_cast<std::size_t>(holder - world_.holders.begin()), world_);
    }
  }

  /// Ends, then changes of machines, then arrivals.
  void happen() {
    while (!ends_.empty() && ends_.begin()->first <= world_.now) {
      const auto [job, first] = ends_.begin()->second;
      ends_.erase(ends_.begin());
      std::erase_if(world_.holders, [&, j = job, f = first](const Holder& holder) {
        return holder.job == j && holder.first == f;
      });
    }
    auto cluster = std::make_shared<Cluster>(story_.cluster);
    world_.foreign.clear();
    for (const Change& change : story_.changes) {
      if (change.from > world_.now || change.until <= world_.now) continue;
      if (change.kind == Change::Kind::withdraw)
        std::erase_if(world_.waiting,
                      [&](const WaitingGroup& group) { return group.job == change.job; });
      else if (!change.device) cluster->nodes[change.node.n].up = false;
      else if (change.kind == Change::Kind::away)
        cluster->nodes[change.node.n].devices[*change.device].present = false;
      else world_.foreign.push_back({{change.node, *change.device}, change.holder});
    }
    world_.cluster = cluster;
    world_.usual = usual_;
    for (const StoryJob& job : story_.jobs)
      if (job.group.submitted <= world_.now && !came_.contains(job.group.job)) {
        came_.insert(job.group.job);
        world_.waiting.push_back(job.group);
      }
    for (WaitingGroup& group : world_.waiting)
      std::erase_if(group.after, [&](JobId job) { return is_over(job); });
  }

  bool is_over(JobId job) const {
    const auto is_its = [&](const auto& one) { return one.job == job; };
    return came_.contains(job) &&
           std::none_of(world_.holders.begin(), world_.holders.end(), is_its) &&
           std::none_of(world_.waiting.begin(), world_.waiting.end(), is_its);
  }

  void note_starts(const Plan& plan) {
    for (const Start& start : plan.starts) {
      const auto group =
          std::find_if(world_.waiting.begin(), world_.waiting.end(), [&](const WaitingGroup& one) {
            return one.job == start.job && one.first <= start.first &&
                   start.first - one.first < one.count;
          });
      const Span run = time_with(group->request->alternatives[start.allocation->alternative],
                                 story_.jobs[start.job.n - 1].run - group->progress.kept);
      for (std::uint32_t i = 0; i < start.count; ++i) {
        const Started first{world_.now + Span{run.us * i}, start.count,
                            place_of(*start.allocation, story_.cluster), never, never};
        Started& known = started_.try_emplace({start.job, start.first + i}, first).first->second;
        known.ends = world_.now + Span{run.us * (i + 1)};
      }
      ends_.emplace(world_.now + Span{run.us * start.count}, std::pair(start.job, start.first));
    }
  }

  /// What is expected of the plan at this time.
  void check(const Plan& plan) {
    Snapshot after = world_;
    carry_out(plan, after);
    for (const Expectation& expected : story_.expectations) {
      if (expected.at != world_.now) continue;
      std::string is;
      if (expected.kind == Expectation::Kind::because) {
        const auto wait = std::find_if(plan.waits.begin(), plan.waits.end(), [&](const Wait& one) {
          return one.job == expected.gang.job;
        });
        is = wait == plan.waits.end() ? "does not wait" : explain(wait->blocker, world_, wait->job);
        if (is.find(expected.text) != std::string::npos) continue;
      } else if (expected.kind == Expectation::Kind::refused) {
        const WaitingGroup& group = story_.jobs[expected.gang.job.n - 1].group;
        auto error = never_fits(story_.cluster, *group.request);
        if (!error) error = exceeds_limit(story_.queues, group.queue, *group.request);
        is = error ? error->sentence() : "is not refused";
        if (is.find(expected.text) != std::string::npos) continue;
      } else if (expected.kind == Expectation::Kind::promised) {
        Time promised = never;
        for (const PromiseMade& made : after.promises)
          if (made.gang == expected.gang) promised = made.start;
        if (promised == expected.time) continue;
        is = promised == never ? "is promised nothing" : "is promised " + format(promised - Time{});
      } else {
        continue;
      }
      wrong_.emplace_back(expected.line, is);
    }
  }

  const Story& story_;
  const Policy policy_;
  Snapshot world_;
  std::multimap<Time, std::pair<JobId, std::uint32_t>> ends_;
  std::set<JobId> came_;
  std::set<Time> again_;  ///< plans wanted without anything happening
  std::map<GangId, Started> started_;
  /// What is usually asked for is what the jobs of the story ask for.
  const std::shared_ptr<const std::vector<UsualTask>> usual_ = usual_in(story_);
  std::vector<std::pair<int, std::string>> wrong_;
};

class StoryTest : public testing::Test {
 public:
  explicit StoryTest(std::string path) : path_(std::move(path)) {}
  void TestBody() override {
    const Result<Story> story = read_story(path_);
    ASSERT_TRUE(story.ok()) << story.error().sentence();
    ASSERT_TRUE(find_policy(story->policy)) << story->policy;
    ASSERT_FALSE(story->expectations.empty()) << path_ << " expects nothing";
    Pretend pretend(*story);
    pretend.run();
    pretend.check_starts(path_);
  }

 private:
  std::string path_;
};

}  // namespace
}  // namespace gangline::stories

int main(int argc, char** argv) {
  std::set<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(STORIES_DIR))
    if (entry.path().extension() == ".txt" && entry.path().filename() != "CMakeLists.txt")
      files.insert(entry.path());
  for (const auto& path : files)
    testing::RegisterTest("Stories", path.stem().c_str(), nullptr, nullptr, path.c_str(), 1,
                          [path = path.string()]() -> testing::Test* {
                            return new gangline::stories::StoryTest(path);
                          });
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
