#!/usr/bin/env python3
"""Checks what a compiler does not: arrows between rooms, sizes of files and folders, words in type names.

usage: tools/check_layers.py [ROOT]     exit 0: all well; 1: one line for each thing that is not
"""
import pathlib
import re
import sys

LONGEST_FILE = 600
LONGEST_FUNCTION = 70  # of the dashboard; clang-tidy looks at those of C++
FULLEST_FOLDER = 15
BANNED = "Manager Handler Helper Util Utils Info Data Context Base Impl Common".split()
NO_FOLDERS = {"common", "util", "utils", "core", "misc", "helpers"}


def read_layers(path):
    """Room -> set of rooms it may include. A line may only name rooms above it."""
    rooms, mistakes = {}, []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        name, _, allowed = line.partition(":")
        allowed = allowed.split()
        if allowed == ["*"]:
            allowed = list(rooms)
        for other in allowed:
            if other not in rooms:
                mistakes.append(f"{path}:{number}: '{other}' does not stand above '{name}'")
        rooms[name.strip()] = set(allowed)
    return rooms, mistakes


def room_of(path, rooms):
    """The longest room name that is a folder of `path`."""
    found = [r for r in rooms if path == r or path.startswith(r + "/")]
    return max(found, key=len) if found else None


def check_file(root, file, rooms):
    relative = file.relative_to(root / "src").as_posix()
    room = room_of(relative, rooms)
    if room is None:
        yield f"{file}: stands in no room of layers.txt"
        return
    text = file.read_text()
    lines = text.splitlines()
    if len(lines) > LONGEST_FILE:
        yield f"{file}: {len(lines)} lines; the most is {LONGEST_FILE}: split it by noun"
    for number, line in enumerate(lines, 1):
        include = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
        if include:
            other = room_of(include.group(1), rooms)
            if other is None and not (root / "src" / include.group(1)).exists() and include.group(1).startswith("testing/"):
                continue
            if other is None:
                yield f"{file}:{number}: include of {include.group(1)}, which is in no room"
            elif other != room and other not in rooms[room]:
                yield f"{file}:{number}: {room} may not include {other} (src/layers.txt)"
        declared = re.match(r"\s*(?:class|struct|enum class)\s+(?:\[\[\w+\]\]\s+)?([A-Z]\w*)", line)
        if declared:
            words = re.findall(r"[A-Z][a-z0-9]*", declared.group(1))
            for word in BANNED:
                if word in words:
                    yield f"{file}:{number}: '{declared.group(1)}' has the word {word} in it: name what it is"
        if re.match(r"\s*using\s+namespace\b", line):
            yield f"{file}:{number}: using namespace"
    if file.suffix == ".h" and "#pragma once" not in text:
        yield f"{file}: no #pragma once"


def equal_names(root):
    """Types of one name in two headers: the linker would take one of the two for both, in silence."""
    declared = {}
    for header in sorted((root / "src").rglob("*.h")):
        for name in re.findall(r"^(?:class|struct|enum class) (\w+)[^;<]*\{", header.read_text(), re.M):
            if name in declared and declared[name] != header:
                yield f"{header}: a type '{name}' stands in {declared[name]} already"
            declared[name] = header


def check_page(root):
    """The dashboard: files and functions, whose ends are known by their indentation."""
    for file in sorted((root / "web").rglob("*")):
        if file.suffix not in (".ts", ".tsx", ".mjs", ".css") or {"node_modules", ".out"} & set(file.parts):
            continue
        lines = file.read_text().splitlines()
        if len(lines) > LONGEST_FILE:
            yield f"{file}: {len(lines)} lines; the most is {LONGEST_FILE}"
        if file.suffix != ".css":
            yield from long_functions(file, lines)


def long_functions(file, lines):
    begin = re.compile(r"( {0,2})(?:(?:export|default|async|private|override|static) )*(?:function \w+|\w+)\(.*")
    open_at = {}
    for number, line in enumerate(lines, 1):
        started = begin.fullmatch(line)
        if started and line.endswith(("{", "(")) and "=>" not in line:
            open_at[started.group(1)] = number
        elif re.fullmatch(r"( {0,2})\}", line) and (at := open_at.pop(line[:-1], None)):
            if number - at >= LONGEST_FUNCTION:
                yield f"{file}:{at}: a function of {number - at + 1} lines; the most is {LONGEST_FUNCTION}"


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    rooms, mistakes = read_layers(root / "src/layers.txt")
    folders = {}
    for file in sorted((root / "src").rglob("*")):
        if file.is_dir() and file.name in NO_FOLDERS:
            mistakes.append(f"{file}: a folder is named for what lives in it")
        if file.suffix in (".cpp", ".h", ".c"):
            mistakes += check_file(root, file, rooms)
        if file.suffix in (".cpp", ".c") and not file.stem.endswith("_test"):
            folders[file.parent] = folders.get(file.parent, 0) + 1
    mistakes += equal_names(root)
    mistakes += check_page(root)
    for folder, count in folders.items():
        if count > FULLEST_FOLDER:
            mistakes.append(f"{folder}: {count} sources; the most is {FULLEST_FOLDER}")
    for folder in ("tests", "bench", "tools"):
        for file in sorted((root / folder).rglob("*")):
            if file.suffix in (".cpp", ".h", ".c", ".py", ".sh") and len(file.read_text().splitlines()) > LONGEST_FILE:
                mistakes.append(f"{file}: more than {LONGEST_FILE} lines")
    print("\n".join(mistakes), end="\n" if mistakes else "")
    return 1 if mistakes else 0


if __name__ == "__main__":
    sys.exit(main())
