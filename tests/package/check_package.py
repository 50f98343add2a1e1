#!/usr/bin/env python3
"""check_package.py --gang PROGRAM: what tools/package.sh makes of it.

The one file runs alone, twice made is the same, what stands in the .deb is what the manual and completions say, it
installs and leaves nothing, and a program that would not run elsewhere is refused.
"""
import argparse
import gzip
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
LARGEST_MB = 20
OLDEST_GLIBC = (2, 36)


def run(*command, **more):
    return subprocess.run(command, capture_output=True, text=True, **more)


def glibc_here():
    return tuple(int(part) for part in os.confstr("CS_GNU_LIBC_VERSION").split()[1].split("."))


def make(gang, folder, **environment):
    return run(ROOT / "tools/package.sh", gang, folder, env={**os.environ, "SOURCE_DATE_EPOCH": "1700000000", **environment})


def listing(deb):
    """Path -> (rights and owner, time) of what is in the package."""
    rows = re.findall(r"^(\S+ \S+) +\d+ (\S+ \S+) \.(/.*)$", run("dpkg-deb", "-c", deb, env={**os.environ, "TZ": "UTC"}).stdout, re.M)
    return {path: (rights, time) for rights, time, path in rows}


def check_listing(gang, deb):
    files = listing(deb)
    help_text = run(gang, "--help").stdout
    commands = re.findall(r"^  ([a-z]+)  ", help_text[help_text.index("Subcommands:"):], re.M)
    expected = {
        "/usr/bin/gang", "/usr/share/man/man1/gang.1.gz", "/usr/share/doc/gangline/copyright",
        "/usr/share/doc/gangline/changelog.gz", "/usr/share/bash-completion/completions/gang",
        "/usr/share/zsh/vendor-completions/_gang", "/usr/share/fish/vendor_completions.d/gang.fish",
        *(f"/usr/share/man/man1/gang-{command}.1.gz" for command in commands)}
    there = {path for path in files if not path.endswith("/")}
    if there != expected:
        yield f"the .deb lacks {sorted(expected - there)} and has {sorted(there - expected)} beyond"
    for path, (rights, time) in files.items():
        wanted = "drwxr-xr-x" if path.endswith("/") else "-rwxr-xr-x" if path == "/usr/bin/gang" else "-rw-r--r--"
        if rights != f"{wanted} root/root":
            yield f"{path} is {rights}"
        if time != "2023-11-14 22:13":
            yield f"{path} is of {time}, not of SOURCE_DATE_EPOCH"


def check_control(gang, deb):
    control = run("dpkg-deb", "-f", deb).stdout
    version = run(gang, "--version").stdout.split()[1]
    for line in (r"Package: gangline", rf"Version: {re.escape(version)}", r"Depends: libc6 \(>= 2\.36\)", r"Maintainer: .*Gangline.*"):
        if not re.search(f"^{line}$", control, re.M):
            yield f"the control file has no line '{line}':\n{control}"


def check_content(deb, place):
    run("dpkg-deb", "-x", deb, place, check=True)
    for path in place.rglob("*"):
        if path.is_file():
            text = path.read_bytes()
            text = gzip.decompress(text) if path.suffix == ".gz" else text
            if str(ROOT).encode() + b"/" in text:
                yield f"{path.relative_to(place)} has the path of this source tree in it"
    gang = place / "usr/bin/gang"
    alone = run(gang, "--version", env={}, cwd="/")
    if alone.returncode != 0:
        yield f"the one file does not run alone: {alone.stderr}"
    for shell, file in (("bash", "bash-completion/completions/gang"), ("zsh", "zsh/vendor-completions/_gang"),
                        ("fish", "fish/vendor_completions.d/gang.fish")):
        if (place / "usr/share" / file).read_text() != run(gang, "completion", shell).stdout:
            yield f"{file} is not what `gang completion {shell}` prints"


def check_install(deb, root):
    """As root the real dpkg installs it into an empty system, and removes all of it."""
    if os.getuid() != 0:
        print("installing: LEFT OUT, this is not root")
        return
    for folder in ("info", "updates"):
        (root / "var/lib/dpkg" / folder).mkdir(parents=True)
    (root / "var/lib/dpkg/status").touch()
    dpkg = ["dpkg", f"--root={root}", "--force-depends", "--force-script-chrootless", "--log=/dev/null"]
    put = run(*dpkg, "-i", deb)
    if put.returncode != 0 or not (root / "usr/bin/gang").exists():
        yield f"dpkg -i: {put.stderr}"
    run(*dpkg, "--purge", "gangline")
    left = [str(path.relative_to(root)) for path in root.iterdir() if path.name != "var"]
    if left:
        yield f"removed, it leaves {left}"


def check_refusals(place):
    """Programs that need more than the C library are not packaged, and the reason is said."""
    (place / "needs.c").write_text("int compressBound(long); int main(void) { return compressBound(1) == 0; }\n")
    built = run("cc", "-o", place / "needs", place / "needs.c", "-l:libz.so.1")
    if built.returncode != 0:
        print("refusing another library: LEFT OUT, no zlib to link to")
        return
    made = make(place / "needs", place / "refused")
    if made.returncode == 0 or "needs libz.so.1" not in made.stderr:
        yield f"a program that needs libz was packaged or refused otherwise: {made.stdout}{made.stderr}"
    # What came with a newer glibc, as readelf shows it.
    fake = place / "bin"
    fake.mkdir()
    (fake / "readelf").write_text('#!/bin/sh\ncase $1 in -VW) echo "  0x0: Name: GLIBC_2.38  Flags: none";; *) exec /usr/bin/readelf "$@";; esac\n')
    (fake / "readelf").chmod(0o755)
    made = make("/bin/true", place / "refused", PATH=f"{fake}:{os.environ['PATH']}")
    if made.returncode == 0 or "glibc 2.38" not in made.stderr:
        yield f"a program of glibc 2.38 was packaged or refused otherwise: {made.stdout}{made.stderr}"
    if list((place / "refused").glob("*")):
        yield "a refused program left something behind"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--gang", type=pathlib.Path, required=True)
    gang = parser.parse_args().gang.resolve()
    wrong = []
    with tempfile.TemporaryDirectory() as temporary:
        place = pathlib.Path(temporary)
        folders = [place / "one", place / "two"]
        for folder in folders:
            made = make(gang, folder)
            if made.returncode != 0 and "would not run with glibc" in made.stderr and glibc_here() > OLDEST_GLIBC:
                print(f"LEFT OUT: what is built here needs this system's glibc\n{made.stderr}")
                return
            if made.returncode != 0:
                sys.exit(f"tools/package.sh: {made.stderr}")
        deb = next(folders[0].glob("*.deb"))
        if sorted(path.name for path in folders[0].iterdir()) != ["gang", deb.name]:
            wrong.append(f"made were {sorted(path.name for path in folders[0].iterdir())}")
        for file in folders[0].iterdir():
            if file.read_bytes() != (folders[1] / file.name).read_bytes():
                wrong.append(f"{file.name} made twice differs")
        size = (folders[0] / "gang").stat().st_size / 1e6
        if size >= LARGEST_MB:
            wrong.append(f"the one file has {size:.1f} MB; the most is {LARGEST_MB}")
        (place / "root").mkdir()
        for check in (check_listing(gang, deb), check_control(gang, deb), check_content(deb, place / "tree"),
                      check_install(deb, place / "root"), check_refusals(place)):
            wrong += check
    print(*wrong, sep="\n", end="\n" if wrong else "")
    print(f"gang: {size:.1f} MB")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
