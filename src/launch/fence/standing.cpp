#include "launch/fence/standing.h"

#include "launch/fence/delegated_group.h"
#include "launch/fence/group_mounts.h"

namespace gangline {
namespace {

// What a person waits for their first gang where systemd hangs.
constexpr Span longest_ask = seconds(5);

}  // namespace

LauncherStand take_standing(const StandWish& wish) {
  // 1. One that is here already, and whole. Version 1 is handed over to nobody.
  const auto entered = enter_delegated_group(wish.root, {wish.in_scope, wish.in_scope});
  if (entered) return {};
  if (wish.in_scope || !own_group_of_version_2(wish.root))
    return {false, entered.error().sentence()};

  // 2. One of our own.
  const auto asked = run_in_scope(wish.words, wish.root, longest_ask);
  if (asked) return {true, ""};

  // 3. What can be had of one in which others are.
  std::string why = asked.error().sentence();
  if (enter_delegated_group(wish.root, {false, true}))
    why = entered.error().sentence() + "; " + why;
  return {false, why};
}

}  // namespace gangline
