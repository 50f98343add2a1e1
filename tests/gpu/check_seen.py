#!/usr/bin/env python3
"""check_seen.py --gang PROGRAM: what `gang serve` tells of a real NVIDIA GPU at work is what nvidia-smi says of it.

Metrics and readings by HTTP, the events of the job, and `gang top` and `gang run` against `gang serve` as another machine's.
"""
import argparse
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

from check_gpu import SKIPPED, TRAIN, Readings, Wrong, expect, smi

AGREES_WITHIN = 0.05
SAMPLES_S = 0.5


class Far:
    """`gang serve` on a state of its own, and `gang` that knows nothing of it but its address."""

    def __init__(self, program, folder):
        self.program, self.folder = program, folder
        clean = {key: value for key, value in os.environ.items() if not key.startswith(("GANGLINE", "XDG"))}
        self.env = clean | {"GANGLINE_STATE": str(folder / "far")}
        self.process = subprocess.Popen([program, "serve", "--port", "0", "--json"], env=self.env, cwd=folder,
                                        stdout=subprocess.PIPE, text=True)
        told = json.loads(self.process.stdout.readline())
        self.address, self.token = told["address"].rstrip("/"), told["token"]
        self.here = clean | {"GANGLINE_STATE": str(folder / "here"), "GANGLINE_SERVER": self.address,
                             "GANGLINE_TOKEN": self.token}

    def get(self, target):
        asked = urllib.request.Request(self.address + target, headers={"Authorization": "Bearer " + self.token})
        with urllib.request.urlopen(asked, timeout=30) as answer:
            return answer.read().decode()

    def gang(self, *words):
        done = subprocess.run([self.program, *words], env=self.here, capture_output=True, text=True, timeout=200)
        if done.returncode != 0:
            raise Wrong(f"gang {' '.join(words)} ended with {done.returncode}: {done.stderr}")
        return done.stdout

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)
        subprocess.run([self.program, "daemon", "stop"], env=self.env, capture_output=True)


def metric(text, name, uid):
    found = re.search(rf'^gangline_device_{name}{{[^}}]*uid="{re.escape(uid)}"[^}}]*}} (\S+)', text, re.MULTILINE)
    return float(found.group(1)) if found else None


def mean(values):
    return sum(values) / len(values)


def agrees(name, ours, theirs, within=AGREES_WITHIN):
    told = f"{name} {ours:.4g}, nvidia-smi {theirs:.4g}"
    expect(abs(ours - theirs) <= within * max(abs(theirs), 1e-9), told)
    return told


def tells_what_nvidia_smi_reads(far):
    """Averages of a gang that trains, once it is under way."""
    (far.folder / "train.py").write_text(TRAIN)
    uuid = smi("uuid")[0][0]
    theirs = Readings(uuid)
    job = far.gang("submit", "-q", "--gpus", "1", "--", sys.executable, "train.py").strip()
    ours, more = [], []
    until = time.time() + 60
    while (metric(far.get("/metrics"), "busy_ratio", uuid) or 0) < 0.5 and time.time() < until:
        time.sleep(0.1)  # PyTorch begins
    time.sleep(4)  # a reading of ours is two seconds old at most
    theirs.start()
    begin = time.time()
    while time.time() - begin < 12:
        ours.append((time.time(), far.get("/metrics")))
        more.append([float(cell) for cell in smi("memory.used,temperature.gpu", f"--id={uuid}")[0]])
        time.sleep(SAMPLES_S)
    theirs.over.set()
    theirs.join()
    joules, use = theirs.between(ours[0][0], ours[-1][0])
    told = [agrees("W", mean([metric(t, "power_watts", uuid) for _, t in ours]), joules / (ours[-1][0] - ours[0][0])),
            agrees("busy", 100 * mean([metric(t, "busy_ratio", uuid) for _, t in ours]), use, 0.1),
            agrees("MiB", mean([metric(t, "memory_used_bytes", uuid) for _, t in ours]) / 2**20, mean([m for m, _ in more]), 0.1),
            agrees("C", mean([metric(t, "temperature_celsius", uuid) for _, t in ours]), mean([c for _, c in more]), 0.1),
            agrees("J", metric(ours[-1][1], "energy_joules_total", uuid) - metric(ours[0][1], "energy_joules_total", uuid),
                   joules, 0.2)]  # our two readings may each be two seconds old
    top = far.gang("top", "--once")
    expect("python3" in top and f"{job}" in top, top)
    far.gang("wait", job)
    view = json.loads(far.get("/v1/nodes"))[0]
    device = next(n for n, one in enumerate(view["node"]["devices"]) if one["uid"] == uuid)
    readings = json.loads(far.get(f"/v1/nodes/{view['id']}/readings?devices={device}&most=100"))
    busy = [b for b in readings["devices"][0]["busy_percent"] if b is not None]
    expect(max(busy) > 50, f"the readings kept are {busy}")
    return "; ".join(told) + f"; {len(busy)} readings kept, the busiest {max(busy):.0f} %"


