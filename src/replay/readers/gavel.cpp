// The .trace files of Gavel (OSDI'20): seven fields between tabs, without a line of names.
#include <array>
#include <utility>

#include "replay/input/amounts.h"
#include "replay/input/lines.h"
#include "replay/input/recognise.h"
#include "replay/input/row.h"
#include "replay/readers/formats.h"

namespace gangline {
namespace {

constexpr std::size_t field_count = 7;
constexpr Column name{0, "field 1 (job type)"}, steps{4, "field 5 (steps)"},
    submitted{5, "field 6 (arrival)"}, gpus{6, "field 7 (GPUs)"};

PastJob job_of(const Row& row, std::uint64_t number, HistoryDraft& draft) {
  PastJob job;
  job.id = std::to_string(number);
  job.name = row.kept(name);
  job.submitted = row.time(submitted);
  job.work = row.number(steps);
  if (!row.why().said() && *job.work < 0) row.refuse(steps, "is negative");
  Asked asked;
  asked.gpus = row.whole(gpus, 1, most_of_a_kind);
  if (!row.why().said()) job.request = draft.one(request_of(asked, row.why()));
  return job;
}

}  // namespace

bool looks_like_gavel(std::string_view head) {
  Why why;
  FieldCutter cutter('\t');
  const auto& cut = cutter.cut(first_line(head), why);
  return cut.size() == field_count && parse_decimal(cut[4]) && parse_decimal(cut[5]) &&
         parse_decimal(cut[6]);
}

Result<History> read_gavel(Input& input, const HowToRead&) {
  HistoryDraft draft;
  draft.note("no run times in this format: work is told in steps, and run times are 0 here");
  FieldCutter cutter('\t');
  Lines lines(input);
  Line line;
  std::uint64_t number = 0;
  while (!draft.full() && lines.next(line)) {
    Why why;
    if (!line.broken.empty()) why.say(line.broken);
    const auto& cut = cutter.cut(why.said() ? std::string_view() : line.text, why);
    if (!why.said() && cut.size() != field_count)
      why.say("it has not 7 fields", "it has " + std::to_string(cut.size()) + " fields, not 7");
    if (why.said()) draft.leave_out(line.number, why);
    else draft.add(job_of(Row(cut, why), number, draft), line.number, why);
    ++number;
  }
  return std::move(draft).finish(input);
}

}  // namespace gangline
