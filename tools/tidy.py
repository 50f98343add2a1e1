#!/usr/bin/env python3
"""Runs clang-tidy on each source, unless it was clean before with the very same source, headers and rules.

usage: tools/tidy.py BUILD_FOLDER [CLANG_TIDY]      exit 0: all clean; 1: the findings were printed
"""
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys


def local_headers(file, root, seen):
    """All files of ours that `file` includes, directly or not."""
    for name in re.findall(r'^\s*#\s*include\s+"([^"]+)"', file.read_text(), re.M):
        for folder in (root / "src", root, file.parent):
            header = (folder / name).resolve()
            if header.exists() and header not in seen:
                seen.add(header)
                local_headers(header, root, seen)
    return seen


def fingerprint(file, rules, root):
    digest = hashlib.sha256(rules)
    for part in sorted({file, *local_headers(file, root, set())}):
        digest.update(str(part.relative_to(root)).encode() + b"\0" + part.read_bytes())
    return digest.hexdigest()


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    root = pathlib.Path(__file__).resolve().parent.parent
    program = sys.argv[2] if len(sys.argv) > 2 else "clang-tidy"
    version = subprocess.run([program, "--version"], capture_output=True).stdout
    rules = (root / ".clang-tidy").read_bytes() + version
    stamps = build / "tidy"
    stamps.mkdir(exist_ok=True)
    work = []
    for command in json.loads((build / "compile_commands.json").read_text()):
        file = pathlib.Path(command["file"]).resolve()
        if root not in file.parents or build in file.parents:
            continue
        stamp = stamps / fingerprint(file, rules, root)
        if not stamp.exists():
            work.append((file, stamp))
    work = sorted(set(work))

    def tidy(item):
        file, stamp = item
        run = subprocess.run([program, "-p", str(build), "--quiet", str(file)], capture_output=True, text=True)
        if run.returncode == 0:
            stamp.touch()
        return file, run

    bad = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for done, (file, run) in enumerate(pool.map(tidy, work), 1):
            print(f"[{done}/{len(work)}] {file.relative_to(root)}", flush=True)
            if run.returncode != 0:
                bad += 1
                print(run.stdout + ("" if run.stdout else run.stderr))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
