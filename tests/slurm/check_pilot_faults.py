#!/usr/bin/env python3
"""check_pilot_faults.py: pilots on a real Slurm, while nodes, daemons, the service and their own time fail them. What must come of each
fault stands in its check, before it is tried; see check_faults.py.

--times N: each fault so often; --only WORD: faults with that word in their names, alone
"""
import contextlib
import json
import random
import sys
import time

from cluster import until
from fault_run import (alone, comes_back, is_up, lines_of, measure_beyond, never_two_at_once, node_of, run_faults, runs_of, submit,
                       unique)
from on_slurm import Gang, expect, leave_nothing

TWO_NODES = ("--nodes", "2", "--gpus", "8", "--time", "20m")
# The first time longer than Slurm takes to give up a node that is silent.
LONG_ONCE = "if [ -e $f.once ]; then sleep 2; else touch $f.once; sleep 60; fi"
A_PART = ("--nodes", "1", "--cpus", "2", "--memory", "1G")
THREE_NODES = ("--nodes", "3", "--gpus", "8", "--time", "20m")


class PilotGang(Gang):
    def pilots(self):
        return json.loads(self.must("pilot", "--list", "--json"))

    def pilot(self, number):
        return next((one for one in self.pilots() if one["number"] == number), None)

    def slurm_job(self, number):
        return self.pilot(number)["allocation"].split()[-1]

    def begin_pilot(self, *words):
        number = int(self.must("pilot", "--quiet", *words).strip())
        return self.await_pilot(number)

    def await_pilot(self, number, patience=40.0):
        until(f"pilot {number} of {self.user} is up", patience,
              lambda: (one := self.pilot(number)) and len(one["nodes"]) == one["request"]["nodes"])
        return number

    def await_pilot_end(self, number, patience=60.0):
        return until(f"pilot {number} of {self.user} has ended", patience, lambda: (one := self.pilot(number)) and one["phase"] == "ended" and one)

    def await_waiting(self, job, patience=60.0):
        """Again, after a run."""
        until(f"job {job} waits again", patience, lambda: (now := self.show(job))["summary"]["waiting"] == 1 and now)
        return self.show(job)

    def submit_marked(self, name, body, *options):
        return submit(self, name, body, "--pilot", *options)


@contextlib.contextmanager
def people_pilot(cluster, user, *words):
    """That person with a pilot, and nothing of either afterwards."""
    gang = PilotGang(cluster, user)
    try:
        yield gang, gang.begin_pilot(*words)
    finally:
        leave_nothing_of(cluster, user)


def leave_nothing_of(cluster, user):
    gang = PilotGang(cluster, user)
    for one in gang.pilots():
        if one["phase"] != "ended":
            gang.run("pilot", "--stop", str(one["number"]))
    until(f"Slurm has nothing of {user}", 60, lambda: not cluster.run("root", "squeue", "-h", "-u", user).said.strip())
    until(f"{user} has no pilot", 60, lambda: all(one["phase"] == "ended" for one in gang.pilots()))


def await_running(gang, name, job):
    node = node_of(gang.cluster, name, gang.user)
    gang.await_phase(job, "running")
    return node


def expect_done(gang, job, name, most, **more):
    expect(gang.end(job, **more)["cause"] == "done", gang.show(job))
    return never_two_at_once(gang.cluster, name, most, gang.user)


# --- the service and slurmctld ----------------------------------------------------------------------------

def a_service_killed_with_gangs_of_a_pilot_running_and_waiting_finds_all_again_and_none_runs_twice(cluster, user):
    with people_pilot(cluster, user, *TWO_NODES) as (gang, _):
        names = [unique(f"kill{i}") for i in range(4)]
        jobs = [gang.submit_marked(name, "sleep 3", "--gpus", "8") for name in names]  # two at a time
        await_running(gang, names[0], jobs[0])
        time.sleep(random.uniform(0, 1.5))
        cluster.run("root", "kill", "-9", str(gang.service()))
        for job, name in zip(jobs, names):
            expect_done(gang, job, name, 1)
            expect(gang.gang(job)["attempt"] == 1, gang.show(job))


