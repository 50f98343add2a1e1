// Backfilling that promises particular machines: Batsim's published run, and a plain way to do the
// same that looks at each machine.
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <random>
#include <set>

#include "replay/readers/small_log.h"
#include "replay/simulate/csv_rows.h"
#include "replay/simulate/simulation.h"

namespace gangline {
namespace {

using Machines = std::set<std::uint32_t>;

struct Ran {
  Time start = never;
  Machines machines;
  bool operator==(const Ran&) const = default;
};

Cluster machines(std::uint32_t count) {
  Cluster cluster;
  Node node;
  node.counted = whole_cpus(1);
  for (std::uint32_t n = 0; n < count; ++n) {
    node.name = "m" + std::to_string(n);
    cluster.nodes.push_back(node);
  }
  return cluster;
}

std::vector<Ran> simulated(const History& history, std::uint32_t count, const char* policy) {
  SimulationSettings settings;
  settings.policy = *find_policy(policy);
  const auto result = simulate(history, machines(count), settings);
  std::vector<Ran> runs;
  for (const SimulatedJob& job : result->jobs) {
    Ran& run = runs.emplace_back();
    run.start = job.started.value_or(never);
    if (job.where == nullptr) continue;
    for (const NodePart& part : job.where->parts) run.machines.insert(part.node.n);
  }
  return runs;
}

/// Every allocation is the first in time, and then on the machines with the lowest numbers. The
/// first that waits holds one ahead, or all do: then, when somebody ends, each in its turn is taken
/// out and put in anew.
class PlainWay {
 public:
  PlainWay(const History& history, std::uint32_t count, bool all)
      : jobs_(history.jobs), count_(count), all_(all), runs_(jobs_.size()) {}

  std::vector<Ran> go() {
    for (std::size_t next = 0; next < jobs_.size() || !ends_.empty();) {
      now_ = std::min(next < jobs_.size() ? jobs_[next].submitted : never,
                      ends_.empty() ? never : ends_.begin()->first);
      bool ended = false;
      for (; !ends_.empty() && ends_.begin()->first <= now_; ends_.erase(ends_.begin())) {
        held_.erase(ends_.begin()->second);
        ended = true;
      }
      for (; next < jobs_.size() && jobs_[next].submitted == now_; ++next) queue_.push_back(next);
      put_in(ended);
    }
    return runs_;
  }

 private:
  struct Held {
    Time from, until;
    Machines on;
  };

  Held first_fit(std::size_t job) const {
    std::set<Time> times{now_};
    for (const auto& [other, held] : held_) times.insert(std::max(now_, held.until));
    for (const Time from : times) {
      Held found{from, from + *jobs_[job].limit, {}};
      for (std::uint32_t m = 0; m < count_ && found.on.size() < jobs_[job].request->tasks; ++m)
        if (std::none_of(held_.begin(), held_.end(), [&](const auto& other) {
              return other.second.on.contains(m) && other.second.from < found.until &&
                     from < other.second.until;
            }))
          found.on.insert(m);
      if (found.on.size() == jobs_[job].request->tasks) return found;
    }
    return {never, never, {}};
  }

  void put_in(bool ended) {
    std::vector<std::size_t> waiting;
    for (const std::size_t job : queue_) {
      const bool ahead = all_ || waiting.empty();
      if (held_.contains(job) && all_ && !ended) {
        waiting.push_back(job);
        continue;
      }
      held_.erase(job);
      const Held held = first_fit(job);
      if (held.from == now_) {
        runs_[job] = {now_, held.on};
        ends_.emplace(now_ + jobs_[job].run, job);
      } else {
        waiting.push_back(job);
      }
      if (held.from == now_ || ahead) held_[job] = held;
    }
    queue_ = waiting;
  }

