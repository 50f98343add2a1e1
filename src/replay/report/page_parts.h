// The parts of a page, each a section of HTML over the same simulations.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "replay/history.h"
#include "replay/report/measures.h"
#include "replay/report/rows.h"

namespace gangline {

/// One stretch of time for all pictures of a page, so that they can be compared.
class TimeAxis {
 public:
  static constexpr std::int64_t units = 10'000;  ///< the whole of it in a picture

  TimeAxis() = default;
  explicit TimeAxis(std::span<const PolicyRun> runs);

  Time begin() const { return begin_; }
  Time end() const { return end_; }
  /// Whether its times are dates; else they count from the beginning.
  bool dated() const;
  std::int64_t at(Time time) const;     ///< 0..units; what is outside stands at the border
  std::string moment(Time time) const;  ///< "2017-10-09 12:00" or "3d04h"
  /// Round times inside, at most `most`.
  std::vector<Time> ticks(std::int64_t most) const;
  std::string tick_label(Time time, std::int64_t most) const;

 private:
  Span step(std::int64_t most) const;

  Time begin_{0}, end_{1};
};

/// Jobs in classes by what they ask for: GPUs, or CPUs where no GPU is asked for nor there.
class JobSizes {
 public:
  static constexpr std::size_t classes = 7;

  JobSizes() = default;
  JobSizes(const History& history, std::span<const PolicyRun> runs);

  bool of_gpus() const { return of_gpus_; }
  const char* unit() const { return of_gpus_ ? "GPU" : "CPU"; }
  double size_of(const ResourceRequest& request) const;  ///< 0.5, 8
  double size_of(const Allocation& held) const;
  double size_of(const Cluster& cluster) const;  ///< of what can be given away
  std::size_t class_of(const ResourceRequest& request) const;
  const char* name_of(std::size_t size_class) const;  ///< "2–4 GPUs"

 private:
  bool of_gpus_ = true;
};

/// What all parts look at.
struct PageScene {
  const History& history;
  std::span<const PolicyRun> runs;
  const std::optional<HistoryError>& error;  ///< of the history as it was recorded
  TimeAxis axis;
  JobSizes sizes;

  /// Jobs of the history of which the run tells what became of them.
  std::size_t jobs_of(const PolicyRun& run) const;
};

/// Who was simulated on what, what was left out, and how far it can be trusted.
std::string head_part(const std::string& title, const PageScene& scene, std::size_t runs_left_out);
std::string measures_part(const PageScene& scene);
std::string use_part(const PageScene& scene);
std::string waits_part(const PageScene& scene);
/// Not longer than `longest` bytes and what its frame takes.
std::string nodes_part(const PageScene& scene, std::size_t longest);
std::string blocked_part(const PageScene& scene);

/// Who held the devices while whom waited, by size and, where users are named, by user.
std::string held_part(const PageScene& scene, const PolicyRun& run);
/// Who held which part of all devices between two times: users, or sizes where none is named.
std::string holders_during(const PageScene& scene, const PolicyRun& run, Time from, Time until);
bool names_users(const History& history);

/// A group of bars beside each other, 1 wide in all: the class of the colour of each, and its part.
std::string stack_of(const std::vector<std::pair<std::string, double>>& parts);
/// Labels under a picture that is as wide as the axis.
std::string labels_of(const TimeAxis& axis, std::int64_t most, const std::string& classes);
/// Lines of the same ticks, for a picture so high.
std::string lines_of(const TimeAxis& axis, std::int64_t most, double height);
/// The class of the colour of a cause, "cause2".
std::string colour_of(IdleBecause cause);

/// For the head of a page and the end of its body.
std::string page_style();
std::string page_script();

}  // namespace gangline
