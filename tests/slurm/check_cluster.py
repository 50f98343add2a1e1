#!/usr/bin/env python3
"""check_cluster.py: the pretended Slurm cluster of this folder is what tests of Slurm take it for: a real Slurm with accounts,
REST, people and faults, which leaves nothing behind. As root, with Debian's packages of Slurm; elsewhere it is skipped, and says so.

--only WORD: checks with that word in their names, alone
"""
import argparse
import json
import os
import pathlib
import signal
import subprocess
import sys
import time
import traceback

import cluster as slurm
from cluster import Cluster, Done, SlurmTrouble, until

SKIPPED = 77
PYTHON = "/usr/bin/python3"  # which anybody may run
NOTICED_S = 90.0  # a node's death, and its job elsewhere; about 15 s where nothing else runs
DURABLE_S = 6.5  # what slurmctld has answered for is on its disk after 6 s
HERE = pathlib.Path(__file__).resolve().parent
WAIT_FOR_GO = 'touch "$HOME/$SLURM_JOB_ID.$SLURMD_NODENAME"; while [ ! -e "$HOME/go.$SLURM_JOB_ID" ]; do sleep 0.05; done'


def expect(truth, what):
    if not truth:
        raise AssertionError(what)


def go(cluster, user, job):
    cluster.must(user, "touch", f"/home/{user}/go.{job}")


def begun_on(cluster, user, job, node):
    return cluster.run(user, "test", "-e", f"/home/{user}/{job}.{node}").code == 0


def idle_nodes(cluster):
    return cluster.must("root", "sinfo", "-hN", "-t", "idle", "-o", "%N").split()


def await_all_idle(cluster):
    until("all nodes are idle", NOTICED_S, lambda: len(idle_nodes(cluster)) == cluster.wanted["nodes"])


def accounted(cluster, job):
    """State and exit code of the job in the accounts, or nothing."""
    rows = cluster.must("root", "sacct", "-nPX", "-j", str(job), "-o", "State,ExitCode").split("\n")
    return tuple(rows[0].split("|")) if rows[0] else ()


def rest(cluster, user, token, path):
    """What slurmrestd answers: the number of HTTP, or 0 where nobody listens, and the text."""
    program = """
import sys, urllib.request, urllib.error
ask = urllib.request.Request(sys.argv[3], headers={"X-SLURM-USER-NAME": sys.argv[1], "X-SLURM-USER-TOKEN": sys.argv[2]})
try:
    with urllib.request.urlopen(ask, timeout=20) as answer:
        print(answer.status, answer.read().decode())
except urllib.error.HTTPError as error:
    print(error.code, error.read().decode())
except OSError as error:
    print(0, error)
"""
    said = cluster.must(user, PYTHON, "-c", program, user, token, f"http://login:{slurm.slurm_files.REST_PORT}{path}")
    number, _, text = said.partition(" ")
    return int(number), text


# --- checks ---------------------------------------------------------------------------------------------

def four_nodes_are_idle_with_eight_gpus_each(cluster):
    lines = cluster.must("anna", "sinfo", "-hN", "-o", "%N %T %G").splitlines()
    expect(sorted(line.split() for line in lines) == [[f"n{n}", "idle", "gpu:h100:8"] for n in (1, 2, 3, 4)], lines)


def a_job_on_two_nodes_sees_its_own_devices_alone(cluster):
    program = """
import errno, os, socket
for gpu in range(8):
    try:
        os.close(os.open(f"/dev/fakegpu{gpu}", os.O_RDWR))
        word = "opened"
    except OSError as error:
        word = {errno.ENXIO: "allowed", errno.EPERM: "denied"}.get(error.errno, str(error))
    print(socket.gethostname(), word, os.environ["CUDA_VISIBLE_DEVICES"])
"""
    said = cluster.must("anna", "srun", "-N2", "-n2", "--gres=gpu:2", PYTHON, "-c", program)
    count = {}
    for line in said.splitlines():
        host, word, visible = line.split()
        expect(len(visible.split(",")) == 2, said)
        count[host, word] = count.get((host, word), 0) + 1
    hosts = {host for host, _ in count}
    expect(len(hosts) == 2, said)
    wanted = {"allowed": 2, "denied": 6} if cluster.wanted["constrain"] else {"allowed": 8}
    expect(count == {(host, word): times for host in hosts for word, times in wanted.items()}, count)
    if not cluster.wanted["constrain"]:
        print("     (devices are not constrained here, for want of control groups of version 1 or on demand)")