def a_service_killed_while_a_pilot_is_asked_for_leaves_none_that_it_does_not_know(cluster, user):
    gang = PilotGang(cluster, user)
    try:
        gang.must("run", "--", "true")
        asking = cluster.start(user, "env", "-i", *(f"{name}={value}" for name, value in gang.environment.items()), "/srv/bin/gang", "pilot",
                               *A_PART, "--time", "20m")
        time.sleep(random.uniform(0, 0.1))
        cluster.run("root", "kill", "-9", str(gang.service()))
        asking.wait()

        def agreed():
            ours = {one["allocation"].split()[-1] for one in gang.pilots() if one["phase"] != "ended" and one["allocation"]}
            slurms = set(cluster.run("root", "squeue", "-h", "-u", user, "-t", "PD,R,CG", "-o", "%A").said.split())
            open_ones = [one for one in gang.pilots() if one["phase"] not in ("ended", "running")]
            return ours == slurms and not open_ones and len(slurms) <= 1

        until("service and Slurm know the same pilots", 40, agreed)
    finally:
        leave_nothing_of(cluster, user)


@alone
def a_slurmctld_killed_during_a_pilot_that_it_has_written_down_ends_nothing(cluster, user):
    with people_pilot(cluster, user, *TWO_NODES) as (gang, number):
        time.sleep(8)
        name, after = unique("down"), unique("after")
        job = gang.submit_marked(name, "sleep 6")
        await_running(gang, name, job)
        cluster.kill("slurmctld")
        meanwhile = unique("meanwhile")
        second = gang.submit_marked(meanwhile, "sleep 1")
        node_of(cluster, meanwhile, user)  # it takes no slurmctld to start one
        time.sleep(random.uniform(0, 2))
        cluster.start_daemon("slurmctld")
        for one, called in ((job, name), (second, meanwhile), (gang.submit_marked(after, "true"), after)):
            expect_done(gang, one, called, 1)
        expect(gang.pilot(number)["phase"] == "running", gang.pilots())


@alone
def a_slurmctld_that_forgets_a_young_pilot_costs_its_gangs_no_retry(cluster, user):
    """Slurm ends it on its nodes where it forgot it; the gang waits again then, and runs in the next pilot, never beside itself."""
    with people_pilot(cluster, user, *TWO_NODES) as (gang, number):
        name = unique("young")
        job = gang.submit_marked(name, "sleep 10", "--tasks", "1")
        await_running(gang, name, job)
        cluster.kill("slurmctld")
        cluster.start_daemon("slurmctld")

        def is_settled():
            return gang.gang(job)["phase"] == "ended" or (gang.show(job)["summary"]["waiting"] == 1 and gang.pilot(number)["phase"] == "ended")

        until("it has ended or waits again", 90, is_settled)
        if gang.gang(job)["phase"] != "ended":
            gang.begin_pilot(*TWO_NODES)
        runs = expect_done(gang, job, name, 2)
        return f"{len(runs)} runs"


# --- somebody takes it away -------------------------------------------------------------------------------

def a_pilot_that_root_cancels_sends_its_gangs_back_to_waiting_and_none_is_lost(cluster, user):
    with people_pilot(cluster, user, *TWO_NODES) as (gang, number):
        runs_now, waits = unique("runs"), unique("waits")
        job = gang.submit_marked(runs_now, "sleep 4", "--gpus", "8", "--tasks", "2")
        second = gang.submit_marked(waits, "true", "--gpus", "8")
        until("it runs", 20, lambda: len(runs_of(cluster, runs_now, user)) == 2)
        gang.await_phase(job, "running")
        cluster.must("root", "scancel", gang.slurm_job(number))
        gang.await_pilot_end(number)
        for one in (job, second):
            summary = gang.await_waiting(one)["summary"]
            expect("gang pilot" in summary["reason"], summary)
        before = len(runs_of(cluster, runs_now, user))
        expect(before == 2 and not runs_of(cluster, waits, user), lines_of(cluster, runs_now, user))
        gang.begin_pilot(*TWO_NODES)
        for one in (job, second):
            expect(gang.end(one)["cause"] == "done", gang.show(one))
        runs = sorted(runs_of(cluster, runs_now, user).values())
        expect(len(runs) == 4 and max(one[1] for one in runs[:2]) <= runs[2][0], runs)
        never_two_at_once(cluster, waits, 1, user)


