"""./dev bench shared: what it costs to look after a machine with many devices and many people on it."""
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
GPUS = 16
PROCESSES = 1000
FIRST_PID = 5_000_000  # beyond any real one
WINDOW_S = float(os.environ.get("BENCH_WINDOW", "20"))


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def pids():
    return range(FIRST_PID, FIRST_PID + PROCESSES)


def people(root):
    """Whose processes they are, in /proc and /etc/passwd below the root."""
    write(root / "etc/passwd", "".join(f"person{n}:x:{3000 + n}:100::/:/bin/sh\n" for n in range(40)))
    write(root / "proc/meminfo", "MemTotal:       1056763904 kB\n")
    for pid in pids():
        uid = 3000 + pid % 40
        write(root / f"proc/{pid}/status", f"Name:\tpython3\nUid:\t{uid}\t{uid}\t{uid}\t{uid}\n")
        write(root / f"proc/{pid}/comm", "python3\n")


def nvidia(folder):
    """16 GPUs of the fake NVML, compiled here as the tests have it. The environment to see them with."""
    library = folder / "libnvidia-ml.so.1"
    fake = ROOT / "tests/fake_nvml"
    subprocess.run(["c++", "-std=c++20", "-O2", "-fPIC", "-shared", fake / "fake_nvml.cpp", fake / "profile.cpp",
                    f"-Wl,--version-script={fake / 'full.map'}", "-o", library], check=True)
    write(folder / "profile.txt", profile_of(0))
    return {"GANGLINE_NVML": str(library), "FAKE_NVML_FILE": str(folder / "profile.txt")}


def profile_of(turn):
    """The machine of the fake NVML; with each turn, loads change and 2 in 100 processes are others."""
    profile = "driver 535.104.05\n"
    for n in range(GPUS):
        profile += (f"gpu {n}\n  name NVIDIA H100 80GB HBM3\n  uuid GPU-8a5c1000-57e5-4b1f-9f0a-30c1a2b4{n:04x}\n"
                    f"  pci 00000000:{16 + n:02X}:00.0\n  minor {n}\n  numa {n // 8}\n  memory_mib 81559\n"
                    f"  used_mib {70000 + turn}\n  limit_watts 700\n  watts {400 + turn % 50}\n  celsius 60\n  busy {turn % 100}\n"
                    f"  nvlink switch 00000000:05:00.0 18\n")
        profile += "".join(f"  process {pid + (2000 * (turn + 1) if turn and pid % 50 == turn % 50 else 0)} 1024\n"
                           for pid in pids() if pid % GPUS == n)
    return profile


def stir_nvidia(folder, turn):
    (folder / "profile.new").write_text(profile_of(turn + 1))
    (folder / "profile.new").rename(folder / "profile.txt")


def gpu_metrics(n):
    """gpu_metrics v1.4 as the kernel gives it: size, format, revision; power, busy, energy at their places."""
    data = bytearray(256)
    data[0:4] = bytes([0, 1, 1, 4])
    data[4], data[10], data[12] = 60, 200, 90
    data[24:32] = (65536 * (1000 + n)).to_bytes(8, "little")
    return bytes(data)


def card_of(root, n):
    return root / f"sys/bus/pci/devices/0000:{16 + n:02x}:00.0"


