#!/usr/bin/env python3
"""check_attacks.py --gang PROGRAM: what a hostile client may try on `gang serve`, and that it is refused."""
import pathlib
import signal
import socket
import ssl
import subprocess
import time

from gateway import Gateway, Stream, becomes, parse, read_all, run_checks, running

ROLES = (("looks", "read"), ("hands-in", "submit"), ("runs-it", "operate"), ("brief", "read", "--expires", "1s"))


def with_gateway(check):
    def run(gang):
        with running(Gateway(gang, tokens=ROLES)) as gateway:
            check(gateway)
            assert gateway.get("/v1/whoami").status == 200, "it does not answer any more"
            assert gateway.process.poll() is None, gateway.said()
    run.__name__ = check.__name__
    return run


def is_error(answer, status, *words):
    assert answer.status == status, f"{answer.status} {answer.body}"
    error = answer.json()
    assert error["kind"] and error["what"], answer.body
    for word in words:
        assert word in answer.body, answer.body


@with_gateway
def tokens_that_do_not_hold(gateway):
    is_error(gateway.get("/v1/status", token=None), 401, "token is needed", "gang token add")
    is_error(gateway.get("/v1/status", token="wrong"), 401, "does not hold")
    is_error(gateway.get("/v1/status", token=gateway.tokens["looks"] + "x"), 401)
    is_error(gateway.get("/metrics", token=None), 401)
    assert gateway.get("/v1/status", token=gateway.tokens["looks"]).status == 200
    assert becomes(lambda: gateway.get("/v1/status", token=gateway.tokens["brief"]).status == 401)
    stream = Stream(gateway, token=gateway.tokens["looks"])
    assert becomes(lambda: stream.status == 200)
    gateway.run("token", "remove", "looks")
    assert becomes(lambda: stream.over), "the stream of a withdrawn token goes on"
    is_error(gateway.get("/v1/status", token=gateway.tokens["looks"]), 401)
    assert "401" in gateway.said()
    assert gateway.tokens["looks"] not in gateway.said()


@with_gateway
def roles_that_are_too_low(gateway):
    job = gateway.submit("sleep 60")
    toml, looks, submits = ["Content-Type: application/toml"], gateway.tokens["looks"], gateway.tokens["hands-in"]
    is_error(gateway.ask("POST", "/v1/jobs", 'command = "true"', token=looks, fields=toml), 403)
    is_error(gateway.ask("POST", "/v1/check", 'command = "true"', token=looks), 403)
    is_error(gateway.ask("POST", f"/v1/jobs/{job}/stop", token=looks), 403, "submit")
    is_error(gateway.ask("POST", "/v1/shut_down", token=looks), 403, "operate")
    is_error(gateway.ask("POST", "/v1/shut_down", token=submits), 403, "operate")
    is_error(gateway.ask("POST", "/v1/reservations", '{"maintenance":true}', token=submits), 403, "operate")
    is_error(gateway.ask("POST", "/v1/reservations", '{"person":"somebody"}', token=submits), 403)
    assert gateway.ask("POST", f"/v1/jobs/{job}/stop?at_once", token=submits).status == 200
    assert gateway.get("/v1/whoami", token=submits).json()["role"] == "submit"


@with_gateway
def paths_that_lead_elsewhere(gateway):
    pathlib.Path(gateway.state / "secret").write_text("SECRET")
    for target in ("/../../secret", "/%2e%2e/%2e%2e/secret", "/..%2f..%2fsecret", "/v1/../secret", "//secret",
                   "/v1/jobs/1/gangs/0/../../../secret", "/v1/jobs/..%2f..%2fsecret/gangs/0/log",
                   "/v1/jobs/1/gangs/%2e%2e/log", "/v1/names/..%2f..%2fsecret", "/v1/jobs/1%00/why",
                   "/v1//jobs", "/v1/jobs/", "/V1/jobs", "/index.html/../../secret", "/assets/%2e%2e/secret"):
        answer = gateway.get(target)
        assert answer.status in (400, 404), f"{target}: {answer.status}"
        assert "SECRET" not in answer.body
    for target in ("/v1/jobs?limit=-1", "/v1/jobs?limit=x", "/v1/jobs?%zz=1", "/v1/jobs?phase=asleep",
                   "/v1/feed?after=18446744073709551616", "/v1/events?after=x"):
        assert gateway.get(target).status == 400, target
    for method in ("PUT", "DELETE", "PATCH", "TRACE", "OPTIONS", "CONNECT", "get"):
        assert gateway.ask(method, "/v1/jobs").status == 405, method
    is_error(gateway.ask("POST", "/v1/status"), 405)


