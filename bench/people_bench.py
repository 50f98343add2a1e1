"""The price of serving several people: the same sweep through a service of one's own, and through the one for all, where
tasks run as another uid and each in control groups. Both on the same disk, in namespaces of their own, as root."""
import pathlib
import shutil
import statistics
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests" / "for_all"))
import own_machine  # noqa: E402

ROUNDS = 3


def main():
    gang, count = sys.argv[1], sys.argv[2]
    own_machine.enter(sys.argv)
    anna = own_machine.Person("anna")
    shutil.copy(gang, "/home/gang")
    subprocess.run(["/home/gang", "daemon", "install", "-q"], check=True)
    sweep = ["gang", "run", "-q", "--sweep", f"i=1..{count}", "--", "/bin/true"]
    rates = {"own": [], "for all": []}
    for _ in range(ROUNDS):
        for name, environment in (("own", {"GANGLINE_SERVICE": "own"}), ("for all", {})):
            begin = time.perf_counter()
            code, said = anna.run(*sweep, env=environment)
            if code != 0:
                raise SystemExit(f"the sweep ended with {code}: {said}")
            rates[name].append(int(count) / (time.perf_counter() - begin))
    anna.gang("daemon", "stop", env={"GANGLINE_SERVICE": "own"})
    _, shown = anna.gang("show", "1.0")
    fences = [line.strip() for line in shown.splitlines() if "fence" in line]
    subprocess.run(["gang", "daemon", "uninstall", "-q", "--now", "--delete-jobs"], check=True)
    print(statistics.median(rates["own"]), statistics.median(rates["for all"]), "; ".join(fences), sep="\t")


if __name__ == "__main__":
    main()
