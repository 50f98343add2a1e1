#!/usr/bin/env python3
"""check_clients.py --gang PROGRAM: programs that other people wrote talk to `gang serve` by its description alone.

The OpenAPI description goes through openapi-spec-validator; openapi-python-client writes a client from it, which does what a person does;
each answer is held against its schema by jsonschema; /metrics goes through promtool. Run by `./dev test clients`, which installs them.
"""
import functools
import importlib
import io
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "serve"))
from gateway import Gateway, becomes, run_checks, running  # noqa: E402

try:
    import jsonschema
    import openapi_spec_validator
except ImportError as missing:
    sys.exit(f"{missing}: `./dev test clients` installs it")

ROLES = (("looks", "read"), ("hands-in", "submit"))
PACKAGE = "gangline_client"


def with_gateway(check):
    @functools.wraps(check)
    def run(gang):
        vendor = pathlib.Path(gang).resolve().parent / "fake_nvml" / "libnvidia-ml.so.1"
        assert vendor.exists(), f"{vendor} is missing: build the tests"
        with running(Gateway(gang, tokens=ROLES, env={
                "GANGLINE_NVML": str(vendor), "FAKE_NVML_FILE": str(HERE.parent / "fake_nvml" / "eight_gpus.txt")})) as gateway:
            check(gateway)
    return run


