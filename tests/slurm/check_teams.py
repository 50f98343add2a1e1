#!/usr/bin/env python3
"""check_teams.py --gang PROGRAM: programs of several ranks find each other on a real Slurm: MPI by Slurm's own PMI, and PyTorch's elastic
start. As root, with Debian's packages of Slurm and Open MPI; what is missing is left out, and said.

--only WORD: checks with that word in their names, alone
"""
import argparse
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import traceback

import cluster as slurm
from cluster import Cluster

SKIPPED = 77
HERE = pathlib.Path(__file__).resolve().parent
PYTHON = "/usr/bin/python3"  # which anybody may run
ELASTIC = """
import os, torch, torch.distributed as dist
dist.init_process_group("gloo")
sum = torch.tensor([float(dist.get_rank())])
dist.all_reduce(sum)
print("rank", dist.get_rank(), "of", dist.get_world_size(), "on", os.uname().nodename, "sum", int(sum.item()), flush=True)
dist.barrier()
"""


def expect(truth, what):
    if not truth:
        raise AssertionError(what)


def gang(cluster, script):
    return cluster.must("anna", "bash", "-c", "cd; export GANGLINE_ON=slurm; " + script, patience=180)


def four_ranks_of_mpi_on_two_nodes_add_up_and_have_their_own_gpus(cluster):
    if not shutil.which("mpicc"):
        return "there is no mpicc"
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["mpicc", "-o", f"{folder}/sum_ranks", HERE / "sum_ranks.c"], check=True)
        cluster.put(f"{folder}/sum_ranks", "/srv/bin/sum_ranks")
    said = gang(cluster, "gang run --launcher mpi --tasks 4 --gpus 4 -- sum_ranks")
    found = sorted(re.findall(r"rank (\d) of 4 on (n\d): sum 6, gpus (\d+)", said))
    expect([rank for rank, _, _ in found] == list("0123"), said)
    expect(len({host for _, host, _ in found}) == 2, said)
    if cluster.wanted["constrain"]:
        expect(sorted((host, gpus) for _, host, gpus in found) ==
               sorted((host, gpus) for host in {host for _, host, _ in found} for gpus in ("0123", "4567")), said)
    return ""


def an_elastic_start_of_pytorch_on_two_nodes_is_one_team(cluster):
    if subprocess.run([PYTHON, "-c", "import torch"], capture_output=True).returncode != 0:
        return "there is no PyTorch"
    cluster.must("anna", "sh", "-c", "cat > ~/elastic.py", text=ELASTIC)
    # -r and -t: the PyTorch of Debian 12 trips over their defaults.
    said = gang(cluster, "gang run --tasks 2 --gpus 8 --time 3m -- sh -c '" + PYTHON + " -m torch.distributed.run -r 1 -t 1 --nnodes=2 "
                "--nproc_per_node=2 --log_dir=$GANG_OUTPUT.logs --rdzv_id=$GANG_ID --rdzv_backend=c10d --rdzv_endpoint=$MASTER_ADDR:$MASTER_PORT ~/elastic.py'")
    found = re.findall(r"rank (\d) of 4 on (n\d) sum 6", said)
    expect(sorted(rank for rank, _ in found) == list("0123") and len({host for _, host in found}) == 2, said)
    return ""


CHECKS = [four_ranks_of_mpi_on_two_nodes_add_up_and_have_their_own_gpus, an_elastic_start_of_pytorch_on_two_nodes_is_one_team]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gang", required=True)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    if why := slurm.unavailable(accounting=False, rest=False):
        print(f"skipped: {why}")
        return SKIPPED
    well = True
    with Cluster(accounting=False, rest=False) as cluster:
        cluster.put(options.gang, "/srv/bin/gang")
        for check in CHECKS:
            if options.only.replace(" ", "_") not in check.__name__:
                continue
            name = check.__name__.replace("_", " ")
            try:
                left_out = check(cluster)
                print(f"ok   {name}" + (f": left out, {left_out}" if left_out else ""), flush=True)
            except Exception:
                traceback.print_exc()
                print(f"FAIL {name}", flush=True)
                well = False
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
