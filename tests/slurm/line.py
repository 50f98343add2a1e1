"""One process on a pretended host: the asking end of host.py's socket."""
import json
import os
import select
import signal
import socket
import time

LONGEST_ANSWER = 64 * 1024
PATH = "/srv/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
POWER_LOST = 255  # what a command comes to whose host died below it


class SlurmTrouble(Exception):
    """The cluster cannot do what was asked; the text says what and why."""


def who(person):
    """How host.py is told of a user: numbers, a home, a name."""
    return {"uid": person["uid"], "gid": person["gid"], "groups": person.get("groups", [person["gid"]]),
            "home": person["home"], "name": person["name"]}


ROOT = {"uid": 0, "gid": 0, "home": "/root", "name": "root"}


def environment_of(person, more=None):
    plain = {"HOME": person["home"], "USER": person["name"], "LOGNAME": person["name"], "SHELL": "/bin/bash",
             "LANG": "C.UTF-8", "PATH": PATH}
    return plain | (more or {})


class Line:
    """A process that runs on a host. Closing the line kills it and all of its session."""

    def __init__(self, path, words, person=ROOT, files=(0, 1, 2), directory=None, environment=None):
        self.code, self.error = None, ""
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        person = who(person)
        request = {"words": list(words), "uid": person["uid"], "gid": person["gid"], "groups": person["groups"],
                   "directory": str(directory or person["home"]), "environment": environment_of(person, environment)}
        try:
            self.socket.connect(str(path))
            socket.send_fds(self.socket, [json.dumps(request).encode()], list(files))
        except OSError as error:
            self.socket.close()
            raise SlurmTrouble(f"the host at {path} is off: {error}") from error

    def signal(self, number):
        try:
            self.socket.send(json.dumps({"signal": int(number)}).encode())
        except OSError:
            pass  # it has ended

    def wait(self, patience=None):
        """The exit code (128 + signal), or None where it still runs after `patience` seconds."""
        if self.code is not None:
            return self.code
        if patience is not None and not select.select([self.socket], [], [], max(0.0, patience))[0]:
            return None
        try:
            said = self.socket.recv(LONGEST_ANSWER)
        except OSError:
            said = b""
        answer = json.loads(said) if said else {"code": POWER_LOST, "error": "the host lost power"}
        self.code, self.error = answer["code"], answer.get("error", "")
        self.socket.close()
        return self.code

    def running(self):
        return self.wait(0) is None

    def kill(self):
        """Ends it, if it has not ended, and waits until it has."""
        self.signal(signal.SIGKILL)
        return self.wait()

    def close(self):
        self.socket.close()


def run(path, words, person=ROOT, patience=60.0, text="", **more):
    """Runs it to its end. Returns its code, what it said and what it complained of."""
    with open(os.memfd_create("in"), "w+b") as given, open(os.memfd_create("out"), "w+b") as said, \
            open(os.memfd_create("err"), "w+b") as complained:
        given.write(text.encode() if isinstance(text, str) else text)
        given.seek(0)
        line = Line(path, words, person, (given.fileno(), said.fileno(), complained.fileno()), **more)
        code = line.wait(patience)
        if code is None:
            line.close()
            raise SlurmTrouble(f"not done after {patience:.0f} s: {' '.join(map(str, words))}")
        said.seek(0)
        complained.seek(0)
        return code, said.read().decode(errors="replace"), complained.read().decode(errors="replace") + line.error


def until(what, patience, holds, pause=0.02):
    end = time.monotonic() + patience
    while not (answer := holds()):
        if time.monotonic() > end:
            raise SlurmTrouble(f"not within {patience:.0f} s: {what}")
        time.sleep(pause)
    return answer
