#pragma once

#include "model/cluster.h"

namespace gangline {

/// The node as it is found now, with the numbers that its devices had before: a known device (by
/// `uid`) keeps its number, one that is not found any more stays with `present` false, a new one
/// comes at the end.
Node merge_node(const Node& known, const Node& found);

}  // namespace gangline
