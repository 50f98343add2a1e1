#!/usr/bin/env python3
"""check_metrics.py --gang PROGRAM [--all-readers]: what the service tells Prometheus is read by others without complaint.

A service with two GPUs runs some jobs; its /metrics is checked against the rules of OpenMetrics here and, where they are installed,
by python3-prometheus-client and by promtool (of Debian's prometheus; PROMTOOL names another); with --all-readers it is wrong that
one of them is not. docs/grafana.json is what `gang metrics --dashboard` prints; its expressions name only metrics that are served,
and promtool reads them. What devices did is told after a restart as before it.
"""
import argparse
import http.client
import json
import math
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
SAMPLE = re.compile(r'^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{((?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\[\\"n])*",?)*)\})? (\S+)$')
LABEL = re.compile(r'([a-zA-Z_]\w*)="((?:[^"\\\n]|\\[\\"n])*)"')
ENDINGS = {"gauge": {""}, "counter": {"_total"}, "histogram": {"_bucket", "_sum", "_count"}}


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost")
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(str(self.path))


def ask(path, target):
    connection = UnixConnection(path)
    connection.request("GET", target)
    answer = connection.getresponse()
    return answer.status, answer.getheader("Content-Type"), answer.read().decode()


def open_metrics_faults(text):
    """Against https://github.com/prometheus/OpenMetrics/blob/main/specification/OpenMetrics.md."""
    if not text.endswith("# EOF\n") or text.count("# EOF") != 1:
        yield "it does not end with # EOF"
    family, kind, unit, seen, samples, buckets = None, None, None, set(), set(), {}
    for line in text.splitlines()[:-1]:
        word, _, rest = line.partition(" ")
        if word == "#":
            what, name, *value = rest.split(" ", 2)
            if what == "HELP":
                if name in seen:
                    yield f"{name}: its lines do not stand together"
                seen.add(name)
                family, kind, unit = name, None, None
            elif name != family:
                yield f"{name}: {what} before its HELP"
            elif what == "TYPE":
                kind = value[0]
            elif what == "UNIT":
                unit = value[0]
                if not family.endswith("_" + unit):
                    yield f"{family}: its name does not end with its unit {unit}"
            continue
        match = SAMPLE.match(line)
        if not match:
            yield f"no line of OpenMetrics: {line}"
            continue
        name, labels, value = match.group(1), dict(LABEL.findall(match.group(2) or "")), match.group(3)
        if name[len(family):] not in ENDINGS.get(kind, ()) or not name.startswith(family):
            yield f"{name} stands below {kind} {family}"
        key = (name, tuple(sorted(labels.items())))
        if key in samples:
            yield f"twice: {line}"
        samples.add(key)
        number = float(value)
        if kind != "gauge" and (math.isnan(number) or number < 0):
            yield f"no count: {line}"
        if name.endswith("_bucket") and kind == "histogram":
            bound = labels.pop("le")
            if bound != "+Inf" and str(float(bound)) != bound and float(bound) >= 1e-4:
                yield f"a bound that is not written as a number is: {line}"
            buckets.setdefault((family, tuple(sorted(labels.items()))), []).append((float(bound.replace("+Inf", "inf")), number))
        if name.endswith("_count") and kind == "histogram":
            steps = buckets.get((family, tuple(sorted(labels.items()))), [])
            if steps != sorted(steps) or [n for _, n in steps] != sorted(n for _, n in steps):
                yield f"{family}: its buckets do not ascend"
            if not steps or steps[-1] != (math.inf, number):
                yield f"{family}: its last bucket is not its count"


def names_in(text):
    return {match.group(1) for match in map(SAMPLE.match, text.splitlines()) if match}


def family_names(text):
    return set(re.findall(r"^# TYPE (\S+)", text, re.M))


def left_out(name, all_readers):
    if all_readers:
        yield f"{name} is not installed"
    else:
        print(f"left out: {name} is not installed")


def client_faults(text, all_readers):
    try:
        from prometheus_client.openmetrics import parser
    except ImportError:
        yield from left_out("python3-prometheus-client", all_readers)
        return
    try:
        list(parser.text_string_to_metric_families(text))
    except ValueError as error:
        yield f"python3-prometheus-client: {error}"


