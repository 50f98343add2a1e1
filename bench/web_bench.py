"""The dashboard with 10,000 gangs and 1,000 devices in headless Chromium: ./dev bench web."""
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent


def bench_web(gang):
    run = subprocess.run([ROOT / "tests/web/run.sh", pathlib.Path(gang).parent, "bench"])
    if run.returncode != 0:
        raise SystemExit("the dashboard did not reach its bars")
