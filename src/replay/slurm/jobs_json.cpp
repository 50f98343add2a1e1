// sacct --json, in the forms that Slurm wrote until 22.05 and since.
#include <algorithm>
#include <cmath>
#include <utility>

#include "replay/input/amounts.h"
#include "replay/input/json_entries.h"
#include "replay/input/json_value.h"
#include "replay/input/recognise.h"
#include "replay/input/row.h"
#include "replay/readers/formats.h"
#include "replay/slurm/entry.h"

namespace gangline {
namespace {

// 0 is "not yet".
std::optional<Time> time_at(const JsonTree& job, const char* key) {
  const auto number = number_at(job, {"time", key});
  return number && *number > 0 ? time_of_seconds(*number) : std::nullopt;
}

Tres tres_at(const JsonTree& job, const char* key, Why& why) {
  Tres tres;
  const JsonTree& list = value_at(job, {"tres", key});
  if (!list.is_array()) return tres;
  for (const JsonTree& entry : list) {
    std::string name = text_at(entry, {"type"});
    const std::string sub = text_at(entry, {"name"});
    if (!sub.empty()) name += "/" + sub;
    const auto count = number_at(entry, {"count"});
    const bool whole = count && *count >= 0 && *count < 1e12;
    const bool ours = name == "cpu" || name == "mem" || name == "node" || name == "gres/gpu" ||
                      name.starts_with("gres/gpu:");
    if (ours && (!whole || !add_tres(name, std::llround(*count), tres)))
      why.say("its tres make no sense");
  }
  return tres;
}

// The first state of a list is the one that counts.
std::string state_of(const JsonTree& job) {
  const JsonTree& state = value_at(job, {"state", "current"});
  if (state.is_array() && !state.empty() && state.front().is_string())
    return state.front().get<std::string>();
  return text_at(job, {"state", "current"});
}

std::string id_of(const JsonTree& job) {
  const auto number = [&](std::initializer_list<const char*> path) {
    return count_at(job, path, std::int64_t{1} << 52);
  };
  const auto array = number({"array", "job_id"});
  const auto task = number({"array", "task_id"});
  if (array && *array > 0 && task && *task < 4'294'967'294)
    return std::to_string(*array) + "_" + std::to_string(*task);
  const auto id = number({"job_id"});
  return id ? std::to_string(*id) : "";
}

PastJob job_of(const JsonTree& entry, const HowToRead& how, HistoryDraft& draft, Why& why) {
  PastJob job;
  job.id = id_of(entry);
  if (job.id.empty()) why.say("it has no job_id");
  refuse_unended(state_of(entry), why);
  job.name = kept_text(text_at(entry, {"name"}));
  job.user = kept_text(text_at(entry, {"association", "user"}));
  if (job.user.empty()) job.user = kept_text(text_at(entry, {"user"}));
  job.queue = kept_text(text_at(entry, {"partition"}));
  job.nodes = nodes_of(text_at(entry, {"nodes"}));
  const auto elapsed = number_at(entry, {"time", "elapsed"});
  take_times({time_at(entry, "submission"), time_at(entry, "eligible"), time_at(entry, "start"),
              time_at(entry, "end"), elapsed ? span_of_seconds(*elapsed) : std::nullopt},
             job, draft, why);
  const auto limit = number_at(entry, {"time", "limit"});
  if (limit && *limit > 0) job.limit = span_of_seconds(*limit * 60);
  const auto priority = count_at(entry, {"priority"}, 4'294'967'295);
  if (priority)
    job.priority = static_cast<std::int32_t>(std::min<std::int64_t>(*priority, 0x7fffffff));
  Tres asked = tres_at(entry, "requested", why);
  Tres given = tres_at(entry, "allocated", why);
  if (!asked.cpus) asked.cpus = count_at(entry, {"required", "CPUs"}, most_of_a_kind);
  if (!given.nodes) given.nodes = count_at(entry, {"allocation_nodes"}, most_of_a_kind);
  take_request(asked, given, how.as_given, job, draft, why);
  return job;
}

}  // namespace

bool looks_like_slurm_json(std::string_view head) {
  return json_says(head, "jobs") && !json_says(head, "job_state") &&
         (json_says(head, "association") || json_says(head, "Slurm") || json_says(head, "slurm") ||
          json_says(head, "tres"));
}

Result<History> read_slurm_json(Input& input, const HowToRead& how) {
  HistoryDraft draft;
  JsonEntries entries(input, "jobs");
  std::string_view text;
  while (!draft.full() && entries.next(text)) {
    Why why;
    const JsonTree entry = JsonTree::parse(text, nullptr, false);
    if (!entry.is_object()) why.say("it is no JSON object");
    PastJob job = why.said() ? PastJob() : job_of(entry, how, draft, why);
    draft.add(std::move(job), entries.count(), why);
  }
  if (entries.cut_off()) {
    Why why;
    why.say("the file ends inside an entry, or the list of jobs is not there or too deep");
    draft.leave_out(entries.count() + 1, why);
  }
  return std::move(draft).finish(input);
}

}  // namespace gangline
