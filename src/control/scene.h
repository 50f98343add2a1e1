// The world as the scheduler sees it, told to a Planner job by job as they change: so that a cycle
// costs what changed, however many wait.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "control/house_rules.h"
#include "control/register.h"
#include "control/snapshot_of.h"
#include "model/settings.h"
#include "schedule/planner.h"

namespace gangline {

class Scene {
 public:
  /// `beliefs` and `usage` must outlive it.
  Scene(const Register& beliefs, Usage& usage, Settings settings, const Policy& policy)
      : beliefs_(beliefs),
        usage_(usage),
        policy_(policy),
        house_(settings),
        from_{std::move(settings), policy.stops != MayStop::nobody, {}} {
    from_.usage = &usage_;
  }

  const Viewpoint& viewpoint() const { return from_; }
  const HouseBook& house() const { return house_; }
  HouseBook& house() { return house_; }
  /// How long gangs run, for policies that go by it. To be called before the first look.
  void foretell(Foretell foretell) { from_.foretell = std::move(foretell); }
  /// How much work gangs usually are, in device-time; from the next plan from nothing on.
  void expect_work(std::vector<Span> work) {
    usual_work_ = std::make_shared<const std::vector<Span>>(std::move(work));
  }

  /// What is usually asked for, from the next plan from nothing on; until this is called, what the
  /// jobs that have not ended ask for.
  void expect(std::vector<UsualTask> usual) {
    usual_ = std::make_shared<const std::vector<UsualTask>>(std::move(usual));
  }
  /// Jobs of which this says so are not planned: they are handed over. Before the first look.
  void hand_over(std::function<bool(const JobSpec&)> places) { places_ = std::move(places); }
  /// Learns what these jobs do now.
  void look_at(const std::set<JobId>& changed);
  /// Learns which rules hold and what is set aside now; `plan` does it by itself.
  void follow_rules_of(Time now);
  bool somebody_waits() const { return waiting_ > 0 || !handed_.empty(); }
  bool somebody_waits_for_a_plan() const { return waiting_ > 0; }
  /// Those that may be handed to an engine which places them: all that they come after was.
  std::vector<WaitingGroup> handed_over() const;
  bool somebody_waits_for_devices() const { return waiting_for_devices_ > 0; }

  /// What should start now and what is promised, without reasons. Learns of machines, use by others
  /// and promises by itself.
  Plan plan(Time now);
  /// Why the first of the job's gangs waits that the newest plan does not start; empty: none does.
  std::optional<Wait> wait_of(JobId job);
  /// Jobs of which gangs wait for a place, as the newest plan had them; empty before the first.
  std::vector<JobId> waiting_in_order() const;
  /// The same of the first in order; empty: nobody waits for room.
  std::optional<Wait> first_wait();

 private:
  struct Told {
    std::vector<WaitingGroup> waiting;
    std::vector<Holder> holding;
  };
  bool is_handed(JobId id) const;
  void tell(const Told& before, const Told& after);
  void count(const Told& told, int sign);
  void begin_anew(Time now);
  void share_by_now(Time now);
  Plan plan_at(Time now);
  bool shares() const { return policy_.goes_first == GoesFirst::fair_share; }
  std::shared_ptr<const std::vector<UsualTask>> usual_now() const;

  const Register& beliefs_;
  Usage& usage_;
  const Policy policy_;
  HouseBook house_;
  Viewpoint from_;
  std::map<JobId, Told> told_;
  std::function<bool(const JobSpec&)> places_;
  std::map<JobId, std::vector<WaitingGroup>> handed_;
  std::map<GangId, PromiseMade> promises_;
  std::shared_ptr<const Cluster> cluster_;
  std::shared_ptr<const std::vector<UsualTask>> usual_;
  std::shared_ptr<const std::vector<Span>> usual_work_;
  std::vector<ForeignUse> foreign_;
  bool rules_changed_ = false;        ///< since the planner began
  HouseRules rules_;                  ///< of `from_.rules`, those that held at the newest plan
  std::unique_ptr<Planner> planner_;  ///< null before the first plan, and when machines changed
  std::size_t remembered_at_first_ = 0;
  std::int64_t waiting_ = 0, waiting_for_devices_ = 0;  ///< groups, for a plan
};

}  // namespace gangline
