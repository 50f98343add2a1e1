#include "schedule/make_plan.h"

#include "schedule/planner.h"

namespace gangline {

Plan make_plan(const Snapshot& snapshot, const Policy& policy) {
  Planner planner(snapshot, policy);
  Plan plan = planner.plan(snapshot.now);
  plan.waits = planner.reasons();
  return plan;
}

}  // namespace gangline
