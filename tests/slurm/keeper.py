#!/usr/bin/env python3
"""keeper.py OPTIONS-AS-JSON: holds a pretended cluster; started by cluster.py, in a mount and a network namespace of its own.

All hosts are its children, their network is its network, their disks are in memory that only it and they see: when it ends,
by whatever signal, the kernel ends them. What outlives it, control groups and one directory, it removes when it can, and
cluster.py where it was killed. It ends when told so, by SIGTERM, or when the pipe at its standard input closes.
"""
import json
import os
import pathlib
import pwd
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import time
import traceback

import slurm_files
from host import MS_NODEV, MS_NOSUID, mount
from line import POWER_LOST, ROOT, Line, SlurmTrouble, run, until
from slurm_files import LOGIN

HERE = pathlib.Path(__file__).resolve().parent
LONGEST_REQUEST = 64 * 1024
CGROUPS = pathlib.Path("/sys/fs/cgroup")
CGROUP_KINDS = ("cpuset", "freezer", "memory", "devices", "cpu", "cpuacct")
START_S = 60.0
DISK_PLACES = {"lib": 0o755, "spool": 0o755, "log": 0o755, "tmp": 0o1777, "var_tmp": 0o1777}


class Ended(Exception):
    """Somebody wants the cluster gone."""


def group_of(kind, name):
    return CGROUPS / kind / f"gangline-slurm-{name}"


def make_groups(cluster, host):
    """The host's own part of each hierarchy of version 1."""
    made = {}
    for kind in CGROUP_KINDS:
        if not (CGROUPS / kind).is_dir():
            continue
        whole = group_of(kind, cluster)
        for group in (whole, whole / host):
            group.mkdir(exist_ok=True)
            if kind == "cpuset":
                for file in ("cpuset.cpus", "cpuset.mems"):
                    (group / file).write_text((group.parent / file).read_text())
        made[kind] = str(whole / host)
    return made


def remove_groups(cluster, host="."):
    """Groups of processes that have just died may be busy for a moment."""
    def gone():
        left = False
        for kind in CGROUP_KINDS:
            for folder, _, _ in os.walk(group_of(kind, cluster) / host, topdown=False):
                try:
                    os.rmdir(folder)
                except OSError:
                    left = True
        return not left
    until(f"the control groups gangline-slurm-{cluster} are empty", 20.0, gone)


