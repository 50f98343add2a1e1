#include <gtest/gtest.h>

#include <clocale>
#include <cmath>

#include "tui/rows.h"

namespace gangline {
namespace {

const Time noon{1'790'000'000'000'000};

KeyPress typed(char32_t character) { return {KeyKind::character, character}; }

/// Two machines with two GPUs each; jobs wait, run and have ended.
struct Lab {
  ScreenState state;
  Seen seen;
  ScreenSize size{24, 80};
  bool utf8 = true;

  Lab() {
    std::setlocale(LC_CTYPE, "C.UTF-8");
    NodesTold nodes;
    for (std::uint32_t n = 0; n < 2; ++n) nodes.nodes.push_back(node(n));
    nodes.nodes[0].use[0].gangs.emplace_back(GangId{JobId{1}, 0}, whole_device);
    nodes.nodes[1].use[1].foreign = "pid 42 (python3) of eve";
    nodes.at = noon;
    update(seen, std::move(nodes));
    JobsTold jobs;
    jobs.running.jobs = {job(1, "resnet", GangPhase::running)};
    jobs.waiting = JobsSeen{
        {job(5, "second", GangPhase::waiting), job(3, "third", GangPhase::waiting)}, false};
    jobs.ended = JobsSeen{{job(2, "gone", GangPhase::ended)}, false};
    jobs.at = noon;
    update(seen, std::move(jobs));
  }

  static NodeView node(std::uint32_t n) {
    NodeView view;
    view.id = NodeId{n};
    view.node.name = n == 0 ? "alpha" : "beta";
    view.node.memory = gibibytes(64);
    view.sample = NodeSample{noon, {}, {}, {}};
    for (std::uint32_t d = 0; d < 2; ++d) {
      Device device;
      device.vendor = "nvidia";
      device.model = "NVIDIA A100";
      device.uid = "GPU-" + std::to_string(n * 2 + d);
      device.memory = gibibytes(40);
      view.node.devices.push_back(device);
      DeviceSample sample;
      sample.busy_percent = 10.0 * (n * 2 + d);
      if (d == 0) sample.temperature_celsius = 50;
      view.sample->devices.push_back(sample);
      view.use.emplace_back();
    }
    return view;
  }
  static JobSummary job(std::uint64_t id, const std::string& name, GangPhase phase) {
    JobSummary one;
    one.id = JobId{id};
    one.name = name;
    one.owner = id % 2 == 0 ? "bert" : "anna";
    one.phase = phase;
    one.gangs = 1;
    one.submitted = noon - minutes(5);
    if (phase == GangPhase::running) one.started = noon - minutes(3);
    if (phase == GangPhase::waiting) one.reason = "1 gpu wanted, none is free";
    return one;
  }
  void open(const JobSummary& summary, const std::string& cells = "") {
    JobTold told;
    told.job.summary = summary;
    told.job.gangs.emplace_back();
    told.job.gangs[0].id = {summary.id, 0};
    if (!cells.empty()) {
      told.job.summary.gangs = static_cast<std::uint32_t>(cells.size());
      told.cells = GangCells{summary.id, 0, told.job.summary.gangs, cells};
    }
    update(seen, std::move(told));
    state.page = Page::job;
    state.job = summary.id;
    settle(state, seen);
  }

  std::optional<Wish> press_key(const KeyPress& key) { return press(state, seen, key, size); }
  void type(const std::string& text) {
    for (const char c : text) press_key(typed(static_cast<char32_t>(c)));
  }
  Grid drawn() const { return draw(state, seen, size, {utf8, noon, "gang top"}); }
  std::string screen() const {
    const Grid grid = drawn();
    std::string text;
    for (int row = 0; row < size.rows; ++row) text += grid.row_text(row) + "\n";
    return text;
  }
  bool shows(const std::string& text) const { return screen().find(text) != std::string::npos; }
  std::string last_row() const { return drawn().row_text(size.rows - 1); }
};

TEST(Grid, WideCharactersTakeTwoColumnsAndMarksNone) {
  const Lab lab;
  Grid grid({1, 10}, true);
  EXPECT_EQ(grid.put(0, 0, "日本"), 4);
  EXPECT_EQ(grid.at(0, 1).text, "");
  EXPECT_EQ(grid.put(0, 4, "e\u0301x"), 6);
  EXPECT_EQ(grid.at(0, 4).text, "e\u0301");
  EXPECT_EQ(grid.row_text(0), "日本e\u0301x");
  grid.put(0, 1, "x");  // over the right half of one
  EXPECT_EQ(grid.row_text(0), " x本e\u0301x");
}

TEST(Grid, AWideCharacterIsNeverCutInTwo) {
  const Lab lab;
  Grid grid({1, 5}, true);
  EXPECT_EQ(grid.put(0, 0, "日本語", Style::plain), 4);
  grid.put_fitted(0, 0, 4, "日本語");
  EXPECT_EQ(grid.row_text(0), "日…");
}

TEST(Grid, WhatMovesTheCursorIsShownAsText) {
  const Lab lab;
  Grid grid({1, 40}, true);
  grid.put(0, 0, "a\x1b[2J\tb\xc2\x9b\xff");
  EXPECT_EQ(grid.row_text(0), "a\\x1b[2J\\x09b\\xc2\\x9b\\xff");
}

TEST(Grid, WithoutUtf8AllIsAscii) {
  const Lab lab;
  Grid grid({1, 20}, false);
  grid.put_fitted(0, 0, 8, "grün…日x – long");
  EXPECT_EQ(grid.row_text(0), "gr?n~?x~");
}

TEST(Grid, NothingIsPutOutsideOfIt) {
  Grid grid({2, 3}, true);
  grid.put(-1, 0, "x");
  grid.put(2, 0, "x");
  grid.put(1, 2, "xyz");
  grid.choose(7);
  EXPECT_EQ(grid.row_text(1), "  x");
}

TEST(Devices, ShowWhoIsOnEach) {
  const Lab lab;
  EXPECT_TRUE(lab.shows("1 resnet (anna)"));
  EXPECT_TRUE(lab.shows("outside: pid 42"));
  EXPECT_TRUE(lab.shows("4 devices: 1 used, 2 free, 1 held from outside"));
}

TEST(Devices, WhatIsNotKnownIsADashAndNeverZero) {
  Lab lab;
  EXPECT_EQ(lab.drawn().row_text(4),
            " gpu 0   A100         0%                  –/40G     –  50C 1 resnet (anna)");
  lab.utf8 = false;
  EXPECT_EQ(lab.drawn().row_text(4),
            " gpu 0   A100         0%                  -/40G     -  50C 1 resnet (anna)");
}

TEST(Devices, SortedByUseTheBusiestIsFirstAndHasItsNodesName) {
  Lab lab;
  lab.type("s");
  EXPECT_EQ(lab.drawn().row_text(3).substr(0, 8), "beta:1  ");
  EXPECT_TRUE(lab.shows("order: busy"));
}

TEST(Devices, TheChosenOneStaysChosenWhereverItsRowGoes) {
  Lab lab;
  lab.press_key({KeyKind::down});
  ASSERT_TRUE(lab.state.device.has_value());
  EXPECT_EQ(*lab.state.device, (DeviceId{NodeId{0}, 1}));
  lab.type("s");
  const Grid grid = lab.drawn();
  for (int row = 3; row < 7; ++row)
    EXPECT_EQ(grid.at(row, 0).chosen, grid.row_text(row).starts_with("alpha:1"));
}

TEST(Devices, HistoryIsALineWithGapsWhereNothingWasRead) {
  Lab lab;
  DeviceReadings line{{NodeId{0}, 0}, "", {0, NAN, 50, 100}, {}, {}};
  update(lab.seen, HistoryTold{{line}});
  EXPECT_TRUE(lab.shows("▁ ▅█"));
  lab.utf8 = false;
  EXPECT_TRUE(lab.shows("_ =#"));
}

TEST(Devices, EnterOpensTheJobThatIsOnIt) {
  Lab lab;
  lab.press_key({KeyKind::enter});
  EXPECT_EQ(lab.state.page, Page::job);
  EXPECT_EQ(lab.state.job, JobId{1});
  lab.press_key({KeyKind::escape});
  EXPECT_EQ(lab.state.page, Page::devices);
}

TEST(Devices, AFilterFindsNodesModelsAndJobs) {
  Lab lab;
  lab.type("/resn");
  EXPECT_TRUE(lab.last_row().starts_with("show what has in it: resn"));
  lab.press_key({KeyKind::enter});
  EXPECT_EQ(device_rows(lab.state, lab.seen).size(), 2u);  // its node, and it
  lab.press_key({KeyKind::escape});
  EXPECT_EQ(device_rows(lab.state, lab.seen).size(), 6u);
  lab.type("/zzz");
  EXPECT_TRUE(lab.shows("nothing here has 'zzz' in it"));
}

TEST(Screen, At60ColumnsItSaysWhichColumnsAreLeftOut) {
  Lab lab;
  lab.size = {15, 60};
  EXPECT_EQ(lab.last_row(), "left out here for want of room: MODEL, TEMP");
  lab.state.page = Page::jobs;
  EXPECT_EQ(lab.last_row(), "left out here for want of room: USER, START");
}

TEST(Screen, At40ColumnsTheClockIsLeftOutAndNothingRunsIntoAnother) {
  Lab lab;
  lab.size = {10, 40};
  update(lab.seen, ChartTold{{noon, {}, true}});
  EXPECT_EQ(lab.drawn().row_text(0), " 1 Devices  2 Jobs  3 Job  4 Plan ? help");
  EXPECT_EQ(lab.last_row(), "left out: MODEL,10 MIN,MEMORY,POWER,TEMP");
  lab.state.page = Page::jobs;
  EXPECT_EQ(lab.last_row(), "left out: USER, GANGS, TIME, START");
  EXPECT_TRUE(lab.shows("WHAT"));
  lab.state.page = Page::plan;
  EXPECT_EQ(lab.drawn().row_text(8), "█ runs ▒ ran, may ░ promised; no older");
  lab.type("?");
  EXPECT_EQ(lab.last_row(), "more rows show more; any key goes back");
  lab.size = {15, 40};
  EXPECT_TRUE(lab.shows("cells: w waits"));
  EXPECT_EQ(lab.last_row(), "any key goes back");
  lab.size = {14, 40};
  EXPECT_EQ(lab.last_row(), "more rows show more; any key goes back");
  lab.type("?");
  for (lab.size = {10, 40}; lab.size.columns < 120; ++lab.size.columns) {
    const std::string titles = lab.drawn().row_text(0);
    EXPECT_TRUE(titles.ends_with(" ? help")) << titles;
    EXPECT_NE(titles.find("4 Plan "), std::string::npos) << titles;
  }
}

TEST(Screen, ItIsDrawnAtAnySize) {
  Lab lab;
  lab.open(Lab::job(7, "sweep", GangPhase::running), std::string(300, 'w'));
  for (const Page page : {Page::devices, Page::jobs, Page::job, Page::plan})
    for (int rows = 1; rows < 40; rows += 3)
      for (int columns = 1; columns < 200; columns += 7) {
        lab.state.page = page;
        lab.size = {rows, columns};
        EXPECT_EQ(lab.drawn().size(), lab.size);
        for (const KeyKind kind :
             {KeyKind::down, KeyKind::page_down, KeyKind::end, KeyKind::right, KeyKind::home})
          lab.press_key({kind});
        lab.state.page = page;
        (void)questions_of(lab.state, lab.seen, lab.size, noon);
        (void)lab.drawn();
      }
}

TEST(Screen, EveryKeyOnEveryPageIsHarmlessOnAnEmptyWorld) {
  for (const Page page : {Page::devices, Page::jobs, Page::job, Page::plan})
    for (char32_t c = ' '; c < 0x7f; ++c) {
      Lab lab;
      lab.seen = Seen{};
      lab.state.page = page;
      EXPECT_FALSE(lab.press_key(typed(c)).has_value());
      (void)lab.drawn();
    }
}

TEST(Screen, AServiceThatIsGoneIsSaidAndWhatWasSeenIsMarkedAsOld) {
  Lab lab;
  update(lab.seen, ServiceLost{noon, "connection refused"});
  EXPECT_TRUE(lab.drawn().row_text(1).starts_with("OLD, of "));
  EXPECT_TRUE(lab.shows("1 resnet (anna)"));
  const auto order = lab.press_key(typed('S'));
  ASSERT_TRUE(order.has_value());
  EXPECT_TRUE(std::holds_alternative<StartWish>(*order));
  update(lab.seen, ServiceBack{});
  EXPECT_FALSE(lab.shows("OLD"));
  lab.seen.may_start = false;  // that of another machine
  update(lab.seen, ServiceLost{noon, "connection refused"});
  EXPECT_TRUE(lab.drawn().row_text(1).ends_with(": connection refused"));
  EXPECT_FALSE(lab.press_key(typed('S')).has_value());
  update(lab.seen, ServiceBack{});
  EXPECT_FALSE(lab.press_key(typed('S')).has_value());
}

TEST(Jobs, WaitInTheOrderInWhichTheyWereTold) {
  Lab lab;
  lab.state.page = Page::jobs;
  const std::string screen = lab.screen();
  EXPECT_LT(screen.find("second"), screen.find("third"));
  EXPECT_LT(screen.find("third"), screen.find("RUNNING: 1"));
  EXPECT_TRUE(lab.shows("1 gpu wanted"));
}

TEST(Jobs, HeadsAreSteppedOver) {
  Lab lab;
  lab.state.page = Page::jobs;
  lab.type("jj");
  EXPECT_EQ(lab.state.chosen_job, JobId{1});
  lab.type("k");
  EXPECT_EQ(lab.state.chosen_job, JobId{3});
}

TEST(Jobs, NothingIsStoppedWithoutAYes) {
  Lab lab;
  lab.state.page = Page::jobs;
  EXPECT_FALSE(lab.press_key(typed('x')).has_value());
  ASSERT_TRUE(lab.state.question.has_value());
  EXPECT_EQ(lab.last_row(), "stop job 5 (second)? y: yes, n: no");
  for (const KeyKind kind : {KeyKind::enter, KeyKind::down, KeyKind::click})
    EXPECT_FALSE(lab.press_key({kind}).has_value());
  EXPECT_TRUE(lab.state.question.has_value());
  EXPECT_FALSE(lab.press_key(typed('n')).has_value());
  EXPECT_FALSE(lab.state.question.has_value());
  lab.press_key(typed('x'));
  const auto order = lab.press_key(typed('y'));
  ASSERT_TRUE(order.has_value());
  EXPECT_EQ(std::get<StopWish>(*order).request.job, JobId{5});
  EXPECT_FALSE(std::get<StopWish>(*order).request.at_once);
}

TEST(Jobs, WhatHasEndedIsNotStopped) {
  Lab lab;
  lab.state.page = Page::jobs;
  lab.press_key({KeyKind::end});
  EXPECT_EQ(lab.state.chosen_job, JobId{2});
  lab.type("x");
  EXPECT_FALSE(lab.state.question.has_value());
  EXPECT_EQ(lab.last_row(), "job 2 has ended");
  lab.press_key({KeyKind::up});
  EXPECT_FALSE(lab.shows("has ended"));
}

TEST(Jobs, AClickChoosesItsRow) {
  Lab lab;
  lab.state.page = Page::jobs;
  lab.press_key({KeyKind::click, 0, rows_above_list + 2, 5});
  EXPECT_EQ(lab.state.chosen_job, JobId{3});
  lab.press_key({KeyKind::click, 0, 0, 2});
  EXPECT_EQ(lab.state.page, Page::devices);
}

TEST(Jobs, WhoeverComesToTheEndIsShownMore) {
  Lab lab;
  lab.state.page = Page::jobs;
  lab.seen.waiting.more = true;
  lab.press_key({KeyKind::page_down});
  EXPECT_EQ(questions_of(lab.state, lab.seen, lab.size, noon).most_jobs, 400u);
}

TEST(Job, OfASweepTheGangThatEndedBadlyIsShownAndStaysShown) {
  Lab lab;
  lab.open(Lab::job(7, "sweep", GangPhase::running), "ddrfwwww");
  EXPECT_EQ(lab.state.gang, 3u);
  EXPECT_TRUE(lab.shows("ddrfwwww"));
  lab.open(Lab::job(7, "sweep", GangPhase::running), "dffdrwww");
  EXPECT_EQ(lab.state.gang, 3u);
  lab.press_key({KeyKind::left});
  EXPECT_EQ(questions_of(lab.state, lab.seen, lab.size, noon).log->gang, (GangId{JobId{7}, 2}));
}

TEST(Job, ALogIsFollowedUntilOneScrollsBack) {
  Lab lab;
  lab.open(Lab::job(1, "resnet", GangPhase::running));
  const LogPlace place{{JobId{1}, 0}, 0, 0, false};
  std::string text;
  for (int i = 0; i < 100; ++i) text += "line " + std::to_string(i) + "\n";
  update(lab.seen, LogTold{place, {text, 0, text.size(), 0}, true});
  EXPECT_TRUE(lab.shows("line 99"));
  lab.press_key({KeyKind::page_up});
  EXPECT_FALSE(lab.shows("line 99"));
  update(lab.seen, LogTold{place, {"line 100\n", text.size(), text.size() + 9, 0}, false});
  EXPECT_FALSE(lab.shows("line 100"));
  lab.type("f");
  EXPECT_TRUE(lab.shows("line 100"));
}

TEST(Job, ACarriageReturnHidesNothingOfALog) {
  Lab lab;
  lab.open(Lab::job(1, "resnet", GangPhase::running));
  update(lab.seen,
         LogTold{{{JobId{1}, 0}, 0, 0, false}, {"secret\rplain\r\nlast", 0, 19, 0}, true});
  EXPECT_EQ(lab.seen.log->lines, (std::deque<std::string>{"secret", "plain", "last"}));
  EXPECT_TRUE(lab.seen.log->unfinished);
}

TEST(Job, ALogThatIsLongIsKeptFromItsEnd) {
  Lab lab;
  const LogPlace place{{JobId{1}, 0}, 0, 0, false};
  std::string text = "cut off\n";
  for (std::size_t i = 0; i < most_log_lines + 10; ++i) text += std::to_string(i) + "\n";
  update(lab.seen, LogTold{place, {text, 1'000, 1'000 + text.size(), 0}, true});
  EXPECT_EQ(lab.seen.log->lines.size(), most_log_lines);
  EXPECT_EQ(lab.seen.log->lines.front(), "10");
  EXPECT_TRUE(lab.seen.log->begins_later);
  update(lab.seen, LogTold{place, {std::string(3 * longest_log_line, 'x'), 0, 0, 0}, false});
  EXPECT_EQ(lab.seen.log->lines.back().size(), longest_log_line);
}

TEST(Job, WhatHasEndedOfItIsNotStoppedAndThatIsSaid) {
  Lab lab;
  lab.open(Lab::job(7, "sweep", GangPhase::running), "dr");
  GangView gang;
  gang.id = {JobId{7}, 0};
  gang.phase = GangPhase::ended;
  update(lab.seen, GangTold{gang});
  lab.type("X");
  EXPECT_FALSE(lab.state.question.has_value());
  EXPECT_EQ(lab.last_row(), "gang 7.0 has ended");
  lab.open(Lab::job(7, "sweep", GangPhase::ended), "dd");
  lab.type("x");
  EXPECT_FALSE(lab.state.question.has_value());
  EXPECT_EQ(lab.last_row(), "job 7 has ended");
}

TEST(Plan, WhereAFilterHidesAllItSaysSoAsDevicesDo) {
  Lab lab;
  update(lab.seen, ChartTold{{noon, {}, false}});
  lab.state.page = Page::jobs;
  lab.type("/thou");
  lab.press_key({KeyKind::enter});
  lab.type("4");
  EXPECT_TRUE(lab.shows("nothing here has 'thou' in it"));
}

TEST(Plan, NothingOfTheRulerRunsIntoNow) {
  Lab lab;
  lab.state.page = Page::plan;
  update(lab.seen, ChartTold{{noon, {}, false}});
  for (lab.size = {10, 40}; lab.size.columns < 200; ++lab.size.columns) {
    const std::string ruler = lab.drawn().row_text(2);
    EXPECT_NE(ruler.find(" now"), std::string::npos) << ruler;
    const std::size_t behind = ruler.find("now") + 3;
    EXPECT_TRUE(behind == ruler.size() || ruler[behind] == ' ') << ruler;
    EXPECT_FALSE(ruler.ends_with(":")) << ruler;
  }
}

TEST(Plan, BarsStandWhereTheirTimeIs) {
  Lab lab;
  lab.state.page = Page::plan;
  TimeBar ran, runs, promised;
  ran.gang = {JobId{2}, 0};
  ran.name = "gone";
  ran.from = noon - minutes(30);
  ran.until = noon - minutes(15);
  ran.cause = EndCause::done;
  ran.devices = {{NodeId{0}, 0}};
  runs = ran;
  runs.gang.job = JobId{1};
  runs.phase = GangPhase::running;
  runs.from = noon - minutes(15);
  runs.until = noon + minutes(15);
  runs.name = "resnet";
  promised = runs;
  promised.phase = GangPhase::waiting;
  promised.gang.job = JobId{5};
  promised.name = "second";
  promised.from = noon + minutes(15);
  promised.until = noon + minutes(30);
  update(lab.seen, ChartTold{{noon, {promised, runs, ran}, false}});
  EXPECT_TRUE(lab.drawn().row_text(3).starts_with("alpha:0   ▒2 gone"));
  EXPECT_TRUE(lab.shows("█1 resnet"));
  EXPECT_TRUE(lab.shows("░5 second"));
  lab.press_key({KeyKind::enter});
  EXPECT_EQ(lab.state.job, JobId{1});
}

TEST(Keys, HelpIsShownUntilAnyKeyAndQuitsQuit) {
  Lab lab;
  lab.type("?");
  EXPECT_TRUE(lab.shows("any key goes back"));
  lab.type("2");
  EXPECT_EQ(lab.state.page, Page::devices);
  lab.type("/q");
  EXPECT_FALSE(lab.state.quits);
  lab.press_key({KeyKind::escape});
  lab.type("q");
  EXPECT_TRUE(lab.state.quits);
}

TEST(Questions, OnlyWhatIsShownIsAsked) {
  Lab lab;
  const Questions devices = questions_of(lab.state, lab.seen, lab.size, noon);
  EXPECT_TRUE(devices.nodes && devices.only_running && !devices.chart && !devices.job);
  EXPECT_EQ(devices.history_of.size(), 4u);
  lab.state.page = Page::jobs;
  const Questions jobs = questions_of(lab.state, lab.seen, lab.size, noon);
  EXPECT_TRUE(jobs.jobs && !jobs.only_running && !jobs.nodes && jobs.history_of.empty());
}

}  // namespace
}  // namespace gangline
