#!/usr/bin/env python3
"""check_node_programs.py: what `gang` does inside a job of a real Slurm, without a service: a gang here is sent by hand, as
`send_order` writes it, and what the programs on the nodes write down is read. As root, with Debian's packages of Slurm; elsewhere
it is skipped, and says so.

--only WORD: checks with that word in their names, alone
"""
import argparse
import itertools
import json
import re
import signal
import subprocess
import sys
import time
import traceback

import cluster as slurm
from cluster import Cluster, SlurmTrouble, until

SKIPPED = 77
USER = "anna"
GANG = "/srv/bin/gang"
ON_TWO = ("-N2", "--ntasks=4", "--ntasks-per-node=2", "--gpus-per-task=2", "-c1", "--mem-per-cpu=100")
LOOP = "while :; do sleep 0.05; done"
GPUS_THAT_OPEN = 'for i in 0 1 2 3 4 5 6 7; do cat /dev/fakegpu$i 2>&1 | grep -q "No such" && printf %s $i; done; echo'
numbers = itertools.count()


def expect(truth, what):
    if not truth:
        raise AssertionError(what)


class Sent:
    """A job that was sent; job 7 of a state directory of its own."""

    def __init__(self, cluster, command, *options, tasks=1, gpus=0, grace=5.0, submit=True, **spec):
        self.cluster = cluster
        self.state = f"/home/{USER}/{next(numbers)}"
        self.directory = f"{self.state}/jobs/7/slurm/tag"
        task = {"cpus": 1}
        if gpus:
            task["devices"] = {"kind": "gpu", "count": gpus}
        words = {"shell": True, "words": [command]} if isinstance(command, str) else {"shell": False, "words": command}
        whole = {"name": "test", "dir": "/", "command": words, "grace": int(grace * 1e6), "inherited": [["PATH", "/usr/bin:/bin"]],
                 "resources": {"tasks": tasks, "alternatives": [task]}, **spec}
        cluster.must(USER, "/srv/bin/send_order", self.directory, self.state, text=json.dumps(whole))
        self.job = None
        if submit:
            self.job = cluster.submit(USER, f"exec {GANG} internal-slurm-gang {self.directory}", "-o", "/dev/null", *options)

    def file(self, path):
        return self.cluster.run(USER, "cat", path).said

    def log(self, rank=0, gang=0, kind="out"):
        return self.file(f"{self.state}/jobs/7/logs/{gang}.1.{rank}.{kind}")

    def claim(self, gang=0):
        return self.file(f"{self.directory}/{gang}.claim")

    def end(self, gang=0):
        """The ending, with when it started and ended in microseconds."""
        until(f"gang {gang} has ended", 60, lambda: self.file(f"{self.directory}/{gang}.end"))
        times, _, ending = self.file(f"{self.directory}/{gang}.end").partition("\n")
        started, at = map(int, times.split())
        return {**json.loads(ending), "started": started, "at": at}

    def await_logs(self, word, *ranks):
        until(f"'{word}' is in the logs", 60, lambda: all(word in self.log(rank) for rank in ranks))

    def ask_to_stop(self):
        self.cluster.must(USER, "scancel", "--batch", "--signal=TERM", str(self.job))


# --- checks ---------------------------------------------------------------------------------------------

def a_gang_of_one_task_has_its_gpus_and_no_others(cluster):
    other = cluster.submit("bert", "sleep 60", "-w", "n1", "--gres=gpu:1", "--mem=100")
    cluster.await_state(other, "RUNNING")
    sent = Sent(cluster, f"echo $RANK/$WORLD_SIZE $CUDA_VISIBLE_DEVICES; {GPUS_THAT_OPEN}", "-w", "n1", "--gres=gpu:2", gpus=2)
    expect(sent.end()["cause"] == "done", sent.end())
    expect("node n1 1 1,2" in sent.claim(), sent.claim())
    constrained = cluster.wanted["constrain"]
    expect(sent.log() == ("0/1 0,1\n12\n" if constrained else "0/1 1,2\n01234567\n"), sent.log())
    expect(f'"devices","holds":{json.dumps(constrained)}' in sent.claim(), sent.claim())
    cluster.must("root", "scancel", str(other))


