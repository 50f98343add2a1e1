#include "schedule/reserve/place_reservation.h"

#include <algorithm>
#include <limits>

#include "schedule/ahead.h"
#include "schedule/desk.h"
#include "schedule/never_fits.h"
#include "schedule/promises.h"

namespace gangline {

Result<Allocation> place_reservation(const Snapshot& snapshot, const Policy& policy,
                                     const ResourceRequest& request, Time from, Time until) {
  if (auto hopeless = never_fits(*snapshot.cluster, request)) return *hopeless;
  Desk desk(snapshot, policy);
  Plan unused;
  keep_promises(desk, true, unused);
  WaitingGroup group;
  group.request = std::make_shared<const ResourceRequest>(request);
  // Of nobody, so that what is set aside for its person counts, too.
  group.user = std::numeric_limits<std::uint32_t>::max();
  const Shape& shape = desk.shape_of(group);
  const Opening opening{std::max(from, snapshot.now), std::nullopt, false, nullptr};
  const auto place = place_first(shape, free_at(desk, shape, opening, desk.reserved, until));
  if (place != nullptr) return *place;
  return Error{ErrorKind::refused,
               describe(request) +
                   (request.alternatives.size() == 1 && request.tasks == 1 ? " is" : " are") +
                   std::string(" not sure to be free ") + describe_times(from, until),
               "",
               "those that run without a time limit, promised starts and other reservations count; "
               "ask for less, or for another time"};
}

}  // namespace gangline
