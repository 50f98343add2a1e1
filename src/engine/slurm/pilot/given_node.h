// What Slurm gave a pilot of a node.
#pragma once

#include "engine/slurm/gpus/uuids.h"
#include "engine/slurm/node/given.h"
#include "model/cluster.h"

namespace gangline {

/// `found`: what there is on the machine, `files`: of NVIDIA's GPUs on it. What Slurm gave of it is
/// left, named as Slurm names it where it is not certain which device is meant.
Node node_as_given(const SlurmVariables& variables, Node found,
                   const std::vector<GpuFile>& files = {});

}  // namespace gangline
