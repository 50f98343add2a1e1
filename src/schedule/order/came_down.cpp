#include "schedule/order/came_down.h"

#include <algorithm>

#include "schedule/order/order.h"

namespace gangline {
namespace {

/// How long it must run for that much work.
Span run_for(Span work, const WaitingGroup& group) {
  constexpr std::int64_t whole = whole_device.thousandths;
  const std::int64_t devices = std::max(whole, devices_wanted(*group.request));
  return Span{work.us / devices * whole + (work.us % devices * whole + devices - 1) / devices};
}

}  // namespace

Time came_down_at(const WaitingGroup& group, Span level, Span rounds) {
  const Span needed = run_for(level, group);
  const auto& stops = group.progress.stops;
  const auto stop = std::find_if(stops.begin(), stops.end(),
                                 [&](const Progress::Stop& one) { return one.served >= needed; });
  if (stop == stops.end()) return {};
  return next_round(stop->at - (stop->served - needed), rounds);
}

}  // namespace gangline
