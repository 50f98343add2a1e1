#!/usr/bin/env python3
"""check_states.py: what `gang list`, `gang show` and `gang why` say of a gang for each state that Slurm has of its job. What must be
said stands in each check, before it is tried. As root, with Debian's packages of Slurm; elsewhere it is skipped, and says so.

--only WORD: checks with that word in their names, alone
"""
import argparse
import signal
import sys
import tempfile
import time

import cluster as slurm
from cluster import Cluster, until
from on_slurm import GANG, SKIPPED, Gang, attempt, expect, leave_nothing

# `echo` tells a stop that the program heard from one that it did not.
HEEDS = ("sh", "-c", 'trap "echo heard; exit 3" TERM; echo begun; while :; do sleep 0.1; done')
PROLOG = "#!/bin/sh\n[ ! -e /srv/prolog-fails ]\n"
OPTIONS = ["PreemptType=preempt/partition_prio", "PreemptMode=SUSPEND,GANG", "Prolog=/srv/prolog", "PrologFlags=Alloc",
           "PartitionName=putback Nodes=ALL PreemptMode=REQUEUE", "PartitionName=cancelled Nodes=ALL PreemptMode=CANCEL",
           "PartitionName=halted Nodes=ALL PreemptMode=SUSPEND OverSubscribe=FORCE:1",
           "PartitionName=urgent Nodes=ALL PriorityTier=10 PreemptMode=OFF OverSubscribe=FORCE:1",
           "PartitionName=brief Nodes=ALL MaxTime=1 DefaultTime=1"]
STANDS_STILL = "it is suspended in Slurm, by somebody or for another job: its processes stand still"


class Case:
    """One gang in a state, and what is said of it."""

    def __init__(self, cluster, *options, words=HEEDS, waits=False, user="anna"):
        self.cluster, self.gang = cluster, Gang(cluster, user)
        self.job = self.gang.submit(*options, "--", *words)
        if waits:
            self.says_it_waits("Slurm job")
        else:
            self.gang.await_phase(self.job, "running")
            self.number = self.gang.number(self.job)

    def scontrol(self, *words, user="root"):
        self.cluster.must(user, "scontrol", *map(str, words))

    def line(self):
        return next(line for line in self.gang.must("list", "--all").splitlines() if line.split()[0] == str(self.job))

    def says(self, text, of="what is said"):
        """The same in the list, of the job and by why."""
        def said_by_all():
            said = [self.line(), self.gang.must("show", str(self.job)), self.gang.must("why", str(self.job))]
            return all(text in one for one in said)
        try:
            until(f"{of} is: {text}", 20, said_by_all)
        except slurm.SlurmTrouble as trouble:
            raise AssertionError(f"{trouble}; it is {self.line()}\n{self.gang.must('why', str(self.job))}") from trouble

    def says_it_waits(self, text):
        self.says(text)
        self.number = self.gang.number(self.job)
        return self.gang.must("why", str(self.job))

    def ends(self, cause, detail, **more):
        end = self.gang.end(self.job, patience=100)
        expect((end["cause"], end["detail"]) == (cause, detail), end)
        for key, value in more.items():
            expect(end.get(key) == value, (key, end))
        self.says(detail)

    def log(self):
        return self.gang.must("logs", str(self.job)).split()


def other(cluster, *options, script="sleep 300"):
    """Somebody else's job that takes all nodes, when it runs."""
    number = cluster.submit("bert", script, "-N4", "--exclusive", "--mem=0", *options)
    cluster.await_state(number, "RUNNING")
    return number


# --- it runs --------------------------------------------------------------------------------------------

