#include "replay/readers/own_store.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>

#include "base/text.h"
#include "control/register.h"
#include "replay/input/draft.h"
#include "store/store.h"

namespace gangline {
namespace {

Result<std::unique_ptr<Store>> open_store(const std::string& path) {
  std::error_code none;
  if (!std::filesystem::exists(path, none))
    return Error{ErrorKind::not_found, "nothing has run here yet", path,
                 "run a job first, or name a history: `gang simulate --help`"};
  return Store::open({path, 0});
}

/// When the last of the gangs that ended up to now had ended; `gather_waits_for`: without the
/// gather.
struct Ends {
  Time all, without_gather;
};

class Reader {
 public:
  explicit Reader(const Store& store) : store_(store) {}

  Result<void> read(History& history) {
    ListQuery newest;
    newest.limit = most_own_jobs;
    auto lines = store_.ended(newest);
    if (!lines) return lines.error();
    std::sort(lines->begin(), lines->end(),
              [](const JobSummary& a, const JobSummary& b) { return a.id < b.id; });
    for (const JobSummary& line : *lines)
      if (auto read = read_job(line.id, history); !read) return read;
    std::stable_sort(history.jobs.begin(), history.jobs.end(),
                     [](const PastJob& a, const PastJob& b) { return a.submitted < b.submitted; });
    return {};
  }

 private:
  Result<void> read_job(JobId id, History& history) {
    const auto found = store_.find(id);
    if (!found) return found.error();
    if (!*found) return {};
    const Job& job = (*found)->first;
    auto gangs = store_.ended_gangs(id, 0, most_own_gangs_of_a_job, false);
    if (!gangs) return gangs.error();
    Time could_start = job.submitted;
    for (const std::string& name : job.spec->after)
      if (const auto other = parse_gang_name(name))
        if (const auto known = ends_.find(other->job); known != ends_.end())
          could_start = std::max(could_start, known->second.all);
    const auto is_gather = [&](const GangView& gang) {
      return job.spec->gather && gang.id.index == gather_index(*job.spec);
    };
    Ends& ends = ends_[id];
    for (const GangView& gang : *gangs) {
      const Time end = gang.ended.value_or(job.submitted);
      ends.all = std::max(ends.all, end);
      if (!is_gather(gang)) ends.without_gather = std::max(ends.without_gather, end);
    }
    const std::shared_ptr<const ResourceRequest> request{job.spec, &job.spec->resources};
    for (const GangView& gang : *gangs) {
      ++history.entries;
      Why why;
      if (!gang.started || !gang.ended) why.say("the gang never ran");
      else if (gang.attempt > 1) why.say("the gang ran more than once");
      if (why.said()) {
        leave_out(history.left_out, history.entries, why);
        continue;
      }
      PastJob past;
      past.id = format(gang.id);
      past.name = job.spec->name;
      past.user = job.owner;
      past.queue = job.spec->queue;
      past.submitted = is_gather(gang) ? std::max(could_start, ends.without_gather) : could_start;
      past.request = is_gather(gang) ? gather_request() : request;
      past.limit = job.spec->time;
      past.run = *gang.ended - *gang.started;
      if (gang.allocation && gang.allocation->alternative < past.request->alternatives.size())
        past.alternative = gang.allocation->alternative;
      past.started = gang.started;
      past.ended = gang.ended;
      past.priority = job.spec->priority;
      history.jobs.push_back(std::move(past));
    }
    return {};
  }

  const Store& store_;
  std::map<JobId, Ends> ends_;
};

}  // namespace

Result<History> read_own_history(const std::string& store_path) {
  auto store = open_store(store_path);
  if (!store) return store.error();
  History history;
  if (auto read = Reader(**store).read(history); !read) return read.error();
  if (history.jobs.empty())
    return Error{ErrorKind::not_found, "no gang has ended here yet", store_path,
                 "run a job first, or name a history: `gang simulate --help`"};
  history.notes.push_back("each gang counts from when it could start");
  return history;
}

Result<FoundCluster> read_own_cluster(const std::string& store_path) {
  auto store = open_store(store_path);
  if (!store) return store.error();
  auto nodes = (*store)->nodes();
  if (!nodes) return nodes.error();
  // Of a system that places by itself, those that it lends are parts of its own.
  const bool lends = std::any_of(nodes->begin(), nodes->end(),
                                 [](const NodeSeen& seen) { return seen.node.elsewhere; });
  FoundCluster found;
  for (NodeSeen& seen : *nodes) {
    if (lends && !seen.node.elsewhere) continue;
    seen.node.elsewhere = false;
    found.cluster.nodes.push_back(std::move(seen.node));
  }
  return found;
}

}  // namespace gangline
