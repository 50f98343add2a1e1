"""./dev bench slurm: what Gangline costs on a real Slurm, beside Slurm's own programs, all on one pretended cluster in one run."""
import pathlib
import re
import statistics
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "slurm"))
import cluster as slurm  # noqa: E402

USER = "anna"
HOME = f"/home/{USER}"
ROUNDS = 11
SWEEP = 1_000
WATCHED = 10_000
WATCH_S = 20
# Counts each call that reaches slurmctld, and does it.
WRAPPER = """#!/bin/sh
echo "$(date +%s.%N) {0}" >> {1}/calls
exec /usr/bin/{0} "$@"
"""
PROGRAMS = ("sbatch", "srun", "squeue", "scancel", "scontrol", "sacct")


class Bench:
    def __init__(self, cluster, gang):
        self.cluster = cluster
        cluster.put(gang, "/srv/bin/gang")
        for program in PROGRAMS:
            cluster.must("root", "sh", "-c", f"mkdir -p /srv/count && cat > /srv/count/{program} && chmod 755 /srv/count/{program}",
                         text=WRAPPER.format(program, HOME))

    def run(self, script, count_calls=False):
        path = "/srv/count:" if count_calls else ""
        return self.cluster.must(USER, "bash", "-c", f"export GANGLINE_ON=slurm PATH={path}$PATH; cd; {script}", patience=300)

    def median_s(self, script):
        """Of rounds that the login host times itself: to reach it takes time of its own."""
        loop = f"for i in $(seq {ROUNDS}); do a=$(date +%s%N); {script} >/dev/null; b=$(date +%s%N); echo $((b - a)); done"
        return statistics.median(int(line) for line in self.run(loop).split()) / 1e9

    def once_s(self, script):
        return int(self.run(f"a=$(date +%s%N); {script} >/dev/null; b=$(date +%s%N); echo $((b - a))").split()[-1]) / 1e9

    def calls(self):
        return [line.split()[1] for line in self.run(f"cat {HOME}/calls 2>/dev/null; rm -f {HOME}/calls").splitlines()]


def one_command(bench, row):
    bench.run("gang daemon start --stay")
    srun, gang = bench.median_s("srun true"), bench.median_s("gang run -- true")
    row("`gang run --on slurm -- true` against `srun true`", f"{gang / srun:.2f}, +{gang - srun:.2f} s ({1e3 * gang:.0f} / {1e3 * srun:.0f} ms)",
        "at most 1.5, or 0.3 s more", gang <= 1.5 * srun or gang - srun <= 0.3)


def a_sweep(bench, row):
    bench.run("printf '#!/bin/sh\\n#SBATCH --output=/dev/null\\ntrue\\n' > array.sh")
    submit = f"{{ gang submit -q --sweep i=1..{SWEEP} -- true > job; }}"
    has_it = "until [ -n \"$(squeue -h)\" ]; do :; done"  # some of both is the time of squeue
    none_left = "while [ -n \"$(squeue -h)\" ]; do sleep 0.1; done"
    sbatch, seen, answered, handed = [], [], [], []
    for _ in range(5):
        sbatch.append(bench.once_s(f"sbatch --begin=now+1hour --array=0-{SWEEP - 1} array.sh"))
        bench.run(f"scancel --user=anna; {none_left}")
        seen.append(bench.once_s(f"sbatch --begin=now+1hour --array=0-{SWEEP - 1} array.sh; {has_it}"))
        bench.run(f"scancel --user=anna; {none_left}")
        answered.append(bench.once_s(submit))
        bench.run(f"sleep 0.5; gang stop -q $(cat job); {none_left}")
        handed.append(bench.once_s(f"{submit}; {has_it}"))
        bench.run(f"sleep 0.5; gang stop -q $(cat job); {none_left}")
    sbatch, seen, answered, handed = (1e3 * statistics.median(times) for times in (sbatch, seen, answered, handed))
    row(f"submitting a sweep of {SWEEP} against one `sbatch --array`", f"{answered / sbatch:.2f} ({answered:.1f} / {sbatch:.1f} ms)",
        "at most 1.2", answered <= 1.2 * sbatch)
    row("the same, both until squeue shows it", f"{handed / seen:.2f} ({handed:.1f} / {seen:.1f} ms)", "at most 1.2", handed <= 1.2 * seen)


def watching(bench, row):
    """As many gangs as ten arrays hold, which wait and do not end meanwhile."""
    bench.run("gang daemon stop -q; gang daemon start --stay", count_calls=True)
    bench.calls()
    bench.run(f"for i in $(seq {WATCHED // SWEEP}); do gang submit -q --time 1h --sweep i=1..{SWEEP} -- sleep 600; done", count_calls=True)
    time.sleep(5)  # what is measured begins when all are handed over
    sent = bench.calls()
    time.sleep(WATCH_S)
    calls = bench.calls()
    waiting = re.search(r"(\d+) run, (\d+) wait", bench.run("gang daemon status"))
    rate = len(calls) / WATCH_S
    row(f"calls of Slurm with {sum(map(int, waiting.groups()))} gangs watched", f"{rate:.2f} a second", "under 1 a second", rate < 1)
    row(f"calls to hand over {WATCHED} gangs as arrays of {SWEEP}", f"{sent.count('sbatch')} sbatch", f"{WATCHED // SWEEP}",
        sent.count("sbatch") <= WATCHED // SWEEP)
    bench.run("scancel --user=anna")


def short_gangs(bench, row):
    """The same 1,000 programs, each way, from the first word to the last end."""
    bench.run("scancel --user=anna; gang daemon stop -q; while [ -n \"$(squeue -h)\" ]; do sleep 0.1; done")
    until_none = "while [ -n \"$(squeue -h --name=short)\" ]; do sleep 0.05; done"
    array = bench.once_s(f"sbatch --job-name=short --array=0-{SWEEP - 1} array.sh; {until_none}")
    single = bench.once_s(f"for i in $(seq {SWEEP}); do sbatch --job-name=short array.sh; done; {until_none}")
    bench.run("gang pilot -q --nodes 4 --time 1h; gang run -q --pilot -- true")
    sweep = f"gang run -q %s --sweep i=1..{SWEEP} -- true"
    pilot = statistics.median(bench.once_s(sweep % "--pilot") for _ in range(3))
    bench.run("gang pilot -q --stop 1")
    local = statistics.median(bench.once_s("GANGLINE_ON=here " + sweep % "") for _ in range(3))
    row(f"{SWEEP} short gangs by pilot, against a Slurm array", f"{array / pilot:.0f} times its rate ({pilot:.2f} / {array:.1f} s)",
        "at least 20", array / pilot >= 20)
    row("the same against as many calls of sbatch", f"{single / pilot:.0f} times its rate ({single:.1f} s)", "-", True)
    row("the same against the local engine on the same cores", f"{local / pilot:.2f} ({local:.2f} s)", "at least 0.5", local / pilot >= 0.5)


def bench_slurm(gang, row):
    if why := slurm.unavailable(accounting=False, rest=False):
        print(f"slurm: left out: {why}")
        return
    print("on a pretended cluster of 4 nodes with 16 CPUs, with Slurm's usual timing")
    with slurm.Cluster(accounting=False, rest=False, fast=False, extra=("MaxJobCount=50000",)) as cluster:
        bench = Bench(cluster, gang)
        for part in (one_command, a_sweep, watching, short_gangs):
            part(bench, row)