def suspended_is_told_its_time_stands_still_and_it_goes_on(cluster):
    case = Case(cluster, "--time", "5s")
    case.scontrol("suspend", case.number)
    case.says(STANDS_STILL)
    expect(" running " in case.line(), case.line())
    time.sleep(5)
    case.scontrol("resume", case.number)
    resumed = time.monotonic()
    until("it is not said any more", 10, lambda: STANDS_STILL not in case.line())
    case.ends("time-limit", "its time of 5s was up")
    expect(time.monotonic() - resumed > 2, "it ran its 5 s without those in which it stood still")


def suspended_can_be_stopped(cluster):
    for tasks in ("1", "2"):
        case = Case(cluster, "--tasks", tasks)
        case.scontrol("suspend", case.number)
        case.says(STANDS_STILL)
        case.gang.must("stop", str(case.job))
        case.ends("stopped", "stopped by anna")
        expect(case.gang.gang(case.job)["ending"]["last_lines"], case.gang.gang(case.job))


def one_that_makes_room_by_standing_still_goes_on(cluster):
    case = Case(cluster, "--queue", "halted", "--memory", "100M")
    urgent = cluster.submit("bert", "sleep 300", "-N4", "--exclusive", "--mem=1000", "-p", "urgent")
    case.says(STANDS_STILL)
    cluster.must("root", "scancel", str(urgent))
    until("it goes on", 20, lambda: STANDS_STILL not in case.line())
    expect(case.gang.gang(case.job)["attempt"] == 1, "it was never sent again")


def one_that_makes_room_in_slurm_waits_and_runs_again_at_no_retry(cluster):
    for queue in ("putback", "cancelled"):
        case = Case(cluster, "--queue", queue)
        urgent = other(cluster, "-p", "urgent")
        case.says_it_waits("what it asks for is in use (Resources)")
        expect("attempt 1 ended: Slurm gave its place to another job" in case.gang.must("show", str(case.job)), queue)
        cluster.must("root", "scancel", str(urgent))
        case.gang.await_phase(case.job, "running")
        case.gang.must("stop", str(case.job))
        case.ends("stopped", "stopped by anna")


def put_back_by_somebody_it_runs_again(cluster):
    case = Case(cluster, "--tasks", "2")
    case.scontrol("update", f"job={case.number}", "requeue=1")
    case.scontrol("requeue", case.number)
    until("it runs once more", 30, lambda: (gang := case.gang.gang(case.job))["attempt"] == 2 and gang["phase"] == "running")
    expect("attempt 1 ended: somebody put it back into Slurm's queue" in case.gang.must("show", str(case.job)), case.job)


def put_back_and_held_it_is_held_until_it_is_released(cluster):
    case = Case(cluster, "--tasks", "2")
    case.scontrol("update", f"job={case.number}", "requeue=1")
    case.scontrol("requeuehold", case.number)
    case.says_it_waits("`scontrol release` lets it go (JobHeldUser); its last run was put back and held by somebody")
    case.scontrol("release", case.number, user="anna")
    case.gang.await_phase(case.job, "running")


def cancelled_while_it_runs_names_who_did_it(cluster):
    for user in ("anna", "root"):
        case = Case(cluster)
        cluster.must(user, "scancel", str(case.number))
        case.ends("stopped", f"it was cancelled in Slurm by {user}")
        expect(case.log() == ["begun", "heard"], "the program heard of it")


def a_node_that_is_set_down_loses_it_and_a_retry_runs_elsewhere(cluster):
    case, again = Case(cluster), Case(cluster, "--retries", "1")
    nodes = {one: cluster.place_of(one.number) for one in (case, again)}
    for node in set(nodes.values()):
        case.scontrol("update", f"node={node}", "state=down", "reason=test")
    case.ends("lost", f"node {nodes[case]} failed")
    until("it runs elsewhere", 30, lambda: (gang := again.gang.gang(again.job))["attempt"] == 2 and gang["phase"] == "running")


