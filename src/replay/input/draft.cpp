#include "replay/input/draft.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "base/text.h"
#include "replay/input/input.h"

namespace gangline {

void Why::say(std::string brief, std::string detail) {
  if (said()) return;
  brief_ = std::move(brief);
  detail_ = std::move(detail);
}

void leave_out(LeftOut& left_out, std::uint64_t line, const Why& why) {
  ++left_out.count;
  ++left_out.by_reason[why.brief()];
  if (left_out.examples.size() < LeftOut::most_examples)
    left_out.examples.push_back({line, why.detail()});
}

std::string kept_text(std::string_view text) {
  text = text.substr(0, longest_text_kept);
  const auto plain = [](char c) { return c >= 0x20 && c < 0x7f; };
  return std::all_of(text.begin(), text.end(), plain) ? std::string(text) : printable(text);
}

void HistoryDraft::add(PastJob job, std::uint64_t line, const Why& why) {
  if (why.said()) return leave_out(line, why);
  ++history_.entries;
  if (job.started && *job.started < job.submitted)
    count("jobs began before they were submitted, as the file tells it");
  history_.jobs.push_back(std::move(job));
}

void HistoryDraft::leave_out(std::uint64_t line, const Why& why) {
  ++history_.entries;
  gangline::leave_out(history_.left_out, line, why);
}

std::size_t HistoryDraft::Hash::operator()(const ResourceRequest& request) const {
  std::size_t hash = request.tasks;
  const auto mix = [&](std::size_t value) { hash = (hash ^ value) * 0x9e3779b97f4a7c15u; };
  for (const TaskRequest& task : request.alternatives) {
    mix(task.cpus.thousandths);
    mix(static_cast<std::size_t>(task.memory.n));
    if (!task.devices) continue;
    mix(task.devices->count);
    mix(static_cast<std::size_t>(task.devices->share.thousandths));
    mix(std::hash<std::string>{}(task.devices->model));
  }
  return hash ^ (hash >> 32);
}

std::shared_ptr<const ResourceRequest> HistoryDraft::one(ResourceRequest request) {
  const auto known = requests_.find(request);
  if (known != requests_.end()) return known->second;
  auto shared = std::make_shared<const ResourceRequest>(request);
  requests_.emplace(std::move(request), shared);
  return shared;
}

Result<History> HistoryDraft::finish(const Input& input) && {
  if (input.error()) return *input.error();
  if (full())
    return Error{ErrorKind::refused,
                 "the file holds more than " + std::to_string(most_entries) + " entries",
                 input.name(), "cut it into pieces by time"};
  for (const auto& [text, n] : counted_) history_.notes.push_back(std::to_string(n) + " " + text);
  return std::move(history_);
}

}  // namespace gangline
