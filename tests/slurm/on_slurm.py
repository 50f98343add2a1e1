"""`gang` on a test's Slurm as people use it: what check_translate.py and check_faults.py share."""
import json
import signal
import time
import traceback

from cluster import SlurmTrouble, until

SKIPPED = 77
GANG = "/srv/bin/gang"
LOOP = "while :; do sleep 0.2; done"


def expect(truth, what):
    if not truth:
        raise AssertionError(what)


class Gang:
    """The command line of one person on the login host."""

    def __init__(self, cluster, user="anna", path=""):
        self.cluster = cluster
        self.user = user
        self.environment = {"GANGLINE_ON": "slurm", "HOME": f"/home/{user}", "USER": user,
                            "PATH": f"{path + ':' if path else ''}/srv/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"}

    def run(self, *words, patience=90.0):
        return self.cluster.run(self.user, "env", "-i", *(f"{name}={value}" for name, value in self.environment.items()), GANG, *words,
                                directory=f"/home/{self.user}", patience=patience)

    def must(self, *words, **more):
        done = self.run(*words, **more)
        expect(done.code == 0, (words, done))
        return done.said

    def submit(self, *words):
        return int(self.must("submit", "--quiet", *words).split()[-1])

    def show(self, job):
        return json.loads(self.must("show", str(job), "--json"))

    def gang(self, job, index=0):
        return next(gang for gang in self.show(job)["gangs"] if gang["id"]["gang"] == index)

    def await_phase(self, job, phase, index=0, patience=60.0):
        return until(f"gang {job}.{index} of {self.user} is {phase}", patience,
                     lambda: (gang := self.gang(job, index))["phase"] == phase and gang)

    def end(self, job, index=0, patience=60.0):
        return self.await_phase(job, "ended", index, patience)["ending"]

    def service(self):
        """The pid of the service on the login host."""
        said = self.must("daemon", "status")
        return int(said.split("pid ")[1].split(",")[0])

    def number(self, job):
        """Slurm's, of the newest that was sent for it."""
        done = self.cluster.run(self.user, "squeue", "--me", "-h", "-o", "%A", "--sort=-i")
        expect(done.said.split(), done)
        return int(done.said.split()[0])


def attempt(check, cluster, *more):
    begin = time.monotonic()
    try:
        said = check(cluster, *more)
        print(f"ok   {check.__name__.replace('_', ' ')} ({time.monotonic() - begin:.1f} s){': ' + said if said else ''}", flush=True)
        return True
    except (AssertionError, SlurmTrouble, OSError, KeyError, ValueError, StopIteration, IndexError):
        print("FAIL", check.__name__.replace("_", " "), flush=True)
        traceback.print_exc()
        print(cluster.run("root", "squeue", "--states=all", "--format=%i %T %r %N %k %j").said[-3000:], flush=True)
        for user in cluster.people:
            print(Gang(cluster, user).run("list", "--all").said[:2000], flush=True)
        return False


def leave_nothing(cluster, users=None):
    """Ends what a check of these people left, or of all: jobs, and their services."""
    users = users or list(cluster.people)
    for user in users:
        cluster.run("root", "scancel", "-u", user)
        for line in cluster.run("root", "ps", "-u", user, "-o", "pid=,args=").said.splitlines():
            if "internal-service" in line:
                cluster.run("root", "kill", f"-{int(signal.SIGKILL)}", line.split()[0])
    until("Slurm has no jobs", 40, lambda: not cluster.run("root", "squeue", "-h", "-u", ",".join(users)).said.strip())
