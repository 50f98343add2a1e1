#!/usr/bin/env python3
"""check_faults.py: gangs that are handed to a real Slurm, while nodes, daemons, tools and the service fail. What must come of each
fault stands in its check, before it is tried. Each run of a gang writes when and where it began, and every 0.2 s that it lives; so
that it is seen whether two ran at once. As root, with Debian's packages of Slurm; elsewhere it is skipped, and says so.

--times N: each fault so often; --only WORD: faults with that word in their names, alone
"""
import random
import sys
import time

from cluster import until
from fault_run import (alone, comes_back, is_up, marked, measure_beyond, never_two_at_once, node_of, run_faults, runs_of, submit, tools_that,
                       unique)
from on_slurm import Gang, expect, leave_nothing


# The first time longer than Slurm takes to give up a node that is silent.
LONG_ONCE = "if [ -e $f.once ]; then sleep 2; else touch $f.once; sleep 60; fi"


# --- faults ---------------------------------------------------------------------------------------------

def a_power_cut_with_a_retry_runs_it_elsewhere_exactly_once_more(cluster, user):
    gang, name = Gang(cluster, user), unique("cut")
    job = submit(gang, name, "sleep 14", "--gpus", "8", "--retries", "1")
    node = node_of(cluster, name, user)
    gang.await_phase(job, "running")
    cluster.power_off(node)
    try:
        until(f"Slurm notices that {node} is dead", 60, lambda: cluster.node_state(node).startswith("down"))
        noticed = time.monotonic()
        until("it runs elsewhere", 40, lambda: len(runs_of(cluster, name, user)) == 2)
        beyond = measure_beyond("a gang that was handed over", time.monotonic() - noticed)
        expect(gang.end(job)["cause"] == "done", gang.show(job))
        hosts = [run[0] for run in never_two_at_once(cluster, name, 2, user)]
        expect(hosts[0] == node and hosts[1] != node, hosts)
        return beyond
    finally:
        comes_back(cluster, node)


def a_power_cut_without_retries_is_told_with_its_node(cluster, user):
    gang, name = Gang(cluster, user), unique("cut")
    job = submit(gang, name, "sleep 60", "--gpus", "8")
    node = node_of(cluster, name, user)
    gang.await_phase(job, "running")
    cluster.power_off(node)
    try:
        end = gang.end(job)
        expect((end["cause"], end["detail"]) == ("lost", f"node {node} failed"), end)
        never_two_at_once(cluster, name, 1, user)
    finally:
        comes_back(cluster, node)


def a_cable_that_is_out_for_long_starts_no_second_run_beside_the_first(cluster, user):
    """Slurm gives the node up while its processes live on, and ends them when it is back: one more run then, none before."""
    gang, name = Gang(cluster, user), unique("cable")
    job = submit(gang, name, LONG_ONCE, "--gpus", "8", "--retries", "1")
    node = node_of(cluster, name, user)
    gang.await_phase(job, "running")
    cluster.pull(node)
    try:
        until(f"Slurm gives {node} up", 60, lambda: cluster.node_state(node).startswith("down"))
        time.sleep(3)
        expect(gang.gang(job)["phase"] == "running" and len(runs_of(cluster, name, user)) == 1, gang.show(job))
    finally:
        cluster.plug(node)
    expect(gang.end(job, patience=90)["cause"] == "done", gang.show(job))
    never_two_at_once(cluster, name, 2, user)
    until(f"{node} is there again", 60, lambda: is_up(cluster, node))


def a_short_pull_of_the_cable_changes_nothing(cluster, user):
    gang, name = Gang(cluster, user), unique("cable")
    job = submit(gang, name, "sleep 6", "--gpus", "8")
    node = node_of(cluster, name, user)
    cluster.pull(node)
    time.sleep(1)
    cluster.plug(node)
    expect(gang.end(job)["cause"] == "done", gang.show(job))
    never_two_at_once(cluster, name, 1, user)


@alone
def a_slurmctld_that_is_killed_right_after_a_submit_forgets_and_loses_nothing(cluster, user):
    """All three end well, each having run once, whatever Slurm forgot."""
    gang = Gang(cluster, user)
    names = [unique(f"forgot{i}") for i in range(3)]
    jobs = [submit(gang, name, "sleep 3") for name in names]
    until("Slurm has one", 20, lambda: cluster.run("root", "squeue", "-h").said.strip())
    cluster.kill("slurmctld")
    cluster.start_daemon("slurmctld")
    for job, name in zip(jobs, names):
        expect(gang.end(job, patience=120)["cause"] == "done", gang.show(job))
        never_two_at_once(cluster, name, 1, user)


@alone
def a_slurmctld_that_is_killed_during_a_run_loses_nothing(cluster, user):
    """One that Slurm forgot is ended by it on its node: then its retry runs, and never beside it."""
    gang, name = Gang(cluster, user), unique("run")
    job = submit(gang, name, "sleep 12", "--retries", "1")
    gang.await_phase(job, "running")
    time.sleep(random.uniform(0, 2))
    cluster.kill("slurmctld")
    time.sleep(1)
    cluster.start_daemon("slurmctld")
    expect(gang.end(job, patience=120)["cause"] == "done", gang.show(job))
    never_two_at_once(cluster, name, 2, user)


