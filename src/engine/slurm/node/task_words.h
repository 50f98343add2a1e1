// What the task programs of a step and the gang program on its first node say to each other, over
// the standard streams that srun joins: lines of text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/slurm/sending.h"

namespace gangline {

/// From a task: its program runs, or has ended.
struct TaskNews {
  std::uint32_t rank = 0;
  EndNote note;  ///< without last lines, which are read from its log
  bool ended = false;
};
std::string task_news_line(const TaskNews& news);
/// Empty: it is no such line.
std::optional<TaskNews> task_news_from(std::string_view line);

/// To all tasks: this signal to their programs.
std::string signal_line(int number);
std::optional<int> signal_from(std::string_view line);

/// Gives what comes in pieces as whole lines.
class LineReader {
 public:
  void add(std::string_view bytes) { bytes_ += bytes; }
  /// The next whole line, without its end. What has become too long for a line is dropped.
  std::optional<std::string> next();

 private:
  static constexpr std::size_t longest_line = 64 << 10;
  std::string bytes_;
};

}  // namespace gangline