def written_client(gateway):
    """The package that the generator makes of the description; it may complain about nothing."""
    if PACKAGE not in sys.modules:
        folder = pathlib.Path(tempfile.mkdtemp(prefix="gangline-client-"))
        try:
            (folder / "openapi.json").write_text(gateway.get("/v1/openapi.json").body)
            done = subprocess.run(
                [pathlib.Path(sys.executable).parent / "openapi-python-client", "generate", "--path", folder / "openapi.json",
                 "--output-path", folder / PACKAGE, "--meta", "none", "--config", HERE / "generator.yml", "--fail-on-warning"],
                capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stdout + done.stderr
            sys.path.insert(0, str(folder))
            importlib.import_module(PACKAGE)
            for file in sorted((folder / PACKAGE).rglob("*.py")):
                parts = file.relative_to(folder).with_suffix("").parts
                importlib.import_module(".".join(part for part in parts if part != "__init__"))
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    return sys.modules[PACKAGE]


class Client:
    """A client with one token: call("jobs", "get_v1_jobs", limit=3) answers (status, parsed)."""

    def __init__(self, gateway, token=None):
        self.package = written_client(gateway)
        self.models, self.place = self.package.models, str(gateway.path)
        self.client = self.package.AuthenticatedClient(base_url=gateway.address.rstrip("/"), token=token or gateway.token)

    def call(self, tag, name, *words, **more):
        module = sys.modules[f"{PACKAGE}.api.{tag}.{name}"]
        answer = module.sync_detailed(*words, client=self.client, **more)
        return int(answer.status_code), answer.parsed

    def good(self, tag, name, *words, **more):
        status, parsed = self.call(tag, name, *words, **more)
        assert status == 200, (name, status, parsed)
        return parsed

    def submit(self, command, name="job", **more):
        words = self.models.Command(shell=True, words=[command])
        spec = self.models.JobSpec(name=name, command=words, dir_=self.place, time=60_000_000, **more)
        return self.good("jobs", "post_v1_jobs", body=spec)

    def file(self, text):
        return sys.modules[PACKAGE + ".types"].File(payload=io.BytesIO(text.encode()))


def description(gateway):
    answer = gateway.get("/v1/openapi.json")
    assert answer.status == 200, answer.body
    return answer.json()


@with_gateway
def the_description_is_a_valid_one(gateway):
    openapi_spec_validator.validate(description(gateway))


@with_gateway
def a_written_client_does_what_a_person_does(gateway):
    client = Client(gateway)
    models = client.models
    # Submit, as JSON and as a job file, and each of them once.
    spec_job = client.submit("echo one; echo two >&2", name="first")
    assert isinstance(spec_job, models.Submitted) and spec_job.gangs == 1
    swept = client.good("jobs", "post_v1_jobs", idempotency_key="once",
                        body=client.file('name = "swept"\ncommand = "echo {lr}"\ntime = "1m"\n[sweep]\nlr = [0.1, 0.2, 0.3]\n'))
    again = client.good("jobs", "post_v1_jobs", idempotency_key="once",
                        body=client.file('name = "swept"\ncommand = "echo {lr}"\ntime = "1m"\n[sweep]\nlr = [0.1, 0.2, 0.3]\n'))
    assert swept.id == again.id and swept.gangs == 3
    # Wait.
    for job in (spec_job, swept):
        ended = client.good("jobs", "get_v1_jobs_job_wait", job.id, us=30_000_000)
        assert ended.phase == models.GangPhase.ENDED and ended.ending.cause == models.EndCause.DONE, ended
    # Look: list, show, why, cells, log.
    listed = client.good("jobs", "get_v1_jobs", limit=10, all_=True, phase=models.GetV1JobsPhase.ENDED)
    assert [job.id for job in listed] == [swept.id, spec_job.id], listed
    assert [job.name for job in client.good("jobs", "get_v1_jobs", limit=1, before=swept.id, all_=True)] == ["first"]
    shown = client.good("jobs", "get_v1_jobs_job", swept.id, first=1, most=2)
    assert [gang.id.gang for gang in shown.gangs] == [1, 2] and shown.spec.name == "swept"
    assert shown.gangs[0].values == [["lr", "0.2"]], shown.gangs[0]
    assert client.good("jobs", "get_v1_jobs_job_cells", swept.id).cells == "ddd"
    assert client.good("names", "get_v1_names_name", "first") == spec_job.id
    log = client.good("jobs", "get_v1_jobs_job_gangs_gang_log", spec_job.id, 0)
    assert (log.bytes_, log.size) == ("one\n", 4), log
    assert client.good("jobs", "get_v1_jobs_job_gangs_gang_log", spec_job.id, 0, stderr=True).bytes_ == "two\n"
    assert client.good("jobs", "get_v1_jobs_job_gangs_gang_log", spec_job.id, 0, stderr=False, from_=2).bytes_ == "e\n"
    # Check a job file.
    checked = client.good("check", "post_v1_check", body=client.file('command = "true"\n'))
    assert checked.spec.command.words == ["true"], checked
    # Machines, the service, oneself.
    nodes = client.good("nodes", "get_v1_nodes")
    assert len(nodes) == 1 and nodes[0].node.up and len(nodes[0].node.devices) == 8
    assert client.good("status", "get_v1_status").pid == gateway.service_pid()
    assert client.good("whoami", "get_v1_whoami").role == models.Role.OPERATE


@with_gateway
def a_written_client_stops_with_and_without_grace(gateway):
    client = Client(gateway)
    ask = "trap 'echo asked; exit 3' TERM; echo up; while :; do sleep 0.05; done"
    for at_once, said in ((False, "up\nasked\n"), (True, "up\n")):
        job = client.submit(ask).id
        assert becomes(lambda: client.call("jobs", "get_v1_jobs_job_gangs_gang_log", job, 0)[1].to_dict().get("bytes") == "up\n")
        client.good("jobs", "post_v1_jobs_job_stop", job, at_once=at_once)
        ended = client.good("jobs", "get_v1_jobs_job_wait", job, us=30_000_000)
        assert ended.ending.cause == client.models.EndCause.STOPPED, ended
        assert client.good("jobs", "get_v1_jobs_job_gangs_gang_log", job, 0).bytes_ == said, at_once


@with_gateway
def a_written_client_gets_the_sentences_of_the_command_line(gateway):
    client = Client(gateway)
    error, kind = client.models.Error, client.models.ErrorKind

    def said_by(*words):
        done = subprocess.run([gateway.gang, *words], env=gateway.env, cwd=gateway.path, capture_output=True, text=True, check=False)
        assert done.returncode != 0
        return done.stderr

    def refused(status, got, *same):
        assert got[0] == status and isinstance(got[1], error), got
        for word in (got[1].what, got[1].hint):
            for sentence in same:
                assert word in sentence, (word, sentence)
        return got[1]

    missing = said_by("show", "99")
    assert refused(404, client.call("jobs", "get_v1_jobs_job", 99), missing).kind == kind.NOT_FOUND
    refused(404, client.call("jobs", "get_v1_jobs_job_wait", 99, us=0), missing)
    refused(404, client.call("jobs", "post_v1_jobs_job_stop", 99), said_by("stop", "99"))
    (gateway.path / "bad.toml").write_text('comand = "true"\ntime = "soon"\n')
    status, wrong = client.call("check", "post_v1_check", body=client.file((gateway.path / "bad.toml").read_text()))
    assert status == 400 and isinstance(wrong, client.models.JobRefused), wrong
    assert len(wrong.mistakes) >= 2 and wrong.mistakes[0].line == 1, wrong
    told = said_by("submit", "bad.toml")
    for mistake in wrong.mistakes:
        assert mistake.what in told and mistake.hint in told, (mistake, told)
    status, wrong = client.call("jobs", "post_v1_jobs", body=client.file('command = ["a"'))
    assert status == 400 and wrong.mistakes, wrong
    status, wrong = client.call("jobs", "post_v1_jobs", body=client.models.JobSpec(name="a", dir_="here", command=client.models.Command(words=[])))
    assert status == 400 and isinstance(wrong, client.models.JobRefused) and wrong.what, wrong
    client.submit("true", name="a")
    first = client.good("jobs", "post_v1_jobs", key="k", body=client.file('command = "true"'))
    status, other = client.call("jobs", "post_v1_jobs", key="k", body=client.file('command = "false"'))
    refused(409, (status, other))
    assert first.id
    looks, stranger = Client(gateway, gateway.tokens["looks"]), Client(gateway, "gang_nobody")
    refused(403, looks.call("jobs", "post_v1_jobs", body=client.file('command = "true"')))
    refused(403, Client(gateway, gateway.tokens["hands-in"]).call("shut_down", "post_v1_shut_down"))
    assert refused(401, stranger.call("jobs", "get_v1_jobs")).kind == kind.DENIED


def validator(document, schema):
    """Complains about keys that the description does not have, too."""
    def closed(part):
        if isinstance(part, dict):
            part = {key: closed(value) for key, value in part.items()}
            if isinstance(part.get("properties"), dict) and part.get("type") == "object":
                part["additionalProperties"] = False
        elif isinstance(part, list):
            part = [closed(value) for value in part]
        return part
    root = {**closed(schema), "components": {"schemas": closed(document["components"]["schemas"])}}
    return jsonschema.Draft202012Validator(root)


@with_gateway
def each_answer_is_as_it_is_described(gateway):
    client, document = Client(gateway), description(gateway)
    swept = client.good("jobs", "post_v1_jobs", body=client.file(
        'name = "swept"\ncommand = "echo 0.5 > {output}/accuracy; exit {code}"\ntime = "1m"\n[sweep]\ncode = [0, 3]\n'))
    client.good("jobs", "get_v1_jobs_job_wait", swept.id, us=30_000_000)
    one_gpu = client.models.TaskRequest(devices=client.models.DeviceRequest(count=1))
    runs = client.submit("printf '\\377'; sleep 60", name="runs", resources=client.models.ResourceRequest(alternatives=[one_gpu]))
    client.submit("true", name="waits", after=["runs"])
    client.good("reservations", "post_v1_reservations", body=client.models.ReserveRequest(
        time=60_000_000, from_=(int(time.time()) + 86_400) * 1_000_000, resources=client.models.ResourceRequest(tasks=1)))
    words = {"job": [swept.id, runs.id], "gang": [0], "node": [0], "name": ["swept"], "id": [1], "number": [1]}
    asked = 0
    for path, methods in document["paths"].items():
        answers = methods.get("get", {}).get("responses", {})
        schema = answers.get("200", {}).get("content", {}).get("application/json", {}).get("schema")
        if not schema or path == "/v1/openapi.json":
            continue
        for job in words["job"]:
            target = re.sub(r"\{(\w+)\}", lambda part: str(job if part[1] == "job" else words[part[1]][0]), path)
            answer = gateway.get(target)
            assert answer.status == 200, (target, answer.body)
            faults = [f"{fault.json_path}: {fault.message[:300]}"
                      for fault in validator(document, schema).iter_errors(answer.json())]
            assert not faults, (target, faults)
            asked += 1
            if "{job}" not in path:
                break
    assert asked >= 20, asked
    hexed = client.good("jobs", "get_v1_jobs_job_gangs_gang_log", runs.id, 0)
    assert hexed.bytes_.hex_ == "ff", hexed
    client.good("jobs", "post_v1_jobs_job_stop", runs.id, at_once=True)


@with_gateway
def promtool_reads_what_is_measured(gateway):
    tool = os.environ.get("PROMTOOL") or shutil.which("promtool")
    assert tool, "promtool of Debian's package prometheus is missing: `./dev test clients` installs it"
    client = Client(gateway)
    client.good("jobs", "get_v1_jobs_job_wait", client.submit("true").id, us=30_000_000)
    text = client.good("metrics", "get_metrics", format_=client.models.GetMetricsFormat.PROMETHEUS)
    assert 'gangline_gangs_ended_total{queue="normal",cause="done"} 1' in text.splitlines(), text
    checked = subprocess.run([tool, "check", "metrics"], input=text, capture_output=True, text=True, check=False)
    assert checked.returncode == 0 and not checked.stderr.strip(), checked.stderr


if __name__ == "__main__":
    run_checks([the_description_is_a_valid_one, a_written_client_does_what_a_person_does,
                a_written_client_stops_with_and_without_grace, a_written_client_gets_the_sentences_of_the_command_line,
                each_answer_is_as_it_is_described, promtool_reads_what_is_measured])
