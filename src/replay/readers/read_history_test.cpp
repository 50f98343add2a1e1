// What holds for all readers: refusals, counts, hostile bytes.
#include "replay/readers/read_history.h"

#include <zlib.h>

#include <set>

#include "replay/readers/small_log.h"

namespace gangline {
namespace {

std::string packed(const std::string& text) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(deflateBound(&stream, text.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(out.size() - stream.avail_out);
  deflateEnd(&stream);
  return out;
}

std::string plain_jobs(int n, const char* each_tenth = nullptr) {
  std::string text = "submitted,run,gpus\n";
  for (int i = 1; i <= n; ++i)
    text += each_tenth != nullptr && i % 10 == 0 ? std::string(each_tenth) + "\n"
                                                 : std::to_string(i) + ",60,1\n";
  return text;
}

bool says(const std::string& sentence, const char* part) {
  return sentence.find(part) != std::string::npos;
}

TEST(ReadHistory, AFileWithEachTenthLineBrokenIsReadAndItsCountIsTrue) {
  for (const char* broken :
       {"x,60,1", "1,-60,1", "1,60", "1,60,1,1", "1,1e400,1", "nan,60,1",
        "9999-12-31 00:00:00,60,1", "0335-12-31 00:00:00,60,1", "1970-01-01 00:00:00+23:00,60,1",
        "1,60,\"1", "\xff\xfe,,", "1,60,-1", "1,60,1e18", "1,60,70000", "1,inf,1", "-1,60,1"}) {
    const History history = history_of(plain_jobs(1000, broken));
    EXPECT_EQ(history.jobs.size(), 900u) << broken;
    EXPECT_EQ(history.left_out.count, 100u) << broken;
    EXPECT_EQ(history.left_out.examples.size(), LeftOut::most_examples);
    EXPECT_EQ(history.left_out.examples[0].line, 11u);
    ASSERT_EQ(history.left_out.by_reason.size(), 1u);
    EXPECT_EQ(history.left_out.by_reason.begin()->second, 100u);
  }
}

TEST(ReadHistory, ALineWithANulIsLeftOut) {
  const History history =
      history_of("submitted,run,gpus\n1,60,1\n" + std::string("2,60\0,1\n", 8) + "3,60,1\n");
  EXPECT_EQ(history.jobs.size(), 2u);
  EXPECT_EQ(history.left_out.by_reason.at("the line holds a NUL byte"), 1u);
}

TEST(ReadHistory, AHugeLineIsLeftOutAndTheNextIsRead) {
  const std::string huge(3 << 20, '7');
  const History history = history_of("submitted,run,gpus\n1,60,1\n" + huge + "\n3,60,1\n" + huge);
  EXPECT_EQ(history.jobs.size(), 2u);
  EXPECT_EQ(history.left_out.count, 2u);
  EXPECT_EQ(history.left_out.examples.at(0).line, 3u);
  EXPECT_EQ(history.left_out.examples.at(1).line, 5u);
}

TEST(ReadHistory, TheLastLineNeedsNoEndAndLinesMayEndAsOnWindows) {
  EXPECT_EQ(history_of("submitted,run,gpus\r\n1,60,1\r\n\r\n2,60,1").jobs.size(), 2u);
}

TEST(ReadHistory, APackedFileIsUnpacked) {
  const std::string text = plain_jobs(50'000);
  EXPECT_EQ(history_of(packed(text)).jobs.size(), 50'000u);
  const std::string half = text.substr(0, text.size() / 2);
  EXPECT_EQ(history_of(packed(half) + packed(text.substr(half.size()))).jobs.size(), 50'000u);
}

TEST(ReadHistory, APackedFileThatIsBrokenIsRefused) {
  std::string bytes = packed(plain_jobs(50'000));
  EXPECT_TRUE(says(refusal_of(bytes.substr(0, bytes.size() / 2)), "ends too early"));
  for (std::size_t i = bytes.size() / 2; i < bytes.size() / 2 + 64; ++i) bytes[i] = '\x55';
  EXPECT_TRUE(says(refusal_of(bytes), "broken inside"));
  EXPECT_TRUE(says(refusal_of("\x1f\x8b"), "ends too early"));
}

TEST(ReadHistory, JobsComeByTimeOfSubmissionAndEqualTimesInTheOrderOfTheFile) {
  const History history = history_of("id,submitted,run\nb,5,1\nc,9,1\na,5,1\nd,1,1\n");
  std::string order;
  for (const PastJob& job : history.jobs) order += job.id;
  EXPECT_EQ(order, "dbac");
}

TEST(ReadHistory, WhatIsNotOfAFormatIsRefusedWithWhatToTry) {
  const std::string semicolons = refusal_of("job;user;procs\n1;ann;4\n", {}, "x.swf");
  EXPECT_TRUE(says(semicolons, "x.swf: it is named .swf, but its lines are not the 18 numbers"));
  EXPECT_TRUE(says(semicolons, "write it as plain CSV"));
  EXPECT_TRUE(says(refusal_of("a;b;c;d\n1;2;3;4\n"), "separated by ';'"));
  EXPECT_TRUE(says(refusal_of("hello\n"), "begins with 'hello'"));
  EXPECT_TRUE(says(refusal_of("hello\n"), "slurm, slurm-json, kubernetes"));
  EXPECT_TRUE(says(refusal_of(""), "empty"));
  EXPECT_TRUE(says(refusal_of(std::string("h\0e\0l\0", 6)), "no text"));
  EXPECT_TRUE(says(refusal_of("       JobID    JobName \n------------ ----------\n"),
                   "sacct again with -P"));
}

TEST(ReadHistory, AFormatThatIsNamedWinsOverWhatTheContentSays) {
  HowToRead how;
  how.format = "swf";
  const std::string sentence = refusal_of("submitted,run,gpus\n0,1,2\n", how);
  EXPECT_TRUE(says(sentence, "none of its 2 entries can be used as swf"));
  how.format = "slrum";
  EXPECT_TRUE(says(refusal_of("x", how), "did you mean 'slurm'?"));
}

TEST(ReadHistory, AFileWithoutAnyJobIsAnEmptyHistory) {
  EXPECT_EQ(history_of("submitted,run,gpus\n").entries, 0u);
}

TEST(ReadHistory, TextOfTheFileCannotMoveTheCursor) {
  const History history = history_of("submitted,run,name\n1,60,\x1b[2J\nx\x1b[2J,60,b\n");
  EXPECT_EQ(history.jobs.at(0).name, "\\x1b[2J");
  EXPECT_EQ(history.left_out.examples.at(0).why.find('\x1b'), std::string::npos);
}

TEST(ReadHistory, EachFormatHasANameAndALineOfHelp) {
  std::set<std::string_view> names;
  for (const HistoryFormat& format : history_formats()) {
    EXPECT_TRUE(names.insert(format.name).second);
    EXPECT_LT(format.help.size(), 100u);
  }
}

TEST(ReadHistory, AColumnThatIsMissingIsNamedWithoutABlankBehindIt) {
  HowToRead how;
  how.format = "csv";
  const auto none = read_history_text("submitted ; run\n1;2\n", "jobs.csv", how);
  ASSERT_FALSE(none);
  EXPECT_NE(none.error().sentence().find("there is no column 'submitted'; check that"),
            std::string::npos)
      << none.error().sentence();
}

TEST(ReadHistory, AnOrderOfArrivalsIsOfOpenbAlone) {
  HowToRead how;
  how.arrivals = "order.csv";
  const auto other = read_history_text("submitted,run\n1,2\n", "jobs.csv", how);
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().sentence(),
            "jobs.csv: an order of arrivals is of openb's pods, and this is csv; leave out the "
            "arrivals");
}

TEST(ReadHistory, ADirectoryAndAMissingFileAreRefused) {
  EXPECT_FALSE(read_history("/"));
  const auto missing = read_history("/nowhere/at/all.csv");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, ErrorKind::not_found);
}

}  // namespace
}  // namespace gangline
