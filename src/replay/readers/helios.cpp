// Job logs of SenseTime's Helios and of Acme (Seren and Kalos, Shanghai AI Lab), which share their
// columns: https://github.com/S-Lab-System-Group/HeliosData, https://github.com/InternLM/AcmeTrace
#include "replay/input/recognise.h"
#include "replay/readers/formats.h"
#include "replay/readers/table.h"

namespace gangline {
namespace {

struct Columns {
  explicit Columns(const Header& header)
      : id(header.find("job_id")),
        user(header.find("user")),
        queue(header.find("vc")),
        kind(header.find("type")),
        gpus(header.find("gpu_num")),
        cpus(header.find("cpu_num")),
        nodes(header.find("node_num")),
        memory(header.find("mem_per_pod_GB")),
        submitted(header.find("submit_time")),
        started(header.find("start_time")),
        ended(header.find("end_time")),
        duration(header.find("duration")) {}
  Column id, user, queue, kind, gpus, cpus, nodes, memory, submitted, started, ended, duration;
};

Asked asked_of(const Row& row, const Columns& columns) {
  Asked asked;
  asked.gpus = row.whole(columns.gpus, 0, most_of_a_kind);
  if (row.has(columns.nodes)) asked.parts = row.whole(columns.nodes, 0, most_of_a_kind);
  if (row.has(columns.cpus))
    asked.cpu_thousandths = row.whole(columns.cpus, 0, most_of_a_kind) * 1000;
  if (row.has(columns.memory)) {
    constexpr std::int64_t most_gib = 1 << 20;
    const std::int64_t parts = asked.parts > 0 ? asked.parts : 1;
    asked.memory = gibibytes(row.whole(columns.memory, 0, most_gib)) * parts;
  }
  return asked;
}

ReadRow bind(const Header& header, const HowToRead&) {
  return [columns = Columns(header)](const Row& row, HistoryDraft& draft) {
    PastJob job;
    job.id = row.kept(columns.id);
    job.user = row.kept(columns.user);
    job.queue = row.kept(columns.queue);
    job.name = row.kept(columns.kind);
    job.submitted = row.time(columns.submitted);
    job.started = row.time_if_any(columns.started);
    job.ended = row.time_if_any(columns.ended);
    take_run(row, columns.duration, job);
    const Asked asked = asked_of(row, columns);
    if (!row.why().said()) job.request = draft.one(request_of(asked, row.why()));
    return job;
  };
}

}  // namespace

bool looks_like_helios(std::string_view head) {
  return names_columns(head, ',', {"job_id", "gpu_num", "submit_time", "duration"});
}

Result<History> read_helios(Input& input, const HowToRead& how) {
  HistoryDraft draft;
  draft.note("no time limits in this format; times without a zone are taken as UTC");
  return read_table(input, bind, how, std::move(draft));
}

}  // namespace gangline
