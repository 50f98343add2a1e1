#include "replay/readers/own_store.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "store/store.h"

namespace gangline {
namespace {

Time at(std::int64_t second) { return Time{} + seconds(second); }

// A store as a service leaves it behind.
class OwnStore : public testing::Test {
 protected:
  OwnStore() {
    char name[] = "/tmp/gangline-own-XXXXXX";
    dir_ = ::mkdtemp(name);
    store_ = std::move(*Store::open({path(), 0}));
  }
  ~OwnStore() override { std::filesystem::remove_all(dir_); }
  std::string path() const { return dir_ + "/gangline.db"; }

  struct Ran {
    std::uint32_t index = 0;
    std::int64_t started = 0, ended = 0;
    std::uint32_t attempt = 1;
  };
  /// A job that has ended, with what its gangs did.
  void ended_job(std::uint64_t id, std::int64_t submitted, JobSpec spec,
                 const std::vector<Ran>& gangs) {
    spec.name = "job" + std::to_string(id);
    spec.command = {false, {"true"}};
    const Job job{JobId{id}, "anna", 1000, at(submitted),
                  std::make_shared<const JobSpec>(std::move(spec))};
    JobSummary summary;
    summary.id = job.id;
    summary.name = job.spec->name;
    summary.owner = job.owner;
    summary.submitted = job.submitted;
    summary.phase = GangPhase::ended;
    summary.gangs = static_cast<std::uint32_t>(gangs.size());
    store_->append({job.submitted, JobSubmitted{job}});
    store_->add_job(job, summary);
    for (const Ran& ran : gangs) {
      const GangId gang{job.id, ran.index};
      const auto where = std::make_shared<const Allocation>();
      store_->append({at(ran.started), StartAsked{job.id, ran.index, 1, ran.attempt, where}});
      store_->append({at(ran.started), GangStarted{gang, ran.attempt, {}}});
      store_->append({at(ran.ended), GangEnded{gang, ran.attempt, at(ran.started), {}, false}});
    }
    store_->put_summary(summary);
    ASSERT_TRUE(store_->commit().ok());
  }
  History history() {
    auto read = read_own_history(path());
    EXPECT_TRUE(read.ok()) << read.error().sentence();
    return read.ok() ? std::move(*read) : History{};
  }

  std::string dir_;
  std::unique_ptr<Store> store_;
};

TEST_F(OwnStore, AJobThatRanIsOneOfTheHistoryWithItsTrueStart) {
  JobSpec spec;
  spec.time = hours(1);
  spec.queue = "night";
  spec.priority = 3;
  spec.resources.alternatives.front().devices.emplace().count = 2;
  ended_job(1, 100, spec, {{0, 160, 220}});
  const History read = history();
  ASSERT_EQ(read.jobs.size(), 1u);
  const PastJob& job = read.jobs[0];
  EXPECT_EQ(job.id, "1.0");
  EXPECT_EQ(job.name, "job1");
  EXPECT_EQ(job.user, "anna");
  EXPECT_EQ(job.queue, "night");
  EXPECT_EQ(job.priority, 3);
  EXPECT_EQ(job.submitted, at(100));
  EXPECT_EQ(job.started, at(160));
  EXPECT_EQ(job.run, seconds(60));
  EXPECT_EQ(job.limit, hours(1));
  EXPECT_EQ(job.request->alternatives.front().devices->count, 2u);
}

TEST_F(OwnStore, EachGangOfASweepIsAJobOfItsOwn) {
  JobSpec spec;
  spec.sweep = {{"x", {"1", "2", "3"}}};
  ended_job(1, 0, spec, {{0, 1, 5}, {1, 1, 6}, {2, 5, 9}});
  const History read = history();
  ASSERT_EQ(read.jobs.size(), 3u);
  EXPECT_EQ(read.jobs[2].id, "1.2");
  EXPECT_EQ(read.jobs[0].request, read.jobs[2].request);
}

TEST_F(OwnStore, AJobThatCameAfterAnotherCountsFromTheEndOfThat) {
  ended_job(1, 0, {}, {{0, 1, 50}});
  JobSpec after;
  after.after = {"1"};
  ended_job(2, 10, after, {{0, 51, 60}});
  const History read = history();
  ASSERT_EQ(read.jobs.size(), 2u);
  EXPECT_EQ(read.jobs[1].submitted, at(50));
}

TEST_F(OwnStore, AGatherCountsFromTheEndOfAllOthersAndWantsOneCpu) {
  JobSpec spec;
  spec.sweep = {{"x", {"1", "2"}}};
  spec.gather = Command{true, {"cat {outputs}"}};
  spec.resources.alternatives.front().devices.emplace();
  ended_job(1, 0, spec, {{0, 1, 5}, {1, 1, 30}, {2, 31, 33}});
  const History read = history();
  ASSERT_EQ(read.jobs.size(), 3u);
  EXPECT_EQ(read.jobs[2].id, "1.2");
  EXPECT_EQ(read.jobs[2].submitted, at(30));
  EXPECT_FALSE(read.jobs[2].request->alternatives.front().devices);
}

TEST_F(OwnStore, AGangThatRanMoreThanOnceIsLeftOutAndCounted) {
  JobSpec spec;
  spec.retries = 1;
  ended_job(1, 0, spec, {{0, 20, 30, 2}});
  ended_job(2, 5, {}, {{0, 31, 40}});
  const History read = history();
  EXPECT_EQ(read.jobs.size(), 1u);
  EXPECT_EQ(read.left_out.by_reason.at("the gang ran more than once"), 1u);
  EXPECT_EQ(read.entries, 2u);
}

TEST_F(OwnStore, TheMachinesAreThoseThatTheStoreKnows) {
  Node node;
  node.name = "lab1";
  node.counted = whole_cpus(8);
  store_->append({at(0), NodeSeen{{0}, node}});
  ASSERT_TRUE(store_->commit().ok());
  const auto found = read_own_cluster(path());
  ASSERT_TRUE(found.ok());
  ASSERT_EQ(found->cluster.nodes.size(), 1u);
  EXPECT_EQ(found->cluster.nodes[0].name, "lab1");
}

TEST_F(OwnStore, NodesOfSlurmAreMachinesToPlaceOnAndThoseThatItLentArePartsOfThem) {
  Node of_slurm, lent;
  of_slurm.name = "n1";
  of_slurm.counted = whole_cpus(8);
  of_slurm.elsewhere = true;
  lent.name = "n1/pilot";
  lent.until = at(100);
  store_->append({at(0), NodeSeen{{0}, of_slurm}});
  store_->append({at(0), NodeSeen{{1}, lent}});
  ASSERT_TRUE(store_->commit().ok());
  const auto found = read_own_cluster(path());
  ASSERT_TRUE(found.ok());
  ASSERT_EQ(found->cluster.nodes.size(), 1u);
  EXPECT_EQ(found->cluster.nodes[0].name, "n1");
  EXPECT_TRUE(takes_gangs(found->cluster.nodes[0]));
}

TEST_F(OwnStore, WhereNothingHasRunOrEndedThatIsSaid) {
  const auto none = read_own_history(path());
  ASSERT_FALSE(none.ok());
  EXPECT_NE(none.error().sentence().find("no gang has ended here yet"), std::string::npos);
  const auto nowhere = read_own_history(dir_ + "/other.db");
  ASSERT_FALSE(nowhere.ok());
  EXPECT_NE(nowhere.error().sentence().find("nothing has run here yet"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(dir_ + "/other.db")) << "it was looked for, not made";
}

}  // namespace
}  // namespace gangline
