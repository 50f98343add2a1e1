#!/usr/bin/env python3
"""check_order.py: what comes after other jobs, and gathers, wait in a real Slurm as its dependencies, whatever fails meanwhile. As
root, with Debian's packages of Slurm; elsewhere it is skipped, and says so."""
import argparse
import sys
import time

import cluster as slurm
from cluster import Cluster, until
from on_slurm import GANG, SKIPPED, Gang, attempt, expect

# What waits in a file is let go when that is there.
GATE = "while [ ! -e {gate} ]; do sleep 0.05; done"


def unique(word):
    return f"{word}-{time.monotonic_ns() % 10**9}"


def open_gate(cluster, gate):
    cluster.must("anna", "touch", f"/home/anna/{gate}")


def in_slurm(cluster, name):
    """Its number there, its state, and what it waits for, as Slurm has it; nothing where it has none."""
    for line in cluster.must("anna", "squeue", "--me", "-h", "-o", "%i|%j|%T|%E").splitlines():
        words = line.split("|")
        if words[1] == name and words[2] in ("PENDING", "RUNNING"):
            return words[0], words[2], words[3]
    return None


def depends(cluster, name):
    return until(f"{name} waits in Slurm", 20, lambda: (seen := in_slurm(cluster, name)) and "afterok" in seen[2] and seen)


def written(cluster, file):
    return cluster.run("anna", "cat", f"/home/anna/{file}").said.split()


def a_chain(cluster, gang, *options):
    """A gated first job and a second one after it, both waiting or running in Slurm; each writes its name."""
    gate = unique("gate")
    first, second = f"first-{gate}", f"second-{gate}"
    one = gang.submit("--name", first, *options, "--", "sh", "-c", f"{GATE.format(gate=gate)}; echo first >> out-{gate}")
    two = gang.submit("--name", second, "--after", str(one), "--", "sh", "-c", f"echo second >> out-{gate}")
    return gate, one, two, first, second


def ends_in_order(cluster, gang, gate, job):
    expect(gang.end(job, patience=120)["cause"] == "done", gang.show(job))
    expect(written(cluster, f"out-{gate}") == ["first", "second"], written(cluster, f"out-{gate}"))


def a_job_after_another_waits_in_slurm_for_it(cluster):
    gang = Gang(cluster)
    gate, one, two, first, second = a_chain(cluster, gang)
    third = gang.submit("--name", "third", "--after", str(two), "--", "true")
    number = until("the first runs", 20, lambda: (seen := in_slurm(cluster, first)) and seen[1] == "RUNNING" and seen[0])
    expect(number in depends(cluster, second)[2], in_slurm(cluster, second))
    expect(depends(cluster, second)[0] in depends(cluster, "third")[2], in_slurm(cluster, "third"))
    said = gang.must("why", str(two))
    expect(f"it starts after job {one} has ended well" in said, said)
    open_gate(cluster, gate)
    ends_in_order(cluster, gang, gate, two)
    expect(gang.end(third)["cause"] == "done", gang.show(third))


def what_comes_after_one_that_fails_never_runs_and_leaves_slurm(cluster):
    gang, gate = Gang(cluster), unique("gate")
    one = gang.submit("--", "sh", "-c", f"{GATE.format(gate=gate)}; exit 3")
    two = gang.submit("--name", gate, "--after", str(one), "--", "touch", f"ran-{gate}")
    depends(cluster, gate)
    open_gate(cluster, gate)
    end = gang.end(two)
    expect(end["cause"] == "dependency", end)
    until("it has left Slurm", 20, lambda: in_slurm(cluster, gate) is None)
    expect(cluster.run("anna", "ls", f"/home/anna/ran-{gate}").code != 0, "it ran")


def what_comes_after_one_that_is_tried_again_waits_for_that(cluster):
    gang, gate = Gang(cluster), unique("gate")
    body = f"[ -e tried-{gate} ] || {{ touch tried-{gate}; sleep 2; exit 4; }}; {GATE.format(gate=gate)}; echo first >> out-{gate}"
    one = gang.submit("--retries", "1", "--retry-on", "failure", "--", "sh", "-c", body)
    two = gang.submit("--name", gate, "--after", str(one), "--", "sh", "-c", f"echo second >> out-{gate}")
    before = depends(cluster, gate)
    until("it waits for the second try", 30, lambda: depends(cluster, gate)[0] != before[0])
    open_gate(cluster, gate)
    ends_in_order(cluster, gang, gate, two)


