#!/usr/bin/env python3
"""check_rest.py: `gang` where none of Slurm's programs are and slurmrestd is, and what becomes of gangs when that fails or breaks
off. As root, with Debian's packages of Slurm; elsewhere it is skipped, and says so."""
import argparse
import json
import sys
import time

import cluster as slurm
from cluster import LOGIN, Cluster, until
from on_slurm import GANG, LOOP, SKIPPED, Gang, attempt, expect

TEST = "/srv/bin/engine_slurm_test"
PLAIN = "/srv/plain"          # all programs but Slurm's
ON_NODES = "/run/of-nodes"    # srun, on nodes alone
URL = f"http://{LOGIN}:6820"
CUT_PORT = 6821
TOKEN = "/home/{}/token"

# What stands between somebody and slurmrestd and lets answers through whole, or not: in CUT stands "METHOD BYTES TIMES".
CUTTER = f'''
import os, socket, sys, threading
def take(client):
    with client, socket.create_connection(("{LOGIN}", 6820)) as server:
        asked = b""
        while b"\\r\\n\\r\\n" not in asked:
            asked += client.recv(65536)
        head, _, body = asked.partition(b"\\r\\n\\r\\n")
        lengths = [int(line.split(b":")[1]) for line in head.split(b"\\r\\n") if line.lower().startswith(b"content-length")]
        while lengths and len(body) < lengths[0]:
            body += client.recv(65536)
        server.sendall(head + b"\\r\\n\\r\\n" + body)
        answer = b""
        while more := server.recv(65536):
            answer += more
        with lock:
            try:
                method, count, times = open("/srv/cut").read().split()
            except (OSError, ValueError):
                method, count, times = "-", "0", "0"
            if head.split()[0].decode() == method and int(times) > 0:
                answer = answer[:int(count)]
                with open("/srv/cut.new", "w") as file:
                    file.write(f"{{method}} {{count}} {{int(times) - 1}}")
                os.rename("/srv/cut.new", "/srv/cut")
        client.sendall(answer)
lock = threading.Lock()
listener = socket.create_server(("0.0.0.0", {CUT_PORT}))
while True:
    threading.Thread(target=take, args=(listener.accept()[0],), daemon=True).start()
'''


class RestGang(Gang):
    def __init__(self, cluster, user="anna", url=URL):
        super().__init__(cluster, user)
        self.environment |= {"PATH": f"/srv/bin:{PLAIN}:{ON_NODES}", "GANGLINE_SLURMRESTD": url,
                             "GANGLINE_SLURMRESTD_TOKEN": TOKEN.format(user)}

    def give_token(self, text=None):
        text = text if text is not None else self.cluster.token(self.user)
        self.cluster.must(self.user, "sh", "-c", "umask 077; cat > token.new && mv token.new token", text=text,
                          directory=f"/home/{self.user}")

    def end_service(self):
        self.run("daemon", "stop")

    def stop_all(self):
        for job in json.loads(self.must("list", "--json")):
            self.run("stop", str(job["id"]))

    def runs(self, name):
        """How often a program that says so in this file has begun."""
        return self.cluster.run(self.user, "cat", f"/home/{self.user}/{name}").said.count("run")


def prepare(cluster):
    for user in cluster.people:
        cluster.must("root", "sh", "-c", f"cd /home/{user} && rm -f cut? whole late again")
    cluster.must("root", "sh", "-c", f"""
        mkdir -p {PLAIN}; cd /usr/bin; for f in *; do case $f in
        srun|sbatch|squeue|scontrol|sinfo|sacct|sacctmgr|scancel|salloc|sattach|sbcast|sdiag|sprio|sreport|sshare|sstat|strigger) ;;
        *) ln -sf /usr/bin/$f {PLAIN}/$f;; esac; done""")
    for number in range(1, cluster.wanted["nodes"] + 1):
        cluster.must("root", "sh", "-c", f"mkdir -p {ON_NODES}; ln -sf /usr/bin/srun {ON_NODES}/srun", on=f"n{number}")
    RestGang(cluster).give_token()


def the_service_says_by_which_way_it_asks(cluster):
    gang = RestGang(cluster)
    said = gang.must("nodes")
    expect("n[1-4]" in said and "8 h100" in said, said)
    said = gang.must("daemon", "status")
    expect(f"slurmrestd at {URL} (v0.0.38)" in said, said)
    gang.end_service()
    said = gang.run("daemon", "status")
    plain = Gang(cluster)
    plain.must("nodes")
    expect("Slurm's programs" in plain.must("daemon", "status"), "programs go first where they are")
    gang.end_service()