def a_drained_node_of_a_pilot_ends_what_it_has_well_and_gets_nothing_more(cluster, user):
    with people_pilot(cluster, user, *TWO_NODES) as (gang, _):
        name = unique("drain")
        job = gang.submit_marked(name, "sleep 35", "--gpus", "1")
        node = await_running(gang, name, job)
        cluster.must("root", "scontrol", "update", f"nodename={node}", "state=drain", "reason=test")
        try:
            until("Gangline says that it is drained", 40, lambda: "drained" in gang.must("nodes", f"{node}/pilot", "--json"))
            later = [unique(f"later{i}") for i in range(2)]
            jobs = [gang.submit_marked(one, "sleep 1", "--gpus", "8") for one in later]
            for one, called in zip(jobs, later):
                runs = expect_done(gang, one, called, 1)
                expect(next(iter(runs))[0] != node, (node, runs))
            expect_done(gang, job, name, 1)
        finally:
            cluster.must("root", "scontrol", "update", f"nodename={node}", "state=resume")


# --- nodes ------------------------------------------------------------------------------------------------

def two_gangs(gang, length, *options):
    """Each on a node of its own; a third one is free."""
    names = [unique(f"gang{i}") for i in range(2)]
    jobs = [gang.submit_marked(name, f"sleep {length}", "--gpus", "8", *options) for name in names]
    nodes = [await_running(gang, name, job) for name, job in zip(names, jobs)]
    expect(nodes[0] != nodes[1], nodes)
    return list(zip(jobs, names, nodes))


def a_power_cut_of_a_pilots_node_runs_a_gang_with_a_retry_on_another_node_exactly_once_more(cluster, user):
    """And what runs on the other nodes goes on."""
    with people_pilot(cluster, user, *THREE_NODES) as (gang, _):
        gangs = two_gangs(gang, 18, "--retries", "1")
        hit = random.randrange(2)
        (job, name, node), (other, other_name, _) = gangs[hit], gangs[1 - hit]
        cluster.power_off(node)
        try:
            until(f"Slurm notices that {node} is dead", 60, lambda: cluster.node_state(node).startswith("down"))
            noticed = time.monotonic()
            until("it runs elsewhere", 60, lambda: len(runs_of(cluster, name, user)) == 2)
            beyond = measure_beyond("a gang of a pilot", time.monotonic() - noticed)
            hosts = [run[0] for run in expect_done(gang, job, name, 2)]
            expect(hosts[0] == node and hosts[1] not in (node, gangs[1 - hit][2]), hosts)
            expect_done(gang, other, other_name, 1)
            return beyond
        finally:
            comes_back(cluster, node)


def a_power_cut_of_a_pilots_node_is_told_with_its_node_where_there_are_no_retries(cluster, user):
    with people_pilot(cluster, user, *THREE_NODES) as (gang, _):
        gangs = two_gangs(gang, 16)
        hit = random.randrange(2)
        (job, name, node), (other, other_name, _) = gangs[hit], gangs[1 - hit]
        cluster.power_off(node)
        try:
            end = gang.end(job)
            expect(end["cause"] == "lost" and node in end["detail"], end)
            never_two_at_once(cluster, name, 1, user)
            expect_done(gang, other, other_name, 1)
        finally:
            comes_back(cluster, node)


