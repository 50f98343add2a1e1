#!/usr/bin/env python3
"""Runs clang-tidy on each source, unless it was clean before with the very same source, headers and rules.

usage: tools/tidy.py BUILD_FOLDER [CLANG_TIDY]      exit 0: all clean; 1: the findings were printed

Most of what clang-tidy does for a source, it does for the headers of others. So sources of the same compile flags
go through it some at a time, as one: some times as fast. What is printed was found in a source alone.
"""
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys

MOST_IN_A_BATCH = 16
TYPE_DECLARED = re.compile(r"(?:struct|class|enum class|enum|union|using)\s+(\w+)")
NAME_DECLARED = re.compile(r"(?!using|namespace|TEST|return)[A-Za-z_][\w:<>,&*\[\] ]*?[\s&*](\w+)\s*(?:\(|=|\{|\[|;)")


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


def flags_of(command):
    """What the compiler is told, less the names of this one source and its object."""
    words = shlex.split(command["command"])
    if words[0].endswith("ccache"):
        words = words[1:]
    at = words.index("-o")
    return tuple(words[1:at] + [word for word in words[at + 2:] if word not in ("-c", command["file"])])


def sources_to_look_at(build, root, rules, stamps):
    """(flags, source, the stamp that says it was clean), of each source without that stamp."""
    work = set()
    for command in json.loads((build / "compile_commands.json").read_text()):
        file = pathlib.Path(command["file"]).resolve()
        if root not in file.parents or build in file.parents or root / "build" in file.parents:
            continue
        stamp = stamps / fingerprint(file, rules, root)
        if not stamp.exists():
            work.add((flags_of(command), file, stamp))
    return sorted(work)


def own_names(file):
    """What a source declares for itself alone, as far as its lines show it: two such of one name do not go together."""
    names, inside = set(), False
    for line in file.read_text().splitlines():
        if line == "namespace {":
            inside = True
        elif line.startswith("}") and "namespace" in line:
            inside = False
        elif inside:
            found = TYPE_DECLARED.match(line) or NAME_DECLARED.match(line)
            if found:
                names.add(found[1])
    return names


def batches_of(work, root):
    """Of sources of the same flags and room: (flags, [(source, stamp)])."""
    size = max(1, min(MOST_IN_A_BATCH, len(work) // os.cpu_count()))
    batches = []  # (flags and room, its sources, the names in them)
    for flags, file, stamp in work:
        kind, names = (flags, file.relative_to(root).parts[:2]), own_names(file)
        for of, files, known in batches:
            if of == kind and len(files) < size and not names & known:
                break
        else:
            files, known = [], set()
            batches.append((kind, files, known))
        files.append((file, stamp))
        known |= names
    return [(kind[0], files) for kind, files, _ in batches]


class Tidy:
    def __init__(self, program, build, root, stamps):
        self.program, self.build, self.root, self.stamps = program, build, root, stamps

    def one(self, file, stamp):
        run = subprocess.run([self.program, "-p", str(self.build), "--quiet", str(file)], capture_output=True, text=True)
        if run.returncode == 0:
            stamp.touch()
            return ""
        return run.stdout or run.stderr

    def named_in_findings(self, flags, files):
        """The sources that the findings for all of them as one name; None: there was nothing to be found."""
        together = self.stamps / f"batch_{files[0][1].name}.cpp"
        together.write_text("".join(f'#include "{file}"\n' for file, _ in files))
        # A source's names would shadow those of the headers of the next; the compiler looks for that in each alone.
        run = subprocess.run([self.program, "--quiet", f"--config-file={self.root / '.clang-tidy'}",
                              "--checks=-bugprone-suspicious-include",
                              f"--header-filter={re.escape(str(self.root))}/(src|tests|bench)/.*", str(together), "--", *flags, "-Wno-shadow"],
                             capture_output=True, text=True, cwd=self.build)
        together.unlink()
        return None if run.returncode == 0 else set(re.findall(r"^(/[^:]+):\d+:\d+: error:", run.stdout, re.M))

    def findings(self, flags, files):
        if len(files) > 1:
            named = self.named_in_findings(flags, files)
            if named is None:
                for _, stamp in files:
                    stamp.touch()
                return ""
            # They have findings, or a name that another source has too: they go on without the others.
            apart = [item for item in files if str(item[0]) in named]
            if 0 < len(apart) < len(files):
                return self.findings(flags, [item for item in files if item not in apart]) + self.findings(flags, apart)
        return "".join(self.one(file, stamp) for file, stamp in files)

    def batch(self, flags_and_files):
        return flags_and_files[1], self.findings(*flags_and_files)


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    root = pathlib.Path(__file__).resolve().parent.parent
    program = sys.argv[2] if len(sys.argv) > 2 else "clang-tidy"
    version = subprocess.run([program, "--version"], capture_output=True).stdout
    stamps = build / "tidy"
    stamps.mkdir(exist_ok=True)
    work = sources_to_look_at(build, root, (root / ".clang-tidy").read_bytes() + version, stamps)
    tidy = Tidy(program, build, root, stamps)
    done, bad = 0, False
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for files, findings in pool.map(tidy.batch, batches_of(work, root)):
            done += len(files)
            print(f"[{done}/{len(work)}] {files[0][0].relative_to(root)}" + (" …" if len(files) > 1 else ""), flush=True)
            if findings:
                bad = True
                print(findings)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
