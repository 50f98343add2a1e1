#include "launch/journal.h"

#include <gtest/gtest.h>
#include <sys/mount.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <set>

#include "launch/book.h"
#include "os/file.h"

namespace gangline {
namespace {

class Directory {
 public:
  Directory() {
    char name[] = "/tmp/gangline-journal-XXXXXX";
    path_ = ::mkdtemp(name);
  }
  ~Directory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

std::vector<std::string> records_in(std::string_view bytes) {
  std::vector<std::string> found;
  read_frames(bytes, [&](std::string_view payload) { found.emplace_back(payload); });
  return found;
}

/// Records of random length, and where each begins among the bytes.
struct Written {
  std::vector<std::string> records;
  std::vector<std::size_t> begins;
  std::string bytes;

  explicit Written(std::mt19937& random) {
    for (int i = 0; i < 50; ++i) {
      std::string record(random() % 200, '\0');
      for (char& c : record) c = static_cast<char>(random());
      begins.push_back(bytes.size());
      bytes += framed(record);
      records.push_back(std::move(record));
    }
  }
};

TEST(Journal, a_record_cut_anywhere_costs_no_other_record) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const Written written(random);
  for (int round = 0; round < 500; ++round) {
    const std::size_t cut = random() % written.bytes.size();
    const auto found = records_in(std::string_view(written.bytes).substr(0, cut));
    std::size_t whole = 0;
    while (whole + 1 < written.begins.size() && written.begins[whole + 1] <= cut) ++whole;
    ASSERT_EQ(found.size(), whole);
    for (std::size_t i = 0; i < whole; ++i) ASSERT_EQ(found[i], written.records[i]);
  }
}

TEST(Journal, a_flipped_bit_costs_one_record_and_no_more) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const Written written(random);
  for (int round = 0; round < 500; ++round) {
    std::string bytes = written.bytes;
    const std::size_t at = random() % bytes.size();
    bytes[at] = static_cast<char>(bytes[at] ^ (1 << (random() % 8)));
    const auto found = records_in(bytes);
    ASSERT_EQ(found.size(), written.records.size() - 1);
    for (const std::string& record : found)
      ASSERT_NE(std::find(written.records.begin(), written.records.end(), record),
                written.records.end());
  }
}

TEST(Journal, a_torn_record_in_the_middle_costs_no_record_behind_it) {
  const std::string torn = framed("torn").substr(0, frame_header + 2);
  const auto found = records_in(framed("one") + torn + framed("two"));
  EXPECT_EQ(found, (std::vector<std::string>{"one", "two"}));
}

TEST(Journal, what_was_appended_is_read_again) {
  const Directory directory;
  const auto ignore = [](std::string_view) {};
  auto journal = Journal::open(directory.path(), ignore);
  ASSERT_TRUE(journal.ok());
  ASSERT_TRUE(journal->append(framed("one")).ok());
  ASSERT_TRUE(journal->rotate(framed("kept"), 0).ok());
  ASSERT_TRUE(journal->append(framed("two")).ok());
  std::vector<std::string> found;
  auto again = Journal::open(directory.path(),
                             [&](std::string_view payload) { found.emplace_back(payload); });
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(found, (std::vector<std::string>{"kept", "two"}));
  EXPECT_EQ(file_numbers(directory.path(), "journal").size(), 1u);
}

TEST(Journal, space_is_set_aside_before_it_is_needed) {
  const Directory directory;
  auto journal = Journal::open(directory.path(), [](std::string_view) {});
  ASSERT_TRUE(journal.ok());
  EXPECT_GE(journal->room(), Journal::segment_size / 2);
  const std::size_t before = journal->room();
  ASSERT_TRUE(journal->append(framed("one")).ok());
  EXPECT_LT(journal->room(), before);
}

TEST(Ledger, a_journal_that_finds_no_room_begins_when_there_is_some_with_all_that_is_believed) {
  const Directory directory;
  const auto mount_disk = [&](unsigned long how, const char* size) {
    return ::mount("tmpfs", directory.path().c_str(), "tmpfs", how, size) == 0;
  };
  if (!mount_disk(0, "size=1m")) GTEST_SKIP() << "mounting is not permitted here";
  std::string epoch;
  {
    auto ledger = Ledger::open(directory.path());
    ASSERT_TRUE(ledger.ok()) << ledger.error().sentence();
    epoch = ledger->book().epoch();
    EXPECT_NE(epoch, "");
    ledger->believe_store("the store");
    const auto refused = ledger->commit({BootRecord{"this boot"}});
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().kind, ErrorKind::disk);
    EXPECT_EQ(refused.error().sentence(),
              "the launcher cannot write its journal: no room on the disk of " + directory.path() +
                  "; make room there");
    EXPECT_EQ(ledger->book().boot(), "") << "what is not written is not believed";
    EXPECT_TRUE(std::filesystem::is_empty(directory.path()));

    EXPECT_TRUE(mount_disk(MS_REMOUNT, "size=16m"));
    EXPECT_TRUE(ledger->commit({BootRecord{"this boot"}}).ok());
  }
  {
    auto again = Ledger::open(directory.path());
    ASSERT_TRUE(again.ok());
    EXPECT_EQ(again->book().epoch(), epoch);
    EXPECT_EQ(again->book().store(), "the store");
    EXPECT_EQ(again->book().boot(), "this boot");
  }
  ::umount2(directory.path().c_str(), MNT_DETACH);
}