def a_run_ends_with_the_code_of_its_program(cluster):
    done = RestGang(cluster).run("run", "--", "sh", "-c", "echo hello; exit 5")
    expect(done.code == 5 and "hello" in done.said, done)


def a_sweep_is_an_array_and_each_gang_has_its_end(cluster):
    gang = RestGang(cluster)
    job = gang.submit("--name", "codes", "--sweep", "code=0,3,7", "--", "sh", "-c", "echo i am {code}; exit {code}")
    ends = [gang.end(job, index) for index in range(3)]
    expect([end.get("exit_code", 0) for end in ends] == [0, 3, 7], ends)
    expect("i am 7" in gang.must("logs", f"{job}.2"), "logs")
    seen = cluster.must("root", "squeue", "-a", "-h", "-t", "all", "-n", "codes", "-o", "%F %K %k").split("\n")
    lines = [line for line in seen if line]
    expect(len({line.split()[0] for line in lines}) == 1 and all("gangline-" in line for line in lines), seen)


def why_says_slurms_reason_and_who_holds_what(cluster):
    gang = RestGang(cluster)
    holders = [gang.submit("--gpus", "8", "--", "sh", "-c", LOOP) for _ in range(cluster.wanted["nodes"])]
    for job in holders:
        gang.await_phase(job, "running")
    job = gang.submit("--gpus", "4", "--", "true")
    said = until("a reason", 30, lambda: "esources" in (said := gang.must("why", str(job))) and said)
    expect("32 are in use (anna 32)" in said and "cannot be tried by slurmrestd" in said, said)
    for one in holders:
        gang.must("stop", str(one))
    expect(gang.end(job)["cause"] == "done", "it runs when there is room")


def what_srun_began_is_stopped_through_slurmrestd_with_its_grace(cluster):
    plain, gang = Gang(cluster), RestGang(cluster)
    gang.end_service()
    jobs = []
    for _ in range(2):
        jobs.append(plain.submit("--", "sh", "-c", "trap 'echo asked; exit 0' TERM; echo ready; " + LOOP))
        until("it is ready", 30, lambda: "ready" in plain.run("logs", str(jobs[-1])).said)
        plain.await_phase(jobs[-1], "running")
        begun = cluster.must("root", "scontrol", "show", "job", str(plain.number(jobs[-1])))
        expect("BatchFlag=0" in begun, begun)
    plain.must("daemon", "stop")
    gang.must("list")
    expect("slurmrestd" in gang.must("daemon", "status"), "the service that takes over asks slurmrestd")
    gang.must("stop", str(jobs[0]))
    expect(gang.end(jobs[0])["cause"] == "stopped" and "asked" in gang.must("logs", str(jobs[0])), "with its grace")
    gang.must("stop", "--now", str(jobs[1]))
    expect(gang.end(jobs[1])["cause"] == "stopped", "at once")
    gang.end_service()


def what_is_stopped_ends_so_whether_it_waits_or_runs(cluster):
    gang = RestGang(cluster)
    job = gang.submit("--", "sh", "-c", "trap 'echo asked; exit 0' TERM; echo ready; " + LOOP)
    until("it is ready", 30, lambda: "ready" in gang.run("logs", str(job)).said)
    gang.must("stop", str(job))
    expect(gang.end(job)["cause"] == "stopped" and "asked" in gang.must("logs", str(job)), "one that runs")
    sweep = gang.submit("--gpus", "8", "--sweep", "i=1..12", "--", "sh", "-c", LOOP)
    gang.await_phase(sweep, "running", 0)
    gang.must("stop", f"{sweep}.11")
    expect(gang.end(sweep, 11)["cause"] == "stopped", "one that waits in an array")
    gang.must("stop", str(sweep))
    for index in range(12):
        expect(gang.end(sweep, index)["cause"] == "stopped", index)
    until("Slurm has none of it", 40, lambda: not cluster.run("root", "squeue", "-h").said.strip())


def two_tasks_on_two_nodes_start_together_and_are_stopped_together(cluster):
    gang = RestGang(cluster)
    job = gang.submit("--tasks", "2", "--cpus", "12", "--", "sh", "-c", "echo rank $RANK of $WORLD_SIZE on $(hostname); " + LOOP)
    until("both are there", 40, lambda: "rank 1 of 2" in (said := gang.run("logs", str(job)).said + gang.run("logs", str(job), "--rank", "1").said)
          and said)
    gang.must("stop", str(job))
    expect(gang.end(job)["cause"] == "stopped", "stopped")