def each_rank_on_two_nodes_has_its_own_gpus_and_meets_rank_0(cluster):
    others = [cluster.submit("bert", "sleep 60", "-w", node, f"--gres=gpu:{gpus}", "--mem=100")
              for node, gpus in (("n1", 1), ("n2", 2))]
    for other in others:
        cluster.await_state(other, "RUNNING")
    sent = Sent(cluster, "echo $RANK $LOCAL_RANK $NODE_RANK $WORLD_SIZE $MASTER_ADDR:$MASTER_PORT $CUDA_VISIBLE_DEVICES; "
                f"{GPUS_THAT_OPEN}; echo $TF_CONFIG", "-w", "n1,n2", *ON_TWO, tasks=4, gpus=2)
    expect(sent.end()["cause"] == "done", sent.end())
    expect("node n1 2 1,2,3,4\nnode n2 2 2,3,4,5\n" in sent.claim(), sent.claim())
    ports = set()
    for rank, numbers_there in enumerate(("12", "34", "23", "45")):
        first, opened, config = sent.log(rank).splitlines()
        where, visible = first.split()[4:]
        address, port = where.split(":")
        ports.add(port)
        constrained = cluster.wanted["constrain"]
        network = "10.78.0" if cluster.wanted["fast_network"] else "10.77.0"
        expect(first.startswith(f"{rank} {rank % 2} {rank // 2} 4 {network}.1:"), first)
        expect(visible == ("0,1" if constrained else ",".join(numbers_there)), (rank, first))
        expect(opened == (numbers_there if constrained else "01234567"), (rank, opened))
        hosts = [worker.split(":")[0] for worker in json.loads(config)["cluster"]["worker"]]
        expect(hosts == [f"{network}.1"] * 2 + [f"{network}.2"] * 2, config)
    expect(len(ports) == 1, ports)
    cluster.must("root", "scancel", *map(str, others))


def a_fast_network_that_one_node_is_not_in_is_not_met_in(cluster):
    if not cluster.wanted["fast_network"]:
        return
    cluster.must("root", "ip", "link", "set", "ib0", "down", on="n2")
    try:
        sent = Sent(cluster, "echo $MASTER_ADDR", "-w", "n1,n2", *ON_TWO, tasks=4, gpus=2)
        expect(sent.end()["cause"] == "done" and sent.log(3) == "10.77.0.1\n", (sent.end(), sent.log(3)))
    finally:
        cluster.must("root", "ip", "link", "set", "ib0", "up", on="n2")


def an_array_runs_each_gang_once(cluster):
    sent = Sent(cluster, "echo $GANG_GANG; [ $GANG_GANG != 1 ] || exit 4", "--array=0-2",
                sweep=[{"name": "a", "values": ["x", "y", "z"]}])
    for gang, code in enumerate((0, 4, 0)):
        expect(sent.end(gang)["exit_code"] == code, sent.end(gang))
        expect(sent.log(gang=gang) == f"{gang}\n", sent.log(gang=gang))
        expect(sent.claim(gang).startswith(f"slurm {sent.job}_{gang} 0 "), sent.claim(gang))


def a_failing_rank_ends_the_others_as_a_stop_would(cluster):
    sent = Sent(cluster, f'[ $RANK = 3 ] && {{ echo oops >&2; exit 7; }}; trap "echo saved; exit 0" TERM; {LOOP}', *ON_TWO,
                tasks=4, gpus=2)
    end = sent.end()
    expect((end["cause"], end["rank"], end["exit_code"]) == ("failed", 3, 7), end)
    expect((end["detail"], end["last_lines"]) == ("rank 3 ended with code 7", "oops\n"), end)
    # A rank that had not come so far as to set its trap just ends.
    expect(all(sent.log(rank) in ("saved\n", "") for rank in range(3)), [sent.log(rank) for rank in range(3)])
    cluster.await_state(sent.job, "FAILED")


