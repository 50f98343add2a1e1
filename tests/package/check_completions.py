#!/usr/bin/env python3
"""check_completions.py --gang PROGRAM: the scripts of `gang completion` in the shells that they are for.

Each script is parsed and asked to complete lines, with a job in a service and without one. bash is always there;
zsh and fish are tried where they are installed, and it is said where they are not.
"""
import argparse
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

# What is typed (the last word is at the cursor) and what must be among what is offered, and what not.
# bash gets words cut as readline cuts them.
LINES = [
    (["gang", "s"], ["show", "simulate", "stop", "submit"], ["run"]),
    (["gang", "stop", "--n"], ["--now"], ["--name"]),
    (["gang", "list", "--state", "r"], ["running"], ["ended"]),
    (["gang", "simulate", "--policy", "fifo,fai"], ["fifo,fair"], []),
    (["gang", "simulate", "--policy=fai"], ["fair"], ["fifo"]),
    (["gang", "run", "--dir", "fol"], ["folder"], ["folly.toml"]),
    (["gang", "run", "fol"], ["folder", "folly.toml"], []),
    (["gang", "completion", ""], ["bash", "fish", "zsh"], []),
    (["gang", "nosuch", ""], [], ["run", "folder"]),
]
WITH_A_JOB = [
    (["gang", "show", "wai"], ["waiter"], ["1"]),
    (["gang", "stop", ""], ["1", "waiter"], []),
    (["gang", "run", "--after", "1,wai"], ["1,waiter"], []),
]
LONGEST_COMPLETION_S = 2.0

wrong = []


def expect(shell, typed, offered, there, absent):
    # fish gives a folder its "/", and the whole word of "--policy=fair".
    short = {word.rstrip("/").split("=")[-1] for word in offered}
    for word in there:
        if word not in short:
            wrong.append(f"{shell}: `{' '.join(typed)}` does not offer {word}, only {sorted(short)}")
    for word in absent:
        if word in short:
            wrong.append(f"{shell}: `{' '.join(typed)}` offers {word}")


def cut_by_readline(words):
    for word in words:
        front, equals, value = word.partition("=")
        yield from ([front, equals] + [value] * bool(value) if equals else [word])


def bash(script, typed):
    words = list(cut_by_readline(typed))
    ask = 'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _gang; printf "%s\\n" "${COMPREPLY[@]}"'
    return run(["bash", "--norc", "-c", ask, "bash", script, *words])


def fish(script, typed):
    ask = 'source $argv[1]; complete -C "$argv[2]"'
    return [line.split("\t")[0] for line in run(["fish", "-N", "-c", ask, script, " ".join(typed)])]


def run(command):
    begun = time.monotonic()
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60)
    if ended.returncode != 0 or ended.stderr:
        wrong.append(f"{command[0]} ended with {ended.returncode}: {ended.stderr.strip()}")
    if time.monotonic() - begun > LONGEST_COMPLETION_S:
        wrong.append(f"{command[0]} took {time.monotonic() - begun:.1f} s for {command[-1]}")
    return ended.stdout.split("\n")


def try_shell(shell, scripts, lines):
    complete = {"bash": bash, "fish": fish}.get(shell)
    for typed, there, absent in lines if complete else []:
        expect(shell, typed, complete(scripts[shell], typed), there, absent)


def no_service_was_started(gang):
    said = subprocess.run([gang, "daemon", "status", "--json"], capture_output=True, text=True).stdout
    if said.strip() != "null":
        wrong.append(f"a completion started a service: {said}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--gang", type=pathlib.Path, required=True)
    gang = parser.parse_args().gang.resolve()
    place = pathlib.Path(tempfile.mkdtemp(prefix="gangline-completions-"))
    for name in [name for name in os.environ if name.startswith("GANGLINE")]:
        del os.environ[name]
    os.environ.update(GANGLINE_STATE=str(place / "state"), GANGLINE_NVML="", HOME=str(place),
                      PATH=f"{place}/bin:{os.environ['PATH']}")
    (place / "bin").mkdir()
    (place / "bin" / "gang").symlink_to(gang)
    (place / "work" / "folder").mkdir(parents=True)
    (place / "work" / "folly.toml").touch()
    os.chdir(place / "work")
    shells = [shell for shell in ("bash", "zsh", "fish") if shutil.which(shell)]
    scripts = {}
    try:
        for shell in shells:
            scripts[shell] = str(place / f"gang.{shell}")
            text = subprocess.run(["gang", "completion", shell], capture_output=True, text=True, check=True).stdout
            pathlib.Path(scripts[shell]).write_text(text)
            run([shell, "-n", scripts[shell]])
            try_shell(shell, scripts, LINES)
            try_shell(shell, scripts, [(["gang", "show", ""], [], ["1", "waiter"])])
        no_service_was_started("gang")
        subprocess.run(["gang", "submit", "-q", "--name", "waiter", "--", "sleep", "600"], check=True, stdout=subprocess.DEVNULL)
        for shell in shells:
            try_shell(shell, scripts, WITH_A_JOB)
        service = json.loads(subprocess.run(["gang", "daemon", "status", "--json"], capture_output=True, text=True).stdout)["pid"]
        os.kill(service, signal.SIGSTOP)  # a service that stands still keeps nobody waiting
        try:
            for shell in shells:
                try_shell(shell, scripts, [(["gang", "show", ""], [], ["1", "waiter"])])
        finally:
            os.kill(service, signal.SIGCONT)
    finally:
        subprocess.run(["gang", "stop", "-q", "--now", "waiter"])
        subprocess.run(["gang", "wait", "-q", "waiter"])
        subprocess.run(["gang", "daemon", "stop", "-q"])
        shutil.rmtree(place, ignore_errors=True)
    for shell in ("zsh", "fish"):
        if shell not in shells:
            print(f"{shell}: LEFT OUT, it is not installed")
    print(*wrong, sep="\n", end="\n" if wrong else "")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
