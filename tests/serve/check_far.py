"""The command line against a service of another machine: `--server`, GANGLINE_SERVER and [server.NAME].

The other machine is a `gang serve` with TLS at localhost; this one is an empty home that shares nothing with it.
"""
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import threading

from gateway import Gateway, becomes, run_checks

PATIENCE_S = 90
KEYS = ("--tls-cert", "cert.pem", "--tls-key", "key.pem")


class Here:
    """A machine without a service of its own, and one far away."""

    def __init__(self, gang, *words, role="submit", tls=True):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="gangline-here-"))
        self.far = Gateway(gang, *words)
        self.gang = self.far.gang
        if tls:
            self.certify()
            self.restart(*words, *KEYS)
        self.token = self.far.run("token", "add", "here", "--role", role, "-q").strip()
        self.url = f"https://localhost:{self.far.port}" if tls else f"http://127.0.0.1:{self.far.port}"
        self.env = {"PATH": os.environ["PATH"], "HOME": str(self.path), "GANGLINE_TOKEN": self.token, "ONLY_HERE": "yes"}
        (self.path / ".config/gangline").mkdir(parents=True)
        shutil.copy(self.far.path / "cert.pem", self.path / ".config/gangline/far.pem") if tls else None
        self.write_config()

    def certify(self):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-keyout", "key.pem", "-out", "cert.pem", "-days", "2", "-subj", "/CN=localhost", "-addext",
                        "subjectAltName=DNS:localhost,IP:127.0.0.1"], cwd=self.far.path, check=True, capture_output=True)

    def restart(self, *words):
        self.far.process.send_signal(signal.SIGTERM)
        self.far.process.wait(PATIENCE_S)
        self.far.words = words
        self.far.start()

    def write_config(self, more=""):
        token = self.path / ".config/gangline/far.token"
        token.write_text(self.token + "\n")
        token.chmod(0o600)
        certificates = 'certificates = "far.pem"\n' if self.url.startswith("https") else ""
        (self.path / ".config/gangline/config.toml").write_text(
            f'[server.far]\nurl = "{self.url}"\ntoken_file = "~/.config/gangline/far.token"\n{certificates}{more}')

    def with_url(self, more):
        """A config file in which the server's url has more behind it."""
        config = self.path / ".config/gangline/config.toml"
        (self.path / "more.toml").write_text(config.read_text().replace(self.url, self.url + more).replace(
            "far.pem", str(config.parent / "far.pem")))
        return {"GANGLINE_CONFIG": str(self.path / "more.toml")}

    def call(self, *words, code=0, env=(), cwd=None):
        done = subprocess.run([self.gang, *words], env=self.env | dict(env), cwd=cwd or self.path, capture_output=True,
                              text=True, timeout=PATIENCE_S)
        assert code is None or done.returncode == code, f"gang {' '.join(words)}: {done.returncode}: {done.stdout}{done.stderr}"
        return done

    def ask(self, *words, **more):
        command, *rest = words
        return self.call(command, "--server", "far", *rest, **more)

    def end(self):
        self.far.end()
        shutil.rmtree(self.path, ignore_errors=True)


def with_machines(*words, **how):
    def wrap(check):
        def run(gang):
            here = Here(gang, *words, **how)
            try:
                check(here)
                assert not list(here.path.glob(".local/state/gangline/gangline.db")), "a service was started here"
            finally:
                here.end()
        run.__name__ = check.__name__
        return run
    return wrap


@with_machines()
def a_job_goes_from_here_to_there_and_back(here):
    done = here.ask("run", "--name", "first", "--", "sh", "-c", "echo out; echo err >&2; exit 7", code=7)
    assert done.stdout == "out\n" and "err\n" in done.stderr, done
    assert here.call("run", "--server", here.url, "--", "true", code=1).stderr.count("certificate") >= 1
    job = here.ask("submit", "-q", "--sweep", "x=1..3", "--", "echo", "{x}").stdout.strip()
    assert here.ask("wait", job).returncode == 0
    assert json.loads(here.ask("show", "--json", job).stdout)["summary"]["ended_well"] == 3
    assert here.ask("logs", f"{job}.1").stdout == "2\n"
    assert f"`gang logs --server far {job}.0`" in here.ask("show", job).stdout, "a hint asks whom the command asked"
    assert "`gang list --server far --all`" in here.ask("show", "9999", code=1).stderr
    assert "first" in here.ask("list", "-a").stdout and "USER" not in here.ask("list", "-a").stdout
    assert "cpus" in here.ask("nodes").stdout
    assert "gangline_" in here.ask("metrics").stdout
    assert "first" in here.ask("top", "--once").stdout
    waits = here.ask("submit", "-q", "--", "sleep", "600").stdout.strip()
    here.ask("stop", waits)
    assert here.ask("wait", waits, code=None).returncode != 0
    assert "ended" in here.ask("why", waits).stdout
    number = here.ask("reserve", "-q", "--cpus", "1", "--time", "1h", "--from", "23:59").stdout.strip()
    here.ask("reserve", "--cancel", number)


