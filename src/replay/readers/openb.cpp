// Pods of Alibaba's cluster-trace-gpu-v2023, and the order in which an experiment lets them arrive.
#include <limits>
#include <string>
#include <utility>

#include "base/text.h"
#include "replay/input/amounts.h"
#include "replay/input/lines.h"
#include "replay/input/recognise.h"
#include "replay/readers/formats.h"
#include "replay/readers/table.h"

namespace gangline {
namespace {

constexpr Span for_ever = longest_span_in_a_log;

struct Columns {
  explicit Columns(const Header& header)
      : id(header.find("name")),
        cpus(header.find("cpu_milli")),
        memory(header.find("memory_mib")),
        gpus(header.find("num_gpu")),
        share(header.find("gpu_milli")),
        model(header.find("gpu_spec")),
        kind(header.find("qos")),
        created(header.find("creation_time")),
        deleted(header.find("deletion_time")),
        started(header.find("scheduled_time")) {}
  Column id, cpus, memory, gpus, share, model, kind, created, deleted, started;
};

ResourceRequest request_of_pod(const Row& row, const Columns& columns) {
  constexpr std::int64_t most_mib = std::int64_t{1} << 30;
  Asked asked;
  asked.parts = 1;
  asked.cpu_thousandths = row.whole(columns.cpus, 0, most_of_a_kind);
  asked.memory = mebibytes(row.whole(columns.memory, 0, most_mib));
  asked.gpus = row.whole(columns.gpus, 0, most_of_a_kind);
  asked.model = row.kept(columns.model);
  if (asked.gpus != 1 || row.why().said()) return request_of(asked, row.why());
  return share_request(asked, row.whole(columns.share, 1, whole_device.thousandths), row.why());
}

// Pods that were never started are kept, because they asked for what they asked for: how long they
// would have run is taken to be as long as they waited.
void take_times(const Row& row, const Columns& columns, PastJob& job, HistoryDraft& draft) {
  job.submitted = row.time(columns.created);
  job.started = row.time_if_any(columns.started);
  const Time gone = row.time(columns.deleted);
  const Time begun = job.started.value_or(job.submitted);
  if (gone < begun) row.why().say("it was deleted before it began");
  else job.run = gone - begun;
  if (job.started) job.ended = gone;
  else if (!row.why().said())
    draft.count("pods were never started; their run time is how long they were there");
}

// Lists that were made for one experiment tell no times.
void make_times(std::uint64_t number, PastJob& job, HistoryDraft& draft) {
  job.submitted = Time{seconds(static_cast<std::int64_t>(number)).us};
  job.run = for_ever;
  draft.count("pods have no times; they arrive a second apart and never leave");
}

ReadRow bind(const Header& header, const HowToRead&) {
  return [columns = Columns(header), n = std::uint64_t{0}](const Row& row,
                                                           HistoryDraft& draft) mutable {
    PastJob job;
    job.id = row.kept(columns.id);
    job.queue = row.kept(columns.kind);
    if (columns.created.there()) take_times(row, columns, job, draft);
    else make_times(n++, job, draft);
    if (row.why().said()) return job;
    ResourceRequest request = request_of_pod(row, columns);
    if (!row.why().said()) job.request = draft.one(std::move(request));
    return job;
  };
}

// An arrivals file names rows of the pods' file, so none of those may be missing.
Error missing_rows(const Input& pods, const History& history) {
  return {ErrorKind::refused,
          std::to_string(history.left_out.count) + " of its lines cannot be used (" +
              history.left_out.by_reason.begin()->first +
              "), so the rows that an arrivals file names are not certain",
          pods.name(), "mend these lines, or read it without arrivals"};
}

Error no_such_seed(const std::string& path, const std::string& seed) {
  return {ErrorKind::refused, "it has no column 'seed" + printable(seed) + "'", path,
          "name one of the seeds of its first line"};
}

// The rows in the order of their arrival, at one second each.
Result<History> arrange(const History& pods, Input& order, const std::string& seed) {
  HistoryDraft draft;
  for (const std::string& note : pods.notes) draft.note(note);
  draft.note("pods arrive a second apart in the order of " + order.name() + " and never leave");
  Lines lines(order);
  Line line;
  FieldCutter cutter(',');
  Why of_header;
  if (!lines.next(line)) return no_such_seed(order.name(), seed);
  const Header header(cutter.cut(line.text, of_header));
  const Column row_number = header.find({seed, "seed" + seed});
  if (!row_number.there()) return no_such_seed(order.name(), seed);
  const auto last = static_cast<std::int64_t>(pods.jobs.size()) - 1;
  for (std::int64_t n = 0; !draft.full() && lines.next(line); ++n) {
    Why why;
    if (!line.broken.empty()) why.say(line.broken);
    const auto& fields = cutter.cut(why.said() ? std::string_view() : line.text, why);
    const Row row(fields, why);
    const std::int64_t index = row.whole({row_number.at, "the row"}, 0, last);
    PastJob job;
    if (!why.said()) job = pods.jobs[static_cast<std::size_t>(index)];
    job.submitted = Time{seconds(n).us};
    job.run = for_ever;
    job.started.reset();
    job.ended.reset();
    draft.add(std::move(job), line.number, why);
  }
  auto drawn = std::move(draft).finish(order);
  if (!drawn) return drawn;
  std::vector<std::pair<const ResourceRequest*, std::uint64_t>> asked;
  for (const PastJob& pod : pods.jobs) asked.emplace_back(pod.request.get(), 1);
  drawn->usual = usual_tasks(asked);
  return drawn;
}

}  // namespace

bool looks_like_openb(std::string_view head) {
  return names_columns(head, ',', {"name", "cpu_milli", "memory_mib", "num_gpu", "gpu_milli"});
}

Result<History> read_openb(Input& input, const HowToRead& how) {
  auto pods = read_table(input, bind, how);
  if (!pods || how.arrivals.empty()) return pods;
  if (pods->left_out.count > 0) return missing_rows(input, *pods);
  auto order = Input::open(how.arrivals);
  if (!order) return order.error();
  return arrange(*pods, *order, how.seed);
}

}  // namespace gangline