  const std::vector<PastJob>& jobs_;
  const std::uint32_t count_;
  const bool all_;
  Time now_;
  std::vector<std::size_t> queue_;
  std::map<std::size_t, Held> held_;
  std::multimap<Time, std::size_t> ends_;
  std::vector<Ran> runs_;
};

History random_log(std::uint64_t seed, std::uint32_t count) {
  std::mt19937_64 random(seed);
  History history;
  std::map<std::uint32_t, std::shared_ptr<const ResourceRequest>> requests;
  Time at = Time{} + seconds(10);
  for (int i = 0; i < 80; ++i) {
    PastJob job;
    at = at + microseconds(static_cast<std::int64_t>(random() % 40'000'000));
    job.submitted = at;
    const auto wanted = 1 + static_cast<std::uint32_t>(random() % count);
    auto& request = requests[wanted];
    if (request == nullptr) {
      ResourceRequest made;
      made.tasks = wanted;
      made.alternatives.front().cpus = whole_cpus(1);
      request = std::make_shared<const ResourceRequest>(made);
    }
    job.request = request;
    job.run = microseconds(1 + static_cast<std::int64_t>(random() % 200'000'000));
    job.limit = job.run + seconds(static_cast<std::int64_t>(random() % 3) * 60);
    history.jobs.push_back(job);
  }
  return history;
}

std::size_t differing(const std::vector<Ran>& ours, const std::vector<Ran>& theirs) {
  std::size_t different = 0;
  for (std::size_t i = 0; i < ours.size(); ++i) different += ours[i] != theirs[i];
  return different;
}

TEST(ParticularMachines, AreThoseOfThePlainWayInSmallLogs) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    const History history = random_log(seed, 6);
    const auto ours = simulated(history, 6, "easy_machines");
    EXPECT_EQ(differing(ours, PlainWay(history, 6, false).go()), 0u) << "seed " << seed;
  }
}

class Batsim : public testing::Test {
 protected:
  void SetUp() override {
    if (data_folder().empty()) GTEST_SKIP() << "the public traces are not here";
    history_ = *read_history(data_folder() + "batsim-backfill/jobs.csv");
  }
  static Machines numbers(const std::string& text) {
    Machines all;
    std::istringstream in(text);
    for (std::string word; in >> word;) {
      const auto dash = word.find('-');
      const auto first = static_cast<std::uint32_t>(std::stoul(word));
      const auto last = dash == std::string::npos
                            ? first
                            : static_cast<std::uint32_t>(std::stoul(word.substr(dash + 1)));
      for (std::uint32_t m = first; m <= last; ++m) all.insert(m);
    }
    return all;
  }
  double mean_wait(const char* policy) const {
    double sum = 0;
    const auto runs = simulated(history_, 32, policy);
    for (std::size_t i = 0; i < runs.size(); ++i)
      sum += to_seconds(runs[i].start - history_.jobs[i].submitted);
    return sum / static_cast<double>(runs.size());
  }
  History history_;
};

TEST_F(Batsim, EasyStartsEachJobWhenAndWhereItWasPublished) {
  std::map<std::string, Ran> published;
  for (const auto& row : csv_rows(data_folder() + "batsim-backfill/expected_easy.csv"))
    published[row.at("job_id")] = {Time{std::llround(std::stod(row.at("starting_time")) * 1e6)},
                                   numbers(row.at("allocated_resources"))};
  const auto runs = simulated(history_, 32, "easy_machines");
  ASSERT_EQ(runs.size(), 801u);
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const Ran& theirs = published.at(history_.jobs[i].id);
    // Sums of decimals are cut off at the sixth place there.
    EXPECT_LE(std::abs((runs[i].start - theirs.start).us), 2) << history_.jobs[i].id;
    EXPECT_EQ(runs[i].machines, theirs.machines) << history_.jobs[i].id;
  }
}

TEST_F(Batsim, TextbookCountsGiveTheMeanWaitThatIsKnownOfThem) {
  EXPECT_NEAR(mean_wait("easy_textbook"), 8.681, 0.0005);
}

TEST_F(Batsim, ConservativeIsThePlainWay) {
  const auto ours = simulated(history_, 32, "conservative_machines");
  EXPECT_EQ(differing(ours, PlainWay(history_, 32, true).go()), 0u);
}

}  // namespace
}  // namespace gangline