def promtool():
    return os.environ.get("PROMTOOL") or shutil.which("promtool")


def promtool_faults(older, expressions, place, all_readers):
    tool = promtool()
    if not tool:
        yield from left_out("promtool", all_readers)
        return
    checked = subprocess.run([tool, "check", "metrics"], input=older, capture_output=True, text=True)
    if checked.returncode != 0 or checked.stderr.strip():
        yield f"promtool check metrics: {checked.stderr.strip()}"
    rules = {"groups": [{"name": "dashboard", "rules": [{"record": f"panel:{i}", "expr": expression}
                                                         for i, expression in enumerate(expressions)]}]}
    (place / "rules.yml").write_text(json.dumps(rules))  # JSON is YAML
    checked = subprocess.run([tool, "check", "rules", place / "rules.yml"], capture_output=True, text=True)
    if checked.returncode != 0:
        yield f"promtool check rules: {checked.stdout}{checked.stderr}"


def dashboard_faults(gang, served, place, older, all_readers):
    printed = subprocess.run([gang, "metrics", "--dashboard"], capture_output=True, text=True, check=True).stdout
    if (ROOT / "docs" / "grafana.json").read_text() != printed:
        yield "docs/grafana.json: `gang metrics --dashboard` prints another one"
    dashboard = json.loads(printed)
    sources = {panel["datasource"]["uid"] for panel in dashboard["panels"] if "datasource" in panel}
    if sources != {"${source}"}:
        yield f"the dashboard names data sources: {sources}"
    variables = {variable["name"] for variable in dashboard["templating"]["list"]}
    expressions = []
    for panel in dashboard["panels"]:
        for target in panel.get("targets", []):
            expression = target["expr"]
            for name in re.findall(r"gangline_\w+", expression):
                if name not in served:
                    yield f"{panel['title']}: there is no {name}"
            for name in re.findall(r"\$(\w+)", expression):
                if name not in variables | {"__rate_interval"}:
                    yield f"{panel['title']}: there is no variable {name}"
            expressions.append(re.sub(r"\$\w+", ".*", expression.replace("$__rate_interval", "5m")))
    ids = [panel["id"] for panel in dashboard["panels"]]
    if len(ids) != len(set(ids)) or not expressions:
        yield "panels share a number, or there are none"
    yield from promtool_faults(older, expressions, place, all_readers)


def held(text):
    return len(re.findall("^gangline_running_gang{", text, re.M))


def begun(sock, told):
    """/metrics, when three devices are held and `told` is served: a submit answers before its job is placed. After 60 s, as it is then."""
    until = time.monotonic() + 60
    while True:
        status, content, text = ask(sock, "/metrics")
        if (held(text) == 3 and set(told) <= set(text.splitlines())) or time.monotonic() > until:
            return status, content, text
        time.sleep(0.05)


def log_faults(run, log):
    """The log of the service: JSON in each line, cycles that name the events they stored, and an end to its size."""
    run("list", "--name", "private")
    wanted = lambda: {"event", "cycle", "request"} <= {json.loads(line)["log"] for line in log.read_text().splitlines()}
    until = time.monotonic() + 30
    while not (log.exists() and wanted()) and time.monotonic() < until:
        time.sleep(0.05)
    entries = [json.loads(line) for line in log.read_text().splitlines()]
    events = {entry["number"] for entry in entries if entry["log"] == "event"}
    cycles = [entry for entry in entries if entry["log"] == "cycle" and "first_event" in entry]
    if not cycles or any(not set(range(entry["first_event"], entry["last_event"] + 1)) <= events for entry in cycles):
        yield f"the log has no cycles, or cycles with events that it lacks: {cycles}"
    if log.stat().st_mode & 0o077 or "private" in log.read_text():
        yield "others may read the log, or it has what was asked for"
    os.truncate(log, 32 << 20)  # as if much had happened
    old = log.with_name(log.name + ".1")
    until = time.monotonic() + 30
    while not old.exists() and time.monotonic() < until:
        run("daemon", "restart")  # it looks at the size when it opens the file
        run("list")
        time.sleep(0.3)
        run("list")
        time.sleep(0.3)
    if not old.exists() or log.stat().st_size > 1 << 20:
        yield "a large log is not put aside"


