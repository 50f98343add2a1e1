#!/usr/bin/env python3
"""Process 1 of a pretended host, started by keeper.py in namespaces of its own (mounts, processes, network, name).

It makes the host's own /dev, /run, /tmp and disk, then runs what it is asked to run over a socket, and collects whatever
ends here. One connection is one process: the request comes with its three files, then signals may come, and the answer is
its exit code. A connection that closes ends its process; the host that loses power closes all of them.
"""
import array
import ctypes
import json
import os
import resource
import selectors
import signal
import socket
import subprocess
import sys

LONGEST_REQUEST = 128 * 1024
FILES_EACH = 3
OPEN_FILES = 65536
MS_NOSUID, MS_NODEV, MS_BIND, MS_REC = 2, 4, 4096, 16384

LIBC = ctypes.CDLL(None, use_errno=True)


def mount(source, target, kind="", flags=0, options=""):
    words = (str(word).encode() for word in (source, target, kind))
    if LIBC.mount(*words, ctypes.c_ulong(flags), options.encode()) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"mount {source} on {target}: {os.strerror(number)}")


def make_devices(gpus):
    """A /dev with what programs expect and `gpus`: names with their numbers. Opening one gives ENXIO where it is allowed."""
    mount("dev", "/dev", "tmpfs", MS_NOSUID, "mode=755")
    os.umask(0)
    for name, major, minor in (("null", 1, 3), ("zero", 1, 5), ("full", 1, 7), ("random", 1, 8), ("urandom", 1, 9),
                               ("tty", 5, 0), *gpus):
        os.mknod(f"/dev/{name}", 0o666 | 0o020000, os.makedev(major, minor))
    os.umask(0o022)
    for name, leads_to in (("fd", "/proc/self/fd"), ("stdin", "fd/0"), ("stdout", "fd/1"), ("stderr", "fd/2"),
                           ("ptmx", "pts/ptmx")):
        os.symlink(leads_to, f"/dev/{name}")
    os.mkdir("/dev/pts")
    mount("pts", "/dev/pts", "devpts", MS_NOSUID, "newinstance,ptmxmode=0666,mode=620")
    os.mkdir("/dev/shm")
    mount("shm", "/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777")


def make_places(inside, disk, groups):
    """What all hosts share stands in `inside`; what outlives a power cut, in `disk`; /run comes last, as it may hide both."""
    mount("proc", "/proc", "proc")
    for below, place in (("etc", "/etc"), ("home", "/home"), ("srv", "/srv")):
        mount(f"{inside}/{below}", place, flags=MS_BIND)
    for below, place in (("lib", "/var/lib"), ("spool", "/var/spool"), ("log", "/var/log"), ("tmp", "/tmp"),
                         ("var_tmp", "/var/tmp")):
        mount(f"{disk}/{below}", place, flags=MS_BIND)
    for kind, group in groups.items():
        mount(group, f"/sys/fs/cgroup/{kind}", flags=MS_BIND)
    munge = os.open(f"{inside}/munge", os.O_PATH)
    mount("run", "/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=755")
    os.mkdir("/run/munge")
    mount(f"/proc/self/fd/{munge}", "/run/munge", flags=MS_BIND)
    os.close(munge)


class Host:
    def __init__(self, listening):
        self.listening = listening
        self.selector = selectors.DefaultSelector()
        self.selector.register(listening, selectors.EVENT_READ, self.accept)
        self.of_connection = {}  # connection: process
        self.of_pid = {}  # pid: connection

    def accept(self, _):
        connection, _ = self.listening.accept()
        self.selector.register(connection, selectors.EVENT_READ, self.hear)

    def hear(self, connection):
        files = array.array("i")
        try:
            said, extra, _, _ = connection.recvmsg(LONGEST_REQUEST, socket.CMSG_LEN(FILES_EACH * files.itemsize))
        except OSError:
            said, extra = b"", []
        for level, kind, content in extra:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                files.frombytes(content[:len(content) - len(content) % files.itemsize])
        process = self.of_connection.get(connection)
        if not said:
            if process is not None:
                self.signal_all(process, signal.SIGKILL)
            self.forget(connection)
            return
        request = json.loads(said)
        if process is not None:
            self.signal_one(process, request["signal"])
        else:
            self.begin(connection, request, files)
        for file in files:
            os.close(file)

    def begin(self, connection, request, files):
        try:
            process = subprocess.Popen(
                request["words"], user=request["uid"], group=request["gid"], extra_groups=request["groups"],
                cwd=request["directory"], env=request["environment"], stdin=files[0], stdout=files[1], stderr=files[2],
                start_new_session=True, umask=0o022)
        except (OSError, subprocess.SubprocessError, ValueError) as error:
            self.answer(connection, {"code": 127, "error": str(error)})
            return
        self.of_connection[connection] = process
        self.of_pid[process.pid] = connection

    def answer(self, connection, said):
        try:
            connection.send(json.dumps(said).encode())
        except OSError:
            pass  # whoever asked is gone
        self.forget(connection)

    def forget(self, connection):
        process = self.of_connection.pop(connection, None)
        if process is not None:
            self.of_pid.pop(process.pid, None)
        self.selector.unregister(connection)
        connection.close()

    def signal_one(self, process, number):
        try:
            os.kill(process.pid, number)
        except ProcessLookupError:
            pass

    def signal_all(self, process, number):
        try:
            os.killpg(process.pid, number)
        except ProcessLookupError:
            pass

    def collect(self):
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            connection = self.of_pid.get(pid)
            if connection is not None:
                code = os.waitstatus_to_exitcode(status)
                self.of_connection[connection].returncode = code
                self.answer(connection, {"code": code if code >= 0 else 128 - code})

    def serve(self):
        reading, writing = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self.selector.register(reading, selectors.EVENT_READ, lambda file: os.read(file, 4096))
        while True:
            for key, _ in self.selector.select():
                key.data(key.fileobj)
            self.collect()


def main():
    host = json.loads(sys.argv[1])
    socket.sethostname(host["name"])
    make_places(host["inside"], host["disk"], host["groups"])
    make_devices(host["gpus"])
    os.chdir("/")
    for limit, most in ((resource.RLIMIT_MEMLOCK, resource.RLIM_INFINITY), (resource.RLIMIT_NOFILE, OPEN_FILES)):
        try:
            resource.setrlimit(limit, (most, most))
        except (OSError, ValueError):
            pass  # what the machine gives must do
    Host(socket.socket(fileno=host["listening"])).serve()


if __name__ == "__main__":
    main()
