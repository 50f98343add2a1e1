"""A machine of one's own to install things on: a mount and a process namespace in which /etc, /run, /home, /var/lib and
/usr/local/bin are copies or empty, so that nothing done as root reaches the machine that runs the test."""
import os
import pathlib
import shutil
import subprocess
import sys
import time
import traceback

SKIPPED = 77
PYTHON = "/usr/bin/python3"  # which anybody may run
PATIENCE_S = 120.0

SETUP = """
mount --make-rprivate / &&
mount -t tmpfs gangline-test /mnt && cp -a /etc /mnt/etc &&
mkdir /mnt/home /mnt/bin /mnt/run /mnt/lib /mnt/tmp && chmod 1777 /mnt/tmp &&
mount --bind /mnt/etc /etc && mount --bind /mnt/home /home && mount --bind /mnt/bin /usr/local/bin &&
mount --bind /mnt/run /run && mount --bind /mnt/lib /var/lib &&
exec "$@"
"""


def enter(arguments):
    """Runs this script again inside, and ends with its code. Returns where it is inside already."""
    if os.environ.get("GANGLINE_OWN_MACHINE") == "1":
        return
    if os.geteuid() != 0 or not all(map(shutil.which, ("unshare", "useradd", PYTHON))):
        print(f"skipped: to install the service for all takes root, unshare, useradd and {PYTHON}")
        sys.exit(SKIPPED)
    environment = dict(os.environ, GANGLINE_OWN_MACHINE="1")
    for name in ("GANGLINE_STATE", "GANGLINE_CONFIG", "GANGLINE_SERVICE"):
        environment.pop(name, None)
    inside = ["unshare", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child", "bash", "-c", SETUP, "bash"]
    if subprocess.run(inside + ["true"], env=environment, capture_output=True).returncode != 0:
        print("skipped: no namespaces may be made here")
        sys.exit(SKIPPED)
    sys.exit(subprocess.run(inside + [sys.executable] + arguments, env=environment).returncode)


class Person:
    """A user of the machine, with a home directory closed to others."""

    def __init__(self, name, groups=()):
        subprocess.run(["useradd", "--create-home", "--shell", "/bin/bash", name], check=True)
        for group in groups:
            subprocess.run(["usermod", "--append", "--groups", group, name], check=True)
        import grp
        import pwd
        entry = pwd.getpwnam(name)
        self.name, self.uid, self.gid, self.home = name, entry.pw_uid, entry.pw_gid, pathlib.Path(entry.pw_dir)
        self.home.chmod(0o700)
        self.groups = os.getgrouplist(name, self.gid)

    def start(self, words, **more):
        environment = {"HOME": str(self.home), "USER": self.name, "LANG": "C.UTF-8",
                       "PATH": "/usr/local/bin:/usr/bin:/bin"}
        environment.update(more.pop("env", {}))
        more.setdefault("cwd", self.home)
        return subprocess.Popen(words, user=self.uid, group=self.gid, extra_groups=self.groups, env=environment,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                **more)

    def run(self, *words, **more):
        """The exit code and all that was said."""
        process = self.start(list(words), **more)
        said, _ = process.communicate(timeout=PATIENCE_S)
        return process.returncode, said

    def gang(self, *words, **more):
        return self.run("gang", *words, **more)

    def python(self, text, *arguments):
        return self.run(PYTHON, "-c", text, *map(str, arguments))


def eventually(what, holds):
    end = time.monotonic() + PATIENCE_S
    while not holds():
        if time.monotonic() > end:
            raise AssertionError(f"not within {PATIENCE_S:.0f} s: {what}")
        time.sleep(0.005)


def files_below(*places):
    found = set()
    for place in places:
        for path in pathlib.Path(place).rglob("*"):
            found.add(str(path))
    return found


def processes_of(name_part):
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if any(word == name_part.encode() for word in words[1:]):
            found.append(int(entry.name))
    return found


def runs(pid, file):
    """Whether it is a process of this program's file; one that has ended meanwhile is none of another."""
    try:
        return os.path.samestat(os.stat(f"/proc/{pid}/exe"), file)
    except OSError:
        return True


def run_checks(checks, world, on_failure=lambda: None):
    """Runs them one after the other, each whether or not those before it held. How many did not."""
    failed = 0
    for check in checks:
        begin = time.monotonic()
        name = check.__name__.replace("_", " ")
        try:
            check(world)
            print(f"ok   {name} ({time.monotonic() - begin:.1f} s)", flush=True)
        except (AssertionError, subprocess.SubprocessError, OSError, KeyError, ValueError, IndexError):
            failed += 1
            print("FAIL", name, flush=True)
            traceback.print_exc()
            on_failure()
    return failed
