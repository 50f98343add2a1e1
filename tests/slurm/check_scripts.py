#!/usr/bin/env python3
"""check_scripts.py: each key of the job file, tried on a real Slurm: Gangline says exact, near or impossible of it, the script is
sent, and Slurm has of the job what the script was to say. As root, with Debian's packages of Slurm; elsewhere it is skipped.

--script-for PROGRAM: script_for, as built here
--only WORD: checks with that word in their names, alone
"""
import argparse
import pathlib
import shlex
import signal
import subprocess
import sys
import tempfile

import cluster as slurm

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "documents"))
import check_reference
from check_cluster import SKIPPED, attempt, expect
from cluster import Cluster, until

HERE = pathlib.Path(__file__).resolve().parent
# By a check of its own here, or by a file that sends it through `gang`.
TRIED_ELSEWHERE = {"sweep": ("check_scripts.py", "[sweep]"), "lossy": ("check_scripts.py", "lossy = true"), "pilot": ("check_pilot.py", '"--pilot"')}
MOST_ELEMENTS = 5
PATIENCE_S = 60.0
PROGRAM = "/srv/gang"  # stands for gang: it says how it was called and what it got
STAND_IN = """#!/bin/bash
printf '%s|' "$SLURM_JOB_ID" "${SLURM_ARRAY_TASK_ID:-none}" "$PWD" "$@"; echo
"""
COMMAND = 'command = "true"\n'

# Each: what it shows, the job file, what is said of its keys, and what Slurm then has of it ("key=value" as scontrol prints it).
# None: Slurm itself refuses what was said to be impossible.
CASES = [
    ("whole GPUs of a model", 'tasks = 3\ngpus = 1\nmodel = "H100"\ngpu_memory = "60G"\ndevice = "nvidia"\n',
     {"tasks": "near", "gpus": "exact", "model": "near", "gpu_memory": "near", "device": "near"},
     ["NumTasks=3", "TresPerTask=gres:gpu:h100:1"]),
    ("any GPUs", "gpus = 2\n", {"gpus": "exact"}, ["TresPerTask=gres:gpu:2", "NumNodes=1"]),
    ("a share of a GPU", "gpus = 0.5\n", {"gpus": "impossible"}, ["TresPerTask=gres:gpu:1"]),
    ("more GPUs than a node has", "gpus = 9\n", {"gpus": "impossible"}, None),
    ("a model that is not there", 'gpus = 1\nmodel = "A100"\n', {"gpus": "exact", "model": "impossible"}, ["TresPerTask=gres:gpu:1"]),
    ("memory that no GPU is known to have", 'gpus = 1\ngpu_memory = "100G"\n', {"gpu_memory": "impossible"}, ["TresPerTask=gres:gpu:1"]),
    ("GPUs of another vendor", 'gpus = 1\ndevice = "amd"\n', {"device": "impossible"}, ["TresPerTask=gres:gpu:1"]),
    ("CPUs and memory of one task", 'cpus = 4\nmemory = "1G"\n', {"cpus": "exact", "memory": "exact"},
     ["CPUs/Task=4", "MinMemoryNode=1G", "NumNodes=1"]),
    ("memory of several tasks", 'tasks = 2\ncpus = 3\nmemory = "1G"\n', {"memory": "near"}, ["CPUs/Task=3", "MinMemoryCPU=342M"]),
    ("a time", 'time = "90s"\n', {"time": "near"}, ["TimeLimit=00:03:00"]),
    ("a time that the queue allows, without the grace", 'time = "10m"\nqueue = "short"\n', {"time": "near", "queue": "exact"},
     ["TimeLimit=00:10:00", "Partition=short"]),
    ("a time that the queue does not allow", 'time = "11m"\nqueue = "short"\n', {"time": "impossible"}, ["TimeLimit=00:10:00"]),
    ("no time in a queue that has one", 'queue = "short"\n', {"time": "near", "queue": "exact"}, ["TimeLimit=00:05:00"]),
    ("a queue that is not there", 'queue = "nope"\n', {"queue": "impossible"}, ["Partition=main"]),
    ("less priority", "priority = -5\n", {"priority": "near"}, ["Nice=5"]),
    ("more priority", "priority = 5\n", {"priority": "impossible"}, ["Nice=0"]),
    ("alternatives", 'any_of = [{ device = "fpga" }, { gpus = 1, model = "A100" }, { gpus = 2, model = "H100" }, { cpus = 2 }]\n',
     {"any_of": "near", "gpus": "exact"}, ["TresPerTask=gres:gpu:h100:2"]),
    ("what Gangline does itself",
     'dir = "/tmp"\nenv = { A = "b" }\nretries = 2\nretry_on = ["failure"]\nafter = ["1"]\nlog_limit = "1M"\nstop_signal = "USR1"\nnotify = "never"\n',
     dict.fromkeys(["name", "command", "dir", "env", "retries", "retry_on", "after", "log_limit", "stop_signal", "notify"],
                   "exact"),
     ["Requeue=0", "WorkDir=/\n"]),
    ("a grace longer than Slurm's", 'grace = "1m"\ncheckpoint = true\n', {"grace": "near", "checkpoint": "near"}, []),
    ("MPI", 'launcher = "mpi"\n', {"launcher": "near"}, []),
    ("MPS", "gpus = 1\nmps = true\n", {"mps": "impossible"}, ["TresPerTask=gres:gpu:1"]),
    ("a name with everything in it", "name = '''a \"b\" #SBATCH \\ $(id) `id` %j é'''\n", {"name": "exact"},
     ['JobName=a "b" #SBATCH \\ $(id) `id` %j é']),
    ("a gather", '[gather]\ncommand = "true"\n', {"gather": "exact"}, []),
    ("a split", '[split]\nfiles = "/etc/host*"\n', {"split": "exact"}, []),
]


