#include "schedule/order/hand_over.h"

#include <algorithm>

namespace gangline {

std::vector<Start> hand_over(const std::vector<WaitingGroup>& waiting) {
  static const auto anywhere = std::make_shared<const Allocation>();
  std::vector<const WaitingGroup*> ready;
  ready.reserve(waiting.size());
  for (const WaitingGroup& group : waiting) ready.push_back(&group);
  std::stable_sort(ready.begin(), ready.end(), [](const WaitingGroup* a, const WaitingGroup* b) {
    return a->submitted < b->submitted;
  });
  std::vector<Start> starts;
  for (const WaitingGroup* group : ready) {
    Allocation chosen;
    chosen.alternative = liked_in_order(*group->request).front();
    starts.push_back(
        {group->job, group->first, group->count, group->attempt,
         chosen.alternative == 0 ? anywhere : std::make_shared<const Allocation>(chosen)});
  }
  return starts;
}

}  // namespace gangline
