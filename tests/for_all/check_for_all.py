#!/usr/bin/env python3
"""check_for_all.py --gang PROGRAM: one service for all people of a machine, installed, used by three at once, attacked by
one of them, and taken away again. As root, in namespaces of its own; elsewhere it is skipped, and says so."""
import argparse
import contextlib
import glob
import grp
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import time

import own_machine
from own_machine import Person, eventually, files_below, processes_of

PLACES = ("/etc", "/run", "/var/lib", "/usr/local/bin")
STATE = pathlib.Path("/var/lib/gangline")


def expect(truth, what):
    if not truth:
        raise AssertionError(what)


def root(*words):
    done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout + done.stderr


def well(answer):
    code, said = answer
    expect(code == 0, f"it failed with {code}: {said}")
    return said


def denied(answer, *words):
    code, said = answer
    expect(code != 0, f"it was allowed: {said}")
    for word in words:
        expect(word in said, f"it does not say '{word}': {said}")
    return said


def job_of(said):
    return int(said.split()[1])


ASK = """
import socket, sys
with socket.socket(socket.AF_UNIX) as line:
    line.connect("/run/gangline/service.sock")
    body = sys.argv[3].encode()
    line.sendall(b"%s %s HTTP/1.1\\r\\nHost: gang\\r\\nConnection: close\\r\\nContent-Length: %d\\r\\n\\r\\n%s"
                 % (sys.argv[1].encode(), sys.argv[2].encode(), len(body), body))
    answer = b""
    while piece := line.recv(65536):
        answer += piece
    print(answer.decode(errors="replace"))
"""


def ask(person, method, path, body=""):
    """What the service answers to a request of a program that is not ours."""
    return person.python(ASK, method, path, body)[1]


class World:
    def __init__(self, gang):
        self.gang = gang
        self.before = files_below(*PLACES)
        self.anna, self.bert, self.carl, self.eve = (Person(name) for name in ("anna", "bert", "carl", "eve"))
        self.people_files = files_below(*PLACES) - self.before
        shutil.copy(gang, "/home/gang-from-elsewhere")
        well(root("/home/gang-from-elsewhere", "daemon", "install", "--operators", "carl"))
        with open("/etc/gangline/config.toml", "a") as config:
            config.write("\n[queue.narrow]\nlimit_cpus = 1\n")
        well(root("gang", "daemon", "restart"))
        self.carl.groups = os.getgrouplist("carl", self.carl.gid)
        self.epoch = well(self.anna.gang("run", "--", "printenv", "GANG_ID")).split("@")[1].strip()

    def launcher(self):
        guardian = [pid for pid in processes_of("internal-launcher")
                    if f"PPid:\t{os.getpid()}" in status(pid) or "PPid:\t1\n" in status(pid)]
        return [pid for pid in processes_of("internal-launcher") if pid not in guardian], guardian