def what_comes_after_another_waits_in_slurm_for_it(cluster):
    gang = RestGang(cluster)
    first = gang.submit("--", "sh", "-c", "sleep 3")
    second = gang.submit("--after", str(first), "--", "true")
    until("it waits there", 20, lambda: "afterok" in cluster.must("root", "squeue", "-h", "-o", "%E"))
    expect(gang.end(second)["cause"] == "done" and gang.end(first)["cause"] == "done", "both end well")


def who_cancelled_it_in_slurm_is_told(cluster):
    gang = RestGang(cluster)
    job = gang.submit("--", "sh", "-c", LOOP)
    gang.await_phase(job, "running")
    cluster.must("root", "scancel", str(gang.number(job)))
    end = gang.end(job)
    expect(end["cause"] == "stopped" and "cancelled in Slurm by root" in end["detail"], end)


def a_pilot_is_asked_for_and_given_back(cluster):
    gang = RestGang(cluster)
    gang.must("pilot", "--nodes", "2", "--cpus", "4", "--time", "10m")
    done = gang.run("run", "--pilot", "--", "sh", "-c", "exit 4")
    expect(done.code == 4, done)
    gang.must("pilot", "--stop", "1")
    until("Slurm has it back", 40, lambda: not cluster.run("root", "squeue", "-h").said.strip())


def no_token_a_wrong_one_and_one_that_has_expired_are_told_as_such(cluster):
    gang = RestGang(cluster)
    gang.end_service()
    secret = cluster.must("root", "scontrol", "token", "username=anna", "lifespan=1").strip()
    gang.give_token(secret)
    time.sleep(1.1)
    done = gang.run("run", "--", "true")
    said = done.said + done.complaint
    expect(done.code != 0 and "expired" in said and "scontrol token lifespan" in said, done)
    expect(secret.split("=")[1] not in said, "a token is a secret")
    gang.give_token()
    gang.end_service()
    expect(gang.run("run", "--", "true").code == 0, "the next service has a right one")
    gang.give_token("abc.def.ghi")
    job = gang.submit("--", "true")
    said = until("it is told", 30, lambda: "believe the token" in (said := gang.must("why", str(job))) and said)
    expect("abc.def" not in said, "nor is a wrong one shown")
    gang.give_token()
    expect(gang.end(job)["cause"] == "done", "it goes with a right one")
    cluster.must("anna", "chmod", "644", TOKEN.format("anna"))
    job = gang.submit("--", "true")
    until("others may not read it", 30, lambda: "others can read" in gang.must("why", str(job)))
    gang.give_token()
    expect(gang.end(job)["cause"] == "done", "it goes with a secret one")
    for line in cluster.must("root", "ps", "-eo", "args=").split("\n"):
        expect("eyJ" not in line, f"a token stands in a process list: {line}")


def no_gang_is_lost_or_runs_twice_where_answers_break_off(cluster):
    gang = RestGang(cluster, "bert", f"http://{LOGIN}:{CUT_PORT}")
    gang.give_token()
    cutter = cluster.start("bert", "python3", "-c", CUTTER)
    try:
        until("it listens", 10, lambda: cluster.run("bert", "python3", "-c", f"import socket; socket.create_connection(('{LOGIN}', {CUT_PORT}))").code == 0)
        for number, count in enumerate((20, 330)):
            cluster.must("root", "sh", "-c", f"rm -f /srv/cut; echo POST {count} 2 > /srv/cut; chmod 777 /srv /srv/cut")
            job = gang.submit("--", "sh", "-c", f"echo run >> ~/cut{number}; sleep 1; exit 3")
            end = gang.end(job, patience=90)
            expect(end.get("exit_code") == 3 and gang.runs(f"cut{number}") == 1, (count, end, gang.runs(f"cut{number}")))
        job = gang.submit("--sweep", "i=1..4", "--", "sh", "-c", "echo run >> ~/whole; sleep 6; exit 2")
        gang.await_phase(job, "running", 3)
        cluster.must("root", "sh", "-c", "echo GET 2500 8 > /srv/cut; chmod 777 /srv/cut")
        ends = [gang.end(job, index) for index in range(4)]
        expect([end["exit_code"] for end in ends] == [2] * 4 and gang.runs("whole") == 4, ends)
    finally:
        cutter.kill()
        cluster.run("root", "rm", "-f", "/srv/cut")
        gang.end_service()