@with_gateway
def requests_that_would_be_half_understood(gateway):
    is_error(gateway.get("/v1/jobs?sate=running"), 400, "no 'sate'", "phase")
    is_error(gateway.get("/v1/whoami?who=me"), 400, "no 'who'")
    is_error(gateway.get("/v1/events?afer=1"), 400, "after")
    job = '{"name":"x","command":{"words":["true"]},"dir":"/"%s}'
    is_error(gateway.ask("POST", "/v1/jobs", job % ',"resorces":{"tasks":2}'), 400, "did you mean 'resources'?")
    is_error(gateway.ask("POST", "/v1/jobs", job % ',"retries":"2"'), 400, "'retries'", "a whole number")
    is_error(gateway.ask("POST", "/v1/reservations", '{"recources":{}}'), 400, "did you mean 'resources'?")
    is_error(gateway.ask("POST", "/v1/jobs", job % "", fields=["Gangline-Version: 99.0"]), 426, "who asks is version 99.0")
    is_error(gateway.get("/v1/jobs?order=start&before=5"), 400, "'before'")
    is_error(gateway.get("/v1/jobs?limit=10001"), 400, "up to 10000")
    assert gateway.get("/v1/jobs?all").json() == []
    assert gateway.ask("POST", "/v1/jobs", job % "").status == 200


@with_gateway
def gangs_and_ranks_that_there_are_not(gateway):
    for job in (gateway.submit("true"), gateway.submit("sleep 60")):
        assert becomes(lambda: gateway.get(f"/v1/jobs/{job}").json()["summary"]["phase"] in ("running", "ended"))
        is_error(gateway.get(f"/v1/jobs/{job}/gangs/0/log?rank=3"), 404, f"gang {job}.0 has no rank 3", "0 to 0")
        is_error(gateway.get(f"/v1/jobs/{job}/gangs/0/log?attempt=9"), 404, "no attempt 9", "tried once")
        is_error(gateway.get(f"/v1/jobs/{job}/gangs/7/log"), 404, f"{job}.7")
        is_error(gateway.get(f"/v1/jobs/{job}/wait?gang=7&us=1"), 404, f"{job}.7")
        is_error(gateway.ask("POST", f"/v1/jobs/{job}/stop?gang=7"), 404, f"{job}.7")
        assert gateway.get(f"/v1/jobs/{job}/gangs/0/log").status == 200


@with_gateway
def requests_that_are_too_large(gateway):
    is_error(gateway.get("/v1/status", fields=["X-Long: " + "a" * 20_000]), 431)
    is_error(gateway.get("/" + "a" * 20_000), 431)
    is_error(gateway.get("/v1/status", fields=["X: a"] * 100), 431)
    is_error(gateway.ask("POST", "/v1/jobs", "x" * (2 << 20)), 413)
    is_error(gateway.ask("POST", "/v1/reservations", "x" * (100 << 10)), 413)
    is_error(parse(gateway.raw(b"POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999999999999\r\n\r\n")),
             400)
    is_error(gateway.ask("POST", "/v1/jobs", "x" * 10, token=None), 401)
    is_error(gateway.ask("POST", "/v1/jobs", "[" * 500_000), 400)
    is_error(gateway.ask("POST", "/v1/check", "a = " + "[" * 100_000, fields=["Content-Type: application/toml"]), 400)
    is_error(gateway.ask("GET", "/v1/status", "body"), 400)


@with_gateway
def patterns_that_look_at_very_much(gateway):
    for n in range(250):
        (gateway.path / "many" / str(n)).mkdir(parents=True)
    job = 'command = "true"\n[split]\nfiles = "many/%s"\n'
    is_error(gateway.ask("POST", "/v1/check", job % "*/../*/x"), 400, "looks at more than 50000 names", '"line":3')
    assert gateway.ask("POST", "/v1/check", job % "*").status == 200


