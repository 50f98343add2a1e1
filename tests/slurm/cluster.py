#!/usr/bin/env python3
"""A real Slurm on a pretended cluster on this machine, for tests and by hand: a login host, which is the controller too, and
nodes with files for GPUs, each in namespaces of its own. Needs root and Debian's packages of Slurm (`./dev test slurm`).

In a test:
    with Cluster() as cluster:
        done = cluster.run("anna", "sinfo")          # as a user, on the login host
        cluster.power_off("n1")

By hand: `cluster.py up`, `cluster.py exec -u anna sinfo`, `cluster.py down`; `cluster.py --help` has the rest.

/etc, /home and /srv are one for all hosts and begin as a copy of the machine's, empty, and empty; /srv/bin stands first in
everybody's PATH. Nothing of the machine outside is written but one directory below /run and control groups, which `down`, the
end of the program that made it, or the next `up` of the same name takes away. Any number of clusters may be up at once.
"""
import argparse
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from typing import NamedTuple

import line
import slurm_files
from line import ROOT, SlurmTrouble, until
from slurm_files import LOGIN

HERE = pathlib.Path(__file__).resolve().parent
PLACES = pathlib.Path("/run")
PREFIX = "gangline-slurm-"
CGROUPS = pathlib.Path("/sys/fs/cgroup")
LONGEST_NAME = 32
LONGEST_ANSWER = 1 << 20
PROGRAMS = ("unshare", "setpriv", "ip", "munged", "slurmctld", "slurmd", "sbatch")
PROGRAMS_OF = {"accounting": ("slurmdbd", "mariadbd", "mariadb-install-db"), "rest": ("slurmrestd",)}
PEOPLE = ("anna", "bert", "carl")


class Done(NamedTuple):
    code: int
    said: str
    complaint: str


def can_constrain():
    """Whether this machine has control groups of version 1 that Slurm can keep devices away with."""
    return all((CGROUPS / kind).is_dir() and os.access(CGROUPS / kind / "cgroup.procs", os.W_OK)
               for kind in ("freezer", "devices", "memory", "cpuset"))


def missing_programs(wanted):
    needed = list(PROGRAMS)
    for part, programs in PROGRAMS_OF.items():
        needed += programs if wanted[part] else ()
    return [program for program in needed if not shutil.which(program)]


def unavailable(accounting=True, rest=True):
    """Why there can be no cluster here, or nothing."""
    if os.geteuid() != 0:
        return "a pretended cluster takes root"
    if missing := missing_programs({"accounting": accounting, "rest": rest}):
        return f"these programs are missing: {', '.join(missing)}"
    if subprocess.run(["unshare", "--mount", "--net", "--uts", "--ipc", "--pid", "--fork", "mount", "-t", "tmpfs", "none", "/mnt"],
                      capture_output=True).returncode != 0:
        return "no namespaces may be made here"
    return ""


class Running:
    """A command that runs on a host, as a user; what it says goes through pipes or into files of the caller."""

    def __init__(self, path, words, person, directory, environment, output=None):
        reading = None
        if output is None:
            reading, output = os.pipe()
        with open(os.devnull, "rb") as nothing:
            self.line = line.Line(path, words, person, (nothing.fileno(), output, output), directory, environment)
        self.output = None
        if reading is not None:
            os.close(output)
            self.output = open(reading, "r", errors="replace")

    def wait(self, patience=60.0):
        """The exit code; 255 where the host lost power."""
        code = self.line.wait(patience)
        if code is None:
            raise SlurmTrouble(f"not done after {patience:.0f} s")
        return code

    def running(self):
        return self.line.running()

    def signal(self, number):
        self.line.signal(number)

    def kill(self):
        """With all of its session."""
        self.line.close()