// The book.

OrderRecord order_of(std::uint64_t lane, std::uint32_t turns) {
  Allocation allocation;
  allocation.parts = {NodePart{NodeId{0}, {TaskPlace{0, {}, CpuSet::of({0}), {}}}}};
  return {lane, {1}, 1, 0, {{0, turns}}, std::make_shared<const Allocation>(allocation)};
}
BeganRecord began_of(std::uint32_t index, std::int64_t pid, std::uint64_t news) {
  return {1, {{1}, index}, 1, 0, news, Time{5}, Span{100}, Span{110}, pid};
}
ExitRecord exit_of(std::int64_t pid, Span boot) { return {pid, false, 0, boot, Time{9}, {}, {}}; }
EndedRecord ended_of(std::uint32_t index, std::uint64_t news) {
  return {{{1}, index}, 1, Time{5}, Time{9}, {}, news};
}

/// What a new launcher would know.
Book read_again(const Book& book) {
  Book again;
  for (const Record& record : book.snapshot()) {
    Packer packer;
    pack(packer, record);
    const auto read = unpack_record(packer.bytes());
    EXPECT_TRUE(read.has_value());
    if (read) again.apply(*read);
  }
  return again;
}

TEST(Book, a_new_segment_holds_all_that_the_old_one_led_to) {
  Book book;
  book.apply(EpochRecord{"e", 1});
  book.apply(BootRecord{"b"});
  book.apply(order_of(1, 10));
  book.apply(began_of(0, 100, 1));
  book.apply(exit_of(100, Span{200}));
  book.apply(ended_of(0, 2));
  book.apply(began_of(1, 101, 3));
  book.acknowledge(1);

  const Book again = read_again(book);
  EXPECT_EQ(again.epoch(), "e");
  EXPECT_EQ(again.next_news(), 4u);
  ASSERT_EQ(again.news().size(), 2u);
  EXPECT_EQ(again.news().front().number, 2u);
  ASSERT_EQ(again.lanes().size(), 1u);
  EXPECT_EQ(again.lanes().begin()->second->waiting.ranges(), (std::vector<Range>{{2, 10}}));
  EXPECT_EQ(again.live().size(), 1u);
  EXPECT_TRUE(again.unknown({1}, 1, {0, 10}).empty());
  EXPECT_EQ(again.unknown({1}, 2, {0, 10}), (std::vector<Range>{{0, 10}}));
}

