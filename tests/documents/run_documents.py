#!/usr/bin/env python3
"""run_documents.py --gang PROGRAM [--write] DOCUMENT.md...: keeps documents true.

Runs the commands that a document shows and compares what they print with what it says. Each document has a
directory, a state of Gangline and a pretended machine of its own.

  ```console           lines that begin with "$ " are run, in order, in one shell; the lines below are their output
  ```toml train.toml   a block with a file name is written to that file when the document comes to it
  <!-- machine: 4 cpus -->   in front of the first block; or "64 cpus, eight_gpus": a profile of tests/fake_nvml;
                             or "slurm": run with --slurm alone, as anna on a Slurm (tests/slurm/check_documents.py)

  <!-- until: gang show -q 7 | grep -q running -->   the next block is run when this command succeeds

"…" stands for anything in a line, and alone on a line for any lines. What differs from run to run by its nature
(times, spans, sizes of processes, pids, the amount of blank space in tables) is compared by its form only. The
machine is called lab1, its user anna, the directory /home/anna/work. With --write the document gets what was
printed, for a person to look through.
"""
import argparse
import getpass
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
LONGEST_COMMAND_S = 60

# Forms instead of values, in this order.
FORMS = [
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?( UTC|Z)?"), "<time>"),
    (re.compile(r"\b\d\d:\d\d UTC"), "<time>"),
    (re.compile(r"\b(\d+\.\d+s|\d+s|\d+m\d\ds|\d+h\d\dm|\d+d\d\dh)\b"), "<span>"),
    (re.compile(r"\b(pid|largest process) [\d.]+[KMG]?"), r"\1 <n>"),
    (re.compile(r"[\d.]+[MGT] of memory"), "<n> of memory"),
    (re.compile(r"(fence of \w+): .*"), r"\1: <fence>"),  # what the kernel lets us do differs
    (re.compile(r"[ \t]+"), " "),
]
# Lines that `gang run` prints or not, as fast as the machine is.
PROGRESS = re.compile(r"gang: job \d+ \(.*\)( waits: |: \d+ of \d+ gangs ended)")
RANK = re.compile(r"\[(\d+)\] ")


def form_of(line):
    for pattern, form in FORMS:
        line = pattern.sub(form, line)
    return line.strip()


def line_matches(said, printed):
    said, printed = form_of(said), form_of(printed)
    pattern = ".*".join(re.escape(part) for part in said.split("…"))
    return re.fullmatch(pattern, printed) is not None


def by_rank(lines):
    """Lines of ranks in the order of ranks: they may come in any."""
    sorted_lines, ranks = [], []
    for line in lines + [""]:
        if RANK.match(line):
            ranks.append(line)
            continue
        sorted_lines += sorted(ranks, key=lambda rank_line: int(RANK.match(rank_line).group(1))) + [line]
        ranks = []
    return sorted_lines[:-1]


def matches(said, printed):
    """Whether the printed lines are those that the document says."""
    said, printed = by_rank(said), by_rank(printed)
    if matches_in_order(said, printed):
        return True
    return matches_in_order(*([line for line in lines if not PROGRESS.match(line)] for lines in (said, printed)))


def matches_in_order(said, printed):
    if not said:
        return not printed
    if said[0].strip() == "…":
        return any(matches_in_order(said[1:], printed[n:]) for n in range(len(printed) + 1))
    return bool(printed) and line_matches(said[0], printed[0]) and matches_in_order(said[1:], printed[1:])