def a_gather_waits_in_slurm_for_the_array(cluster):
    gang, gate = Gang(cluster), unique("gate")
    text = f'name = "{gate}"\ncommand = "{GATE.format(gate=gate)}; echo {{i}} > part-{gate}-{{i}}"\n' \
           f'[sweep]\ni = [1, 2, 3]\n[gather]\ncommand = "cat part-{gate}-* | tr \'\\\\n\' +"\n'
    cluster.must("anna", "sh", "-c", f"cat > {gate}.toml", text=text)
    said = gang.must("submit", f"{gate}.toml", "--dry-run")
    expect(said.count("#!/bin/bash") == 2 and "--dependency" in said, said)
    job = gang.submit(f"{gate}.toml")

    def waits():
        lines = [line.split("|") for line in cluster.must("anna", "squeue", "--me", "-h", "-n", gate, "-o", "%A|%F|%K|%T|%E").splitlines()]
        arrays = {line[1] for line in lines if line[2] != "N/A"}
        return [line for line in lines if line[2] == "N/A" and line[3] == "PENDING" and any(array in line[4] for array in arrays)]

    until("the gather waits for the array", 20, waits)
    open_gate(cluster, gate)
    expect(gang.end(job, index=3)["cause"] == "done", gang.show(job))
    expect(gang.must("logs", f"{job}.3").strip() == "1+2+3+", gang.must("logs", f"{job}.3"))


def a_service_that_is_killed_meanwhile_finds_both_and_sends_neither_again(cluster):
    gang = Gang(cluster)
    gate, one, two, first, second = a_chain(cluster, gang)
    depends(cluster, second)
    cluster.run("root", "kill", "-9", str(gang.service()))
    open_gate(cluster, gate)  # the first ends, and Slurm starts the second, while nobody looks
    until("Slurm has started the second by itself", 30, lambda: written(cluster, f"out-{gate}") == ["first", "second"])
    ends_in_order(cluster, gang, gate, two)
    for name in first, second:
        sent = cluster.must("anna", "squeue", "--me", "-h", "--states=all", "-n", name, "-o", "%i").split()
        expect(len(sent) == 1, f"{name} was sent more than once: {sent}")


def a_slurmctld_that_is_killed_meanwhile_changes_no_order(cluster):
    gang = Gang(cluster)
    gate, one, two, first, second = a_chain(cluster, gang)
    depends(cluster, second)
    cluster.kill("slurmctld")
    cluster.start_daemon("slurmctld")
    until("Slurm answers", 60, lambda: cluster.run("anna", "squeue").code == 0)
    open_gate(cluster, gate)
    if gang.end(one, patience=120)["cause"] == "done":
        ends_in_order(cluster, gang, gate, two)
    else:  # Slurm had forgotten the first, and ended it where it ran
        expect(gang.end(two, patience=120)["cause"] == "dependency", gang.show(two))


def what_slurm_will_never_start_is_sent_again(cluster):
    """Somebody makes the job wait in Slurm for one that failed."""
    gang = Gang(cluster)
    failed = cluster.must("anna", "sbatch", "--parsable", "--wrap", "sleep 1; exit 1").strip()
    gate, one, two, first, second = a_chain(cluster, gang)
    number = depends(cluster, second)[0]
    cluster.must("root", "scontrol", "update", f"jobid={number}", f"dependency=afterok:{failed}")
    until("Slurm will never start it", 30, lambda: (seen := in_slurm(cluster, second)) is None or seen[0] != number)
    open_gate(cluster, gate)
    ends_in_order(cluster, gang, gate, two)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gang", required=True)
    options = parser.parse_args()
    if why := slurm.unavailable(rest=False):
        print(f"skipped: {why}")
        return SKIPPED
    with Cluster(rest=False) as cluster:
        cluster.put(options.gang, GANG)
        well = [attempt(check, cluster) for check in (
            a_job_after_another_waits_in_slurm_for_it,
            what_comes_after_one_that_fails_never_runs_and_leaves_slurm,
            what_comes_after_one_that_is_tried_again_waits_for_that,
            a_gather_waits_in_slurm_for_the_array,
            a_service_that_is_killed_meanwhile_finds_both_and_sends_neither_again,
            what_slurm_will_never_start_is_sent_again,
            a_slurmctld_that_is_killed_meanwhile_changes_no_order)]
    return 0 if all(well) else 1


if __name__ == "__main__":
    sys.exit(main())
