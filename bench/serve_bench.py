"""What it costs to be seen: ./dev bench serve. Lists beside nginx, streams beside the rate of launching, `gang top`."""
import json
import os
import pathlib
import re
import resource
import shutil
import signal
import socket
import sqlite3
import statistics
import subprocess
import tempfile
import time
import urllib.request

from web_bench import bench_web

ROOT = pathlib.Path(__file__).resolve().parent.parent
JOBS = int(os.environ.get("BENCH_JOBS_STORED", "100000"))
STREAMS = int(os.environ.get("BENCH_STREAMS", "1000"))
GANGS = int(os.environ.get("BENCH_STREAM_GANGS", "10000"))
CONNECTIONS = 50
WRK_S = int(os.environ.get("BENCH_WRK_S", "8"))
ROUNDS = 5
SECONDS_OF_A_PAGE = 12
PATIENCE_S = 120


class Served:
    """A service with a gateway before it, on a state directory of their own."""

    def __init__(self, gang):
        self.gang = gang
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="gangline-bench-", dir=ROOT / "build"))
        self.env = {k: v for k, v in os.environ.items() if not k.startswith("GANGLINE")}
        self.env |= {"GANGLINE_STATE": str(self.folder / "state"), "GANGLINE_NVML": "none"}
        self.process = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(PATIENCE_S)
        self("daemon", "stop")
        shutil.rmtree(self.folder, ignore_errors=True)

    def __call__(self, *words):
        run = subprocess.run([self.gang, *words], env=self.env, capture_output=True, text=True)
        if run.returncode != 0:
            raise SystemExit(f"gang {' '.join(words)} ended with {run.returncode}: {run.stderr}")
        return run.stdout

    def serve(self):
        self("daemon", "start", "--stay")
        self.process = subprocess.Popen([self.gang, "serve", "--port", "0", "--json"], env=self.env, text=True,
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        told = json.loads(self.process.stdout.readline())
        self.address, self.token = told["address"].rstrip("/"), told["token"]

    def get(self, target):
        asked = urllib.request.Request(self.address + target, headers={"Authorization": "Bearer " + self.token})
        with urllib.request.urlopen(asked, timeout=PATIENCE_S) as answer:
            return answer.read()

    def megabytes(self, pid):
        for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1]) / 1024
        return 0


def store_many_jobs(served):
    """One real job, and its row again under other numbers."""
    served("run", "-q", "--name", "train", "--", "true")
    served("daemon", "stop")
    database = sqlite3.connect(served.folder / "state" / "gangline.db")
    columns = [c[1] for c in database.execute("PRAGMA table_info(job)")]
    kept = dict(zip(columns, database.execute("SELECT * FROM job").fetchone()))
    summary = json.loads(kept["summary"])
    rows = []
    for number in range(kept["id"] + 1, JOBS + 1):
        rows.append([{"id": number, "summary": json.dumps(summary | {"id": number}, separators=(",", ":"))}.get(c, kept[c])
                     for c in columns])
    with database:
        database.executemany(f"INSERT INTO job ({','.join(columns)}) VALUES ({','.join('?' * len(columns))})", rows)
    database.close()


class Nginx:
    """The distribution's nginx as it comes: a worker for each core, sendfile, and no log."""

    def __init__(self, folder, port):
        self.folder = folder
        (folder / "nginx.conf").write_text(
            f"worker_processes auto; pid {folder}/nginx.pid; error_log {folder}/nginx.err; user root;\n"
            "events { worker_connections 768; }\n"
            "http { sendfile on; tcp_nopush on; keepalive_requests 100000000; access_log off;\n"
            f"  server {{ listen 127.0.0.1:{port}; root {folder}; default_type application/json; }} }}\n")
        subprocess.run(["nginx", "-c", folder / "nginx.conf"], check=True, stderr=subprocess.DEVNULL)

    def stop(self):
        subprocess.run(["nginx", "-c", self.folder / "nginx.conf", "-s", "stop"], check=True, stderr=subprocess.DEVNULL)


