// What one can ask of Gangline. `control` answers in process; `client` asks over a socket.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/figures.h"
#include "model/follow.h"
#include "model/job.h"
#include "model/pilot.h"
#include "model/reservation.h"
#include "model/views.h"

namespace gangline {

/// Called exactly once with the answer, at once or later, on the thread of the event loop.
template <class T>
using Reply = std::function<void(Result<T>)>;

struct Unit {};  ///< an answer without content

class Service {
 public:
  virtual ~Service() = default;

  /// Answered when the job is on disk. The spec is checked again here: limits, queue, `after`, and
  /// whether this cluster can ever run it; if not, nothing is stored.
  virtual void submit(JobSpec spec, Reply<Submitted> reply) = 0;
  /// What would become of it in the system that jobs are handed to; nothing is submitted. An Error
  /// where they run as they are.
  virtual void translate(JobSpec spec, Reply<Translation> reply) = 0;
  virtual void list(const ListQuery& query, Reply<std::vector<JobSummary>> reply) = 0;
  /// Gangs from `first_gang` on, at most `most`.
  virtual void show(JobId job, std::uint32_t first_gang, std::uint32_t most,
                    Reply<JobDetail> reply) = 0;
  virtual void show_gang(GangId gang, Reply<GangView> reply) = 0;
  virtual void why(JobId job, Reply<WhyAnswer> reply) = 0;
  /// Answered when it has ended or the time is over: look at the phase.
  virtual void wait(const WaitQuery& query, Reply<JobSummary> reply) = 0;
  virtual void stop(const StopRequest& request, Reply<JobSummary> reply) = 0;
  virtual void read_log(const LogQuery& query, Reply<LogChunk> reply) = 0;
  virtual void nodes(Reply<std::vector<NodeView>> reply) = 0;
  /// What happened, once it is on disk: see FeedQuery. At once if there is something to tell.
  virtual void feed(const FeedQuery& query, Reply<FeedPage> reply) = 0;
  /// Gangs from `first` on, at most `most`.
  virtual void cells(JobId job, std::uint32_t first, std::uint32_t most,
                     Reply<GangCells> reply) = 0;
  /// Of gangs from `first` on, at most `most` of them: sweep values against what came out.
  virtual void results(JobId job, std::uint32_t first, std::uint32_t most,
                       Reply<JobResults> reply) = 0;
  /// Each 5 s of the last hour, each minute of the last day, each 10 minutes of 30 days; of the
  /// last hour where `from` is left out.
  virtual void readings(const ReadingsQuery& query, Reply<Readings> reply) = 0;
  virtual void timeline(const TimeChartQuery& query, Reply<TimeChart> reply) = 0;
  /// For programs that watch: what there is and what was counted.
  virtual void figures(Reply<Figures> reply) = 0;
  /// The newest job of that name.
  virtual void find(const std::string& name, Reply<JobId> reply) = 0;
  virtual void status(Reply<ServiceStatus> reply) = 0;
  /// Answered when it is on disk. Refused where it is not sure to be free then.
  virtual void reserve(const ReserveRequest& request, Reply<Reservation> reply) = 0;
  /// Those that are not over.
  virtual void reservations(Reply<std::vector<Reservation>> reply) = 0;
  /// The answer is what it was.
  virtual void cancel_reservation(std::uint64_t number, Reply<Reservation> reply) = 0;
  /// Nodes that another system lends, on which places are planned here. Answered when it is on
  /// disk.
  virtual void ask_pilot(const PilotRequest& request, Reply<PilotView> reply) = 0;
  virtual void pilots(Reply<std::vector<PilotView>> reply) = 0;
  /// Its gangs wait again.
  virtual void stop_pilot(std::uint64_t number, Reply<PilotView> reply) = 0;
  /// Ends the service (running gangs go on); `stay`: instead of ending when idle, stays until told.
  virtual void shut_down(Reply<Unit> reply) = 0;
  virtual void stay(bool stays, Reply<Unit> reply) = 0;
};

}  // namespace gangline