def amd(root):
    """16 GPUs as files of amdgpu and KFD. KFD has a vram file for each process and each GPU of the machine."""
    kfd = root / "sys/class/kfd/kfd"
    write(root / "dev/kfd", "")
    write(kfd / "topology/generation_id", "1\n")
    write(kfd / "topology/nodes/0/gpu_id", "0\n")
    write(kfd / "topology/nodes/0/properties", "cpu_cores_count 128\n")
    for n in range(GPUS):
        node, card = kfd / f"topology/nodes/{n + 1}", card_of(root, n)
        write(node / "gpu_id", f"{50000 + n}\n")
        write(node / "properties", f"cpu_cores_count 0\nsimd_count 1216\nvendor_id 4098\ndevice_id 29857\ngfx_target_version 90402\n"
                                   f"location_id {(16 + n) << 8}\ndomain 0\ndrm_render_minor {128 + n}\nunique_id {1000 + n}\n")
        write(node / "mem_banks/0/properties", "heap_type 1\nsize_in_bytes 206141652992\n")
        for name, text in (("vendor", "0x1002"), ("device", "0x74a1"), ("class", "0x120000"), ("numa_node", str(n // 8)),
                           ("unique_id", f"{1000 + n:016x}"), ("mem_info_vram_total", "206141652992"),
                           ("mem_info_vram_used", "70000000000"), ("gpu_busy_percent", "90"), ("power/runtime_status", "active"),
                           ("hwmon/hwmon7/name", "amdgpu"), ("hwmon/hwmon7/power1_average", "400000000"),
                           ("hwmon/hwmon7/power1_cap", "750000000"), ("hwmon/hwmon7/temp2_label", "junction"),
                           ("hwmon/hwmon7/temp2_input", "60000")):
            write(card / name, text + "\n")
        (card / "gpu_metrics").write_bytes(gpu_metrics(n))
    for pid in pids():
        add_amd_process(root, pid)
    return {"GANGLINE_NVML": "", "GANGLINE_ROOT": str(root)}


def add_amd_process(root, pid):
    process = root / f"sys/class/kfd/kfd/proc/{pid}"
    write(process / "queues/1/gpuid", f"{50000 + pid % GPUS}\n")
    for n in range(GPUS):
        (process / f"vram_{50000 + n}").write_text("1073741824\n" if n == pid % GPUS else "0\n")


def stir_amd(root, turn):
    """What a busy machine changes each second: every card's memory, load, power and energy, and what a part of
    the processes hold."""
    for n in range(GPUS):
        card = card_of(root, n)
        (card / "mem_info_vram_used").write_text(f"{70000000000 + turn * 4096 + n}\n")
        (card / "gpu_busy_percent").write_text(f"{turn % 100}\n")
        (card / "gpu_metrics").write_bytes(gpu_metrics(turn))
    for pid in list(pids())[turn % 10 :: 10]:
        (root / f"sys/class/kfd/kfd/proc/{pid}/vram_{50000 + pid % GPUS}").write_text(f"{1073741824 + turn * 4096}\n")


def cpu_seconds_of(process):
    """CPU time of all threads of a process, to the nanosecond."""
    total = 0
    for task in pathlib.Path(f"/proc/{process}/task").iterdir():
        total += int((task / "schedstat").read_text().split()[0])
    return total / 1e9


def children_of(pid):
    return [int(n) for task in pathlib.Path(f"/proc/{pid}/task").iterdir() for n in (task / "children").read_text().split()]


def measure(name, machine, row, stirring):
    """`gang nodes` and a window of samples, one a second."""
    def known():
        sample = json.loads(machine("nodes", "--json"))[0].get("sample")
        return sample is not None and sum(len(d.get("processes") or []) for d in sample["devices"]) >= PROCESSES
    until = time.monotonic() + 30
    while not known():
        if time.monotonic() > until:
            raise SystemExit(f"{name}: no reading with all {PROCESSES} processes came")
        time.sleep(0.1)
    times = []
    for _ in range(100):
        begin = time.perf_counter()
        subprocess.run([machine.gang, "nodes"], env=machine.env, check=True, stdout=subprocess.DEVNULL)
        times.append(time.perf_counter() - begin)
    nodes = statistics.median(times) * 1000
    row(f"{name}: `gang nodes`", f"{nodes:.1f} ms", "under 30 ms", nodes < 30)
    service = machine.pid()
    watched = [service, *children_of(service)]
    before, begin = {pid: cpu_seconds_of(pid) for pid in watched}, time.monotonic()
    for turn in range(int(WINDOW_S)):
        if stirring:
            stirring(turn)
        time.sleep(max(0.0, begin + turn + 1 - time.monotonic()))
    spent = {pid: cpu_seconds_of(pid) - before[pid] for pid in watched}
    share = sum(spent.values()) / (time.monotonic() - begin) * 100
    parts = ", ".join(f"{'service' if pid == service else 'probe'} {used / (time.monotonic() - begin) * 100:.2f}"
                      for pid, used in spent.items() if used > 0)
    row(f"{name}: a sample each second", f"{share:.2f} % ({parts})", "under 1 % of a core", share < 1)


def bench_devices(gang, machine_of, row):
    """`machine_of(gang, variables, config)` is a private Gangline, see bench.py."""
    print(f"{GPUS} fake GPUs with {PROCESSES} processes of others; CPU time of service and probe over {WINDOW_S:.0f} s")
    with machine_of(gang) as machine:
        folder = pathlib.Path(machine.folder)
        write(folder / "config.toml", "sample_every = '1s'\n")
        machine.env["GANGLINE_CONFIG"] = str(folder / "config.toml")
        for name, make, stirring in (("NVIDIA", nvidia, None), ("NVIDIA, all in motion", nvidia, stir_nvidia),
                                     ("AMD", amd, None), ("AMD, all in motion", amd, stir_amd)):
            place = folder / make.__name__
            if not place.exists():
                people(place)
                found = make(place)
            machine.env.update({"GANGLINE_ROOT": str(place), **found})
            machine("daemon", "stop")
            machine("daemon", "start", "--stay")
            measure(name, machine, row, (lambda turn: stirring(place, turn)) if stirring else None)
            machine("daemon", "stop")
        machine("daemon", "start")


def bench_people(gang, row):
    """The same sweep through a service of one's own and through the one for all; see people_bench.py."""
    count = os.environ.get("BENCH_SWEEP", "10000")
    print(f"a sweep of {count} gangs of `true` as another user, by the service for all and by one of their own")
    done = subprocess.run([sys.executable, ROOT / "bench/people_bench.py", gang, count], capture_output=True, text=True)
    if done.returncode != 0:
        print("  left out:", (done.stdout + done.stderr).strip())
        return
    own, for_all, fences = done.stdout.strip().split("\t")
    ratio = float(for_all) / float(own)
    row("rate with all fences as another uid, against without", f"{ratio:.2f} ({float(for_all):.0f} / {float(own):.0f})",
        "at least 0.6", ratio >= 0.6)
    print("  " + fences)


def bench_shared(gang, machine_of, row):
    bench_people(gang, row)
    bench_devices(gang, machine_of, row)
