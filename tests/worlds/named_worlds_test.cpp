// Random worlds that once did not hold, by what went wrong in them.
#include <gtest/gtest.h>

#include "run_world.h"

namespace gangline::worlds {
namespace {

TEST(NamedWorlds, APromiseHoldsThoughADeviceOfAnotherVendorComesBack) {
  run_world(4998, *find_policy("gang"));
}

}  // namespace
}  // namespace gangline::worlds