def a_stop_reaches_all_ranks_as_the_jobs_own_signal(cluster):
    sent = Sent(cluster, f'trap "echo saved; exit 3" USR1; echo up; {LOOP}', *ON_TWO, tasks=4, gpus=2, stop_signal=signal.SIGUSR1)
    sent.await_logs("up", 0, 1, 2, 3)
    sent.ask_to_stop()
    end = sent.end()
    expect((end["cause"], end["detail"], end["exit_code"]) == ("stopped", "", 3), end)
    expect(all(sent.log(rank) == "up\nsaved\n" for rank in range(4)), [sent.log(rank) for rank in range(4)])


def what_heeds_no_stop_is_ended_after_its_grace(cluster):
    for options in ({"tasks": 4, "gpus": 2}, {}):
        sent = Sent(cluster, f'trap "" TERM; echo up; {LOOP}', *(ON_TWO if options else ()), grace=0.5, **options)
        sent.await_logs("up", *range(options.get("tasks", 1)))
        begin = time.monotonic()
        sent.ask_to_stop()
        end = sent.end()
        expect((end["cause"], end["signal"]) == ("stopped", 9), end)
        expect(0.4 < time.monotonic() - begin < 10, time.monotonic() - begin)


def its_time_is_counted_exactly_whoever_lives(cluster):
    sent = Sent(cluster, f"echo up; {LOOP}", *ON_TWO, tasks=4, gpus=2, time=1_500_000)
    sent.await_logs("up", 0, 1, 2, 3)
    cluster.kill("slurmctld")
    try:
        end = sent.end()
    finally:
        cluster.start_daemon("slurmctld")
    expect((end["cause"], end["detail"]) == ("time-limit", "its time of 1.5s was up"), end)
    expect(1.0 < (end["at"] - end["started"]) / 1e6 < 5, end)


def memory_that_it_does_not_have_is_told_as_such(cluster):
    if not cluster.wanted["constrain"]:
        return
    sent = Sent(cluster, ["/usr/bin/python3", "-c", "bytearray(400 << 20)"], "--mem=150")
    end = sent.end()
    expect((end["cause"], end["detail"]) == ("out-of-memory", "it went over its memory limit"), end)


def a_task_program_that_is_killed_is_a_rank_that_is_lost(cluster):
    sent = Sent(cluster, f'echo up; [ $RANK = 1 ] && kill -9 $PPID; {LOOP}', *ON_TWO, tasks=4, gpus=2)
    end = sent.end()
    expect((end["cause"], end["rank"]) == ("lost", 1) and "task 1: Killed" in end["detail"], end)


def a_node_that_fails_is_why_its_gang_is_lost(cluster):
    sent = Sent(cluster, f'trap "echo told; exit 3" TERM; echo up; {LOOP}', "-w", "n3,n4", *ON_TWO, tasks=4, gpus=2)
    sent.await_logs("up", 0, 1, 2, 3)
    cluster.power_off("n4")
    end = sent.end()
    expect((end["cause"], end["detail"]) == ("lost", "node n4 failed") and "exit_code" not in end, end)
    expect(sent.log() == "up\ntold\n", sent.log())


def a_job_that_slurm_starts_again_runs_nothing_twice(cluster):
    sent = Sent(cluster, "echo once; exec sleep 60")
    sent.await_logs("once", 0)
    cluster.must("root", "scontrol", "requeue", str(sent.job))
    cluster.await_state(sent.job, "COMPLETED")
    expect(sent.log() == "once\n", sent.log())
    expect(sent.claim().startswith(f"slurm {sent.job} 0 "), sent.claim())


