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
NODES = ("n1", "n2", "n3", "n4")
HERE = pathlib.Path(__file__).resolve().parent
PYTHON = "/usr/bin/python3"  # which anybody may run
PROLOG = "#!/bin/sh\ncat /srv/driver 2>/dev/null\nexit 0\n"
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


def programs_get_their_gpus_by_uuid_where_a_driver_answers(cluster):
    if not cluster.nvml:
        return "no --nvml was named"
    cluster.put(cluster.nvml, "/srv/bin/libnvidia-ml.so.1")
    machine = "".join(f"gpu {gpu}\n uuid GPU-{gpu}\n pci 00000000:{gpu + 1:02X}:00.0\n minor {gpu}\n" for gpu in range(8))
    cluster.must("root", "sh", "-c", "cat > /srv/eight_gpus && chmod 644 /srv/eight_gpus", text=machine)
    for node in NODES:
        # Other names of the same devices, so that what closes the one closes the other.
        cluster.must("root", "sh", "-c", "for gpu in 0 1 2 3 4 5 6 7; do mknod -m 666 /dev/nvidia$gpu c $(stat -c '0x%t 0x%T' /dev/fakegpu$gpu); done", on=node)
    try:
        look = ('echo "rank $RANK on $(hostname) told $CUDA_VISIBLE_DEVICES open '
                '$(for gpu in 0 1 2 3 4 5 6 7; do test -w /dev/nvidia$gpu && printf %s, $gpu; done)"')
        # Programs on nodes have this from Slurm, not from who submits.
        cluster.must("root", "sh", "-c", "cat > /srv/driver && chmod 644 /srv/driver",
                     text="export GANGLINE_NVML=/srv/bin/libnvidia-ml.so.1\nexport FAKE_NVML_FILE=/srv/eight_gpus\n")
        for words, tasks in (("--gpus 3", 1), ("--tasks 6 --gpus 2", 6), ("--gpus 8", 1)):
            said = gang(cluster, f"gang run {words} -- sh -c '{look}'")
            found = re.findall(r"rank (\d) on (n\d) told (\S+) open (\S+),", said)
            expect(len(found) == tasks, said)
            told = [(host, gpu) for _, host, gpus, _ in found for gpu in gpus.split(",")]
            expect(all(gpu.startswith("GPU-") for _, gpu in told) and len(set(told)) == len(told), said)
            if cluster.wanted["constrain"]:
                expect(all(gpus == ",".join(f"GPU-{gpu}" for gpu in may.split(",")) for _, _, gpus, may in found), said)
        # A driver that hangs leaves numbers.
        cluster.must("root", "sh", "-c", "cat > /srv/eight_gpus", text="hang all\n" + machine)
        said = gang(cluster, f"gang run --gpus 2 -- sh -c '{look}'")
        expect(re.search(r"told \d,\d open", said), said)
    finally:
        for node in NODES:
            cluster.must("root", "sh", "-c", "rm -f /dev/nvidia? /srv/driver", on=node)
    return ""


CHECKS = [programs_get_their_gpus_by_uuid_where_a_driver_answers, four_ranks_of_mpi_on_two_nodes_add_up_and_have_their_own_gpus, an_elastic_start_of_pytorch_on_two_nodes_is_one_team]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gang", required=True)
    parser.add_argument("--only", default="")
    parser.add_argument("--nvml", help="a fake NVML")
    options = parser.parse_args()
    if why := slurm.unavailable(accounting=False, rest=False):
        print(f"skipped: {why}")
        return SKIPPED
    well = True
    with Cluster(accounting=False, rest=False, extra=["TaskProlog=/srv/prolog"]) as cluster:
        cluster.must("root", "sh", "-c", "cat > /srv/prolog && chmod 755 /srv/prolog", text=PROLOG)
        cluster.put(options.gang, "/srv/bin/gang")
        cluster.nvml = options.nvml
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
