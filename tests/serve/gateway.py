"""A `gang serve` of its own on a state directory of its own, and ways to ask it."""
import argparse
import contextlib
import json
import os
import pathlib
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import traceback

PATIENCE_S = 30


class Answer:
    def __init__(self, status, fields, body):
        self.status, self.fields, self.body = status, fields, body

    def json(self):
        return json.loads(self.body)


class Gateway:
    def __init__(self, gang, *words, tokens=(), env=()):
        self.gang = os.path.abspath(gang)
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="gangline-serve-"))
        self.state = self.path / "state"
        self.state.mkdir(mode=0o700)
        self.env = {key: value for key, value in os.environ.items() if not key.startswith(("GANGLINE", "XDG"))}
        self.env |= {"GANGLINE_STATE": str(self.state), "GANGLINE_NVML": "none", "HOME": str(self.path)} | dict(env)
        self.log = open(self.path / "serve.err", "w+")
        self.tokens = {name: self.run("token", "add", name, "--role", role, "-q", *more).strip()
                       for name, role, *more in tokens}
        self.words = words
        self.start()

    def start(self, port="0"):
        self.process = subprocess.Popen([self.gang, "serve", "--port", port, "--json", *self.words], env=self.env,
                                        cwd=self.path, stdout=subprocess.PIPE, stderr=self.log, text=True)
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("gang serve does not start: " + self.said())
        told = json.loads(line)
        self.address = told["address"]
        self.port = int(self.address.rsplit(":", 1)[1].strip("/"))
        self.token = told.get("token")

    def said(self):
        return (self.path / "serve.err").read_text()

    def run(self, *words, code=0):
        done = subprocess.run([self.gang, *words], env=self.env, cwd=self.path, capture_output=True, text=True,
                              timeout=PATIENCE_S)
        if code is not None:
            assert done.returncode == code, f"gang {' '.join(words)}: {done.returncode}: {done.stdout}{done.stderr}"
        return done.stdout

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE_S)

    def raw(self, data):
        """What comes back until the gateway closes the connection."""
        with self.connect() as line:
            try:
                line.sendall(data)
            except OSError:
                pass  # it may have heard enough
            return read_all(line)

    def ask(self, method, target, body=None, token="", fields=(), host=None):
        lines = [f"{method} {target} HTTP/1.1", f"Host: {host or '127.0.0.1:%d' % self.port}", "Connection: close"]
        if token is not None:
            lines.append(f"Authorization: Bearer {token or self.token}")
        lines += fields
        data = body.encode() if isinstance(body, str) else body
        if data is not None:
            lines.append(f"Content-Length: {len(data)}")
        return parse(self.raw("\r\n".join(lines).encode() + b"\r\n\r\n" + (data or b"")))

    def get(self, target, **more):
        return self.ask("GET", target, **more)

    def submit(self, command, name="job"):
        answer = self.ask("POST", "/v1/jobs", f'name = "{name}"\ncommand = "{command}"\ntime = "1m"\n',
                          fields=["Content-Type: application/toml"])
        assert answer.status == 200, answer.body
        return answer.json()["id"]

    def service_pid(self):
        return self.get("/v1/status").json()["pid"]

    def end(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(PATIENCE_S)
        subprocess.run([self.gang, "stop", "-q", "--now", "1"], env=self.env, capture_output=True, check=False)
        for command in ("service", "launcher"):
            self.kill_all(f"internal-{command}")
        shutil.rmtree(self.path, ignore_errors=True)

    def kill_all(self, word):
        """Processes of this state directory alone, guardians too."""
        for _ in range(3):
            for entry in pathlib.Path("/proc").iterdir():
                try:
                    ours = b"GANGLINE_STATE=" + str(self.state).encode() in (entry / "environ").read_bytes()
                    if ours and word.encode() in (entry / "cmdline").read_bytes():
                        os.kill(int(entry.name), signal.SIGKILL)
                except (OSError, ValueError):
                    pass
            time.sleep(0.05)


@contextlib.contextmanager
def running(gateway):
    """Ended in the end; what it said is shown where a check of it fails."""
    try:
        yield gateway
    except BaseException:
        print(gateway.said()[-3000:])
        raise
    finally:
        gateway.end()


def read_all(line):
    pieces = []
    try:
        while piece := line.recv(65536):
            pieces.append(piece)
    except (ConnectionResetError, socket.timeout):
        pass
    return b"".join(pieces)


def parse(data):
    head, _, body = data.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    if not lines[0].startswith("HTTP/1.1 "):
        return Answer(0, {}, data.decode("latin-1"))
    fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
    return Answer(int(lines[0].split()[1]), fields, body.decode("utf-8", "replace"))


class Stream(threading.Thread):
    """Reads /v1/events, or others: (id, kind, data) of each event, in the order in which they came."""

    def __init__(self, gateway, after=None, token="", path="/v1/events"):
        super().__init__(daemon=True)
        self.events, self.status, self.over, self.last = [], 0, False, None
        self.line = gateway.connect()
        self.line.settimeout(None)
        place = f"Last-Event-ID: {after}\r\n" if after else ""
        self.line.sendall((f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "
                           f"{token or gateway.token}\r\n{place}\r\n").encode())
        self.start()

    def run(self):
        try:
            file = self.line.makefile("rb")
            self.status = int(file.readline().split()[1])
            while file.readline().strip():
                pass
            event = {}
            for raw in file:
                line = raw.decode().rstrip("\n")
                if not line:
                    self.last = event.get("id", self.last)
                    if "data" in event:
                        self.events.append((event.get("id"), event.get("event"), json.loads(event["data"])))
                    event = {}
                elif not line.startswith(":"):
                    name, _, value = line.partition(": ")
                    event[name] = value
        except (OSError, ValueError, IndexError):
            pass
        self.over = True

    def kinds(self):
        return [kind for _, kind, _ in self.events]

    def close(self):
        try:
            self.line.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.join(PATIENCE_S)
        self.line.close()


def becomes(question, longest=PATIENCE_S):
    until = time.monotonic() + longest
    while not (answer := question()) and time.monotonic() < until:
        time.sleep(0.02)
    return answer


def run_checks(checks):
    parser = argparse.ArgumentParser()
    parser.add_argument("--gang", required=True)
    parser.add_argument("only", nargs="*")
    options = parser.parse_args()
    wrong = 0
    for check in checks:
        if options.only and check.__name__ not in options.only:
            continue
        try:
            check(options.gang)
            print("ok   ", check.__name__)
        except Exception:  # noqa: BLE001: each is told, whatever it is
            wrong += 1
            print("WRONG", check.__name__)
            traceback.print_exc(file=sys.stdout)
    sys.exit(1 if wrong else 0)
