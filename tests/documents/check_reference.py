#!/usr/bin/env python3
"""check_reference.py --gang PROGRAM: what the guide lists is what there is, no more and no less.

Keys of the job file and of the config file are compared with the lists of the reader's source, commands and options
with the program's own help; links lead to files, and the job files of the examples are read.
"""
import argparse
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
GUIDE = ROOT / "docs" / "guide"


def keys_in_source(file, name):
    """The words of the array `name` in a source of src/jobspec."""
    text = (ROOT / "src" / "jobspec" / file).read_text()
    array = re.search(rf"\b{name}(?:\[\])?\s*(?:=\s*)?{{(.*?)}};", text, re.S)
    if not array:
        sys.exit(f"src/jobspec/{file} has no list {name} any more: tell this test where the keys stand now")
    return set(re.findall(r'"(\w+)"', array.group(1)))


def section(file, title):
    text = (GUIDE / file).read_text()
    begin = text.index(f"\n{title}\n") + 1
    end = text.find("\n## ", begin)
    return text[begin:end if end > 0 else len(text)]


def first_cells(text):
    """What stands in the first column of the tables."""
    return set(re.findall(r"^\| `([\w ]+?)[` =]", text, re.M))


def compare(what, said, there):
    for key in sorted(there - said):
        yield f"{what}: `{key}` is not in the guide"
    for key in sorted(said - there):
        yield f"{what}: the guide names `{key}`, which there is not"


def check_keys():
    keys = section("jobs.md", "## Keys")
    yield from compare("keys of the job file", first_cells(keys), keys_in_source("job_file.cpp", "job_keys"))
    flags = set(re.findall(r"`--([\w-]+)`", keys))
    yield from compare("flags of a job", flags, job_flags())
    splits = section("jobs.md", "## Splits")
    said = first_cells(splits) | set(re.findall(r"with `(\w+) =", splits))
    yield from compare("keys of [split]", said, keys_in_source("split_reader.cpp", "split_keys"))
    said = set(re.findall(r"`(\w+)`", section("jobs.md", "## Alternatives").split("has the keys")[1].split(";")[0]))
    yield from compare("keys of an alternative", said, keys_in_source("resources_reader.cpp", "alternative_keys"))
    table = section("settings.md", "| key | what it says | from, to | if left out |").split("\n\n")[0]
    there = keys_in_source("config_keys.h", "config_keys") | keys_in_source("config_file.cpp", "queue_keys")
    people = (GUIDE / "settings.md").read_text().split("`[people]` limits everybody")[1]
    people = set(re.findall(r"^\| `(\w+)` \|", people.split("Of `[quiet")[0], re.M))
    yield from compare("keys of [people]", people, keys_in_source("house/read_house.cpp", "people_keys"))
    quiet = (GUIDE / "settings.md").read_text().split("Of `[quiet.NAME]`")[1].split("`[maintenance")[0]
    yield from compare("keys of [quiet]", set(re.findall(r"^\| `(\w+)` \|", quiet, re.M)),
                       keys_in_source("house/read_times.cpp", "quiet_keys"))
    yield from compare("keys of the config file", first_cells(table), there)
    yield from compare("keys of [server.NAME]", first_cells(section("serve.md", "## The command line from another machine")),
                       keys_in_source("servers/read_servers.cpp", "server_keys"))
    yield from compare("keys of [on.slurm]", first_cells(section("slurm.md", "## Settings")),
                       keys_in_source("slurm/read_slurm.cpp", "slurm_keys"))


def options_of(*command):
    text = subprocess.run([GANG, *command, "--help"], capture_output=True, text=True, check=True).stdout
    return text, set(re.findall(r"^  (?:-\w,)?--([\w-]+)", text, re.M)) - {"help", "json", "quiet"}


def job_flags():
    return options_of("run")[1] - {"dry-run", "on", "server"}


def check_commands():
    text, _ = options_of()
    commands = set(re.findall(r"^  ([a-z]+)  ", text[text.index("Subcommands:"):], re.M))
    rows = dict(re.findall(r"^\| `gang (\w+)` \|(.*)$", (GUIDE / "commands.md").read_text(), re.M))
    yield from compare("commands", set(rows), commands)
    for command in sorted(commands & set(rows)):
        said = set(re.findall(r"`--([\w-]+)`", rows[command]))
        there = options_of(command)[1]
        if command in ("run", "submit"):
            there, said = there - job_flags(), {"dry-run", "on", "server"}
        yield from compare(f"options of gang {command}", said, there)


def check_links():
    for document in [*ROOT.glob("*.md"), *GUIDE.glob("*.md"), *(ROOT / "docs" / "decisions").glob("*.md")]:
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", document.read_text()):
            if not (document.parent / link).exists():
                yield f"{document.relative_to(ROOT)} points to {link}, which there is not"


def check_examples():
    for file in sorted(ROOT.glob("examples/*/*.toml")):
        read = subprocess.run([GANG, "submit", "--dry-run", file], capture_output=True, text=True)
        if read.returncode != 0:
            yield f"{file.relative_to(ROOT)}: {read.stderr.strip()}"


def main():
    global GANG
    parser = argparse.ArgumentParser()
    parser.add_argument("--gang", type=pathlib.Path, required=True)
    GANG = parser.parse_args().gang.resolve()
    with tempfile.TemporaryDirectory() as state:
        os.environ["GANGLINE_STATE"] = state
        wrong = [line for check in (check_keys, check_commands, check_links, check_examples) for line in check()]
    for line in wrong:
        print(line)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