def readings_faults(run, sock):
    """What devices did before a restart is told after it."""
    read = lambda: json.loads(ask(sock, "/v1/nodes/0/readings?from=1")[2])
    until = time.monotonic() + 60
    while not read().get("at") and time.monotonic() < until:
        time.sleep(0.2)
    before = read()
    run("daemon", "restart")
    after = read()
    if not after.get("at") or after["at"][0] > before["at"][-1] + 60e6:
        yield f"the readings are gone: {before['at']}, {after.get('at')}"
    elif not any(device["power_watts"][0] for device in after["devices"]):
        yield f"no device took anything: {after}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--gang", type=pathlib.Path, required=True)
    parser.add_argument("--all-readers", action="store_true")
    options = parser.parse_args()
    gang = options.gang.resolve()
    with tempfile.TemporaryDirectory() as folder:
        place = pathlib.Path(folder)
        os.environ.update({
            "GANGLINE_STATE": str(place / "state"), "GANGLINE_CONFIG": str(place / "config.toml"), "GANGLINE_ROOT": str(place / "root"),
            "GANGLINE_LOG": str(place / "log.jsonl"),
            "GANGLINE_NVML": str(gang.parent / "fake_nvml" / "libnvidia-ml.so.1"),
            "FAKE_NVML_FILE": str(ROOT / "tests" / "fake_nvml" / "eight_gpus.txt")})
        (place / "config.toml").write_text('[queue.night]\npriority = -1\n')
        run = lambda *words: subprocess.run([gang, *words], capture_output=True, text=True, cwd=place)
        wrong = []
        try:
            run("run", "--", "true")
            run("run", "--queue", "night", "--", "false")
            run("submit", "--gpus", "2", "--name", "tr\\ain", "--", "sleep", "100")
            run("submit", "--gpus", "1", "--name", "held", "--", "sleep", "100")
            run("submit", "--gpus", "8", "--name", "waits", "--", "true")
            sock = place / "state" / "run" / "service.sock"
            told = ['gangline_gangs_ended_total{queue="normal",cause="done"} 1',
                    'gangline_gangs_ended_total{queue="night",cause="failed"} 1',
                    'gangline_jobs{queue="normal",state="waiting"} 1']
            status, content, text = begun(sock, told)
            printed = run("metrics", "--format", "openmetrics").stdout
            if (status, content) != (200, "application/openmetrics-text; version=1.0.0; charset=utf-8"):
                wrong.append(f"/metrics answered {status} {content}")
            status, content, older = ask(sock, "/metrics?format=prometheus")
            if (status, content) != (200, "text/plain; version=0.0.4; charset=utf-8"):
                wrong.append(f"/metrics?format=prometheus answered {status} {content}")
            if ask(sock, "/metrics?format=xml")[0] != 400:
                wrong.append("a format that there is not is given")
            if names_in(printed) != names_in(text):
                wrong.append("`gang metrics` prints other metrics than /metrics")
            wrong += [f"it does not say {needed}" for needed in told if needed not in text.splitlines()]
            if held(text) != 3:
                wrong.append("not three devices are held by gangs")
            wrong += open_metrics_faults(text)
            wrong += client_faults(text, options.all_readers)
            said = set(re.findall(r"gangline_\w+", (ROOT / "docs" / "guide" / "metrics.md").read_text()))
            there = {re.sub("_(bucket|sum|count)$", "", name) for name in names_in(text)}
            wrong += [f"docs/guide/metrics.md and /metrics do not both have {name}" for name in sorted(said ^ there)]
            wrong += dashboard_faults(gang, names_in(text), place, older, options.all_readers)
            wrong += readings_faults(run, sock)
            wrong += log_faults(run, place / "log.jsonl")
        finally:
            run("stop", "tr\\ain", "held", "waits", "--now")
            run("daemon", "stop")
    for line in wrong:
        print(line)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
