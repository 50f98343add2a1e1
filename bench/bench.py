#!/usr/bin/env python3
"""./dev bench: what Gangline costs, as ratios to rivals and physical limits measured in the same run.

usage: bench/bench.py PATH_TO_GANG [NAME...]      names: sweep run submit memory jobs schedule build papers package shared slurm web serve
"""
import json
import os
import pathlib
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

from papers_bench import bench_papers
from schedule_bench import bench_schedule
from shared_bench import bench_shared
from serve_bench import bench_serve
from slurm_bench import bench_slurm
from web_bench import bench_web

ROOT = pathlib.Path(__file__).resolve().parent.parent
SWEEP = int(os.environ.get("BENCH_SWEEP", "10000"))
IN_FLIGHT = os.cpu_count() or 1


class Machine:
    """A private Gangline: its own state, its own service, gone at the end."""

    def __init__(self, gang):
        self.gang = gang
        self.folder = tempfile.mkdtemp(prefix="gangline-bench-", dir=ROOT / "build")
        self.env = {k: v for k, v in os.environ.items() if not k.startswith("GANGLINE")}
        self.env["GANGLINE_STATE"] = self.folder + "/state"

    def __enter__(self):
        self("daemon", "start", "--stay")
        return self

    def __exit__(self, *_):
        self("daemon", "stop")
        shutil.rmtree(self.folder, ignore_errors=True)

    def __call__(self, *words):
        run = subprocess.run([self.gang, *words], env=self.env, capture_output=True, text=True)
        if run.returncode != 0:
            raise SystemExit(f"gang {' '.join(words)} ended with {run.returncode}: {run.stderr}")
        return run.stdout

    def pid(self):
        return json.loads(self("daemon", "status", "--json"))["pid"]


def compile_c(name, *flags):
    out = ROOT / "build" / name
    subprocess.run(["cc", "-O2", "-o", out, ROOT / "bench" / f"{name}.c", *flags], check=True)
    return str(out)


def seconds(call):
    begin = time.perf_counter()
    call()
    return time.perf_counter() - begin


def quiet(command, shell=False, **more):
    subprocess.run(command, shell=shell, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **more)


def row(what, value, bar, met):
    print(f"  {what:<58} {value:<26} {bar:<28} {'reached' if met else 'NOT REACHED'}", flush=True)


def task_spooler(count):
    """Seconds for `count` jobs of `true`, IN_FLIGHT at a time, on a task-spooler of our own."""
    folder = tempfile.mkdtemp(prefix="ts-")
    env = {**os.environ, "TS_SOCKET": folder + "/socket", "TS_MAXFINISHED": str(count), "TMPDIR": folder}
    quiet(["tsp", "-S", str(IN_FLIGHT)], env=env)
    try:
        def all_of_them():
            for _ in range(count):
                quiet(["tsp", "-n", "true"], env=env)
            quiet(["tsp", "-w"], env=env)
        return seconds(all_of_them)
    finally:
        quiet(["tsp", "-K"], env=env)
        shutil.rmtree(folder, ignore_errors=True)


