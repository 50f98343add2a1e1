#!/usr/bin/env python3
"""check_logs.py --gang PROGRAM: logs that are followed over HTTP, while they grow, break off, and the service is killed."""
import json
import os
import signal
import time

from gateway import Gateway, Stream, becomes, run_checks, running

MOST_FOLLOWED = 64  # src/gateway/limits.h


def with_gateway(check):
    def run(gang):
        with running(Gateway(gang, tokens=[("reader", "read")])) as gateway:
            check(gateway)
    run.__name__ = check.__name__
    return run


def submit(gateway, script, *lines):
    """A job of one gang that runs `script` in a shell."""
    command = json.dumps(["sh", "-c", script], ensure_ascii=False)
    text = "\n".join(['name = "log"', f"command = {command}", 'time = "5m"', *lines])
    answer = gateway.ask("POST", "/v1/jobs", text, fields=["Content-Type: application/toml"])
    assert answer.status == 200, answer.body
    return answer.json()["id"]


def path_of(job, words=""):
    return f"/v1/jobs/{job}/gangs/0/log/follow{words}"


def written(stream):
    """What came of the log, in bytes."""
    parts = [data["bytes"] for _, kind, data in list(stream.events) if kind == "log"]
    return b"".join(bytes.fromhex(part["hex"]) if isinstance(part, dict) else part.encode() for part in parts)


def ended(stream):
    return becomes(lambda: stream.over) and stream.kinds()[-1:] == ["end"]


@with_gateway
def what_a_task_writes_comes_as_it_writes_it(gateway):
    go = gateway.path / "go"
    job = submit(gateway, f"echo first; while [ ! -e {go} ]; do sleep 0.02; done; printf 'wörd\\n\\377'; echo wrong >&2; exit 3")
    stream = Stream(gateway, path=path_of(job))
    errors = Stream(gateway, path=path_of(job, "?stderr"), token=gateway.tokens["reader"])
    assert becomes(lambda: written(stream) == b"first\n"), stream.events
    assert not stream.over
    go.touch()
    assert ended(stream) and ended(errors), (stream.events, errors.events)
    assert written(stream) == "first\nwörd\n".encode() + b"\xff", stream.events
    assert written(errors) == b"wrong\n", errors.events
    last = stream.events[-1]
    assert last[0] == "1-13" and last[2]["phase"] == "ended" and last[2]["ending"]["exit_code"] == 3, last


@with_gateway
def it_goes_on_where_it_broke_off(gateway):
    go = gateway.path / "go"
    job = submit(gateway, f"seq 1000; while [ ! -e {go} ]; do sleep 0.02; done; seq 1001 2000")
    first = Stream(gateway, path=path_of(job))
    assert becomes(lambda: written(first).endswith(b"\n1000\n"))
    first.close()
    go.touch()
    for after in ({"after": first.last}, {"path": path_of(job, f"?after={first.last}")}):
        rest = Stream(gateway, **({"path": path_of(job)} | after))
        assert ended(rest), rest.events
        assert written(first) + written(rest) == b"".join(b"%d\n" % n for n in range(1, 2001))


@with_gateway
def a_large_log_comes_whole_and_in_characters(gateway):
    job = submit(gateway, "python3 -c \"print('aä€😀' * 200000, end='')\"")
    stream = Stream(gateway, path=path_of(job))
    assert ended(stream), (stream.status, stream.kinds())
    assert written(stream) == ("aä€😀" * 200000).encode()
    assert all(isinstance(data["bytes"], str) for _, kind, data in stream.events if kind == "log")


@with_gateway
def one_that_is_written_all_the_time_is_not_asked_for_all_the_time(gateway):
    job = submit(gateway, "n=0; while [ $n -lt 200000 ]; do n=$((n+1)); echo $n; done")
    stream = Stream(gateway, path=path_of(job))
    assert ended(stream), stream.events
    assert written(stream) == b"".join(b"%d\n" % n for n in range(1, 200001))
    assert len(stream.events) < 100, len(stream.events)  # else hundreds