@with_gateway
def heads_that_say_two_things(gateway):
    auth = f"Host: localhost\r\nAuthorization: Bearer {gateway.token}\r\n".encode()
    smuggled = b"GET /v1/shut_down HTTP/1.1\r\nHost: localhost\r\n\r\n"
    for head, status in (
            (b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", 400),
            (b"Transfer-Encoding: chunked\r\n", 411),
            (b"Transfer-Encoding : chunked\r\n", 400),
            (b"Transfer-Encoding:\x0bchunked\r\n", 400),
            (b"Content-Length: 5\r\nContent-Length: 6\r\n", 400),
            (b"X: a\r\n folded\r\n", 400),
            (b"X: a\x00b\r\n", 400),
            (b"X: a\nContent-Length: 3\r\n", 400),
            (b"Host: evil.example\r\n", 400),
            (b"Authorization: Bearer x\r\n", 400)):
        data = gateway.raw(b"POST /v1/check HTTP/1.1\r\n" + auth + head + b"\r\n0\r\n\r\n" + smuggled)
        assert data.startswith(b"HTTP/1.1 %d " % status), (head, data[:300])
        assert data.count(b"HTTP/1.1 ") == 1, (head, data)
    for data in (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", b"\x00" * 1000 + b"\r\n\r\n",
                 b"GET / HTTP/0.9\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\r\n\r\n\r\n\r\n"):
        assert parse(gateway.raw(data)).status in (400, 505), data


@with_gateway
def many_requests_in_one_piece(gateway):
    one = f"GET /v1/whoami HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {gateway.token}\r\n\r\n".encode()
    last = one.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    data = gateway.raw(one * 999 + last)
    assert data.count(b"HTTP/1.1 200 ") == 1000, data.count(b"HTTP/1.1 200 ")


@with_gateway
def hosts_and_sites_that_are_not_ours(gateway):
    for host in ("evil.example", "evil.example:7979", "localhost.evil.example", "10.1.2.3", "127.0.0.1.evil.example"):
        for target in ("/v1/status", "/"):
            is_error(gateway.get(target, host=host), 421, "no name of this service")
    assert gateway.get("/v1/status", host="localhost:1234").status == 200
    for origin in ("http://evil.example", "null", "http://localhost:1", "file://"):
        is_error(gateway.get("/v1/status", fields=[f"Origin: {origin}"]), 403)
        is_error(gateway.ask("POST", "/v1/jobs", "{}", fields=[f"Origin: {origin}"]), 403)
    own = gateway.get("/v1/status", fields=[f"Origin: http://127.0.0.1:{gateway.port}"])
    assert own.status == 200
    assert not any(name.startswith("access-control") for name in own.fields)
    page = gateway.get("/", token=None)
    assert page.status == 200
    assert "default-src 'none'" in page.fields["content-security-policy"]
    assert "unsafe-inline" not in page.fields["content-security-policy"]
    assert "frame-ancestors 'none'" in page.fields["content-security-policy"]
    assert page.fields["x-content-type-options"] == "nosniff"
    assert page.fields["referrer-policy"] == "no-referrer"


@with_gateway
def clients_that_hold_connections_open(gateway):
    held = []
    for number in range(600):
        line = gateway.connect()
        if number % 2:
            line.sendall(b"GET /v1/status HTTP/1.1\r\nHost: loc")
        held.append(line)
    began = time.monotonic()
    for _ in range(20):
        assert gateway.get("/v1/status").status == 200
    assert time.monotonic() - began < 10
    for line in held[300:]:
        line.settimeout(15)
        assert not read_all(line) or True  # closed, with or without a word
        line.close()


@with_gateway
def strangers_that_try_many_tokens(gateway):
    codes = [gateway.get("/v1/status", token=f"try{n}").status for n in range(200)]
    assert set(codes) == {401, 429}, set(codes)
    answer = becomes(lambda: (a := gateway.get("/v1/status", token="try")).status == 429 and a)
    assert not answer or int(answer.fields["retry-after"]) > 0
    assert gateway.get("/v1/status").status == 200
    assert gateway.said().count("refused") < 150


@with_gateway
def names_with_markup_stay_text(gateway):
    name = "<script>alert(1)</script>\\u001b[2J"
    answer = gateway.ask("POST", "/v1/check", f'name = "{name}"\ncommand = "true"\n')
    assert answer.fields["content-type"] == "application/json"
    for path in ("<script>", "%3Cscript%3E", "\x1b[2J"):
        gateway.raw(f"GET /{path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
    assert "\x1b" not in gateway.said()


def addresses_that_others_reach(gang):
    gateway = Gateway(gang)
    try:
        for words, said in ((("--address", "0.0.0.0"), "--tls-cert"), (("--address", "::"), "--tls-cert"),
                            (("--address", "nonsense"), "no address"),
                            (("--tls-cert", "missing.pem"), "--tls-key"),
                            (("--tls-cert", "missing.pem", "--tls-key", "missing.pem"), "missing.pem"),
                            (("--port", str(gateway.port)), "--port 0")):
            port = () if "--port" in words else ("--port", "0")
            done = subprocess.run([gateway.gang, "serve", *port, *words], env=gateway.env, cwd=gateway.path, text=True,
                                  capture_output=True, timeout=30)
            assert done.returncode != 0 and said in done.stderr, (words, done.stderr)
        certificate(gateway.path)
        keys = ("--tls-cert", "cert.pem", "--tls-key", "key.pem")
        done = subprocess.run([gateway.gang, "serve", "--port", "0", "--address", "0.0.0.0", *keys], env=gateway.env, text=True,
                              cwd=gateway.path, capture_output=True, timeout=30)
        assert done.returncode == 1 and "gang token add" in done.stderr, done.stderr
        gateway.run("token", "add", "a", "--role", "read", "-q")
        with_tls(gateway, keys)
    finally:
        gateway.end()


def certificate(path):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-keyout", "key.pem", "-out", "cert.pem", "-days", "2", "-subj", "/CN=gpu1.lab", "-addext",
                    "subjectAltName=DNS:gpu1.lab"], cwd=path, check=True, capture_output=True)


