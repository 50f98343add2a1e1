#include "engine/slurm/squeue.h"

#include <algorithm>
#include <array>
#include <ctime>

#include "base/text.h"

namespace gangline {
namespace {

constexpr std::size_t longest_element_list = 1 << 20;
constexpr std::size_t most_element_ranges = 65'536;

struct NamedState {
  SlurmState state;
  const char* name;
};
constexpr NamedState named_states[] = {
    {SlurmState::pending, "PENDING"},
    {SlurmState::configuring, "CONFIGURING"},
    {SlurmState::running, "RUNNING"},
    {SlurmState::completing, "COMPLETING"},
    {SlurmState::completed, "COMPLETED"},
    {SlurmState::failed, "FAILED"},
    {SlurmState::timeout, "TIMEOUT"},
    {SlurmState::cancelled, "CANCELLED"},
    {SlurmState::node_fail, "NODE_FAIL"},
    {SlurmState::out_of_memory, "OUT_OF_MEMORY"},
    {SlurmState::preempted, "PREEMPTED"},
    {SlurmState::boot_fail, "BOOT_FAIL"},
    {SlurmState::deadline, "DEADLINE"},
    {SlurmState::requeued, "REQUEUED"},
    {SlurmState::requeue_hold, "REQUEUE_HOLD"},
    {SlurmState::special_exit, "SPECIAL_EXIT"},
    {SlurmState::requeue_fed, "REQUEUE_FED"},
    {SlurmState::suspended, "SUSPENDED"},
    {SlurmState::stopped, "STOPPED"},
    {SlurmState::resizing, "RESIZING"},
    {SlurmState::revoked, "REVOKED"},
    {SlurmState::signaling, "SIGNALING"},
    {SlurmState::stage_out, "STAGE_OUT"},
    {SlurmState::launch_failed, "LAUNCH_FAILED"},
    {SlurmState::reconfig_fail, "RECONFIG_FAIL"},
    {SlurmState::reservation_deleted, "RESV_DEL_HOLD"},
    {SlurmState::power_up_node, "POWER_UP_NODE"},
    {SlurmState::expediting, "EXPEDITING"},
    {SlurmState::unknown, "UNKNOWN"},
};

bool is_none(std::string_view text) {
  return text.empty() || text == "(null)" || text == "N/A" || text == "None" || text == "NONE" ||
         text == "None assigned";
}

std::string kept(std::string_view text) { return is_none(text) ? std::string() : printable(text); }

/// The fields in front of the last, which may hold the separator itself. Empty: there are too few.
template <std::size_t count>
std::optional<std::array<std::string_view, count>> fields_of(std::string_view line,
                                                             std::string_view separator) {
  std::array<std::string_view, count> fields;
  for (std::size_t n = 0; n + 1 < count; ++n) {
    const std::size_t at = line.find(separator);
    if (at == std::string_view::npos) return std::nullopt;
    fields[n] = line.substr(0, at);
    line.remove_prefix(at + separator.size());
  }
  fields[count - 1] = line;
  return fields;
}

// "3", "0-9", "0-30:2". False: it makes no sense.
bool add_elements(std::string_view part, std::vector<ElementRange>& elements) {
  const std::size_t colon = part.find(':');
  const std::string_view range = part.substr(0, colon);
  const std::size_t dash = range.find('-');
  const auto first = parse_number(range.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : parse_number(range.substr(dash + 1));
  const auto step = colon == std::string_view::npos ? std::optional<std::uint64_t>(1)
                                                    : parse_number(part.substr(colon + 1));
  constexpr std::uint64_t highest = 100'000'000;
  if (!first || !last || !step || *step == 0 || *first > *last || *last > highest) return false;
  if (*step == 1) {
    elements.push_back({static_cast<std::uint32_t>(*first), static_cast<std::uint32_t>(*last + 1)});
    return elements.size() <= most_element_ranges;
  }
  for (std::uint64_t n = *first; n <= *last; n += *step) {
    if (elements.size() >= most_element_ranges) return false;
    elements.push_back({static_cast<std::uint32_t>(n), static_cast<std::uint32_t>(n + 1)});
  }
  return true;
}

// "2", "0-2,7", "0-9%3", "[0-9%3]"; Slurm ends a list that it cuts with "...".
bool read_elements(std::string_view text, SlurmJobSeen& job) {
  if (is_none(text)) return true;
  if (text.size() > longest_element_list) return false;
  if (text.starts_with('[') && text.ends_with(']')) text = text.substr(1, text.size() - 2);
  text = text.substr(0, text.find('%'));
  if (text.ends_with("...")) {
    job.elements_cut = true;
    const std::size_t comma = text.rfind(',');
    if (comma == std::string_view::npos) return false;
    text = text.substr(0, comma);  // what stands behind it may be half a number
  }
  for (const std::string_view part : split(text, ','))
    if (!add_elements(part, job.elements)) return false;
  return true;
}

// One element is "17_3"; all that wait are the array itself.
std::string id_of(const SlurmJobSeen& job) {
  std::string id = std::to_string(job.job);
  const bool one = job.elements.size() == 1 && !job.elements_cut &&
                   job.elements[0].end == job.elements[0].begin + 1;
  return one ? id + "_" + std::to_string(job.elements[0].begin) : id;
}

// "5:0": the code, and the signal.
void read_exit(std::string_view text, SlurmJobSeen& job) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return;
  const auto code = parse_number(text.substr(0, colon));
  const auto signal = parse_number(text.substr(colon + 1));
  if (!code || !signal || *code > 255 || *signal > 127) return;
  job.exit_code = static_cast<std::int32_t>(*code);
  if (*signal > 0) job.signal = static_cast<std::int32_t>(*signal);
}

bool read_number(std::string_view text, std::uint64_t& number) {
  const auto read = parse_number(text);
  if (read) number = *read;
  return read.has_value() && number > 0;
}

std::optional<SlurmJobSeen> job_of_squeue_line(std::string_view line) {
  const auto fields = fields_of<9>(line, "|");
  if (!fields) return std::nullopt;
  const auto& [own, whole, elements, state, reason, nodes, start, end, comment] = *fields;
  SlurmJobSeen job;
  if (!read_number(own, job.own) || !read_number(whole, job.job)) return std::nullopt;
  if (!set_slurm_elements(elements, job)) return std::nullopt;
  set_slurm_state(state, job);
  job.reason = kept(reason);
  job.nodes = kept(nodes);
  job.start = read_slurm_time(start);
  job.end = read_slurm_time(end);
  job.tag = kept(comment);
  return job;
}

// "17", "17_3", "17_[0-30:2]", "17+1" (a part of a job of several parts, none of ours).
bool read_sacct_id(std::string_view text, SlurmJobSeen& job) {
  const std::size_t line = text.find('_');
  if (!read_number(text.substr(0, line), job.job)) return false;
  return set_slurm_elements(line == std::string_view::npos ? "" : text.substr(line + 1), job);
}

// "sbatch --parsable --comment=TAG …"
std::string tag_in(std::string_view words) {
  constexpr std::string_view option = "--comment=";
  for (const std::string_view word : split(words, ' '))
    if (word.starts_with(option)) return printable(word.substr(option.size()));
  return {};
}

std::optional<SlurmJobSeen> job_of_sacct_line(std::string_view line, std::string_view separator) {
  const auto fields = fields_of<9>(line, separator);
  if (!fields) return std::nullopt;
  const auto& [own, id, state, code, nodes, start, end, comment, words] = *fields;
  SlurmJobSeen job;
  if (!read_number(own, job.own) || !read_sacct_id(id, job)) return std::nullopt;
  set_slurm_state(state, job);
  read_exit(code, job);
  job.nodes = kept(nodes);
  job.start = read_slurm_time(start);
  job.end = read_slurm_time(end);
  job.tag = is_none(comment) ? tag_in(words) : kept(comment);
  return job;
}

std::string sacct_separator(const std::string& mark) { return "|" + mark + "|"; }

std::vector<std::string> sacct_call(const std::string& which, const std::string& mark) {
  return {"sacct", "-n",
          "-P",    "-X",
          "-D",    "--delimiter=" + sacct_separator(mark),
          which,   "--format=JobIDRaw,JobID,State,ExitCode,NodeList,Start,End,Comment,SubmitLine"};
}

/// Jobs as they are read, within limits: a few letters may stand for thousands of ranges.
class SeenJobs {
 public:
  void add(std::optional<SlurmJobSeen> job) {
    if (!job || jobs_.size() >= most_slurm_lines) return;
    if (job->elements.size() > most_ranges_of_all - ranges_) return;
    ranges_ += job->elements.size();
    jobs_.push_back(*std::move(job));
  }
  std::vector<SlurmJobSeen> take() { return std::move(jobs_); }