def a_power_cut_of_the_only_node_of_a_pilot_is_told_too_and_a_retry_waits_for_the_next_pilot(cluster, user):
    with people_pilot(cluster, user, "--nodes", "1", "--gpus", "8", "--time", "20m") as (gang, number):
        names = [unique(f"only{i}") for i in range(2)]
        jobs = [gang.submit_marked(name, "sleep 8", "--gpus", "4", "--retries", str(i)) for i, name in enumerate(names)]
        node = [await_running(gang, name, job) for name, job in zip(names, jobs)][0]
        cluster.power_off(node)
        try:
            end = gang.end(jobs[0])
            expect(end["cause"] == "lost" and node in end["detail"], end)
            gang.await_waiting(jobs[1])
            gang.await_pilot_end(number)
            gang.begin_pilot("--nodes", "1", "--gpus", "8", "--time", "20m")
            expect_done(gang, jobs[1], names[1], 2)
            never_two_at_once(cluster, names[0], 1, user)
        finally:
            comes_back(cluster, node)


def a_short_pull_of_the_cable_of_a_pilots_node_changes_nothing(cluster, user):
    with people_pilot(cluster, user, *TWO_NODES) as (gang, number):
        name = unique("cable")
        job = gang.submit_marked(name, "sleep 4")
        node = await_running(gang, name, job)
        cluster.pull(node)
        time.sleep(1)
        cluster.plug(node)
        expect_done(gang, job, name, 1)
        after = [unique(f"after{i}") for i in range(2)]
        for one, called in [(gang.submit_marked(called, "true", "--gpus", "8"), called) for called in after]:  # on both nodes
            expect_done(gang, one, called, 1)
        expect(gang.pilot(number)["phase"] == "running", gang.pilots())


def a_cable_of_a_pilots_node_that_is_out_for_long_starts_no_second_run_beside_the_first(cluster, user):
    """Slurm takes the node from the pilot while processes live on there, and ends them when it is back: one more run then, none before."""
    with people_pilot(cluster, user, *TWO_NODES) as (gang, _):
        name = unique("cable")
        job = gang.submit_marked(name, LONG_ONCE, "--gpus", "1", "--retries", "1")
        node = await_running(gang, name, job)
        cluster.pull(node)
        try:
            until(f"Slurm gives {node} up", 60, lambda: cluster.node_state(node).startswith("down"))
            time.sleep(3)
            expect(gang.gang(job)["phase"] == "running" and len(runs_of(cluster, name, user)) == 1, gang.show(job))
        finally:
            cluster.plug(node)
        runs = expect_done(gang, job, name, 2, patience=90)
        until(f"{node} is there again", 60, lambda: is_up(cluster, node))
        return f"{len(runs)} runs"


# --- their time -------------------------------------------------------------------------------------------

GOES_ON = "trap 'note warned; exit 3' TERM; if [ -e $f.once ]; then sleep 1; else touch $f.once; sleep 200 & wait; fi"


def a_pilots_end_starts_nothing_that_cannot_end_and_warns_what_runs_and_lets_it_wait_again(cluster, user):
    with people_pilot(cluster, user, *A_PART, "--time", "1m") as (gang, number):
        long_one, name = unique("long"), unique("time")
        too_long = gang.submit_marked(long_one, "true", "--time", "10m")
        job = gang.submit_marked(name, GOES_ON, "--grace", "5s")
        await_running(gang, name, job)
        until("why the other one waits is told", 20, lambda: "the end of" in gang.show(too_long)["summary"]["reason"])
        ended = gang.await_pilot_end(number, patience=120)
        expect(gang.await_waiting(job)["summary"]["waiting"] == 1, gang.show(job))
        told = [line.split()[0] for line in lines_of(cluster, name, user)]
        expect("warned" in told, told)
        expect(not runs_of(cluster, long_one, user), "it was started")
        gang.must("stop", str(too_long))
        gang.begin_pilot(*A_PART, "--time", "5m")
        expect_done(gang, job, name, 2)
        return ended["reason"]


