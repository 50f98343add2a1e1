#include <gtest/gtest.h>

#include <regex>
#include <set>

#include "metrics/dashboard.h"
#include "metrics/metrics_text.h"

namespace gangline {
namespace {

// One of everything.
Figures a_world() {
  Figures figures;
  figures.now = Time{seconds(1'000'000).us};
  figures.started = Time{seconds(999'000).us};
  figures.version = "1";
  figures.events = figures.counted = 30;
  QueueCounted queue{"normal"};
  queue.submitted = 3;
  queue.started = 4;
  queue.again = 1;
  queue.ended = {{EndCause::done, 2}, {EndCause::failed, 1}};
  for (const double wait : {0.05, 0.1, 2.0, 1e9}) queue.waits.add(wait, gang_bounds);
  queue.runs.add(30, gang_bounds);
  queue.energy_joules = 850.5;
  figures.queues = {queue};
  figures.queues_now = {{"normal", 1, 1, 5, 1, 2}};
  figures.nodes = {{"a", true}, {"b", false}};
  DeviceFigures device{{NodeId{0}, 0}, "a", "GPU-1", "H100"};
  device.allotted = 0.5;
  device.gangs = 1;
  device.memory = gibibytes(80);
  device.memory_used = gibibytes(1);
  device.busy_percent = 25;
  device.power = Watts{350.5};
  device.energy = Joules{1234.5};
  device.temperature_celsius = 41;
  figures.devices = {device, {{NodeId{0}, 1}, "a", "GPU-2", "H100"}};
  figures.running = {{{JobId{7}, 3}, "train", "anna", "normal", "a", 0, "GPU-1"}};
  figures.running_left_out = 2;
  figures.plans.add(0.002, plan_bounds);
  figures.commits.add(0.004, store_bounds);
  return figures;
}

bool has_line(const std::string& text, const std::string& line) {
  return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

// Names of all lines, without what histograms and counters add.
std::set<std::string> names_in(const std::string& text) {
  std::set<std::string> names;
  const std::regex name("(^|\n)(gangline_[a-z_]+)");
  for (auto it = std::sregex_iterator(text.begin(), text.end(), name); it != std::sregex_iterator();
       ++it)
    names.insert((*it)[2]);
  return names;
}

TEST(MetricsText, WhatIsKnownIsToldAndWhatIsNotHasNoLine) {
  const std::string text = metrics_text(a_world(), MetricsFormat::open_metrics);
  EXPECT_TRUE(has_line(text, R"(gangline_gangs{queue="normal",state="waiting"} 5)"));
  EXPECT_TRUE(has_line(text, R"(gangline_gangs_ended_total{queue="normal",cause="done"} 2)"));
  EXPECT_TRUE(has_line(text, R"(gangline_jobs_ended_total{queue="normal"} 1)"));
  EXPECT_TRUE(
      has_line(text, R"(gangline_device_busy_ratio{node="a",device="0",uid="GPU-1"} 0.25)"));
  EXPECT_TRUE(
      has_line(text, R"(gangline_device_power_watts{node="a",device="0",uid="GPU-1"} 350.5)"));
  EXPECT_TRUE(has_line(text, R"(gangline_node_up{node="b"} 0)"));
  EXPECT_TRUE(has_line(text, R"(gangline_running_gang{job="7",gang="3",owner="anna",name="train",)"
                             R"(queue="normal",node="a",device="0",uid="GPU-1"} 1)"));
  EXPECT_EQ(text.find("gangline_device_busy_ratio{node=\"a\",device=\"1\""), std::string::npos)
      << "it was never read";
  EXPECT_TRUE(text.ends_with("\n# EOF\n"));
}

TEST(MetricsText, StepsOfAHistogramAreSummedUp) {
  const std::string text = metrics_text(a_world(), MetricsFormat::open_metrics);
  EXPECT_TRUE(has_line(text, R"(gangline_gang_wait_seconds_bucket{queue="normal",le="0.1"} 2)"))
      << "what takes as long as a bound is within it";
  EXPECT_TRUE(has_line(text, R"(gangline_gang_wait_seconds_bucket{queue="normal",le="10.0"} 3)"));
  EXPECT_TRUE(has_line(text, R"(gangline_gang_wait_seconds_bucket{queue="normal",le="+Inf"} 4)"));
  EXPECT_TRUE(has_line(text, R"(gangline_gang_wait_seconds_count{queue="normal"} 4)"));
  EXPECT_TRUE(has_line(text, R"(gangline_plan_seconds_bucket{le="0.003"} 1)"));
}

TEST(MetricsText, NobodyLeavesALabelWithAName) {
  EXPECT_EQ(label_text("a\"} 1\nb\\"), "a\\\"} 1\\nb\\\\");
  Figures figures = a_world();
  figures.running[0].name = "x\"} 1\ngangline_node_up{node=\"evil\"} 1\n\xff";
  const std::string text = metrics_text(figures, MetricsFormat::open_metrics);
  EXPECT_EQ(text.find("\ngangline_node_up{node=\"evil"), std::string::npos);
  EXPECT_EQ(text.find('\xff'), std::string::npos) << "the text is UTF-8";
}

TEST(MetricsText, CountersOfJobsThatEndedWaitUntilTheStoreIsRead) {
  Figures figures = a_world();
  figures.counted = 10;
  const std::string text = metrics_text(figures, MetricsFormat::open_metrics);
  EXPECT_EQ(text.find("gangline_jobs_ended_total"), std::string::npos);
  EXPECT_TRUE(has_line(text, "gangline_events_not_counted 20"));
}

TEST(MetricsText, EveryRowOfTheTableIsWrittenInBothFormats) {
  const std::string text = metrics_text(a_world(), MetricsFormat::open_metrics);
  const std::string older = metrics_text(a_world(), MetricsFormat::prometheus);
  for (const MetricRow& row : metric_rows()) {
    const bool counts = row.kind == MetricKind::counter;
    const std::string name(row.name);
    EXPECT_NE(text.find("# HELP " + name + " "), std::string::npos) << name;
    EXPECT_NE(older.find("# HELP " + name + (counts ? "_total " : " ")), std::string::npos);
    if (!row.unit.empty()) {
      EXPECT_TRUE(name.ends_with("_" + std::string(row.unit))) << name;
    }
    const char* ending = counts ? "_total" : row.kind == MetricKind::histogram ? "_bucket" : "";
    EXPECT_TRUE(names_in(text).contains(name + ending)) << name;
  }
  EXPECT_EQ(older.find("# EOF"), std::string::npos);
}

TEST(GrafanaDashboard, NoPanelNamesAMetricThatThereIsNot) {
  const std::set<std::string> names =
      names_in(metrics_text(a_world(), MetricsFormat::open_metrics));
  const std::regex metric("gangline_[a-z_]+");
  const std::string dashboard = grafana_dashboard();
  int found = 0;
  for (auto it = std::sregex_iterator(dashboard.begin(), dashboard.end(), metric);
       it != std::sregex_iterator(); ++it, ++found)
    EXPECT_TRUE(names.contains(it->str())) << it->str();
  EXPECT_GT(found, 30);
}

}  // namespace
}  // namespace gangline