def gangs_go_on_while_slurmrestd_is_dead_and_are_known_when_it_is_back(cluster):
    gang = RestGang(cluster)
    short = gang.submit("--", "sh", "-c", "sleep 3; exit 6")
    long = gang.submit("--", "sh", "-c", LOOP)
    gang.await_phase(short, "running")
    gang.await_phase(long, "running")
    cluster.kill("slurmrestd")
    late = gang.submit("--", "sh", "-c", "echo run >> ~/late")
    time.sleep(5)
    expect(gang.gang(long)["phase"] == "running" and gang.gang(late)["phase"] == "waiting", "nothing is lost")
    expect("slurmrestd" in gang.must("why", str(late)), gang.must("why", str(late)))
    cluster.start_daemon("slurmrestd")
    expect(gang.end(short)["exit_code"] == 6, "what ended meanwhile")
    expect(gang.end(late)["cause"] == "done" and gang.runs("late") == 1, "what waited")
    gang.must("stop", str(long))
    expect(gang.end(long)["cause"] == "stopped", "what runs")


def the_service_may_be_killed_and_finds_its_gangs_again(cluster):
    gang = RestGang(cluster)
    job = gang.submit("--sweep", "i=1..3", "--", "sh", "-c", "echo run >> ~/again; sleep 4; exit 1")
    gang.await_phase(job, "running", 2)
    cluster.must("root", "kill", "-9", str(gang.service()))
    ends = [gang.end(job, index) for index in range(3)]
    expect([end["exit_code"] for end in ends] == [1] * 3 and gang.runs("again") == 3, ends)


def a_slurmrestd_of_ones_own_on_a_unix_socket_needs_no_token(cluster):
    gang = RestGang(cluster, "carl", "unix:/home/carl/rest.sock")
    del gang.environment["GANGLINE_SLURMRESTD_TOKEN"]
    own = cluster.start("carl", "slurmrestd", "-a", "rest_auth/local", "unix:/home/carl/rest.sock")
    try:
        until("it listens", 10, lambda: cluster.run("carl", "test", "-S", "/home/carl/rest.sock").code == 0)
        done = gang.run("run", "--", "sh", "-c", "exit 9")
        expect(done.code == 9, done)
    finally:
        gang.end_service()
        own.kill()


def the_engine_conforms(cluster):
    gang = RestGang(cluster)
    variables = [f"{name}={gang.environment[name]}" for name in ("PATH", "HOME", "GANGLINE_SLURMRESTD", "GANGLINE_SLURMRESTD_TOKEN")]
    done = cluster.run("anna", "env", "-i", *variables, f"GANGLINE_TEST_SLURM={GANG}", TEST,
                       "--gtest_filter=Slurm/*Conformance*:*stopped_without_a_run", patience=240.0)
    expect(done.code == 0, done.said[-3000:])


CHECKS = (the_service_says_by_which_way_it_asks, a_run_ends_with_the_code_of_its_program, a_sweep_is_an_array_and_each_gang_has_its_end,
          why_says_slurms_reason_and_who_holds_what, what_is_stopped_ends_so_whether_it_waits_or_runs,
          what_srun_began_is_stopped_through_slurmrestd_with_its_grace,
          two_tasks_on_two_nodes_start_together_and_are_stopped_together, what_comes_after_another_waits_in_slurm_for_it,
          who_cancelled_it_in_slurm_is_told, a_pilot_is_asked_for_and_given_back, no_token_a_wrong_one_and_one_that_has_expired_are_told_as_such,
          no_gang_is_lost_or_runs_twice_where_answers_break_off, gangs_go_on_while_slurmrestd_is_dead_and_are_known_when_it_is_back,
          the_service_may_be_killed_and_finds_its_gangs_again, a_slurmrestd_of_ones_own_on_a_unix_socket_needs_no_token,
          the_engine_conforms)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gang", required=True)
    parser.add_argument("--engine-test", required=True)
    parser.add_argument("--only", help="the check with this in its name")
    parser.add_argument("--cluster", help="one that is up, which stays")
    options = parser.parse_args()
    if why := slurm.unavailable():
        print(f"skipped: {why}")
        return SKIPPED

    def check(cluster):
        cluster.run("root", "rm", "-f", GANG, TEST)  # one of them may still run
        cluster.put(options.gang, GANG)
        cluster.put(options.engine_test, TEST)
        prepare(cluster)
        return 0 if all([attempt(one, cluster) for one in CHECKS if not options.only or options.only in one.__name__]) else 1

    if options.cluster:
        return check(Cluster.attach(options.cluster))
    with Cluster() as cluster:
        return check(cluster)


if __name__ == "__main__":
    sys.exit(main())
