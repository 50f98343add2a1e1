#!/usr/bin/env python3
"""check_manual.py --gang PROGRAM: each command has a man page, in it stands each flag of its help, and roff reads it.

The last is left out, saying so, where neither man nor groff is installed.
"""
import argparse
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile


def help_of(gang, *command):
    return subprocess.run([gang, *command, "--help"], capture_output=True, text=True, check=True).stdout


def flags_in(text):
    """All names of flags that begin a line of the help: "-q,--quiet"."""
    return {name for names in re.findall(r"^  (-[\w,-]+)", text, re.M) for name in names.split(",")}


def read_as_a_person(page):
    return page.read_text().replace("\\-", "-").replace("\\fB", "").replace("\\fR", "").replace("\\fI", "")


def check_page(page, help_text):
    if not page.exists():
        yield f"there is no {page.name}"
        return
    entries = re.findall(r"^\.TP\n(-.*)$", read_as_a_person(page), re.M)
    there = {name for entry in entries for name in re.findall(r"(?<![\w-])--?[a-z][\w-]*", entry)}
    wanted = flags_in(help_text)
    for flag in sorted(wanted - there):
        yield f"{page.name}: {flag} of the help is not in it"
    for flag in sorted(there - wanted):
        yield f"{page.name}: {flag} is not in the help"
    for needed in ("NAME", "SYNOPSIS", "OPTIONS", "EXIT STATUS", "SEE ALSO"):
        if f".SH {needed}\n" not in page.read_text():
            yield f"{page.name}: no section {needed}"


def check_roff(page):
    if shutil.which("groff"):
        command = ["groff", "-man", "-ww", "-Tutf8", "-Kutf8", str(page)]
    else:
        command = ["man", "--warnings", "-l", str(page)]
    read = subprocess.run(command, capture_output=True, text=True)
    if read.returncode != 0 or read.stderr:
        yield f"{page.name}: {read.stderr.strip()}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--gang", type=pathlib.Path, required=True)
    gang = parser.parse_args().gang.resolve()
    wrong = []
    with tempfile.TemporaryDirectory() as place:
        folder = pathlib.Path(place)
        subprocess.run([gang, "internal-manual", folder], check=True)
        whole = help_of(gang)
        commands = re.findall(r"^  ([a-z]+)  ", whole[whole.index("Subcommands:"):], re.M)
        wrong += check_page(folder / "gang.1", whole)
        for command in commands:
            wrong += check_page(folder / f"gang-{command}.1", help_of(gang, command))
            if f"gang-{command} (1)" not in read_as_a_person(folder / "gang.1"):
                wrong.append(f"gang.1 does not name gang-{command}")
        expected = {"gang.1", *(f"gang-{command}.1" for command in commands)}
        wrong += [f"{page.name} is of no command" for page in folder.iterdir() if page.name not in expected]
        if shutil.which("groff") or shutil.which("man"):
            for page in sorted(folder.iterdir()):
                wrong += check_roff(page)
        else:
            print("roff: LEFT OUT, neither groff nor man is installed")
    print(*wrong, sep="\n", end="\n" if wrong else "")
    print(f"{len(commands) + 1} pages")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