def load(url, *headers):
    """Requests a second and the 99th percentile in ms, by wrk."""
    words = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{WRK_S}s", "--latency", url]
    for header in headers:
        words += ["-H", header]
    said = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    if "Non-2xx" in said or "Socket errors" in said:
        raise SystemExit(f"wrk had answers that are errors:\n{said}")
    rate = float(next(line.split()[1] for line in said.splitlines() if line.startswith("Requests/sec")))
    p99 = next(line.split()[1] for line in said.splitlines() if line.strip().startswith("99%"))
    number = float(p99.rstrip("mus"))
    return rate, number / 1000 if p99.endswith("us") else number if p99.endswith("ms") else number * 1000


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def bench_list(gang, row):
    print(f"== serve: GET /v1/jobs?limit=100&all with {JOBS:,} jobs stored, {CONNECTIONS} connections")
    with Served(gang) as served:
        store_many_jobs(served)
        served.serve()
        target = "/v1/jobs?limit=100&all"
        body = served.get(target)
        if len(json.loads(body)) != 100:
            raise SystemExit("the list has not 100 jobs")
        folder = served.folder / "static"
        folder.mkdir()
        (folder / "jobs.json").write_bytes(body)
        port = free_port()
        nginx = Nginx(folder, port)
        rates, worst = {"gang": [], "nginx": []}, 0
        try:
            for _ in range(ROUNDS):
                rates["nginx"].append(load(f"http://127.0.0.1:{port}/jobs.json")[0])
                rate, p99 = load(served.address + target, "Authorization: Bearer " + served.token)
                rates["gang"].append(rate)
                worst = max(worst, p99)
        finally:
            nginx.stop()
    ours, theirs = statistics.median(rates["gang"]), statistics.median(rates["nginx"])
    row(f"beside nginx with a file of {len(body):,} bytes", f"{ours / theirs:.2f} ({ours:,.0f} / {theirs:,.0f} a s)",
        "at least 0.25", ours / theirs >= 0.25)
    row("99 of 100 answers, the worst of the rounds", f"within {worst:.1f} ms", "under 20 ms", worst < 20)


def readers_program():
    out = ROOT / "build" / "stream_readers"
    subprocess.run(["cc", "-O2", "-D_GNU_SOURCE", "-o", out, ROOT / "bench" / "stream_readers.c", "-lz"], check=True)
    return str(out)


def run_gangs(served):
    """Gangs a second of a sweep of `true`."""
    begin = time.perf_counter()
    served("run", "-q", "--sweep", f"i=1..{GANGS}", "--", "/bin/true")
    return GANGS / (time.perf_counter() - begin)


def newest_event(served):
    """Once nothing has happened for a while."""
    newest = None
    while True:
        before, newest = newest, json.loads(served.get("/v1/feed"))["newest"]
        if newest == before:
            return newest
        time.sleep(0.5)


def bench_streams(gang, row):
    print(f"== serve: {STREAMS:,} event streams while a sweep of {GANGS:,} gangs runs")
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    program = readers_program()
    alone, watched, said = [], [], []
    with Served(gang) as served:
        served.serve()
        run_gangs(served)
        for number in range(ROUNDS):
            alone.append(run_gangs(served))
            last = served.folder / f"last-{number}"
            port = served.address.rsplit(":", 1)[1]
            newest_event(served)
            readers = subprocess.Popen([program, port, served.token, str(STREAMS), last], stdout=subprocess.PIPE, text=True)
            if readers.stdout.readline() != "open\n":
                raise SystemExit("the streams did not open")
            watched.append(run_gangs(served))
            last.with_suffix(".new").write_text(str(newest_event(served)))
            last.with_suffix(".new").rename(last)
            said.append([int(n) for n in readers.communicate(timeout=PATIENCE_S)[0].split()])
        memory = served.megabytes(served.process.pid)
        service = json.loads(served("daemon", "status", "--json"))["pid"]
        memory_of_service = served.megabytes(service)
    whole = all(same == streams and events >= 2 * GANGS for streams, events, same, _, _ in said)
    row("streams that heard each event once, in order", f"{min(one[2] for one in said):,} of {STREAMS:,}, {said[0][1]:,} each",
        "all", whole)
    print(f"   packed {said[0][3] / 1e6:,.0f} MB to all of them, unpacked {said[0][4] / 1e6:,.0f} MB")
    row("memory of the gateway and of the service", f"{memory:.0f} and {memory_of_service:.0f} MB", "under 300 MB together",
        memory + memory_of_service < 300)
    ratio = statistics.median(watched) / statistics.median(alone)
    row("gangs a second with them, of those without",
        f"{ratio:.2f} ({statistics.median(watched):,.0f} / {statistics.median(alone):,.0f})", "at least 0.90", ratio >= 0.90)


def bench_top(gang, row):
    print("== serve: `gang top` in 80x24 on 1,000 devices that all change each second, and 10,000 gangs")
    subprocess.run(["ninja", "-C", ROOT / "build", "top_speed"], check=True, stdout=subprocess.DEVNULL)
    said = subprocess.run([ROOT / "build/top_speed", gang, str(SECONDS_OF_A_PAGE)], check=True, stdout=subprocess.PIPE, text=True).stdout
    pages = re.findall(r"^(.+?) +([\d.]+) % of a core", said, re.M)
    if not pages:
        raise SystemExit(f"`gang top` was not measured: {said}")
    page, most = max(pages, key=lambda one: float(one[1]))
    row(f"of a core, on the dearest of {len(pages)} pages ({page})", f"{most} %", "under 3 %", float(most) < 3)


def bench_serve(gang, row):
    bench_list(gang, row)
    bench_streams(gang, row)
    bench_web(gang)
    bench_top(gang, row)
