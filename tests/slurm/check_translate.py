#!/usr/bin/env python3
"""check_translate.py: the engine's conformance test on a real Slurm, and `gang` on it as people use it. As root, with Debian's
packages of Slurm; elsewhere it is skipped, and says so."""
import argparse
import sys

import cluster as slurm
from cluster import Cluster
from on_slurm import GANG, SKIPPED, Gang, attempt, expect

TEST = "/srv/bin/engine_slurm_test"


def the_engine_conforms(cluster):
    done = cluster.run("anna", "env", f"GANGLINE_TEST_SLURM={GANG}", "HOME=/home/anna", TEST,
                       "--gtest_filter=*Conformance*:SlurmEngineTest*", patience=240.0)
    expect(done.code == 0, done.said[-3000:])


def a_run_ends_with_the_code_of_its_program(cluster):
    done = Gang(cluster).run("run", "--", "sh", "-c", "echo hello; exit 5")
    expect(done.code == 5 and "hello" in done.said, done)


def each_person_sees_their_own(cluster):
    jobs = {user: Gang(cluster, user).submit("--name", user, "--", "sleep", "60") for user in cluster.people}
    for user, job in jobs.items():
        said = Gang(cluster, user).must("list")
        expect(user in said and not any(other in said for other in cluster.people if other != user), said)
        Gang(cluster, user).must("stop", str(job))
        expect(Gang(cluster, user).end(job)["cause"] == "stopped", user)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gang", required=True)
    parser.add_argument("--engine-test", required=True)
    options = parser.parse_args()
    if why := slurm.unavailable(rest=False):
        print(f"skipped: {why}")
        return SKIPPED
    with Cluster(rest=False) as cluster:
        cluster.put(options.gang, GANG)
        cluster.put(options.engine_test, TEST)
        well = [attempt(check, cluster) for check in
                (the_engine_conforms, a_run_ends_with_the_code_of_its_program, each_person_sees_their_own)]
    return 0 if all(well) else 1


if __name__ == "__main__":
    sys.exit(main())
