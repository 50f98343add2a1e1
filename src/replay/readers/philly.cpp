// Microsoft's Philly as others packed it into one CSV.
#include "replay/input/recognise.h"
#include "replay/readers/formats.h"
#include "replay/readers/table.h"

namespace gangline {
namespace {

ReadRow bind(const Header& header, const HowToRead&) {
  const Column submitted = header.find("timestamp"), duration = header.find("duration"),
               gpus = header.find("num_gpus"), cluster = header.find("cluster");
  return [=, n = std::uint64_t{0}](const Row& row, HistoryDraft& draft) mutable {
    PastJob job;
    job.id = std::to_string(n++);
    job.submitted = row.time(submitted);
    job.run = row.span(duration);
    job.queue = row.kept(cluster);
    Asked asked;
    asked.gpus = row.whole(gpus, 1, most_of_a_kind);
    if (!row.why().said()) job.request = draft.one(request_of(asked, row.why()));
    return job;
  };
}

}  // namespace

bool looks_like_philly(std::string_view head) {
  return names_columns(head, ',', {"timestamp", "duration", "num_gpus", "cluster"});
}

Result<History> read_philly(Input& input, const HowToRead& how) {
  HistoryDraft draft;
  draft.note("the file names no jobs: their names are their places in it, from 0");
  draft.note("times are without a zone and taken as UTC");
  draft.note("no users, time limits or recorded starts, and no CPUs or memory asked for");
  return read_table(input, bind, how, std::move(draft));
}

}  // namespace gangline