def sacct_tells_how_a_job_ended(cluster):
    well, badly = cluster.submit("anna", "exit 0"), cluster.submit("anna", "exit 5")
    until("sacct has the one", 30.0, lambda: accounted(cluster, well) == ("COMPLETED", "0:0"))
    until("sacct has the other", 30.0, lambda: accounted(cluster, badly) == ("FAILED", "5:0"))


def rest_answers_to_a_token_and_to_nothing_else(cluster):
    token = cluster.token("anna")
    number, text = rest(cluster, "anna", token, "/slurm/v0.0.38/ping")
    expect(number == 200 and json.loads(text)["pings"][0]["ping"] == "UP", f"{number} {text}")
    number, text = rest(cluster, "anna", "wrong", "/slurm/v0.0.38/ping")
    expect(number >= 400, f"{number} {text}")
    cluster.kill("slurmrestd")
    expect(rest(cluster, "anna", token, "/slurm/v0.0.38/ping")[0] == 0, "somebody answers, with slurmrestd dead")
    cluster.start_daemon("slurmrestd")
    expect(rest(cluster, "anna", token, "/slurm/v0.0.38/ping")[0] == 200, "it does not answer again")


def three_users_submit_and_stop_only_their_own(cluster):
    jobs = {user: cluster.submit(user, f"id -un > who; {WAIT_FOR_GO}") for user in cluster.people}
    for job in jobs.values():
        cluster.await_state(job, "RUNNING")
    owners = sorted(cluster.must("carl", "squeue", "-h", "-o", "%u").split())
    expect(owners == ["anna", "bert", "carl"], owners)
    denied = cluster.run("bert", "scancel", str(jobs["anna"]))
    expect(cluster.state(jobs["anna"]) == "RUNNING", f"bert stopped a job of anna: {denied}")
    for user, job in jobs.items():
        go(cluster, user, job)
        cluster.await_state(job, "COMPLETED")
        expect(cluster.must(user, "cat", "who").strip() == user, f"the job of {user} ran as somebody else")
        other = "carl" if user != "carl" else "anna"
        expect(cluster.run(other, "ls", f"/home/{user}").code != 0, f"{other} looks into the home of {user}")


def a_power_cut_requeues_a_job_elsewhere(cluster):
    job = cluster.submit("anna", WAIT_FOR_GO, "--requeue")
    cluster.await_state(job, "RUNNING")
    node = cluster.place_of(job)
    until("it runs", 60.0, lambda: begun_on(cluster, "anna", job, node))
    held = cluster.start("anna", "sleep", "1000", on=node)
    cut = time.monotonic()
    cluster.power_off(node)
    expect(held.wait(10.0) == 255, "a command outlived the power cut")
    until(f"{node} is down", NOTICED_S, lambda: cluster.node_state(node).startswith("down"))
    noticed = time.monotonic() - cut
    others = {"n1", "n2", "n3", "n4"} - {node}
    until("it runs elsewhere", NOTICED_S, lambda: any(begun_on(cluster, "anna", job, other) for other in others))
    print(f"     noticed after {noticed:.1f} s, runs elsewhere after {time.monotonic() - cut:.1f} s")
    go(cluster, "anna", job)
    cluster.await_state(job, "COMPLETED")
    cluster.power_on(node)
    await_all_idle(cluster)


def a_cut_cable_leaves_processes_alone_until_it_is_back(cluster):
    job = cluster.submit("bert", f"sleep 54321 & {WAIT_FOR_GO}", "--no-requeue", "-w", "n2")
    until("it runs on n2", 60.0, lambda: begun_on(cluster, "bert", job, "n2"))

    def processes():
        return cluster.run("root", "pgrep", "-fx", "sleep 54321", on="n2").code == 0
    cut = time.monotonic()
    cluster.pull("n2")
    until("n2 is down", NOTICED_S, lambda: cluster.node_state("n2").startswith("down"))
    noticed = time.monotonic() - cut
    expect(processes(), "the job's processes ended with the cable")
    back = time.monotonic()
    cluster.plug("n2")
    until("the processes of a job that is over end", NOTICED_S, lambda: not processes())
    print(f"     noticed after {noticed:.1f} s, old processes ended {time.monotonic() - back:.1f} s after the cable was back")
    expect(cluster.state(job) == "NODE_FAIL", cluster.state(job))
    await_all_idle(cluster)