class Cluster:
    def __init__(self, name=None, nodes=4, gpus=8, cpus=16, memory=16000, accounting=True, rest=True, fast=True,
                 constrain=None, people=PEOPLE, extra=(), keep_logs=None, fast_network=False):
        """`memory` is MB a node; `constrain`: whether a job sees its own devices alone, by default where the machine can;
        `extra`: lines of slurm.conf, instead of ours; `keep_logs`: a directory for what the daemons said; `fast_network`: a
        second network among the nodes, on ib0, which their names do not lead to."""
        self.name = name or f"p{os.getpid()}-{time.monotonic_ns() % 10**6}"
        self.place = PLACES / (PREFIX + self.name)
        self.wanted = {
            "name": self.name, "place": str(self.place), "nodes": nodes, "gpus": gpus, "cpus": cpus, "memory": memory,
            "accounting": accounting, "rest": rest, "fast": fast, "people": list(people), "extra": list(extra), "fast_network": fast_network,
            "constrain": can_constrain() if constrain is None else constrain,
            "keep_logs": str(pathlib.Path(keep_logs).resolve()) if keep_logs else ""}
        self.keeper = None
        self.people = {}
        self.up_s = None

    @classmethod
    def attach(cls, name):
        """The cluster of that name, which somebody else has brought up."""
        cluster = cls(name)
        status = cluster.ask("status")
        cluster.people, cluster.wanted = status["people"], status["wanted"]
        return cluster

    # --- up and down ------------------------------------------------------------------------------------

    def check_wanted(self):
        if not re.fullmatch(rf"[a-z0-9][a-z0-9-]{{0,{LONGEST_NAME - 1}}}", self.name):
            raise SlurmTrouble(f"a cluster's name is up to {LONGEST_NAME} of a-z, 0-9 and '-', not '{self.name}'")
        if not 1 <= self.wanted["nodes"] <= slurm_files.MOST_NODES:
            raise SlurmTrouble(f"1 to {slurm_files.MOST_NODES} nodes, not {self.wanted['nodes']}")
        if why := unavailable(self.wanted["accounting"], self.wanted["rest"]):
            raise SlurmTrouble(why)
        if self.alive():
            raise SlurmTrouble(f"the cluster {self.name} is up already")

    def alive(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as ours:
            try:
                ours.connect(str(self.place / "keeper.sock"))
                return True
            except OSError:
                return False

    def up(self, stay=False):
        """Brings it up; unless it is to `stay`, it goes when this process does, however that ends."""
        self.check_wanted()
        clean(self.name)
        (self.place / "log").mkdir(parents=True)
        (self.place / "inside").mkdir()
        self.place.chmod(0o700)
        wanted = self.wanted | {"with_owner": not stay}
        with open(self.place / "log" / "keeper.out", "ab") as out:
            self.keeper = subprocess.Popen(
                ["unshare", "--mount", "--net", sys.executable, str(HERE / "keeper.py"), json.dumps(wanted)],
                stdin=subprocess.DEVNULL if stay else subprocess.PIPE, stdout=subprocess.PIPE, stderr=out,
                cwd="/", start_new_session=True)
        try:
            said = self.keeper.stdout.readline()
            answer = json.loads(said) if said else {"error": f"its keeper ended: {self.said_by_keeper()}"}
            if "error" in answer:
                raise SlurmTrouble(f"the cluster {self.name} did not come up: {answer['error']}")
        except BaseException:
            self.down()
            raise
        self.people, self.up_s = answer["people"], answer["up_s"]
        return self

    def said_by_keeper(self):
        file = self.place / "log" / "keeper.out"
        return file.read_text(errors="replace")[-2000:] if file.exists() else ""

    def down(self):
        """Takes it down, whatever state it is in. Does nothing where it is down."""
        if self.keeper is not None:
            self.keeper.terminate()
            if self.keeper.stdin:
                self.keeper.stdin.close()
            self.keeper.stdout.read()
            self.keeper.wait()
            self.keeper.stdout.close()
            self.keeper = None
        elif self.alive():
            with self.connected() as ours:
                ours.send(json.dumps({"do": "down"}).encode())
                until(f"the cluster {self.name} is down", 60.0, lambda: not self.place.exists())
        clean(self.name)

    def __enter__(self):
        return self.up()

    def __exit__(self, *_):
        self.down()

    # --- faults -----------------------------------------------------------------------------------------

    def connected(self):
        ours = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            ours.connect(str(self.place / "keeper.sock"))
        except OSError as error:
            ours.close()
            raise SlurmTrouble(f"there is no cluster {self.name}") from error
        return ours

    def ask(self, what, *words):
        with self.connected() as ours:
            ours.send(json.dumps({"do": what, "words": words}).encode())
            said = ours.recv(LONGEST_ANSWER)
        answer = json.loads(said) if said else {"error": "the keeper is gone"}
        if "error" in answer:
            raise SlurmTrouble(answer["error"])
        return answer

    def power_off(self, host):
        """A power cut: all processes of the host end at once. Its disk stays."""
        self.ask("power", host, False)

    def power_on(self, host):
        """On again, with slurmd."""
        self.ask("power", host, True)

    def pull(self, host):
        """The network cable, out. Processes go on."""
        self.ask("plug", host, False)

    def plug(self, host):
        self.ask("plug", host, True)

    def kill(self, daemon, number=signal.SIGKILL):
        """slurmctld, slurmdbd, slurmrestd, mariadbd, munged or slurmd@NODE: signalled, and waited for until it has ended."""
        self.ask("kill", daemon, int(number))

    def signal(self, daemon, number):
        self.ask("signal", daemon, int(number))

    def start_daemon(self, daemon):
        """And waits until it answers, except for slurmd, of which sinfo tells."""
        self.ask("start", daemon)

    # --- commands ---------------------------------------------------------------------------------------

    def person(self, user):
        if user == "root":
            return ROOT
        if user not in self.people:
            raise SlurmTrouble(f"nobody is called {user}: {', '.join(self.people)}")
        return self.people[user]

    def run(self, user, *words, on=LOGIN, text="", patience=60.0, directory=None, environment=None):
        """Runs a command to its end. Commands of a power-cut host end with 255."""
        return Done(*line.run(self.place / f"{on}.sock", words, self.person(user), patience, text, directory=directory,
                              environment=environment))

    def must(self, user, *words, **more):
        """What it said, or SlurmTrouble where it failed."""
        done = self.run(user, *words, **more)
        if done.code != 0:
            raise SlurmTrouble(f"{' '.join(map(str, words))} ended with {done.code}: {done.said}{done.complaint}")
        return done.said

    def start(self, user, *words, on=LOGIN, directory=None, environment=None, output=None):
        """Starts a command and goes on."""
        return Running(self.place / f"{on}.sock", words, self.person(user), directory, environment, output)

    def put(self, source, target, mode="755"):
        """Copies a file of the machine onto all hosts: into /srv, /home or /etc."""
        with open(source, "rb") as file:
            content = file.read()
        self.must("root", "sh", "-c", 'mkdir -p "$(dirname "$1")" && cat > "$1" && chmod "$2" "$1"', "sh", target, mode, text=content)

    def submit(self, user, script, *options, directory=None):
        """The number of the batch job that runs this script of the shell."""
        said = self.must(user, "sbatch", "--parsable", *options, text="#!/bin/sh\n" + script + "\n", directory=directory)
        return int(said.split(";")[0])

    def state(self, job):
        """As squeue has it, or nothing where it does not know it."""
        done = self.run("root", "squeue", "-h", "-j", str(job), "-t", "all", "-o", "%T")
        return done.said.split()[0] if done.code == 0 and done.said.split() else ""

    def place_of(self, job):
        return self.run("root", "squeue", "-h", "-j", str(job), "-t", "all", "-o", "%N").said.strip()

    def node_state(self, node):
        return self.must("root", "sinfo", "-hN", "-n", node, "-o", "%T").split()[0]

    def token(self, user):
        """A JWT for slurmrestd."""
        return self.must("root", "scontrol", "token", f"username={user}").strip().partition("=")[2]

    def await_state(self, job, *states, patience=60.0):
        return until(f"job {job} is {' or '.join(states)}, not {self.state(job)}", patience,
                     lambda: (state := self.state(job)) in states and state)


def clean(name):
    """What a keeper leaves that was killed: control groups and a directory. Its processes the kernel has ended."""
    import keeper  # it uses this machine's mounts, which only root has
    keeper.remove_groups(name)
    shutil.rmtree(PLACES / (PREFIX + name), ignore_errors=True)


# --- the program ----------------------------------------------------------------------------------------

def parse():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0], formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--name", default="default", help="which cluster (default: %(default)s)")
    commands = parser.add_subparsers(dest="command", required=True)
    up = commands.add_parser("up", help="bring it up; it stays until down")
    up.add_argument("-n", "--nodes", type=int, default=4)
    up.add_argument("-g", "--gpus", type=int, default=8)
    up.add_argument("-c", "--cpus", type=int, default=16)
    up.add_argument("-m", "--memory", type=int, default=16000, help="MB a node")
    up.add_argument("--fast", action="store_true", help="short times: a dead node is noticed in seconds")
    up.add_argument("--no-accounting", dest="accounting", action="store_false", help="without slurmdbd and MariaDB")
    up.add_argument("--no-rest", dest="rest", action="store_false", help="without slurmrestd")
    up.add_argument("--constrain", action=argparse.BooleanOptionalAction, default=None, help="devices by control groups of version 1")
    up.add_argument("--fast-network", action="store_true", help="a second network among the nodes, on ib0")
    up.add_argument("-o", "--option", action="append", default=[], metavar="KEY=VALUE", help="a line of slurm.conf, instead of ours")
    up.add_argument("--keep-logs", metavar="DIRECTORY", help="where to put what the daemons said, at the end")
    commands.add_parser("down", help="take it down, also what a killed one left")
    run = commands.add_parser("exec", help="run a command on a host")
    run.add_argument("-u", "--user", default="root")
    run.add_argument("--on", default=LOGIN, metavar="HOST")
    run.add_argument("words", nargs=argparse.REMAINDER, metavar="COMMAND")
    for name, text in (("power-off", "a power cut"), ("power-on", "on again"), ("pull", "the network cable, out"),
                       ("plug", "and in")):
        commands.add_parser(name, help=text).add_argument("host")
    commands.add_parser("start", help="a daemon").add_argument("daemon")
    for name, text, number in (("kill", "a daemon, and wait for its end", "KILL"), ("signal", "a daemon, without waiting", None)):
        command = commands.add_parser(name, help=text)
        command.add_argument("daemon", help="slurmctld, slurmdbd, slurmrestd, mariadbd, munged, slurmd@NODE")
        command.add_argument("number", metavar="SIGNAL", **({"nargs": "?", "default": number} if number else {}))
    commands.add_parser("status", help="hosts and daemons")
    commands.add_parser("list", help="names of clusters")
    return parser.parse_args()


