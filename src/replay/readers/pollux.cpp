// The workloads of Pollux' artifact (OSDI'21). How long a job runs follows from its program, its
// batch size and where it is placed, so its name says the first two.
#include "replay/input/recognise.h"
#include "replay/readers/formats.h"
#include "replay/readers/table.h"

namespace gangline {
namespace {

ReadRow bind(const Header& header, const HowToRead&) {
  const Column id = header.find("name"), submitted = header.find("time"),
               program = header.find("application"), gpus = header.find("num_replicas"),
               batch = header.find("batch_size");
  return [=](const Row& row, HistoryDraft& draft) {
    PastJob job;
    job.id = row.kept(id);
    const std::int64_t size = row.whole(batch, 1, most_of_a_kind);
    job.name = row.kept(program) + " (batch size " + std::to_string(size) + ")";
    job.submitted = row.time(submitted);
    Asked asked;
    asked.gpus = row.whole(gpus, 1, most_of_a_kind);
    if (!row.why().said()) job.request = draft.one(request_of(asked, row.why()));
    return job;
  };
}

}  // namespace

bool looks_like_pollux(std::string_view head) {
  return names_columns(head, ',', {"name", "time", "application", "num_replicas", "batch_size"});
}

Result<History> read_pollux(Input& input, const HowToRead& how) {
  HistoryDraft draft;
  draft.note("no run times in this format: they follow from a table of rates, and are 0 here");
  return read_table(input, bind, how, std::move(draft));
}

}  // namespace gangline
