// The jobs.csv that the Batsim simulator writes.
#include "replay/input/recognise.h"
#include "replay/readers/formats.h"
#include "replay/readers/table.h"

namespace gangline {
namespace {

ReadRow bind(const Header& header, const HowToRead& how) {
  const Column id = header.find("job_id"), submitted = header.find("submission_time"),
               wanted = header.find("requested_number_of_resources"),
               limit = header.find("requested_time"), run = header.find("execution_time"),
               started = header.find("starting_time"), queue = header.find("workload_name");
  return [=, kind = how.processors](const Row& row, HistoryDraft& draft) {
    PastJob job;
    job.id = row.kept(id);
    job.queue = row.kept(queue);
    job.submitted = row.time(submitted);
    job.run = row.span(run);
    job.limit = row.span_if_any(limit);
    job.started = row.time_if_any(started);
    if (job.started) job.ended = *job.started + job.run;
    const std::int64_t machines = row.whole(wanted, 1, most_of_a_kind);
    if (!row.why().said())
      job.request = draft.one(processors_request(machines, kind, Bytes{0}, row.why()));
    return job;
  };
}

}  // namespace

bool looks_like_batsim(std::string_view head) {
  return names_columns(
      head, ',', {"job_id", "submission_time", "requested_number_of_resources", "execution_time"});
}

Result<History> read_batsim(Input& input, const HowToRead& how) {
  HistoryDraft draft;
  draft.note(how.processors == Processors::gpus
                 ? "its machines are taken as GPUs, as asked for"
                 : "the format knows no GPUs; each of its machines is taken as one CPU");
  return read_table(input, bind, how, std::move(draft));
}

}  // namespace gangline
