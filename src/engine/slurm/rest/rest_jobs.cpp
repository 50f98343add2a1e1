// Jobs: of the queue, of the accounts, and what they hold.
#include <pwd.h>

#include <algorithm>
#include <map>

#include "engine/slurm/open_sending.h"
#include "engine/slurm/rest/rest_answers.h"
#include "engine/slurm/rest/rest_json.h"

namespace gangline {
namespace {

constexpr std::uint64_t highest_number = 0xffff'fffd;  // Slurm's last ones mean "none"
constexpr std::size_t most_ranges_of_all = 4'000'000;
constexpr std::size_t longest_bitmap = 1 << 20;
constexpr std::uint32_t beyond_all_elements = 100'000'000;

std::optional<Time> time_in(const Json& object, const char* key) {
  const auto seconds_since = number_in(object, key);
  return seconds_since ? read_slurm_time(std::to_string(*seconds_since)) : std::nullopt;
}

std::optional<std::uint64_t> real_number_in(const Json& object, const char* key) {
  const auto number = number_in(object, key);
  if (!number || *number > highest_number) return std::nullopt;
  return number;
}

std::string kept_in(const Json& object, const char* key) {
  const std::string text = text_in(object, key);
  if (text == "None" || text == "(null)" || text == "None assigned" || text == "N/A") return {};
  return printable(text);
}

/// One word, or from v0.0.39 on several: "COMPLETING" counts more than what it was before.
void set_state(const std::vector<std::string>& words, SlurmJobSeen& job) {
  if (words.empty()) return set_slurm_state("", job);
  const auto ending = std::find(words.begin(), words.end(), "COMPLETING");
  set_slurm_state(ending != words.end() ? *ending : words.front(), job);
}

/// "0xF4FE0": the bits of the elements that it stands for, the lowest last.
bool set_bitmap(std::string_view text, SlurmJobSeen& job) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  text.remove_prefix(2);
  if (text.size() > longest_bitmap) return false;
  std::uint32_t n = 0;
  for (std::size_t at = text.size(); at-- > 0;) {
    const std::size_t value = digits.find(static_cast<char>(std::toupper(text[at])));
    if (value == std::string_view::npos) return false;
    for (std::uint32_t bit = 0; bit < 4; ++bit, ++n) {
      if ((value >> bit & 1) == 0) continue;
      if (!job.elements.empty() && job.elements.back().end == n) ++job.elements.back().end;
      else job.elements.push_back({n, n + 1});
    }
  }
  return true;
}

/// `whole`, `element` and `several`: of an array, in the words of that answer.
bool set_numbers(std::optional<std::uint64_t> own, std::optional<std::uint64_t> whole,
                 std::optional<std::uint64_t> element, const std::string& several,
                 SlurmJobSeen& job) {
  if (!own || *own == 0) return false;
  job.own = *own;
  job.job = whole && *whole > 0 ? *whole : *own;
  if (!several.starts_with("0x")) {
    // Where it is no array, some versions say element 0.
    const bool is_array = whole && *whole > 0;
    return set_slurm_elements(!is_array             ? ""
                              : !several.empty()    ? several
                              : element.has_value() ? std::to_string(*element)
                                                    : "",
                              job);
  }
  if (!set_bitmap(several, job)) return false;
  job.id = std::to_string(job.job);
  if (job.elements.size() == 1 && job.elements[0].end == job.elements[0].begin + 1)
    job.id += "_" + std::to_string(job.elements[0].begin);
  return true;
}

std::optional<SlurmJobSeen> job_of(const Json& one) {
  SlurmJobSeen job;
  if (!set_numbers(real_number_in(one, "job_id"), real_number_in(one, "array_job_id"),
                   real_number_in(one, "array_task_id"), text_in(one, "array_task_string"), job))
    return std::nullopt;
  set_state(words_in(one, "job_state"), job);
  job.reason = kept_in(one, "state_description");
  if (job.reason.empty()) job.reason = kept_in(one, "state_reason");
  job.nodes = kept_in(one, "nodes");
  job.start = time_in(one, "start_time");
  job.end = time_in(one, "end_time");
  job.tag = kept_in(one, "comment");
  return job;
}

/// ".../slurm/TAG", the directory of a sending.
std::string tag_of_directory(std::string_view path) {
  const std::string_view last = path.substr(path.rfind('/') + 1);
  return last.starts_with(tag_front) ? printable(last) : std::string();
}

std::optional<std::uint32_t> uid_named(const std::string& name) {
  if (name.empty()) return std::nullopt;
  const passwd* user = ::getpwnam(name.c_str());  // NOLINT(concurrency-mt-unsafe): one thread
  return user != nullptr ? std::optional<std::uint32_t>(user->pw_uid) : std::nullopt;
}

std::optional<SlurmJobSeen> account_of(const Json& one) {
  SlurmJobSeen job;
  const Json &array = value_in(one, "array"), &time = value_in(one, "time");
  if (!set_numbers(real_number_in(one, "job_id"), real_number_in(array, "job_id"),
                   real_number_in(array, "task_id"), text_in(array, "task"), job))
    return std::nullopt;
  set_state(words_in(value_in(one, "state"), "current"), job);
  if (job.state == SlurmState::cancelled)
    job.cancelled_by = uid_named(text_in(one, "kill_request_user"));
  job.nodes = kept_in(one, "nodes");
  job.start = time_in(time, "start");
  job.end = time_in(time, "end");
  job.tag = kept_in(value_in(one, "comment"), "job");
  if (job.tag.empty()) job.tag = tag_of_directory(text_in(one, "working_directory"));
  return job;
}

/// What slurmrestd cut of a list of waiting elements, for its own SLURM_BITSTR_LEN says how long
/// one may be: those behind it that have no line of their own.
void complete_cut_lists(std::vector<SlurmJobSeen>& jobs) {
  std::map<std::uint64_t, std::vector<std::uint32_t>> own_lines;
  for (const SlurmJobSeen& job : jobs)
    if (job.elements_cut) own_lines[job.job];
  if (own_lines.empty()) return;
  for (const SlurmJobSeen& job : jobs)
    if (const auto found = own_lines.find(job.job); found != own_lines.end() && !job.elements_cut)
      for (const ElementRange& range : job.elements)
        if (range.end == range.begin + 1) found->second.push_back(range.begin);
  for (SlurmJobSeen& job : jobs) {
    if (!job.elements_cut || job.elements.empty()) continue;
    auto& others = own_lines[job.job];
    std::sort(others.begin(), others.end());
    std::uint32_t begin = job.elements.back().end;
    for (const std::uint32_t other : others) {
      if (other < begin) continue;
      if (other > begin) job.elements.push_back({begin, other});
      begin = other + 1;
    }
    if (begin < beyond_all_elements) job.elements.push_back({begin, beyond_all_elements});
  }
}

/// Errors of what was asked, or what is not an answer to it.
std::optional<Error> trouble_in(const Json& all, const char* key) {
  if (const auto complaint = complaint_in(all)) return error_of(*complaint);
  if (value_in(all, key).is_array()) return std::nullopt;
  return Error{ErrorKind::broken, "what slurmrestd answers makes no sense", "slurmrestd",
               "is it slurmrestd that listens there?"};
}

template <class Read>
Result<std::vector<SlurmJobSeen>> read_jobs(std::string_view text, Read read) {
  std::vector<SlurmJobSeen> jobs;
  std::size_t ranges = 0;
  const Json all = parse_each(text, "jobs", [&](const Json& one) {
    std::optional<SlurmJobSeen> job = read(one);
    if (!job || jobs.size() >= most_slurm_lines) return;
    ranges += job->elements.size();
    if (ranges <= most_ranges_of_all) jobs.push_back(*std::move(job));
  });
  if (auto trouble = trouble_in(all, "jobs")) return *std::move(trouble);
  complete_cut_lists(jobs);
  return jobs;
}

}  // namespace

