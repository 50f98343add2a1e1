#include "told.h"

#include <algorithm>
#include <sstream>

#include "base/text.h"
#include "schedule/make_plan.h"

namespace gangline::worlds {
namespace {

std::string text_of(const Allocation& allocation) {
  std::ostringstream text;
  text << allocation.alternative;
  for (const NodePart& part : allocation.parts) {
    text << " node " << part.node.n;
    for (const TaskPlace& task : part.tasks) {
      text << " rank " << task.rank << " cpus " << task.cpus.text() << " memory " << task.memory.n;
      for (const DeviceShare& share : task.devices)
        text << " device " << share.device << "*" << share.share.thousandths;
    }
  }
  return text.str();
}

}  // namespace

std::string text_of(const Plan& plan, const Snapshot& snapshot) {
  std::ostringstream text;
  for (const Start& start : plan.starts)
    text << "start " << start.job.n << "." << start.first << "+" << start.count << " "
         << text_of(*start.allocation) << "\n";
  for (const MakeRoom& stop : plan.stops)
    text << "stop " << format(stop.gang) << " for " << format(stop.by) << "\n";
  if (plan.again != never) text << "again " << plan.again.us << "\n";
  for (const PromiseMade& made : plan.promises)
    text << "promise " << format(made.gang) << " " << made.start.us << "\n";
  for (const PromiseGivenUp& given_up : plan.given_up)
    text << "given up " << format(given_up.gang) << " " << given_up.cause << "\n";
  for (const Wait& wait : plan.waits)
    text << "wait " << wait.job.n << "." << wait.first << "+" << wait.count << " "
         << wait.expected.us << " " << explain(wait.blocker, snapshot) << "\n";
  return text.str();
}

void tell(Planner& planner, const Snapshot& before, const Snapshot& after) {
  const auto key = [](const auto& one) { return std::pair(one.job, one.first); };
  const auto gone = [&](const auto& one, const auto& all) {
    return std::none_of(all.begin(), all.end(),
                        [&](const auto& other) { return key(other) == key(one); });
  };
  for (const PromiseMade& made : before.promises) planner.promise_is_over(made.gang);
  for (const Holder& holder : before.holders)
    if (std::none_of(after.holders.begin(), after.holders.end(),
                     [&](const Holder& other) { return other.allocation == holder.allocation; }))
      planner.lets_go(holder.job, holder.first);
  for (const Holder& holder : after.holders)
    if (std::find(before.holders.begin(), before.holders.end(), holder) == before.holders.end())
      planner.holds(holder);
  for (const WaitingGroup& group : before.waiting)
    if (gone(group, after.waiting)) planner.no_longer_waits(group.job, group.first);
  for (const WaitingGroup& group : after.waiting) {
    const auto same = std::find_if(before.waiting.begin(), before.waiting.end(),
                                   [&](const auto& other) { return key(other) == key(group); });
    if (same == before.waiting.end() || *same != group) planner.waits(group);
  }
  for (const PromiseMade& made : after.promises) planner.promised(made);
  if (before.used != after.used) planner.used(*after.used);
}

}  // namespace gangline::worlds
