#include "tui/top.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <utility>

#include "base/text.h"
#include "cli/ask.h"
#include "tui/rows.h"
#include "tui/terminal.h"
#include "tui/watch_over.h"

namespace gangline {
namespace {

// One pipe wakes the screen: a byte for news, and one for each signal.
std::array<int, 2> wakes{-1, -1};  // NOLINT: a signal reaches nothing else
volatile std::sig_atomic_t ends_by = 0;

void wake() {
  const char byte = 0;
  // Full: it will wake up anyway.
  if (::write(wakes[1], &byte, 1) < 0) return;
}

void note_signal(int signal) {
  const int before = errno;
  if (signal != SIGWINCH) ends_by = signal;
  wake();
  errno = before;
}

bool set_up_wakes() {
  if (::pipe2(wakes.data(), O_NONBLOCK | O_CLOEXEC) != 0) return false;
  struct sigaction action {};
  action.sa_handler = note_signal;
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGWINCH})
    ::sigaction(signal, &action, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  return true;
}

/// Waits for a key, news, a signal or the time; false: the terminal is gone.
bool wait_for_something(int milliseconds) {
  std::array<pollfd, 2> sources{{{STDIN_FILENO, POLLIN, 0}, {wakes[0], POLLIN, 0}}};
  (void)::poll(sources.data(), sources.size(), milliseconds);
  char bytes[256];
  while (::read(wakes[0], bytes, sizeof bytes) > 0) continue;
  return (sources[0].revents & (POLLHUP | POLLERR | POLLNVAL)) == 0;
}

// Each second the clock goes on; news in between is drawn at once, though not more often than this.
constexpr int clock_ms = 1'000;
constexpr Span between_drawings = milliseconds(100);
constexpr Span longest_silence = seconds(5);  ///< then what is shown is called old

/// Takes what was told. A service that is there and gives no answer is as good as none, until it
/// gives one.
void take_news(Asker& asker, Seen& seen, bool& silent, Time now) {
  const Span silence = asker.silence();  // before the news: what ended it is among them
  bool lost = false;
  for (News& news : asker.take()) {
    lost = lost || std::holds_alternative<ServiceLost>(news);
    update(seen, std::move(news));
  }
  const bool was_silent = std::exchange(silent, silence > longest_silence);
  if (silent && !was_silent) update(seen, ServiceLost{now - silence, "it gives no answer"});
  if (was_silent && !silent && !lost) update(seen, ServiceBack{});
}

int draw_until_quit(Terminal& terminal, Asker& asker, const TopWorld& world) {
  ScreenState state;
  Seen seen;
  seen.may_start = world.starts_services;
  Time drawn{0};
  bool silent = false;
  for (bool there = true; there;) {
    const ScreenSize size = terminal.size();
    bool pressed = false;
    while (const auto key = terminal.read()) {
      seen.says.clear();
      if (const auto order = press(state, seen, *key, size)) asker.order(*order);
      pressed = true;
      if (state.quits) return 0;
    }
    if (ends_by != 0) return ends_by == SIGINT ? 0 : 128 + ends_by;
    const Time now = world.now();
    take_news(asker, seen, silent, now);
    settle(state, seen);
    asker.want(questions_of(state, seen, size, now));
    if (pressed || now - drawn >= between_drawings || now < drawn) {
      terminal.put(draw(state, seen, size, {terminal.utf8(), now}));
      drawn = now;
      there = wait_for_something(clock_ms);
    } else {
      there =
          wait_for_something(static_cast<int>((between_drawings - (now - drawn)).us / 1'000) + 1);
    }
  }
  return 128 + SIGHUP;
}

int show(const TopWorld& world) {
  if (!set_up_wakes()) return 1;
  auto terminal = Terminal::open(world.colours);
  if (!terminal) return 1;
  const auto asker = std::make_shared<Asker>(world.open, wake, world.now);
  asker->begin();
  const int code = draw_until_quit(**terminal, *asker, world);
  terminal->reset();
  return code;
}

// An answer to be had before the screen is taken: what stands in the way is told as a sentence.
Result<void> first_answer(const TopWorld& world) {
  auto service = world.open(true);
  if (!service) return service.error();
  return know_service(**service);
}

Result<Seen> see_once(Service& service, Time now) {
  Seen seen;
  auto status = ask<ServiceStatus>([&](auto reply) { service.status(reply); });
  if (!status) return status.error();
  update(seen, StatusTold{*std::move(status)});
  auto nodes = told_nodes(service, now);
  if (!nodes) return nodes.error();
  update(seen, *std::move(nodes));
  auto jobs = told_jobs(service, Questions{}, now);
  if (!jobs) return jobs.error();
  update(seen, *std::move(jobs));
  return seen;
}

}  // namespace

Result<int> run_screen(const TopWorld& world) {
  if (const auto known = know_terminal(); !known) return known.error();
  if (const auto answer = first_answer(world); !answer) return answer.error();
  return watch_over([&] { return show(world); });
}

Result<std::string> screen_once(const TopWorld& world, int columns) {
  auto service = world.open(true);
  if (!service) return service.error();
  const auto told = see_once(**service, world.now());
  if (!told) return told.error();
  const Seen& seen = *told;
  const bool utf8 = locale_is_utf8();
  std::string text;
  for (const Page page : {Page::devices, Page::jobs}) {
    ScreenState state;
    state.page = page;
    const std::size_t rows =
        page == Page::devices ? device_rows(state, seen).size() : job_rows(state, seen).size();
    const ScreenSize size{static_cast<int>(rows) + 8, columns};
    const Grid grid = draw(state, seen, size, {utf8, world.now()});
    // Without the titles, the summary above jobs and the keys.
    for (int row = page == Page::devices ? 1 : 2; row < size.rows - 1; ++row)
      if (const std::string line = grid.row_text(row); !line.empty()) text += line + "\n";
    if (page == Page::devices) text += "\n";
  }
  return text;
}

}  // namespace gangline