class Keeper:
    def __init__(self, wanted):
        self.wanted = wanted
        self.place = pathlib.Path(wanted["place"])
        self.inside = self.place / "inside"
        self.hosts = {}  # name: the process that holds its namespaces
        self.lines = {}  # daemon: Line
        self.plugged = {name: True for name in [LOGIN, *slurm_files.node_names(wanted)]}
        self.people = {}

    # --- files ------------------------------------------------------------------------------------------

    def write(self, path, text, mode=0o644, owner="root"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        path.chmod(mode)
        shutil.chown(path, owner, owner)

    def make_files(self):
        mount("cluster", self.inside, "tmpfs", MS_NOSUID | MS_NODEV, "mode=755")
        shutil.copytree("/etc", self.inside / "etc", symlinks=True)
        for name in ("home", "srv/bin", "munge", "disks"):
            (self.inside / name).mkdir(parents=True)
        shutil.chown(self.inside / "munge", "munge", "munge")
        etc = self.inside / "etc"
        for name in ("hosts", "resolv.conf", "nsswitch.conf"):
            (etc / name).unlink(missing_ok=True)
        self.write(etc / "hosts", slurm_files.hosts_file(self.wanted))
        self.write(etc / "resolv.conf", "")  # every name that is looked up outside would cost seconds
        self.write(etc / "nsswitch.conf", "".join(f"{what}: files\n" for what in (
            "passwd", "group", "shadow", "hosts", "services", "protocols", "networks")))
        shutil.rmtree(etc / "slurm", ignore_errors=True)
        slurm = etc / "slurm"
        self.write(slurm / "slurm.conf", slurm_files.slurm_conf(self.wanted))
        self.write(slurm / "gres.conf", slurm_files.gres_conf(self.wanted))
        self.write(slurm / "cgroup.conf", slurm_files.CGROUP_CONF if self.wanted["constrain"] else "")
        self.write(slurm / "plugstack.conf", "")
        self.write(slurm / "slurmdbd.conf", slurm_files.SLURMDBD_CONF, 0o600, "slurm")  # any other mode is refused
        self.write(slurm / "jwt.key", os.urandom(32), 0o600, "slurm")
        (etc / "munge").mkdir(exist_ok=True)
        self.write(etc / "munge" / "munge.key", os.urandom(128), 0o400, "munge")
        (etc / "munge").chmod(0o700)
        shutil.chown(etc / "munge", "munge", "munge")
        self.make_people(etc)

    def make_people(self, etc):
        passwd, group, uids = slurm_files.people_lines(self.wanted["people"])
        for name, lines in (("passwd", passwd), ("group", group)):
            old = [line for line in (etc / name).read_text().splitlines() if line.split(":")[0] not in uids]
            self.write(etc / name, "\n".join(old) + "\n" + lines)
        for name, uid in uids.items():
            home = self.inside / "home" / name
            home.mkdir(mode=0o700)
            os.chown(home, uid, uid)
            self.people[name] = {"name": name, "uid": uid, "gid": uid, "home": f"/home/{name}"}

    def make_disk(self, host):
        """What a host has written, which a power cut does not take from it."""
        disk = self.inside / "disks" / host
        if disk.exists():
            return disk
        for name, mode in DISK_PLACES.items():
            (disk / name).mkdir(parents=True)
            (disk / name).chmod(mode)
        for name, owner in (("lib/slurm", "slurm"), ("lib/slurm/slurmctld", "slurm"), ("log/slurm", "slurm"),
                            ("lib/munge", "munge"), ("log/munge", "munge"), ("lib/mysql", "mysql")):
            if owner != "mysql" or self.wanted["accounting"] and host == LOGIN:
                (disk / name).mkdir()
                shutil.chown(disk / name, owner, owner)
        return disk

    # --- hosts ------------------------------------------------------------------------------------------

    def socket_of(self, host):
        return self.place / f"{host}.sock"

    def power_on(self, host):
        if host in self.hosts:
            raise SlurmTrouble(f"{host} is on")
        path = self.socket_of(host)
        path.unlink(missing_ok=True)
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        listening.bind(str(path))
        listening.listen(512)
        groups = make_groups(self.wanted["name"], host) if self.wanted["constrain"] and host != LOGIN else {}
        told = {"name": host, "inside": str(self.inside), "disk": str(self.make_disk(host)), "groups": groups,
                "gpus": slurm_files.devices_of(host, self.wanted["gpus"]), "listening": listening.fileno()}
        words = ["setpriv", "--pdeathsig", "KILL", "unshare", "--mount", "--uts", "--ipc", "--net", "--pid", "--fork",
                 "--kill-child=KILL", *(["--cgroup"] if groups else []), sys.executable, str(HERE / "host.py"), json.dumps(told)]

        def join_groups():
            for group in groups.values():
                pathlib.Path(group, "cgroup.procs").write_text("0")

        with open(self.place / "log" / f"{host}.out", "ab") as out:
            self.hosts[host] = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=out, stderr=out, preexec_fn=join_groups,
                                                pass_fds=[listening.fileno()], start_new_session=True)
        listening.close()
        self.connect(host)

    def first_process(self, host):
        """Process 1 of a host, by its number here."""
        holder = self.hosts[host]

        def child():
            if holder.poll() is not None:
                raise SlurmTrouble(f"{host} did not come up: {self.tail(f'{host}.out')}")
            text = pathlib.Path(f"/proc/{holder.pid}/task/{holder.pid}/children").read_text()
            return int(text.split()[0]) if text else 0
        return until(f"{host} has a process", START_S, child, 0.002)

    def ip(self, *lines):
        done = subprocess.run(["ip", "-batch", "-"], input="\n".join(lines), capture_output=True, text=True)
        if done.returncode != 0:
            raise SlurmTrouble(f"the network: {done.stderr.strip()}")

    def cables_of(self, host):
        """Of each its name here, its name on the host, and the switch."""
        cables = [(f"eth-{host}", "eth0", "switch")]
        if self.wanted["fast_network"] and host != LOGIN:
            cables.append((f"ib-{host}", "ib0", "fast"))
        return cables

    def connect(self, host):
        first = self.first_process(host)
        for cable, end, switch in self.cables_of(host):
            self.ip(f"link add {cable} type veth peer name {end} netns {first}",
                    f"link set {cable} master {switch} " + ("up" if self.plugged[host] else "down"))
        code, _, complaint = run(self.socket_of(host), ["ip", "-batch", "-"],
                                 text=slurm_files.network_lines(host, self.wanted["fast_network"]))
        if code != 0:
            raise SlurmTrouble(f"the network of {host}: {complaint} {self.tail(f'{host}.out')}")

    def power_off(self, host):
        holder = self.on(host)
        os.kill(self.first_process(host), signal.SIGKILL)
        holder.wait()
        del self.hosts[host]
        for name in [name for name in self.lines if name.endswith("@" + host)]:
            self.lines.pop(name).close()
        for cable, _, _ in self.cables_of(host):
            subprocess.run(["ip", "link", "del", cable], capture_output=True)  # it may be gone with the host
        remove_groups(self.wanted["name"], host)

    def on(self, host):
        if host not in self.plugged:
            raise SlurmTrouble(f"there is no host {host}: {', '.join(self.plugged)}")
        if host not in self.hosts:
            raise SlurmTrouble(f"{host} is off")
        return self.hosts[host]

    def plug(self, host, plugged):
        if host not in self.plugged:
            raise SlurmTrouble(f"there is no host {host}: {', '.join(self.plugged)}")
        self.plugged[host] = plugged
        if host in self.hosts:
            self.ip(*(f"link set {cable} " + ("up" if plugged else "down") for cable, _, _ in self.cables_of(host)))

    # --- daemons ----------------------------------------------------------------------------------------

    def command_of(self, daemon):
        """Its words, its user, and what it finds in its environment."""
        commands = {
            "munged": (["munged", "--foreground", "--num-threads=4", "--socket=/run/munge/munge.socket.2",
                        "--pid-file=/run/munge/munged.pid"], "munge", {}),
            "mariadbd": (["mariadbd", "--no-defaults", "--datadir=/var/lib/mysql", "--socket=/run/mysqld/mysqld.sock",
                          "--pid-file=/var/lib/mysql/pid", "--skip-networking", "--innodb-buffer-pool-size=64M",
                          "--innodb-log-file-size=16M", "--innodb-lock-wait-timeout=900", "--innodb-flush-log-at-trx-commit=0",
                          "--performance-schema=OFF", "--init-file=/var/lib/mysql/start.sql"], "mysql", {}),
            "slurmdbd": (["slurmdbd", "-D"], "slurm", {}),
            "slurmctld": (["slurmctld", "-D"], "slurm", {}),
            # It refuses to be root or Slurm's user.
            "slurmrestd": (["slurmrestd", "-a", "rest_auth/jwt", f"0.0.0.0:{slurm_files.REST_PORT}"], "nobody",
                           {"SLURM_JWT": "daemon"}),
            "slurmd": (["slurmd", "-D"], "root", {}),
        }
        if daemon not in commands:
            raise SlurmTrouble(f"there is no daemon {daemon}: {', '.join(commands)}")
        return commands[daemon]

    def full_name(self, daemon):
        if "@" in daemon:
            return daemon
        if daemon == "slurmd":
            raise SlurmTrouble("slurmd of which node? slurmd@n1")
        return f"{daemon}@{LOGIN}"

    def start(self, daemon):
        daemon = self.full_name(daemon)
        name, _, host = daemon.partition("@")
        self.on(host)
        if daemon in self.lines and self.lines[daemon].running():
            raise SlurmTrouble(f"{daemon} runs already")
        words, user, environment = self.command_of(name)
        entry = pwd.getpwnam(user)
        person = {"name": user, "uid": entry.pw_uid, "gid": entry.pw_gid, "home": "/"}
        with open(self.place / "log" / f"{daemon}.out", "ab") as out, open(os.devnull, "rb") as nothing:
            self.lines[daemon] = Line(self.socket_of(host), words, person, (nothing.fileno(), out.fileno(), out.fileno()),
                                      environment=environment)
        if name in self.signs:
            self.await_sign(daemon, self.signs[name])

    # What tells that a daemon answers.
    signs = {
        "munged": (["sh", "-c", "munge -n | unmunge"], 0.01),
        "mariadbd": (["mariadb", "--no-defaults", "-Ns", "-e", "select 1 from mysql.db where Db = 'slurm_acct_db'"], 0.02),
        "slurmdbd": (["sacctmgr", "-n", "list", "cluster"], 0.05),
        "slurmctld": (["sh", "-c", "scontrol ping | grep -q 'is UP'"], 0.02),
        "slurmrestd": ([sys.executable, "-c", f"import socket; socket.create_connection(('{LOGIN}', {slurm_files.REST_PORT}))"], 0.02),
    }

    def await_sign(self, daemon, sign):
        words, pause = sign

        def answers():
            if not self.lines[daemon].running():
                raise SlurmTrouble(f"{daemon} ended with {self.lines[daemon].code}: {self.tail(f'{daemon}.out')}")
            return run(self.socket_of(LOGIN), words)[0] == 0
        until(f"{daemon} answers: {self.tail(f'{daemon}.out')}", START_S, answers, pause)

    def line_of(self, daemon):
        daemon = self.full_name(daemon)
        if daemon not in self.lines or not self.lines[daemon].running():
            raise SlurmTrouble(f"{daemon} does not run")
        return self.lines[daemon]

    def kill(self, daemon, number):
        line = self.line_of(daemon)
        line.signal(number)
        if line.wait(30.0) is None:
            raise SlurmTrouble(f"{daemon} still runs 30 s after signal {number}")

    # --- up, down ---------------------------------------------------------------------------------------

    def run_root(self, *words, text=""):
        code, said, complaint = run(self.socket_of(LOGIN), words, ROOT, text=text)
        if code != 0:
            raise SlurmTrouble(f"{words[0]}: {said}{complaint}")
        return said

    def make_database(self):
        self.run_root("install", "-d", "-o", "mysql", "/run/mysqld")
        self.run_root("sh", "-c", "cat > /var/lib/mysql/start.sql", text=slurm_files.DATABASE_SQL)
        self.run_root("mariadb-install-db", "--no-defaults", "--user=mysql", "--datadir=/var/lib/mysql", "--skip-test-db",
                      "--skip-name-resolve", "--innodb-log-file-size=16M")

    def up(self):
        self.make_files()
        self.ip("link set lo up")
        for switch in ("switch", "fast"):
            self.ip(f"link add {switch} type bridge", f"link set {switch} up")
        self.power_on(LOGIN)
        self.start("munged")
        if self.wanted["accounting"]:
            self.make_database()
            self.start("mariadbd")
            self.start("slurmdbd")
            self.run_root("sacctmgr", "-i", "add", "cluster", slurm_files.CLUSTER)
        self.start("slurmctld")
        names = slurm_files.node_names(self.wanted)
        for name in names:
            self.power_on(name)
            self.start(f"slurmd@{name}")

        def all_idle():
            said = self.run_root("sinfo", "-hN", "-t", "idle", "-o", "%N %T")
            return {line for line in said.splitlines() if line.endswith(" idle")} == {f"{name} idle" for name in names}
        until("all nodes are idle", START_S + len(names), all_idle)
        if self.wanted["rest"]:
            self.start("slurmrestd")

    def down(self):
        for host in list(self.hosts):
            self.power_off(host)
        remove_groups(self.wanted["name"])
        if self.wanted["keep_logs"]:
            shutil.copytree(self.place / "log", self.wanted["keep_logs"], dirs_exist_ok=True)
        subprocess.run(["umount", "--lazy", str(self.inside)], capture_output=True)
        shutil.rmtree(self.place, ignore_errors=True)

    def tail(self, name):
        file = self.place / "log" / name
        return "\n".join(file.read_text(errors="replace").splitlines()[-5:]) if file.exists() else ""

    # --- being asked ------------------------------------------------------------------------------------

    def answer(self, request):
        what, words = request["do"], request.get("words", [])
        if what == "power":
            self.power_on(words[0]) if words[1] else self.power_off(words[0])
            if words[1]:
                self.start(f"slurmd@{words[0]}")
        elif what == "plug":
            self.plug(*words)
        elif what == "kill":
            self.kill(*words)
        elif what == "signal":
            self.line_of(words[0]).signal(words[1])
        elif what == "start":
            self.start(words[0])
        elif what == "status":
            return {"pid": os.getpid(), "hosts": {name: {"on": name in self.hosts, "plugged": plugged} for name, plugged in self.plugged.items()},
                    "daemons": {name: line.running() for name, line in self.lines.items()},
                    "people": self.people, "wanted": self.wanted}
        elif what == "down":
            raise Ended("it was asked to")
        else:
            raise SlurmTrouble(f"the keeper knows no '{what}'")
        return {}

    def serve(self, listening):
        selector = selectors.DefaultSelector()
        selector.register(listening, selectors.EVENT_READ)
        if self.wanted["with_owner"]:
            selector.register(0, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.fileobj == 0:
                    raise Ended("its owner is gone")
                self.serve_one(listening)

    def serve_one(self, listening):
        connection, _ = listening.accept()
        with connection:
            said = connection.recv(LONGEST_REQUEST)
            if not said:
                return
            try:
                answer = self.answer(json.loads(said))
            except (SlurmTrouble, OSError) as error:
                answer = {"error": str(error)}
            try:
                connection.send(json.dumps(answer).encode())
            except OSError:
                pass  # whoever asked is gone


def main():
    wanted = json.loads(sys.argv[1])
    keeper = Keeper(wanted)

    def stop(*_):
        raise Ended("by a signal")
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, stop)
    code = 0
    try:
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        listening.bind(str(keeper.place / "keeper.sock"))
        listening.listen(64)
        begin = time.monotonic()
        keeper.up()
        print(json.dumps({"up_s": round(time.monotonic() - begin, 3), "people": keeper.people}), flush=True)
        keeper.serve(listening)
    except Ended:
        pass
    except Exception as error:  # whoever started it is told, and then it goes as always
        code = 1
        text = str(error) if isinstance(error, SlurmTrouble) else traceback.format_exc()
        print(json.dumps({"error": text}), flush=True)
    finally:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        keeper.down()
    return code


if __name__ == "__main__":
    sys.exit(main())
