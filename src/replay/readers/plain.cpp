// CSV of our own, for logs that no other reader understands. The first line names the columns, in
// any order; only `submitted` and one of `run` and `ended` must be there:
//
//   id,name,user,queue,submitted,gpus,tasks,cpus,memory,gpu_model,limit,run,started,ended,priority
//
// Times are seconds or ISO 8601; `limit` and `run` are seconds or such as 2h; `memory` is such as
// 16G; gpus, cpus and memory are those of one task, and gpus may be a share such as 0.5.
#include <cmath>
#include <utility>

#include "base/text.h"
#include "model/job.h"
#include "replay/input/amounts.h"
#include "replay/input/recognise.h"
#include "replay/readers/formats.h"
#include "replay/readers/table.h"

namespace gangline {
namespace {

struct Columns {
  explicit Columns(const Header& header)
      : id(header.find("id")),
        name(header.find("name")),
        user(header.find("user")),
        queue(header.find("queue")),
        submitted(header.find("submitted")),
        gpus(header.find("gpus")),
        tasks(header.find("tasks")),
        cpus(header.find("cpus")),
        memory(header.find("memory")),
        model(header.find("gpu_model")),
        limit(header.find("limit")),
        run(header.find("run")),
        started(header.find("started")),
        ended(header.find("ended")),
        priority(header.find("priority")) {}
  Column id, name, user, queue, submitted, gpus, tasks, cpus, memory, model, limit, run, started,
      ended, priority;
};

Span span_in_words(const Row& row, const Column& column) {
  const auto span = parse_span(row.text(column));
  if (!span) row.refuse(column, "is no length of time such as 90 or 2h");
  return span ? *span : Span{0};
}

double number_if_any(const Row& row, const Column& column) {
  const double number = row.has(column) ? row.number(column) : 0;
  if (number >= 0 && number <= static_cast<double>(most_of_a_kind)) return number;
  row.refuse(column, number < 0 ? "is negative" : "is too large");
  return 0;
}

ResourceRequest request_in_words(const Row& row, const Columns& columns) {
  Asked asked;
  const std::int64_t tasks =
      row.has(columns.tasks) ? row.whole(columns.tasks, 1, most_tasks_in_a_gang) : 1;
  asked.parts = tasks;
  asked.cpu_thousandths = std::llround(std::ceil(number_if_any(row, columns.cpus) * 1000)) * tasks;
  asked.model = row.kept(columns.model);
  if (row.has(columns.memory)) {
    const auto memory = parse_bytes(row.text(columns.memory));
    if (!memory || *memory > gibibytes(1 << 20)) row.refuse(columns.memory, "is no size like 16G");
    else asked.memory = *memory * tasks;
  }
  const double gpus = number_if_any(row, columns.gpus);
  const bool part = gpus > 0 && gpus < 1;
  if (!part && gpus != std::floor(gpus)) row.refuse(columns.gpus, "is neither whole nor a share");
  if (row.why().said()) return {};
  asked.gpus = std::llround(std::ceil(gpus)) * tasks;
  if (!part) return request_of(asked, row.why());
  return share_request(asked, std::max(1LL, std::llround(gpus * 1000)), row.why());
}

void take_times(const Row& row, const Columns& columns, PastJob& job) {
  job.submitted = row.time(columns.submitted);
  job.started = row.time_if_any(columns.started);
  job.ended = row.time_if_any(columns.ended);
  if (row.has(columns.limit)) job.limit = span_in_words(row, columns.limit);
  if (row.has(columns.run)) {
    job.run = span_in_words(row, columns.run);
    if (job.started && !job.ended) job.ended = *job.started + job.run;
  } else if (job.started && job.ended) {
    take_run(row, columns.run, job);
  } else {
    row.why().say("neither 'run' nor both 'started' and 'ended' are told");
  }
}

ReadRow bind(const Header& header, const HowToRead&) {
  return [columns = Columns(header), n = std::uint64_t{0}](const Row& row,
                                                           HistoryDraft& draft) mutable {
    PastJob job;
    ++n;
    job.id = row.has(columns.id) ? row.kept(columns.id) : std::to_string(n);
    job.name = row.kept(columns.name);
    job.user = row.kept(columns.user);
    job.queue = row.kept(columns.queue);
    take_times(row, columns, job);
    if (row.has(columns.priority))
      job.priority = static_cast<std::int32_t>(
          row.whole(columns.priority, -highest_priority, highest_priority));
    ResourceRequest request = request_in_words(row, columns);
    if (!row.why().said()) job.request = draft.one(std::move(request));
    return job;
  };
}

}  // namespace

bool looks_like_plain(std::string_view head) {
  return names_columns(head, ',', {"submitted", "run"}) ||
         names_columns(head, ',', {"submitted", "started", "ended"});
}

Result<History> read_plain(Input& input, const HowToRead& how) {
  HistoryDraft draft;
  draft.note("times without a zone are taken as UTC");
  return read_table(input, bind, how, std::move(draft));
}

}  // namespace gangline
