// The Standard Workload Format 2.2: comments with facts about the machine, then 18 numbers for each
// job, -1 where a fact is not known.
#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <utility>

#include "base/text.h"
#include "replay/input/amounts.h"
#include "replay/input/lines.h"
#include "replay/input/recognise.h"
#include "replay/input/row.h"
#include "replay/readers/formats.h"

namespace gangline {
namespace {

constexpr std::size_t field_count = 18;
constexpr std::size_t most_names = 10'000;

struct Fields {
  Column id{0, "field 1 (job)"}, submit{1, "field 2 (submit)"}, wait{2, "field 3 (wait)"},
      run{3, "field 4 (run time)"}, given{4, "field 5 (processors given)"},
      wanted{7, "field 8 (processors asked for)"}, limit{8, "field 9 (time asked for)"},
      memory{9, "field 10 (memory asked for)"}, status{10, "field 11 (status)"},
      user{11, "field 12 (user)"}, program{13, "field 14 (executable)"},
      queue{14, "field 15 (queue)"}, partition{15, "field 16 (partition)"},
      after{16, "field 17 (preceding job)"};
};
constexpr Fields fields{};

struct Machine {
  Span begin{0};
  std::map<std::string, std::string, std::less<>> queues, partitions;  ///< by number
};

// "; Queue: 1 batch"
void learn(std::string_view comment, Machine& machine) {
  while (comment.starts_with(';')) comment.remove_prefix(1);
  const auto colon = comment.find(':');
  if (colon == std::string_view::npos) return;
  const std::string_view key = trim(comment.substr(0, colon));
  const std::string_view value = trim(comment.substr(colon + 1));
  if (key == "UnixStartTime") {
    const auto at = parse_time(value);
    if (at) machine.begin = *at - Time{0};
  }
  const auto blank = value.find_first_of(" \t");
  if (blank == std::string_view::npos) return;
  auto* names = key == "Queue"       ? &machine.queues
                : key == "Partition" ? &machine.partitions
                                     : nullptr;
  if (names != nullptr && names->size() < most_names)
    (*names)[std::string(value.substr(0, blank))] = kept_text(trim(value.substr(blank)));
}

bool known(const Row& row, const Column& column) {
  return row.has(column) && !row.text(column).starts_with('-');
}

std::string named(const Row& row, const Column& column,
                  const std::map<std::string, std::string, std::less<>>& names) {
  if (!known(row, column)) return "";
  const auto found = names.find(row.text(column));
  return found == names.end() ? row.kept(column) : found->second;
}

std::int64_t processors_of(const Row& row) {
  for (const Column& column : {fields.given, fields.wanted})
    if (known(row, column) && row.text(column) != "0") return row.whole(column, 1, most_of_a_kind);
  row.why().say("neither the processors given nor those asked for are known");
  return 1;
}

PastJob job_of(const Row& row, const Machine& machine, const HowToRead& how, HistoryDraft& draft) {
  PastJob job;
  job.id = row.kept(fields.id);
  job.submitted = row.time(fields.submit) + machine.begin;
  const std::int64_t status = row.whole(fields.status, -1, 100);
  if (status >= 2 && status <= 4) row.why().say("it is a part of a job that has its own line");
  if (!known(row, fields.run) && row.has(fields.run)) row.why().say("the run time is not known");
  job.run = row.span(fields.run);
  if (known(row, fields.wait)) {
    job.started = job.submitted + row.span(fields.wait);
    job.ended = *job.started + job.run;
  }
  if (known(row, fields.limit) && row.number(fields.limit) > 0) job.limit = row.span(fields.limit);
  job.user = named(row, fields.user, {});
  job.name = named(row, fields.program, {});
  job.queue = named(row, fields.queue, machine.queues);
  if (job.queue.empty()) job.queue = named(row, fields.partition, machine.partitions);
  constexpr std::int64_t most_kib = std::int64_t{1} << 36;
  const Bytes memory{known(row, fields.memory) ? row.whole(fields.memory, 0, most_kib) << 10 : 0};
  const std::int64_t processors = processors_of(row);
  if (row.why().said()) return job;
  if (known(row, fields.after)) draft.count("jobs waited for another, which is not kept");
  job.request = draft.one(processors_request(processors, how.processors, memory, row.why()));
  return job;
}

}  // namespace

bool looks_like_swf(std::string_view head) {
  Why why;
  FieldCutter cutter(' ');
  const auto& cut = cutter.cut(first_line(head, ';'), why);
  return cut.size() == field_count && std::all_of(cut.begin(), cut.end(), [](auto field) {
           return parse_decimal(field).has_value();
         });
}

Result<History> read_swf(Input& input, const HowToRead& how) {
  HistoryDraft draft;
  draft.note(how.processors == Processors::gpus
                 ? "its processors are taken as GPUs, as asked for"
                 : "the format knows no GPUs; its processors are taken as CPUs");
  Machine machine;
  FieldCutter cutter(' ');
  Lines lines(input);
  Line line;
  while (!draft.full() && lines.next(line)) {
    Why why;
    if (!line.broken.empty()) why.say(line.broken);
    if (!why.said() && trim(line.text).starts_with(';')) {
      learn(trim(line.text), machine);
      continue;
    }
    const auto& cut = cutter.cut(why.said() ? std::string_view() : line.text, why);
    if (!why.said() && cut.size() != field_count)
      why.say("it has not 18 fields", "it has " + std::to_string(cut.size()) + " fields, not 18");
    if (why.said()) draft.leave_out(line.number, why);
    else draft.add(job_of(Row(cut, why), machine, how, draft), line.number, why);
  }
  return std::move(draft).finish(input);
}

}  // namespace gangline
