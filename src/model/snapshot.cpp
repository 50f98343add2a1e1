#include "model/snapshot.h"

namespace gangline {

bool Holder::operator==(const Holder& other) const {
  const bool same_wait = waited == other.waited ||
                         (waited != nullptr && other.waited != nullptr && *waited == *other.waited);
  return same_wait && job == other.job && first == other.first && count == other.count &&
         allocation == other.allocation && since == other.since &&
         expected_end == other.expected_end && stopping == other.stopping && queue == other.queue &&
         user == other.user && mps == other.mps;
}

}  // namespace gangline