def execute(cluster, options):
    """Ends as the command does; ^C and SIGTERM end it."""
    words = options.words[1:] if options.words[:1] == ["--"] else options.words
    running = line.Line(cluster.place / f"{options.on}.sock", words or ["bash"], cluster.person(options.user))
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda got, _: running.signal(got))
    code = running.wait()
    if running.error:
        print(running.error, file=sys.stderr)
    return code


def perform(options):
    command = options.command
    if command == "list":
        for place in sorted(PLACES.glob(PREFIX + "*")):
            print(place.name.removeprefix(PREFIX))
        return 0
    if command == "up":
        cluster = Cluster(options.name, options.nodes, options.gpus, options.cpus, options.memory, options.accounting, options.rest,
                          options.fast, options.constrain, extra=options.option, keep_logs=options.keep_logs,
                          fast_network=options.fast_network)
        cluster.up(stay=True)
        print(f"up in {cluster.up_s:.1f} s: {options.nodes} nodes with {options.gpus} GPUs; users {', '.join(cluster.people)}")
        return 0
    if command == "down":
        Cluster(options.name).down()
        return 0
    cluster = Cluster.attach(options.name)
    if command == "exec":
        return execute(cluster, options)
    if command == "status":
        status = cluster.ask("status")
        for name, host in status["hosts"].items():
            daemons = [d.split("@")[0] + ("" if runs else " (ended)") for d, runs in status["daemons"].items() if d.endswith("@" + name)]
            print(f"{name:8}{'on' if host['on'] else 'off':5}{'' if host['plugged'] else 'cable out  '}{' '.join(daemons)}")
    elif command in ("kill", "signal"):
        number = options.number
        number = int(number) if number.isdigit() else signal.Signals[f"SIG{number.upper().removeprefix('SIG')}"]
        getattr(cluster, command)(options.daemon, number)
    elif command == "start":
        cluster.start_daemon(options.daemon)
    else:
        {"power-off": cluster.power_off, "power-on": cluster.power_on, "pull": cluster.pull, "plug": cluster.plug}[command](options.host)
    return 0


def main():
    options = parse()
    try:
        return perform(options)
    except (SlurmTrouble, KeyError) as error:
        print(f"cluster.py: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
