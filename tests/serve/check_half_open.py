#!/usr/bin/env python3
"""check_half_open.py --gang PROGRAM: 10,000 connections that are never done, from 40 addresses, and everybody else is served.

Each wave is opened and held: half a head, a head whose body never comes, a stream of events that nobody reads; over TLS a hello that does not
end and one whose answer is not read. Meanwhile requests on new connections and on an old one are all answered, a sweep runs, and
`gang list` asks the service itself. When the wave has gone all of it is freed, and another one takes no more memory than the first.

Where one process may have fewer open files (ulimit -Hn), the wave is smaller, and says so.
"""
import os
import pathlib
import resource
import socket
import ssl
import threading
import time

from gateway import Gateway, becomes, parse, run_checks

WAVE = 10_000
FILES_FOR_OURSELVES = 300
ADDRESSES = [f"127.0.0.{2 + n}" for n in range(40)]  # good clients come from 127.0.0.1
STREAM_TOKENS = ("reads-not-1", "reads-not-2", "reads-not-3")
MOST_CONNECTIONS = 4_096  # WebLimits::connections
MOST_MEMORY, MOST_MEMORY_TLS = 100 << 20, 300 << 20  # what `gang serve` may ever have
MOST_GROWTH = 24 << 20  # from one wave to the next, of what the allocator keeps
LONGEST_ON_NEW_S = 10  # each over TLS stands behind thousands of handshakes
LONGEST_ELSE_S = 5
OTHER_FILES = 64  # of the gateway beside connections of clients
KEPT_TO_SERVICE = 16  # connections to the service, for what is asked next


def wave_size():
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    size = min(WAVE, hard - FILES_FOR_OURSELVES)
    if size < WAVE:
        print(f"only {size} of {WAVE} connections: a process may have {hard} open files here (ulimit -Hn)")
    return size


class Server:
    """The process of `gang serve` as the system sees it."""

    def __init__(self, gateway):
        self.path = pathlib.Path(f"/proc/{gateway.process.pid}")

    def files(self):
        return len(os.listdir(self.path / "fd"))

    def memory(self, name="VmRSS"):
        lines = (self.path / "status").read_text().splitlines()
        return next(int(line.split()[1]) << 10 for line in lines if line.startswith(name + ":"))


class Wave:
    def __init__(self, gateway, kinds, size):
        self.lines = []
        for number in range(size):
            line = socket.socket()
            line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            line.settimeout(30)
            line.bind((ADDRESSES[number % len(ADDRESSES)], 0))
            line.connect(("127.0.0.1", gateway.port))
            try:
                line.sendall(kinds[number % len(kinds)](number))
            except ConnectionError:
                pass  # it had to give way already
            self.lines.append(line)

    def go(self):
        for line in self.lines:
            line.close()


class Good(threading.Thread):
    """Asks again and again until it is told to end; `ask` answers whether all was well."""

    def __init__(self, name, ask, longest=LONGEST_ELSE_S):
        super().__init__(daemon=True)
        self.name, self.ask, self.longest = name, ask, longest
        self.times, self.wrong, self.ends = [], [], False
        self.start()

    def run(self):
        while not self.ends:
            began = time.monotonic()
            try:
                if not self.ask():
                    self.wrong.append("not answered well")
            except Exception as error:  # noqa: BLE001: whatever it is, it was not answered
                self.wrong.append(repr(error))
            self.times.append(time.monotonic() - began)

    def end(self):
        self.ends = True
        self.join(60)
        assert not self.is_alive(), f"{self.name}: it waits for an answer"
        assert not self.wrong, f"{self.name}: {len(self.wrong)} of {len(self.times)}: {self.wrong[:3]}"
        assert len(self.times) >= 5, f"{self.name}: asked {len(self.times)} times only"
        assert max(self.times) < self.longest, f"{self.name}: {max(self.times):.1f} s"
        return f"{self.name} {len(self.times)} in at most {max(self.times) * 1000:.0f} ms"


class OldConnection:
    def __init__(self, gateway, wrap):
        self.line = wrap(gateway.connect())
        self.request = (f"GET /v1/whoami HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {gateway.tokens['looks']}\r\n\r\n").encode()

    def ask(self):
        self.line.sendall(self.request)
        data = b""
        while b"}" not in data:
            more = self.line.recv(65536)
            assert more, "it was closed"
            data += more
        return parse(data).status == 200


