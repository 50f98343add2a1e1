// What a person chose to look at, how keys change that, and which questions follow from it.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "tui/grid.h"
#include "tui/seen.h"

namespace gangline {

enum class Page : std::uint8_t { devices, jobs, job, plan };

enum class DeviceOrder : std::uint8_t { place, busy, memory, power, temperature };
enum class JobOrder : std::uint8_t { start, newest, name, owner };
const char* name_of(DeviceOrder order);
const char* name_of(JobOrder order);

/// Asked before anything is stopped.
struct StopQuestion {
  JobId job;
  std::optional<std::uint32_t> index;
  std::string name;
};
std::string words_of(const StopQuestion& question);  ///< "job 7", "gang 7.3"

/// Which rows of a list are on the screen, and which of them is chosen.
struct ListPlace {
  int first = 0, chosen = 0;
};

struct ScreenState {
  Page page = Page::devices;
  std::vector<Page> before;  ///< where Esc leads back to

  ListPlace device_rows, job_rows, plan_rows;
  std::optional<DeviceId> device;  ///< the chosen one, wherever its row is
  std::optional<JobId> chosen_job;
  DeviceOrder device_order = DeviceOrder::place;
  JobOrder job_order = JobOrder::start;
  std::uint32_t most_jobs = 200;  ///< of each phase; grows when one scrolls there

  std::optional<JobId> job;  ///< the one of Page::job
  std::optional<std::uint32_t> gang;
  std::uint32_t rank = 0;
  bool error_stream = false;
  bool follows = true;         ///< shows the end of the log
  std::uint64_t log_line = 0;  ///< the first one shown, counted from the first one ever seen
  bool shows_why = false;
  int why_line = 0;

  Span chart_past = minutes(30), chart_ahead = minutes(30);

  std::string filter;
  bool types_filter = false;
  std::optional<StopQuestion> question;
  std::string says;  ///< why the newest key did nothing; empty: it did something
  bool helps = false;
  bool quits = false;
};

/// What is to be asked now for the screen to be true.
struct Questions {
  bool nodes = false, jobs = false;
  bool only_running = false;  ///< of the jobs: their names are wanted
  std::uint32_t most_jobs = 200;
  std::string filter;
  std::vector<DeviceId> history_of;
  std::uint32_t history_points = 10;
  std::optional<JobId> job;
  std::optional<LogPlace> log;
  bool why = false;
  std::optional<TimeChartQuery> chart;
  bool operator==(const Questions& other) const;
};

/// What goes to the service because of a key.
struct StopWish {
  StopRequest request;
};
struct StartWish {};  ///< a service is to be started
using Wish = std::variant<StopWish, StartWish>;

enum class KeyKind : std::uint8_t {
  character,
  up,
  down,
  left,
  right,
  page_up,
  page_down,
  home,
  end,
  enter,
  escape,
  backspace,
  click,
  wheel_up,
  wheel_down,
};
struct KeyPress {
  KeyKind kind = KeyKind::character;
  char32_t character = 0;
  int row = 0, column = 0;  ///< of the mouse
};

/// Does what a key says. At most one order comes of it.
std::optional<Wish> press(ScreenState& state, const Seen& seen, const KeyPress& key,
                          ScreenSize size);

/// What a person did not choose and is chosen once: of a job with many gangs the one that is shown.
void settle(ScreenState& state, const Seen& seen);

Questions questions_of(const ScreenState& state, const Seen& seen, ScreenSize size, Time now);

/// How things look on this terminal, at this moment.
struct ScreenLook {
  bool utf8 = true;
  Time now;
  std::string program = "gang top";
};
Grid draw(const ScreenState& state, const Seen& seen, ScreenSize size, const ScreenLook& look);

}  // namespace gangline
