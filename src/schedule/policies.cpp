#include "schedule/policy.h"

namespace gangline {
namespace {

constexpr Policy rows[] = {
    // name   goes first          place        overtake  promises
    {"fifo", GoesFirst::arrival, Place::pack, false, 0},
    {"easy", GoesFirst::arrival, Place::pack, true, 1},
    {"conservative", GoesFirst::arrival, Place::pack, true, everyone},
};

}  // namespace

std::span<const Policy> policies() { return rows; }

std::optional<Policy> find_policy(std::string_view name) {
  for (const Policy& row : rows)
    if (row.name == name) return row;
  return std::nullopt;
}

}  // namespace gangline
