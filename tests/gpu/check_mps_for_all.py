#!/usr/bin/env python3
"""check_mps_for_all.py --gang PROGRAM: MPS through the service for all on a real NVIDIA GPU, two people who each ask for half of one.

As root, with nvidia-cuda-mps-control and libcuda; in namespaces of its own, so that nothing is installed on the machine.
Where something is missing it is skipped, and says what. It prints what it saw."""
import argparse
import json
import pathlib
import shutil
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "for_all"))
import own_machine
from check_for_all import STATE, World, expect, job_of, root, well
from own_machine import PYTHON, SKIPPED, eventually

CONTROL = "nvidia-cuda-mps-control"
# Uses the GPU with nothing but the driver's library.
USE = """
import ctypes, os, pathlib, time
cuda = ctypes.CDLL("libcuda.so.1")
def call(name, *arguments):
    code = getattr(cuda, name)(*arguments)
    if code != 0: raise SystemExit(f"{name}: {code}")
call("cuInit", 0)
count, device, context = ctypes.c_int(), ctypes.c_int(), ctypes.c_void_p()
call("cuDeviceGetCount", ctypes.byref(count))
call("cuDeviceGet", ctypes.byref(device), 0)
call("cuCtxCreate_v2", ctypes.byref(context), 0, device)
free, total, memory, parts = ctypes.c_size_t(), ctypes.c_size_t(), ctypes.c_uint64(), ctypes.c_int()
call("cuMemGetInfo_v2", ctypes.byref(free), ctypes.byref(total))
call("cuDeviceGetAttribute", ctypes.byref(parts), 16, device)
size = 256 << 20
call("cuMemAlloc_v2", ctypes.byref(memory), ctypes.c_size_t(size))
call("cuMemsetD8_v2", memory, ctypes.c_ubyte(7), ctypes.c_size_t(size))
byte = (ctypes.c_ubyte * 1)()
call("cuMemcpyDtoH_v2", byte, ctypes.c_uint64(memory.value + size - 1), ctypes.c_size_t(1))
print("devices", count.value, "multiprocessors", parts.value, "free MiB", free.value >> 20, "of", total.value >> 20,
      "read back", byte[0], "threads %", os.environ.get("CUDA_MPS_ACTIVE_THREAD_PERCENTAGE"), flush=True)
end = time.monotonic() + 30
while not pathlib.Path("go").exists() and time.monotonic() < end: time.sleep(0.05)
"""


def mps_processes():
    """(name, uid, GPU, pid) of all daemons and servers."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        try:
            if not entry.name.isdigit() or not (entry / "comm").read_text().startswith("nvidia-cuda-mps"):
                continue
            words = (entry / "cmdline").read_bytes().split(b"\0")
            name = pathlib.Path(words[0].decode()).name
            variables = dict(line.split("=", 1) for line in (entry / "environ").read_text().split("\0") if "=" in line)
            found.append((name, entry.stat().st_uid, variables.get("CUDA_VISIBLE_DEVICES", ""), int(entry.name)))
        except OSError:
            pass
    return found


class Watch(threading.Thread):
    def __init__(self):
        super().__init__(daemon=True)
        self.seen, self.wrong = set(), []

    def run(self):
        while True:
            there = mps_processes()
            self.seen |= {each[:3] for each in there}
            users = {}
            for _, uid, gpu, _ in there:
                users.setdefault(gpu, set()).add(uid)
            if any(len(uids) > 1 for gpu, uids in users.items() if gpu):
                self.wrong.append(there)
            time.sleep(0.005)


def missing():
    if shutil.which(CONTROL) is None:
        return CONTROL
    if subprocess.run([PYTHON, "-c", "import ctypes; ctypes.CDLL('libcuda.so.1')"], capture_output=True).returncode != 0:
        return "libcuda.so.1"
    return None


def fence(person, gang):
    text = " ".join(well(person.gang("show", gang)).split())
    return text[text.index("fence of"):] if "fence of" in text else text


def two_people(world):
    people = (world.anna, world.bert)
    for person in people:
        (person.home / "use.py").write_text(USE)
    first = job_of(well(world.anna.gang("submit", "--gpus", "0.5", "--mps", "--", PYTHON, "use.py")))
    eventually("anna's uses the GPU or has ended", lambda: "devices" in world.anna.gang("logs", str(first))[1]
               or "ended" in world.anna.gang("show", f"{first}.0")[1])
    print("anna: ", world.anna.gang("logs", str(first))[1].strip())
    print("      ", fence(world.anna, f"{first}.0"))
    print("there:", mps_processes())
    for process in mps_processes():
        print("      ", process[0], pathlib.Path(f"/proc/{process[3]}/cgroup").read_text().strip().splitlines()[-1])
    second = job_of(well(world.bert.gang("submit", "--gpus", "0.5", "--mps", "--", PYTHON, "use.py")))
    time.sleep(2)
    print("bert's meanwhile:", " ".join(world.bert.gang("why", str(second))[1].split()))
    for person, job in ((world.anna, first), (world.bert, second)):
        (person.home / "go").touch()
        code, said = person.gang("wait", str(job))
        print(f"{person.name}: ended with {code}", said.strip(), person.gang("logs", str(job))[1].strip())
        view = json.loads(well(person.gang("show", f"{job}.0", "--json")))
        expect(code == 0 and "read back 7" in person.gang("logs", str(job))[1], f"{view}")
    eventually("all daemons have ended", lambda: not mps_processes())


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--gang", required=True, type=pathlib.Path)
    options = parser.parse_args()
    lacks = missing()
    if lacks:
        print(f"skipped: there is no {lacks}")
        return SKIPPED
    options.gang = options.gang.resolve()
    own_machine.enter([sys.argv[0], "--gang", str(options.gang)])
    own_machine.PATIENCE_S = 60.0
    if shutil.which(CONTROL) is None:  # inside, /usr/local/bin is empty
        print(f"skipped: {CONTROL} is in /usr/local/bin")
        return SKIPPED
    world = World(options.gang)
    watch = Watch()
    watch.start()
    failed = 0
    try:
        two_people(world)
    except (AssertionError, subprocess.SubprocessError, OSError, ValueError) as error:
        failed = 1
        print("FAIL", repr(error))
        for place in (STATE / "launcher/launcher.log", STATE / "service/service.log", *STATE.glob("mps/*/*.log")):
            if place.exists():
                print(f"--- {place}\n{place.read_text()[-2000:]}")
    code, said = root("gang", "daemon", "uninstall", "--now", "--delete-jobs")
    time.sleep(0.5)
    left = mps_processes()
    failed = failed or code != 0 or bool(left) or bool(watch.wrong) or not watch.seen
    print("uninstall:", code, said.strip().splitlines()[-1:], "left:", left)
    print("FAIL" if failed else "ok  ", "seen:", sorted(watch.seen), "two people on one GPU:", watch.wrong[:2])
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