class Bench:
    """A cluster with the stand-in for gang on it, and script_for with what scontrol says of that cluster."""

    def __init__(self, cluster, program, place):
        self.cluster, self.program, self.place = cluster, program, place
        self.sent = 0
        for name, words in (("config", ["config"]), ("partitions", ["partition", "-o"]), ("nodes", ["node", "-o"])):
            (place / name).write_text(cluster.must("anna", "scontrol", "show", *words))
        (place / "stand_in").write_text(STAND_IN)
        cluster.put(place / "stand_in", PROGRAM)

    def print_for(self, what, job, *words):
        (self.place / "job.toml").write_text(job)
        done = subprocess.run([self.program, what, self.place, self.place / "job.toml", *words], capture_output=True, text=True, check=False)
        expect(done.returncode == 0, done.stderr)
        return done.stdout

    def rows(self, job):
        return {key: (how, says) for key, how, says in (line.split("\t") for line in self.print_for("rows", job).splitlines())}

    def send(self, job, number=0):
        """What sbatch did with the part of this number, and where the job speaks; nothing where there is no such part."""
        self.sent += 1
        said = f"/home/anna/said-{self.sent}"
        script = self.print_for("script", job, PROGRAM, "/home/anna/it's here", f"{said}-%a", str(number))
        if not script:
            return None
        return self.cluster.run("anna", "sbatch", "--parsable", text=script, environment={"PATH": "/usr/bin:/bin"}), said


def await_end(cluster, job):
    until(f"job {job} has ended", PATIENCE_S,
          lambda: set(cluster.must("anna", "squeue", "-h", "-t", "all", "-j", job, "-o", "%T").split()) <= {"COMPLETED", "FAILED"})


def each_key_of_the_job_file_is_what_is_said_of_it(bench):
    said_of = {}
    for what, job, keys, has in CASES:
        rows = bench.rows(COMMAND + job)
        got = {key: rows.get(key, ("no row", ""))[0] for key in keys}
        expect(got == keys, f"{what}: {got} instead of {keys}")
        for key, how in keys.items():
            said_of.setdefault(key, set()).add(how)
        done, said = bench.send(COMMAND + job)
        if has is None:
            expect(done.code != 0, f"{what}: Slurm took it")
            continue
        expect(done.code == 0, f"{what}: {done.complaint}")
        number = done.said.strip()
        shown = bench.cluster.must("anna", "scontrol", "show", "job", number)
        for text in [*has, "Comment=tag"]:
            expect(text in shown, f"{what}: no {text} in {shown}")
        await_end(bench.cluster, number)
        files = bench.cluster.must("anna", "sh", "-c", f"cat {said}-*").splitlines()
        expect(all(line.split("|")[2:] == ["/", "internal-slurm-gang", "/home/anna/it's here", ""] for line in files) and files,
               f"{what}: called as {files}")
    table = check_reference.first_cells(check_reference.section("slurm.md", "## What Slurm does of a job file"))
    keys = check_reference.keys_in_source("job_file.cpp", "job_keys")
    expect(table == keys, f"keys of the job file without a row: {keys - table}; rows of no key: {table - keys}")
    untried = keys - set(said_of) - set(TRIED_ELSEWHERE)
    expect(not untried, f"not tried: {untried}")
    for key, (where, how) in TRIED_ELSEWHERE.items():
        expect(how in (HERE / where).read_text(), f"{key} is not tried in {where}")
    print(f"     {len(CASES)} job files, {len(table)} keys, {len(TRIED_ELSEWHERE)} of them in {', '.join(w for w, _ in TRIED_ELSEWHERE.values())}",
          flush=True)


