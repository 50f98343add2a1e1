#include "client/client.h"

#include <algorithm>

#include "base/text.h"
#include "json/access_json.h"
#include "json/json.h"
#include "os/url.h"

namespace gangline {
namespace {

// With this status a service that ends says that it has not done what was asked.
constexpr unsigned is_ending = 503;
constexpr int most_attempts = 10;

// Of a gateway: too many questions with this token, and a service that it does not reach (now).
constexpr unsigned too_many = 429, out_of_reach = 503;
constexpr Span first_patience = seconds(8);
constexpr Span first_rest = milliseconds(200), longest_rest = seconds(2);

std::string path_of(JobId job) { return "/v1/jobs/" + format(job); }
std::string path_of(GangId gang) {
  return path_of(gang.job) + "/gangs/" + std::to_string(gang.index);
}

}  // namespace

Client::Client(std::function<Result<Fd>()> connect, std::string version)
    : connect_(std::move(connect)), version_(std::move(version)) {}

Client::Client(FarService far, std::string version)
    : far_(std::move(far)), version_(std::move(version)) {}

Error Client::other_version(const std::string& theirs) const {
  if (far_)
    return {ErrorKind::version,
            "the service there is version " + printable(theirs) + ", this `gang` is " + version_,
            far_->shown, "use a `gang` of that version"};
  return {ErrorKind::version,
          "the service that runs is version " + printable(theirs) + ", this `gang` is " + version_,
          "", "`gang daemon restart` starts it anew; running gangs go on"};
}

Result<void> Client::connect() {
  if (far_) {
    auto wire = far_->connect();
    if (!wire) return wire.error();
    http_ = HttpClient(*std::move(wire), far_->fields);
    return {};
  }
  auto socket = connect_();
  if (!socket) return socket.error();
  http_ = HttpClient(std::move(*socket), version_);
  return {};
}

// A question is asked again once if the service went away; a POST is not, since it may have been
// done. Both are asked of the next service where the one there was says that it ends.
Result<std::string> Client::ask(const std::string& method, const std::string& target,
                                std::string body, Versions versions) {
  if (far_) return ask_far(method, target, body, method == "GET");
  for (int attempt = 0;; ++attempt) {
    if (!http_.connected()) {
      if (const auto connected = connect(); !connected) return connected.error();
    }
    auto reply = http_.ask(method, target, body);
    if (!reply) {
      if (attempt == 0 && reply.error().kind == ErrorKind::unavailable && method == "GET") continue;
      return reply.error();
    }
    if (reply->status == is_ending && attempt < most_attempts) {
      http_ = HttpClient();
      continue;
    }
    if (versions == Versions::must_match && reply->version != version_)
      return other_version(reply->version);
    if (reply->status == 200) return std::move(reply->body);
    return error_from_json(reply->body);
  }
}

bool Client::waits_for_far(const Error& trouble, Span& rest) {
  const Span now = far_->clock();
  const bool first = !silent_since_;
  if (first) silent_since_ = now;
  const Span longest = was_answered_ ? far_->patience : std::min(far_->patience, first_patience);
  if (now - *silent_since_ >= longest) return false;
  if (first && trouble.kind == ErrorKind::unavailable) far_->tells(trouble, longest);
  const bool goes_on = far_->rest(rest);
  rest = std::min(rest + rest, longest_rest);
  return goes_on;
}

// Networks and gateways come and go: what may be asked twice is asked again, until the patience is
// over. What a gateway answers itself has no version.
Result<std::string> Client::ask_far(const std::string& method, const std::string& target,
                                    const std::string& body, bool may_be_asked_again) {
  bool at_once = false;
  for (Span rest = first_rest;;) {
    Error trouble;
    const bool was_connected = http_.connected();
    if (const auto ready = was_connected ? Result<void>() : connect(); !ready) {
      trouble = ready.error();
      if (trouble.kind != ErrorKind::unavailable || !was_answered_) return trouble;
    } else if (auto reply = http_.ask(method, far_->path + target, body); !reply) {
      trouble = reply.error();
      trouble.where = far_->shown;
      if (trouble.kind == ErrorKind::unavailable) trouble.what = "it gave no answer";
      if (!was_answered_ && !was_connected) {
        if (far_->shown.starts_with("http://")) trouble.hint = "if it speaks TLS, write https://";
        return trouble;
      }
      if (trouble.kind != ErrorKind::unavailable || !may_be_asked_again) return trouble;
      // It may have been closed for long.
      if (was_connected && !std::exchange(at_once, true)) continue;
    } else if (reply->status == too_many || reply->status == out_of_reach) {
      trouble = error_from_json(reply->body);
      // Of a service that went away meanwhile nobody knows what it did.
      if (reply->status == out_of_reach && !may_be_asked_again) return trouble;
    } else {
      return understand_far(*std::move(reply));
    }
    if (!waits_for_far(trouble, rest)) return trouble;
  }
}

Result<std::string> Client::understand_far(HttpAnswer reply) {
  was_answered_ = true;
  silent_since_.reset();
  if (!reply.version.empty() && reply.version != version_) return other_version(reply.version);
  if (reply.status == 200) return std::move(reply.body);
  Error refused = error_from_json(reply.body);
  if (refused.kind == ErrorKind::broken && refused.where.empty()) refused.where = far_->shown;
  return refused;
}

Result<WhoAmI> Client::who_am_i() {
  const auto text = ask_far("GET", "/v1/whoami", "", true);
  if (!text && text.error().kind == ErrorKind::not_found)
    return Error{ErrorKind::not_found, "there is no `gang serve` at this path", far_->shown,
                 "leave out what stands behind the port"};
  if (!text) return text.error();
  auto who = from_json<WhoAmI>(*text);
  if (!who)
    return Error{ErrorKind::broken, "what answers there is no `gang serve`", far_->shown, ""};
  if (who->version != version_) return other_version(who->version);
  return who;
}

template <class T>
void Client::ask_for(const std::string& method, const std::string& target, std::string body,
                     const Reply<T>& reply, Versions versions) {
  auto text = ask(method, target, std::move(body), versions);
  if (!text) return reply(text.error());
  if constexpr (std::is_same_v<T, Unit>) reply(Unit{});
  else reply(from_json<T>(*text));
}

void Client::submit(JobSpec spec, Reply<Submitted> reply) {
  if (!far_) return ask_for("POST", "/v1/jobs", to_json(spec), reply);
  // With a key it is submitted once, however often it is sent.
  const auto key = far_->key();
  if (!key) return reply(key.error());
  auto text = ask_far("POST", "/v1/jobs?key=" + url_encoded(*key), to_json(spec), true);
  if (!text) return reply(text.error());
  reply(from_json<Submitted>(*text));
}

void Client::translate(JobSpec spec, Reply<Translation> reply) {
  ask_for("POST", "/v1/translate", to_json(spec), reply);
}

void Client::list(const ListQuery& query, Reply<std::vector<JobSummary>> reply) {
  std::string target = "/v1/jobs?limit=" + std::to_string(query.limit);
  if (query.all) target += "&all";
  if (query.phase) target += std::string("&phase=") + name_of(*query.phase);
  for (const auto& [key, value] :
       {std::pair{"&name=", &query.name}, std::pair{"&owner=", &query.owner},
        std::pair{"&queue=", &query.queue}, std::pair{"&text=", &query.text}})
    if (!value->empty()) target += key + url_encoded(*value);
  if (query.before.n > 0) target += "&before=" + std::to_string(query.before.n);
  if (query.by_start) target += "&order=start";
  ask_for("GET", target, "", reply);
}

void Client::show(JobId job, std::uint32_t first_gang, std::uint32_t most, Reply<JobDetail> reply) {
  ask_for("GET",
          path_of(job) + "?first=" + std::to_string(first_gang) + "&most=" + std::to_string(most),
          "", reply);
}

void Client::show_gang(GangId gang, Reply<GangView> reply) {
  ask_for("GET", path_of(gang), "", reply);
}

void Client::why(JobId job, Reply<WhyAnswer> reply) {
  ask_for("GET", path_of(job) + "/why", "", reply);
}

void Client::wait(const WaitQuery& query, Reply<JobSummary> reply) {
  std::string target = path_of(query.job) + "/wait?us=" + std::to_string(query.longest.us);
  if (query.index) target += "&gang=" + std::to_string(*query.index);
  ask_for("GET", target, "", reply);
}

void Client::stop(const StopRequest& request, Reply<JobSummary> reply) {
  std::string target = path_of(request.job) + "/stop?";
  if (request.index) target += "gang=" + std::to_string(*request.index) + "&";
  if (request.at_once) target += "at_once";
  ask_for("POST", target, "", reply, Versions::may_differ);
}

void Client::read_log(const LogQuery& query, Reply<LogChunk> reply) {
  ask_for("GET",
          path_of(query.gang) + "/log?attempt=" + std::to_string(query.attempt) +
              "&rank=" + std::to_string(query.rank) + "&from=" + std::to_string(query.from) +
              "&most=" + std::to_string(query.most) + (query.error_stream ? "&stderr" : ""),
          "", reply);
}

void Client::nodes(Reply<std::vector<NodeView>> reply) { ask_for("GET", "/v1/nodes", "", reply); }

void Client::feed(const FeedQuery& query, Reply<FeedPage> reply) {
  std::string target =
      "/v1/feed?most=" + std::to_string(query.most) + "&us=" + std::to_string(query.longest.us);
  if (!query.of.empty()) target += "&of=" + url_encoded(query.of);
  if (query.after) target += "&after=" + std::to_string(*query.after);
  ask_for("GET", target, "", reply);
}

void Client::cells(JobId job, std::uint32_t first, std::uint32_t most, Reply<GangCells> reply) {
  ask_for("GET",
          path_of(job) + "/cells?first=" + std::to_string(first) + "&most=" + std::to_string(most),
          "", reply);
}

void Client::results(JobId job, std::uint32_t first, std::uint32_t most, Reply<JobResults> reply) {
  ask_for(
      "GET",
      path_of(job) + "/results?first=" + std::to_string(first) + "&most=" + std::to_string(most),
      "", reply);
}

void Client::readings(const ReadingsQuery& query, Reply<Readings> reply) {
  std::string target = "/v1/nodes/" + std::to_string(query.node.n) +
                       "/readings?from=" + std::to_string(query.from.us) +
                       "&until=" + std::to_string(query.until.us) +
                       "&most=" + std::to_string(query.most);
  for (const std::uint32_t device : query.devices)
    target += (device == query.devices.front() ? "&devices=" : ",") + std::to_string(device);
  ask_for("GET", target, "", reply);
}

void Client::timeline(const TimeChartQuery& query, Reply<TimeChart> reply) {
  ask_for("GET",
          "/v1/timeline?from=" + std::to_string(query.from.us) +
              "&until=" + std::to_string(query.until.us) + "&most=" + std::to_string(query.most),
          "", reply);
}

void Client::figures(Reply<Figures> reply) { ask_for("GET", "/v1/figures", "", reply); }

void Client::find(const std::string& name, Reply<JobId> reply) {
  ask_for("GET", "/v1/names/" + url_encoded(name), "", reply);
}

void Client::status(Reply<ServiceStatus> reply) {
  ask_for("GET", "/v1/status", "", reply, Versions::may_differ);
}

void Client::reserve(const ReserveRequest& request, Reply<Reservation> reply) {
  ask_for("POST", "/v1/reservations", to_json(request), reply);
}

void Client::reservations(Reply<std::vector<Reservation>> reply) {
  ask_for("GET", "/v1/reservations", "", reply);
}

void Client::cancel_reservation(std::uint64_t number, Reply<Reservation> reply) {
  ask_for("POST", "/v1/reservations/" + std::to_string(number) + "/cancel", "", reply);
}

void Client::ask_pilot(const PilotRequest& request, Reply<PilotView> reply) {
  ask_for("POST", "/v1/pilots", to_json(request), reply);
}

void Client::pilots(Reply<std::vector<PilotView>> reply) {
  ask_for("GET", "/v1/pilots", "", reply);
}

void Client::stop_pilot(std::uint64_t number, Reply<PilotView> reply) {
  ask_for("POST", "/v1/pilots/" + std::to_string(number) + "/stop", "", reply);
}

void Client::shut_down(Reply<Unit> reply) {
  ask_for("POST", "/v1/shut_down", "", reply, Versions::may_differ);
}

void Client::stay(bool stays, Reply<Unit> reply) {
  ask_for("POST", std::string("/v1/stay?") + (stays ? "stays" : ""), "", reply);
}

}  // namespace gangline
