#include "schedule/order/gittins.h"

#include <algorithm>

namespace gangline {
namespace {

// More than these say no more, and the table costs the square of their number.
constexpr std::size_t most_samples = 1'000;

}  // namespace

Gittins::Gittins(std::vector<Span> work, Span quantum) {
  std::sort(work.begin(), work.end());
  const std::size_t n = std::min(work.size(), most_samples);
  for (std::size_t i = 0; i < n; ++i) work_.push_back(work[(2 * i + 1) * work.size() / (2 * n)]);
  std::size_t j = 0;
  double sum = 0;  // of the work of those from i to before j
  for (std::size_t i = 0; i < n; ++i) {
    for (; j < n && work_[j] < work_[i] + quantum; ++j) sum += to_seconds(work_[j]);
    const double spent = sum + to_seconds(quantum) * static_cast<double>(n - j);
    index_.push_back(spent > 0 ? static_cast<double>(j - i) / spent : 0);
    sum -= to_seconds(work_[i]);
  }
}

double Gittins::index(Span served) const {
  const auto after = std::upper_bound(work_.begin(), work_.end(), served);
  if (after == work_.end()) return 0;
  return index_[static_cast<std::size_t>(after - work_.begin())];
}

}  // namespace gangline
