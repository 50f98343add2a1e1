#include "replay/clusters/cluster_formats.h"

namespace gangline {
namespace {

constexpr ClusterFormat formats[] = {
    {"toml", "a cluster file of Gangline: [[node]] with cpus, memory, gpus, model, nvlink, ...",
     looks_like_cluster_file, read_cluster_file},
    {"kubernetes", "Kubernetes: kubectl get nodes -o json", looks_like_kubernetes_nodes,
     read_kubernetes_nodes},
    {"scontrol", "Slurm: scontrol show node, with that of scontrol show topology before or behind",
     looks_like_scontrol_nodes, read_scontrol_nodes},
    {"sinfo", "Slurm: sinfo -N -o '%N %c %m %G %T'", looks_like_sinfo, read_sinfo},
    {"openb", "Alibaba's cluster-trace-gpu-v2023: the CSV of its nodes", looks_like_openb_nodes,
     read_openb_nodes},
};

}  // namespace

std::span<const ClusterFormat> cluster_formats() { return formats; }

}  // namespace gangline
