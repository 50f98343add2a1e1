#include "engine/slurm/node/task_words.h"

#include <csignal>

#include "base/text.h"
#include "json/json.h"

namespace gangline {
namespace {

constexpr std::string_view mark = "gang-task ";
constexpr std::string_view signal_word = "signal ";
// srun passes on what a task writes in pieces of 1 KiB, between which those of others may come.
constexpr std::size_t longest_detail = 500;

}  // namespace

std::string task_news_line(const TaskNews& news) {
  Ending ending = news.note.ending;
  ending.last_lines.clear();
  if (ending.detail.size() > longest_detail) ending.detail.resize(longest_detail);
  return std::string(mark) + std::to_string(news.rank) + " " + (news.ended ? "end " : "began ") +
         std::to_string(news.note.started.us) + " " + std::to_string(news.note.at.us) + " " +
         to_json(ending) + "\n";
}

std::optional<TaskNews> task_news_from(std::string_view line) {
  if (!line.starts_with(mark)) return std::nullopt;
  line.remove_prefix(mark.size());
  const auto words = split(line, ' ');
  if (words.size() < 5 || (words[1] != "end" && words[1] != "began")) return std::nullopt;
  const auto rank = parse_number(words[0]), started = parse_number(words[2]),
             at = parse_number(words[3]);
  if (!rank || *rank >= most_tasks_in_a_gang || !started || !at) return std::nullopt;
  auto ending =
      from_json<Ending>(line.substr(static_cast<std::size_t>(words[4].data() - line.data())));
  if (!ending) return std::nullopt;
  TaskNews news;
  news.rank = static_cast<std::uint32_t>(*rank);
  news.ended = words[1] == "end";
  news.note = {Time{static_cast<std::int64_t>(*started)}, Time{static_cast<std::int64_t>(*at)},
               *std::move(ending)};
  return news;
}

std::string signal_line(int number) {
  return std::string(signal_word) + std::to_string(number) + "\n";
}

std::optional<int> signal_from(std::string_view line) {
  if (!line.starts_with(signal_word)) return std::nullopt;
  const auto number = parse_number(line.substr(signal_word.size()));
  if (!number || *number == 0 || *number >= NSIG) return std::nullopt;
  return static_cast<int>(*number);
}

std::optional<std::string> LineReader::next() {
  const std::size_t end = bytes_.find('\n');
  if (end == std::string::npos) {
    if (bytes_.size() > longest_line) bytes_.clear();
    return std::nullopt;
  }
  std::string line = bytes_.substr(0, end);
  bytes_.erase(0, end + 1);
  return line;
}

}  // namespace gangline
