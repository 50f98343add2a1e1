"""How fast plans are made, and how that grows with the size of the world."""
import json
import math
import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent


def line_of(program, *words):
    return json.loads(subprocess.run([str(w) for w in (ROOT / "build" / program, *words)], check=True, capture_output=True, text=True).stdout)


def measure(nodes, waiting, shapes, next_plans=0, a_rack=0):
    return line_of("plan_speed", nodes, waiting, shapes, next_plans, a_rack)


def exponent(points):
    """Of the line through (log x, log y) with the least squares."""
    xs = [math.log(x) for x, _ in points]
    ys = [math.log(y) for _, y in points]
    mean_x, mean_y = sum(xs) / len(xs), sum(ys) / len(ys)
    above = sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys))
    return above / sum((x - mean_x) ** 2 for x in xs)


def bench_histories(row):
    """Whole histories through the cycle: the experiment of FGD, and many jobs on many GPUs."""
    openb = pathlib.Path(os.environ.get("GANGLINE_DATA", ROOT / ".." / "shared" / "data")) / "openb"
    folder = [openb] if openb.is_dir() else []
    print(f"10,866 pods arrive on 1,213 nodes with GPUs, {'the public trace openb' if folder else 'a made-up world, for openb is not here'}")
    for policy in ("fgd", "gang"):
        runs = [line_of("fgd_speed", policy, *folder) for _ in range(3)]
        taken, memory = min(run["user_s"] for run in runs), max(run["peak_mb"] for run in runs)
        row(f"one run under {policy}: CPU", f"{taken:.3f} s", "under 0.2 s", taken < 0.2)
        row(f"one run under {policy}: memory", f"{memory:.0f} MB", "under 50 MB", memory < 50)
    trace = line_of("trace_speed", 1_000_000, 1_250)
    print(f"1,000,000 jobs on 10,000 GPUs, easy: {trace['waited']:,} of them wait, {trace['mean_wait_s']:.0f} s in the mean of all")
    row("end to end", f"{trace['seconds']:.1f} s", "under 60 s", trace["seconds"] < 60)
    row("end to end: memory", f"{trace['peak_mib']} MiB", "under 2048 MiB", trace["peak_mib"] < 2048)


def bench_schedule(row):
    subprocess.run(["ninja", "-C", ROOT / "build", "plan_speed", "fgd_speed", "trace_speed"], check=True, stdout=subprocess.DEVNULL)
    bench_histories(row)
    print("a plan from nothing, half of all GPUs busy, 1,000 shapes, easy, closeness on; and the next ones, each after one end")
    for nodes, waiting, next_plans, plan_bar, middle_bar, worst_bar, mib_bar, a_rack in (
            (10_000, 100_000, 1_000, 1.0, 1.0, 10.0, 1024, 0), (10_000, 100_000, 1_000, 1.0, 1.0, 10.0, 1024, 16),
            (125_000, 1_000_000, 300, 15.0, 10.0, 10.0, None, 0), (125_000, 1_000_000, 300, 15.0, 10.0, 10.0, None, 16)):
        now = measure(nodes, waiting, 1_000, next_plans, a_rack)
        size = f"{nodes * 8:,} GPUs, {waiting:,} waiting" + (f", {a_rack} nodes a rack" if a_rack else "")
        row(f"{size}: from nothing", f"{now['plan_s']:.2f} s", f"under {plan_bar:g} s", now["plan_s"] < plan_bar)
        row(f"{size}: next plan, median", f"{now['next_median_ms']:.2f} ms", f"under {middle_bar:g} ms", now["next_median_ms"] < middle_bar)
        row(f"{size}: next plan, 99 of 100", f"{now['next_p99_ms']:.2f} ms", f"under {worst_bar:g} ms", now["next_p99_ms"] < worst_bar)
        memory = f"{now['peak_mib']:.0f} MiB, {now['world_mib']:.0f} of it the world"
        row(f"{size}: memory", memory, f"under {mib_bar} MiB" if mib_bar else "", not mib_bar or now["peak_mib"] < mib_bar)
        print(f"    {now['starts']:,} start in the first plan; reasons for {now['waits']:,} that wait: {now['reasons_s']:.2f} s")
    print("how a plan from nothing grows: the exponent of its time")
    most = 1.1
    for what, sizes in (("nodes", [(n, 100_000, 1_000) for n in (5_000, 10_000, 20_000, 40_000)]),
                        ("waiting", [(10_000, n, 1_000) for n in (50_000, 100_000, 200_000, 400_000)]),
                        ("shapes", [(10_000, 100_000, n) for n in (500, 1_000, 2_000, 4_000)])):
        place = ("nodes", "waiting", "shapes").index(what)
        grown = exponent([(size[place], measure(*size)["plan_s"]) for size in sizes])
        row(f"with {what} from {sizes[0][place]:,} to {sizes[-1][place]:,}", f"{grown:.2f}", f"at most {most}", grown <= most)