def tells_of_somebody_outside(far):
    """A process that Gangline did not start, in the metrics and in `gang top`."""
    program = "import time, torch; x = torch.zeros(1 << 28, device='cuda'); print('there', flush=True); time.sleep(100)"
    other = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    try:
        other.stdout.readline()
        uuid = smi("uuid")[0][0]
        until = time.time() + 20
        while metric(far.get("/metrics"), "foreign", uuid) != 1 and time.time() < until:
            time.sleep(0.2)
        expect(metric(far.get("/metrics"), "foreign", uuid) == 1, "the metrics know nothing of it")
        top = far.gang("top", "--once")
        expect(str(other.pid) in top or "outside" in top, top)
        return next(line.strip() for line in top.splitlines() if "outside" in line or str(other.pid) in line)
    finally:
        other.kill()
        other.wait()


def a_job_from_elsewhere_has_the_gpu(far):
    """`gang run` against `gang serve`, and the events of it."""
    heard = []

    def listen():
        asked = urllib.request.Request(far.address + "/v1/events", headers={"Authorization": "Bearer " + far.token})
        with urllib.request.urlopen(asked, timeout=60) as stream:
            opened.set()
            for line in stream:
                if line.startswith(b"event: "):
                    heard.append(line[7:].decode().strip())
                    if heard[-1] == "ended":
                        return
    opened = threading.Event()
    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    opened.wait(30)
    said = far.gang("run", "--gpus", "1", "--", sys.executable, "-c", "import torch; print(torch.cuda.get_device_name(0))")
    thread.join(30)
    expect(heard[-1:] == ["ended"] and "submitted" in heard and "started" in heard, f"events: {heard}")
    return said.strip() + "; events: " + " ".join(heard)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--gang", required=True)
    options = parser.parse_args()
    if shutil.which("nvidia-smi") is None or not smi("uuid"):
        print("skipped: there is no nvidia-smi, or no GPU that it lists")
        return SKIPPED
    if subprocess.run([sys.executable, "-c", "import torch"], capture_output=True).returncode != 0:
        print("skipped: PyTorch is not here")
        return SKIPPED
    failed = 0
    with tempfile.TemporaryDirectory() as name:
        far = Far(os.path.abspath(options.gang), pathlib.Path(name))
        try:
            for check in (tells_what_nvidia_smi_reads, tells_of_somebody_outside, a_job_from_elsewhere_has_the_gpu):
                try:
                    print("ok  ", check.__name__.replace("_", " ") + ":", check(far), flush=True)
                except Exception as error:  # noqa: BLE001: each is told, whatever it is
                    failed += 1
                    print("FAIL", check.__name__.replace("_", " ") + ":", repr(error), flush=True)
        finally:
            far.end()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