def new_connection(gateway, wrap):
    def ask():
        with wrap(gateway.connect()) as line:
            line.sendall(f"GET /v1/status HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {gateway.tokens['runs-it']}\r\n"
                         "Connection: close\r\n\r\n".encode())
            data = b""
            while more := line.recv(65536):
                data += more
        return parse(data).status == 200
    return ask


def held(gateway, kinds, size, wrap):
    """One wave from its first connection to its end: (memory when all stood, memory when they had gone)."""
    server = Server(gateway)
    before = server.files()
    old = OldConnection(gateway, wrap)
    good = [Good("new connections", new_connection(gateway, wrap), LONGEST_ON_NEW_S), Good("an old connection", old.ask),
            Good("gang list", lambda: "sweep" in gateway.run("list", "--all"))]
    began = time.monotonic()
    wave = Wave(gateway, kinds, size)
    opened = time.monotonic() - began
    gateway.run("run", "--name", "sweep", "--sweep", "n=1..100", "--", "true")  # all streams hear of it
    most_files = server.files()
    stood = server.memory()
    stands = [len(one.times) for one in good]
    becomes(lambda: all(len(one.times) >= then + 5 for one, then in zip(good, stands)))
    told = [one.end() for one in good]
    assert most_files <= MOST_CONNECTIONS + OTHER_FILES, f"{most_files} open files"
    old.line.close()
    wave.go()
    assert becomes(lambda: server.files() <= before + KEPT_TO_SERVICE), f"{server.files()} open files, {before} before the wave"
    left = server.memory()
    print(f"      {size} connections in {opened:.1f} s, {most_files} kept; memory {stood >> 20} MB, then {left >> 20} MB; " + "; ".join(told))
    return stood, left


def two_waves(gateway, kinds, most_memory=MOST_MEMORY, wrap=lambda line: line):
    gateway.run("run", "--name", "sweep", "--", "true")
    size = wave_size()
    first = held(gateway, kinds, size, wrap)
    second = held(gateway, kinds, size, wrap)
    if "sanitized" in os.environ.get("BUILT", ""):
        return  # its memory is another one
    assert Server(gateway).memory("VmHWM") < most_memory, f"{Server(gateway).memory('VmHWM') >> 20} MB"
    assert max(second) < max(first) + MOST_GROWTH, f"memory grows from wave to wave: {first}, {second}"


ROLES = (("looks", "read"), ("runs-it", "operate"), *((name, "read") for name in STREAM_TOKENS))


def connections_that_are_never_done(gang):
    gateway = Gateway(gang, tokens=ROLES)
    try:
        words = [gateway.tokens[name] for name in STREAM_TOKENS]
        two_waves(gateway, [
            lambda _: b"GET /v1/status HTTP/1.1\r\nHost: loc",
            lambda _: (f"POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {gateway.tokens['runs-it']}\r\n"
                       "Content-Length: 5000\r\n\r\n{").encode(),
            lambda _: b"",
            lambda n: (f"GET /v1/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {words[n // 4 % len(words)]}\r\n\r\n").encode()])
    finally:
        gateway.end()


def tls_that_is_never_agreed_on(gang):
    from check_attacks import certificate
    gateway = Gateway(gang, tokens=ROLES)
    try:
        gateway.process.terminate()
        gateway.process.wait(30)
        certificate(gateway.path)
        gateway.words = ("--tls-cert", "cert.pem", "--tls-key", "key.pem")
        gateway.start()
        context = ssl.create_default_context(cafile=str(gateway.path / "cert.pem"))

        def hello():
            incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
            try:
                context.wrap_bio(incoming, outgoing, server_hostname="gpu1.lab").do_handshake()
            except ssl.SSLWantReadError:
                pass
            return outgoing.read()
        whole = hello()
        two_waves(gateway, [lambda _: whole[:len(whole) // 2], lambda _: whole[:1], lambda _: whole, lambda _: b""],
                  MOST_MEMORY_TLS, lambda line: context.wrap_socket(line, server_hostname="gpu1.lab"))
    finally:
        gateway.end()


if __name__ == "__main__":
    run_checks([connections_that_are_never_done, tls_that_is_never_agreed_on])