@alone
def a_submit_while_slurmctld_is_down_waits_with_that_reason_and_is_sent_then(cluster, user):
    gang, name = Gang(cluster, user), unique("down")
    gang.must("run", "--", "true")
    cluster.kill("slurmctld")
    try:
        job = submit(gang, name, "true")
        until("the reason is told", 60, lambda: "Unable to contact" in " ".join(gang.gang(job)["notes"]) + gang.show(job)["summary"]["reason"])
    finally:
        cluster.start_daemon("slurmctld")
    expect(gang.end(job, patience=120)["cause"] == "done", gang.show(job))
    never_two_at_once(cluster, name, 1, user)


def a_slurmd_that_is_restarted_ends_nothing(cluster, user):
    gang, name = Gang(cluster, user), unique("slurmd")
    job = submit(gang, name, "sleep 6", "--gpus", "8")
    node = node_of(cluster, name, user)
    cluster.kill(f"slurmd@{node}")
    cluster.start_daemon(f"slurmd@{node}")
    expect(gang.end(job)["cause"] == "done", gang.show(job))
    never_two_at_once(cluster, name, 1, user)


def a_service_that_is_killed_during_submit_neither_loses_nor_repeats(cluster, user):
    gang = Gang(cluster, user)
    gang.must("run", "--", "true")
    names = [unique(f"kill{i}") for i in range(3)]
    jobs = [submit(gang, name, "sleep 1") for name in names]
    time.sleep(random.uniform(0, 0.15))
    cluster.run("root", "kill", "-9", str(gang.service()))
    for job, name in zip(jobs, names):
        expect(gang.end(job, patience=90)["cause"] == "done", gang.show(job))
        never_two_at_once(cluster, name, 1, user)


def a_service_that_is_killed_during_a_run_finds_its_gang_again(cluster, user):
    gang, name = Gang(cluster, user), unique("kill")
    job = submit(gang, name, "sleep 5; exit 7")
    gang.await_phase(job, "running")
    cluster.run("root", "kill", "-9", str(gang.service()))
    end = gang.end(job)
    expect((end["cause"], end["exit_code"]) == ("failed", 7), end)
    never_two_at_once(cluster, name, 1, user)


def a_node_that_is_drained_ends_nothing(cluster, user):
    gang, name = Gang(cluster, user), unique("drain")
    job = submit(gang, name, "sleep 4", "--gpus", "8")
    node = node_of(cluster, name, user)
    cluster.must("root", "scontrol", "update", f"nodename={node}", "state=drain", "reason=test")
    try:
        expect(gang.end(job)["cause"] == "done", gang.show(job))
        never_two_at_once(cluster, name, 1, user)
    finally:
        cluster.must("root", "scontrol", "update", f"nodename={node}", "state=resume")


def a_time_limit_is_told_as_such(cluster, user):
    gang, name = Gang(cluster, user), unique("time")
    job = submit(gang, name, "sleep 60", "--time", "2s", "--grace", "1s")
    expect(gang.end(job)["cause"] == "time-limit", gang.show(job))
    never_two_at_once(cluster, name, 1, user)


def one_who_cancels_in_slurm_is_named(cluster, user):
    gang, name = Gang(cluster, user), unique("cancel")
    job = submit(gang, name, "sleep 60")
    gang.await_phase(job, "running")
    cluster.must("root", "scancel", str(gang.number(job)))
    end = gang.end(job)
    expect((end["cause"], end["detail"]) == ("stopped", "it was cancelled in Slurm by root"), end)


def tools_that_fail_and_lie_at_times_lose_nothing(cluster, user):
    place = tools_that(cluster, user, unique("bad"), 'n=$(($(date +%N | sed "s/^0*//; s/^$/0/") / 1000 % 4)); case $n in 0) exit 1;; '
                       f'1) case $0 in *sbatch) /usr/bin/sbatch "$@" >/dev/null; exit 1;; *) echo garbage; exit 0;; esac;; 2) sleep 1;; esac')
    leave_nothing(cluster, [user])  # a service of this PATH
    gang = Gang(cluster, user, path=place)
    names = [unique(f"bad{i}") for i in range(3)]
    until("the service is up", 60, lambda: gang.run("list").code == 0)
    jobs = [int(until("it is taken", 60, lambda: (done := gang.run("submit", "-q", "--name", name, "--", *marked(name, "sleep 1"))).code == 0 and done.said))
            for name in names]
    for job, name in zip(jobs, names):
        expect(gang.end(job, patience=150)["cause"] == "done", gang.show(job))
        never_two_at_once(cluster, name, 1, user)
    leave_nothing(cluster, [user])


