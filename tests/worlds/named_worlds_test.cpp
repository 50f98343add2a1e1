// Random worlds that once did not hold, by what went wrong in them.
#include <gtest/gtest.h>

#include "run_world.h"

namespace gangline::worlds {
namespace {

TEST(NamedWorlds, APromiseHoldsThoughADeviceOfAnotherVendorComesBack) {
  run_world(4998, *find_policy("gang"));
}

TEST(NamedWorlds, WhatOthersLeaveForOneBehindItIsNoContradictionInTheReasonOfThisOne) {
  run_world(90674, *find_policy("remaining_consolidate"), With::rules);
}

TEST(NamedWorlds, ItIsNotSaidThatThereIsRoomWhereALaterOneTookIt) {
  run_world(1, *find_policy("conservative"));
}

TEST(NamedWorlds, NobodyIsSaidToBeDelayedByItself) {
  run_world_under_switches(22, *find_policy("conservative"));
}

TEST(NamedWorlds, WhoHasRoomOnlyAfterAStartBehindItIsToldThatItIsTriedAgain) {
  run_world(1000301, *find_policy("conservative"));
}

}  // namespace
}  // namespace gangline::worlds
