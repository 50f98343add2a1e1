// One random world under one policy, from its first job to its last.
#pragma once

#include <cstdint>

#include "schedule/policy.h"

namespace gangline::worlds {

enum class With { nothing, queues, rules, mps };

/// Fails the test that calls it where something does not hold.
void run_world(std::uint64_t seed, Policy policy, With with = With::nothing);
void run_world_under_switches(std::uint64_t seed, const Policy& policy);

}  // namespace gangline::worlds
