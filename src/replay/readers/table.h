// Files whose first line names their columns.
#pragma once

#include <functional>

#include "replay/input/input.h"
#include "replay/input/row.h"
#include "replay/readers/read_history.h"

namespace gangline {

/// One row as a job. What it says to `row.why()` leaves the row out.
using ReadRow = std::function<PastJob(const Row& row, HistoryDraft& draft)>;
/// Finds the columns once.
using BindColumns = ReadRow (*)(const Header& header, const HowToRead& how);

/// Each line behind the first as an entry. `draft` may hold notes already.
Result<History> read_table(Input& input, BindColumns bind, const HowToRead& how,
                           HistoryDraft draft = {});

/// `run` of a job whose log may tell it as a duration or as a start and an end.
void take_run(const Row& row, const Column& duration, PastJob& job);

}  // namespace gangline
