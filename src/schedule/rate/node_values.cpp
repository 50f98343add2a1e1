#include "schedule/rate/node_values.h"

#include <algorithm>
#include <functional>

namespace gangline {

double NodeValues::of(std::uint32_t kind, std::uint32_t cpu_thousandths,
                      std::span<const std::int32_t> free) {
  sorted_.assign(free.begin(), free.end());
  std::sort(sorted_.begin(), sorted_.end(), std::greater<>());
  key_.clear();
  for (const std::uint32_t number : {kind, cpu_thousandths})
    key_.append(reinterpret_cast<const char*>(&number), sizeof number);
  key_.append(reinterpret_cast<const char*>(sorted_.data()), sorted_.size() * sizeof sorted_[0]);
  if (const auto known = known_.find(key_); known != known_.end()) return known->second;
  if (known_.size() >= most_remembered) known_.clear();
  return known_[key_] = measure_(kind, cpu_thousandths, sorted_);
}

}  // namespace gangline