def a_sweep_is_cut_into_arrays_whose_elements_are_all_gangs(bench):
    job = COMMAND + '[sweep]\nn = "1..12"\n'
    expect(bench.rows(job)["sweep"] == ("exact", f"3 arrays of at most {MOST_ELEMENTS}"), bench.rows(job))
    elements = []
    for part in range(4):
        sent = bench.send(job, part)
        if sent is None:
            break
        done, said = sent
        expect(done.code == 0, done.complaint)
        await_end(bench.cluster, done.said.strip())
        lines = bench.cluster.must("anna", "sh", "-c", f"cat {said}-*").splitlines()
        elements.append(sorted(int(line.split("|")[1]) for line in lines))
    expect(elements == [[0, 1, 2, 3, 4], [0, 1, 2, 3, 4], [0, 1]], elements)


def srun_starts_the_same_at_once_and_squeue_tells_of_it(bench):
    until("nobody waits", PATIENCE_S, lambda: not bench.cluster.must("root", "squeue", "-h").strip())
    call = bench.print_for("srun", COMMAND + 'gpus = 2\nmodel = "H100"\nmemory = "1G"\ntime = "90s"\n', PROGRAM, "/home/anna/srun",
                           "/home/anna/said-srun-%a")
    bench.cluster.must("anna", *shlex.split(call), environment={"PATH": "/usr/bin:/bin"})
    line = bench.cluster.must("anna", "cat", "/home/anna/said-srun-0").split("|")
    expect(line[1:5] == ["none", "/", "internal-slurm-gang", "/home/anna/srun"], line)
    shown = bench.cluster.must("anna", "scontrol", "show", "job", line[0])
    for text in ("TresPerTask=gres:gpu:h100:2", "MinMemoryNode=1G", "TimeLimit=00:03:00", "Comment=tag"):
        expect(text in shown, f"no {text} in {shown}")
    squeue = subprocess.run([bench.program, "squeue"], capture_output=True, text=True, check=True).stdout
    answer = bench.cluster.must("anna", *shlex.split(squeue), environment={"PATH": "/usr/bin:/bin", "TZ": "UTC", "SLURM_BITSTR_LEN": "0"})
    seen = subprocess.run([bench.program, "seen"], input=answer, capture_output=True, text=True, check=True).stdout.splitlines()
    expect(len(seen) == len(answer.splitlines()) - 1, f"{answer} is read as {seen}")
    expect(f"{line[0]} COMPLETED tag" in seen, seen)


def lossy_leaves_out_what_is_impossible_and_no_more(bench):
    job = 'gpus = 1\nmps = true\nmodel = "A100"\npriority = 7\nmemory = "1G"\n'
    refused = bench.print_for("refusal", COMMAND + job)
    for key in ("mps", "model", "priority"):
        expect(f"{key} (" in refused, refused)
    expect("memory" not in refused and "--lossy sends it without that" in refused, refused)
    expect(bench.print_for("refusal", COMMAND + job + "lossy = true\n") == "", "it goes without them")
    done, _ = bench.send(COMMAND + job + "lossy = true\n")
    shown = bench.cluster.must("anna", "scontrol", "show", "job", done.said.strip())
    for text in ("TresPerTask=gres:gpu:1\n", "Nice=0", "MinMemoryNode=1G"):
        expect(text in shown, f"no {text} in {shown}")
    await_end(bench.cluster, done.said.strip())


CHECKS = [each_key_of_the_job_file_is_what_is_said_of_it, a_sweep_is_cut_into_arrays_whose_elements_are_all_gangs,
          lossy_leaves_out_what_is_impossible_and_no_more,
          srun_starts_the_same_at_once_and_squeue_tells_of_it]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--script-for", required=True)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    if why := slurm.unavailable(accounting=False, rest=False):
        print(f"skipped: {why}")
        return SKIPPED
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    extra = [f"MaxArraySize={MOST_ELEMENTS}", "PartitionName=short Nodes=ALL MaxTime=10 DefaultTime=5"]
    with tempfile.TemporaryDirectory() as place, Cluster(nodes=2, accounting=False, rest=False, extra=extra) as cluster:
        bench = Bench(cluster, options.script_for, pathlib.Path(place))
        chosen = [check for check in CHECKS if options.only.replace(" ", "_") in check.__name__]
        results = [attempt(check, bench) for check in chosen]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