 private:
  static constexpr std::size_t most_ranges_of_all = 4'000'000;
  std::size_t ranges_ = 0;
  std::vector<SlurmJobSeen> jobs_;
};

/// A number of exactly so many digits at `at`, and then `end`.
bool read_digits(std::string_view& text, std::size_t digits, std::string_view end, int& number) {
  if (text.size() < digits + end.size() || text.substr(digits, end.size()) != end) return false;
  const auto read = parse_number(text.substr(0, digits));
  if (!read) return false;
  number = static_cast<int>(*read);
  text.remove_prefix(digits + end.size());
  return true;
}

}  // namespace

const char* name_of(SlurmState state) {
  for (const NamedState& named : named_states)
    if (named.state == state) return named.name;
  return "UNKNOWN";
}

SlurmState slurm_state_of(std::string_view word) {
  for (const NamedState& named : named_states)
    if (named.name == word) return named.state;
  return SlurmState::unknown;
}

void set_slurm_state(std::string_view text, SlurmJobSeen& job) {
  job.state_word = printable(text);
  const std::string_view word = text.substr(0, text.find(' '));
  job.state = slurm_state_of(word);
  constexpr std::string_view by = " by ";
  const std::string_view rest = text.substr(word.size());
  if (!rest.starts_with(by)) return;
  const auto uid = parse_number(rest.substr(by.size()));
  if (uid && *uid <= 0xffff'ffff) job.cancelled_by = static_cast<std::uint32_t>(*uid);
}

bool set_slurm_elements(std::string_view text, SlurmJobSeen& job) {
  if (!read_elements(text, job)) return false;
  job.id = id_of(job);
  return true;
}

bool is_over(SlurmState state) {
  switch (state) {
    case SlurmState::completed:
    case SlurmState::failed:
    case SlurmState::timeout:
    case SlurmState::cancelled:
    case SlurmState::node_fail:
    case SlurmState::out_of_memory:
    case SlurmState::preempted:
    case SlurmState::boot_fail:
    case SlurmState::deadline:
    case SlurmState::revoked:
    case SlurmState::launch_failed:
    case SlurmState::reconfig_fail: return true;
    default: return false;
  }
}

bool is_waiting(SlurmState state) {
  switch (state) {
    case SlurmState::pending:
    case SlurmState::requeued:
    case SlurmState::requeue_hold:
    case SlurmState::requeue_fed:
    case SlurmState::special_exit:
    case SlurmState::reservation_deleted: return true;
    default: return false;
  }
}

std::vector<std::string> squeue_words(const std::string& mark) {
  // The names of the columns come first, with the mark: so it is known that squeue has answered
  // where there are no jobs.
  return {"squeue", "--me", "--states=all", "--format=" + mark + "|%A|%F|%K|%T|%r|%N|%S|%e|%k"};
}

bool is_squeue_answer(std::string_view text, const std::string& mark) {
  return text.starts_with(mark + "|JOBID|") && text.ends_with('\n');
}

std::vector<SlurmJobSeen> read_squeue(std::string_view text, const std::string& mark) {
  SeenJobs jobs;
  const std::string front = mark + "|";
  for (const std::string_view line : split(text, '\n'))
    if (line.starts_with(front)) jobs.add(job_of_squeue_line(line.substr(front.size())));
  return jobs.take();
}

std::vector<std::string> sacct_words(const std::vector<std::string>& jobs,
                                     const std::string& mark) {
  std::string list;
  for (const std::string& job : jobs) list += (list.empty() ? "" : ",") + job;
  return sacct_call("--jobs=" + list, mark);
}

std::vector<SlurmJobSeen> read_sacct(std::string_view text, const std::string& mark) {
  SeenJobs jobs;
  const std::string separator = sacct_separator(mark);
  for (const std::string_view line : split(text, '\n'))
    jobs.add(job_of_sacct_line(line, separator));
  return jobs.take();
}

std::optional<Time> read_slurm_time(std::string_view text) {
  constexpr std::uint64_t latest = 253'402'300'799;  // the end of the year 9999
  if (const auto seconds_since = parse_number(text)) {
    if (*seconds_since == 0 || *seconds_since > latest) return std::nullopt;
    return Time{static_cast<std::int64_t>(*seconds_since) * 1'000'000};
  }
  std::tm parts{};
  int year = 0, month = 0;
  if (!read_digits(text, 4, "-", year) || !read_digits(text, 2, "-", month) ||
      !read_digits(text, 2, "T", parts.tm_mday) || !read_digits(text, 2, ":", parts.tm_hour) ||
      !read_digits(text, 2, ":", parts.tm_min) || !read_digits(text, 2, "", parts.tm_sec))
    return std::nullopt;
  if (!text.empty() || year < 1970 || month < 1 || month > 12 || parts.tm_mday < 1 ||
      parts.tm_mday > 31 || parts.tm_hour > 23 || parts.tm_min > 59 || parts.tm_sec > 60)
    return std::nullopt;
  parts.tm_year = year - 1900;
  parts.tm_mon = month - 1;
  const std::time_t t = ::timegm(&parts);
  if (t <= 0) return std::nullopt;
  return Time{static_cast<std::int64_t>(t) * 1'000'000};
}

std::optional<Span> read_slurm_span(std::string_view text) {
  constexpr std::uint64_t most = 100'000'000;
  std::uint64_t days = 0;
  const std::size_t dash = text.find('-');
  if (dash != std::string_view::npos) {
    const auto read = parse_number(text.substr(0, dash));
    if (!read || *read > most / 1'000) return std::nullopt;
    days = *read;
    text.remove_prefix(dash + 1);
  }
  std::array<std::uint64_t, 3> parts{};
  const std::vector<std::string_view> words = split(text, ':');
  if (words.size() > 3) return std::nullopt;
  for (std::size_t n = 0; n < words.size(); ++n) {
    const auto read = parse_number(words[n]);
    if (!read || *read > most) return std::nullopt;
    parts[n] = *read;
  }
  // Behind days stand hours first; else one number is minutes, and two are minutes and seconds.
  const bool from_hours = dash != std::string_view::npos || words.size() == 3;
  const auto [a, b, c] = parts;
  const std::uint64_t sum = from_hours ? a * 3'600 + b * 60 + c : a * 60 + b;
  return seconds(static_cast<std::int64_t>(days * 86'400 + sum));
}

}  // namespace gangline
