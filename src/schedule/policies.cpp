#include "schedule/policy.h"

namespace gangline {
namespace {

constexpr Policy rows[] = {
    // name   goes first          place        overtake  promises
    {"fifo", GoesFirst::arrival, Place::pack, false, 0},
    {"easy", GoesFirst::arrival, Place::pack, true, 1},
    {"conservative", GoesFirst::arrival, Place::pack, true, everyone},
    {"greedy", GoesFirst::arrival, Place::pack, true, 0},
    {"ageing", GoesFirst::ageing, Place::pack, true, 1},
    {"shortest", GoesFirst::shortest, Place::pack, true, 0},
    {"smallest", GoesFirst::smallest, Place::pack, true, 0},
    {"fifo_consolidate", GoesFirst::arrival, Place::consolidate, false, 0},
    {"shortest_consolidate", GoesFirst::shortest, Place::consolidate, false, 0},
    {"first_fit", GoesFirst::arrival, Place::first, true, 1},
    {"best_fit", GoesFirst::arrival, Place::best, true, 1},
    {"worst_fit", GoesFirst::arrival, Place::worst, true, 1},
    {"dot_product", GoesFirst::arrival, Place::dot_product, true, 1},
    {"gpu_packing", GoesFirst::arrival, Place::packing, true, 1},
    {"gpu_clustering", GoesFirst::arrival, Place::clustering, true, 1},
    {"fgd", GoesFirst::arrival, Place::fragmentation, true, 1},
    {"random", GoesFirst::arrival, Place::random, true, 1},
};

}  // namespace

std::span<const Policy> policies() { return rows; }

std::optional<Policy> find_policy(std::string_view name) {
  for (const Policy& row : rows)
    if (row.name == name) return row;
  return std::nullopt;
}

}  // namespace gangline
