#include "reason_checks.h"

#include <algorithm>

#include "base/text.h"
#include "schedule/ahead.h"
#include "schedule/desk.h"
#include "schedule/make_plan.h"

namespace gangline::worlds {
namespace {

const WaitingGroup* group_of(const Snapshot& world, const Wait& wait) {
  for (const WaitingGroup& group : world.waiting)
    if (group.job == wait.job && group.first <= wait.first &&
        wait.first - group.first < group.count)
      return &group;
  return nullptr;
}

bool contradicts_itself(const Blocker& blocker) {
  if (const auto* taken = std::get_if<AllTaken>(&blocker))
    return taken->free >= taken->wanted || taken->holders.empty();
  const auto* scattered = std::get_if<Scattered>(&blocker);
  if (scattered == nullptr) return false;
  // Of tasks too few find room, of nodes it would be over too many, and of all else there is
  // enough.
  if (scattered->what == "task") return scattered->free >= scattered->wanted;
  if (scattered->what == "node") return scattered->free <= scattered->wanted;
  return scattered->free < scattered->wanted;
}

/// Of several groups of a job one may well wait for another.
bool says_it_waits_for_itself(const Snapshot& world, const Wait& wait) {
  const auto* promised = std::get_if<PromisedToOther>(&wait.blocker);
  return promised != nullptr && promised->other == wait.job &&
         std::count_if(world.waiting.begin(), world.waiting.end(),
                       [&](const WaitingGroup& group) { return group.job == wait.job; }) == 1;
}

bool says_no_room(const Blocker& blocker) {
  return std::holds_alternative<AllTaken>(blocker) || std::holds_alternative<Scattered>(blocker) ||
         std::holds_alternative<InForeignUse>(blocker) ||
         std::holds_alternative<DeviceAway>(blocker) || std::holds_alternative<NodeAway>(blocker) ||
         std::holds_alternative<MpsOfOther>(blocker);
}

bool says_room(const Blocker& blocker) {
  if (const auto* promised = std::get_if<PromisedToOther>(&blocker))
    return promised->start != never;
  return std::holds_alternative<SetAsideForOther>(blocker);
}

}  // namespace

std::string wrong_with_reasons(const Snapshot& after, const Policy& policy, const Plan& plan) {
  // Reasons are of machines as they are when those have left who were asked to.
  const bool some_leave = std::any_of(after.holders.begin(), after.holders.end(),
                                      [](const Holder& holder) { return holder.stopping; });
  Desk desk(after, policy);
  for (const Wait& wait : plan.waits) {
    const WaitingGroup* group = group_of(after, wait);
    if (group == nullptr) return "a reason for one that does not wait";
    const std::string told = explain(wait.blocker, after) + " (job " + format(wait.job) + ": " +
                             describe(*group->request) + ")";
    if (contradicts_itself(wait.blocker)) return "a reason that contradicts itself: " + told;
    // A start of one behind it may leave it room. Then another plan comes at once.
    const auto* leave = std::get_if<MakingRoom>(&wait.blocker);
    if (leave != nullptr && leave->stopped.empty() && plan.starts.empty())
      return "room that nobody looks for again: " + told;
    if (says_it_waits_for_itself(after, wait)) return "it waits for itself: " + told;
    if (some_leave || (!says_no_room(wait.blocker) && !says_room(wait.blocker))) continue;
    const bool room =
        place_first(desk.shape_of(*group), desk.view_for(desk.shape_of(*group))) != nullptr;
    if (room && says_no_room(wait.blocker)) return "there is room, but: " + told;
    if (!room && says_room(wait.blocker)) return "there is no room, but: " + told;
  }
  return {};
}

}  // namespace gangline::worlds
