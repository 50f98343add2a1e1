#!/usr/bin/env python3
"""demo.py PATH_TO_GANG: the main example, unchanged, on a real Slurm: a pretended cluster of two nodes with one GPU each, brought
up here and taken down at the end. As root, with Debian's packages of Slurm and PyTorch (`./dev demo slurm`)."""
import pathlib
import signal
import sys

import cluster as slurm
from cluster import Cluster

DIGITS = pathlib.Path(__file__).resolve().parent.parent.parent / "examples" / "digits"
LONGEST_S = 900.0


def main():
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    if why := slurm.unavailable(rest=False):
        print(f"demo: {why}", file=sys.stderr)
        return 1
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with Cluster(nodes=2, gpus=1, cpus=4, rest=False) as cluster:
        print(f"a Slurm of two nodes is up, in {cluster.up_s:.1f} s; anna works on its login host", flush=True)
        cluster.put(sys.argv[1], "/srv/bin/gang")
        for file in sorted(DIGITS.iterdir()):
            cluster.put(file, f"/srv/digits/{file.name}")
        environment = {"GANGLINE_ON": "slurm", "HOME": "/home/anna"}
        running = cluster.start("anna", "bash", "/srv/digits/demo.sh", "/srv/bin/gang", "/home/anna/demo",
                                environment=environment, output=sys.stdout.fileno())
        code = running.wait(LONGEST_S)
        print("\n== the sweep once more, on nodes that Slurm lends for ten minutes: our own plan places its gangs", flush=True)
        pilot = ("cd /home/anna/demo/digits; set -ex; gang pilot --nodes 2 --gpus 1 --time 10m; gang run -q --pilot sweep.toml; "
                 "gang logs digits-sweep.6; gang pilot --list; gang pilot --stop 1; gang daemon stop -q")
        environment["GANGLINE_STATE"] = "/home/anna/demo/state"
        code = code or cluster.start("anna", "bash", "-c", pilot, environment=environment,
                                     output=sys.stdout.fileno()).wait(LONGEST_S)
        print("\n== what Slurm has of it", flush=True)
        print(cluster.run("anna", "sacct", "-X", "-o", "JobID%12,JobName%16,State%12,NNodes,NodeList%10,Elapsed").said, flush=True)
    return code


if __name__ == "__main__":
    sys.exit(main())