def a_pilot_with_renew_is_followed_by_the_next_where_work_is_left(cluster, user):
    """One gang runs at its end and goes on in the next one; another is too long for what is left, and starts there."""
    with people_pilot(cluster, user, *A_PART, "--time", "1m", "--renew") as (gang, number):
        name = unique("renew")
        job = gang.submit_marked(name, GOES_ON, "--grace", "5s")
        await_running(gang, name, job)
        gang.await_pilot_end(number, patience=120)
        expect_done(gang, job, name, 2, patience=90)
        numbers = sorted(one["number"] for one in gang.pilots())
        expect(numbers[-1] == number + 1, numbers)


def a_pilot_with_renew_is_followed_where_what_waits_is_too_long_for_what_is_left_of_it(cluster, user):
    with people_pilot(cluster, user, *A_PART, "--time", "1m", "--renew") as (gang, number):
        gang.must("run", "--pilot", "--", "true")
        time.sleep(12)
        name = unique("renew")
        job = gang.submit_marked(name, "sleep 2", "--time", "35s")
        until("why it waits is told", 20, lambda: "the end of" in gang.show(job)["summary"]["reason"])
        expect_done(gang, job, name, 1, patience=120)
        numbers = sorted(one["number"] for one in gang.pilots())
        expect(numbers[-1] == number + 1, numbers)


def a_pilot_that_has_nothing_to_do_ends_and_not_before(cluster, user):
    with people_pilot(cluster, user, *A_PART, "--time", "20m", "--idle", "5s") as (gang, number):
        name = unique("idle")
        job = gang.submit_marked(name, "sleep 9")
        slurm_job = gang.slurm_job(number)
        expect_done(gang, job, name, 1)
        expect(gang.pilot(number)["phase"] == "running", gang.pilots())
        ended = gang.await_pilot_end(number, patience=40)
        expect("nothing to do" in ended["reason"], ended)
        state = cluster.run("root", "squeue", "-h", "-j", slurm_job, "-t", "R", "-o", "%T").said
        expect(not state.strip(), state)
        return ended["reason"]


FAULTS = (
    a_service_killed_with_gangs_of_a_pilot_running_and_waiting_finds_all_again_and_none_runs_twice,
    a_service_killed_while_a_pilot_is_asked_for_leaves_none_that_it_does_not_know,
    a_pilot_that_root_cancels_sends_its_gangs_back_to_waiting_and_none_is_lost,
    a_drained_node_of_a_pilot_ends_what_it_has_well_and_gets_nothing_more,
    a_power_cut_of_a_pilots_node_runs_a_gang_with_a_retry_on_another_node_exactly_once_more,
    a_power_cut_of_a_pilots_node_is_told_with_its_node_where_there_are_no_retries,
    a_power_cut_of_the_only_node_of_a_pilot_is_told_too_and_a_retry_waits_for_the_next_pilot,
    a_short_pull_of_the_cable_of_a_pilots_node_changes_nothing,
    a_cable_of_a_pilots_node_that_is_out_for_long_starts_no_second_run_beside_the_first,
    a_pilots_end_starts_nothing_that_cannot_end_and_warns_what_runs_and_lets_it_wait_again,
    a_pilot_with_renew_is_followed_by_the_next_where_work_is_left,
    a_pilot_with_renew_is_followed_where_what_waits_is_too_long_for_what_is_left_of_it,
    a_pilot_that_has_nothing_to_do_ends_and_not_before,
    a_slurmctld_killed_during_a_pilot_that_it_has_written_down_ends_nothing,
    # The last: numbers of jobs that a killed slurmctld forgot are given again.
    a_slurmctld_that_forgets_a_young_pilot_costs_its_gangs_no_retry,
)

if __name__ == "__main__":
    sys.exit(run_faults(__doc__, FAULTS))
