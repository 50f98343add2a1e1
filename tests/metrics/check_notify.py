#!/usr/bin/env python3
"""check_notify.py --gang PROGRAM: the end of a job is told by a command, a web hook and mail, and nobody waits for it.

The command and the sendmail program are scripts, the hook is a server here, once plain and once with TLS.
"""
import argparse
import http.server
import json
import os
import pathlib
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import threading
import time

PATIENCE_S = 60.0


class Hook(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.heard.append((self.path, self.headers["Content-Type"], json.loads(body)))
        self.send_response(500 if len(self.server.heard) <= self.server.refuses else 200)
        self.end_headers()

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    heard, refuses, strangers = (), 0, 0

    def get_request(self):
        try:
            return super().get_request()
        except ssl.SSLError:  # whoever came did not like the certificate
            self.strangers += 1
            raise


def serve(context=None, refuses=0):
    server = Server(("127.0.0.1", 0), Hook)
    server.heard, server.refuses = [], refuses
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def until(condition):
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.05)
    return False


def script(path, text):
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


class Machine:
    def __init__(self, gang, place, name):
        self.gang, self.place = gang, place / name
        self.place.mkdir()
        self.environment = dict(os.environ, GANGLINE_STATE=str(self.place / "state"), GANGLINE_CONFIG=str(self.place / "config.toml"),
                                GANGLINE_ROOT=str(self.place / "root"), GANGLINE_NVML="",
                                GANGLINE_SENDMAIL=str(self.place / "sendmail"), SSL_CERT_FILE=str(place / "cert.pem"))
        script(self.place / "sendmail", f'echo "$@" >> {self.place}/mailed-to; cat >> {self.place}/mail')
        script(self.place / "tell", f"cat >> {self.place}/told")

    def config(self, text):
        (self.place / "config.toml").write_text("[notify]\n" + text)

    def run(self, *words):
        return subprocess.run([self.gang, *words], capture_output=True, text=True, cwd=self.place, env=self.environment)

    def read(self, name):
        file = self.place / name
        return file.read_text() if file.exists() else ""


def check_all_ways(machine, wrong):
    server = serve(refuses=1)
    machine.config(f'on = "failure"\ncommand = ["{machine.place}/tell"]\nhook = "http://127.0.0.1:{server.server_port}/gpus?key=a/"\nmail = true\n')
    machine.run("run", "--", "true")
    ran = machine.run("run", "--name", "bad", "--", "sh", "-c", "echo the last line; echo why >&2; exit 3")
    if ran.returncode != 3:
        wrong.append(f"gang run ended with {ran.returncode}: {ran.stderr}")
    if not until(lambda: len(server.heard) == 2 and machine.read("mail") and machine.read("told")):
        wrong.append(f"not told: {len(server.heard)} by hook, {machine.read('mail')!r}, {machine.read('told')!r}")
        return
    path, content, end = server.heard[-1]
    if (path, content, end["id"], end["ending"]["exit_code"]) != ("/gpus?key=a/", "application/json", 2, 3):
        wrong.append(f"the hook heard {path} {content} {end}")
    if end["ending"]["last_lines"] != "why\n" or end["name"] != "bad":
        wrong.append(f"the last lines are not in it: {end}")
    told = [json.loads(line) for line in machine.read("told").splitlines()]
    if [job["id"] for job in told] != [2]:
        wrong.append(f"the command was told of {told}")
    mail = machine.read("mail")
    if f"Subject: job 2 (bad) did not end well\n" not in mail or "\nwhy\n" not in mail:
        wrong.append(f"the mail is {mail}")
    if machine.read("mailed-to").split() != ["-oi", "--", mail.split("\n")[0].removeprefix("To: ")]:
        wrong.append(f"mailed to {machine.read('mailed-to')}")


def check_nobody_waits(machine, wrong):
    """A command that does not end holds up no job; what it does not do is told."""
    script(machine.place / "tell", "exec sleep 40")
    machine.config(f'on = "end"\ncommand = ["{machine.place}/tell"]\n')
    machine.run("daemon", "restart")
    began = time.monotonic()
    for _ in range(10):
        machine.run("run", "--", "true")
    if time.monotonic() - began > 25:
        wrong.append("jobs waited for the command")
    script(machine.place / "tell", "echo no such room >&2; exit 4")
    os.kill(int(machine.run("daemon", "status", "-q").stdout), signal.SIGKILL)  # those under way are told by the next one
    machine.run("daemon", "start")
    if not until(lambda: "tell ended with 4: no such room" in machine.run("daemon", "status").stdout):
        wrong.append(f"the failure is not told: {machine.run('daemon', 'status').stdout}")


def check_tls(machine, place, wrong):
    if not shutil.which("openssl"):
        print("left out: openssl is not installed")
        return
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
                    "subjectAltName=DNS:localhost", "-keyout", place / "key.pem", "-out", place / "cert.pem"], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(place / "cert.pem", place / "key.pem")
    server = serve(context)
    machine.config(f'on = "end"\nhook = "https://localhost:{server.server_port}/x"\n')
    machine.run("run", "--", "true")
    if not until(lambda: len(server.heard) == 1):
        wrong.append(f"https: not told; {machine.run('daemon', 'status').stdout}")
    machine.run("daemon", "stop")
    machine.config(f'on = "end"\nhook = "https://127.0.0.1:{server.server_port}/x"\n')
    machine.run("run", "--", "true")
    if not until(lambda: server.strangers > 0) or len(server.heard) != 1:
        wrong.append("https: a certificate for another name is taken")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--gang", type=pathlib.Path, required=True)
    gang = parser.parse_args().gang.resolve()
    wrong = []
    with tempfile.TemporaryDirectory() as folder:
        place = pathlib.Path(folder)
        machines = [Machine(gang, place, name) for name in ("all", "tls")]
        try:
            check_all_ways(machines[0], wrong)
            check_nobody_waits(machines[0], wrong)
            check_tls(machines[1], place, wrong)
            refused = machines[1].run("run", "--notify", "endd", "--", "true")
            if refused.returncode != 2:
                wrong.append(f"--notify endd ended with {refused.returncode}: {refused.stderr}")
        finally:
            for machine in machines:
                machine.run("daemon", "stop")
    for line in wrong:
        print(line)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
