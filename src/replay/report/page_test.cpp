#include "replay/report/page.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <limits>
#include <random>

#include "replay/report/made_world.h"
#include "replay/report/page_text.h"
#include "replay/report/page_use.h"

namespace gangline {
namespace {

using std::string;

/// Reads a page as a browser would and says the first thing that is wrong: a tag that ends what was
/// not begun, is not ended, or an attribute that is not closed. Empty: well formed.
class TagCheck {
 public:
  explicit TagCheck(std::string_view html) : html_(html) {}

  string wrong() {
    while (at_ < html_.size()) {
      if (html_[at_] != '<') {
        if (html_[at_] == '&' && !reference()) return "a bare & at " + near();
        ++at_;
      } else if (html_.substr(at_, 9) == "<!doctype") {
        at_ = html_.find('>', at_) + 1;
      } else if (const string error = tag(); !error.empty()) {
        return error;
      }
    }
    return open_.empty() ? "" : "<" + open_.back() + "> is not ended";
  }

 private:
  string near() const { return "'" + string(html_.substr(at_, 80)) + "'"; }

  bool reference() const {
    const auto end = html_.find(';', at_);
    return end != std::string_view::npos && end - at_ <= 6;
  }

  string tag() {
    const bool ends = html_.substr(at_, 2) == "</";
    std::size_t i = at_ + (ends ? 2 : 1);
    const std::size_t from = i;
    while (i < html_.size() && (std::isalnum(static_cast<unsigned char>(html_[i])) != 0)) ++i;
    const string name(html_.substr(from, i - from));
    if (name.empty()) return "a bare < at " + near();
    char quote = 0;
    for (; i < html_.size() && (quote != 0 || html_[i] != '>'); ++i) {
      if (quote != 0) quote = html_[i] == quote ? '\0' : quote;
      else if (html_[i] == '"' || html_[i] == '\'') quote = html_[i];
      else if (html_[i] == '<') return "a < inside of the tag " + near();
    }
    if (i == html_.size()) return "a tag that does not end at " + near();
    const bool closed = html_[i - 1] == '/';
    const string error = ends ? end_of(name) : begin_of(name, closed);
    at_ = i + 1;
    if (error.empty() && !ends && (name == "script" || name == "style")) {
      at_ = html_.find("</" + name, at_);
      if (at_ == std::string_view::npos) return "<" + name + "> is not ended";
    }
    return error;
  }

  string end_of(const string& name) {
    if (open_.empty() || open_.back() != name)
      return "</" + name + "> ends <" + (open_.empty() ? "nothing" : open_.back()) + "> at " +
             near();
    open_.pop_back();
    return "";
  }

  string begin_of(const string& name, bool closed) {
    if (name != "meta" && name != "link" && name != "input" && !closed) open_.push_back(name);
    return "";
  }