def with_tls(gateway, keys):
    gateway.process.send_signal(signal.SIGINT)
    assert gateway.process.wait(30) == 0
    gateway.words = ("--address", "0.0.0.0", "--name", "gpu1.lab", *keys)
    gateway.start()
    assert gateway.address == f"https://gpu1.lab:{gateway.port}/" and not gateway.token, gateway.address
    word = gateway.run("token", "add", "b", "--role", "read", "-q").strip()
    context = ssl.create_default_context(cafile=str(gateway.path / "cert.pem"))

    def ask(host="gpu1.lab"):
        with context.wrap_socket(gateway.connect(), server_hostname="gpu1.lab") as line:
            line.sendall(f"GET /v1/whoami HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {word}\r\n"
                         "Connection: close\r\n\r\n".encode())
            return parse(read_all(line))
    assert becomes(lambda: ask().status == 200)
    certificate(gateway.path)  # another one: who trusts that one alone is soon answered
    context = ssl.create_default_context(cafile=str(gateway.path / "cert.pem"))

    def is_trusted():
        try:
            return ask().status == 200
        except ssl.SSLError:
            return False
    assert becomes(is_trusted), gateway.said()
    assert ask("evil.example").status == 421
    assert b"HTTP/1.1 200" not in gateway.raw(b"GET / HTTP/1.1\r\nHost: gpu1.lab\r\n\r\n")  # without TLS
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
    try:
        old.wrap_socket(gateway.connect())
        raise AssertionError("TLS 1.1 is spoken")
    except (ssl.SSLError, OSError):
        pass


if __name__ == "__main__":
    run_checks([tokens_that_do_not_hold, roles_that_are_too_low, paths_that_lead_elsewhere,
                requests_that_would_be_half_understood, gangs_and_ranks_that_there_are_not, requests_that_are_too_large,
                patterns_that_look_at_very_much, heads_that_say_two_things, many_requests_in_one_piece,
                hosts_and_sites_that_are_not_ours,
                clients_that_hold_connections_open, strangers_that_try_many_tokens, names_with_markup_stay_text,
                addresses_that_others_reach])