def too_much_memory_is_told_as_such(cluster):
    if not cluster.wanted["constrain"]:
        return "left out: no control groups here"
    eats = ("python3", "-c", "x = [bytearray(10**6) for _ in range(1000)]")
    for tasks, who in (("1", "it"), ("2", "rank")):
        job = Gang(cluster).submit("--memory", "150M", "--tasks", tasks, "--", *eats)
        end = Gang(cluster).end(job)
        expect(end["cause"] == "out-of-memory" and end["signal"] == 9 and end["detail"].startswith(who), end)
        expect("out-of-memory: " in Gang(cluster).must("why", str(job)), job)
    return ""


# --- it waits -------------------------------------------------------------------------------------------

def held_says_by_whom_and_what_lets_it_go_and_suggests_nothing_else(cluster):
    busy = other(cluster)
    case = Case(cluster, waits=True)
    for user, text in (("anna", "its owner holds it back; `scontrol release` lets it go (JobHeldUser)"),
                       ("root", "an administrator holds it back and can let it go (JobHeldAdmin)")):
        case.scontrol("hold", case.number, user=user)
        why = case.says_it_waits(text)
        expect("it would start now" not in why, why)
        case.scontrol("release", case.number)
    cluster.must("root", "scancel", str(busy))
    case.gang.await_phase(case.job, "running")


def a_full_cluster_is_told_without_a_suggestion_that_would_not_help(cluster):
    busy = other(cluster)
    why = Case(cluster, "--tasks", "2", waits=True).says_it_waits("what it asks for is in use (Resources)")
    expect("of 64 cpus 64 are in use (bert 64); none of these jobs has a time limit" in why, why)
    expect("it would start now" not in why, why)
    cluster.must("root", "scancel", str(busy))


def a_closed_queue_is_told_without_a_change_of_time_or_size(cluster):
    cluster.must("root", "scontrol", "update", "partitionname=main", "state=down")
    try:
        case = Case(cluster, "--cpus", "2", waits=True)
        why = case.says_it_waits("its queue is closed: jobs wait there until an administrator opens it (PartitionDown)")
        expect("--time" not in why and "instead of" not in why, why)
    finally:
        cluster.must("root", "scontrol", "update", "partitionname=main", "state=up")
    case.gang.must("stop", str(case.job))


def cancelled_while_it_waits_names_who_did_it(cluster):
    busy = other(cluster)
    for user in ("anna", "root"):
        case = Case(cluster, waits=True)
        cluster.must(user, "scancel", str(case.number))
        case.ends("stopped", f"it was cancelled in Slurm by {user}")
    cluster.must("root", "scancel", str(busy))


def a_deadline_that_it_cannot_keep_is_told_as_such(cluster):
    busy = other(cluster)
    case = Case(cluster, waits=True)
    case.scontrol("update", f"job={case.number}", "deadline=now+3")
    case.scontrol("update", f"job={case.number}", "timelimit=10")
    case.ends("time-limit", "its deadline in Slurm had come")
    cluster.must("root", "scancel", str(busy))


def a_node_whose_prolog_fails_is_named(cluster):
    cluster.must("root", "touch", "/srv/prolog-fails")
    job = Gang(cluster).submit("--tasks", "2", "--", *HEEDS)
    end = Gang(cluster).end(job)
    expect(end["cause"] == "lost" and "could not start it, and root took it back in Slurm: mostly a prolog that fails there" in end["detail"], end)
    cluster.must("root", "rm", "/srv/prolog-fails")


def a_prolog_that_fails_for_a_single_task_drains_one_node(cluster):
    cluster.must("root", "touch", "/srv/prolog-fails")
    job = Gang(cluster).submit("--", *HEEDS)
    end = Gang(cluster).end(job)
    expect(end["cause"] == "lost" and "could not start it" in end["detail"], end)
    drained = {line for line in cluster.must("root", "sinfo", "-h", "-N", "-o", "%N %T").splitlines() if "drain" in line}
    expect(len(drained) == 1, (drained, end))
    cluster.must("root", "rm", "/srv/prolog-fails")