@with_gateway
def a_client_that_reads_slowly_is_waited_for(gateway):
    job = submit(gateway, "yes 0123456789abcdefghijklmnopqrstuvwxyz | head -c 30000000")
    assert becomes(lambda: gateway.get(f"/v1/jobs/{job}/gangs/0").json()["phase"] == "ended")
    with gateway.connect() as line:
        line.sendall(f"GET {path_of(job)} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {gateway.token}\r\n\r\n".encode())
        text = b""
        while piece := line.recv(65536):
            text += piece
            time.sleep(0.002)
    events = [line[6:] for line in text.split(b"\n") if line.startswith(b"data: ")]
    assert sum(len(json.loads(event)["bytes"]) for event in events[:-1]) == 30000000, text[-1000:]
    assert json.loads(events[-1])["phase"] == "ended", events[-1]


@with_gateway
def one_that_waits_is_followed_into_all_its_attempts(gateway):
    go = gateway.path / "go"
    job = submit(gateway, f"[ -e {go} ] || sleep 0.2; echo try; [ -e {go} ] && exit 0; touch {go}; exit 1", "retries = 2", 'retry_on = ["failure"]')
    stream = Stream(gateway, path=path_of(job))
    assert ended(stream), stream.events
    assert [kind for kind in stream.kinds() if kind != "log"] == ["attempt", "end"], stream.events
    assert written(stream) == b"try\ntry\n" and stream.last == "2-4", stream.events


@with_gateway
def the_service_may_be_killed_meanwhile(gateway):
    go = gateway.path / "go"
    job = submit(gateway, f"echo one; while [ ! -e {go} ]; do sleep 0.02; done; echo two")
    stream = Stream(gateway, path=path_of(job))
    assert becomes(lambda: written(stream) == b"one\n"), stream.events
    os.kill(gateway.service_pid(), signal.SIGKILL)
    assert becomes(lambda: "gone" in stream.kinds()), stream.events
    assert becomes(lambda: gateway.get("/v1/status").status == 200), gateway.said()
    go.touch()
    assert ended(stream), stream.events
    assert written(stream) == b"one\ntwo\n" and stream.kinds().count("back") == 1, stream.events


@with_gateway
def what_is_not_there_or_too_much_is_refused(gateway):
    job = submit(gateway, "sleep 60")
    for words, status, says in ((path_of(job, "?rank=1"), 404, "has no rank 1"), (path_of(99), 404, "no job 99"),
                                (path_of(job, "?after=x"), 400, "no place"), (path_of(job, "?after=0-0"), 400, "no place"),
                                (path_of(job, "?after=7-0"), 404, "attempt 7"), (path_of(job, "?rnk=1"), 400, "rank")):
        answer = gateway.get(words)
        assert answer.status == status and says in answer.body, (words, answer.status, answer.body)
    assert gateway.get(path_of(job), token="gang_wrong").status == 401
    streams = [Stream(gateway, path=path_of(job), token=gateway.tokens["reader"]) for _ in range(MOST_FOLLOWED)]
    assert becomes(lambda: all(stream.status == 200 for stream in streams)), [stream.status for stream in streams]
    refused = gateway.get(path_of(job), token=gateway.tokens["reader"])
    assert refused.status == 429 and "64 followed logs" in refused.body, refused.body
    streams[0].close()
    again = lambda: Stream(gateway, path=path_of(job), token=gateway.tokens["reader"])
    assert becomes(lambda: (one := again()) and becomes(lambda: one.status) == 200)
    gateway.run("token", "remove", "reader")
    assert becomes(lambda: all(stream.over for stream in streams)), "who has no token any more follows nothing"


if __name__ == "__main__":
    run_checks([what_a_task_writes_comes_as_it_writes_it, it_goes_on_where_it_broke_off,
                a_large_log_comes_whole_and_in_characters,
                one_that_is_written_all_the_time_is_not_asked_for_all_the_time, a_client_that_reads_slowly_is_waited_for,
                one_that_waits_is_followed_into_all_its_attempts,
                the_service_may_be_killed_meanwhile, what_is_not_there_or_too_much_is_refused])
