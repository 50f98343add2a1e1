#include "schedule/policy.h"

namespace gangline {
namespace {

using First = GoesFirst;

constexpr Policy row(std::string_view name, GoesFirst goes_first, Place place, bool overtake,
                     std::uint32_t promises) {
  return {name, goes_first, place, overtake, promises};
}

/// Others are stopped for those that go first.
constexpr Policy stopping(std::string_view name, GoesFirst goes_first, MayStop stops,
                          std::uint32_t promises = 0, Place place = Place::pack,
                          bool oracle = false) {
  Policy policy = row(name, goes_first, place, true, promises);
  policy.stops = stops;
  policy.oracle = oracle;
  return policy;
}

constexpr Policy rows[] = {
    //  name      goes first      place        overtake  promises
    row("fifo", First::arrival, Place::pack, false, 0),
    row("easy", First::arrival, Place::pack, true, 1),
    row("conservative", First::arrival, Place::pack, true, everyone),
    row("greedy", First::arrival, Place::pack, true, 0),
    row("ageing", First::ageing, Place::pack, true, 1),
    row("shortest", First::shortest, Place::pack, true, 0),
    row("smallest", First::smallest, Place::pack, true, 0),
    row("predicted", First::remaining, Place::pack, true, 1),
    row("fifo_consolidate", First::arrival, Place::consolidate, false, 0),
    row("shortest_consolidate", First::shortest, Place::consolidate, false, 0),
    row("first_fit", First::arrival, Place::first, true, 1),
    row("best_fit", First::arrival, Place::best, true, 1),
    row("worst_fit", First::arrival, Place::worst, true, 1),
    row("dot_product", First::arrival, Place::dot_product, true, 1),
    row("gpu_packing", First::arrival, Place::packing, true, 1),
    row("gpu_clustering", First::arrival, Place::clustering, true, 1),
    row("fgd", First::arrival, Place::fragmentation, true, 1),
    row("random", First::arrival, Place::random, true, 1),
    row("gang", First::least_work, Place::best, true, 1),
    //       name      goes first      who may be stopped   promises  place  by run times known
    stopping("urgent", First::arrival, MayStop::lower_priority, 1),
    stopping("fewest_devices", First::fewest_devices, MayStop::later),
    stopping("attained", First::attained, MayStop::later),
    stopping("attained_work", First::attained_work, MayStop::later),
    stopping("gittins", First::gittins, MayStop::behind),
    stopping("remaining", First::remaining, MayStop::later, 0, Place::pack, true),
    stopping("remaining_work", First::remaining_work, MayStop::later, 0, Place::pack, true),
    stopping("remaining_consolidate", First::remaining, MayStop::later, 0, Place::consolidate,
             true),
};

}  // namespace

std::span<const Policy> policies() { return rows; }

std::optional<Policy> find_policy(std::string_view name) {
  for (const Policy& row : rows)
    if (row.name == name) return row;
  return std::nullopt;
}

}  // namespace gangline
