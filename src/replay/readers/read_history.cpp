#include "replay/readers/read_history.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/text.h"
#include "replay/clusters/read_cluster.h"
#include "replay/input/amounts.h"
#include "replay/input/input.h"
#include "replay/input/recognise.h"

namespace gangline {
namespace {

std::vector<std::string_view> format_names() {
  std::vector<std::string_view> names;
  for (const HistoryFormat& format : history_formats()) names.push_back(format.name);
  return names;
}

Error is_cluster(const Input& input, const ClusterFormat& format) {
  return {ErrorKind::usage,
          "this is a list of machines (" + std::string(format.name) + "), not a history of jobs",
          input.name(), "give it as --cluster " + shell_quote(input.name())};
}

Result<const HistoryFormat*> chosen_format(const Input& input, const std::string& name) {
  for (const HistoryFormat& format : history_formats()) {
    if (!name.empty() && name == format.name) return &format;
    if (name.empty() && format.looks_like(input.window())) return &format;
  }
  if (name.empty()) {
    for (const ClusterFormat& format : cluster_formats())
      if (format.looks_like(input.window())) return is_cluster(input, format);
    return unknown_format(input, "a history of jobs", format_names());
  }
  return no_such_format(name, format_names());
}

// Takes away the jobs of other queues, which nobody asked for.
void keep_queue(History& history, const std::string& queue) {
  const std::size_t before = history.jobs.size();
  std::erase_if(history.jobs, [&](const PastJob& job) { return job.queue != queue; });
  const std::size_t others = before - history.jobs.size();
  history.entries -= others;
  if (others > 0)
    history.notes.push_back(std::to_string(others) + " jobs of other queues were passed over");
}

void sort_by_submission(std::vector<PastJob>& jobs) {
  const auto earlier = [](const PastJob& a, const PastJob& b) { return a.submitted < b.submitted; };
  if (!std::is_sorted(jobs.begin(), jobs.end(), earlier))
    std::stable_sort(jobs.begin(), jobs.end(), earlier);
}

Error none_usable(const Input& input, const HistoryFormat& format, const History& history) {
  const LeftOut& left = history.left_out;
  const auto most =
      std::max_element(left.by_reason.begin(), left.by_reason.end(),
                       [](const auto& a, const auto& b) { return a.second < b.second; });
  return {
      ErrorKind::refused,
      "none of its " + std::to_string(left.count) + " entries can be used as " +
          std::string(format.name) + "; of " + std::to_string(most->second) + ": " + most->first,
      input.name(), "check that this is " + std::string(format.help) + ", or name another format"};
}

Result<History> read(Input& input, const HowToRead& how) {
  const auto format = chosen_format(input, how.format);
  if (!format) return format.error();
  if (!how.arrivals.empty() && (*format)->name != "openb")
    return Error{
        ErrorKind::usage,
        "an order of arrivals is of openb's pods, and this is " + std::string((*format)->name),
        input.name(), "leave out the arrivals"};
  auto history = (*format)->read(input, how);
  if (!history) return history;
  if (history->jobs.empty() && history->left_out.count > 0)
    return none_usable(input, **format, *history);
  if (!how.queue.empty()) {
    keep_queue(*history, how.queue);
    if (history->jobs.empty())
      return Error{ErrorKind::refused, "no job is of the queue '" + printable(how.queue) + "'",
                   input.name(), "leave the queue out to see all jobs"};
  }
  sort_by_submission(history->jobs);
  return history;
}

}  // namespace

Result<History> read_history(const std::string& path, const HowToRead& how) {
  auto input = Input::open(path);
  if (!input) return input.error();
  return read(*input, how);
}

Result<History> read_history_text(std::string_view bytes, const std::string& name,
                                  const HowToRead& how) {
  auto input = Input::of(bytes, name);
  if (!input) return input.error();
  return read(*input, how);
}

}  // namespace gangline
