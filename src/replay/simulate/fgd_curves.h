// The curves of the FGD experiment from a simulation: how much of the cluster's GPUs is given away,
// and how much of them is of no use to what is usually asked for, as more and more arrives.
#pragma once

#include <cstdint>
#include <vector>

#include "replay/history.h"
#include "replay/simulate/simulation.h"

namespace gangline {

struct FgdPoint {
  std::uint64_t arrivals = 0;  ///< that the point is the mean of; 0: none fell on it
  double allocated = 0;        ///< per cent of all GPUs
  double fragmented = 0;       ///< the same
};

/// Point n is where n per cent of what the cluster has was asked for. The definitions are those of
/// Weng et al., USENIX ATC'23: the cluster as it stands after each arrival; the mean over the
/// arrivals whose rounded share is n, in steps of a hundredth. `simulated` is of these.
std::vector<FgdPoint> fgd_curves(const History& arrivals, const Cluster& cluster,
                                 const Simulated& simulated);

}  // namespace gangline