def a_killed_controller_keeps_what_it_answered_for_long_enough(cluster):
    runs = cluster.submit("anna", WAIT_FOR_GO, "-w", "n3")
    until("it runs", 60.0, lambda: begun_on(cluster, "anna", runs, "n3"))
    held = cluster.submit("carl", "exit 0", "--hold")
    answered = time.monotonic()
    until("it is old enough", 60.0, lambda: time.monotonic() > answered + DURABLE_S)
    cluster.kill("slurmctld")
    expect(cluster.run("anna", "scontrol", "ping").said.find("DOWN") >= 0, "the controller is not down")
    cluster.start_daemon("slurmctld")
    expect(cluster.state(held) == "PENDING", f"job {held} is '{cluster.state(held)}'")
    expect(cluster.state(runs) == "RUNNING", f"job {runs} is '{cluster.state(runs)}'")
    cluster.must("carl", "scontrol", "release", str(held))
    cluster.await_state(held, "COMPLETED")
    go(cluster, "anna", runs)
    cluster.await_state(runs, "COMPLETED")
    starts = cluster.must("anna", "sh", "-c", f"ls | grep -c '^{runs}[.]'").strip()
    expect(starts == "1", f"it started {starts} times")
    await_all_idle(cluster)


def a_stopped_controller_answers_when_it_goes_on(cluster):
    cluster.signal("slurmctld", signal.SIGSTOP)
    asks = cluster.start("anna", "sbatch", "--parsable", "--wrap", "true")
    expect(asks.line.wait(1.0) is None, "a stopped controller answered")
    cluster.signal("slurmctld", signal.SIGCONT)
    expect(asks.wait() == 0, "sbatch failed")
    cluster.await_state(int(asks.output.read().split()[-1]), "COMPLETED")


def a_job_outlives_its_slurmd(cluster):
    job = cluster.submit("bert", WAIT_FOR_GO, "-w", "n4")
    until("it runs", 60.0, lambda: begun_on(cluster, "bert", job, "n4"))
    cluster.kill("slurmd@n4")
    cluster.start_daemon("slurmd@n4")
    go(cluster, "bert", job)
    cluster.await_state(job, "COMPLETED")
    await_all_idle(cluster)


def nodes_have_a_second_network_where_one_is_wanted(cluster):
    expect(cluster.run("root", "ip", "addr", "show", "ib0", on="n1").code != 0, "a network that nobody wanted")
    hear = "import socket; s = socket.create_server(('10.78.0.2', 7777)); print('hears', flush=True); s.accept()[0].sendall(b'well')"
    ask = "import socket; print(socket.create_connection(('10.78.0.2', 7777), 10).recv(9).decode())"
    with Cluster(nodes=2, accounting=False, rest=False, fast_network=True) as other:
        hears = other.start("anna", PYTHON, "-c", hear, on="n2")
        expect(hears.output.readline() == "hears\n", "nobody hears on n2")
        expect(other.must("bert", PYTHON, "-c", ask, on="n1") == "well\n", "n1 does not reach n2")
        expect(hears.wait() == 0, "n2 failed")
        expect(other.run("root", PYTHON, "-c", ask).code != 0, "the login host is on it too")


def nothing_is_done_twice_or_to_nobody(cluster):
    for act in (lambda: cluster.power_on("n1"), lambda: cluster.power_off("n9"), lambda: cluster.start_daemon("slurmctld"),
                lambda: cluster.kill("slurmd"), lambda: cluster.run("eve", "true"), lambda: Cluster(cluster.name).up()):
        try:
            act()
        except SlurmTrouble:
            continue
        raise AssertionError("something that cannot be done was done")
    expect(cluster.run("anna", "no-such-program") == Done(127, "", "[Errno 2] No such file or directory: 'no-such-program'"), "")


def two_clusters_are_up_at_once_and_know_nothing_of_each_other(cluster):
    with Cluster(nodes=1, gpus=2, accounting=False, rest=False) as other:
        print(f"     the other, without accounts and REST, was up in {other.up_s:.1f} s")
        job = other.submit("anna", WAIT_FOR_GO)
        other.await_state(job, "RUNNING")
        expect(cluster.must("root", "squeue", "-h") == "", "the one sees jobs of the other")
        expect(cluster.must("root", "cat", "/etc/munge/munge.key", on="n1") != other.must("root", "cat", "/etc/munge/munge.key"),
               "they have one key")
        other.power_off("n1")
        expect(len(idle_nodes(cluster)) == 4, "a power cut here was one there")
        go(other, "anna", job)
        space = spaces_of(other)
    expect(not left_of(other.name, space), left_of(other.name, space))
    cluster.must("anna", "srun", "true")