class Machine:
    """A directory, a state, a shell, and a machine with the CPUs and GPUs that the document wants."""

    def __init__(self, gang, wanted):
        self.place = pathlib.Path(tempfile.mkdtemp(prefix="gangline-documents-"))
        self.work = self.place / "work"
        self.state = self.place / "state"
        for directory in (self.work, self.place / "bin", self.place / "home"):
            directory.mkdir()
        (self.work / "config.toml").touch()
        (self.place / "bin" / "gang").symlink_to(gang)
        build = gang.parent
        self.environment = {
            "PATH": f"{self.place}/bin:/usr/local/bin:/usr/bin:/bin",
            "HOME": str(self.place / "home"),
            "LANG": "C.UTF-8",
            "GANGLINE_STATE": str(self.state),
            "GANGLINE_CONFIG": str(self.work / "config.toml"),
            "GANGLINE_ROOT": str(self.place / "root"),
            "GANGLINE_NVML": "",
        }
        words = wanted.split(",")
        self.pretend_cpus(int(words[0].split()[0]))
        if len(words) > 1:
            self.environment["GANGLINE_NVML"] = str(build / "fake_nvml" / "libnvidia-ml.so.1")
            self.environment["FAKE_NVML_FILE"] = str(HERE.parent / "fake_nvml" / f"{words[1].strip()}.txt")
        self.shell = subprocess.Popen(["bash", "--noprofile", "--norc"], cwd=self.work, env=self.environment,
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                      text=True, errors="replace", start_new_session=True)
        self.count = 0

    def pretend_cpus(self, cpus):
        root = self.place / "root"
        cpu_directory = root / "sys/devices/system/cpu"
        for cpu in range(cpus):
            topology = cpu_directory / f"cpu{cpu}" / "topology"
            topology.mkdir(parents=True)
            (topology / "physical_package_id").write_text("0\n")
            (topology / "core_id").write_text(f"{cpu}\n")
            for siblings in ("thread_siblings", "core_cpus"):
                (topology / siblings).write_text(f"{1 << cpu:x}\n")
        for which in ("online", "possible", "present"):
            (cpu_directory / which).write_text("0\n" if cpus == 1 else f"0-{cpus - 1}\n")
        (root / "etc").mkdir()
        shutil.copy("/etc/passwd", root / "etc/passwd")
        (root / "proc").symlink_to("/proc")

    def run(self, command):
        """What the command printed, as lines; None where it did not end in time."""
        self.count += 1
        mark = f"@@{self.count}@@"
        # The status is kept, so that `echo $?` may be the next command.
        self.shell.stdin.write(f"{{ {command}\n}} </dev/null\nkept=$?; echo; echo {mark}; (exit $kept)\n")
        self.shell.stdin.flush()
        signal.alarm(LONGEST_COMMAND_S)
        lines = []
        try:
            for line in self.shell.stdout:
                if line.rstrip("\n") == mark:
                    return self.told(lines)
                lines.append(line.rstrip("\n"))
        except TimeoutError:
            pass
        finally:
            signal.alarm(0)
        return None

    def told(self, lines):
        if lines and lines[-1] == "":
            lines.pop()  # the line break in front of the mark
        text = "\n".join(lines)
        text = text.replace(str(self.work), "/home/anna/work").replace(str(self.place), "/home/anna")
        text = re.sub(rf"\b{re.escape(socket.gethostname())}\b", "lab1", text)
        text = re.sub(rf"\b(of|by) {re.escape(getpass.getuser())}\b", r"\1 anna", text)
        return text.split("\n") if text else []

    def close(self):
        """Ends all that was started here: whatever has our state directory in its environment."""
        ours = f"GANGLINE_STATE={self.state}".encode()
        self.shell.stdin.close()
        quiet = 0
        until = time.monotonic() + 10
        while quiet < 2 and time.monotonic() < until:
            found = False
            for entry in pathlib.Path("/proc").iterdir():
                if not entry.name.isdigit() or int(entry.name) == os.getpid():
                    continue
                try:
                    if ours in (entry / "environ").read_bytes().split(b"\0"):
                        os.kill(int(entry.name), signal.SIGKILL)
                        found = True
                except OSError:
                    pass
            quiet = 0 if found else quiet + 1
            time.sleep(0.02)
        self.shell.wait()
        shutil.rmtree(self.place, ignore_errors=True)


