#include "replay/readers/table.h"

#include <utility>

#include "replay/input/lines.h"

namespace gangline {

Result<History> read_table(Input& input, BindColumns bind, const HowToRead& how,
                           HistoryDraft draft) {
  Lines lines(input);
  Line line;
  FieldCutter cutter(',');
  Why of_header;
  if (!lines.next(line)) return std::move(draft).finish(input);
  const Header header(cutter.cut(line.text, of_header));
  const ReadRow read_row = bind(header, how);
  while (!draft.full() && lines.next(line)) {
    Why why;
    if (!line.broken.empty()) {
      why.say(line.broken);
      draft.leave_out(line.number, why);
      continue;
    }
    const auto& fields = cutter.cut(line.text, why);
    if (!why.said() && fields.size() != header.size())
      why.say("the number of fields is not that of the first line",
              std::to_string(fields.size()) + " fields where the first line has " +
                  std::to_string(header.size()));
    if (why.said()) draft.leave_out(line.number, why);
    else draft.add(read_row(Row(fields, why), draft), line.number, why);
  }
  return std::move(draft).finish(input);
}

void take_run(const Row& row, const Column& duration, PastJob& job) {
  if (job.started && job.ended) {
    if (*job.ended < *job.started) row.why().say("it ended before it began");
    else job.run = *job.ended - *job.started;
  } else {
    job.run = row.span(duration);
    if (job.started) job.ended = *job.started + job.run;
  }
}

}  // namespace gangline
