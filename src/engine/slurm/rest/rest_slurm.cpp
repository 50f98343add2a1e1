#include "engine/slurm/rest/rest_slurm.h"

#include <algorithm>
#include <filesystem>

#include "base/text.h"
#include "engine/slurm/rest/submission.h"
#include "os/clock.h"
#include "os/file.h"

namespace gangline {
namespace {

// Newest first. In those of Slurm 23.02 and later fields have other types.
constexpr const char* known_versions[] = {"v0.0.38", "v0.0.37", "v0.0.36"};
constexpr std::size_t versions_known = std::size(known_versions);

constexpr Span longest_call = seconds(30);
constexpr Span longest_call_now = seconds(10);  // for which others wait
constexpr std::size_t most_stops_at_once = 4;
constexpr std::size_t most_waiting_stops = 100'000;
constexpr std::int64_t times_its_own_length = 4;
constexpr Span longest_rest = seconds(30);
constexpr std::size_t largest_script = 4 << 20;
constexpr std::int64_t first_of_slurmctld = 2'000;  // slurm_errno.h: below are those of the network

std::string signal_of(SlurmStop how) {
  switch (how) {
    case SlurmStop::cancel: return "";
    // slurmrestd signals the script of a batch job alone: where there is none, it says yes and
    // signals nobody. Who is cancelled hears a TERM as well, and then has Slurm's KillWait.
    case SlurmStop::term_steps: return "";
    case SlurmStop::term_script: return "?signal=TERM";
    case SlurmStop::kill_all:
    case SlurmStop::kill_steps: return "?signal=KILL";
  }
  return "";
}

Error no_version_known() {
  return {ErrorKind::version,
          std::string("slurmrestd speaks none of the versions known here, ") +
              known_versions[versions_known - 1] + " to " + known_versions[0],
          "slurmrestd", "use Slurm's programs with this Slurm"};
}

bool is_number(const std::string& text) { return parse_number(text).value_or(0) > 0; }

}  // namespace

RestSlurm::RestSlurm(Loop& loop, RestSettings settings)
    : loop_(loop), settings_(std::move(settings)), place_(read_http_place(settings_.place)) {
  std::erase_if(settings_.environment,
                [](const EnvVar& variable) { return variable.first == "SLURM_JWT"; });
}

RestSlurm::~RestSlurm() { *alive_ = false; }

std::string RestSlurm::way() const {
  return "slurmrestd at " + printable(settings_.place) +
         (version_.empty() ? "" : " (" + version_ + ")");
}

RestPerson RestSlurm::we() const {
  RestPerson we = settings_.we;
  if (const auto token = token_now(settings_.token, Time{0}); token && !token->user.empty())
    we.user = token->user;
  return we;
}

// Calls.

Result<HttpCall> RestSlurm::call_for(const std::string& method, const std::string& target,
                                     std::string body) const {
  if (!place_) return place_.error();
  HttpCall call{method, target};
  call.body = std::move(body);
  const bool has_token = !settings_.token.file.empty() || !settings_.token.text.empty();
  if (!has_token && !place_->socket.empty()) return call;  // it knows who is at the other end
  const auto token = token_now(settings_.token, now());
  if (!token) return token.error();
  call.headers = {{"X-SLURM-USER-NAME", token->user.empty() ? settings_.we.user : token->user},
                  {"X-SLURM-USER-TOKEN", token->text}};
  if (!std::all_of(call.headers[0].second.begin(), call.headers[0].second.end(),
                   [](char c) { return static_cast<unsigned char>(c) > 0x20 && c != 0x7f; }))
    return Error{ErrorKind::denied, "the token for slurmrestd is not of a user", "", ""};
  return call;
}

void RestSlurm::run(HttpCall call, std::function<void(Result<HttpAnswer>, HttpFailure)> heard) {
  const auto place = running_.emplace(running_.end());
  call.deadline = longest_call;
  *place = std::make_unique<HttpCallRun>(
      loop_, *place_, std::move(call),
      [this, place, heard = std::move(heard)](Result<HttpAnswer> answer, HttpFailure failure) {
        const auto ended = std::move(*place);  // outlives this call, which may begin others
        running_.erase(place);
        heard(std::move(answer), failure);
      });
}

/// An answer may hold what was sent, and an error is shown to people.
Error RestSlurm::without_token(Error error) const {
  const auto token = token_now(settings_.token, Time{0});
  if (!token) return error;
  for (std::size_t at; (at = error.what.find(token->text)) != std::string::npos;)
    error.what.replace(at, token->text.size(), "(the token)");
  return error;
}

RestSlurm::Answer RestSlurm::read_answer(Result<HttpAnswer> answer, HttpFailure failure) {
  if (!answer) {
    Error error = answer.error();
    error.what = "slurmrestd at " + std::exchange(error.where, "") + ": " + error.what;
    error.hint = "is this where it listens? GANGLINE_SLURMRESTD says so";
    return {std::move(error), failure};
  }
  Answer read{std::move(answer->body), HttpFailure::none, answer->status};
  if (answer->status == 200) return read;
  if (answer->status == 404) version_.clear();  // another one may listen there by now
  const auto complaint = read_rest_complaint(*read.body);
  if (complaint) {
    read.complaint = complaint->number;
    read.body = without_token(error_of(*complaint));
  } else if (answer->status == 401) {
    read.body = Error{ErrorKind::denied, "slurmrestd does not believe the token", "slurmrestd",
                      "make a new one with `scontrol token lifespan=86400`"};
  } else {
    read.body = without_token({ErrorKind::unavailable,
                               "slurmrestd says " + std::to_string(answer->status) + " (" +
                                   printable(std::string_view(*read.body).substr(0, 100)) + ")",
                               "slurmrestd", "is it slurmrestd that listens there?"});
  }
  return read;
}

void RestSlurm::ask(const std::string& method, const std::string& part, const std::string& target,
                    std::string body, HeardAnswer heard) {
  auto call = call_for(method, "", std::move(body));
  if (!call) {
    loop_.post([alive = alive_, heard = std::move(heard), error = call.error()] {
      if (*alive) heard({error, HttpFailure::not_sent});
    });
    return;
  }
  auto send = [this, part, target, heard](HttpCall ready) {
    ready.target = part + version_ + target;
    run(std::move(ready), [this, heard](Result<HttpAnswer> answer, HttpFailure failure) {
      heard(read_answer(std::move(answer), failure));
    });
  };
  if (!version_.empty()) return send(*std::move(call));
  find_version(0, [send, heard, ready = *std::move(call)](const Result<void>& found) {
    if (found) send(ready);
    else heard({found.error(), HttpFailure::not_sent});
  });
}

/// One that it does not have is not found; with one that it has, other things may be wrong.
void RestSlurm::find_version(std::size_t next, std::function<void(Result<void>)> then) {
  if (next == versions_known) return then(no_version_known());
  const std::string version = known_versions[next];
  auto call = call_for("GET", "/slurm/" + version + "/ping", "");
  if (!call) return then(call.error());
  run(*std::move(call), [this, next, version, then = std::move(then)](Result<HttpAnswer> answer,
                                                                      HttpFailure failure) {
    if (answer && answer->status == 404) return find_version(next + 1, then);
    if (answer && (answer->status == 200 || answer->status == 500)) {
      version_ = version;
      return then({});
    }
    then(read_answer(std::move(answer), failure).body.error());
  });
}

// The site, waited for.

RestSlurm::Answer RestSlurm::ask_now(const std::string& part, const std::string& target) {
  auto call = call_for("GET", part + version_ + target, "");
  if (!call) return {call.error(), HttpFailure::not_sent};
  call->deadline = longest_call_now;
  return read_answer(ask_http(*place_, *call), HttpFailure::no_answer);
}

Result<void> RestSlurm::find_version_now() {
  for (const char* version : known_versions) {
    version_ = version;
    const Answer answer = ask_now("/slurm/", "/ping");
    if (answer.status == 404) continue;
    if (answer.body) return {};
    if (answer.status == 0) version_.clear();
    return answer.body.error();
  }
  version_.clear();
  return no_version_known();
}

Result<SlurmSeen> RestSlurm::ask_site() {
  if (const auto found = find_version_now(); !found) return found.error();
  SlurmSeen seen;
  const Answer partitions = ask_now("/slurm/", "/partitions");
  if (!partitions.body) return partitions.body.error();
  const Answer nodes = ask_now("/slurm/", "/nodes");
  if (!nodes.body) return nodes.body.error();
  auto read_partitions = read_rest_partitions(*partitions.body);
  if (!read_partitions) return without_token(read_partitions.error());
  auto read_nodes = read_rest_nodes(*nodes.body);
  if (!read_nodes) return without_token(read_nodes.error());
  seen.nodes = *std::move(read_nodes);
  seen.site.partitions = *std::move(read_partitions);
  seen.site.version = read_rest_release(*nodes.body);
  if (seen.site.version.empty()) seen.site.version = version_;
  seen.site.gres = gres_types_of(nodes_of(seen.nodes));
  const Answer clusters = ask_now("/slurmdb/", "/clusters");
  const auto select =
      clusters.body ? read_rest_select(*clusters.body) : Result<std::string>(clusters.body.error());
  seen.site.accounting = select.ok();
  seen.site.gpus_per_task = !select || select->empty() || select->ends_with("cons_tres");
  // How Slurm is configured it does not tell: MaxArraySize and KillWait count as Slurm's defaults.
  seen.site.mpi_default = "own default, which slurmrestd does not tell";
  seen.site.warns = false;
  return seen;
}

// What there is.

void RestSlurm::ask_nodes(Heard<std::vector<SlurmNodeSeen>> heard) {
  ask("GET", "/slurm/", "/nodes", "", [heard = std::move(heard)](const Answer& answer) {
    if (answer.body) heard(read_rest_nodes(*answer.body));
    else heard(answer.body.error());
  });
}

void RestSlurm::ask_partitions(Heard<std::vector<SlurmPartition>> heard) {
  ask("GET", "/slurm/", "/partitions", "", [heard = std::move(heard)](const Answer& answer) {
    if (answer.body) heard(read_rest_partitions(*answer.body));
    else heard(answer.body.error());
  });
}

void RestSlurm::ask_queue(Heard<std::vector<SlurmJobSeen>> heard) {
  const Span begun = since_boot();
  ask("GET", "/slurm/", "/jobs", "", [this, begun, heard = std::move(heard)](const Answer& answer) {
    auto jobs = answer.body ? read_rest_queue(*answer.body, we())
                            : Result<std::vector<SlurmJobSeen>>(answer.body.error());
    // Everybody's jobs come along, so Slurm and we are not to be busy with that alone.
    rest_after_queue_ =
        jobs ? std::min(longest_rest, Span{(since_boot() - begun).us * times_its_own_length})
             : Span{0};
    heard(std::move(jobs));
  });
}

void RestSlurm::ask_accounts(std::vector<std::string> numbers,
                             Heard<std::vector<SlurmJobSeen>> heard) {
  // "null" in the place of a number ends slurmrestd 22.05.
  std::erase_if(numbers, [](const std::string& number) { return !is_number(number); });
  std::string list;
  for (const std::string& number : numbers) list += (list.empty() ? "" : "%2C") + number;
  ask("GET", "/slurmdb/", "/jobs?skip_steps=true&step=" + list, "",
      [heard = std::move(heard)](const Answer& answer) {
        if (answer.body) heard(read_rest_accounts(*answer.body));
        else if (constexpr std::int64_t nothing_found = 9003; answer.complaint == nothing_found)
          heard(std::vector<SlurmJobSeen>{});
        else heard(answer.body.error());
      });
}

void RestSlurm::ask_holders(Heard<std::vector<SlurmHolder>> heard) {
  ask("GET", "/slurm/", "/jobs", "", [heard = std::move(heard)](const Answer& answer) {
    if (answer.body) heard(read_rest_holders(*answer.body));
    else heard(answer.body.error());
  });
}

// What is to be done.

void RestSlurm::submit(const std::string& script, const std::string& tag,
                       std::function<void(SlurmSent)> heard) {
  using How = SlurmSent::How;
  const auto text = read_file(script, largest_script);
  auto made = text ? rest_submission(*text, tag, std::filesystem::path(script).parent_path(),
                                     settings_.environment)
                   : Result<RestSubmission>(text.error());
  if (!made) {
    loop_.post([alive = alive_, heard = std::move(heard), error = made.error()] {
      if (*alive) heard({How::refused, {}, error});
    });
    return;
  }
  ask("POST", "/slurm/", "/job/submit", std::move(made->body),
      [heard = std::move(heard)](const Answer& answer) {
        const auto number =
            answer.body ? read_rest_number(*answer.body) : Result<std::string>(answer.body.error());
        if (number) return heard({How::taken, *number, {}});
        const Error& why = number.error();
        if (answer.failure == HttpFailure::not_sent || answer.status == 401 || answer.status == 404)
          return heard({How::never_came, {}, why});
        if (answer.status == 400) return heard({How::refused, {}, why});
        // Its words are those of sbatch behind "Batch job submission failed: ".
        const std::string front =
            answer.complaint >= first_of_slurmctld ? "Batch job submission failed: " : "";
        heard({how_not_sent(front + why.what), {}, why});
      });
}

void RestSlurm::stop(std::vector<SlurmStopped> jobs, SlurmStop how, std::function<void()> told) {
  // One call for each element: it understands no lists of them.
  bool added = false;
  const auto add = [&](const std::string& name) {
    const std::string target = "/job/" + name + signal_of(how);
    if (stops_.size() >= most_waiting_stops || !stops_known_.insert(target).second) return;
    stops_.push_back({target, {}});
    added = true;
  };
  for (const SlurmStopped& job : jobs) {
    if (!is_number(job.number)) continue;
    if (job.elements.empty()) add(job.number);
    for (const std::uint32_t element : job.elements)
      add(job.number + "_" + std::to_string(element));
  }
  if (added) stops_.back().told = std::move(told);
  else loop_.post(std::move(told));
  while (stopping_ < most_stops_at_once && !stops_.empty()) stop_next();
}

void RestSlurm::stop_next() {
  const Stop stop = std::move(stops_.front());
  stops_.pop_front();
  ++stopping_;
  ask("DELETE", "/slurm/", stop.target, "", [this, stop](const Answer&) {
    stops_known_.erase(stop.target);
    --stopping_;
    if (stop.told) stop.told();
    if (stopping_ < most_stops_at_once && !stops_.empty()) stop_next();
  });
}

void RestSlurm::start_at_once(std::vector<std::string>, std::string, std::function<void()> ended) {
  loop_.post(std::move(ended));  // nobody asks for it: starts_at_once()
}

void RestSlurm::test(const std::string&, std::function<void(std::optional<TestedStart>)> heard) {
  loop_.post([heard = std::move(heard)] { heard(std::nullopt); });
}

}  // namespace gangline