class SlurmMachine(Machine):
    """Where we are: the login host of a Slurm, with nothing pretended."""

    def __init__(self, gang):  # no call of the other: none of its machine is wanted
        self.work = pathlib.Path.home() / "work"
        self.work.mkdir()
        environment = {"PATH": f"{gang.parent}:/usr/local/bin:/usr/bin:/bin", "HOME": str(pathlib.Path.home()), "LANG": "C.UTF-8"}
        self.shell = subprocess.Popen(["bash", "--noprofile", "--norc"], cwd=self.work, env=environment,
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                      text=True, errors="replace", start_new_session=True)
        self.count = 0

    def told(self, lines):
        if lines and lines[-1] == "":
            lines.pop()
        return lines

    def close(self):
        """What was started ends with the cluster."""
        self.shell.stdin.close()
        self.shell.wait()


def wanted_machine(path):
    wanted = re.search(r"<!-- machine: (.*?) -->", path.read_text())
    return wanted.group(1) if wanted else "4 cpus"


def run_document(path, gang, write):
    """The number of commands that printed something else than the document says, and of all commands."""
    lines = path.read_text().split("\n")
    wanted = wanted_machine(path)
    machine = SlurmMachine(gang) if wanted == "slurm" else Machine(gang, wanted)
    kept, wrong, total = [], 0, 0
    try:
        at = 0
        while at < len(lines):
            fence = re.fullmatch(r"```(\w+)(?: (\S+))?", lines[at])
            kept.append(lines[at])
            until = re.fullmatch(r"<!-- until: (.*) -->", lines[at])
            if until and machine.run(f"until {until.group(1)}; do sleep 0.02; done >/dev/null 2>&1") is None:
                raise SystemExit(f"{path.name}:{at + 1}: `{until.group(1)}` did not come true in {LONGEST_COMMAND_S} s")
            at += 1
            if not fence:
                continue
            end = at
            while lines[end] != "```":
                end += 1
            block = lines[at:end]
            if fence.group(2):
                target = machine.work / fence.group(2)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text("\n".join(block) + "\n")
                target.chmod(0o755)
                kept += block
            elif fence.group(1) == "console":
                bad, count, said = run_block(machine, path.name, at, block)
                wrong, total = wrong + bad, total + count
                kept += said
            else:
                kept += block
            kept.append(lines[end])
            at = end + 1
    finally:
        machine.close()
    if write:
        path.write_text("\n".join(kept))
    return wrong, total


def run_block(machine, name, first_line, block):
    wrong, total, kept, at = 0, 0, [], 0
    while at < len(block):
        begin = at
        command = block[at][2:]
        kept.append(block[at])
        at += 1
        while command.endswith("\\") and at < len(block):
            command = command[:-1] + block[at].strip()
            kept.append(block[at])
            at += 1
        said = []
        while at < len(block) and not block[at].startswith("$ "):
            said.append(block[at])
            at += 1
        total += 1
        printed = machine.run(command)
        if printed is None:
            print(f"{name}:{first_line + begin + 1}: `{command}` did not end in {LONGEST_COMMAND_S} s")
            raise SystemExit(1)
        if matches(said, printed):
            kept += said
            continue
        wrong += 1
        kept += printed
        print(f"{name}:{first_line + begin + 1}: `{command}`\n  the document says:")
        print("".join(f"    {line}\n" for line in said) + "  and it printed:")
        print("".join(f"    {line}\n" for line in printed), end="")
    return wrong, total, kept


def too_late(*_):
    raise TimeoutError


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--gang", type=pathlib.Path, required=True)
    parser.add_argument("--write", action="store_true", help="put what was printed into the documents")
    parser.add_argument("--slurm", action="store_true", help="those that want a Slurm, and no others")
    parser.add_argument("documents", type=pathlib.Path, nargs="+")
    arguments = parser.parse_args()
    signal.signal(signal.SIGALRM, too_late)
    failed = False
    for document in arguments.documents:
        if arguments.slurm != (wanted_machine(document) == "slurm"):
            continue
        begun = time.monotonic()
        wrong, total = run_document(document, arguments.gang.resolve(), arguments.write)
        failed = failed or wrong > 0
        print(f"{document.name}: {total} commands, {wrong} wrong, {time.monotonic() - begun:.1f} s")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
