// The service as one of several people sees it: all see what runs and waits, each stops and reads
// only their own, and an operator everything.
#pragma once

#include <string>
#include <vector>

#include "control/controller.h"
#include "service/caller.h"

namespace gangline {

class ForPeople final : public Service {
 public:
  /// `controller` must outlive all answers, this object its calls only.
  ForPeople(Controller& controller, Caller caller);

  /// The tasks run as the caller. ErrorKind::denied for a priority above 0 of no operator.
  void submit(JobSpec spec, Reply<Submitted> reply) override;
  void translate(JobSpec spec, Reply<Translation> reply) override;
  void list(const ListQuery& query, Reply<std::vector<JobSummary>> reply) override;
  /// Of others' jobs without what is private: commands, variables, paths, output.
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
  /// The caller's newest job of that name; an operator's, else the newest of all.
  void find(const std::string& name, Reply<JobId> reply) override;
  void status(Reply<ServiceStatus> reply) override;
  /// Operators hold devices for anybody; a person may cancel what is held for them.
  void reserve(const ReserveRequest& request, Reply<Reservation> reply) override;
  void reservations(Reply<std::vector<Reservation>> reply) override;
  void cancel_reservation(std::uint64_t number, Reply<Reservation> reply) override;
  void ask_pilot(const PilotRequest& request, Reply<PilotView> reply) override;
  void pilots(Reply<std::vector<PilotView>> reply) override;
  void stop_pilot(std::uint64_t number, Reply<PilotView> reply) override;
  void shut_down(Reply<Unit> reply) override;
  void stay(bool stays, Reply<Unit> reply) override;

 private:
  /// An Error where it is another's and the caller no operator. `doing`: "stop", "read".
  Result<void> may_touch(JobId job, const char* doing);
  bool sees_all_of(JobId job);

  Controller& controller_;
  Caller caller_;
};

}  // namespace gangline
