#!/usr/bin/env python3
"""check_mps.py --gang PROGRAM --nvml LIBRARY: MPS through one service for all, for two people at once, on two pretended GPUs
with a pretended control program. As root, in namespaces of its own; elsewhere it is skipped, and says so."""
import argparse
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import threading
import time

import own_machine
from check_for_all import PLACES, cgroups, STATE, World, denied, expect, job_of, root, status, well
from own_machine import eventually, files_below

GPUS = """gpu 0
 uuid GPU-00000000-0000-0000-0000-00000000000a
 pci 00000000:01:00.0
 minor 0
gpu 1
 uuid GPU-00000000-0000-0000-0000-00000000000b
 pci 00000000:02:00.0
 minor 1
"""
CPUS = 16
LOG = pathlib.Path("/home/mps.log")
HOW = pathlib.Path("/home/mps.how")
# A daemon is a process called mps-daemon, with the GPU as its only word.
CONTROL = f"""#!/bin/bash
if [ "$1" = -d ]; then
  echo "start $(id -u) $CUDA_VISIBLE_DEVICES" >> {LOG}
  . {HOW}
  (exec -a mps-daemon /bin/sleep 7654321) &
  echo $! > "$CUDA_MPS_PIPE_DIRECTORY/daemon"
  # The real one runs no other program, and so is never without its variables for a moment.
  until grep -q sleep /proc/$!/comm && grep -q GANG_ID /proc/$!/environ; do :; done
  exit 0
fi
read -r word
echo "$word $(id -u)" >> {LOG}
kill "$(cat "$CUDA_MPS_PIPE_DIRECTORY/daemon")"
"""
HOLD = 'ls -ld "$CUDA_MPS_PIPE_DIRECTORY"; touch "$CUDA_MPS_PIPE_DIRECTORY/mine"; echo begun; while ! [ -e go ]; do sleep 0.02; done'


def pretend_cpus(root):
    """More of them than the machine may have, so that what waits, waits for MPS."""
    cpus = root / "sys/devices/system/cpu"
    for cpu in range(CPUS):
        at = cpus / f"cpu{cpu}" / "topology"
        at.mkdir(parents=True)
        (at / "physical_package_id").write_text("0\n")
        (at / "core_id").write_text(f"{cpu}\n")
        for siblings in ("thread_siblings", "core_cpus"):
            (at / siblings).write_text(f"{1 << cpu:x}\n")
    for which in ("online", "possible", "present"):
        (cpus / which).write_text(f"0-{CPUS - 1}\n")
    (root / "etc").mkdir()
    (root / "proc").symlink_to("/proc")


def pretend_device_files():
    """Files of the two GPUs for the device fence, where they may be made. Seen in here alone."""
    dev = pathlib.Path("/mnt/dev")
    (dev / "shm").mkdir(parents=True)
    for name in ("null", "zero", "full", "random", "urandom", "tty", "fd"):
        subprocess.run(["cp", "-a", f"/dev/{name}", str(dev)], check=True)
    for minor in (0, 1):
        if subprocess.run(["mknod", "-m", "666", str(dev / f"nvidia{minor}"), "c", "195", str(minor)]).returncode != 0:
            return
    subprocess.run(["mount", "--bind", str(dev), "/dev"], check=True)


