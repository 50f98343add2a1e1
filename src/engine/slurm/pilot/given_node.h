// What Slurm gave a pilot of a node.
#pragma once

#include "engine/slurm/node/given.h"
#include "model/cluster.h"

namespace gangline {

/// `found`: what there is on the machine. What Slurm gave of it is left, named as Slurm names it.
Node node_as_given(const SlurmVariables& variables, Node found);

}  // namespace gangline