CHECKS = [four_nodes_are_idle_with_eight_gpus_each,
          a_job_on_two_nodes_sees_its_own_devices_alone,
          sacct_tells_how_a_job_ended,
          rest_answers_to_a_token_and_to_nothing_else,
          three_users_submit_and_stop_only_their_own,
          a_power_cut_requeues_a_job_elsewhere,
          a_cut_cable_leaves_processes_alone_until_it_is_back,
          a_killed_controller_keeps_what_it_answered_for_long_enough,
          a_stopped_controller_answers_when_it_goes_on,
          a_job_outlives_its_slurmd,
          nodes_have_a_second_network_where_one_is_wanted,
          nothing_is_done_twice_or_to_nobody,
          two_clusters_are_up_at_once_and_know_nothing_of_each_other]


# --- what is left ---------------------------------------------------------------------------------------

def spaces_of(cluster):
    """The namespaces of a cluster's keeper and of its hosts, except those of the whole machine."""
    ours = {os.readlink(f"/proc/self/ns/{kind}") for kind in os.listdir("/proc/self/ns")}
    spaces, marks = set(), (str(HERE / "keeper.py").encode(), str(HERE / "host.py").encode())
    for process in pathlib.Path("/proc").iterdir():
        try:
            words = (process / "cmdline").read_bytes().split(b"\0")
            if any(mark in words for mark in marks) and any(cluster.name.encode() in word for word in words):
                spaces |= {os.readlink(process / "ns" / kind) for kind in ("mnt", "net", "pid", "uts", "ipc")}
        except OSError:
            continue
    expect(len(spaces - ours) > 5, f"no namespaces of {cluster.name} are to be seen")
    return spaces - ours


def left_of(name, spaces):
    """Whatever of the cluster is still there: processes, open files on its namespaces, mounts, control groups, links, files."""
    left = []
    for process in pathlib.Path("/proc").iterdir():
        if not process.name.isdigit():
            continue
        for link in (*(process / "ns").glob("*"), *(process / "fd").glob("*")):
            try:
                if os.readlink(link) in spaces:
                    left.append(f"process {process.name}: {(process / 'cmdline').read_bytes()}")
            except OSError:
                continue
    left += [line for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines() if name in line]
    left += [str(group) for group in pathlib.Path("/sys/fs/cgroup").glob(f"*/gangline-slurm-{name}*")]
    left += [str(path) for path in pathlib.Path("/run").glob(f"gangline-slurm-{name}*")]
    return left


def machine():
    """Of the machine as a whole, what a cluster could leave there."""
    return {"devices": sorted(name for name in os.listdir("/dev") if "gpu" in name),
            "links": subprocess.run(["ip", "-br", "link"], capture_output=True, text=True).stdout,
            "named networks": sorted(os.listdir("/run/netns")) if os.path.isdir("/run/netns") else [],
            "mounts": sorted(line.split()[4] for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines()),
            "people": pathlib.Path("/etc/passwd").read_text()}


OWNER = """
import sys, time
sys.path.insert(0, sys.argv[1])
from cluster import Cluster
with Cluster(sys.argv[2], nodes=1, accounting=False, rest=False) as cluster:
    cluster.submit("anna", "sleep 1000")
    print("up", flush=True)
    sys.stdin.read()
    raise RuntimeError("as a test that fails")
"""


def owner_ends(name, how):
    """A program that holds a cluster ends in one of several ways; what it leaves is returned."""
    with subprocess.Popen([sys.executable, "-c", OWNER, str(HERE), name], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True) as owner:
        expect(owner.stdout.readline() == "up\n", "it did not come up")
        attached = Cluster.attach(name)
        spaces = spaces_of(attached)
        how(owner, attached)
        owner.stdin.close()
        owner.wait(60)
    until(f"nothing is left of {name}: {left_of(name, spaces)}", 30.0, lambda: not left_of(name, spaces))


def keeper_killed(owner, attached):
    os.kill(attached.ask("status")["pid"], signal.SIGKILL)
    until("the keeper is gone", 30.0, lambda: not attached.alive())
    owner.kill()
    subprocess.run([sys.executable, str(HERE / "cluster.py"), "--name", attached.name, "down"], check=True)


