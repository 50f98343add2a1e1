"""Tables of papers, ours beside the published ones, where the public traces are (GANGLINE_DATA, or ../shared/data)."""
import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent


def bench_papers():
    folder = pathlib.Path(os.environ.get("GANGLINE_DATA", ROOT / ".." / "shared" / "data"))
    if not folder.is_dir():
        print(f"papers: skipped, the public traces are not at {folder}; GANGLINE_DATA says where they are")
        return
    subprocess.run(["ninja", "-C", str(ROOT / "build"), "papers", "place_lists"], check=True, stdout=subprocess.DEVNULL)
    subprocess.run([str(ROOT / "build" / "papers"), str(folder)], check=True)
    subprocess.run([str(ROOT / "build" / "place_lists"), str(folder / "openb")], check=True)