def status(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return ""


def cgroups(world):
    return glob.glob(f"/sys/fs/cgroup/**/gangline-*@{world.epoch}*", recursive=True)


def three_people_submit_at_once_and_each_job_runs_as_its_owner(world):
    started = [(person, person.start(["gang", "run", "--", "sh", "-c", "id -u; id -g; pwd; umask; ulimit -n"]))
               for person in (world.anna, world.bert, world.carl)]
    for person, process in started:
        said = process.communicate(timeout=60)[0]
        expect(process.returncode == 0, said)
        uid, gid, directory, umask, files = said.split()
        expect((int(uid), int(gid), directory) == (person.uid, person.gid, str(person.home)), said)
    said = well(world.anna.run("bash", "-c", "umask 027; ulimit -n 321; gang run -- sh -c 'umask; ulimit -n; ulimit -Hn'"))
    expect(said.split() == ["0027", "321", "321"], said)
    listed = well(world.bert.gang("list"))
    for name in ("anna", "bert", "carl"):
        expect(name in listed, listed)


def nobody_stops_or_reads_anothers_job_but_an_operator(world):
    job = job_of(well(world.anna.gang("submit", "--", "sh", "-c", "echo anna-secret; exec sleep 1000")))
    eventually("it runs and has written",
               lambda: "anna-secret" in world.anna.gang("logs", str(job))[1])
    denied(world.bert.gang("stop", str(job)), "is of anna")
    denied(world.bert.gang("logs", str(job)), "is of anna")
    shown = well(world.bert.gang("show", str(job)))
    expect("anna-secret" not in shown and "private" in shown, shown)
    expect("anna-secret" not in ask(world.bert, "GET", f"/v1/jobs/{job}"), "the request tells more")
    logs = STATE / "jobs" / str(job) / "logs" / "0.1.0.out"
    denied(world.bert.run("cat", str(logs)), "Permission denied")
    expect("anna-secret" in well(world.anna.run("cat", str(logs))), "not even by the owner")
    expect("anna-secret" in well(world.carl.gang("logs", str(job))), "the operator does not read it")
    well(world.carl.gang("stop", str(job)))
    eventually("it is stopped", lambda: "stopped by carl" in world.anna.gang("show", str(job))[1])


def what_a_name_means_is_ones_own(world):
    first = job_of(well(world.anna.gang("submit", "--name", "same", "--", "sleep", "1000")))
    second = job_of(well(world.bert.gang("submit", "--name", "same", "--", "sleep", "1000")))
    well(world.anna.gang("stop", "same"))
    eventually("anna's is stopped", lambda: "stopped" in world.anna.gang("show", str(first))[1])
    expect("stopped" not in well(world.bert.gang("show", str(second))), "bert's is stopped")
    well(world.bert.gang("stop", "same"))
    denied(world.eve.gang("stop", "same"), "no job of yours")
    denied(world.carl.gang("stop", "same"), "several people have a job named 'same'", f"{second} of bert",
           f"{first} of anna")
    only = job_of(well(world.anna.gang("submit", "--name", "hers", "--", "sleep", "1000")))
    well(world.carl.gang("stop", "hers"))
    eventually("it is stopped", lambda: "stopped by carl" in world.anna.gang("show", str(only))[1])


def nobody_fills_the_service_not_even_an_operator(world):
    for person in (world.bert, world.carl):
        denied(person.gang("submit", "--sweep", "n=1..100001", "--", "true"),
               f"{person.name} may have 100000 gangs waiting; 0 are waiting, and this job has 100001")


def priority_and_the_service_are_for_operators(world):
    denied(world.bert.gang("run", "--priority", "5", "--", "true"), "only an operator")
    well(world.bert.gang("run", "--priority", "-5", "--", "true"))
    well(world.carl.gang("run", "--priority", "5", "--", "true"))
    denied(world.bert.gang("daemon", "stop"), "only root")
    denied(world.carl.gang("daemon", "restart"), "only root")
    expect("403" in ask(world.bert, "POST", "/v1/shut_down"), "anybody may end it")
    denied(root("gang", "run", "--", "true"), "nothing as root")


def a_request_cannot_say_who_asks(world):
    spec = {"name": "x", "command": {"shell": False, "words": ["id", "-u"]}, "dir": "/", "uid": 0, "owner": "root",
            "person": {"uid": 0, "gid": 0, "groups": [0], "umask": 0, "limits": []}}
    answer = ask(world.eve, "POST", "/v1/jobs", json.dumps(spec))
    if " 200 " in answer.splitlines()[0]:
        job = json.loads(answer.split("\n\n", 1)[1])["id"]
        well(world.eve.gang("wait", str(job)))
        expect(well(world.eve.gang("logs", str(job))).strip() == str(world.eve.uid), "it ran as another")
        expect("of eve" in well(world.eve.gang("show", str(job))), "it is another's")


def a_jobs_directory_program_and_links_are_looked_at_as_its_owner(world):
    denied(world.eve.gang("run", "--dir", str(world.anna.home), "--", "true"), "cannot change to its directory")
    os.symlink("/root", world.eve.home / "link")
    denied(world.eve.gang("run", "--dir", str(world.eve.home / "link"), "--", "true"), "Permission denied")
    denied(world.eve.gang("run", "--", str(world.anna.home / "program")), "Permission denied")
    own = world.eve.home / "bin"
    own.mkdir()
    (own / "id").write_text("#!/bin/sh\nexec /usr/bin/id -u\n")
    (own / "id").chmod(0o755)
    said = well(world.eve.run("gang", "run", "--", "id", env={"PATH": f"{own}:/usr/local/bin:/usr/bin:/bin",
                                                              "LD_PRELOAD": "/nonexistent/evil.so"}))
    expect(str(world.eve.uid) in said.split(), said)


def a_shard_of_anothers_file_is_not_cut(world):
    secret = pathlib.Path("/home/secret.txt")
    secret.write_text("one\ntwo\nthree\nfour\n")
    secret.chmod(0o600)
    own = world.eve.home / "own.txt"
    own.write_text("one\ntwo\nthree\nfour\n")
    os.chown(own, world.eve.uid, world.eve.gid)
    job = f'''command = "cat {{shard}}"
[split]
lines = "{own}"
per = 2
'''
    (world.eve.home / "job.toml").write_text(job)
    code, said = world.eve.gang("run", "job.toml")
    logs = world.eve.gang("logs", "job")[1] + world.eve.gang("logs", "job.1")[1]
    expect(code == 0 and "three" in logs, f"a shard of an own file: {said} {logs}")
    # The same job by a program that is not ours, with the other file, of which size and time are no secret.
    there = secret.stat()
    spec = {"name": "x", "command": {"shell": True, "words": ["cat {shard}"]}, "dir": "/",
            "split": {"kind": "lines", "source": str(secret), "source_size": there.st_size,
                      "source_modified": there.st_mtime_ns // 1000,
                      "shards": [{"text": "", "begin": 0, "end": 8}, {"text": "", "begin": 8, "end": 19}]}}
    answer = ask(world.eve, "POST", "/v1/jobs", json.dumps(spec))
    expect(" 200 " in answer.splitlines()[0], answer)
    number = json.loads(answer.split("\n\n", 1)[1])["id"]
    code, _ = world.eve.gang("wait", str(number))
    shown = well(world.eve.gang("show", str(number)))
    expect(code != 0 and "Permission denied" in shown, shown)
    expect("three" not in world.eve.gang("logs", str(number))[1], "it leaked")


def links_in_a_jobs_directories_lead_nowhere(world):
    job = job_of(well(world.eve.gang("submit", "--sweep", "n=1..3", "--",
                                     "sh", "-c", "ln -sf /etc/shadow {output}; sleep 0.1; echo x")))
    world.eve.gang("wait", str(job))
    directory = STATE / "jobs" / str(job)
    before = os.stat("/etc/shadow")
    for place in ("", "logs"):
        denied(world.eve.run("ln", "-s", "/etc/shadow", str(directory / place / "planted")), "Permission denied")
    well(world.eve.gang("run", "--", "true"))
    after = os.stat("/etc/shadow")
    expect((before.st_uid, before.st_mode, before.st_size) == (after.st_uid, after.st_mode, after.st_size),
           "/etc/shadow was changed")


def a_task_has_no_files_but_its_own(world):
    said = well(world.eve.gang("run", "--", "sh", "-c", "ls -l /proc/self/fd | grep -v 'proc/'"))
    links = [line for line in said.splitlines() if "->" in line]
    expect(len(links) == 3, said)
    expect("CapEff:\t0000000000000000" in well(world.eve.gang("run", "--", "cat", "/proc/self/status")),
           "it has capabilities")


PTRACE = """
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
pid = int(sys.argv[1])
if libc.ptrace(16, pid, 0, 0) == 0: sys.exit("attached")
for name in ("mem", "environ", "maps"):
    try:
        with open(f"/proc/{pid}/{name}", "rb") as file: file.read(1)
        sys.exit("read " + name)
    except OSError: pass
try:
    os.kill(pid, 0)
    sys.exit("signalled")
except PermissionError: pass
"""


def the_processes_of_the_service_cannot_be_touched(world):
    for pid in processes_of("internal-launcher") + processes_of("internal-service") + processes_of("internal-probe"):
        well(world.eve.python(PTRACE, pid))
    job = job_of(well(world.anna.gang("submit", "--", "sleep", "1000")))
    eventually("it runs", lambda: "running" in world.anna.gang("list")[1])
    for pid in processes_of("1000"):
        if f"Uid:\t{world.anna.uid}" in status(pid):
            well(world.eve.python(PTRACE, pid))
    well(world.anna.gang("stop", "--now", str(job)))
    for place in ("launcher", "service", "service/gangline.db", "launcher.sock"):
        code, said = world.eve.python("import socket, sys, os\n"
                                      "p = sys.argv[1]\n"
                                      "s = socket.socket(socket.AF_UNIX)\n"
                                      "s.connect(p) if p.endswith('sock') else (os.listdir(p) if os.path.isdir(p)"
                                      " else open(p))", STATE / place)
        expect(code != 0 and "PermissionError" in said, f"{place}: {said}")


FREEZE = """
import os, pathlib, signal, sys, time
# Stops and looks into every process of one's own that is not a program of one's own yet.
frozen = set()
print("ready", flush=True)
end = time.monotonic() + 100
while time.monotonic() < end and not os.path.exists(sys.argv[1]):
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit() or entry.name in frozen: continue
        try:
            if entry.stat().st_uid == 0 and f"Uid:\\t{os.getuid()}" not in (entry / "status").read_text(): continue
            if (entry / "cmdline").read_bytes().split(bytes(1))[1:2] != [b"internal-launcher"]: continue
            os.kill(int(entry.name), signal.SIGSTOP)
            frozen.add(entry.name)
            try:
                open(entry / "mem", "rb").read(1)
                print("read memory of the launcher", flush=True)
            except OSError: pass
        except OSError: pass
print("frozen", len(frozen), flush=True)
"""


def who_stops_its_own_beginnings_holds_up_nobody_else(world):
    done = world.eve.home / "done"
    freezer = world.eve.start([own_machine.PYTHON, "-c", FREEZE, str(done)])
    expect(freezer.stdout.readline().strip() == "ready", "no freezer")
    job = job_of(well(world.eve.gang("submit", "--sweep", "n=1..300", "--queue", "narrow", "--", "true")))
    for _ in range(10):
        well(world.anna.gang("run", "--", "true"))
    done.touch()
    said = freezer.communicate(timeout=60)[0]
    expect("read memory" not in said, said)
    print("   ", said.strip(), "of 300 beginnings")
    world.eve.gang("stop", "--now", str(job))
    world.eve.run("bash", "-c", "kill -CONT -1")
    eventually("all of it has ended", lambda: "ended" in world.eve.gang("list", "--name", "true")[1])


def what_a_gang_leaves_behind_ends_with_it(world):
    mark = "4321.5"
    daemon = (f"import os, sys\nif os.fork(): sys.exit()\nos.setsid()\nif os.fork(): os._exit(0)\n"
              f"os.environ.clear()\nos.execv('/bin/sleep', ['sleep', '{mark}'])")
    well(world.eve.gang("run", "--", own_machine.PYTHON, "-c", daemon))
    eventually("the daemon is ended", lambda: not processes_of(mark))
    eventually("its control groups are gone", lambda: not cgroups(world))


def fences_hold_where_they_are_said_to(world):
    code, said = world.eve.gang("run", "--name", "greedy", "--memory", "64M", "--", own_machine.PYTHON, "-c",
                                "import os; x = bytearray(512 << 20); print('got', len(x))")
    shown = well(world.eve.gang("show", f"{job_named(world.eve, 'greedy')}.0"))
    if "fence of memory: holds" in shown:
        expect(code != 0 and "memory" in said, f"{code} {said}")
    mask = "import os; os.sched_setaffinity(0, range(os.cpu_count())); print(len(os.sched_getaffinity(0)))"
    code, said = world.eve.gang("run", "--name", "spread", "--", own_machine.PYTHON, "-c", mask)
    spread = well(world.eve.gang("show", f"{job_named(world.eve, 'spread')}.0"))
    if "fence of cpus: holds" in spread:
        expect(code != 0 or said.strip() == "1", f"{code} {said}")
    for name, text in (("memory", shown), ("cpus", spread)):
        print("   ", next(line.strip() for line in text.splitlines() if f"fence of {name}" in line))


def job_named(person, name):
    jobs = json.loads(well(person.gang("list", "--name", name, "--all", "--json")))
    return jobs[0]["id"]


def a_shell_is_its_persons_alone(world):
    shell = world.anna.start(["script", "-qec", "gang shell --name mine --time 1m", "/dev/null"])  # on a terminal
    eventually("it runs", lambda: "running" in world.bert.gang("list", "--name", "mine")[1])
    job = job_named(world.anna, "mine")
    denied(world.bert.run("ls", str(STATE / "jobs" / str(job) / "outputs")), "Permission denied")
    denied(world.bert.gang("shell", "--attach", str(job)), "no shell of yours")
    well(world.anna.gang("stop", "--now", str(job)))
    shell.communicate(timeout=60)


def a_launcher_that_is_killed_loses_nothing(world):
    job = job_of(well(world.anna.gang("submit", "--", "sh", "-c", "while [ ! -e go ]; do sleep 0.02; done; exit 7")))
    eventually("it runs", lambda: "running" in world.anna.gang("list")[1])
    launcher, guardian = world.launcher()
    expect(len(launcher) >= 1 and len(guardian) == 1, f"{launcher} {guardian}")
    for pid in launcher:
        if f"PPid:\t{guardian[0]}\n" in status(pid):
            os.kill(pid, signal.SIGKILL)
    (world.anna.home / "go").touch()
    code, said = world.anna.gang("wait", str(job))
    expect(code == 7, f"{code} {said}")
    for pid in processes_of("internal-service"):
        os.kill(pid, signal.SIGKILL)
    denied(world.anna.gang("run", "--", "true"), "does not run")
    well(root("gang", "daemon", "start"))
    well(world.anna.gang("run", "--", "true"))


def groups_that_a_killed_launcher_and_guardian_left_are_removed_by_the_next(world):
    job = job_of(well(world.anna.gang("submit", "--", "sleep", "1000")))

    def tasks_now():
        return {int(pid) for group in cgroups(world) for pid in pathlib.Path(group, "cgroup.procs").read_text().split()}

    eventually("it runs in groups", tasks_now)
    groups, tasks = cgroups(world), tasks_now()
    launcher, guardian = world.launcher()
    for number in signal.SIGSTOP, signal.SIGKILL:  # neither is to see the other's end
        for pid in guardian + launcher + sorted(tasks) + processes_of("internal-service"):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
    eventually("they are over", lambda: not processes_of("internal-launcher") and not processes_of("internal-service"))
    well(root("gang", "daemon", "start"))
    denied(world.anna.gang("wait", str(job)))
    eventually("its groups are gone", lambda: not set(groups) & set(cgroups(world)))


def newer_program(world, n):
    """The same with some bytes at its end, which nobody reads."""
    path = pathlib.Path(f"/home/gang-{n}")
    shutil.copy(world.gang, path)
    with open(path, "ab") as program:
        program.write(b"%d" % n)
    return path


def all_run(program, *parts):
    file = os.stat(program)
    return all(own_machine.runs(pid, file) for part in parts for pid in processes_of("internal-" + part))


def an_install_over_an_older_one_takes_the_new_program_and_gangs_go_on(world):
    waits = job_of(well(world.anna.gang("submit", "--", "sh", "-c", "while [ ! -e new ]; do sleep 0.02; done; exit 7")))
    sweep = job_of(well(world.bert.gang("submit", "--sweep", "i=1..300", "--", "sh", "-c", "sleep 0.01; echo {i} >> lines")))
    eventually("they run", lambda: (world.bert.home / "lines").exists() and "waiting" not in world.anna.gang("list")[1])
    for n in range(1, 4):
        said = well(root(newer_program(world, n), "daemon", "install"))
        expect("service and launcher run as this program now; gangs that ran go on" in said, said)
        eventually("none is the program before, nor yet to become a task", lambda: all_run("/usr/local/bin/gang", "launcher", "service"))
        expect(pathlib.Path("/usr/local/bin/gang").read_bytes().endswith(b"%d" % n), "another program is there")
    expect("go on" not in well(root("/home/gang-3", "daemon", "install")), "the same program is nothing new")
    (world.anna.home / "new").touch()
    expect(world.anna.gang("wait", str(waits))[0] == 7, world.anna.gang("show", str(waits)))
    well(world.bert.gang("wait", str(sweep)))
    lines = (world.bert.home / "lines").read_text().split()
    expect(sorted(map(int, lines)) == list(range(1, 301)), "each gang ran once")


def a_program_that_cannot_take_over_does_not(world):
    place = pathlib.Path("/usr/local/bin/gang")
    shutil.copy("/bin/false", "/usr/local/bin/false")
    kept = place.rename("/usr/local/bin/kept")
    pathlib.Path("/usr/local/bin/false").rename(place)
    try:
        job = job_of(well(world.anna.run(str(kept), "submit", "--", "sh", "-c", "sleep 0.2; exit 8")))
        well(root(kept, "daemon", "restart"))
        code, said = world.anna.run(str(kept), "wait", str(job))
        expect(code == 8, f"{code} {said}")
        expect(all_run(kept, "launcher"), "the launcher is another program")
        expect("cannot take over" in (STATE / "launcher" / "launcher.log").read_text(), "the launcher does not say so")
    finally:
        kept.rename(place)


def only_the_people_it_is_for_may_use_it(world):
    subprocess.run(["groupadd", "gpu-users"], check=True)
    subprocess.run(["usermod", "--append", "--groups", "gpu-users", "anna"], check=True)
    config = pathlib.Path("/etc/gangline/config.toml")
    config.write_text(config.read_text().replace("[for_all]\n", '[for_all]\npeople = "gpu-users"\n'))
    well(root("gang", "daemon", "restart"))
    world.anna.groups = os.getgrouplist("anna", world.anna.gid)
    well(world.anna.gang("run", "--", "true"))
    for words in (["list", "--all"], ["stop", "1"], ["logs", "1"], ["show", "1"], ["run", "--", "true"], ["nodes"],
                  ["daemon", "stop"]):
        denied(world.eve.gang(*words), "not among those")
    well(world.carl.gang("list"))
    well(world.eve.gang("run", "--", "true", env={"GANGLINE_SERVICE": "own"}))
    world.eve.gang("daemon", "stop", env={"GANGLINE_SERVICE": "own"})


def a_config_that_is_gone_leads_to_no_other_service(world):
    config = pathlib.Path("/etc/gangline/config.toml")
    away = config.with_suffix(".away")
    before = well(root("gang", "daemon", "status", "-q"))
    config.rename(away)
    denied(root("gang", "daemon", "restart"), str(config), "the config file of the service for all is gone",
           "put it back")
    expect(well(root("gang", "daemon", "status", "-q")) == before, "another service answers")
    well(world.anna.gang("run", "--", "true"))
    expect("carl" in well(world.anna.gang("list", "--all")), "it is one of her own")
    # None runs any more: nobody is given one of their own.
    os.kill(int(before), signal.SIGKILL)
    eventually("it is killed", lambda: not processes_of("internal-service"))
    denied(root("gang", "daemon", "start"), "the config file of the service for all is gone")
    pathlib.Path("/run/gangline/service.sock").unlink(missing_ok=True)
    denied(root("gang", "list"), "the config file of the service for all is gone")
    denied(world.anna.gang("run", "--", "true"), "the service for all people of this machine does not run")
    away.rename(config)
    well(root("gang", "daemon", "start"))


def all_mistakes_of_a_config_are_told_to_root_and_the_jobs_are_shown(world):
    config = pathlib.Path("/etc/gangline/config.toml")
    text = config.read_text()
    both = ("unknown key 'idle_exit' in [queue.narrow]; it is a key of the whole file", "unknown key 'limit_' in")
    config.write_text(text + "idle_exit = '5m'\nlimit_ = 4\n")  # below the last table
    before = well(root("gang", "daemon", "status", "-q"))
    denied(root("gang", "daemon", "restart"), *both)
    expect(well(root("gang", "daemon", "status", "-q")) == before, "another service runs")
    well(root("gang", "daemon", "stop"))
    denied(root("gang", "list"), *both, "how it was when a service last ran", "true")
    denied(world.anna.gang("list"), "the service for all people of this machine does not run")
    config.write_text(text)
    well(root("gang", "daemon", "start"))
    expect("note: [people.nobdoy]" not in well(root("gang", "daemon", "status")), "a note on nothing")
    config.write_text(text + "[people.nobdoy]\ndevices = 1\n")
    expect("[people.nobdoy] in the config file is for nobody" in well(root("gang", "daemon", "restart")), "no note")
    config.write_text(text)
    well(root("gang", "daemon", "restart"))


def who_may_reserve(world):
    denied(world.anna.gang("reserve", "--cpus", "1", "--time", "1h"), "only an operator may reserve")
    made = well(world.carl.gang("reserve", "--cpus", "1", "--time", "1h", "--for", "anna", "-q")).strip()
    expect("of anna" in well(world.bert.gang("reserve", "--list")), "bert does not see it")
    denied(world.bert.gang("reserve", "--cancel", made), "held for somebody else")
    well(world.anna.gang("reserve", "--cancel", made))
    denied(world.carl.gang("reserve", "--cpus", "1", "--time", "1h", "--for", "anan"), "knows nobody called 'anan'")


def a_config_that_does_not_do_ends_no_service(world):
    config = pathlib.Path("/etc/gangline/config.toml")
    text = config.read_text()
    before = well(root("gang", "daemon", "status", "-q"))
    config.write_text(text.replace('operators = "gangline-operators"', 'operators = "no-such-group"'))
    denied(root("gang", "daemon", "restart"), "there is no group 'no-such-group'", str(config))
    config.write_text(text)
    config.chmod(0o600)
    denied(root("gang", "daemon", "restart"), "may not read this", "chmod 644")
    expect(well(root("gang", "daemon", "status", "-q")) == before, "another service runs")
    # Closed to people, and not to the service.
    config.chmod(0o640)
    shutil.chown(config, group="gangline")
    well(root("gang", "daemon", "restart"))
    shutil.chown(config, group="root")
    config.chmod(0o644)


def logs_that_are_kept_are_for_the_service_of_the_next_install(world):
    job = job_of(well(world.anna.gang("submit", "--", "echo", "kept")))
    well(world.anna.gang("wait", str(job)))
    log = STATE / "jobs" / str(job) / "logs" / "0.1.0.out"
    gid = log.stat().st_gid
    expect(gid == grp.getgrnam("gangline").gr_gid, "the service reads it")
    well(root("/usr/local/bin/gang", "daemon", "uninstall", "--now", "--keep-jobs"))
    expect((log.stat().st_uid, log.stat().st_gid) == (world.anna.uid, 0), "nobody else may come to have its group")
    well(root("groupadd", "--system", "--gid", str(gid), "others"))
    well(root("/home/gang-from-elsewhere", "daemon", "install", "--operators", "carl"))
    now = grp.getgrnam("gangline").gr_gid
    expect(now != gid and log.stat().st_gid == now, f"{log.stat()} {now}")
    expect(log.read_text() == "kept\n", "what it says")
    well(root("groupdel", "others"))
    world.epoch = well(world.anna.gang("run", "--", "printenv", "GANG_ID")).split("@")[1].strip()


def uninstall_leaves_nothing(world):
    job = job_of(well(world.anna.gang("submit", "--", "sleep", "1000")))
    denied(root("gang", "daemon", "uninstall"), "--now")
    denied(root("gang", "daemon", "uninstall", "--now"), "--keep-jobs")
    denied(root("gang", "daemon", "uninstall", "--now", "--keep-jobs", "--delete-jobs"), "exclude each other")
    denied(world.anna.gang("daemon", "uninstall", "--now"), "only root")
    well(root("/usr/local/bin/gang", "daemon", "uninstall", "--now", "--delete-jobs"))
    left = files_below(*PLACES) - world.before - world.people_files
    left = {path for path in left if not path.endswith("-") and "lock" not in path}  # of useradd itself
    expect(not left, f"it leaves {sorted(left)}, after job {job}")
    for name in ("passwd", "group"):
        expect("gangline" not in pathlib.Path("/etc", name).read_text(), f"{name} still names it")
    expect(not [pid for part in ("launcher", "service", "probe") for pid in processes_of("internal-" + part)], "processes are left")
    expect(not cgroups(world), f"control groups are left: {cgroups(world)}")


CHECKS = [three_people_submit_at_once_and_each_job_runs_as_its_owner,
          nobody_stops_or_reads_anothers_job_but_an_operator,
          what_a_name_means_is_ones_own,
          nobody_fills_the_service_not_even_an_operator,
          priority_and_the_service_are_for_operators,
          a_request_cannot_say_who_asks,
          a_jobs_directory_program_and_links_are_looked_at_as_its_owner,
          a_shard_of_anothers_file_is_not_cut,
          links_in_a_jobs_directories_lead_nowhere,
          a_task_has_no_files_but_its_own,
          the_processes_of_the_service_cannot_be_touched,
          who_stops_its_own_beginnings_holds_up_nobody_else,
          what_a_gang_leaves_behind_ends_with_it,
          fences_hold_where_they_are_said_to,
          a_shell_is_its_persons_alone,
          a_launcher_that_is_killed_loses_nothing,
          groups_that_a_killed_launcher_and_guardian_left_are_removed_by_the_next,
          an_install_over_an_older_one_takes_the_new_program_and_gangs_go_on,
          a_program_that_cannot_take_over_does_not,
          who_may_reserve,
          only_the_people_it_is_for_may_use_it,
          a_config_that_does_not_do_ends_no_service,
          all_mistakes_of_a_config_are_told_to_root_and_the_jobs_are_shown,
          a_config_that_is_gone_leads_to_no_other_service,
          logs_that_are_kept_are_for_the_service_of_the_next_install,
          uninstall_leaves_nothing]


def run(checks, then=lambda: None):
    parser = argparse.ArgumentParser()
    parser.add_argument("--gang", required=True, type=pathlib.Path)
    own_machine.enter(sys.argv)
    world = World(parser.parse_args().gang)
    failed = own_machine.run_checks(checks, world)
    then()
    for log in (STATE / "launcher/launcher.log", STATE / "service/service.log"):
        if failed and log.exists():
            print(f"--- {log}\n{log.read_text()}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(run(CHECKS))