@with_machines()
def what_a_job_gets_is_of_the_other_machine(here):
    (here.path / "sub").mkdir()
    (here.path / "sub/job.toml").write_text('command = "pwd; echo [$ONLY_HERE]"\ndir = "work"\n')
    (here.far.path / "work").mkdir()
    done = here.ask("run", "sub/job.toml")
    assert done.stdout == f"{here.far.path}/work\n[]\n", done
    done = here.ask("run", "--env", "ONLY_HERE=told", "--", "sh", "-c", "pwd; echo [$ONLY_HERE]; echo $GANGLINE_STATE")
    assert done.stdout == f"{here.far.path}\n[told]\n{here.far.state}\n", done
    spec = json.loads(here.ask("submit", "--dry-run", "--json", "sub/job.toml").stdout)
    assert spec["dir"] == f"{here.far.path}/work" and spec["inherited"] == [], spec
    (here.path / "split.toml").write_text('command = "cat {file}"\n[split]\nfiles = "*.txt"\n')
    assert "server's machine" in here.ask("submit", "split.toml", code=2).stderr
    assert "[split]" not in here.ask("list", "-a").stdout


@with_machines()
def what_does_not_hold_is_said(here):
    def said(*words, code=1, **env):
        return here.call(*words, code=code, env=env).stderr
    token = here.path / ".config/gangline/far.token"
    assert "did you mean 'far'" in said("list", "--server", "fra", code=2)
    assert "[server.nothing]" in said("list", "--server", "nothing", code=2)
    assert "https://HOST:PORT" in said("list", "--server", "ftp://x", code=2)
    assert "write https://127.0.0.1:7979" in said("list", "--server", "127.0.0.1:7979", code=2)
    assert "names no server" in said("list", "--server", "", code=2)
    assert "at this path" in here.call("list", "--server", "far", code=1, env={"GANGLINE_TOKEN": here.token} | here.with_url("/x")).stderr
    assert "write https://" in said("list", "--server", here.url.replace("https", "http"))
    assert "do not go together" in said("list", "--server", "far", "--on", "here", code=2)
    assert "no token" in said("list", "--server", here.url, code=2, GANGLINE_TOKEN="")
    assert "GANGLINE_TOKEN" in said("list", "--server", here.url + "/#token=gang_x")
    assert "this is no token" in said("list", "--server", here.url, code=2, GANGLINE_TOKEN="a\r\nX: y")
    for host in ("gpu1.lab", "127.0.0.1.evil.example", "127.evil.example"):
        assert "without TLS" in said("list", "--server", f"http://{host}:7979"), host
    assert "certificate does not hold" in said("list", "--server", here.url)
    assert "certificate does not hold" in said("list", "--server", here.url.replace("localhost", "127.0.0.1"))
    here.write_config(f'[server.other]\nurl = "{here.url.replace("localhost", "127.1")}"\ncertificates = "far.pem"\n'
                      'token_file = "~/.config/gangline/far.token"\n')
    assert "not for the name 127.1" in said("list", "--server", "other")
    here.write_config()
    assert "does not speak TLS" in said("list", "--server", f"https://127.0.0.1:{silent_port(b'SSH-2.0')}")
    assert "nobody answers" in said("list", "--server", f"https://127.0.0.1:{closed_port()}")
    assert "its name is not known" in said("list", "--server", "https://no-such-host.invalid")
    assert "no `gang serve`" in said("list", "--server", f"http://127.0.0.1:{silent_port(ANSWER)}")
    assert "GANGLINE_SERVER" in said("shell", code=2, GANGLINE_SERVER="far")
    token.chmod(0o644)
    assert "chmod 600" in said("list", "--server", "far")
    token.chmod(0o600)
    token.write_text("gang_wrong\n")
    assert "token" in said("list", "--server", "far")
    here.write_config("nonsense = 1\n")
    assert "nonsense" in said("list", "--server", "far", code=2)
    here.write_config('[server.other]\nurl = "https://x"\ncertificates = "none.pem"\n')
    assert "none.pem" in said("list", "--server", "other", code=2)
    here.write_config()
    # What is about this machine stays so.
    assert "null" in here.call("daemon", "status", "--json", code=1, env={"GANGLINE_SERVER": "far"}).stdout
    here.call("daemon", "stop", env={"GANGLINE_SERVER": "far"}, code=None)
    assert here.ask("list").returncode == 0


ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Type: text/html\r\n\r\n<html"