def mpi_is_told_by_a_plugin_that_loads(cluster):
    sent = Sent(cluster, "echo $OMPI_COMM_WORLD_RANK $SLURM_MPI_TYPE; cat $GANG_HOSTFILE", *ON_TWO, tasks=4, gpus=2, launcher="mpi")
    expect(sent.end()["cause"] == "done", sent.end())
    expect(re.fullmatch(r"3 (pmix|pmi2)\nn\d slots=2\nn\d slots=2\n", sent.log(3)), sent.log(3))


def it_may_also_be_the_only_task_of_an_srun(cluster):
    sent = Sent(cluster, "echo $CUDA_VISIBLE_DEVICES; exit 3", gpus=1, submit=False)
    done = cluster.run(USER, "srun", "-n1", "--gres=gpu:1", GANG, "internal-slurm-gang", sent.directory, "0")
    expect(done.code == 3 and sent.log() == "0\n", (done, sent.log()))
    sent = Sent(cluster, "echo $RANK", tasks=4, gpus=2, submit=False)
    # What a step has to itself, no step in it can have: so the outer one shares.
    done = cluster.run(USER, "salloc", *ON_TWO, "srun", "-N1", "-n1", "--overlap", "--gpus-per-task=0", GANG, "internal-slurm-gang",
                       sent.directory, "0")
    expect(done.code == 0 and sent.log(3) == "3\n", (done, sent.end()))


CHECKS = (
    a_gang_of_one_task_has_its_gpus_and_no_others,
    each_rank_on_two_nodes_has_its_own_gpus_and_meets_rank_0,
    a_fast_network_that_one_node_is_not_in_is_not_met_in,
    an_array_runs_each_gang_once,
    a_failing_rank_ends_the_others_as_a_stop_would,
    a_stop_reaches_all_ranks_as_the_jobs_own_signal,
    what_heeds_no_stop_is_ended_after_its_grace,
    memory_that_it_does_not_have_is_told_as_such,
    a_task_program_that_is_killed_is_a_rank_that_is_lost,
    a_job_that_slurm_starts_again_runs_nothing_twice,
    mpi_is_told_by_a_plugin_that_loads,
    it_may_also_be_the_only_task_of_an_srun,
    a_node_that_fails_is_why_its_gang_is_lost,
    # The last: numbers of jobs that a killed slurmctld forgot are given again, and slurmd refuses such a job.
    its_time_is_counted_exactly_whoever_lives,
)


def attempt(check, cluster):
    begin = time.monotonic()
    try:
        check(cluster)
        print(f"ok   {check.__name__.replace('_', ' ')} ({time.monotonic() - begin:.1f} s)", flush=True)
        return True
    except (AssertionError, SlurmTrouble, subprocess.SubprocessError, OSError, KeyError, ValueError):
        print("FAIL", check.__name__.replace("_", " "), flush=True)
        traceback.print_exc()
        print(cluster.run("root", "scontrol", "show", "job", "-d").said, flush=True)
        return False
    finally:
        for user in cluster.people:
            cluster.run("root", "scancel", "-u", user)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gang", required=True, help="the program")
    parser.add_argument("--send-order", required=True, help="the test's own program beside it")
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    if why := slurm.unavailable(accounting=False, rest=False):
        print(f"skipped: {why}")
        return SKIPPED
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    well = True
    for constrain in ([True, False] if slurm.can_constrain() else [False]):
        with Cluster(accounting=False, rest=False, constrain=constrain, fast_network=not constrain) as cluster:
            print(f"up in {cluster.up_s:.1f} s: devices {'closed, one network' if constrain else 'open, two networks'}", flush=True)
            cluster.put(options.gang, GANG)
            cluster.put(options.send_order, "/srv/bin/send_order")
            for check in CHECKS:
                if options.only.replace(" ", "_") in check.__name__:
                    well = attempt(check, cluster) and well
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
