#!/usr/bin/env python3
"""check_events.py --gang PROGRAM: streams of events miss and repeat nothing, also while the service is killed; submits
that are sent twice; job files as text."""
import concurrent.futures
import os
import signal

from gateway import Gateway, Stream, becomes, run_checks, running

JOB = 'name = "{name}"\ncommand = "{command}"\ntime = "1m"\n'
TOML = ["Content-Type: application/toml"]


def with_gateway(check):
    def run(gang):
        with running(Gateway(gang)) as gateway:
            # The node is written down some moments after the service has begun, and is an entry as well.
            assert becomes(lambda: gateway.get("/v1/feed").json()["newest"] > 0)
            check(gateway)
    run.__name__ = check.__name__
    return run


def numbers(stream):
    return [event[2]["number"] for event in list(stream.events) if event[0] and "number" in event[2]]


def opened(gateway, **more):
    stream = Stream(gateway, **more)
    assert becomes(lambda: stream.last or stream.status != 200), stream.status
    return stream


def ended(stream, job):
    return [1 for _, kind, data in list(stream.events) if kind == "ended" and data.get("job") == job]


@with_gateway
def a_job_is_followed_from_its_submit_to_its_end(gateway):
    stream = opened(gateway)
    job = gateway.submit("true")
    assert becomes(lambda: ended(stream, job)), stream.events
    of_job = [kind for _, kind, data in stream.events if data.get("job") == job]
    assert of_job[:3] == ["submitted", "starting", "started"], of_job
    assert all(event_id.rsplit("-", 1)[1] == str(data["number"]) for event_id, _, data in stream.events)


@with_gateway
def a_stream_goes_on_where_it_broke_off(gateway):
    whole, broken = opened(gateway), opened(gateway)
    seen, last = [], 0
    for number in range(12):
        last = gateway.submit("true", f"job{number}")
        if number % 4 == 1:
            assert becomes(lambda: len(broken.events) > 0)
            broken.close()
            seen += numbers(broken)
            broken = Stream(gateway, after=broken.last)
    assert becomes(lambda: ended(whole, last) and ended(broken, last))
    assert becomes(lambda: seen + numbers(broken) == numbers(whole)), (seen + numbers(broken), numbers(whole))
    from_start = Stream(gateway, after=whole.events[0][0].rsplit("-", 1)[0] + "-0")
    assert becomes(lambda: numbers(from_start)[-len(numbers(whole)):] == numbers(whole))
    assert numbers(from_start)[0] == 1, numbers(from_start)
    other = Stream(gateway, after="another-7")
    assert becomes(lambda: other.kinds() == ["reset"]), other.events


@with_gateway
def the_service_may_be_killed_under_an_open_stream(gateway):
    stream = opened(gateway)
    job = gateway.submit("sleep 1")
    assert becomes(lambda: [1 for _, kind, _ in list(stream.events) if kind == "started"])
    pid = gateway.service_pid()
    os.kill(pid, signal.SIGKILL)
    assert becomes(lambda: "gone" in stream.kinds()), stream.events
    assert becomes(lambda: gateway.get("/v1/status").status == 200), gateway.said()  # it is started again
    assert becomes(lambda: "back" in stream.kinds()), stream.events
    assert becomes(lambda: ended(stream, job)), stream.events
    got = numbers(stream)
    assert got == sorted(set(got)) and "reset" not in stream.kinds(), stream.events
    whole = Stream(gateway, after=stream.events[0][0].rsplit("-", 1)[0] + f"-{got[0] - 1}")
    assert becomes(lambda: numbers(whole) == got), (numbers(whole), got)
    assert gateway.service_pid() != pid
    assert "cannot be reached" in gateway.said() and "is back" in gateway.said()


@with_gateway
def many_streams_have_each_entry_of_many_gangs_once(gateway):
    streams = [opened(gateway) for _ in range(60)]
    answer = gateway.ask("POST", "/v1/jobs", JOB.format(name="many", command="true") + '[sweep]\nn = "1..200"\n', fields=TOML)
    job = answer.json()["id"]
    assert becomes(lambda: all(len(ended(stream, job)) == 200 for stream in streams), 120)
    lists = {tuple(numbers(stream)) for stream in streams}
    assert len(lists) == 1 and len(set(numbers(streams[0]))) == len(numbers(streams[0])), [min(one) for one in lists]


@with_gateway
def a_submit_that_is_sent_twice_is_one_job(gateway):
    fields = TOML + ["Idempotency-Key: abc"]
    text = JOB.format(name="once", command="true")
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: gateway.ask("POST", "/v1/jobs", text, fields=fields), range(16)))
    assert {answer.status for answer in answers} == {200}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert len(gateway.get("/v1/jobs?all&name=once").json()) == 1
    pid = gateway.service_pid()
    os.kill(pid, signal.SIGKILL)
    again = becomes(lambda: (a := gateway.ask("POST", "/v1/jobs", text, fields=fields)).status == 200 and a)
    assert again.json()["id"] == answers[0].json()["id"], again.body
    as_json = gateway.ask("POST", "/v1/jobs", gateway.ask("POST", "/v1/check", text).body[8:-1],
                          fields=["Idempotency-Key: a/b c"])
    assert as_json.status == 200, as_json.body
    assert len(gateway.get("/v1/jobs?all&name=once").json()) == 2
    assert gateway.ask("POST", "/v1/jobs", text, fields=TOML + ["Idempotency-Key: " + "a" * 200]).status == 400
    both = gateway.ask("POST", "/v1/jobs?key=a", text, fields=TOML + ["Idempotency-Key: b"])
    assert both.status == 400 and "leave one of them out" in both.body, both.body


@with_gateway
def a_job_file_is_told_all_its_mistakes_at_their_lines(gateway):
    answer = gateway.ask("POST", "/v1/check", 'command = "true"\ngpu = 1\ntasks = -1\n', fields=TOML)
    assert answer.status == 400
    mistakes = answer.json()["mistakes"]
    assert [mistake["line"] for mistake in mistakes] == [2, 3], mistakes
    assert "gpus" in mistakes[0]["hint"]
    again = gateway.ask("POST", "/v1/jobs", 'command = "true"\ngpu = 1\n', fields=TOML)
    assert again.status == 400 and again.json()["mistakes"][0]["line"] == 2
    good = gateway.ask("POST", "/v1/check", 'command = "true"\n')
    assert good.json()["spec"]["name"] == "job", good.body


@with_gateway
def what_was_submitted_is_in_the_next_list(gateway):
    for number in range(20):
        job = gateway.submit("true", f"n{number}")
        assert gateway.get("/v1/jobs?limit=5").json()[0]["id"] == job


if __name__ == "__main__":
    run_checks([a_job_is_followed_from_its_submit_to_its_end, a_stream_goes_on_where_it_broke_off,
                the_service_may_be_killed_under_an_open_stream, many_streams_have_each_entry_of_many_gangs_once,
                a_submit_that_is_sent_twice_is_one_job, a_job_file_is_told_all_its_mistakes_at_their_lines,
                what_was_submitted_is_in_the_next_list])