def silent_port(says):
    listener = socket.create_server(("127.0.0.1", 0))

    def answer():
        line, _ = listener.accept()
        with line:
            line.recv(4096)
            line.sendall(says)
    threading.Thread(target=answer, daemon=True).start()
    return listener.getsockname()[1]


def closed_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


@with_machines(role="read")
def a_token_that_may_only_look_does(here):
    assert here.ask("list").returncode == 0
    assert "submit" in here.ask("submit", "--", "true", code=1).stderr
    assert "no jobs" in here.ask("list").stdout


@with_machines(tls=False)
def a_tunnel_and_the_printed_address_will_do(here):
    far = here.far
    printed = f"{far.address}#token={far.token}"
    assert here.call("run", "--", "echo", "hello", env={"GANGLINE_SERVER": printed}).stdout == "hello\n"
    assert here.call("list", "--on", "here", env={"GANGLINE_SERVER": printed, "GANGLINE_STATE": str(far.state)}).returncode == 0
    assert "hello" in here.call("logs", "1", env={"GANGLINE_SERVER": "far"}).stdout


@with_machines()
def the_gateway_and_the_service_may_be_killed_under_a_run(here):
    far = here.far
    command = "for i in 1 2 3 4 5 6 7 8 9 10; do echo $i; while [ ! -e go$i ]; do sleep 0.02; done; done"
    run = subprocess.Popen([here.gang, "run", "--server", "far", "--", "sh", "-c", command], env=here.env, cwd=here.path,
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    seen = [run.stdout.readline()]
    for number in range(1, 11):
        if number == 3:
            far.process.kill()
            far.process.wait()
            becomes(lambda: try_start(far))
        if number == 6:
            far.kill_all("internal-service")
        (far.path / f"go{number}").touch()
        if number < 10:
            seen.append(run.stdout.readline())
    rest, trouble = run.communicate(timeout=PATIENCE_S)
    assert run.returncode == 0 and "".join(seen) + rest == "".join(f"{n}\n" for n in range(1, 11)), (seen, rest, trouble)
    far.process.kill()
    far.process.wait()
    done = here.ask("list", code=1)
    assert "nobody answers" in done.stderr and "gang serve" in done.stderr, done


@with_machines()
def who_waits_for_an_answer_is_told_and_may_go(here):
    run = subprocess.Popen([here.gang, "run", "--server", "far", "--", "sh", "-c", "echo there; exec sleep 600"], env=here.env,
                           cwd=here.path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert run.stdout.readline() == "there\n"
    here.far.process.kill()
    here.far.process.wait()
    line = run.stderr.readline()
    assert "asked again for 30s" in line, line
    run.send_signal(signal.SIGINT)
    trouble = run.communicate(timeout=20)[1]
    assert run.returncode != 0 and "job 1 goes on there" in trouble, (run.returncode, trouble)
    assert "running" in here.far.run("list")


def try_start(far):
    try:
        far.start(str(far.port))
        return True
    except RuntimeError:
        return False


if __name__ == "__main__":
    run_checks([a_job_goes_from_here_to_there_and_back, what_a_job_gets_is_of_the_other_machine, what_does_not_hold_is_said,
                a_token_that_may_only_look_does, a_tunnel_and_the_printed_address_will_do,
                the_gateway_and_the_service_may_be_killed_under_a_run, who_waits_for_an_answer_is_told_and_may_go])
