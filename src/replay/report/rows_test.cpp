#include "replay/report/rows.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

namespace gangline {
namespace {

const MeasureRow& row_of(const std::string& key) {
  for (const MeasureRow& row : measure_rows())
    if (row.key == key) return row;
  ADD_FAILURE() << "there is no row " << key;
  return measure_rows().front();
}

PolicyRun a_run(const std::string& name) {
  PolicyRun run;
  run.name = name;
  run.measures.jobs = 3;
  run.measures.wait.mean = 200.5;
  return run;
}

std::size_t commas_in(const std::string& line) {
  return static_cast<std::size_t>(std::count(line.begin(), line.end(), ','));
}

TEST(Rows, EachHasAKeyOfItsOwn) {
  std::set<std::string> keys;
  for (const MeasureRow& row : measure_rows()) EXPECT_TRUE(keys.insert(row.key).second) << row.key;
}

TEST(Rows, ForPeopleAValueHasItsUnitAndWhatIsNotKnownIsADash) {
  EXPECT_EQ(text_of(row_of("wait_mean_s"), 200.0), "3m20s");
  EXPECT_EQ(text_of(row_of("wait_mean_s"), 0.4), "<1s");
  EXPECT_EQ(text_of(row_of("gpus_used_part"), 0.54), "54.0 %");
  EXPECT_EQ(text_of(row_of("jobs"), 1e6), "1000000");
  EXPECT_EQ(text_of(row_of("energy_kwh"), std::nullopt), "-");
}

TEST(Rows, WithoutGpusNothingIsSaidOfThem) {
  const Measures none;
  for (const char* key : {"gpu_hours_used", "gpus_used_part", "gpu_hours_idle_kept",
                          "fragmentation_part", "energy_kwh", "cost", "lost_to_maintenance"})
    EXPECT_FALSE(row_of(key).of(none)) << key;
}

TEST(Rows, CsvHasALineForEachRunWithAsManyFieldsAsTheFirst) {
  const HistoryError error{"easy", {3, 1, 2, 4, 0, 0, 0}};
  for (const auto& carried : {std::optional<HistoryError>(), std::optional(error)}) {
    const std::string csv = write_csv({a_run("easy"), a_run("fifo")}, carried);
    std::vector<std::string> lines;
    for (std::size_t at = 0; at < csv.size();) {
      const std::size_t end = csv.find('\n', at);
      lines.push_back(csv.substr(at, end - at));
      at = end + 1;
    }
    ASSERT_EQ(lines.size(), 3u);
    EXPECT_EQ(commas_in(lines[1]), commas_in(lines[0]));
    EXPECT_EQ(lines[2].ends_with(",\"easy\",1,2,4"), carried.has_value());
  }
}

TEST(Rows, ANameWithAQuoteOrBrokenBytesStaysOneField) {
  EXPECT_NE(write_csv({a_run("a\"b,c")}, {}).find("\"a\"\"b,c\""), std::string::npos);
  const std::string json = write_json("file\xff\"", History{}, {a_run("a\"b")}, {});
  const auto read = nlohmann::json::parse(json, nullptr, false);
  ASSERT_FALSE(read.is_discarded());
  EXPECT_EQ(read["runs"][0]["run"], "a\"b");
}

TEST(Rows, JsonSaysNullOfWhatIsNotKnown) {
  const auto read = nlohmann::json::parse(write_json("x", History{}, {a_run("easy")}, {}));
  EXPECT_TRUE(read["error"].is_null());
  EXPECT_TRUE(read["runs"][0]["energy_kwh"].is_null());
  EXPECT_EQ(read["runs"][0]["wait_mean_s"], 200.5);
}

TEST(Rows, TheErrorOfAHistoryIsASentence) {
  const std::string said = sentence_of({"easy", {3, 1, 200, 7'200, 0, 0, 0}});
  EXPECT_NE(said.find("under easy, are 3m20s apart"), std::string::npos) << said;
  EXPECT_NE(said.find("at most 2h00m in 95 of 100"), std::string::npos) << said;
}

}  // namespace
}  // namespace gangline