  std::string_view html_;
  std::size_t at_ = 0;
  std::vector<string> open_;
};

MadeJob job(std::int64_t submitted, std::int64_t started, std::int64_t ended,
            std::uint32_t device = 0) {
  MadeJob made;
  made.submitted = submitted;
  made.started = started;
  made.ended = ended;
  made.device = device;
  return made;
}

bool holds(const string& html, const string& text) { return html.find(text) != string::npos; }

/// What stands in a page between two texts, the first time.
string between(const string& html, const string& from, const string& to) {
  const auto begin = html.find(from);
  if (begin == string::npos) return "no " + from;
  const auto end = html.find(to, begin + from.size());
  return html.substr(begin + from.size(), end - begin - from.size());
}

MadeWorld two_users() {
  MadeWorld world(2, 2);
  MadeJob first = job(0, 0, 3600);
  first.id = "first";
  first.gpus = 2;
  MadeJob second = job(600, 3600, 5400);
  second.id = "second";
  second.user = "bob";
  second.gpus = 2;
  MadeJob part = job(900, 900, 1500, 1);
  part.gpus = 0.5;
  part.node = 1;
  return world.add(first).add(second).add(part);
}

TEST(Page, IsWellFormedForOneSimulationAndForMany) {
  const MadeWorld world = two_users();
  for (const std::size_t count : {0u, 1u, 2u, 7u}) {
    std::vector<PolicyRun> runs;
    for (std::size_t i = 0; i < count; ++i)
      runs.push_back(world.run("p" + std::to_string(i), 5400));
    const string page = write_page("a log", world.history, runs);
    EXPECT_EQ(TagCheck(page).wrong(), "") << count << " simulations";
    for (const PolicyRun& run : runs) EXPECT_TRUE(holds(page, "<bdi>" + run.name + "</bdi>"));
  }
}

TEST(Page, TheCheckOfTagsFindsWhatIsWrong) {
  EXPECT_EQ(TagCheck("<p>a <b>b</b></p>").wrong(), "");
  EXPECT_NE(TagCheck("<p>a <b>b</p>").wrong(), "");
  EXPECT_NE(TagCheck("<p>a").wrong(), "");
  EXPECT_NE(TagCheck("<p title='a>b</p>").wrong(), "");
  EXPECT_NE(TagCheck("<p>a & b</p>").wrong(), "");
}

TEST(Page, IsTheSameForTheSame) {
  const MadeWorld world = two_users();
  const std::vector<PolicyRun> runs{world.run("fifo", 5400), world.run("easy", 5400)};
  EXPECT_EQ(write_page("log", world.history, runs), write_page("log", world.history, runs));
}

TEST(Page, AsksNothingOfAnyOtherPlace) {
  const MadeWorld world = two_users();
  const string page = write_page("log", world.history, {world.run("fifo", 5400)});
  for (const char* outside : {"http:", "https:", "//", " src=", "url(", "@import", "import(",
                              "fetch(", "XMLHttpRequest", "<iframe", "<object", "<embed", "<form"})
    EXPECT_FALSE(holds(page, outside)) << outside;
  for (std::size_t at = 0; (at = page.find("href=", at)) != string::npos; ++at)
    EXPECT_TRUE(page.compare(at, 7, "href='#") == 0 || page.compare(at, 13, "href='data:,'") == 0)
        << page.substr(at, 40);
  EXPECT_TRUE(holds(page, "default-src 'none'"));
}

TEST(Page, NamesOfOthersAreTextWhateverTheyHold) {
  const string hostile = "</script><script>alert(1)</script>\"'><img onerror=x> &amp; \x01\xff";
  MadeWorld world = two_users();
  for (PastJob& past : world.history.jobs) past.id = past.name = past.user = hostile;
  for (Node& node : world.found.cluster.nodes) {
    node.name = hostile;
    for (Device& device : node.devices) device.model = hostile;
  }
  world.history.notes = {hostile};
  world.history.left_out = {1, {{hostile, 1}}, {{7, hostile}}};
  world.found.left_out = world.history.left_out;
  world.found.notes = {hostile};
  const string clean = write_page("log", two_users().history, {two_users().run("fifo", 5400)});
  const string page = write_page(hostile, world.history, {world.run(hostile, 5400)});
  EXPECT_EQ(TagCheck(page).wrong(), "");
  EXPECT_FALSE(holds(page, "alert(1)</script>"));
  EXPECT_FALSE(holds(page, "<img"));
  EXPECT_FALSE(holds(page, "\x01"));
  EXPECT_FALSE(holds(page, "\xff"));
  const auto scripts = [](const string& html) {
    std::size_t n = 0;
    for (std::size_t at = 0; (at = html.find("<script", at)) != string::npos; ++at) ++n;
    return n;
  };
  EXPECT_EQ(scripts(page), scripts(clean));
  EXPECT_TRUE(holds(page, "&lt;/script&gt;&lt;script&gt;alert(1)"));
}

TEST(Page, SaysWhatWasLeftOutOfTheHistory) {
  MadeWorld world = two_users();
  world.history.entries = 1'240;
  world.history.left_out.count = 1'237;
  for (int i = 0; i < 14; ++i)
    world.history.left_out.by_reason["reason " + std::to_string(i)] =
        static_cast<std::uint64_t>(100 - i);
  world.history.left_out.examples = {{17, "field 4 is 'x'"}};
  world.history.notes = {"no time limits in this format"};
  const string page = write_page("log", world.history, {world.run("fifo", 5400)});
  EXPECT_TRUE(holds(page, "1,237 entries of 1,240"));
  EXPECT_TRUE(holds(page, "100: <bdi>reason 0</bdi>"));
  EXPECT_TRUE(holds(page, "4 further reasons"));
  EXPECT_TRUE(holds(page, "line 17: <bdi>field 4 is &#39;x&#39;</bdi>"));
  EXPECT_TRUE(holds(page, "no time limits in this format"));
}

TEST(Page, SaysWhichJobsCanNeverRun) {
  MadeWorld world = two_users();
  MadeJob huge;
  huge.id = "huge";
  huge.gpus = 64;
  huge.lot = Lot::hopeless;
  world.add(huge);
  const string page = write_page("log", world.history, {world.run("fifo", 5400)});
  EXPECT_TRUE(holds(page, "1 job under <bdi>fifo</bdi>"));
  EXPECT_TRUE(holds(page, "job <bdi>huge</bdi> asks for 64 gpus"));
}

TEST(Page, NamesNoMoreSimulationsThanItsLimitAndCountsTheOthers) {
  const MadeWorld world = two_users();
  std::vector<PolicyRun> runs(most_runs_of_a_page + 3, world.run("fifo", 5400));
  runs.back().name = "the-last";
  const string page = write_page("log", world.history, runs);
  EXPECT_TRUE(holds(page, "3 further simulations left out of this page"));
  EXPECT_FALSE(holds(page, "the-last"));
}

TEST(Page, WithoutTrueStartsItSaysThatThereIsNoBacktest) {
  MadeWorld world = two_users();
  EXPECT_TRUE(holds(write_page("log", world.history, {world.run("fifo", 5400)}),
                    "There is <b>no back-test error</b>"));
  for (PastJob& past : world.history.jobs) past.started = past.submitted;
  const string page = write_page("log", world.history, {world.run("fifo", 5400)});
  EXPECT_FALSE(holds(page, "no back-test error"));
  // Starts are apart by 0, 0 and 3000 seconds.
  EXPECT_TRUE(holds(page, "0s in the median, 16m40s in the mean, at most 50m00s for 95 of 100 (3"));
}

TEST(Page, WhatIsChangedCarriesTheErrorOfItsHistory) {
  const MadeWorld world = two_users();
  const string page = write_page("log", world.history, {world.run("fifo", 5400)},
                                 HistoryError{"easy", {7, 60, 2, 120, 0, 60, 50}});
  EXPECT_FALSE(holds(page, "no back-test error"));
  EXPECT_TRUE(holds(page, "carries the <b>back-test error</b> of the history"));
  EXPECT_TRUE(holds(page, "<bdi>easy</bdi></b>: 2s in the median, 1m00s in the mean"));
}

TEST(Page, WhatIsNotKnownIsADash) {
  const MadeWorld world = two_users();
  const string page = write_page("log", world.history, {world.run("fifo", 5400)});
  EXPECT_EQ(between(page, "cost of GPUs in use</th>", "</tr>"), "<td>-</td>");
  EXPECT_EQ(between(page, "energy of all GPUs</th>", "</tr>"), "<td>-</td>");
  for (const char* never : {"nan", "inf", "-0 ", "NaN"})
    EXPECT_FALSE(holds(between(page, "<main>", "<script>"), string(">") + never)) << never;
}

TEST(Page, TheBestOfARowIsMarkedOnlyAmongSimulationsOfTheSameJobs) {
  const MadeWorld world = two_users();
  MadeWorld slower(2, 2);
  slower.history = world.history;
  PolicyRun good = world.run("good", 5400), bad = world.run("bad", 5400);
  bad.measures.wait.mean = 2 * good.measures.wait.mean;
  const string same = write_page("log", world.history, {good, bad});
  const string wait = "Wait, from submission to start";
  EXPECT_TRUE(holds(between(same, wait, "</tr>\n<tr><th scope=row>median"), "(best)"));
  bad.measures.ended -= 1;
  const string other = write_page("log", world.history, {good, bad});
  EXPECT_FALSE(holds(between(other, wait, "</tr>\n<tr><th scope=row>median"), "(best)"));
  EXPECT_TRUE(holds(other, "not the same number ran"));
}

TEST(Page, SaysWhoHeldTheGpusWhileOthersWaited) {
  const MadeWorld world = two_users();
  const string page = write_page("log", world.history, {world.run("fifo", 5400)});
  // bob waits from 600 to 3600. Ann holds two of four GPUs then, and half a one for 600 of 3000 s.
  const string row = between(page, "<caption>By user</caption>", "</table>");
  EXPECT_TRUE(holds(row, "<bdi>bob</bdi></th><td>50m00s</td>")) << row;
  EXPECT_TRUE(holds(row, "<b><bdi>ann</bdi></b> 52.5 %, idle 47.5 %")) << row;
  const string longest = between(page, "<caption>The job that waited longest", "</table>");
  EXPECT_TRUE(holds(longest, "<bdi>second</bdi>")) << longest;
  EXPECT_TRUE(holds(longest, "<b><bdi>ann</bdi></b> 52.5 %, idle 47.5 %")) << longest;
}

TEST(Page, WhereNoUserIsNamedSizesTellWhoHeldTheGpus) {
  MadeWorld world = two_users();
  for (PastJob& past : world.history.jobs) past.user.clear();
  const string page = write_page("log", world.history, {world.run("fifo", 5400)});
  EXPECT_FALSE(holds(page, "By user"));
  EXPECT_TRUE(
      holds(between(page, "<caption>The job that", "</table>"), "<b><bdi>2–4 GPUs</bdi></b>"));
}

TEST(Page, AJobIsABarWithASentenceOnItsNode) {
  const MadeWorld world = two_users();
  const string page = write_page("log", world.history, {world.run("fifo", 5400)});
  EXPECT_TRUE(holds(page,
                    "<title>second of bob: 2 GPUs, 2026-01-05 09:00 to 2026-01-05 09:30 (30m00s), "
                    "waited 50m00s</title>"));
  EXPECT_TRUE(holds(page, "title='n0'"));
  EXPECT_FALSE(holds(page, "are not drawn"));
  EXPECT_FALSE(holds(page, "grey together"));
}

TEST(Page, TimesOfAnyYearAreReadOutAsTheyAre) {
  const MadeWorld world = two_users();
  const string page = write_page("log", world.history, {world.run("fifo", 5400)});
  const string numbers = between(page, "class=numbers>", "</script>");
  EXPECT_EQ(numbers.rfind("{\"begin\":1767600000.000,", 0), 0u) << numbers.substr(0, 80);
}

TEST(Page, BearsASimulationInWhichNoTimeWentByAndOneWithoutJobs) {
  MadeWorld world(1, 1);
  EXPECT_EQ(TagCheck(write_page("log", world.history, {world.run("fifo", 0)})).wrong(), "");
  MadeJob never;
  never.lot = Lot::waited;
  world.add(never).add(job(0, 0, 0));
  EXPECT_EQ(TagCheck(write_page("log", world.history, {world.run("fifo", 0)})).wrong(), "");
  PolicyRun bare;  // nothing known at all, not even machines
  const string page = write_page("", {}, {bare});
  EXPECT_EQ(TagCheck(page).wrong(), "");
  EXPECT_TRUE(holds(page, "Nothing to draw"));
}

TEST(Page, AClusterWithoutGpusIsToldInCpus) {
  MadeWorld world(1, 0);  // of 8 CPUs
  MadeJob made = job(0, 0, 100);
  made.gpus = 0;
  made.cpus = 4;
  world.add(made);
  const PolicyRun run = world.run("fifo", 200);
  const string page = write_page("log", world.history, {run});
  EXPECT_EQ(TagCheck(page).wrong(), "");
  EXPECT_TRUE(holds(page, "25.0 % of 8 CPUs used in the mean"));
  EXPECT_FALSE(holds(page, "GPU-hours used"));
}

/// Many jobs of hostile names, one after another on many nodes, each of which had to wait.
MadeWorld large_world(std::size_t jobs) {
  constexpr std::uint32_t nodes = 60, gpus = 8;
  MadeWorld world(nodes, gpus);
  const string hostile(80, '"');
  std::mt19937 random(7);
  std::vector<std::int64_t> free(std::size_t{nodes} * gpus, 0);
  for (std::size_t i = 0; i < jobs; ++i) {
    const auto place = static_cast<std::size_t>(random() % free.size());
    const auto run = static_cast<std::int64_t>(1 + random() % 5'000);
    MadeJob made = job(static_cast<std::int64_t>(i / 10), 0, 0);
    made.node = static_cast<std::uint32_t>(place / gpus);
    made.device = static_cast<std::uint32_t>(place % gpus);
    made.started = std::max(made.submitted, free[place]);
    made.ended = free[place] = *made.started + run;
    made.id = std::to_string(i) + hostile;
    made.user = std::to_string(random() % 5'000) + hostile;
    world.add(made);
  }
  for (Node& node : world.found.cluster.nodes) node.name += hostile;
  return world;
}

PolicyRun large_run(const MadeWorld& world, const string& name) {
  PolicyRun run = world.bare_run(name, 360'000);
  Timeline timeline(MadeWorld::begin, seconds(360), 1'600'000);
  for (int i = 0; i <= 1'000; ++i) {
    const double used = 1'000 * (i * 37 % 1'600);
    timeline.set(MadeWorld::begin + seconds(i * 360),
                 {used, 1.0 * i, 1'000.0 * i, static_cast<IdleBecause>(i % 5)});
  }
  run.simulated.timeline = timeline;
  run.measures.gpu_hours = 160'000;
  run.measures.gpu_hours_idle.fill(20'000);
  return run;
}

TEST(Page, StaysShortForManyJobsOfLongNamesAndManySimulations) {
  MadeWorld world = large_world(3'000);
  const string hostile(400, '\'');
  for (int i = 0; i < 50; ++i) world.history.left_out.by_reason[std::to_string(i) + hostile] = 1;
  world.history.left_out.count = 50;
  world.history.left_out.examples.assign(20, {1, hostile});
  world.history.notes.assign(50, hostile);
  std::vector<PolicyRun> runs;
  for (std::size_t i = 0; i < most_runs_of_a_page; ++i) {
    runs.push_back(large_run(world, std::to_string(i) + hostile));
    for (Node& node : runs.back().cluster.cluster.nodes)
      for (Device& device : node.devices) device.model = std::to_string(i) + hostile + device.uid;
  }
  const string page = write_page(hostile, world.history, runs);
  EXPECT_LE(page.size(), longest_page);
  EXPECT_EQ(TagCheck(page).wrong(), "");
}

TEST(Page, AHundredThousandJobsFitAndWhatIsNotDrawnIsCounted) {
  const MadeWorld world = large_world(100'000);
  const auto begun = std::chrono::steady_clock::now();
  const string page = write_page("log", world.history, {large_run(world, "easy")});
  const auto taken = std::chrono::steady_clock::now() - begun;
  EXPECT_LE(page.size(), longest_page);
  EXPECT_EQ(TagCheck(page).wrong(), "");
  EXPECT_TRUE(holds(page, "40 of 60 nodes are shown"));
  EXPECT_TRUE(holds(page, " are grey together"));
  EXPECT_TRUE(holds(page, "class='rest rest"));
  EXPECT_LT(taken, std::chrono::seconds(30));  // for the slowest of sanitizers
}

TEST(Columns, AnAmountCountsInEachColumnByTheTimeItTakesOfIt) {
  Columns columns(Time{0}, Time{100}, 10);
  columns.add(Time{5}, Time{25}, 4);  // half of the first, the second, half of the third
  columns.add(Time{92}, Time{97}, 2);
  columns.add(Time{-50}, Time{10}, 1);  // what is outside does not count
  columns.add(Time{40}, Time{40}, 9);
  const std::vector<double> means = columns.means();
  ASSERT_EQ(means.size(), 10u);
  const std::vector<double> right{3, 4, 2, 0, 0, 0, 0, 0, 0, 1};
  for (std::size_t i = 0; i < right.size(); ++i) EXPECT_NEAR(means[i], right[i], 1e-9) << i;
}

TEST(PageText, IsCutEscapedAndReadable) {
  EXPECT_EQ(shown("a<b>&\"'"), "a&lt;b&gt;&amp;&quot;&#39;");
  EXPECT_EQ(shown("abcdef", 3), "abc…");
  EXPECT_EQ(shown("äöü", 3), "äöü");
  EXPECT_EQ(shown("äöüß", 3), "äöü…");
  EXPECT_FALSE(holds(shown("\x1b[31m"), "\x1b"));
}

TEST(PageText, NumbersHaveAsManyPlacesAsOneReads) {
  EXPECT_EQ(counted(1'234'567), "1,234,567");
  EXPECT_EQ(counted(999), "999");
  EXPECT_EQ(figure(1'234.4), "1,234");
  EXPECT_EQ(figure(12.34), "12.3");
  EXPECT_EQ(figure(0.0451), "0.045");
  EXPECT_EQ(figure(3), "3");
  EXPECT_EQ(figure(-1'234), "-1,234");
  EXPECT_EQ(percent(0.123), "12.3 %");
  EXPECT_EQ(lasting(200), "3m20s");
  EXPECT_EQ(lasting(-200), "-3m20s");
  for (const double strange : {std::nan(""), std::numeric_limits<double>::infinity()}) {
    EXPECT_EQ(figure(strange), "-");
    EXPECT_EQ(percent(strange), "-");
    EXPECT_EQ(lasting(strange), "-");
    EXPECT_EQ(decimal(strange), "0");
  }
  EXPECT_EQ(decimal(-0.001), "0");
  EXPECT_EQ(decimal(1.5), "1.5");
  EXPECT_EQ(several(1, "job"), "1 job");
  EXPECT_EQ(several(2, "job"), "2 jobs");
}

}  // namespace
}  // namespace gangline
