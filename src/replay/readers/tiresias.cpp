// Inputs of the Tiresias simulator (NSDI'19).
#include "replay/input/recognise.h"
#include "replay/readers/formats.h"
#include "replay/readers/table.h"

namespace gangline {
namespace {

ReadRow bind(const Header& header, const HowToRead&) {
  const Column id = header.find("job_id"), gpus = header.find("num_gpu"),
               submitted = header.find("submit_time"), model = header.find("model_name"),
               duration = header.find("duration");
  return [=](const Row& row, HistoryDraft& draft) {
    PastJob job;
    job.id = row.kept(id);
    job.name = row.kept(model);
    job.submitted = row.time(submitted);
    job.run = row.span(duration);
    Asked asked;
    asked.gpus = row.whole(gpus, 1, most_of_a_kind);
    if (!row.why().said()) job.request = draft.one(request_of(asked, row.why()));
    return job;
  };
}

}  // namespace

bool looks_like_tiresias(std::string_view head) {
  return names_columns(head, ',', {"job_id", "num_gpu", "submit_time", "duration"});
}

Result<History> read_tiresias(Input& input, const HowToRead& how) {
  HistoryDraft draft;
  draft.note("no users, time limits or recorded starts, and no CPUs or memory asked for");
  return read_table(input, bind, how, std::move(draft));
}

}  // namespace gangline