def tools_that_are_slow_lose_nothing(cluster, user):
    """Each takes 3 s. A sweep, a single gang, its stop and one that fails end as ever."""
    place = tools_that(cluster, user, unique("slow"), "sleep 3")
    leave_nothing(cluster, [user])
    gang = Gang(cluster, user, path=place)
    until("the service is up", 60, lambda: gang.run("list").code == 0)
    name, other = unique("slow"), unique("other")
    job, failing = submit(gang, name, "sleep 1"), submit(gang, other, "exit 7")
    sweep = gang.submit("--sweep", "i=1..5", "--", "true")
    long_one = gang.submit("--", "sleep", "300")
    expect(gang.end(job, patience=120)["cause"] == "done", gang.show(job))
    expect(gang.end(failing, patience=120)["exit_code"] == 7, gang.show(failing))
    for index in range(5):
        expect(gang.end(sweep, index, patience=120)["cause"] == "done", gang.show(sweep))
    gang.await_phase(long_one, "running", patience=120)
    gang.must("stop", str(long_one))
    expect(gang.end(long_one, patience=60)["cause"] == "stopped", gang.show(long_one))
    never_two_at_once(cluster, name, 1, user)
    never_two_at_once(cluster, other, 1, user)
    leave_nothing(cluster, [user])


def cancelled_while_nobody_says_by_whom(cluster, gang, job):
    """It is told that the accounts do not answer, and after some time that it was cancelled in Slurm."""
    cluster.must("root", "scancel", str(gang.number(job)))
    until("it is told that the accounts do not answer", 40, lambda: "accounts do not say" in " ".join(gang.gang(job)["notes"]))
    end = gang.end(job, patience=120)
    expect((end["cause"], end["detail"]) == ("stopped", "it was cancelled in Slurm, not by gang"), end)


def a_failing_sacct_is_told_and_loses_nothing(cluster, user):
    place = tools_that(cluster, user, unique("sacct"), 'case $0 in *sacct) echo "sacct: error: no answer" >&2; exit 1;; esac')
    leave_nothing(cluster, [user])
    gang, name = Gang(cluster, user, path=place), unique("sacct")
    gang.must("run", "--", "true")
    job = submit(gang, name, "sleep 60")
    gang.await_phase(job, "running")
    cancelled_while_nobody_says_by_whom(cluster, gang, job)
    never_two_at_once(cluster, name, 1, user)
    leave_nothing(cluster, [user])


@alone
def accounts_that_are_down_are_told_and_lose_nothing(cluster, user):
    gang, name, other = Gang(cluster, user), unique("accounts"), unique("other")
    job = submit(gang, name, "sleep 60")
    gang.await_phase(job, "running")
    cluster.kill("slurmdbd")
    try:
        second = submit(gang, other, "sleep 1")
        expect(gang.end(second)["cause"] == "done", gang.show(second))
        cancelled_while_nobody_says_by_whom(cluster, gang, job)
    finally:
        cluster.start_daemon("slurmdbd")
    never_two_at_once(cluster, name, 1, user)
    never_two_at_once(cluster, other, 1, user)


@alone
def calls_stay_below_one_a_second_while_a_thousand_gangs_are_watched(cluster, user):
    place = tools_that(cluster, user, unique("count"), "")
    leave_nothing(cluster, [user])
    gang = Gang(cluster, user, path=place)
    job = gang.submit("--sweep", "i=1..1000", "--", "sleep", "600")
    gang.await_phase(job, "running")
    cluster.run(user, "truncate", "-s0", f"/home/{user}/calls")
    time.sleep(30)
    calls = cluster.run(user, "cat", f"/home/{user}/calls").said.split()
    begin = time.monotonic()
    gang.must("list")
    answered = time.monotonic() - begin
    gang.must("stop", str(job))
    expect(len(calls) < 30, calls)
    leave_nothing(cluster, [user])
    return f"{len(calls)} calls in 30 s; `gang list` answers in {answered:.2f} s"


FAULTS = (
    a_power_cut_with_a_retry_runs_it_elsewhere_exactly_once_more,
    a_power_cut_without_retries_is_told_with_its_node,
    a_cable_that_is_out_for_long_starts_no_second_run_beside_the_first,
    a_short_pull_of_the_cable_changes_nothing,
    a_slurmd_that_is_restarted_ends_nothing,
    a_service_that_is_killed_during_submit_neither_loses_nor_repeats,
    a_service_that_is_killed_during_a_run_finds_its_gang_again,
    a_node_that_is_drained_ends_nothing,
    a_time_limit_is_told_as_such,
    one_who_cancels_in_slurm_is_named,
    tools_that_fail_and_lie_at_times_lose_nothing,
    tools_that_are_slow_lose_nothing,
    a_failing_sacct_is_told_and_loses_nothing,
    accounts_that_are_down_are_told_and_lose_nothing,
    calls_stay_below_one_a_second_while_a_thousand_gangs_are_watched,
    # The last: numbers of jobs that a killed slurmctld forgot are given again.
    a_slurmctld_that_is_killed_during_a_run_loses_nothing,
    a_submit_while_slurmctld_is_down_waits_with_that_reason_and_is_sent_then,
    a_slurmctld_that_is_killed_right_after_a_submit_forgets_and_loses_nothing,
)


if __name__ == "__main__":
    sys.exit(run_faults(__doc__, FAULTS))
