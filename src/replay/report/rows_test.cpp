#include "replay/report/rows.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "replay/report/made_world.h"

namespace gangline {
namespace {

const MeasureRow& row_of(const std::string& key) {
  for (const MeasureRow& row : measure_rows())
    if (row.key == key) return row;
  ADD_FAILURE() << "no row " << key;
  return measure_rows().front();
}

std::string text_of(const std::string& key, const std::optional<double>& value) {
  return text_of(row_of(key), value);
}

/// Fields of a line of CSV, quotes taken off.
std::vector<std::string> fields_of(const std::string& line) {
  std::vector<std::string> fields{""};
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (quoted && line[i] == '"' && i + 1 < line.size() && line[i + 1] == '"')
      fields.back() += line[++i];
    else if (line[i] == '"') quoted = !quoted;
    else if (line[i] == ',' && !quoted) fields.emplace_back();
    else fields.back() += line[i];
  }
  EXPECT_FALSE(quoted);
  return fields;
}

PolicyRun one_run(const std::string& name) {
  MadeWorld world(1, 1);
  MadeJob made;
  made.started = 5;
  made.ended = 15;
  return world.add(made).run(name, 15);
}

TEST(Rows, KeysAreUniqueAndRowsOfAGroupFollowEachOther) {
  std::set<std::string> keys, groups;
  std::string group;
  for (const MeasureRow& row : measure_rows()) {
    EXPECT_TRUE(keys.insert(row.key).second) << row.key;
    if (group != row.group) {
      EXPECT_TRUE(groups.insert(row.group).second) << row.group;
    }
    group = row.group;
  }
}

TEST(Rows, TextForPeopleHasUnitsAndADashForWhatIsNotKnown) {
  EXPECT_EQ(text_of("jobs", 12.0), "12");
  EXPECT_EQ(text_of("wait_mean_s", 200.4), "3m20s");
  EXPECT_EQ(text_of("wait_mean_s", 0.3), "<1s");
  EXPECT_EQ(text_of("wait_mean_s", 0.0), "0s");
  EXPECT_EQ(text_of("backtest_start_later_mean_s", -200.0), "-3m20s");
  EXPECT_EQ(text_of("gpus_used_part", 0.54), "54.0 %");
  EXPECT_EQ(text_of("gpu_hours_used", 1234.56), "1234.6");
  EXPECT_EQ(text_of("energy_kwh", 12.4), "12 kWh");
  EXPECT_EQ(text_of("cost", 12.345), "12.35");
  EXPECT_EQ(text_of("fairness", std::nullopt), "-");
}

TEST(Rows, WhatNoJobTellsIsNotKnownRatherThanZero) {
  Measures nothing;
  nothing.jobs = 3;
  for (const char* key : {"wait_mean_s", "completion_p95_s", "slowdown_mean", "makespan_s",
                          "gpus_used_part", "fairness", "energy_kwh", "cost", "backtest_jobs"})
    EXPECT_FALSE(row_of(key).of(nothing)) << key;
  EXPECT_EQ(row_of("jobs").of(nothing), 3.0);
  EXPECT_EQ(row_of("never_started").of(nothing), 3.0);
}

TEST(Rows, CsvHasAFieldForEachTitle) {
  const std::vector<PolicyRun> runs{one_run("fifo"), one_run("easy")};
  const std::string csv = write_csv(runs, {});
  std::vector<std::vector<std::string>> lines;
  for (std::size_t from = 0, end; (end = csv.find('\n', from)) != std::string::npos; from = end + 1)
    lines.push_back(fields_of(csv.substr(from, end - from)));
  ASSERT_EQ(lines.size(), 3u);
  ASSERT_EQ(lines[0].size(), measure_rows().size() + 5);
  EXPECT_EQ(lines[0][0], "run");
  for (std::size_t i = 0; i < measure_rows().size(); ++i)
    EXPECT_EQ(lines[0][i + 1], measure_rows()[i].key);
  for (const std::size_t line : {1u, 2u}) ASSERT_EQ(lines[line].size(), lines[0].size());
  EXPECT_EQ(lines[1][0], "fifo");
  const auto value = [&](const std::string& key) {
    const auto at = std::find(lines[0].begin(), lines[0].end(), key);
    return at == lines[0].end() ? "no " + key
                                : lines[2][static_cast<std::size_t>(at - lines[0].begin())];
  };
  EXPECT_EQ(value("wait_mean_s"), "5");
  EXPECT_EQ(value("makespan_s"), "15");
  EXPECT_EQ(value("cost"), "");  // not known
}

TEST(Rows, AHostileNameStaysOneFieldOfCsv) {
  const std::string name = "a,\"b\" <script>\n=1+1";
  const std::string csv = write_csv({one_run(name)}, {});
  const std::string line = csv.substr(csv.find('\n') + 1);
  const auto fields = fields_of(line.substr(0, line.size() - 1));
  ASSERT_EQ(fields.size(), measure_rows().size() + 5);
  EXPECT_EQ(fields[0], name);
}

TEST(Rows, JsonHasEachMeasureByItsKeyAndNullForWhatIsNotKnown) {
  MadeWorld world(1, 1);
  world.history.left_out.count = 4;
  world.history.left_out.by_reason = {{"'a' is empty", 3}, {"'b' is \"no\" number", 1}};
  world.history.notes = {"one"};
  FoundCluster found;
  found.cluster.nodes.resize(2);
  found.notes = {"another"};
  const auto json = nlohmann::json::parse(
      write_json("a \"log\"", world.history, found, {one_run("fifo"), one_run("x")}, {}));
  EXPECT_EQ(json["nodes"], 2);
  EXPECT_EQ(json["left_out_because"]["'b' is \"no\" number"], 1);
  EXPECT_EQ(json["left_out_because"].size(), 2u);
  EXPECT_EQ(json["nodes_left_out"], 0);
  EXPECT_EQ(json["notes"], (nlohmann::json{"one", "another"}));
  EXPECT_EQ(json["history"], "a \"log\"");
  EXPECT_EQ(json["left_out"], 4);
  ASSERT_EQ(json["runs"].size(), 2u);
  EXPECT_EQ(json["runs"][0]["run"], "fifo");
  EXPECT_EQ(json["runs"][0]["wait_mean_s"], 5);
  EXPECT_TRUE(json["runs"][0]["cost"].is_null());
  EXPECT_EQ(json["runs"][1].size(), measure_rows().size() + 2);
}

TEST(Rows, JsonBearsNamesThatAreNoText) {
  MadeWorld world(1, 1);
  const std::string name = "\xff\x01\"\\ </script>";
  const auto json = nlohmann::json::parse(write_json(name, world.history, {}, {one_run(name)}, {}));
  EXPECT_EQ(json["runs"][0]["run"], json["history"]);
  EXPECT_NE(json["history"].get<std::string>().find("\x01\"\\ </script>"), std::string::npos);
}

TEST(Rows, NothingSimulatedIsATitleAloneAndAnEmptyList) {
  const std::string csv = write_csv({}, {});
  EXPECT_EQ(csv.find('\n'), csv.size() - 1);
  EXPECT_TRUE(nlohmann::json::parse(write_json("", {}, {}, {}, {}))["runs"].empty());
}

PolicyRun a_run(const std::string& name) {
  PolicyRun run;
  run.name = name;
  run.measures.jobs = 3;
  return run;
}

std::size_t commas_in(const std::string& line) {
  return static_cast<std::size_t>(std::count(line.begin(), line.end(), ','));
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

TEST(Rows, TheErrorOfAHistoryIsASentence) {
  const std::string said = sentence_of({"easy", {3, 1, 200, 7'200, 0, 0, 0}});
  EXPECT_NE(said.find("under easy, are 3m20s apart"), std::string::npos) << said;
  EXPECT_NE(said.find("at most 2h00m in 95 of 100"), std::string::npos) << said;
}

}  // namespace
}  // namespace gangline
