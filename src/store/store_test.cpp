#include "store/store.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>

#include "store/schema.h"

namespace gangline {
namespace {

Job a_job(std::uint64_t id, const std::string& name) {
  auto spec = std::make_shared<JobSpec>();
  spec->name = name;
  spec->command = {false, {"true"}};
  return {JobId{id}, "anna", 1000, Time{1}, spec};
}

JobSummary a_summary(const Job& job, GangPhase phase) {
  JobSummary summary;
  summary.id = job.id;
  summary.name = job.spec->name;
  summary.owner = job.owner;
  summary.submitted = job.submitted;
  summary.phase = phase;
  summary.gangs = 1;
  if (phase == GangPhase::ended) summary.ended_well = 1;
  return summary;
}

class StoreOnDisk : public testing::Test {
 protected:
  StoreOnDisk() {
    char name[] = "/tmp/gangline-store-XXXXXX";
    dir_ = ::mkdtemp(name);
  }
  ~StoreOnDisk() override { std::filesystem::remove_all(dir_); }
  std::unique_ptr<Store> open(std::int64_t most_pages = 0) {
    auto store = Store::open({dir_ + "/gangline.db", most_pages});
    EXPECT_TRUE(store) << store.error().sentence();
    return std::move(*store);
  }
  std::string dir_;
};

TEST_F(StoreOnDisk, EachStoreHasANameOfItsOwnAndKeepsIt) {
  const std::string name = open()->name();
  EXPECT_EQ(name.size(), 32u);
  EXPECT_EQ(open()->name(), name);
  EXPECT_NE((*Store::open({":memory:", 0}))->name(), name);
}

TEST_F(StoreOnDisk, AStoreFromBeforeStoresHadNamesGetsOne) {
  sqlite3* old = nullptr;
  ASSERT_EQ(sqlite3_open((dir_ + "/gangline.db").c_str(), &old), SQLITE_OK);
  const std::string first = std::string(schema_steps[0]) + "PRAGMA user_version = 1;";
  ASSERT_EQ(sqlite3_exec(old, first.c_str(), nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_close(old);
  EXPECT_EQ(open()->name().size(), 32u);
}

TEST_F(StoreOnDisk, NumbersGoOnAfterThoseThatAnotherStoreGave) {
  auto store = open();
  store->number_after(7);
  EXPECT_EQ(store->last_job(), 7u);
  const Job job = a_job(8, "train");
  store->add_job(job, a_summary(job, GangPhase::waiting));
  ASSERT_TRUE(store->commit());
  EXPECT_EQ(store->last_job(), 8u);
}

TEST_F(StoreOnDisk, WhatWasCommittedIsThereAfterReopeningAndWhatWasNotIsNot) {
  const Job job = a_job(1, "train");
  {
    auto store = open();
    store->append({Time{1}, JobSubmitted{job}});
    store->add_job(job, a_summary(job, GangPhase::waiting));
    store->put_cursor("place 5");
    ASSERT_TRUE(store->commit());
    store->append({Time{2}, StopAsked{job.id, {}, "never committed"}});
  }
  auto store = open();
  EXPECT_EQ(store->cursor(), "place 5");
  EXPECT_EQ(store->last_job(), 1u);
  const auto jobs = store->unfinished();
  ASSERT_TRUE(jobs);
  ASSERT_EQ(jobs->size(), 1u);
  EXPECT_EQ(*(*jobs)[0].first.spec, *job.spec);
  EXPECT_EQ(store->events_of(job.id)->size(), 1u);
}

TEST_F(StoreOnDisk, AnEndedJobIsFoundByNameAndNoLongerUnfinished) {
  auto store = open();
  for (const std::uint64_t id : {1u, 2u, 3u}) {
    const Job job = a_job(id, id == 2 ? "other" : "train");
    store->add_job(job, a_summary(job, GangPhase::waiting));
    if (id != 3) store->put_summary(a_summary(job, GangPhase::ended));
  }
  ASSERT_TRUE(store->commit());
  EXPECT_EQ(store->unfinished()->size(), 1u);
  EXPECT_EQ(store->find_newest("train"), JobId{3});
  EXPECT_EQ(store->newest_of_each("train", 10), (std::vector{JobId{3}}));
  ListQuery named;
  named.name = "train";
  EXPECT_EQ(store->ended(named)->size(), 1u);
  EXPECT_EQ(store->ended({})->front().id, JobId{2});
  EXPECT_FALSE(store->find(JobId{9})->has_value());
  EXPECT_EQ(store->ended_gang_count(), 2u);
}

TEST_F(StoreOnDisk, EveryEventOfAGangIsFoundAlsoAStartOfSeveral) {
  auto store = open();
  auto allocation = std::make_shared<Allocation>();
  store->append({Time{1}, StartAsked{JobId{1}, 0, 3, 1, allocation}});
  store->append({Time{2}, StartAsked{JobId{1}, 3, 3, 1, allocation}});
  for (std::uint32_t i = 0; i < 6; ++i) {
    store->append({Time{3 + i}, GangStarted{{JobId{1}, i}, 1, {}}});
    Ending ending;
    if (i == 4) ending.cause = EndCause::failed;
    store->append({Time{10 + i}, GangEnded{{JobId{1}, i}, 1, Time{3 + i}, ending, false}});
  }
  ASSERT_TRUE(store->commit());
  const auto events = store->events_of(GangId{JobId{1}, 4});
  ASSERT_TRUE(events);
  ASSERT_EQ(events->size(), 3u);
  EXPECT_EQ(std::get<StartAsked>((*events)[0].body).first, 3u);
  EXPECT_EQ(store->ended_gangs(JobId{1}, 0, 100, true)->size(), 1u);
  EXPECT_EQ(store->ended_gangs(JobId{1}, 2, 3, false)->size(), 3u);
}

TEST_F(StoreOnDisk, AFullDiskRefusesTheCommitKeepsWhatWasAndGoesOnWhenThereIsSpace) {
  auto store = open(40);
  Job job = a_job(1, "train");
  store->add_job(job, a_summary(job, GangPhase::waiting));
  ASSERT_TRUE(store->commit());
  const std::string large(300'000, 'x');
  store->append({Time{1}, StopAsked{job.id, {}, large}});
  store->append({Time{2}, StopAsked{job.id, {}, "small"}});
  const auto full = store->commit();
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().kind, ErrorKind::disk);
  EXPECT_NE(full.error().hint.find("make room"), std::string::npos);
  EXPECT_EQ(store->events_of(job.id)->size(), 0u);
  store->append({Time{2}, StopAsked{job.id, {}, "small"}});
  EXPECT_TRUE(store->commit());
  EXPECT_EQ(store->events_of(job.id)->size(), 1u);
}

TEST_F(StoreOnDisk, AStoreOfANewerGanglineIsRefusedAndGarbageIsNamed) {
  open();
  sqlite3* raw = nullptr;
  sqlite3_open((dir_ + "/gangline.db").c_str(), &raw);
  sqlite3_exec(raw, "PRAGMA user_version = 99", nullptr, nullptr, nullptr);
  sqlite3_close(raw);
  EXPECT_EQ(Store::open({dir_ + "/gangline.db", 0}).error().kind, ErrorKind::version);
  std::ofstream(dir_ + "/bad.db") << "this is not a database at all, is it\n";
  EXPECT_EQ(Store::open({dir_ + "/bad.db", 0}).error().kind, ErrorKind::broken);
}

TEST_F(StoreOnDisk, ReadingsComeBackAndThoseBeforeATimeAreForgotten) {
  const float unknown = std::numeric_limits<float>::quiet_NaN();
  {
    const auto store = open();
    for (int i = 1; i <= 4; ++i)
      store->put_readings({3}, minutes(1), {Time{minutes(i).us}, {{12.5F, 4e10F, unknown}, {}}},
                          Time{minutes(2).us});
    store->put_readings({3}, minutes(10), {Time{1}, {}}, Time{0});
    store->put_readings({4}, minutes(1), {Time{minutes(1).us}, {}}, Time{minutes(2).us});
    ASSERT_TRUE(store->commit());
  }
  const auto readings = open()->readings_between({3}, minutes(1), Time{0}, Time{minutes(3).us});
  ASSERT_TRUE(readings);
  ASSERT_EQ(readings->size(), 2u);
  EXPECT_EQ((*readings)[0].at, Time{minutes(2).us});
  ASSERT_EQ((*readings)[1].devices.size(), 2u);
  EXPECT_EQ((*readings)[1].devices[0].busy_percent, 12.5F);
  EXPECT_EQ((*readings)[1].devices[0].memory_bytes, 4e10F);
  EXPECT_TRUE(std::isnan((*readings)[1].devices[0].power_watts));
  EXPECT_TRUE(open()->readings_between({4}, minutes(1), Time{0}, never)->empty())
      << "a node that is gone is forgotten with the others";
}

}  // namespace
}  // namespace gangline