def bench_sweep(gang):
    print(f"a sweep of {SWEEP} gangs of `true`, durable, {IN_FLIGHT} at a time")
    floor_program = compile_c("spawn_floor")
    rates = {}
    with Machine(gang) as machine:
        times, floors = [], []
        for _ in range(3):
            floors.append(seconds(lambda: quiet([floor_program, str(SWEEP), str(IN_FLIGHT), "/bin/true"])))
            times.append(seconds(lambda: machine("run", "-q", "--sweep", f"i=1..{SWEEP}", "--", "/bin/true")))
    rates["floor"] = SWEEP / statistics.median(floors)
    rates["gang"] = SWEEP / statistics.median(times)
    numbers = "\n".join(str(i) for i in range(SWEEP)) + "\n"
    with tempfile.TemporaryDirectory() as folder:
        makefile = pathlib.Path(folder) / "Makefile"
        names = " ".join(f"t{i}" for i in range(SWEEP))
        makefile.write_text(f"all: {names}\n{names}:\n\t@/bin/true\n.PHONY: all {names}\n")
        rates["make"] = SWEEP / seconds(lambda: quiet(["make", f"-j{IN_FLIGHT}", "-f", makefile]))
    rates["xargs"] = SWEEP / seconds(lambda: quiet(["xargs", f"-P{IN_FLIGHT}", "-n1", "/bin/true"], input=numbers.encode()))
    few = max(200, SWEEP // 10)
    rates["task-spooler"] = few / task_spooler(few)
    some = "\n".join(str(i) for i in range(few)) + "\n"
    rates["parallel"] = few / seconds(lambda: quiet(["parallel", f"-j{IN_FLIGHT}", "-n1", "/bin/true"], input=some.encode()))
    print("  rate a second: " + ", ".join(f"{k} {v:.0f}" for k, v in rates.items()))
    for rival, least, aim in (("floor", 0.5, "aim 0.8"), ("task-spooler", 1.5, ""), ("parallel", 4, ""),
                              ("xargs", 1.0, "an aim"), ("make", 1.0, "an aim")):
        ratio = rates["gang"] / rates[rival]
        row(f"rate against {rival}", f"{ratio:.2f}", f"at least {least} {aim}", ratio >= least)


def median_ms(call, times=100):
    return statistics.median(seconds(call) for _ in range(times)) * 1000


def bench_run(gang):
    print("one job, from command to exit code, service up, median of 100")
    with Machine(gang) as machine:
        env = machine.env
        machine("run", "--", "true")
        ours = median_ms(lambda: quiet([gang, "run", "--", "true"], env=env))
        shell = median_ms(lambda: quiet(["sh", "-c", "true"]))
    row("`gang run -- true` beyond `sh -c true`", f"{ours - shell:.1f} ms ({ours:.1f} - {shell:.1f})", "at most 10 ms more", ours - shell <= 10)


def bench_submit(gang):
    print("a submit, answered when it is on disk")
    floor = compile_c("commit_floor", "-lsqlite3", "-lpthread", "-ldl", "-lm")
    with Machine(gang) as machine:
        # Jobs that wait, so that nothing but the submit happens: they come after one that runs.
        holder = machine("submit", "-q", "--name", "holder", "--", "sleep", "600").strip()
        bare = float(subprocess.run([floor, machine.folder + "/floor.db", "300"], capture_output=True, text=True, check=True).stdout)
        client = compile_c("submit_latency")
        out = subprocess.run([client, machine.env["GANGLINE_STATE"] + "/run/service.sock", holder, "300"],
                             capture_output=True, text=True, check=True).stdout
        ours = float(out)
        machine("stop", "--now", holder)
    ratio = ours / bare
    row("submit against a bare commit", f"{ratio:.2f} ({ours:.0f} / {bare:.0f} us)", "at most 2", ratio <= 2)


def resident_mb(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def bench_memory(gang):
    ended, waiting = 10 * SWEEP, SWEEP
    print(f"a service with {ended} ended and {waiting} waiting gangs")
    with Machine(gang) as machine:
        machine("run", "-q", "--sweep", f"i=1..{ended}", "--", "/bin/true")
        machine("submit", "-q", "--cpus", str(IN_FLIGHT), "--name", "holder", "--", "sleep", "600")
        machine("submit", "-q", "--sweep", f"i=1..{waiting}", "--", "/bin/true")
        pid = machine.pid()
        memory = resident_mb(pid)
        row("memory of the service", f"{memory:.0f} MB", "under 200 MB", memory < 200)
        begin = cpu_seconds(pid)
        time.sleep(10)
        share = (cpu_seconds(pid) - begin) / 10 * 100
        row("CPU of the idle service", f"{share:.2f} % of a core", "under 0.5 %", share < 0.5)
        listing = median_ms(lambda: quiet([gang, "list"], env=machine.env), 50)
        row(f"`gang list` with {ended + waiting} gangs in the store", f"{listing:.1f} ms", "under 50 ms", listing < 50)
        machine("stop", "--now", "holder")


def submit_many(path, count, spec):
    """Hands in the same job `count` times over one connection to the service's socket."""
    body = json.dumps(spec).encode()
    request = b"POST /v1/jobs HTTP/1.1\r\nHost: bench\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    with socket.socket(socket.AF_UNIX) as service:
        service.connect(path)
        for _ in range(count):
            service.sendall(request)
            answer = service.recv(4096)
            if not answer.startswith(b"HTTP/1.1 200"):
                raise SystemExit(f"a submit was refused: {answer.decode()}")


def wait_for_all(machine):
    """Until every gang has ended, asked in a way that is no load."""
    while True:
        status = json.loads(machine("daemon", "status", "--json"))
        if status["waiting"] + status["running"] == 0:
            return
        time.sleep(0.2)


def bench_jobs(gang):
    print(f"{SWEEP} jobs of one gang each, with 4 KiB of environment")
    environment = [[f"BENCH_VARIABLE_{i}", "x" * 48] for i in range(64)]
    spec = {"name": "many", "command": {"shell": False, "words": ["/bin/true"]}, "dir": "/", "inherited": environment}
    with Machine(gang) as machine:
        machine("run", "-q", "--sweep", f"i=1..{SWEEP}", "--", "/bin/true")  # warm
        sweep = SWEEP / seconds(lambda: machine("run", "-q", "--sweep", f"i=1..{SWEEP}", "--", "/bin/true"))
        pid = machine.pid()
        before = resident_mb(pid)
        machine("submit", "-q", "--cpus", str(IN_FLIGHT), "--name", "holder", "--", "sleep", "3600")
        handed_in = seconds(lambda: submit_many(machine.env["GANGLINE_STATE"] + "/run/service.sock", SWEEP, spec))
        memory = resident_mb(pid)
        row("memory of the service while they wait", f"{memory:.0f} MB ({before:.0f} before)", "under 200 MB", memory < 200)
        begin = cpu_seconds(pid)
        time.sleep(10)
        share = (cpu_seconds(pid) - begin) / 10 * 100
        row("CPU of the service while they wait", f"{share:.2f} % of a core", "under 0.5 %", share < 0.5)
        begin = cpu_seconds(pid)
        machine("stop", "--now", "holder")
        rate = SWEEP / seconds(lambda: wait_for_all(machine))
        each = (cpu_seconds(pid) - begin) / SWEEP * 1e6
        print(f"  a second: {SWEEP / handed_in:.0f} handed in, {rate:.0f} run; a sweep's gangs {sweep:.0f}; the service's CPU {each:.0f} us a job")
        row("rate of jobs against gangs of a sweep", f"{rate / sweep:.2f}", "at least 0.5", rate / sweep >= 0.5)


def bench_build(_):
    print("building, without a compiler cache")
    folder = tempfile.mkdtemp(prefix="gangline-build-")
    env = {**os.environ, "CCACHE_DISABLE": "1"}
    try:
        quiet(["cmake", "-S", ROOT, "-B", folder, "-G", "Ninja", "-DGANGLINE_TESTS=OFF"])
        whole = seconds(lambda: quiet(["ninja", "-C", folder, "gang"], env=env))
        row(f"clean build on {os.cpu_count()} cores", f"{whole:.0f} s", "under 300 s", whole < 300)
        slowest = 0.0
        for source in ("src/control/cycle.cpp", "src/schedule/make_plan.cpp", "src/cli/parse.cpp", "src/json/view_json.cpp"):
            os.utime(ROOT / source)
            slowest = max(slowest, seconds(lambda: quiet(["ninja", "-C", folder, "gang"], env=env)))
        row("rebuild after a change in one source, the slowest of 4", f"{slowest:.1f} s", "under 15 s", slowest < 15)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def bench_package(gang):
    print("the one file that people install, stripped; its start is the median of 100")
    with tempfile.TemporaryDirectory(dir=ROOT / "build") as folder:
        one_file = f"{folder}/gang"
        subprocess.run(["strip", "-o", one_file, gang], check=True)
        start = median_ms(lambda: quiet([one_file, "--version"]))
        size = os.path.getsize(one_file) / 1e6
    row("start (`gang --version`)", f"{start:.1f} ms", "under 10 ms", start < 10)
    row("size", f"{size:.1f} MB", "under 20 MB", size < 20)


BENCHES = {"sweep": bench_sweep, "run": bench_run, "submit": bench_submit, "memory": bench_memory, "jobs": bench_jobs,
           "schedule": lambda _: bench_schedule(row), "build": bench_build,
           "papers": lambda _: bench_papers(), "package": bench_package,
           "shared": lambda gang: bench_shared(gang, Machine, row), "slurm": lambda gang: bench_slurm(gang, row), "web": bench_web,
           "serve": lambda gang: bench_serve(gang, row)}


def main():
    gang = str(pathlib.Path(sys.argv[1]).resolve())
    names = sys.argv[2:] or list(BENCHES)
    for name in names:
        if name not in BENCHES:
            raise SystemExit(f"there is no bench '{name}'; there are: {', '.join(BENCHES)}")
        BENCHES[name](gang)


if __name__ == "__main__":
    main()
