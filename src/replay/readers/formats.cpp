#include "replay/readers/formats.h"

namespace gangline {
namespace {

// Asked in this order: a format whose columns are among those of another one stands behind it.
constexpr HistoryFormat formats[] = {
    {"slurm", "Slurm: sacct -a -X -P --format=JobID,User,Partition,Submit,Start,End,...",
     looks_like_slurm_text, read_slurm_text},
    {"slurm-json", "Slurm: sacct -a --json", looks_like_slurm_json, read_slurm_json},
    {"kubernetes", "Kubernetes: kubectl get pods -A -o json", looks_like_kubernetes_pods,
     read_kubernetes_pods},
    {"openb", "Alibaba's cluster-trace-gpu-v2023: the CSV of its pods", looks_like_openb,
     read_openb},
    {"philly", "Microsoft's Philly as CSV: timestamp,duration,num_gpus,gpu_time,cluster",
     looks_like_philly, read_philly},
    {"helios", "Helios and Acme (SenseTime, Shanghai AI Lab): the CSV of their jobs",
     looks_like_helios, read_helios},
    {"tiresias", "the Tiresias simulator's *_job.csv", looks_like_tiresias, read_tiresias},
    {"batsim", "Batsim's jobs.csv", looks_like_batsim, read_batsim},
    {"pollux", "Pollux' workload-N.csv, which holds no run times", looks_like_pollux, read_pollux},
    {"gavel", "Gavel's .trace, which holds steps and no run times", looks_like_gavel, read_gavel},
    {"swf", "the Standard Workload Format 2.2 of the Parallel Workloads Archive", looks_like_swf,
     read_swf},
    {"csv", "plain CSV with columns named as in Gangline: submitted,run,gpus,cpus,...",
     looks_like_plain, read_plain},
};

}  // namespace

std::span<const HistoryFormat> history_formats() { return formats; }

}  // namespace gangline
