#include "cli/completion/complete.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "schedule/policy.h"

namespace gangline {
namespace {

constexpr std::string_view several = ",...";

const FlagRow* flag_called(const CommandRow& row, const std::string& name) {
  for (const FlagRow& flag : row.flags)
    if (std::find(flag.names.begin(), flag.names.end(), name) != flag.names.end()) return &flag;
  return nullptr;
}

std::vector<Candidate> words_in(const std::string& braces) {
  std::vector<Candidate> words;
  std::size_t at = 1;
  while (at < braces.size()) {
    const std::size_t end = braces.find_first_of(",}", at);
    if (end == std::string::npos) break;
    words.push_back({braces.substr(at, end - at), ""});
    at = end + 1;
  }
  return words;
}

// Commands that have nothing to do with a job that has ended.
bool wants_unended(const CommandRow& command) {
  return command.name == "stop" || command.name == "wait" || command.name == "why";
}

std::vector<Candidate> words_for(const std::vector<JobSummary>& jobs, bool unended) {
  std::vector<Candidate> words, names;
  std::set<std::string> seen;
  for (const JobSummary& job : jobs) {
    if (unended && job.phase == GangPhase::ended) continue;
    const std::string name = printable(job.name);
    words.push_back({format(job.id), name + ", " + name_of(job.phase)});
    if (name == job.name && seen.insert(name).second)
      names.push_back({name, "job " + format(job.id) + ", " + name_of(job.phase)});
  }
  words.insert(words.end(), names.begin(), names.end());
  return words;
}

void keep_those_that_begin_with(const std::string& text, std::vector<Candidate>& candidates) {
  std::erase_if(candidates,
                [&](const Candidate& candidate) { return !candidate.word.starts_with(text); });
}

/// What the words before the cursor leave open.
struct Cursor {
  const FlagRow* flag = nullptr;  ///< whose value stands at the cursor
  bool in_command = false;        ///< of the job: its first word was given
  bool after_dashes = false;      ///< the first word of the job's command is at the cursor
  std::size_t places = 0;         ///< words before it that were no flags
  std::set<const FlagRow*> given;
};

Cursor read_line(const CommandRow& command, const std::vector<std::string>& words) {
  Cursor cursor;
  for (std::size_t i = 1; i + 1 < words.size(); ++i) {
    const std::string& word = words[i];
    if (cursor.in_command) continue;
    if (cursor.flag != nullptr) cursor.flag = nullptr;
    else if (cursor.after_dashes) cursor.in_command = true;
    else if (word == "--") cursor.after_dashes = true;
    else if (word.starts_with("-")) {
      const FlagRow* flag = flag_called(command, word.substr(0, word.find('=')));
      cursor.given.insert(flag);
      const bool wants_value = flag != nullptr && !flag->value.empty() && !flag->may_lack_value;
      if (wants_value && word.find('=') == std::string::npos) cursor.flag = flag;
    } else if (command.takes_command && !word.ends_with(".toml")) cursor.in_command = true;
    else ++cursor.places;
  }
  return cursor;
}

using Jobs = std::function<std::vector<JobSummary>()>;

/// `front` is what stands before the value in the same word: "--policy=".
Completion complete_value(const CommandRow& command, ValueWord value, const std::string& front,
                          const std::string& typed, const Jobs& jobs) {
  Completion completion;
  std::string before;
  if (value.ends_with(several)) {
    value.resize(value.size() - several.size());
    if (const auto comma = typed.rfind(','); comma != std::string::npos)
      before = typed.substr(0, comma + 1);
  }
  if (value == "FILE") completion.adds = ShellAdds::files;
  else if (value == "DIR") completion.adds = ShellAdds::folders;
  else if (value == "JOB") completion.candidates = words_for(jobs(), wants_unended(command));
  else if (value.starts_with("{")) completion.candidates = words_in(value);
  else if (value == "POLICY")
    for (const Policy& policy : policies())
      completion.candidates.push_back({std::string(policy.name), ""});
  // "fifo,": what stands in the list already is not offered again.
  std::erase_if(completion.candidates, [&](const Candidate& candidate) {
    return ("," + before).find("," + candidate.word + ",") != std::string::npos;
  });
  for (Candidate& candidate : completion.candidates)
    candidate.word = front + before + candidate.word;
  keep_those_that_begin_with(front + typed, completion.candidates);
  return completion;
}

Completion complete_flag(const CommandRow& command, const Cursor& cursor,
                         const std::string& typed) {
  Completion completion;
  for (const FlagRow& flag : command.flags)
    if (flag.repeats || !cursor.given.contains(&flag))
      completion.candidates.push_back({flag.names.back(), flag.help});
  keep_those_that_begin_with(typed, completion.candidates);
  return completion;
}

Completion complete_place(const CommandRow& command, const Cursor& cursor, const std::string& typed,
                          const Jobs& jobs) {
  if (command.takes_command) return {ShellAdds::files, {}};
  if (command.places.empty()) return {};
  const bool past = cursor.places >= command.places.size();
  const PlaceRow& place = past ? command.places.back() : command.places[cursor.places];
  if (past && !place.repeats) return {};
  return complete_value(command, place.value, "", typed, jobs);
}

Completion complete_command(const CommandTable& table, const std::string& typed) {
  if (typed.starts_with("-")) return complete_flag(table.gang, {}, typed);
  Completion completion;
  for (const CommandRow& command : table.commands)
    completion.candidates.push_back({command.name, command.help});
  keep_those_that_begin_with(typed, completion.candidates);
  return completion;
}

}  // namespace

const char* name_of(ShellAdds adds) {
  switch (adds) {
    case ShellAdds::nothing: return "nothing";
    case ShellAdds::files: return "files";
    case ShellAdds::folders: return "folders";
    case ShellAdds::programs: return "programs";
  }
  return "nothing";
}

Completion complete(const CommandTable& table, const std::vector<std::string>& words,
                    const Jobs& jobs) {
  if (words.size() < 2) return complete_command(table, words.empty() ? "" : words.front());
  const auto command =
      std::find_if(table.commands.begin(), table.commands.end(),
                   [&](const CommandRow& row) { return row.name == words.front(); });
  if (command == table.commands.end()) return {};
  const std::string& typed = words.back();
  const Cursor cursor = read_line(*command, words);
  if (cursor.in_command) return {ShellAdds::files, {}};
  if (cursor.after_dashes)
    return {command->takes_command ? ShellAdds::programs : ShellAdds::nothing, {}};
  if (cursor.flag != nullptr) return complete_value(*command, cursor.flag->value, "", typed, jobs);
  if (!typed.starts_with("-")) return complete_place(*command, cursor, typed, jobs);
  const std::size_t equals = typed.find('=');
  if (equals == std::string::npos) return complete_flag(*command, cursor, typed);
  const FlagRow* flag = flag_called(*command, typed.substr(0, equals));
  if (flag == nullptr || flag->value.empty()) return {};
  return complete_value(*command, flag->value, typed.substr(0, equals + 1),
                        typed.substr(equals + 1), jobs);
}

std::string lines_of(const Completion& completion) {
  std::string text = std::string(name_of(completion.adds)) + "\n";
  for (const Candidate& candidate : completion.candidates)
    text += candidate.word + "\t" + candidate.what + "\n";
  return text;
}

}  // namespace gangline
