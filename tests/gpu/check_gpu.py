#!/usr/bin/env python3
"""check_gpu.py --gang PROGRAM [--record FILE]: Gangline against nvidia-smi on a machine with a real NVIDIA GPU.

What is found, who uses it, the energy and use of a gang that trains with PyTorch, and a recording of the machine. Without
nvidia-smi or PyTorch what needs them is skipped, and it says so.
"""
import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import time

SKIPPED = 77
AGREES_WITHIN = 0.05
TRAINING_S = 30
BETWEEN_READINGS_S = 0.1

TRAIN = f"""
import time, torch
torch.manual_seed(0)
model = torch.nn.Sequential(torch.nn.Linear(4096, 4096), torch.nn.ReLU(), torch.nn.Linear(4096, 1)).cuda()
steps = torch.optim.SGD(model.parameters(), lr=1e-3)
x = torch.randn(8192, 4096, device="cuda")
y = x[:, :1] * 2
first = last = None
end = time.monotonic() + {TRAINING_S}
while time.monotonic() < end:
    loss = ((model(x) - y) ** 2).mean()
    steps.zero_grad(); loss.backward(); steps.step()
    last = loss.item()
    first = last if first is None else first
print("devices", torch.cuda.device_count(), torch.cuda.get_device_name(0))
print("loss from", first, "to", last)
assert last < first
"""


class Wrong(Exception):
    pass


def expect(truth, what):
    if not truth:
        raise Wrong(what)


def smi(query, *more):
    out = subprocess.run(["nvidia-smi", f"--query-gpu={query}", "--format=csv,noheader,nounits", *more], check=True,
                         capture_output=True, text=True).stdout
    return [[cell.strip() for cell in line.split(",")] for line in out.strip().splitlines()]


class Readings(threading.Thread):
    """Power and use of one GPU as nvidia-smi says them, again and again."""

    def __init__(self, uuid):
        super().__init__(daemon=True)
        self.uuid, self.points, self.over = uuid, [], threading.Event()

    def run(self):
        while not self.over.is_set():
            power, use = smi("power.draw,utilization.gpu", f"--id={self.uuid}")[0]
            self.points.append((time.time(), float(power), float(use)))
            self.over.wait(BETWEEN_READINGS_S)

    def between(self, begin, end):
        """Joules, and the mean use, of that time: the area below the points."""
        joules = used = 0.0
        for (t0, p0, u0), (t1, p1, u1) in zip(self.points, self.points[1:]):
            span = min(t1, end) - max(t0, begin)
            if span > 0:
                joules += (p0 + p1) / 2 * span
                used += (u0 + u1) / 2 * span
        return joules, used / (end - begin)


def is_listed(gang):
    """GPUs, their memory and their names are those that nvidia-smi lists."""
    nodes = json.loads(gang("nodes", "--json"))
    found = {d["uid"]: d for n in nodes for d in n["node"]["devices"] if d["uid"].startswith("GPU-")}
    listed = smi("uuid,name,memory.total,pci.bus_id")
    expect({row[0] for row in listed} == set(found), f"nvidia-smi lists {listed}, gang {sorted(found)}")
    for uuid, name, memory, _ in listed:
        expect(found[uuid]["model"] in name or name in found[uuid]["model"], f"{found[uuid]['model']} is not {name}")
        expect(abs(found[uuid]["memory"] / 2**20 - float(memory)) < 1024, f"{found[uuid]['memory']} is not {memory} MiB")
    return f"{len(found)} GPU(s): " + "; ".join(f"{row[1]}, {row[2]} MiB" for row in listed)


def measures_what_nvidia_smi_reads(gang, folder):
    """Energy and use of a gang of one rank that trains, within 5 % of nvidia-smi's."""
    if subprocess.run([sys.executable, "-c", "import torch"], capture_output=True).returncode != 0:
        return "skipped: PyTorch is not here"
    (folder / "train.py").write_text(TRAIN)
    uuid = smi("uuid")[0][0]
    readings = Readings(uuid)
    readings.start()
    job = gang("submit", "-q", "--gpus", "1", "--dir", str(folder), "--", sys.executable, "train.py").strip()
    gang("wait", job)
    time.sleep(3)  # for a reading after its end
    readings.over.set()
    readings.join()
    view = json.loads(gang("show", f"{job}.0", "--json"))
    view = view.get("gang", view)
    begin, end = view["started"] / 1e6, view["ended"] / 1e6
    joules, use = readings.between(begin, end)
    energy, busy = view["energy"], view["busy_percent"]
    told = f"energy {energy:.0f} J, nvidia-smi {joules:.0f} J; busy {busy:.1f} %, nvidia-smi {use:.1f} %"
    expect(abs(energy - joules) <= AGREES_WITHIN * joules, told)
    expect(abs(busy - use) <= AGREES_WITHIN * max(use, 1), told)
    return told + "; " + gang("logs", job).strip().replace("\n", "; ")


def is_recorded(gang, file):
    """A recording, for the fake that is to behave so."""
    gang("record", "-o", str(file))
    driver = smi("driver_version")[0][0]
    return f"{file} ({file.stat().st_size} bytes), driver {driver}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--gang", required=True)
    parser.add_argument("--record", type=pathlib.Path)
    options = parser.parse_args()
    if shutil.which("nvidia-smi") is None or not smi("uuid"):
        print("skipped: there is no nvidia-smi, or no GPU that it lists")
        return SKIPPED
    failed = 0
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        env = {**os.environ, "GANGLINE_STATE": str(folder / "state")}

        def gang(*words):
            done = subprocess.run([options.gang, *words], env=env, capture_output=True, text=True, timeout=200)
            if done.returncode != 0:
                raise Wrong(f"gang {' '.join(words)} ended with {done.returncode}: {done.stderr}")
            return done.stdout

        try:
            for check, arguments in ((is_listed, [gang]), (measures_what_nvidia_smi_reads, [gang, folder]),
                                     (is_recorded, [gang, (options.record or folder / "machine.rec").resolve()])):
                try:
                    print("ok  ", check.__name__.replace("_", " ") + ":", check(*arguments), flush=True)
                except (Wrong, KeyError, TypeError, subprocess.SubprocessError) as error:
                    failed += 1
                    print("FAIL", check.__name__.replace("_", " ") + ":", repr(error), flush=True)
        finally:
            subprocess.run([options.gang, "daemon", "stop"], env=env, capture_output=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
