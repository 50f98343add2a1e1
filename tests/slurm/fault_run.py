"""What check_faults.py and check_pilot_faults.py share: gangs that note each run of theirs in a file, so that it is seen whether two ran
at once, and how a list of faults is tried so and so often."""
import argparse
import signal
import statistics
import sys
import threading
import time

import cluster as slurm
from cluster import Cluster, until
from on_slurm import GANG, SKIPPED, Gang, attempt, expect, leave_nothing

WRAPPED = ("squeue", "sbatch", "srun", "scancel", "sacct")
# From when Slurm notices a dead node to the gang elsewhere, for each fault that measures it.
beyond_slurm = {}
BAR_BEYOND_SLURM_S = 2.0
NODES = 9  # three for each person


def marked(name, body):
    """A command that notes its beginning, its life and its end in a file of that name. What the body notes besides is no run."""
    return ["sh", "-c", f'id="$(hostname) $$ $GANG_ATTEMPT"; f=$HOME/{name}; note() {{ echo "$1 $id $(date +%s.%N)" >> $f; }}; '
            f'export HOME; note begin; ({{ while kill -0 $$ 2>/dev/null; do note lives; sleep 0.2; done; }} >/dev/null 2>&1 &) ; {body}; '
            'code=$?; note end; exit $code']


def lines_of(cluster, name, user="anna"):
    return cluster.run("root", "cat", f"/home/{user}/{name}").said.splitlines()


def runs_of(cluster, name, user="anna"):
    """For each run its host, and from when to when it was seen to live."""
    runs = {}
    for line in lines_of(cluster, name, user):
        words = line.split()
        if len(words) != 5:
            continue  # cut by a power cut
        key = tuple(words[1:4])
        at = float(words[4])
        begin, _, ended = runs.get(key, (at, at, False))
        runs[key] = (begin, at, ended or words[0] == "end")
    return runs


def never_two_at_once(cluster, name, most, user="anna"):
    runs = runs_of(cluster, name, user)
    expect(1 <= len(runs) <= most, runs)
    spans = sorted(runs.values())
    for one, next_one in zip(spans, spans[1:]):
        expect(one[1] <= next_one[0], f"two ran at once: {runs}")
    return runs


def submit(gang, name, body, *options):
    return gang.submit("--name", name, *options, "--", *marked(name, body))


def node_of(cluster, name, user="anna"):
    until(f"{name} has begun", 30, lambda: runs_of(cluster, name, user))
    return list(runs_of(cluster, name, user))[-1][0]


def unique(word):
    return f"{word}-{time.monotonic_ns() % 10**9}"


def is_up(cluster, node):
    return cluster.node_state(node).startswith(("idle", "mixed", "allocated"))


def comes_back(cluster, node):
    cluster.power_on(node)
    until(f"{node} is there again", 60, lambda: is_up(cluster, node))


def measure_beyond(fault, seconds):
    beyond_slurm.setdefault(fault, []).append(seconds)
    return f"elsewhere {seconds:.2f} s after Slurm noticed"


def tools_that(cluster, user, name, what):
    """A directory that stands first in PATH, whose tools do `what` first, and note their calls in the person's file `calls`."""
    place = f"/home/{user}/{name}"
    cluster.must(user, "mkdir", "-p", place)
    for tool in WRAPPED:
        cluster.must(user, "sh", "-c", f"cat > {place}/{tool}; chmod 755 {place}/{tool}",
                     text=f"#!/bin/sh\necho {tool} >> $HOME/calls\n{what}\nexec /usr/bin/{tool} \"$@\"\n")
    return place


# --- how they are tried -----------------------------------------------------------------------------------

def alone(fault):
    """For those that would disturb others. The rest is tried by three people at the same time, each on nodes that they have alone."""
    fault.alone = True
    return fault


def try_fault(fault, cluster, times):
    if getattr(fault, "alone", False):
        return sum(attempt(fault, cluster, "anna") for _ in range(times))
    well = []

    def try_some(user, share):
        well.extend(attempt(fault, cluster, user) for _ in range(share))

    people = list(cluster.people)
    threads = [threading.Thread(target=try_some, args=(user, len(range(number, times, len(people)))), daemon=True)
               for number, user in enumerate(people)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(well)


def print_beyond():
    """False: not under the bar."""
    below = True
    for fault, measured in beyond_slurm.items():
        median = statistics.median(measured)
        print(f"{fault}: from when Slurm notices the dead node to the gang elsewhere: median {median:.2f} s, most {max(measured):.2f} s of "
              f"{len(measured)} (bar {BAR_BEYOND_SLURM_S:.0f} s)")
        below = below and median < BAR_BEYOND_SLURM_S
    return below


def run_faults(text, faults):
    parser = argparse.ArgumentParser(description=text)
    parser.add_argument("--gang", required=True, help="the program")
    parser.add_argument("--times", type=int, default=1)
    parser.add_argument("--only", action="append", default=[], metavar="WORD", help="faults with one of these words in their names alone")
    options = parser.parse_args()
    if why := slurm.unavailable(rest=False):
        print(f"skipped: {why}")
        return SKIPPED
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    went_well = {}
    with Cluster(rest=False, nodes=NODES) as cluster:
        cluster.put(options.gang, GANG)
        for fault in faults:
            if options.only and not any(word.replace(" ", "_") in fault.__name__ for word in options.only):
                continue
            went_well[fault] = try_fault(fault, cluster, options.times)
            leave_nothing(cluster)
    for fault, well in went_well.items():
        print(f"{well:3} of {options.times}  {fault.__name__.replace('_', ' ')}")
    below = print_beyond()
    return 0 if below and all(well == options.times for well in went_well.values()) else 1
