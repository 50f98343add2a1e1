// The cycle: learn what happened, decide, write down, then ask. The same for machines that are
// there and for pretended ones.
#pragma once

#include <memory>
#include <vector>

#include "control/foresight.h"
#include "control/register.h"
#include "control/scene.h"
#include "engine/engine.h"
#include "model/settings.h"

namespace gangline {

/// Where events are written down before they count.
class EventLog {
 public:
  virtual ~EventLog() = default;
  /// It happened, whether it can be written down now or not; written before any later wish.
  virtual void note(const Event& fact) = 0;
  /// Writes wishes down, all or none. After an Error nothing of them counts.
  virtual Result<void> commit(const std::vector<Event>& wishes) = 0;
};

class Cycle {
 public:
  /// `engine` and `log` must outlive it.
  Cycle(Engine& engine, EventLog& log, const Settings& settings, const Policy& policy);

  const Register& beliefs() const { return register_; }
  /// Gangs that ended for good, as far as it learned of them itself.
  std::uint64_t ended_gangs() const { return ended_gangs_; }

  /// From now on what users use is counted under any policy. `past`: what was stored of it.
  void count_use(const std::vector<PastUse>& past);
  void count_hours(const std::vector<PastHour>& past);
  /// What is to be stored of it with the events that were noted, and that it was.
  std::vector<PastUse> unstored_use() const { return usage_.unstored(); }
  std::vector<PastHour> unstored_hours() const { return usage_.unstored_hours(); }
  void use_is_stored() { usage_.is_stored(); }

  /// What was written down earlier.
  void recall(const Event& event);
  /// What ended before all that is recalled, oldest first, so that run times can be foretold.
  void recall_run(const ToRun& gang, Span run) { foresight_.recall(gang, run); }
  /// What happened; nothing if it is known already.
  void learn(Event event);
  /// What follows from what happened: a gather whose gangs failed, and jobs that came after one
  /// that did.
  void settle_consequences(Time now);
  /// New jobs: believed when they are written down.
  Result<void> accept(const std::vector<Event>& submitted);

  /// What is usually asked for.
  void expect(std::vector<UsualTask> usual) { scene_.expect(std::move(usual)); }
  void expect_work(std::vector<Span> work) { scene_.expect_work(std::move(work)); }
  /// How long gangs run, known from elsewhere; else it is guessed (Foresight).
  void foretell(Foretell foretell);
  /// What is guessed, under a policy that goes by it.
  const Foresight& foresight() const { return foresight_; }
  const Viewpoint& viewpoint() const { return scene_.viewpoint(); }
  const HouseBook& house() const { return scene_.house(); }
  HouseBook& house() { return scene_.house(); }
  /// What `viewpoint` shows of people, rules and reservations is that of this time.
  void look_at_house(Time now) { scene_.follow_rules_of(now); }
  std::uint32_t user_number(const std::string& owner) { return usage_.number_for(owner); }
  /// Users who will come, so that the rules of all are known from the beginning.
  void expect_user(const std::string& owner) { usage_.number_for(owner); }
  /// Before `decide`: shows the scheduler what changed.
  const Scene& look();
  Plan decide(Time now);
  /// Writes the plan down, then asks the engine. After an Error nothing was asked.
  Result<void> carry_out(const Plan& plan, Time now);

  /// After `recall`: asks those again to leave that were asked before.
  void ask_again();

  /// Why the job waits that the newest plan does not start; see Scene::wait_of.
  std::optional<Wait> wait_of(JobId job) { return scene_.wait_of(job); }
  /// Jobs of which gangs wait here, in the order in which they may start; see
  /// Scene::waiting_in_order.
  std::vector<JobId> waiting_in_order() const { return scene_.waiting_in_order(); }
  std::optional<Wait> first_wait() { return scene_.first_wait(); }
  /// Forgets the jobs that have ended.
  void retire_ended();

 private:
  void settle(JobId id, Time now);
  void settle_handed(JobId id, const std::string& why_not, Time now);
  void settle_handed_gather(const JobState& job, Time now);
  void end_handed(GangId gang, std::uint32_t attempt, const std::string& why, Time now);
  void apply(const Event& event);
  void ask_to_leave(const MakeRoom& stop);
  bool may_start_again(const GangEnded& ended) const;
  void foresee(const Event& event);
  void foresee_end(const GangEnded& ended, Time at);

  Engine& engine_;
  EventLog& log_;
  Register register_;
  Usage usage_;
  Scene scene_;
  bool counts_use_;
  Foresight foresight_;
  bool foresees_ = false;
  std::uint64_t ended_gangs_ = 0;
};

bool wishes_nothing(const Plan& plan);

}  // namespace gangline