def held_by_slurm_after_a_failed_launch_it_ends_as_lost(cluster):
    """Where a site starts such jobs again, Slurm holds them instead."""
    busy = other(cluster)
    case = Case(cluster, "--tasks", "2", waits=True)
    case.scontrol("update", f"job={case.number}", "requeue=1")
    cluster.must("root", "touch", "/srv/prolog-fails")
    cluster.must("root", "scancel", str(busy))
    case.ends("lost", "it could not be started on its node, and is held back; `scontrol release` lets it go "
                      "(launch failed requeued held)")
    cluster.must("root", "rm", "/srv/prolog-fails")
    until("Slurm has nothing of it", 20, lambda: cluster.state(case.number) in ("", "CANCELLED"))


ON_SOME_NODES = [
    suspended_is_told_its_time_stands_still_and_it_goes_on, suspended_can_be_stopped, put_back_by_somebody_it_runs_again,
    put_back_and_held_it_is_held_until_it_is_released, cancelled_while_it_runs_names_who_did_it, too_much_memory_is_told_as_such,
]
ON_ALL_NODES = [
    one_that_makes_room_by_standing_still_goes_on, one_that_makes_room_in_slurm_waits_and_runs_again_at_no_retry,
    held_says_by_whom_and_what_lets_it_go_and_suggests_nothing_else, a_full_cluster_is_told_without_a_suggestion_that_would_not_help,
    a_closed_queue_is_told_without_a_change_of_time_or_size,
    cancelled_while_it_waits_names_who_did_it, a_deadline_that_it_cannot_keep_is_told_as_such,
    a_node_that_is_set_down_loses_it_and_a_retry_runs_elsewhere, a_node_whose_prolog_fails_is_named,
    a_prolog_that_fails_for_a_single_task_drains_one_node,
    held_by_slurm_after_a_failed_launch_it_ends_as_lost,
]


class SlurmsOwnLimit:
    """A minute at least, so it is begun first, by carl, and seen after checks that leave his alone."""

    def __init__(self, cluster):
        self.one = Case(cluster, "--queue", "brief", user="carl")
        self.team = Case(cluster, "--queue", "brief", "--tasks", "2", user="carl")

    def slurms_own_time_limit_is_told_as_such(self, _):
        self.team.ends("time-limit", "its time in Slurm, 1m00s, was almost up", exit_code=3)  # Slurm's warning left it its grace
        self.one.ends("time-limit", "its time in Slurm was up", exit_code=3)


def all_well_again(cluster):
    leave_nothing(cluster, [user for user in cluster.people if user != "carl"])
    for name in cluster.run("root", "sinfo", "-hN", "-p", "main", "-t", "drain,down", "-o", "%N").said.split():
        cluster.run("root", "scontrol", "update", f"node={name}", "state=resume")
    until("all nodes are up", 30, lambda: cluster.run("root", "sinfo", "-hN", "-p", "main", "-t", "idle,mixed", "-o", "%N").said.split() ==
          ["n1", "n2", "n3", "n4"])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gang", required=True)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    if why := slurm.unavailable(rest=False):
        print(f"skipped: {why}")
        return SKIPPED
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    word = options.only.replace(" ", "_")
    with Cluster(rest=False, extra=OPTIONS) as cluster, tempfile.NamedTemporaryFile("w") as prolog:
        prolog.write(PROLOG)
        prolog.flush()
        cluster.put(prolog.name, "/srv/prolog")
        cluster.put(options.gang, GANG)
        checks = [*ON_SOME_NODES, SlurmsOwnLimit(cluster).slurms_own_time_limit_is_told_as_such, *ON_ALL_NODES]
        well = []
        for check in checks:
            if word in check.__name__:
                all_well_again(cluster)
                well.append(attempt(check, cluster))
    return 0 if all(well) else 1


if __name__ == "__main__":
    sys.exit(main())
