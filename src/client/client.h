// The Service over a connection: each call asks and waits for the answer, which comes before it
// returns.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "model/access.h"
#include "os/http_client.h"
#include "service/service.h"

namespace gangline {

/// A service of another machine, which is asked through a gateway.
struct FarService {
  std::function<Result<std::unique_ptr<Wire>>()> connect;
  std::string path;    ///< before each target, without a slash at its end
  std::string fields;  ///< of each request, each with its end of line
  std::string shown;   ///< "https://gpu1.lab:7979"
  /// So long who was answered before asks again while nobody answers, in one question or several.
  Span patience = seconds(30);
  std::function<Span()> clock;     ///< since any moment
  std::function<bool(Span)> rest;  ///< between two tries; false: the person wants no more of them
  std::function<void(const Error&, Span longest)>
      tells;  ///< once in each time without answers, before a try
  /// A word that none before was like, for what is submitted.
  std::function<Result<std::string>()> key;
};

class Client final : public Service {
 public:
  /// `connect` gives a new connection: at first, and again when the service went away in between.
  /// `version` is ours; a service of another version is an error of kind ErrorKind::version, but
  /// for `status`, `shut_down` and `stop`, which are the way out.
  Client(std::function<Result<Fd>()> connect, std::string version);
  /// What it submits, it submits once, whatever goes away meanwhile.
  Client(FarService far, std::string version);

  /// Of a service of another machine: who one is there.
  Result<WhoAmI> who_am_i();

  void submit(JobSpec spec, Reply<Submitted> reply) override;
  void translate(JobSpec spec, Reply<Translation> reply) override;
  void list(const ListQuery& query, Reply<std::vector<JobSummary>> reply) override;
  void show(JobId job, std::uint32_t first_gang, std::uint32_t most,
            Reply<JobDetail> reply) override;
  void show_gang(GangId gang, Reply<GangView> reply) override;
  void why(JobId job, Reply<WhyAnswer> reply) override;
  void wait(const WaitQuery& query, Reply<JobSummary> reply) override;
  void stop(const StopRequest& request, Reply<JobSummary> reply) override;
  void read_log(const LogQuery& query, Reply<LogChunk> reply) override;
  void nodes(Reply<std::vector<NodeView>> reply) override;
  void feed(const FeedQuery& query, Reply<FeedPage> reply) override;
  void cells(JobId job, std::uint32_t first, std::uint32_t most, Reply<GangCells> reply) override;
  void results(JobId job, std::uint32_t first, std::uint32_t most,
               Reply<JobResults> reply) override;
  void readings(const ReadingsQuery& query, Reply<Readings> reply) override;
  void timeline(const TimeChartQuery& query, Reply<TimeChart> reply) override;
  void figures(Reply<Figures> reply) override;
  void find(const std::string& name, Reply<JobId> reply) override;
  void status(Reply<ServiceStatus> reply) override;
  void reserve(const ReserveRequest& request, Reply<Reservation> reply) override;
  void reservations(Reply<std::vector<Reservation>> reply) override;
  void cancel_reservation(std::uint64_t number, Reply<Reservation> reply) override;
  void ask_pilot(const PilotRequest& request, Reply<PilotView> reply) override;
  void pilots(Reply<std::vector<PilotView>> reply) override;
  void stop_pilot(std::uint64_t number, Reply<PilotView> reply) override;
  void shut_down(Reply<Unit> reply) override;
  void stay(bool stays, Reply<Unit> reply) override;

 private:
  enum class Versions { must_match, may_differ };
  Result<void> connect();
  Error other_version(const std::string& theirs) const;
  Result<std::string> ask_far(const std::string& method, const std::string& target,
                              const std::string& body, bool may_be_asked_again);
  Result<std::string> understand_far(HttpAnswer reply);
  /// Whether to ask again after `trouble`.
  bool waits_for_far(const Error& trouble, Span& rest);
  Result<std::string> ask(const std::string& method, const std::string& target, std::string body,
                          Versions versions);
  template <class T>
  void ask_for(const std::string& method, const std::string& target, std::string body,
               const Reply<T>& reply, Versions versions = Versions::must_match);

  std::function<Result<Fd>()> connect_;
  std::optional<FarService> far_;
  bool was_answered_ = false;
  std::optional<Span> silent_since_;  // of the far service
  std::string version_;
  HttpClient http_;
};

}  // namespace gangline
