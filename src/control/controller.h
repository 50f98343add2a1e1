// The cycle: learn what happened, take one picture, decide, write down, ask. And the answers to
// what people and programs ask in between (`Service`, in process).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "account/meter.h"
#include "control/cycle.h"
#include "control/notify/notices.h"
#include "control/people/config_notes.h"
#include "control/pilots/own_pilots.h"
#include "control/rounds.h"
#include "control/watching/counts.h"
#include "control/watching/diary.h"
#include "control/watching/feed.h"
#include "control/watching/readings.h"
#include "control/world.h"
#include "engine/engine.h"
#include "model/settings.h"
#include "schedule/make_plan.h"
#include "service/service.h"
#include "store/store.h"

namespace gangline {

struct ControllerSettings {
  Settings settings;
  std::string owner;  ///< login name of the user whose service this is
  std::uint32_t uid = 0;
  std::int64_t pid = 0;
  std::string version;
  std::string state_dir;
  bool stays = false;  ///< does not end when idle
  /// What is usually asked for, for policies that keep room for it; empty: what the jobs that have
  /// not ended ask for.
  std::vector<UsualTask> usual = {};
  /// How much work gangs usually are, in device-time, for policies that go by it; empty: not known.
  std::vector<Span> usual_work = {};
};

/// Whose a job is. `person`: whom its tasks run as; null: as whoever runs the launcher.
struct Submitter {
  std::string login;
  std::uint32_t uid = 0;
  std::shared_ptr<const Person> person = nullptr;
};

// Limits of one service.
constexpr std::uint64_t most_unfinished_jobs = 100'000;
constexpr std::uint64_t most_waiting_gangs = 10'000'000;
constexpr std::uint32_t most_shown_gangs = 10'000;

class Controller final : public Service, private EventLog {
 public:
  /// All must outlive it. `on_idle` is called when nothing was asked, waited or ran for so long as
  /// the settings say; `on_end` when `shut_down` was asked and answered.
  Controller(World& world, Store& store, Engine& engine, ControllerSettings settings,
             std::function<void()> on_end);
  ~Controller() override;

  /// Reads back what was, finds out what is, and goes on. Call once, before all else.
  Result<void> begin();

  /// Ends of jobs are told by this one from now on. After `begin`; it must outlive the controller.
  void tell_by(Messenger& messenger);
  /// Before the service ends: what devices did until now is on disk then.
  void keep_readings();
  /// It is told of each cycle and event from now on; it must outlive the controller.
  void keep_diary(Diary& diary) { diary_ = &diary; }

  /// As whoever the service belongs to.
  void submit(JobSpec spec, Reply<Submitted> reply) override;
  void translate(JobSpec spec, Reply<Translation> reply) override;
  void submit_as(Submitter submitter, JobSpec spec, Reply<Submitted> reply);
  /// Login name and uid of the owner of a job.
  Result<std::pair<std::string, std::uint32_t>> owner_of(JobId job);
  /// The newest job of that name of one user.
  void find_of(const std::string& name, std::uint32_t uid, Reply<JobId> reply);
  /// That of the only user who has one; refused where several have.
  void find_of_one(const std::string& name, Reply<JobId> reply);
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
  struct PendingSubmit {
    Submitter submitter;
    JobSpec spec;
    Reply<Submitted> reply;
  };
  struct Waiter {
    WaitQuery query;
    Reply<JobSummary> reply;
    Time until;
  };