TEST(Book, the_exit_of_an_earlier_process_with_the_same_number_is_not_that_of_the_task) {
  Book book;
  book.apply(order_of(1, 2));
  book.apply(began_of(0, 100, 1));
  book.apply(exit_of(100, Span{50}));
  EXPECT_FALSE(book.find_pid(100).task->exit.has_value());
  book.apply(exit_of(100, Span{150}));
  EXPECT_EQ(book.find_pid(100).task, nullptr);
  EXPECT_TRUE(book.find({{1}, 0})->tasks[0].exit.has_value());
}

TEST(Book, a_gang_that_ran_is_known_after_its_end_was_acknowledged) {
  Book book;
  book.apply(order_of(1, 1));
  book.apply(began_of(0, 100, 1));
  book.apply(exit_of(100, Span{150}));
  book.apply(ended_of(0, 2));
  book.acknowledge(2);
  EXPECT_TRUE(book.idle());
  EXPECT_FALSE(book.needs({1}));
  EXPECT_TRUE(book.unknown({1}, 1, {0, 1}).empty());
}

TEST(Book, tasks_that_begin_in_another_order_than_their_ranks_start_the_gang_all_the_same) {
  Book book;
  book.apply(order_of(1, 1));
  BeganRecord second = began_of(0, 101, 0);
  second.rank = 1;
  book.apply(second);
  book.apply(began_of(0, 100, 1));
  EXPECT_EQ(book.news().size(), 1u);
  EXPECT_EQ(book.next_news(), 2u);
  ASSERT_EQ(book.find({{1}, 0})->tasks.size(), 2u);
  EXPECT_EQ(book.find({{1}, 0})->tasks[0].pid, 100);
}

TEST(Book, returned_turns_may_be_asked_for_again) {
  Book book;
  book.apply(order_of(1, 10));
  book.apply(ReturnedRecord{{1}, {4, 10}, 1, Time{1}});
  EXPECT_EQ(book.unknown({1}, 1, {0, 10}), (std::vector<Range>{{4, 10}}));
  EXPECT_EQ(book.lanes().begin()->second->waiting.ranges(), (std::vector<Range>{{0, 4}}));
}

TEST(BeganFrame, what_the_child_completes_is_the_record) {
  BeganRecord record = began_of(3, 0, 7);
  BeganFrame frame(record);
  const auto found = records_in(frame.complete(4242, Span{777}));
  ASSERT_EQ(found.size(), 1u);
  const auto read = unpack_record(found[0]);
  ASSERT_TRUE(read.has_value());
  const auto& began = std::get<BeganRecord>(*read);
  EXPECT_EQ(began.pid, 4242);
  EXPECT_EQ(began.boot_after, Span{777});
  EXPECT_EQ(began.news, 7u);
  EXPECT_EQ(began.gang, (GangId{{1}, 3}));
}

TEST(RangeSet, adding_and_removing_is_what_a_plain_set_does) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  RangeSet ranges;
  std::set<std::uint32_t> plain;
  for (int round = 0; round < 2'000; ++round) {
    const auto begin = static_cast<std::uint32_t>(random() % 50);
    const Range range{begin, begin + static_cast<std::uint32_t>(random() % 10)};
    const bool adds = random() % 2 == 0;
    if (adds) ranges.add(range);
    if (!adds) ranges.remove(range);
    for (std::uint32_t i = range.begin; i < range.end; ++i) {
      if (adds) plain.insert(i);
      if (!adds) plain.erase(i);
    }
    ASSERT_EQ(ranges.count(), plain.size());
    for (std::uint32_t i = 0; i < 60; ++i) ASSERT_EQ(ranges.has(i), plain.contains(i));
    for (std::size_t i = 1; i < ranges.ranges().size(); ++i)
      ASSERT_LT(ranges.ranges()[i - 1].end, ranges.ranges()[i].begin);
  }
}

}  // namespace
}  // namespace gangline