Result<std::vector<SlurmJobSeen>> read_rest_queue(std::string_view text, const RestPerson& we) {
  return read_jobs(text, [&](const Json& one) -> std::optional<SlurmJobSeen> {
    const std::string user = text_in(one, "user_name");
    if (user.empty() || we.user.empty() ? number_in(one, "user_id") != we.uid : user != we.user)
      return std::nullopt;
    return job_of(one);
  });
}

Result<std::vector<SlurmJobSeen>> read_rest_accounts(std::string_view text) {
  constexpr std::int64_t nothing_found = 9003;
  auto jobs = read_jobs(text, account_of);
  if (jobs) return jobs;
  const auto complaint = read_rest_complaint(text);
  if (complaint && complaint->number == nothing_found) return std::vector<SlurmJobSeen>{};
  return jobs;
}

Result<std::vector<SlurmHolder>> read_rest_holders(std::string_view text) {
  std::vector<SlurmHolder> holders;
  const Json all = parse_each(text, "jobs", [&](const Json& one) {
    const auto job = job_of(one);
    if (!job || holders.size() >= most_slurm_lines) return;
    const bool waits = job->state == SlurmState::pending;
    if (!waits && job->state != SlurmState::running && job->state != SlurmState::suspended &&
        job->state != SlurmState::completing)
      return;
    SlurmHolder holder{
        printable(text_in(one, "user_name")), std::to_string(job->job), waits, 0, 0, {}};
    if (!waits) {
      const std::uint64_t cpus = number_in(one, "cpus").value_or(0);
      holder.cpus = static_cast<std::uint32_t>(std::min<std::uint64_t>(cpus, 0xffff'ffff));
      holder.gpus = amount_in_tres(text_in(one, "tres_alloc_str"), "gres/gpu");
      holder.end = job->end;
    }
    holders.push_back(std::move(holder));
  });
  if (auto trouble = trouble_in(all, "jobs")) return *std::move(trouble);
  return holders;
}

Result<std::string> read_rest_number(std::string_view text) {
  const Json all = parse_rest(text);
  if (const auto complaint = complaint_in(all)) return error_of(*complaint);
  const auto number = real_number_in(all, "job_id");
  if (number && *number > 0) return std::to_string(*number);
  return Error{ErrorKind::broken, "slurmrestd did not answer with the number of a job",
               "slurmrestd", ""};
}

}  // namespace gangline