  // The cycle, live (controller.cpp).
  void ask_for_cycle();
  void run_cycle();
  void note(const Event& fact) override;
  Result<void> commit(const std::vector<Event>& wishes) override;
  void learn(const News& news);
  bool may_wait_for_company() const;
  bool is_over(const Waiter& waiter) const;
  void measure(const Event& event);
  void ask_reading();
  void note_measured();
  void accept_submits();
  Result<Submitted> submitted_before(const JobSpec& spec, JobId id);
  void catch_up_counts();
  void note_cycle(CycleTrace trace, std::uint64_t events_before);
  void tell_feed(const std::vector<Event>& wishes);
  Plan plan_now();
  void plan_again_at(Time at);
  void carry_out(const Plan& plan);
  void retire_ended_jobs();
  void answer_waiters();
  void watch_idleness();
  void return_turns(Span longer_than);
  Result<std::vector<PastReadings>> stored_readings(NodeId node, Time from, Time until);
  bool readings_are_due() const;
  std::optional<Error> why_no_log(const LogQuery& query);
  void note_trouble(const Error& error);
  void hear_engine();
  void adopt_found_nodes();
  void adopt_found(Node found);
  void give_back_nodes(const std::set<std::string>& there);
  void when_devices_are_known(std::function<void()> call);
  void answer_with_devices();

  // Answers (answers.cpp).
  /// `before`: of the same person, accepted in this cycle and not yet in the register.
  Result<Job> check_submit(const Submitter& submitter, JobSpec spec, const Register::Kept& before);
  // Reservations (reserve.cpp).
  Result<Reservation> check_reserve(const ReserveRequest& request);
  Result<void> recall_reservations();
  void show_set_aside(std::vector<NodeView>& views) const;
  Result<JobSummary> summary(JobId job);
  JobSummary line_of(const JobState& job);
  std::vector<JobId> unfinished_in_order(const ListQuery& query);
  std::string reason_of(JobId job);
  std::optional<GangId> first_in_engine(JobId job) const;
  /// Where it waits if its queue was taken out of the config file; else empty.
  std::string lost_queue_of(const JobState& job) const;
  const Snapshot& picture();
  GangView live_view(const JobState& job, std::uint32_t index, const HeldGang& gang) const;
  std::vector<NodeView> node_views() const;
  void show_held_by_others(NodeView& view) const;
  Result<JobDetail> detail(JobId job, std::uint32_t first_gang, std::uint32_t most);
  Result<GangView> gang_view(GangId gang);
  void touch() { last_touched_ = world_.now(); }

  World& world_;
  Store& store_;
  Engine& engine_;
  ControllerSettings settings_;
  std::function<void()> on_end_;
  Policy policy_;
  Rounds rounds_;

  Cycle cycle_;
  const Register& register_;
  Meter meter_;
  OwnPilots own_pilots_;
  Feed feed_;
  ReadingsKept readings_;
  Time readings_stored_{0};
  Counts counts_;
  Notices notices_;
  Diary* diary_ = nullptr;
  std::uint64_t cycles_ = 0;
  Time reading_asked_{0};
  SharedEnvironments environments_;
  std::uint64_t last_job_ = 0, last_reservation_ = 0;
  std::uint64_t ended_before_ = 0;  ///< gangs, in earlier lives of the service
  std::vector<PendingSubmit> submits_;
  std::vector<std::function<void()>> need_devices_;  ///< what is put off until these are known
  std::vector<Event> unstored_;  ///< facts that happened and are not on disk yet
  Time unstored_since_;
  bool disk_is_tried_again_ = false;  ///< soon
  bool store_now_ = false;            ///< a person\'s wish is among them
  std::string unstored_cursor_;       ///< of the engine, after these; empty: none new
  std::vector<StopOrder> stops_;      ///< asked by people since the last cycle
  std::multimap<JobId, Waiter> waiters_;
  std::optional<Snapshot> picture_;  ///< for answers; empty: nobody asked since something changed
  bool planned_ = false;             ///< in the newest cycle; not so while it is blind
  bool cycle_asked_ = false;
  Time plans_again_at_ = never;
  bool turns_given_ = false;        ///< some gang may wait for its turn on another's allocation
  bool looks_for_reading_ = false;  ///< a call is due that asks for a cycle
  bool feed_asked_ = false;         ///< it is answered soon
  bool ended_ = false;
  std::string trouble_;
  ConfigNotes config_notes_;
  Time started_;
  Time last_touched_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  ///< for calls that come later
};

}  // namespace gangline