ENDS = {"exception": lambda owner, _: None,
        "interrupt": lambda owner, _: owner.send_signal(signal.SIGINT),
        "term": lambda owner, _: owner.terminate(),
        "kill": lambda owner, _: owner.kill(),
        "keeper-killed": keeper_killed}


def whoever_holds_a_cluster_may_end_in_any_way():
    for how, act in ENDS.items():
        owner_ends(f"p{os.getpid()}-{how}", act)


def the_program_does_what_the_module_does():
    name = f"p{os.getpid()}-by-hand"

    def program(*words):
        done = subprocess.run([sys.executable, str(HERE / "cluster.py"), "--name", name, *words], capture_output=True, text=True,
                              timeout=120)
        return done.returncode, done.stdout + done.stderr
    code, said = program("up", "--nodes", "2", "--no-accounting", "--no-rest", "--fast", "--option", "MaxArraySize=77")
    try:
        expect(code == 0 and "2 nodes" in said, said)
        expect(program("exec", "-u", "bert", "--", "sh", "-c", "id -un; exit 7") == (7, "bert\n"), "exec")
        expect("MaxArraySize            = 77" in program("exec", "scontrol", "show", "config")[1], "a line of slurm.conf")
        expect(program("power-off", "n1")[0] == 0 and "off" in program("status")[1], "power-off")
        expect(program("power-on", "n1")[0] == 0 and program("kill", "slurmctld")[0] == 0, "kill")
        expect("slurmctld (ended)" in program("status")[1] and program("start", "slurmctld")[0] == 0, "start")
        code, said = program("up")
        expect(code == 1 and "is up already" in said, said)
        spaces = spaces_of(Cluster(name))
    finally:
        code, said = program("down")
    expect(code == 0 and not left_of(name, spaces), f"{said} {left_of('by-hand', spaces)}")


# --- running them ---------------------------------------------------------------------------------------

def attempt(check, *arguments):
    begin = time.monotonic()
    try:
        check(*arguments)
        print(f"ok   {check.__name__.replace('_', ' ')} ({time.monotonic() - begin:.1f} s)", flush=True)
        return True
    except (AssertionError, SlurmTrouble, subprocess.SubprocessError, OSError, KeyError, ValueError):
        print("FAIL", check.__name__.replace("_", " "), flush=True)
        traceback.print_exc()
        return False


def put_right(cluster):
    """After a check that failed, for the next."""
    status = cluster.ask("status")
    for daemon, runs in status["daemons"].items():
        if not runs:
            cluster.start_daemon(daemon)
    for host, now in status["hosts"].items():
        if not now["plugged"]:
            cluster.plug(host)
        if not now["on"]:
            cluster.power_on(host)
    for user in cluster.people:
        cluster.must("root", "scancel", "-u", user)
    await_all_idle(cluster)


def on_a_cluster(checks, logs, constrain):
    with Cluster(keep_logs=logs, constrain=constrain) as cluster:
        print(f"up in {cluster.up_s:.1f} s: 4 nodes, accounts, REST", flush=True)
        results = []
        for check in checks:
            results.append(attempt(check, cluster))
            if not results[-1]:
                put_right(cluster)
        spaces = spaces_of(cluster)
        begin = time.monotonic()
    print(f"down in {time.monotonic() - begin:.1f} s", flush=True)
    left = left_of(cluster.name, spaces)
    expect(not left, f"left behind: {left}")
    return all(results)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="")
    parser.add_argument("--keep-logs")
    parser.add_argument("--no-constrain", dest="constrain", action="store_false", default=None, help="as where devices cannot be")
    options = parser.parse_args()
    if why := slurm.unavailable():
        print(f"skipped: {why}")
        return SKIPPED
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    before = machine()
    chosen = [check for check in CHECKS if options.only.replace(" ", "_") in check.__name__]
    well = on_a_cluster(chosen, options.keep_logs, options.constrain) if chosen else True
    for check in (whoever_holds_a_cluster_may_end_in_any_way, the_program_does_what_the_module_does):
        if options.only.replace(" ", "_") in check.__name__:
            well = attempt(check) and well
    after = machine()
    changed = [f"{what}: {before[what]} became {after[what]}" for what in before if before[what] != after[what]]
    expect(not changed, changed)
    print("nothing is left: processes, namespaces, mounts, control groups, devices, links, files", flush=True)
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
