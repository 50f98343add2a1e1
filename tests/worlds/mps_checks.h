// MPS serves one user of a device at a time, and who waits for that is told so.
#pragma once

#include <string>

#include "model/snapshot.h"

namespace gangline::worlds {

/// What is wrong after the plan was carried out; empty: nothing.
std::string wrong_with_mps(const Snapshot& after, const Plan& plan);

}  // namespace gangline::worlds
