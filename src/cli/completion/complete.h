// What may stand at the cursor of a shell. Pure: the jobs are given, and asked for only where a job
// may stand.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cli/completion/command_table.h"
#include "model/views.h"

namespace gangline {

struct Candidate {
  std::string word;
  std::string what;  ///< a few words for shells that show them; may be empty

  bool operator==(const Candidate&) const = default;
};

/// What the shell itself adds to the candidates.
enum class ShellAdds { nothing, files, folders, programs };
const char* name_of(ShellAdds adds);

struct Completion {
  ShellAdds adds = ShellAdds::nothing;
  std::vector<Candidate> candidates;  ///< each begins with what stands at the cursor
};

/// `words` stand behind `gang` on the line; the last one is at the cursor and may be empty.
Completion complete(const CommandTable& table, const std::vector<std::string>& words,
                    const std::function<std::vector<JobSummary>()>& jobs);

/// For the scripts of the shells: what they add, then a line for each candidate, a tab between word
/// and what it is.
std::string lines_of(const Completion& completion);

}  // namespace gangline