def daemons():
    """(uid, GPU, pid) of each daemon that there is."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            if (entry / "cmdline").read_bytes().split(b"\0")[0] != b"mps-daemon":
                continue
            variables = dict(line.split("=", 1) for line in (entry / "environ").read_text().split("\0") if "=" in line)
            if "CUDA_VISIBLE_DEVICES" not in variables:
                continue  # it ended since then
            found.append((entry.stat().st_uid, variables["CUDA_VISIBLE_DEVICES"], int(entry.name)))
        except OSError:
            pass
    return found


class Watch(threading.Thread):
    """Sees whether a GPU ever has two daemons."""

    def __init__(self):
        super().__init__(daemon=True)
        self.looks, self.two, self.uids = 0, [], set()

    def run(self):
        while True:
            there = daemons()
            self.looks += 1
            gpus = [gpu for _, gpu, _ in there]
            self.uids |= {uid for uid, _, _ in there}
            if len(set(gpus)) != len(gpus):
                self.two.append(there)
            time.sleep(0.002)


def log():
    return LOG.read_text().splitlines()



def a_daemon_is_its_persons_and_nobody_else_gets_into_its_directory(world):
    (world.anna.home / "go").unlink(missing_ok=True)
    job = job_of(well(world.anna.gang("submit", "--gpus", "0.5", "--mps", "--", "sh", "-c", HOLD)))
    eventually("it runs", lambda: "begun" in world.anna.gang("logs", str(job))[1])
    there = daemons()
    expect([uid for uid, _, _ in there] == [world.anna.uid], f"{there}")
    leaves = list((STATE / "mps").iterdir())
    expect(len(leaves) == 1 and leaves[0].stat().st_uid == world.anna.uid, f"{leaves}")
    expect(leaves[0].stat().st_mode & 0o777 == 0o700, "others may enter it")
    for person in (world.bert, world.eve):
        denied(person.run("ls", str(leaves[0])), "Permission denied")
        denied(person.run("ls", str(STATE / "mps")), "Permission denied")
    shown = well(world.anna.gang("show", f"{job}.0"))
    expect("fence of mps: does not hold" in shown and "the daemon is anna's" in " ".join(shown.split()), shown)
    groups = pathlib.Path(f"/proc/{there[0][2]}/cgroup").read_text()
    if "fence of devices: holds" in shown:
        expect(f"gangline-mps-{leaves[0].name}@{world.epoch}.0" in groups, groups)
        print("    the daemon's own group:", next(line for line in groups.splitlines() if "gangline-mps" in line))
    print("   ", re.sub(r"\s+", " ", shown[shown.index("fence of mps"):].split("\n\n")[0])[:400])
    (world.anna.home / "go").touch()
    well(world.anna.gang("wait", str(job)))
    eventually("the daemon has ended", lambda: not daemons())
    expect(log() == [f"start {world.anna.uid} {there[0][1]}", f"quit {world.anna.uid}"], f"{log()}")


def where_another_gpu_is_free_the_later_goes_there(world):
    jobs = []
    for person in (world.anna, world.bert):
        (person.home / "go").unlink(missing_ok=True)
        jobs.append(job_of(well(person.gang("submit", "--gpus", "0.5", "--mps", "--", "sh", "-c", HOLD))))
        eventually("it runs", lambda: "begun" in person.gang("logs", str(jobs[-1]))[1])
    there = daemons()
    expect(len({gpu for _, gpu, _ in there}) == 2 == len({uid for uid, _, _ in there}), f"{there}")
    for person, job in zip((world.anna, world.bert), jobs):
        (person.home / "go").touch()
        well(person.gang("wait", str(job)))
    eventually("all daemons have ended", lambda: not daemons())


def where_none_is_free_the_later_waits_with_the_reason(world):
    for person in (world.anna, world.bert, world.carl):
        (person.home / "go").unlink(missing_ok=True)
    carls = job_of(well(world.carl.gang("submit", "--gpus", "1", "--", "sh", "-c", HOLD)))
    eventually("it runs", lambda: "begun" in world.carl.gang("logs", str(carls))[1])
    annas = job_of(well(world.anna.gang("submit", "--gpus", "0.5", "--mps", "--", "sh", "-c", HOLD)))
    eventually("it runs", lambda: "begun" in world.anna.gang("logs", str(annas))[1])
    berts = job_of(well(world.bert.gang("submit", "--gpus", "0.5", "--mps", "--", "sh", "-c", HOLD)))
    eventually("it waits with the reason",
               lambda: "MPS serves one person of a GPU at a time" in world.bert.gang("why", str(berts))[1])
    told = world.bert.gang("why", str(berts))[1]
    expect(f"serves anna until job {annas} ends, and nobody knows when that is" in told, told)
    expect(f"job {annas} has no time limit, so nobody knows when it ends" in told and "leave mps out" in told, told)
    expect("waiting" in world.bert.gang("list")[1], world.bert.gang("list")[1])
    again = job_of(well(world.anna.gang("submit", "--gpus", "0.5", "--mps", "--", "sh", "-c", HOLD)))
    (world.carl.home / "go").touch()
    well(world.carl.gang("wait", str(carls)))
    (world.anna.home / "go").touch()
    well(world.anna.gang("wait", str(annas)))
    (world.bert.home / "go").touch()
    well(world.bert.gang("wait", str(berts)))
    well(world.anna.gang("wait", str(again)))
    eventually("all daemons have ended", lambda: not daemons())


def where_others_have_all_the_later_waits_for_the_first_that_ends(world):
    people = (world.anna, world.bert, world.carl)
    jobs = []
    for person in people:
        (person.home / "go").unlink(missing_ok=True)
        jobs.append(job_of(well(person.gang("submit", "--gpus", "0.5", "--mps", "--", "sh", "-c", HOLD))))
        if person is not world.carl:
            eventually("it runs", lambda: "begun" in person.gang("logs", str(jobs[-1]))[1])
    eventually("it waits with the reason",
               lambda: "; so does 1 more with room" in world.carl.gang("why", str(jobs[2]))[1])
    # Who has the GPU does not keep it once another is first.
    again = job_of(well(world.anna.gang("submit", "--gpus", "0.5", "--mps", "--", "sh", "-c", HOLD)))
    eventually("it is kept for who came first",
               lambda: f"job {jobs[2]} goes first" in world.anna.gang("why", str(again))[1])
    (world.anna.home / "go").touch()
    well(world.anna.gang("wait", str(jobs[0])))
    eventually("who came first runs", lambda: "begun" in world.carl.gang("logs", str(jobs[2]))[1])
    expect("begun" not in world.anna.gang("logs", str(again))[1], "who came later went before")
    for person, job in [*zip(people, jobs), (world.anna, again)]:
        (person.home / "go").touch()
        well(person.gang("wait", str(job)))
    eventually("all daemons have ended", lambda: not daemons())


def sweeps_of_two_people_at_once_end_well(world):
    jobs = [(person, job_of(well(person.gang("submit", "--gpus", "0.5", "--mps", "--sweep", "n=1..12", "--",
                                             "sh", "-c", 'ls "$CUDA_MPS_PIPE_DIRECTORY" > /dev/null; sleep 0.05'))))
            for person in (world.anna, world.bert, world.carl)]
    for person, job in jobs:
        well(person.gang("wait", str(job)))
    eventually("all daemons have ended", lambda: not daemons())
    print("   ", sum(line.startswith("start") for line in log()), "daemons so far")


def one_that_hangs_holds_up_nobody_and_fails_with_its_words(world):
    HOW.write_text("echo 'the driver is not there'; sleep 1000\n")
    job = job_of(well(world.bert.gang("submit", "--gpus", "1", "--mps", "--", "true")))
    begin = time.monotonic()
    eventually("it was asked for", lambda: log()[-1].startswith(f"start {world.bert.uid}"))
    for _ in range(5):
        well(world.anna.gang("run", "--gpus", "1", "--", "true"))
    expect(time.monotonic() - begin < 10 or "failed" not in world.bert.gang("list", "--all")[1], "others had to wait")
    code, _ = world.bert.gang("wait", str(job))
    shown = " ".join(well(world.bert.gang("show", f"{job}.0")).split())
    expect(code != 0 and "did not come up in 10s: the driver is not there" in shown, shown)
    HOW.write_text("")
    well(world.bert.gang("run", "--gpus", "1", "--mps", "--", "true"))
    eventually("all daemons have ended", lambda: not daemons())


def a_daemon_outlives_launcher_and_service_and_ends_with_its_gang(world):
    (world.anna.home / "go").unlink(missing_ok=True)
    job = job_of(well(world.anna.gang("submit", "--gpus", "0.5", "--mps", "--", "sh", "-c", HOLD)))
    eventually("it runs", lambda: "begun" in world.anna.gang("logs", str(job))[1])
    before = daemons()
    launcher, guardian = world.launcher()
    for pid in launcher:
        if f"PPid:\t{guardian[0]}\n" in status(pid):
            os.kill(pid, signal.SIGKILL)
    well(root("gang", "daemon", "restart"))
    expect(daemons() == before, f"{daemons()} was {before}")
    (world.anna.home / "go").touch()
    well(world.anna.gang("wait", str(job)))
    eventually("the daemon has ended", lambda: not daemons())


def uninstall_leaves_nothing(world):
    (world.anna.home / "go").unlink(missing_ok=True)
    job = job_of(well(world.anna.gang("submit", "--gpus", "0.5", "--mps", "--", "sh", "-c", HOLD)))
    eventually("it runs", lambda: "begun" in world.anna.gang("logs", str(job))[1])
    well(root("/usr/local/bin/gang", "daemon", "uninstall", "--now", "--keep-jobs"))
    expect(not daemons() and not cgroups(world), f"{daemons()} {cgroups(world)}")
    expect(not (STATE / "mps").exists(), "its directory is left")
    shutil.rmtree(STATE)
    left = files_below(*PLACES) - world.before - world.people_files
    left = {path for path in left if not path.endswith("-") and "lock" not in path}
    expect(not left, f"it leaves {sorted(left)}")


CHECKS = [a_daemon_is_its_persons_and_nobody_else_gets_into_its_directory,
          where_another_gpu_is_free_the_later_goes_there,
          where_none_is_free_the_later_waits_with_the_reason,
          where_others_have_all_the_later_waits_for_the_first_that_ends,
          sweeps_of_two_people_at_once_end_well,
          one_that_hangs_holds_up_nobody_and_fails_with_its_words,
          a_daemon_outlives_launcher_and_service_and_ends_with_its_gang,
          uninstall_leaves_nothing]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--gang", required=True, type=pathlib.Path)
    parser.add_argument("--nvml", required=True, type=pathlib.Path)
    options = parser.parse_args()
    own_machine.enter(sys.argv)
    own_machine.PATIENCE_S = 30.0
    shutil.copy(options.nvml, "/home/nvml.so")
    pathlib.Path("/home/profile.txt").write_text(GPUS)
    for path in (LOG, HOW):
        path.write_text("")
        path.chmod(0o666)
    control = pathlib.Path("/usr/local/bin/nvidia-cuda-mps-control")
    control.write_text(CONTROL)
    control.chmod(0o755)
    pretend_cpus(pathlib.Path("/home/root"))
    pretend_device_files()
    os.environ.update(GANGLINE_ROOT="/home/root", GANGLINE_NVML="/home/nvml.so", FAKE_NVML_FILE="/home/profile.txt",
                      PATH="/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
    world = World(options.gang)
    shutil.copy("/etc/passwd", "/home/root/etc/passwd")
    watch = Watch()
    watch.start()
    failed = own_machine.run_checks(CHECKS, world, lambda: print(LOG.read_text(), daemons()))
    wrong = watch.two or not watch.uids <= {world.anna.uid, world.bert.uid, world.carl.uid}
    print(f"{'FAIL' if wrong else 'ok  '} in {watch.looks} looks no GPU had two daemons, and all were of their people: "
          f"{watch.two[:3]} {sorted(watch.uids)}")
    for place in (STATE / "launcher/launcher.log", STATE / "service/service.log"):
        if failed and place.exists():
            print(f"--- {place}\n{place.read_text()}")
    return 1 if failed or wrong else 0


if __name__ == "__main__":
    sys.exit(main())
