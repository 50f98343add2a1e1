#!/usr/bin/env python3
"""check_documents.py --gang PROGRAM [--write]: the commands that docs/guide/slurm.md shows, run by anna on a real Slurm, print what it
says (tests/documents/run_documents.py). As root, with Debian's packages of Slurm; elsewhere it is skipped, and says so."""
import argparse
import pathlib
import signal
import sys

import cluster as slurm
from cluster import Cluster

SKIPPED = 77
TOP = pathlib.Path(__file__).resolve().parent.parent.parent
GUIDE = TOP / "docs" / "guide" / "slurm.md"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gang", required=True)
    parser.add_argument("--write", action="store_true", help="put what was printed into the document")
    options = parser.parse_args()
    if why := slurm.unavailable(rest=False):
        print(f"skipped: {why}")
        return SKIPPED
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with Cluster(rest=False) as cluster:
        cluster.put(options.gang, "/srv/bin/gang")
        cluster.put(TOP / "tests" / "documents" / "run_documents.py", "/srv/documents/run_documents.py")
        cluster.put(GUIDE, "/home/anna/slurm.md", mode="666")
        write = ["--write"] if options.write else []
        done = cluster.run("anna", "python3", "/srv/documents/run_documents.py", "--gang", "/srv/bin/gang", "--slurm", *write,
                           "/home/anna/slurm.md", directory="/home/anna", environment={"HOME": "/home/anna"}, patience=240.0)
        print(done.said + done.complaint, end="")
        if options.write:
            GUIDE.write_text(cluster.must("anna", "cat", "/home/anna/slurm.md"))
    return done.code


if __name__ == "__main__":
    sys.exit(main())
